/* Rounding of 32 floats to integers of one scale, as activations (blockquant.c) and cached rows (rope.c) have it: amax below 2^-100 gives zeros, amax not
 * finite a NaN as scale and zeros. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_STEPS_H
#define INGOT_TARGETS_COMMON_UKERNELS_STEPS_H

#include "targets/common/ukernels/micro.h"

typedef int8_t ik_q8x16u __attribute__((ext_vector_type(16), aligned(1)));

/* Largest magnitude; a NaN wins, as its bits do. */
IK_INLINE float ik_amax32(const float *x) {
  const ik_i32x16 a = (ik_i32x16)ik_abs16(ik_load16_f32(x)), b = (ik_i32x16)ik_abs16(ik_load16_f32(x + 16));
  const union { int32_t i; float f; } top = {__builtin_reduce_max(__builtin_elementwise_max(a, b))};
  return top.f;
}

IK_INLINE ik_i32x16 ik_whole16(ik_f32x16 v) {
  const ik_f32x16 magic = ik_splat16(IKM_ROUND_F32);
  return (ik_i32x16)(v + magic) - (ik_i32x16)magic;
}

/* v // x in steps of the returned scale, at most `steps`. */
static inline float ik_steps32(ik_i32x16 *v, const float *x, float steps) {
  const float amax = ik_amax32(x);
  const int finite = amax <= 3.40282347e38f, counts = finite && amax >= 0x1p-100f;
  const ik_f32x16 inverse = ik_splat16(counts ? steps / amax : 0.0f);
  for (int h = 0; h < 2; ++h)
    v[h] = finite ? ik_whole16(ik_load16_f32(x + 16 * h) * inverse) : (ik_i32x16)0;
  return finite ? (counts ? amax / steps : 0.0f) : __builtin_nanf("");
}

#endif
