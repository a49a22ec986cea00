/* exp, tanh and sigmoid for 16 lanes: the same operations in the same order as the scalar functions of math.h, so that a fused
 * activation gives the bits of the separate one. Any change there must be made here (test/unit/kernels compares all three). */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_MATH16_H
#define INGOT_TARGETS_COMMON_UKERNELS_MATH16_H

#include "targets/common/ukernels/math.h"
#include "targets/common/ukernels/ukernel.h"

#define IK_INLINE static inline __attribute__((always_inline))

IK_INLINE ik_f32x16 ik_splat16(float x) { return (ik_f32x16)x; }
IK_INLINE ik_f32x16 ik_fma16(ik_f32x16 a, ik_f32x16 b, ik_f32x16 c) { return __builtin_elementwise_fma(a, b, c); }
/* condition ? a : b; the condition is a lane mask (0 or -1). */
IK_INLINE ik_f32x16 ik_select16(ik_i32x16 condition, ik_f32x16 a, ik_f32x16 b) {
  return (ik_f32x16)((condition & (ik_i32x16)a) | (~condition & (ik_i32x16)b));
}
IK_INLINE ik_f32x16 ik_clamp16(ik_f32x16 x, float low, float high) {
  x = ik_select16(x < ik_splat16(low), ik_splat16(low), x);
  return ik_select16(x > ik_splat16(high), ik_splat16(high), x);
}
/* 2^n for n in [-126, 127]. */
IK_INLINE ik_f32x16 ik_pow2_16(ik_i32x16 n) { return (ik_f32x16)((n + 127) << 23); }

IK_INLINE ik_f32x16 ik_abs16(ik_f32x16 x) { return (ik_f32x16)((ik_i32x16)x & 0x7fffffff); }

#if !IK_FLOAT_VECTORS
#define IK_BY_LANES(name)                                                                                                     \
  static __attribute__((noinline, unused)) void ik_lanes_##name(float *x) {                                                    \
    _Pragma("clang loop unroll(disable) vectorize(disable)") for (int i = 0; i < 16; ++i) x[i] = ikm_##name##_f32(x[i]);       \
  }                                                                                                                           \
  IK_INLINE ik_f32x16 ik_##name##16(ik_f32x16 x) {                                                                            \
    ik_lanes_##name((float *)&x);                                                                                             \
    return x;                                                                                                                 \
  }
IK_BY_LANES(exp)
IK_BY_LANES(exp_negative)
IK_BY_LANES(sigmoid)
IK_BY_LANES(tanh)
#else
/* e^r of |r| <= ln 2 / 2. */
IK_INLINE ik_f32x16 ik_exp_core16(ik_f32x16 r) {
  ik_f32x16 p = ik_splat16(0.00139505124f);
  p = ik_fma16(p, r, ik_splat16(0.00836890299f));
  p = ik_fma16(p, r, ik_splat16(0.0416662055f));
  p = ik_fma16(p, r, ik_splat16(0.166665187f));
  p = ik_fma16(p, r, ik_splat16(0.50000001f));
  return ik_fma16(p, r * r, r) + ik_splat16(1.0f);
}

/* The largest finite argument of exp keeps NaN: both comparisons are false. */
IK_INLINE ik_f32x16 ik_exp16(ik_f32x16 x) {
  ik_f32x16 c = ik_select16(x > ik_splat16(89.0f), ik_splat16(89.0f), x);
  c = ik_select16(c < ik_splat16(IKM_EXP_LOW_F32), ik_splat16(0.0f), c);
  ik_f32x16 t = ik_fma16(c, ik_splat16(IKM_LOG2E_F32), ik_splat16(IKM_ROUND_F32));
  ik_f32x16 n = t - ik_splat16(IKM_ROUND_F32);
  ik_f32x16 r = ik_fma16(n, ik_splat16(-IKM_LN2_LO_F32), ik_fma16(n, ik_splat16(-IKM_LN2_HI_F32), c));
  ik_i32x16 k = (ik_i32x16)t - (ik_i32x16)ik_splat16(IKM_ROUND_F32);
  ik_f32x16 p = ik_exp_core16(r);
  ik_i32x16 half = k >> 1;
  return ik_select16(x < ik_splat16(IKM_EXP_LOW_F32), ik_splat16(0.0f), p * ik_pow2_16(half) * ik_pow2_16(k - half));
}

IK_INLINE ik_f32x16 ik_exp_plain16(ik_f32x16 x) {
  ik_f32x16 t = ik_fma16(x, ik_splat16(IKM_LOG2E_F32), ik_splat16(IKM_ROUND_BIASED_F32));
  ik_f32x16 n = t - ik_splat16(IKM_ROUND_BIASED_F32);
  ik_f32x16 r = ik_fma16(n, ik_splat16(-IKM_LN2_LO_F32), ik_fma16(n, ik_splat16(-IKM_LN2_HI_F32), x));
  return ik_exp_core16(r) * (ik_f32x16)((ik_i32x16)t << 23);
}

IK_INLINE ik_f32x16 ik_exp_negative16(ik_f32x16 x) {
  const ik_f32x16 low = ik_splat16(IKM_EXP_LOW_F32);
  return ik_select16(x < low, ik_splat16(0.0f), ik_exp_plain16(ik_select16(x < low, low, x)));
}

IK_INLINE ik_f32x16 ik_sigmoid16(ik_f32x16 x) {
  ik_f32x16 z = ik_exp_negative16(-ik_abs16(x)), one = ik_splat16(1.0f);
  return ik_select16(x < ik_splat16(0.0f), z, one) / (one + z);
}

IK_INLINE ik_f32x16 ik_tanh16(ik_f32x16 x) {
  ik_f32x16 a = ik_abs16(x), z = x * x, p = ik_splat16(0.00223106106f);
  p = ik_fma16(p, z, ik_splat16(-0.00826708756f));
  p = ik_fma16(p, z, ik_splat16(0.0217344384f));
  p = ik_fma16(p, z, ik_splat16(-0.0539524753f));
  p = ik_fma16(p, z, ik_splat16(0.133332478f));
  p = ik_fma16(p, z, ik_splat16(-0.333333318f));
  ik_f32x16 near = ik_fma16(a * z, p, a);
  ik_f32x16 twice = ik_select16(a > ik_splat16(20.0f), ik_splat16(40.0f), a + a);
  ik_f32x16 far = ik_splat16(1.0f) - ik_splat16(2.0f) / (ik_exp_plain16(twice) + ik_splat16(1.0f));
  ik_f32x16 y = ik_select16(a < ik_splat16(0.6f), near, far);
  return (ik_f32x16)(((ik_i32x16)y & 0x7fffffff) | ((ik_i32x16)x & (int32_t)0x80000000));
}
#endif

#endif
