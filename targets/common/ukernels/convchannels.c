/* ik_convchannels_f32: convolution over 1 or 2 axes whose vectors go over output channels (channelparts.h), for planes that fill vectors of places badly
 * (passes/lower/ConvShape.h has the costs). Parameters and buffers of conv.h, the filter apart: w // [G][ceil(OC/16)][K][16], zero padded. A pointwise
 * convolution reads its input where it lies, as one row; others copy the lines of a band of rows into scratch (as convlines.c). Every output is the
 * chain of ik_conv_f32 (conv.c) with the same bits. */
#include "targets/common/ukernels/lineparts.h"

IK_LINES_PACK(float, f32)

typedef float ik_operand;
typedef ik_f32x16 ik_operands;
IK_INLINE ik_operands ik_operands_at(const ik_operand *p) { return ik_load16_f32(p); }
IK_INLINE ik_f32x16 ik_step16(ik_f32x16 sum, ik_operands place, ik_operands weights) { return ik_fma16(place, weights, sum); }
#include "targets/common/ukernels/channelparts.h"

IK_INLINE int64_t ik_channels_steps(int64_t channels) { return channels; }

IK_INLINE ik_band ik_channels_band(float *scratch, const float *x, int64_t ng, const int64_t *p, const ik_lines *l, ik_slice part) {
  const int64_t ic = p[IK_CONV_IC], plane = p[IK_CONV_IH] * p[IK_CONV_IW];
  const float *from = x + ng * ic * plane, *end = x + p[IK_CONV_N] * p[IK_CONV_G] * ic * plane;
  if (ik_conv_is_pointwise(p))
    return (ik_band){from + part.first, plane};
  float *to = scratch;
  for (int64_t c = 0; c < ic; ++c, from += plane)
    to = ik_lines_channel_f32(to, from, end, p, l, part.first);
  return (ik_band){scratch, l->channel};
}

IK_KERNEL(ik_convchannels_f32);
IK_KERNEL(ik_convchannels_f32) { ik_channels_run(buf, p, worker, workers); }
