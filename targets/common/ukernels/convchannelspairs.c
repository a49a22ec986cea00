/* ik_convchannels_f32_bf16: ik_convchannels_f32 with input and weights rounded to bf16 in pairs (convpairs.c), two channels of one tap: K runs over
 * (pair of channels, tap). Every output is the chain of ik_convlines_f32_bf16 with the same bits. */
#include "targets/common/ukernels/pairlines.h"

typedef uint32_t ik_operand;
typedef ik_u32x16 ik_operands;
IK_INLINE ik_operands ik_operands_at(const ik_operand *p) { return ik_load16_u32(p); }
IK_INLINE ik_f32x16 ik_step16(ik_f32x16 sum, ik_operands place, ik_operands weights) { return ik_dot2(sum, place, weights); }
#include "targets/common/ukernels/channelparts.h"

IK_INLINE int64_t ik_channels_steps(int64_t channels) { return (channels + 1) / 2; }
IK_INLINE int ik_channels_skips(const int64_t *p) { return (void)p, 0; }
IK_INLINE void ik_channels_settle(float *c, const float *x, const ik_operand *w, const int64_t *p, int64_t row, ik_slice places, int64_t count) {
  (void)c, (void)x, (void)w, (void)p, (void)row, (void)places, (void)count;
}

/* pairs // [ceil(IC / 2)][apart] of `count` places of planes from x on. */
static void ik_pair_planes(uint32_t *pairs, int64_t apart, const float *x, int64_t channels, int64_t plane, int64_t count) {
  for (int64_t c = 0; c < channels; c += 2, x += 2 * plane, pairs += apart)
    for (int64_t i = 0; i < count; i += 16) {
      const int64_t lanes = count - i < 16 ? count - i : 16;
      const ik_f32x16 first = lanes < 16 ? ik_load_part_f32(x + i, lanes) : ik_load16_f32(x + i);
      const ik_f32x16 second = c + 1 == channels ? ik_splat16(0.0f) : lanes < 16 ? ik_load_part_f32(x + plane + i, lanes) : ik_load16_f32(x + plane + i);
      ik_store16_u32(pairs + i, ik_pair16(first, second));
    }
}

IK_INLINE ik_band ik_channels_band(float *scratch, const float *x, int64_t ng, const int64_t *p, const ik_lines *l, ik_slice part) {
  const int64_t ic = p[IK_CONV_IC], plane = p[IK_CONV_IH] * p[IK_CONV_IW], isPointwise = ik_conv_is_pointwise(p);
  const float *from = x + ng * ic * plane, *end = x + p[IK_CONV_N] * p[IK_CONV_G] * ic * plane;
  const int64_t apart = isPointwise ? (p[IK_CONV_KC] + 15) / 16 * 16 : l->channel;
  uint32_t *pairs = (uint32_t *)(isPointwise ? scratch : scratch + 2 * l->channel + 32);
  if (isPointwise)
    ik_pair_planes(pairs, apart, from + part.first, ic, plane, part.count);
  else
    ik_pair_lines(pairs, scratch, from, end, p, l, part.first);
  return (ik_band){(const ik_operand *)pairs, apart};
}

IK_KERNEL(ik_convchannels_f32_bf16);
IK_KERNEL(ik_convchannels_f32_bf16) { ik_channels_run(buf, p, worker, workers); }
