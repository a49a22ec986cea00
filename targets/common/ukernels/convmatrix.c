/* ik_convmatrix_f32_bf16: ik_convlines_f32_bf16 (convpairs.c) as products of matrices: blocks of 32 output channels by 32 places, summed over blocks of
 * W <= 16 pairs of channels and taps by AMX (amx.h), in the order of the hardware, or where a process may not use it by one chain of ik_dot2 over (block, tap, pair of
 * channels). A band of the input lies in scratch as pairs of channels: lines, or where outputs and inputs are the same places, those.
 * w is [G][ceil(OC/16)][blocks][taps][16][W][2] bf16. Parameters in conv.h. Parallel units: (n, g, band, 32 channels). */
#include "targets/common/ukernels/pairlines.h"
#include "targets/common/ukernels/pairmatrix.h"

/* pairs // [rows][l->channel] of the outputs of `part`; pairs behind the last channel are 0. The last channels first: a cache has what was written last. */
static void ik_pairs_band(uint32_t *pairs, float *lines, const float *x, const float *end, const int64_t *p, const ik_lines *l, ik_slice part, int64_t rows) {
  const int64_t plane = p[IK_CONV_IH] * p[IK_CONV_IW], ic = p[IK_CONV_IC];
  if (!ik_conv_is_pointwise(p))
    ik_pair_lines(pairs, lines, x, end, p, l, part.first);
  else
    for (int64_t c = (ic - 1) / 2 * 2; c >= 0; c -= 2) {
      const float *from = x + c * plane + part.first;
      uint32_t *to = pairs + c / 2 * l->channel;
      int64_t i = 0;
      for (; i + 16 <= part.count; i += 16)
        ik_store16_u32(to + i, ik_pair16(ik_load16_f32(from + i), c + 1 < ic ? ik_load16_f32(from + plane + i) : ik_splat16(0.0f)));
      if (i < part.count)
        ik_store16_u32(to + i, ik_pair16(ik_load_part_f32(from + i, part.count - i), c + 1 < ic ? ik_load_part_f32(from + plane + i, part.count - i) : ik_splat16(0.0f)));
    }
  for (int64_t i = (ic + 1) / 2 * l->channel; i < rows * l->channel; i += 16)
    ik_store16_u32(pairs + i, (ik_u32x16)0u);
}

IK_KERNEL(ik_convmatrix_f32_bf16) {
  const float *x = buf[0];
  int next = 2;
  const float *bias = p[IK_CONV_BIAS] ? buf[next++] : 0, *residual = p[IK_CONV_RESIDUAL] ? buf[next++] : 0;
  float *y = buf[next++];
  ik_pairs_end ends[2], *last = ends, *now = ends + 1;
  float *const room = ik_pairs_begin(ends, p, (float *)(((uintptr_t)buf[next] + 63) & ~(uintptr_t)63));
  const int isPointwise = ik_conv_is_pointwise(p);
  ik_lines l = ik_lines_of(p, isPointwise ? 1 : p[IK_CONV_KC]);
  int32_t offsets[IK_CONVLINES_TAPS];
  ik_lines_offsets(offsets, p, &l);
  l.channel = IK_CONVMATRIX_CHANNEL(isPointwise ? p[IK_CONV_KC] : l.channel);
  const int64_t taps = p[IK_CONV_KH] * p[IK_CONV_KW], blocks = IK_CONVMATRIX_BLOCKS((p[IK_CONV_IC] + 1) / 2), row = IK_CONVMATRIX_WORDS((p[IK_CONV_IC] + 1) / 2), steps = taps * blocks, oc = p[IK_CONV_OC], panels = (oc + 15) / 16;
  const int64_t pairs = (panels + 1) / 2, area = p[IK_CONV_OH] * p[IK_CONV_OW], ow = isPointwise ? area : p[IK_CONV_OW], pitch = isPointwise ? area : l.pitch;
  const int64_t size = isPointwise ? area : p[IK_CONV_OH], bands = (size + p[IK_CONV_KC] - 1) / p[IK_CONV_KC], plane = p[IK_CONV_IC] * p[IK_CONV_IH] * p[IK_CONV_IW];
  uint32_t *words = (uint32_t *)room;
  float *lines = (float *)words + blocks * row * l.channel + 64;
  const int isTiled = IK_TILES_BF16 && ik_blocks_begin(row);
  ik_range range = ik_share_slices(p[IK_CONV_N] * p[IK_CONV_G], size, bands, pairs, worker, workers);
  for (int64_t unit = range.begin, ready = -1; unit < range.end; ++unit) {
    const int64_t band = unit / pairs, pair = unit % pairs, ng = band / bands, g = ng % p[IK_CONV_G], o = pair * 32, rows = oc - o < 32 ? oc - o : 32;
    const ik_slice part = ik_slice_of(size, bands, band % bands);
    const int64_t places = isPointwise ? part.count : (part.count - 1) * pitch + ow, fetch = (2 * row + (places + 31) / 32 - 1) / ((places + 31) / 32);
    const int64_t at = (ng * oc + o) * area + part.first * (isPointwise ? 1 : ow);
    const char *weights = (const char *)buf[1] + (g * panels + pair * 2) * steps * 64 * row;
    if (band != ready)
      ik_pairs_band(words, lines, x + ng * plane, x + p[IK_CONV_N] * p[IK_CONV_G] * plane, p, &l, part, blocks * row);
    ready = band;
    for (int64_t first = 0; first < places; first += 32) {
      const int64_t left = places - first < 32 ? places - first : 32;
      /* The weights of the next 32 channels, a part while each block is multiplied. */
      const ik_blocks b = {.left = weights, .right = words + first, .ahead = weights + steps * (128 * row + first / 32 * fetch * 64), .leftNext = steps * 64 * row,
                           .rightRow = l.channel * 4, .words = row, .blocks = blocks, .fetch = fetch, .offsets = offsets, .taps = taps};
      const ik_block_places to = ik_block_places_of(first, left, pitch, ow);
      ik_pairs_product(now->c, &b, rows, (left + 15) / 16, last, isTiled);
      ik_pairs_take(now, bias ? bias + g * oc + o : 0, residual ? residual + at : 0, y + at, area, rows, &to);
      ik_pairs_end *const swap = last;
      last = now, now = swap;
    }
  }
  ik_pairs_rows(last, last->rows);
  if (isTiled)
    ik_tiles_end();
}
