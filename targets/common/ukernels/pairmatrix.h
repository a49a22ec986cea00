/* What bf16 convolutions by products of matrices share (convmatrix.c, convtaps.c): blocks of 32 output channels by 32 places, and their sums on the way to f32 while the next
 * block is multiplied. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_PAIRMATRIX_H
#define INGOT_TARGETS_COMMON_UKERNELS_PAIRMATRIX_H

#include "targets/common/ukernels/blockparts.h"
#include "targets/common/ukernels/pairs.h"

enum {
  IK_PAIRS_AHEAD = 32, /* floats from an output to what is asked for when it is stored: where the next block lies */
  IK_PAIRS_LEAST = 4   /* rows that end together at least */
};

/* 16 columns of a block from `column` on, those of `mask`: where they go. */
typedef struct { int64_t at, column; uint32_t mask; } ik_pairs_vector;

/* Sums of a block c // [32][32] on their way to y // `rows` rows `area` apart; `done` rows are there, the next go `each` at a time. `clamps`: the activation is to
 * stay between low and high. */
typedef struct {
  const float *bias, *residual;
  float *c, *y, low, high;
  ik_epilogue e;
  int64_t area, rows, done, each, clamps, vectors;
  ik_pairs_vector vector[IK_BLOCK_PARTS + 1];
} ik_pairs_end;

/* Both ends of a call's blocks, whose sums lie first in scratch; what is behind them. */
static float *ik_pairs_begin(ik_pairs_end ends[2], const int64_t *p, float *c) {
  for (int i = 0; i < 2; ++i) {
    ik_pairs_end *end = ends + i;
    end->c = c + i * 32 * 32, end->rows = end->done = end->vectors = 0, end->residual = 0;
    end->e = (ik_epilogue){p[IK_CONV_ACT], p[IK_CONV_RESIDUAL], ik_f32(p[IK_CONV_ALPHA]), ik_f32(p[IK_CONV_BETA])};
    end->clamps = end->e.act <= IK_ACT_CLIP;
    end->low = end->e.act == IK_ACT_CLIP ? end->e.alpha : end->e.act == IK_ACT_RELU ? 0.0f : -__builtin_inff();
    end->high = end->e.act == IK_ACT_CLIP ? end->e.beta : __builtin_inff();
  }
  return c + 2 * 32 * 32;
}
/* Takes the sums that were just made of `places`; bias, residual and y are the first row's. */
static void ik_pairs_take(ik_pairs_end *end, const float *bias, const float *residual, float *y, int64_t area, int64_t rows, const ik_block_places *places) {
  end->bias = bias, end->residual = residual, end->y = y, end->area = area, end->rows = rows, end->done = end->vectors = 0;
  for (int64_t i = 0; i < places->parts; ++i)
    for (int64_t column = 0; column < 32; column += 16)
      if (places->part[i].mask >> column & 0xffff)
        end->vector[end->vectors++] = (ik_pairs_vector){places->part[i].at + column, column, places->part[i].mask >> column & 0xffff};
}

/* Rows up to `until` of any activation, lane by lane. */
static __attribute__((noinline)) void ik_pairs_lanes(const ik_pairs_end *end, int64_t until) {
  for (int64_t r = end->done; r < until; ++r)
    for (const ik_pairs_vector *to = end->vector; to < end->vector + end->vectors; ++to) {
      const intptr_t at = (r * end->area + to->at) * (intptr_t)sizeof(float);
      ik_f32x16 v = ik_load16_f32(end->c + r * 32 + to->column);
      v = end->bias ? v + ik_splat16(end->bias[r]) : v;
      v = end->residual ? v : ik_finish16(v, ik_splat16(0.0f), end->e);
      for (int i = 0; i < 16; ++i)
        if (to->mask >> i & 1) {
          const float *residual = end->residual ? (const float *)((uintptr_t)end->residual + (uintptr_t)at) + i : 0;
          ((float *)((uintptr_t)end->y + (uintptr_t)at))[i] = residual ? ik_finish16(ik_splat16(v[i]), ik_splat16(*residual), end->e)[0] : v[i];
        }
    }
}
#if defined(__AVX512F__)
/* Asks for a line that is to be written: no other core has it then. All machines with matrix registers know the instruction. */
IK_INLINE void ik_pairs_ask(uintptr_t at) {
#if defined(__AMX_BF16__)
  __asm__ volatile("prefetchw (%0)" : : "r"(at));
#else
  __builtin_prefetch((const void *)at);
#endif
}
/* Rows up to `until` where the activation clamps; a vector of columns after the other, whose masks stay. */
IK_INLINE void ik_pairs_clamped(const ik_pairs_end *end, int64_t until, int residual) {
  const float low = end->low, high = end->high, *bias = end->bias;
  const uintptr_t from = (uintptr_t)end->residual - (uintptr_t)end->y, next = (uintptr_t)end->area * sizeof(float);
  for (int64_t i = 0; i < end->vectors; ++i) {
    const ik_pairs_vector to = end->vector[i];
    uintptr_t y = (uintptr_t)end->y + (uintptr_t)to.at * sizeof(float) + (uintptr_t)end->done * next;
    for (int64_t r = end->done; r < until; ++r, y += next) {
      ik_f32x16 v = ik_load16_f32(end->c + r * 32 + to.column) + ik_splat16(bias ? bias[r] : -0.0f), other = ik_splat16(0.0f);
      ik_pairs_ask(y + IK_PAIRS_AHEAD * sizeof(float));
      if (residual) {
        __builtin_prefetch((const void *)(y + from + IK_PAIRS_AHEAD * sizeof(float)));
        other = __builtin_ia32_loadups512_mask((const float *)(y + from), other, (uint16_t)to.mask);
      }
      v = ik_clamp16(residual == IK_RESIDUAL_BEFORE ? v + other : v, low, high);
      __builtin_ia32_storeups512_mask((float *)y, residual == IK_RESIDUAL_AFTER ? v + other : v, (uint16_t)to.mask);
    }
  }
}
#endif
/* Rows up to `until`. */
IK_INLINE void ik_pairs_rows(ik_pairs_end *end, int64_t until) {
#if defined(__AVX512F__)
  if (!end->clamps)
    ik_pairs_lanes(end, until);
  else if (!end->residual)
    ik_pairs_clamped(end, until, IK_RESIDUAL_NONE);
  else if (end->e.residual == IK_RESIDUAL_BEFORE)
    ik_pairs_clamped(end, until, IK_RESIDUAL_BEFORE);
  else
    ik_pairs_clamped(end, until, IK_RESIDUAL_AFTER);
#else
  ik_pairs_lanes(end, until);
#endif
  end->done = until;
}
__attribute__((unused)) IK_INLINE void ik_pairs_some(ik_pairs_end *end) {
  const int64_t until = end->done + end->each;
  if (end->done < end->rows)
    ik_pairs_rows(end, until < end->rows ? until : end->rows);
}

#if IK_TILES_BF16
IK_BLOCKS_PRODUCT(bf16, __builtin_ia32_tdpbf16ps, ik_pairs_end, ik_pairs_some, 1, 1)
IK_BLOCKS_PRODUCT(bf16, __builtin_ia32_tdpbf16ps, ik_pairs_end, ik_pairs_some, 1, 2)
IK_BLOCKS_PRODUCT(bf16, __builtin_ia32_tdpbf16ps, ik_pairs_end, ik_pairs_some, 2, 1)
IK_BLOCKS_PRODUCT(bf16, __builtin_ia32_tdpbf16ps, ik_pairs_end, ik_pairs_some, 2, 2)
#endif
/* The sums without matrix registers. */
static void ik_pairs_sums(float *c, const ik_blocks *b, int64_t rows, int64_t vecs) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vecs; ++v) {
      const uint32_t *w = (const uint32_t *)((const char *)b->left + r / 16 * b->leftNext) + r % 16 * b->words;
      ik_f32x16 a = ik_splat16(0.0f);
      for (int64_t block = 0; block < b->blocks; ++block)
        for (int64_t tap = 0; tap < b->taps; ++tap, w += 16 * b->words) {
          const char *x = (const char *)b->right + block * b->words * b->rightRow + (b->offsets[tap] + v * 16) * (int64_t)4;
          for (int64_t i = 0; i < b->words; ++i, x += b->rightRow)
            a = ik_dot2(a, (ik_u32x16)w[i], ik_load16_u32((const uint32_t *)x));
        }
      ik_store16_f32(c + r * 32 + v * 16, a);
    }
}
/* Sums of a block; meanwhile those of the last one go to their places. */
static void ik_pairs_product(float *c, const ik_blocks *b, int64_t rows, int64_t vecs, ik_pairs_end *last, int isTiled) {
  const int64_t steps = b->blocks * b->taps;
  last->each = ((last->rows + steps - 1) / steps + IK_PAIRS_LEAST - 1) / IK_PAIRS_LEAST * IK_PAIRS_LEAST;
  if (!isTiled)
    ik_pairs_sums(c, b, rows, vecs);
#if IK_TILES_BF16
  else if (rows > 16)
    (vecs > 1 ? ik_blocks_bf16_2x2 : ik_blocks_bf16_2x1)(c, b, last);
  else
    (vecs > 1 ? ik_blocks_bf16_1x2 : ik_blocks_bf16_1x1)(c, b, last);
#endif
  ik_pairs_rows(last, last->rows);
}

#endif
