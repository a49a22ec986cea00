/* Integer dot products of packed blocks (block.h): one panel's quad of 16 rows x 4 k with 4 activations, by the ISA's own instruction. The
 * integers are exact, so all agree. Formats with fewer than 8 bits stay unsigned and the offset is put into the accumulator's start value;
 * 8-bit ones are signed, which vpdpbusd takes with 128 added and AVX2's vpmaddubsw as |w| times x with the sign of w. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_BLOCKDOT_H
#define INGOT_TARGETS_COMMON_UKERNELS_BLOCKDOT_H

#include "targets/common/ukernels/block.h"
#include "targets/common/ukernels/micro.h"

#if defined(__ARM_NEON)
#include <arm_neon.h>
#endif

typedef uint8_t ik_u8x64 __attribute__((ext_vector_type(64)));
typedef uint8_t ik_u8x64u __attribute__((ext_vector_type(64), aligned(1)));
typedef int8_t ik_i8x16 __attribute__((ext_vector_type(16)));
typedef int8_t ik_i8x16u __attribute__((ext_vector_type(16), aligned(1)));
typedef uint8_t ik_u8x16 __attribute__((ext_vector_type(16)));
typedef uint8_t ik_u8x16b __attribute__((ext_vector_type(16), aligned(1)));
typedef char ik_c8x64 __attribute__((vector_size(64)));
typedef char ik_c8x32 __attribute__((vector_size(32)));
typedef short ik_s16x16 __attribute__((vector_size(32)));
typedef int32_t ik_i32x8v __attribute__((ext_vector_type(8)));

/* True when the format's stored integers are signed bytes: no plane arithmetic, no offset. */
IK_INLINE int ik_is_signed(ik_block_format f) { return f.bits == 8 || ik_block_has_codebook(f); }
/* What is taken off the stored integers as ik_dot16q sees them. */
IK_INLINE int ik_dot_offset(ik_block_format f) {
#if defined(__AVX512VNNI__)
  return ik_is_signed(f) ? 128 : f.offset;
#else
  return ik_is_signed(f) ? 0 : f.offset;
#endif
}

#if defined(__AVX2__) && !defined(__AVX512VNNI__)
IK_INLINE ik_i32x8v ik_dot8_avx2(ik_i32x8v a, ik_c8x32 w, int32_t x, int isSigned) {
  ik_c8x32 b = (ik_c8x32)(ik_i32x8v)x;
  if (isSigned) {
    b = (ik_c8x32)__builtin_ia32_psignb256(b, w);
    w = (ik_c8x32)__builtin_elementwise_abs((__attribute__((ext_vector_type(32))) int8_t)w);
  }
  ik_s16x16 pairs = __builtin_ia32_pmaddubsw256(w, b);
  return a + (ik_i32x8v)__builtin_ia32_pmaddwd256(pairs, (ik_s16x16)(ik_i32x8v)0x00010001);
}
#endif

/* a[row] + sum of w[row][0..3] * x[0..3]; w < 128 unless signed (signed with vpdpbusd: + 128), x four signed bytes, none -128. */
IK_INLINE ik_i32x16 ik_dot16q(ik_i32x16 a, ik_u8x64 w, int32_t x, int isSigned) {
#if defined(__AVX512VNNI__)
  (void)isSigned;
  return (ik_i32x16)__builtin_ia32_vpdpbusd512(a, (ik_c8x64)w, (ik_c8x64)(ik_i32x16)x);
#elif defined(__AVX2__)
  union { ik_u8x64 v; ik_c8x32 h[2]; } u = {w};
  ik_i32x8v low = ik_dot8_avx2(a.lo, u.h[0], x, isSigned), high = ik_dot8_avx2(a.hi, u.h[1], x, isSigned);
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#elif defined(__ARM_FEATURE_DOTPROD)
  (void)isSigned;
  typedef int8_t bytes __attribute__((ext_vector_type(64)));
  const bytes v = (bytes)w;
  const int8x16_t b = vreinterpretq_s8_s32(vdupq_n_s32(x));
  int32x4_t s0 = vdotq_s32(a.lo.lo, __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), b);
  int32x4_t s1 = vdotq_s32(a.lo.hi, __builtin_shufflevector(v, v, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31), b);
  int32x4_t s2 = vdotq_s32(a.hi.lo, __builtin_shufflevector(v, v, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47), b);
  int32x4_t s3 = vdotq_s32(a.hi.hi, __builtin_shufflevector(v, v, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63), b);
  ik_i32x8v low = __builtin_shufflevector(s0, s1, 0, 1, 2, 3, 4, 5, 6, 7), high = __builtin_shufflevector(s2, s3, 0, 1, 2, 3, 4, 5, 6, 7);
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#elif defined(__ARM_NEON)
  (void)isSigned;
  union { ik_i32x16 v; int32x4_t q[4]; } s = {a};
  union { ik_u8x64 v; int8x16_t q[4]; } u = {w};
  const int8x16_t b = vreinterpretq_s8_s32(vdupq_n_s32(x));
  IK_UNROLL for (int i = 0; i < 4; ++i) {
    int16x8_t low = vmull_s8(vget_low_s8(u.q[i]), vget_low_s8(b)), high = vmull_high_s8(u.q[i], b);
    s.q[i] = vaddq_s32(s.q[i], vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
  }
  return s.v;
#else
  (void)isSigned;
  ik_i32x16 v = (ik_i32x16)w;
  IK_UNROLL for (int i = 0; i < 4; ++i) a = a + ((v << (24 - 8 * i)) >> 24) * (int32_t)(int8_t)(x >> (8 * i));
  return a;
#endif
}

#if defined(__AVX2__) && !defined(__AVX512VNNI__)
/* Sums of adjacent products of 64 bytes, in 16 bits: of an unsigned format's quad, added up while they fit (ik_pair_quads). */
#if defined(__AVX512BW__)
typedef short ik_pairs __attribute__((vector_size(64)));
IK_INLINE ik_pairs ik_add_pairs(ik_pairs a, ik_u8x64 w, int32_t x) { return a + (ik_pairs)__builtin_ia32_pmaddubsw512((ik_c8x64)w, (ik_c8x64)(ik_i32x16)x); }
IK_INLINE ik_i32x16 ik_join_pairs(ik_i32x16 a, ik_pairs v) { return a + (ik_i32x16)__builtin_ia32_pmaddwd512(v, (ik_pairs)(ik_i32x16)0x00010001); }
#else
typedef short ik_pairs __attribute__((vector_size(64)));
typedef union { ik_pairs v; ik_s16x16 h[2]; } ik_pair_halves;
IK_INLINE ik_pairs ik_add_pairs(ik_pairs a, ik_u8x64 w, int32_t x) {
  union { ik_u8x64 v; ik_c8x32 h[2]; } u = {w};
  ik_pair_halves s = {a};
  IK_UNROLL for (int i = 0; i < 2; ++i) s.h[i] += (ik_s16x16)__builtin_ia32_pmaddubsw256(u.h[i], (ik_c8x32)(ik_i32x8v)x);
  return s.v;
}
IK_INLINE ik_i32x16 ik_join_pairs(ik_i32x16 a, ik_pairs v) {
  ik_pair_halves s = {v};
  const ik_s16x16 ones = (ik_s16x16)(ik_i32x8v)0x00010001;
  ik_i32x8v low = (ik_i32x8v)__builtin_ia32_pmaddwd256(s.h[0], ones), high = (ik_i32x8v)__builtin_ia32_pmaddwd256(s.h[1], ones);
  return a + __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
#endif
/* Quads whose pairs fit in 16 bits: 2 * 127 * (2^bits - 1) each. */
IK_INLINE int ik_pair_quads(ik_block_format f) { return f.bits <= 4 ? 8 : f.bits == 5 ? 4 : 2; }
#endif

IK_INLINE ik_u8x64 ik_load64(const uint8_t *p) { return *(const ik_u8x64u *)p; }
/* Bits [from, from + count) of every byte, moved to bit `to`. */
IK_INLINE ik_u8x64 ik_bits(ik_u8x64 v, int from, int count, int to) {
  ik_u8x64 mask = (ik_u8x64)(uint8_t)(((1 << count) - 1) << to);
  return (from >= to ? v >> (uint8_t)(from - to) : v << (uint8_t)(to - from)) & mask;
}

/* Every byte's value in a codebook; bytes are below 16. */
IK_INLINE ik_u8x64 ik_codebook(ik_u8x64 v, int offset) {
  const signed char *values = ik_codebook_values(offset);
#if defined(__AVX512BW__)
  ik_i8x16 t = *(const ik_i8x16u *)values;
  ik_u8x64 table = (ik_u8x64)__builtin_shufflevector(t, t, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                                                     13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
                                                     11, 12, 13, 14, 15);
  return (ik_u8x64)__builtin_ia32_pshufb512((ik_c8x64)table, (ik_c8x64)v);
#elif defined(__AVX2__)
  ik_i8x16 t = *(const ik_i8x16u *)values;
  ik_c8x32 table = (ik_c8x32)__builtin_shufflevector(t, t, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                                                     13, 14, 15);
  union { ik_u8x64 v; ik_c8x32 h[2]; } u = {v};
  IK_UNROLL for (int i = 0; i < 2; ++i) u.h[i] = __builtin_ia32_pshufb256(table, u.h[i]);
  return u.v;
#elif defined(__ARM_NEON)
  union { ik_u8x64 v; uint8x16_t q[4]; } u = {v};
  IK_UNROLL for (int i = 0; i < 4; ++i) u.q[i] = vqtbl1q_u8(vreinterpretq_u8_s8(vld1q_s8(values)), u.q[i]);
  return u.v;
#else
  union { ik_u8x64 v; uint8_t b[64]; } u = {v};
  for (int i = 0; i < 64; ++i)
    u.b[i] = (uint8_t)values[u.b[i]];
  return u.v;
#endif
}

/* Quad q of a block as ik_dot16q takes it. */
IK_INLINE ik_u8x64 ik_quad(ik_block_format f, const uint8_t *w, int q) {
  if (f.bits == 8) {
    ik_u8x64 v = ik_load64(w + q * 64);
    return v ^ (ik_u8x64)(uint8_t)ik_dot_offset(f);
  }
  ik_u8x64 v;
  const uint8_t *next = w + 256;
  if (f.bits == 1)
    return ik_bits(ik_load64(w), q, 1, 1);
  if (f.bits >= 4) {
    v = ik_bits(ik_load64(w + q % 4 * 64), q / 4 * 4, 4, 0);
  } else {
    v = ik_bits(ik_load64(w + q / 4 * 64), q % 4 * 2, 2, 0);
    next = w + 128;
  }
  if (f.bits == 6)
    v = v | ik_bits(ik_load64(next + q / 4 * 64), q % 4 * 2, 2, 4);
  if (f.bits == 5 || f.bits == 3)
    v = v | ik_bits(ik_load64(next), q, 1, f.bits - 1);
  return ik_block_has_codebook(f) ? ik_codebook(v, f.offset) ^ (ik_u8x64)(uint8_t)ik_dot_offset(f) : v;
}

#endif
