/* What 8-bit convolutions by products of matrices share (qconvmatrix.c, qconvtaps.c): blocks of 32 output channels by 32 places, and their sums on the way
 * to bytes while the next block is multiplied. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_QMATRIX_H
#define INGOT_TARGETS_COMMON_UKERNELS_QMATRIX_H

#include "targets/common/ukernels/blockparts.h"
#include "targets/common/ukernels/math16.h"
#include "targets/common/ukernels/qdot.h"

/* What 32 output channels have in common with all places. `isSmall`: no factor makes a sum larger than 32 bits hold. */
typedef struct { int32_t constants[32]; float factors[32]; int64_t isSmall; } ik_matrix_terms;
static void ik_matrix_terms_of(ik_matrix_terms *to, const int32_t *table, int64_t channels, int64_t xZero, int64_t rows) {
  to->isSmall = 1;
  for (int64_t r = 0; r < 32; ++r) {
    const int64_t o = r < rows ? r : rows - 1;
    to->constants[r] = (int32_t)((uint32_t)table[o] - (uint32_t)xZero * (uint32_t)table[IK_QTABLE_SUM * channels + o]);
    to->factors[r] = ik_f32(table[IK_QTABLE_MULTIPLIER * channels + o]);
    to->isSmall &= to->factors[r] < 1.0f && to->factors[r] > -1.0f;
  }
}

/* Bytes that are added to the convolution's, `from` y on, as quant.h says; low and high are bounds of the convolution's. */
typedef struct {
  uintptr_t from;
  float low, high, factor, rFactor, shift;
  uint8_t flip;
} ik_matrix_sum;

/* Sums of a block c // [32][32] on their way to the bytes y // `rows` rows `area` apart; `done` rows are there, the next go `each` at a time. `sum` may be null. */
typedef struct {
  int32_t *c;
  const ik_matrix_terms *terms;
  const ik_matrix_sum *sum;
  uint8_t *y;
  int64_t area, rows, done, each, isUnsigned, zero;
  ik_block_places places;
} ik_matrix_end;

typedef uint8_t ik_u8x32 __attribute__((ext_vector_type(32)));
typedef uint8_t ik_u8x32u __attribute__((ext_vector_type(32), aligned(1)));
IK_INLINE void ik_matrix_put(const ik_matrix_end *e, int64_t row, ik_u8x32 bytes) {
  uint8_t *y = e->y + row * e->area;
  if (e->places.part[0].mask == UINT32_MAX) {
    *(ik_u8x32u *)(y + e->places.part[0].at) = bytes;
    return;
  }
  for (int64_t i = 0; i < e->places.parts; ++i) {
    uint8_t *to = (uint8_t *)((uintptr_t)y + (uintptr_t)e->places.part[i].at);
#if defined(__AVX512BW__) && defined(__AVX512VL__)
    typedef char bytes32 __attribute__((vector_size(32)));
    __builtin_ia32_storedquqi256_mask((bytes32 *)to, (bytes32)bytes, e->places.part[i].mask);
#else
    for (int b = 0; b < 32; ++b)
      if (e->places.part[i].mask >> b & 1)
        to[b] = bytes[b];
#endif
  }
}

/* Bytes of the residual where those of a row go, from 0 on. */
IK_INLINE ik_u8x32 ik_matrix_get(const ik_matrix_end *e, int64_t row) {
  const uintptr_t r = (uintptr_t)(e->y + row * e->area) + e->sum->from;
  ik_u8x32 bytes = (ik_u8x32)0;
  if (e->places.part[0].mask == UINT32_MAX)
    return *(const ik_u8x32u *)(r + (uintptr_t)e->places.part[0].at) ^ e->sum->flip;
  for (int64_t i = 0; i < e->places.parts; ++i) {
    const uint8_t *from = (const uint8_t *)(r + (uintptr_t)e->places.part[i].at);
#if defined(__AVX512BW__) && defined(__AVX512VL__)
    typedef char bytes32 __attribute__((vector_size(32)));
    bytes = (ik_u8x32)__builtin_ia32_loaddquqi256_mask((const bytes32 *)from, (bytes32)bytes, e->places.part[i].mask);
#else
    for (int b = 0; b < 32; ++b)
      if (e->places.part[i].mask >> b & 1)
        bytes[b] = from[b];
#endif
  }
  return bytes ^ e->sum->flip;
}
/* 16 results v of the convolution, not yet rounded, and as many bytes of the residual: their sum, not yet rounded. */
IK_INLINE ik_f32x16 ik_matrix_sum16(const ik_matrix_sum *s, ik_f32x16 v, ik_u8x16 r) {
  v = ik_clamp16(v, s->low, s->high) + ik_splat16(12582912.0f) - ik_splat16(12582912.0f);
  const ik_f32x16 other = ik_fma16(__builtin_convertvector(__builtin_convertvector(r, ik_i32x16), ik_f32x16), ik_splat16(s->rFactor), ik_splat16(s->shift));
  return ik_fma16(v, ik_splat16(s->factor), other);
}
/* 16 results of a row from column `at` on, less their zero, not yet rounded. */
IK_INLINE ik_f32x16 ik_matrix_values(const ik_matrix_end *e, int64_t row, int at, const ik_matrix_sum *sum, ik_u8x32 r) {
  const ik_f32x16 v = __builtin_convertvector(*(const ik_i32x16u *)(e->c + row * 32 + at) + e->terms->constants[row], ik_f32x16) * e->terms->factors[row];
  if (!sum)
    return v;
  const ik_u8x16 half = at ? __builtin_shufflevector(r, r, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31)
                           : __builtin_shufflevector(r, r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return ik_matrix_sum16(sum, v, half);
}

#if defined(__AVX512BW__)
typedef short ik_words32 __attribute__((vector_size(64)));
/* Two rows whose factors are small: conversion rounds half to even, packing clamps. */
IK_INLINE void ik_matrix_two(const ik_matrix_end *e, int64_t row, int isUnsigned, const ik_matrix_sum *sum) {
  ik_words32 half[2];
  IK_UNROLL for (int i = 0; i < 2; ++i) {
    ik_u8x32 r = (ik_u8x32)0;
    if (sum)
      r = ik_matrix_get(e, row + i < e->rows ? row + i : row);
    ik_i32x16 parts[2];
    IK_UNROLL for (int v = 0; v < 2; ++v)
      parts[v] = (ik_i32x16)__builtin_ia32_cvtps2dq512_mask(ik_matrix_values(e, row + i, v * 16, sum, r), (ik_i32x16)0, (uint16_t)-1, 4);
    half[i] = __builtin_elementwise_add_sat((ik_words32)__builtin_ia32_packssdw512(parts[0], parts[1]), (ik_words32){} + (short)e->zero);
  }
  const ik_i32x16 b = isUnsigned ? (ik_i32x16)__builtin_ia32_packuswb512(half[0], half[1]) : (ik_i32x16)__builtin_ia32_packsswb512(half[0], half[1]);
  ik_matrix_put(e, row, (ik_u8x32)__builtin_shufflevector(b, b, 0, 4, 8, 12, 1, 5, 9, 13));
  if (row + 1 < e->rows)
    ik_matrix_put(e, row + 1, (ik_u8x32)__builtin_shufflevector(b, b, 2, 6, 10, 14, 3, 7, 11, 15));
}
IK_INLINE void ik_matrix_pairs(ik_matrix_end *e, int64_t until, const ik_matrix_sum *sum) {
  if (e->isUnsigned)
    for (; e->done < until; e->done += 2)
      ik_matrix_two(e, e->done, 1, sum);
  else
    for (; e->done < until; e->done += 2)
      ik_matrix_two(e, e->done, 0, sum);
}
#endif

/* Rows up to `until`, or two more. */
IK_INLINE void ik_matrix_rows(ik_matrix_end *e, int64_t until) {
#if defined(__AVX512BW__)
  if (e->sum)
    return ik_matrix_pairs(e, until, e->sum);
  if (e->terms->isSmall)
    return ik_matrix_pairs(e, until, 0);
#endif
  const ik_rounding rounding = ik_rounding_of(e->zero, e->isUnsigned);
  for (; e->done < until; ++e->done) {
    union { ik_u8x16 half[2]; ik_u8x32 all; } bytes;
    const ik_u8x32 r = e->sum ? ik_matrix_get(e, e->done) : (ik_u8x32)0;
    for (int v = 0; v < 2; ++v)
      bytes.half[v] = __builtin_convertvector(ik_round16(ik_matrix_values(e, e->done, v * 16, e->sum, r), rounding), ik_u8x16);
    ik_matrix_put(e, e->done, bytes.all);
  }
}
/* Both ends of a call's blocks, whose sums lie first in scratch; the words behind them. */
static int32_t *ik_matrix_begin(ik_matrix_end ends[2], ik_matrix_sum *sum, const ik_matrix_terms *terms, const int64_t *p, void *const *buf) {
  const int64_t *q = p + IK_CONV_COUNT, *s = p + IK_QCONV_COUNT, hasSum = p[IK_CONV_RESIDUAL], least = q[IK_Q_Y_UNSIGNED] ? 0 : -128;
  int32_t *c = (int32_t *)(((uintptr_t)buf[4 + hasSum] + 63) & ~(uintptr_t)63);
  if (hasSum)
    *sum = (ik_matrix_sum){.from = (uintptr_t)buf[3] - (uintptr_t)buf[4], .low = (float)(least - q[IK_Q_Y_ZERO]), .high = (float)(least + 255 - q[IK_Q_Y_ZERO]),
                           .factor = ik_f32(s[IK_QSUM_FACTOR]), .rFactor = ik_f32(s[IK_QSUM_R_FACTOR]), .shift = ik_f32(s[IK_QSUM_SHIFT]),
                           .flip = s[IK_QSUM_R_UNSIGNED] ? 0 : 128};
  for (int i = 0; i < 2; ++i)
    ends[i] = (ik_matrix_end){.c = c + i * 32 * 32, .terms = terms, .sum = hasSum ? sum : 0, .isUnsigned = hasSum ? s[IK_QSUM_Y_UNSIGNED] : q[IK_Q_Y_UNSIGNED],
                              .zero = hasSum ? s[IK_QSUM_Y_ZERO] : q[IK_Q_Y_ZERO]};
  return c + 2 * 32 * 32;
}
/* Takes the sums that were just made. */
IK_INLINE void ik_matrix_take(ik_matrix_end *e, const ik_matrix_terms *terms, uint8_t *y, int64_t area, int64_t rows, ik_block_places places) {
  e->terms = terms, e->y = y, e->area = area, e->rows = rows, e->done = 0, e->places = places;
}
IK_INLINE void ik_matrix_some(ik_matrix_end *e) {
  const int64_t until = e->done + e->each;
  ik_matrix_rows(e, until < e->rows ? until : e->rows);
}

#if defined(__AMX_INT8__)
IK_BLOCKS_PRODUCT(i8_u8, __builtin_ia32_tdpbsud, ik_matrix_end, ik_matrix_some, 1, 1)
IK_BLOCKS_PRODUCT(i8_u8, __builtin_ia32_tdpbsud, ik_matrix_end, ik_matrix_some, 1, 2)
IK_BLOCKS_PRODUCT(i8_u8, __builtin_ia32_tdpbsud, ik_matrix_end, ik_matrix_some, 2, 1)
IK_BLOCKS_PRODUCT(i8_u8, __builtin_ia32_tdpbsud, ik_matrix_end, ik_matrix_some, 2, 2)
#endif
/* Sums of a block by matrix registers; meanwhile those of another go to their bytes. */
IK_INLINE void ik_matrix_product(int32_t *c, const ik_blocks *b, int64_t rows, int64_t vecs, ik_matrix_end *other) {
#if defined(__AMX_INT8__)
  const int64_t steps = b->blocks * b->taps;
  other->each = (other->rows - other->done + steps * 2 - 1) / (steps * 2) * 2;
  if (rows > 16)
    (vecs > 1 ? ik_blocks_i8_u8_2x2 : ik_blocks_i8_u8_2x1)(c, b, other);
  else
    (vecs > 1 ? ik_blocks_i8_u8_1x2 : ik_blocks_i8_u8_1x1)(c, b, other);
#else
  (void)c, (void)b, (void)rows, (void)vecs, (void)other;
#endif
}

#endif
