/* ik_convchannels_f32: convolution over 1 or 2 axes whose vectors go over output channels (channelparts.h), for planes that fill vectors of places badly
 * (passes/lower/ConvShape.h has the costs). Parameters and buffers of conv.h, the filter apart: w // [G][ceil(OC/16)][K][16], zero padded. A pointwise
 * convolution reads its input where it lies, as one row; others copy the lines of a band of rows into scratch (as convlines.c). Every output is the
 * chain of ik_conv_f32 (conv.c) with the same bits; taps that meet padding at all places of a tile are left out of it if the filter is finite. */
#include "targets/common/ukernels/lineparts.h"

IK_LINES_PACK(float, f32)

typedef float ik_operand;
typedef ik_f32x16 ik_operands;
IK_INLINE ik_operands ik_operands_at(const ik_operand *p) { return ik_load16_f32(p); }
IK_INLINE ik_f32x16 ik_step16(ik_f32x16 sum, ik_operands place, ik_operands weights) { return ik_fma16(place, weights, sum); }
#include "targets/common/ukernels/channelparts.h"

IK_INLINE int64_t ik_channels_steps(int64_t channels) { return channels; }
IK_INLINE int ik_channels_skips(const int64_t *p) { return p[IK_CONV_FULL] && !ik_conv_is_pointwise(p); }

IK_INLINE ik_band ik_channels_band(float *scratch, const float *x, int64_t ng, const int64_t *p, const ik_lines *l, ik_slice part) {
  const int64_t ic = p[IK_CONV_IC], plane = p[IK_CONV_IH] * p[IK_CONV_IW];
  const float *from = x + ng * ic * plane, *end = x + p[IK_CONV_N] * p[IK_CONV_G] * ic * plane;
  if (ik_conv_is_pointwise(p))
    return (ik_band){from + part.first, plane};
  float *to = scratch;
  for (int64_t c = 0; c < ic; ++c, from += plane)
    to = ik_lines_channel_f32(to, from, end, p, l, part.first, ik_channels_skips(p));
  return (ik_band){scratch, l->channel};
}

/* The whole chain at one place for one lane of w // [K][16]. */
static float ik_channels_chain(const float *x, const float *w, const int64_t *p, int64_t row, int64_t column) {
  const int64_t ih = p[IK_CONV_IH], iw = p[IK_CONV_IW];
  float sum = 0.0f;
  for (int64_t c = 0; c < p[IK_CONV_IC]; ++c, x += ih * iw)
    for (int64_t kh = 0; kh < p[IK_CONV_KH]; ++kh)
      for (int64_t kw = 0; kw < p[IK_CONV_KW]; ++kw, w += 16) {
        const int64_t h = row * p[IK_CONV_SH] - p[IK_CONV_PH] + kh * p[IK_CONV_DH], v = column * p[IK_CONV_SW] - p[IK_CONV_PW] + kw * p[IK_CONV_DW];
        sum = __builtin_fmaf(h >= 0 && h < ih && v >= 0 && v < iw ? x[h * iw + v] : 0.0f, *w, sum);
      }
  return sum;
}

/* A product by padding changes a sum in one case alone: +0 added to the -0 of an underflow. */
static void ik_channels_settle(float *c, const float *x, const float *w, const int64_t *p, int64_t row, ik_slice places, int64_t count) {
  const int64_t depth = p[IK_CONV_IC] * p[IK_CONV_KH] * p[IK_CONV_KW];
  for (int64_t i = 0; i < count; i += 16)
    for (int64_t r = 0; r < places.count; ++r) {
      const ik_f32x16 sums = ik_load16_f32(c + r * 48 + i);
      if (!__builtin_reduce_or((ik_i32x16)sums == INT32_MIN))
        continue;
      for (int64_t lane = 0; lane < 16; ++lane)
        if (c[r * 48 + i + lane] == 0.0f)
          c[r * 48 + i + lane] = ik_channels_chain(x, w + i * depth + lane, p, row, places.first + r);
    }
}

IK_KERNEL(ik_convchannels_f32);
IK_KERNEL(ik_convchannels_f32) { ik_channels_run(buf, p, worker, workers); }
