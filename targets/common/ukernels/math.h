/* Elementary functions in f32 for kernels and generated code: branch-free (so that loops that call them vectorise), the same operations
 * on every ISA, explicit fma. Coefficients are our own weighted least-squares fits; measured errors (test/unit/portable): exp, log, tanh,
 * sigmoid, erf, expm1, log1p, softplus <= 3 ulp; the others compute in f64 (math_f64.h) and round once. Invalid arguments give the
 * canonical quiet NaN, so that results are equal bits on all machines. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_MATH_H
#define INGOT_TARGETS_COMMON_UKERNELS_MATH_H

#include "targets/common/ukernels/math_f64.h"

#define IKM_FMAF __builtin_fmaf
#define IKM_LN2_HI_F32 0.693145752f /* 15 bits: its product with an exponent is exact */
#define IKM_LN2_LO_F32 1.42860682e-06f
#define IKM_LOG2E_F32 1.44269504f
#define IKM_ROUND_F32 12582912.0f /* 1.5 * 2^23: adding it rounds to an integer held in the low mantissa bits */

static inline uint32_t ikm_bits_f32(float x) {
  union { float f; uint32_t u; } v = {x};
  return v.u;
}
static inline float ikm_from_bits_f32(uint32_t u) {
  union { uint32_t u; float f; } v = {u};
  return v.f;
}
/* 2^k for -126 <= k <= 127. */
static inline float ikm_pow2_f32(uint32_t k) { return ikm_from_bits_f32((k + 127u) << 23); }

/* x = k ln 2 + r with |r| <= ln 2 / 2; k as a two's complement integer. */
typedef struct { float r; uint32_t k; } ikm_exp_parts_f32;
static inline ikm_exp_parts_f32 ikm_exp_reduce_f32(float x) {
  float t = IKM_FMAF(x, IKM_LOG2E_F32, IKM_ROUND_F32);
  float n = t - IKM_ROUND_F32;
  float r = IKM_FMAF(n, -IKM_LN2_LO_F32, IKM_FMAF(n, -IKM_LN2_HI_F32, x));
  return (ikm_exp_parts_f32){r, ikm_bits_f32(t) - ikm_bits_f32(IKM_ROUND_F32)};
}

/* e^r of |r| <= ln 2 / 2. */
static inline float ikm_exp_core_f32(float r) {
  float p = 0.00139505124f;
  p = IKM_FMAF(p, r, 0.00836890299f);
  p = IKM_FMAF(p, r, 0.0416662055f);
  p = IKM_FMAF(p, r, 0.166665187f);
  p = IKM_FMAF(p, r, 0.50000001f);
  return IKM_FMAF(p, r * r, r) + 1.0f;
}

#define IKM_EXP_LOW_F32 (-87.3365402f) /* the least x with a normal e^x, at least 2^-126 */

/* e^x; inf above 88.73, 0 where it would be denormal: processors take a hundred cycles for a denormal product, and masks of attention give many.
 * The scale is applied in two factors, since 2^128 is none. */
static inline float ikm_exp_f32(float x) {
  float c = x > 89.0f ? 89.0f : x;
  c = c < IKM_EXP_LOW_F32 ? 0.0f : c;
  ikm_exp_parts_f32 e = ikm_exp_reduce_f32(c);
  float p = ikm_exp_core_f32(e.r);
  uint32_t half = (uint32_t)((int32_t)e.k >> 1);
  float y = p * ikm_pow2_f32(half) * ikm_pow2_f32(e.k - half);
  return x < IKM_EXP_LOW_F32 ? 0.0f : y;
}

#define IKM_ROUND_BIASED_F32 12583039.0f /* IKM_ROUND_F32 + 127: the low bits are the exponent of 2^n, which is then one shift */

/* ikm_exp_f32 of [-87.3, 87.3], or NaN: the scale in one factor. No product with log2(e) lies in the middle of two integers, so that both rounds agree. */
static inline float ikm_exp_plain_f32(float x) {
  float t = IKM_FMAF(x, IKM_LOG2E_F32, IKM_ROUND_BIASED_F32);
  float n = t - IKM_ROUND_BIASED_F32;
  float r = IKM_FMAF(n, -IKM_LN2_LO_F32, IKM_FMAF(n, -IKM_LN2_HI_F32, x));
  return ikm_exp_core_f32(r) * ikm_from_bits_f32(ikm_bits_f32(t) << 23);
}

/* ikm_exp_f32 of x <= 0, or NaN. */
static inline float ikm_exp_negative_f32(float x) {
  float y = ikm_exp_plain_f32(x < IKM_EXP_LOW_F32 ? IKM_EXP_LOW_F32 : x);
  return x < IKM_EXP_LOW_F32 ? 0.0f : y;
}

/* e^x - 1. */
static inline float ikm_expm1_f32(float x) {
  float c = x > 89.0f ? 89.0f : x;
  c = c < -20.0f ? -20.0f : c;
  ikm_exp_parts_f32 e = ikm_exp_reduce_f32(c);
  float p = 0.000199136022f;
  p = IKM_FMAF(p, e.r, 0.00139410418f);
  p = IKM_FMAF(p, e.r, 0.00833327409f);
  p = IKM_FMAF(p, e.r, 0.0416663542f);
  p = IKM_FMAF(p, e.r, 0.166666668f);
  p = IKM_FMAF(p, e.r, 0.500000005f);
  p = IKM_FMAF(p, e.r * e.r, e.r);
  float s = ikm_pow2_f32(e.k - 1u);
  float y = 2.0f * IKM_FMAF(s, p, s - 0.5f);
  return __builtin_fabsf(x) < 0x1p-26f ? x : y;
}

/* Natural logarithm of a positive finite x. */
static inline float ikm_log_core_f32(float x) {
  float scaled = x < 0x1p-126f ? x * 0x1p23f : x;
  int32_t shift = x < 0x1p-126f ? -23 : 0;
  uint32_t u = ikm_bits_f32(scaled);
  int32_t k = (int32_t)(u - 0x3f3504f3u) >> 23; /* mantissa in [sqrt(1/2), sqrt(2)) */
  float f = ikm_from_bits_f32(u - ((uint32_t)k << 23)) - 1.0f;
  float e = (float)(k + shift);
  float z = f * f;
  float p = 0.0691536806f;
  p = IKM_FMAF(p, f, -0.117898077f);
  p = IKM_FMAF(p, f, 0.118729763f);
  p = IKM_FMAF(p, f, -0.123843485f);
  p = IKM_FMAF(p, f, 0.142186581f);
  p = IKM_FMAF(p, f, -0.166692508f);
  p = IKM_FMAF(p, f, 0.200022266f);
  p = IKM_FMAF(p, f, -0.249999866f);
  p = IKM_FMAF(p, f, 0.333333104f);
  float y = IKM_FMAF(z, -0.5f, IKM_FMAF(z * f, p, e * IKM_LN2_LO_F32));
  return IKM_FMAF(e, IKM_LN2_HI_F32, f + y);
}

/* Natural logarithm: -inf at 0, NaN below. */
static inline float ikm_log_f32(float x) {
  float y = ikm_log_core_f32(x);
  y = x == 0.0f ? -__builtin_inff() : y;
  y = x < 0.0f ? __builtin_nanf("") : y;
  y = x == __builtin_inff() ? x : y;
  return x != x ? x : y;
}

/* log(1 + x), accurate near 0. */
static inline float ikm_log1p_f32(float x) {
  float u = 1.0f + x;
  float lost = __builtin_fabsf(x) < 1.0f ? x - (u - 1.0f) : 1.0f - (u - x);
  float y = ikm_log_core_f32(u) + lost / u;
  y = x == -1.0f ? -__builtin_inff() : y;
  y = x < -1.0f ? __builtin_nanf("") : y;
  y = x == __builtin_inff() ? x : y;
  y = __builtin_fabsf(x) < 0x1p-30f ? x : y;
  return x != x ? x : y;
}

static inline float ikm_sigmoid_f32(float x) {
  float z = ikm_exp_negative_f32(-__builtin_fabsf(x));
  return (x < 0.0f ? z : 1.0f) / (1.0f + z);
}

/* log(1 + e^x). */
static inline float ikm_softplus_f32(float x) {
  return (x > 0.0f ? x : 0.0f) + ikm_log1p_f32(ikm_exp_negative_f32(-__builtin_fabsf(x)));
}

/* From 20 on tanh is 1. */
static inline float ikm_tanh_f32(float x) {
  float a = __builtin_fabsf(x), z = x * x;
  float p = 0.00223106106f;
  p = IKM_FMAF(p, z, -0.00826708756f);
  p = IKM_FMAF(p, z, 0.0217344384f);
  p = IKM_FMAF(p, z, -0.0539524753f);
  p = IKM_FMAF(p, z, 0.133332478f);
  p = IKM_FMAF(p, z, -0.333333318f);
  float near = IKM_FMAF(a * z, p, a);
  float far = 1.0f - 2.0f / (ikm_exp_plain_f32(a > 20.0f ? 40.0f : a + a) + 1.0f);
  return __builtin_copysignf(a < 0.6f ? near : far, x);
}

/* x P(x^2) below 0.95, 1 - e^(-x Q(x)) above. */
static inline float ikm_erf_f32(float x) {
  float z = x * x;
  float p = -9.68013629e-06f;
  p = IKM_FMAF(p, z, 0.000112705445f);
  p = IKM_FMAF(p, z, -0.000848471144f);
  p = IKM_FMAF(p, z, 0.00522107488f);
  p = IKM_FMAF(p, z, -0.0268654458f);
  p = IKM_FMAF(p, z, 0.112837827f);
  p = IKM_FMAF(p, z, -0.376126385f);
  p = IKM_FMAF(p, z, 1.12837917f);
  float a = __builtin_fabsf(x);
  float c = a > 4.0f ? 4.0f : a;
  float q = 6.16709989e-07f;
  q = IKM_FMAF(q, c, -1.22110955e-05f);
  q = IKM_FMAF(q, c, 0.000105855625f);
  q = IKM_FMAF(q, c, -0.000507993244f);
  q = IKM_FMAF(q, c, 0.00125465427f);
  q = IKM_FMAF(q, c, 0.000570086339f);
  q = IKM_FMAF(q, c, -0.0199241699f);
  q = IKM_FMAF(q, c, 0.103267329f);
  q = IKM_FMAF(q, c, 0.636445349f);
  q = IKM_FMAF(q, c, 1.12840599f);
  float far = 1.0f - ikm_exp_plain_f32(-c * q);
  return a < 0.95f ? x * p : __builtin_copysignf(far, x);
}

static inline float ikm_sin_f32(float x) { return (float)ikm_sin_f64(x); }
static inline float ikm_cos_f32(float x) { return (float)ikm_cos_f64(x); }
static inline float ikm_tan_f32(float x) { return (float)ikm_tan_f64(x); }
static inline float ikm_asin_f32(float x) { return (float)ikm_asin_f64(x); }
static inline float ikm_acos_f32(float x) { return (float)ikm_acos_f64(x); }
static inline float ikm_atan_f32(float x) { return (float)ikm_atan_f64(x); }
static inline float ikm_sinh_f32(float x) { return (float)ikm_sinh_f64(x); }
static inline float ikm_cosh_f32(float x) { return (float)ikm_cosh_f64(x); }
static inline float ikm_asinh_f32(float x) { return (float)ikm_asinh_f64(x); }
static inline float ikm_acosh_f32(float x) { return (float)ikm_acosh_f64(x); }
static inline float ikm_atanh_f32(float x) { return (float)ikm_atanh_f64(x); }
static inline float ikm_pow_f32(float x, float y) { return (float)ikm_pow_f64(x, y); }

#endif
