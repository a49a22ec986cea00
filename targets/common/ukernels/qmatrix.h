/* What 8-bit convolutions by products of matrices share (qconvmatrix.c, qconvtaps.c): blocks of 32 output channels by 32 places, and their sums on the way
 * to bytes while the next block is multiplied. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_QMATRIX_H
#define INGOT_TARGETS_COMMON_UKERNELS_QMATRIX_H

#include "targets/common/ukernels/blockparts.h"
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

/* Sums of a block c // [32][32] on their way to the bytes y // `rows` rows `area` apart; `done` rows are there, the next go `each` at a time. */
typedef struct {
  int32_t *c;
  const ik_matrix_terms *terms;
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

#if defined(__AVX512BW__)
typedef short ik_words32 __attribute__((vector_size(64)));
/* 16 results less their zero: conversion rounds half to even. */
IK_INLINE ik_i32x16 ik_matrix_round(const int32_t *c, int32_t constant, float factor) {
  const ik_f32x16 v = __builtin_convertvector(*(const ik_i32x16u *)c + constant, ik_f32x16) * factor;
  return (ik_i32x16)__builtin_ia32_cvtps2dq512_mask(v, (ik_i32x16)0, (uint16_t)-1, 4);
}
/* Two rows whose factors are small: packing clamps. */
IK_INLINE void ik_matrix_two(const ik_matrix_end *e, int64_t row, int isUnsigned) {
  ik_words32 half[2];
  IK_UNROLL for (int r = 0; r < 2; ++r) {
    const int32_t *c = e->c + (row + r) * 32, constant = e->terms->constants[row + r];
    const float factor = e->terms->factors[row + r];
    const ik_i32x16 low = ik_matrix_round(c, constant, factor), next = ik_matrix_round(c + 16, constant, factor);
    half[r] = __builtin_elementwise_add_sat((ik_words32)__builtin_ia32_packssdw512(low, next), (ik_words32){} + (short)e->zero);
  }
  const ik_i32x16 b = isUnsigned ? (ik_i32x16)__builtin_ia32_packuswb512(half[0], half[1]) : (ik_i32x16)__builtin_ia32_packsswb512(half[0], half[1]);
  ik_matrix_put(e, row, (ik_u8x32)__builtin_shufflevector(b, b, 0, 4, 8, 12, 1, 5, 9, 13));
  if (row + 1 < e->rows)
    ik_matrix_put(e, row + 1, (ik_u8x32)__builtin_shufflevector(b, b, 2, 6, 10, 14, 3, 7, 11, 15));
}
#endif

/* Rows up to `until`, or two more. */
IK_INLINE void ik_matrix_rows(ik_matrix_end *e, int64_t until) {
#if defined(__AVX512BW__)
  if (e->terms->isSmall) {
    if (e->isUnsigned)
      for (; e->done < until; e->done += 2)
        ik_matrix_two(e, e->done, 1);
    else
      for (; e->done < until; e->done += 2)
        ik_matrix_two(e, e->done, 0);
    return;
  }
#endif
  const ik_rounding rounding = ik_rounding_of(e->zero, e->isUnsigned);
  for (; e->done < until; ++e->done) {
    union { ik_u8x16 half[2]; ik_u8x32 all; } bytes;
    for (int v = 0; v < 2; ++v) {
      const ik_i32x16 sums = *(const ik_i32x16u *)(e->c + e->done * 32 + v * 16) + e->terms->constants[e->done];
      bytes.half[v] = __builtin_convertvector(ik_requantize16(sums, ik_splat16(e->terms->factors[e->done]), rounding), ik_u8x16);
    }
    ik_matrix_put(e, e->done, bytes.all);
  }
}
/* Takes the sums that were just made; q: the parameters behind those of the convolution. */
IK_INLINE void ik_matrix_take(ik_matrix_end *e, const ik_matrix_terms *terms, uint8_t *y, int64_t area, int64_t rows, ik_block_places places, const int64_t *q) {
  e->terms = terms, e->y = y, e->area = area, e->rows = rows, e->done = 0, e->places = places;
  e->isUnsigned = q[IK_Q_Y_UNSIGNED], e->zero = q[IK_Q_Y_ZERO];
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
