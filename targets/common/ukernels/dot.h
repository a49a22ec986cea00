/* Dot products of 8-bit integers with 32-bit sums, 16 lanes at once: vpdpbusd, sdot, pmaddwd on 16 bits, or plain C. All are exact. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_DOT_H
#define INGOT_TARGETS_COMMON_UKERNELS_DOT_H

#include "targets/common/ukernels/micro.h"

#if defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#endif
#if defined(__AVX512VNNI__) || defined(__ARM_FEATURE_DOTPROD)
#define IK_DOT 4 /* k of one step: tile [K/4][48][4] bytes */
typedef uint8_t ik_lane;
#else
#define IK_DOT 2 /* tile [K/2][48][2] of 16 bits */
typedef int16_t ik_lane;
#endif
#if defined(__ARM_FEATURE_DOTPROD)
#define IK_SIGNED_X 1
#else
#define IK_SIGNED_X 0
#endif

typedef short ik_i16x32 __attribute__((vector_size(64)));
typedef short ik_i16x16 __attribute__((vector_size(32)));
typedef int32_t ik_i32x8 __attribute__((ext_vector_type(8)));
typedef int32_t ik_i32x16u __attribute__((ext_vector_type(16), aligned(4)));

/* a + the products of one step: in each lane IK_DOT activations of x with as many (signed) weights of w. */
IK_INLINE ik_i32x16 ik_dot16(ik_i32x16 a, ik_i32x16 x, ik_i32x16 w) {
#if defined(__AVX512VNNI__)
  __asm__("vpdpbusd %2, %1, %0" : "+v"(a) : "v"(x), "v"(w));
  return a;
#elif defined(__ARM_FEATURE_DOTPROD)
  union { ik_i32x16 v; int32x4_t q[4]; } s = {a}, t = {x}, b = {w};
  for (int i = 0; i < 4; ++i)
    s.q[i] = vdotq_s32(s.q[i], vreinterpretq_s8_s32(t.q[i]), vreinterpretq_s8_s32(b.q[i]));
  return s.v;
#elif defined(__AVX512BW__)
  return a + (ik_i32x16)__builtin_ia32_pmaddwd512((ik_i16x32)x, (ik_i16x32)w);
#elif defined(__AVX2__)
  ik_i32x8 low = (ik_i32x8)__builtin_ia32_pmaddwd256((ik_i16x16)x.lo, (ik_i16x16)w.lo);
  ik_i32x8 high = (ik_i32x8)__builtin_ia32_pmaddwd256((ik_i16x16)x.hi, (ik_i16x16)w.hi);
  return a + __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#else
  ik_i32x16 even = (x << 16) >> 16, odd = x >> 16;
  return a + even * ((w << 16) >> 16) + odd * (w >> 16);
#endif
}

#endif
