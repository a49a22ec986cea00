/* f32 as operands of 2 bytes: rounded to the nearest f16 or bf16, ties to even. f16: magnitudes above 65504 become 65504. bf16: magnitudes below
 * 2^-56 become 0. Products of two such numbers, and all their sums in f32, are whole multiples of 2^-126: none is ever subnormal, so instructions
 * that take subnormal numbers for 0 give the bits of those that do not. NaN stays NaN. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_NARROW_H
#define INGOT_TARGETS_COMMON_UKERNELS_NARROW_H

#include "targets/common/ukernels/micro.h"

typedef uint16_t ik_u16x16 __attribute__((ext_vector_type(16)));
typedef uint32_t ik_u32x16 __attribute__((ext_vector_type(16)));
typedef uint32_t ik_u32x16u __attribute__((ext_vector_type(16), aligned(4)));
enum { IK_BF16_LEAST = 0x23800000 }; /* bits of 2^-56 */

IK_INLINE float ik_load1_f32(const float *p) { return *p; }
IK_INLINE float ik_load1_f16(const _Float16 *p) { return (float)*p; }
IK_INLINE float ik_load1_f32_f16(const float *p) {
  float x = *p < -65504.0f ? -65504.0f : *p > 65504.0f ? 65504.0f : *p;
  return (float)(_Float16)x;
}
/* Rounded to f16 and widened again. */
IK_INLINE ik_f32x16 ik_load16_f32_f16(const float *p) {
  _Float16 t[16];
  ik_store16_f16(t, ik_clamp16(ik_load16_f32(p), -65504.0f, 65504.0f));
  return ik_load16_f16(t);
}

/* Two vectors rounded to bf16, lane by lane: the first in the low halves. */
IK_INLINE ik_u32x16 ik_pair16(ik_f32x16 low, ik_f32x16 high) {
  const ik_u32x16 sign = (ik_u32x16)0x80000000u;
  ik_u32x16 parts[2] = {(ik_u32x16)low, (ik_u32x16)high};
  IK_UNROLL for (int i = 0; i < 2; ++i) parts[i] &= ~((ik_u32x16)((parts[i] & ~sign) < (uint32_t)IK_BF16_LEAST));
#if defined(__AVX512BF16__)
  typedef uint16_t u16x32 __attribute__((ext_vector_type(32)));
  u16x32 both = (u16x32)__builtin_ia32_cvtne2ps2bf16_512((ik_f32x16)parts[1], (ik_f32x16)parts[0]);
  return (ik_u32x16)__builtin_shufflevector(both, both, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13,
                                            29, 14, 30, 15, 31);
#else
  IK_UNROLL for (int i = 0; i < 2; ++i) {
    ik_u32x16 nan = (ik_u32x16)((parts[i] & ~sign) > 0x7f800000u);
    parts[i] = (nan & (parts[i] | 0x400000u)) | (~nan & (parts[i] + 0x7fffu + ((parts[i] >> 16) & 1u)));
  }
  return (parts[0] >> 16) | (parts[1] & 0xffff0000u);
#endif
}

/* sum + the products of the high halves, then of the low ones: two fused multiply-adds. */
IK_INLINE ik_f32x16 ik_dot2(ik_f32x16 sum, ik_u32x16 a, ik_u32x16 b) {
#if defined(__AVX512BF16__)
  typedef __bf16 bf16x32 __attribute__((vector_size(64)));
  return __builtin_ia32_dpbf16ps_512(sum, (bf16x32)a, (bf16x32)b);
#else
  sum = ik_fma16((ik_f32x16)(a & 0xffff0000u), (ik_f32x16)(b & 0xffff0000u), sum);
  return ik_fma16((ik_f32x16)(a << 16), (ik_f32x16)(b << 16), sum);
#endif
}

#endif
