/* ik_convfew_f32: convolution with up to 8 output places a plane, where vectors of places would be mostly empty: vectors go over output channels.
 * Parameters and buffers of conv.h, the filter apart: w // [G][ceil(OC/16)][K][16], zero padded. The im2col rows of all places go into scratch once;
 * then it is a product of places by channels. Every output is the chain of ik_conv_f32 (conv.c) with the same bits.
 * Parallel units: (n, g, tile of 48 channels). */
#include "targets/common/ukernels/convparts.h"

/* columns // [8][K]: the input that meets the filter at each place, zero for the rows that fill up a tile; x is the group's input. */
static void ik_few_columns(float *columns, const float *x, const int64_t *p, int64_t area, int64_t depth) {
  const int64_t kw = p[IK_CONV_KW], iw = p[IK_CONV_IW];
  for (int64_t place = 0; place < 8; ++place) {
    const int64_t w0 = place % p[IK_CONV_OW] * p[IK_CONV_SW] - p[IK_CONV_PW], row = place / p[IK_CONV_OW];
    const int64_t h0 = row % p[IK_CONV_OH] * p[IK_CONV_SH] - p[IK_CONV_PH], d0 = row / p[IK_CONV_OH] * p[IK_CONV_SD] - p[IK_CONV_PD];
    float *to = columns + place * depth;
    for (int64_t line = 0; line < depth / kw; ++line, to += kw) {
      const int64_t kh = line % p[IK_CONV_KH], kd = line / p[IK_CONV_KH] % p[IK_CONV_KD], c = line / (p[IK_CONV_KH] * p[IK_CONV_KD]);
      const int64_t h = h0 + kh * p[IK_CONV_DH], d = d0 + kd * p[IK_CONV_DD];
      const int isInside = place < area && h >= 0 && h < p[IK_CONV_IH] && d >= 0 && d < p[IK_CONV_ID];
      const float *from = x + (isInside ? ((c * p[IK_CONV_ID] + d) * p[IK_CONV_IH] + h) * iw : 0);
      for (int64_t k = 0; k < kw; ++k) {
        const int64_t w = w0 + k * p[IK_CONV_DW];
        to[k] = isInside && w >= 0 && w < iw ? from[w] : 0.0f;
      }
    }
  }
}

/* y, residual // [count][area] of output channels, from c // [8][48]. */
static void ik_few_finish(const float *c, float *y, const float *bias, const float *residual, int64_t count, int64_t area, ik_epilogue e) {
  for (int64_t i = 0; i < count; i += 16) {
    const int64_t lanes = count - i < 16 ? count - i : 16;
    for (int64_t place = 0; place < area; ++place) {
      float extra[16] = {0}, out[16];
      for (int64_t lane = 0; residual && lane < lanes; ++lane)
        extra[lane] = residual[(i + lane) * area + place];
      ik_f32x16 v = ik_load16_f32(c + place * 48 + i);
      if (bias)
        v = v + (lanes < 16 ? ik_load_part_f32(bias + i, lanes) : ik_load16_f32(bias + i));
      ik_store16_f32(out, ik_finish16(v, ik_load16_f32(extra), e));
      for (int64_t lane = 0; lane < lanes; ++lane)
        y[(i + lane) * area + place] = out[lane];
    }
  }
}

IK_KERNEL(ik_convfew_f32);
IK_KERNEL(ik_convfew_f32) {
  const float *x = buf[0], *w = buf[1];
  int next = 2;
  const float *bias = p[IK_CONV_BIAS] ? buf[next++] : 0, *residual = p[IK_CONV_RESIDUAL] ? buf[next++] : 0;
  float *y = buf[next++], *columns = (float *)(((uintptr_t)buf[next] + 63) & ~(uintptr_t)63);
  const int64_t depth = p[IK_CONV_IC] * p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW];
  const int64_t oc = p[IK_CONV_OC], vectors = (oc + 15) / 16, tiles = (vectors + 2) / 3, plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW];
  const ik_epilogue e = {p[IK_CONV_ACT], p[IK_CONV_RESIDUAL], ik_f32(p[IK_CONV_ALPHA]), ik_f32(p[IK_CONV_BETA])};
  float *c = columns + depth * 8;
  int64_t ready = -1;
  ik_range range = ik_share_slices(p[IK_CONV_N] * p[IK_CONV_G], vectors, tiles, 1, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    const int64_t ng = unit / tiles, g = ng % p[IK_CONV_G];
    const ik_slice slice = ik_slice_of(vectors, tiles, unit % tiles);
    const int64_t o = slice.first * 16, count = oc - o < slice.count * 16 ? oc - o : slice.count * 16, at = (ng * oc + o) * area;
    if (ng != ready)
      ik_few_columns(columns, x + ng * p[IK_CONV_IC] * plane, p, area, depth);
    ready = ng;
    ik_tile(c, 1, columns, depth, 1, w + (g * vectors + slice.first) * depth * 16, 16, depth * 16, depth, area, slice.count);
    ik_few_finish(c, y + at, bias ? bias + g * oc + o : 0, residual ? residual + at : 0, count, area, e);
  }
}
