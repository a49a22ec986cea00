/* The inner product of convpairs.c and matmulpairs.c: up to 8 rows by 48 columns of f32 accumulators in registers, operands of bf16 in pairs of
 * neighbours along k (a 32-bit word, the first in its low half), one ik_dot2 a pair in the order of the walk. The tiling follows the registers of the
 * ISA; it never changes a result, because no sum is split. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_PAIRS_H
#define INGOT_TARGETS_COMMON_UKERNELS_PAIRS_H

#include "targets/common/ukernels/lines.h"
#include "targets/common/ukernels/narrow.h"

IK_INLINE ik_u32x16 ik_load16_u32(const uint32_t *p) { return *(const ik_u32x16u *)p; }
IK_INLINE void ik_store16_u32(uint32_t *p, ik_u32x16 v) { *(ik_u32x16u *)p = v; }

/* c[r][16 v] = (fresh ? 0 : c) + sum over the walk of w[r * ldr + pair * ldw] * x[place of the pair + v * ldv ..]; c has rows of 48. `fetch` and
 * `ahead` as in ik_tile. */
#define IK_PAIR_TILE(R, V)                                                                                                    \
  IK_INLINE void ik_pair_sums_##R##x##V(ik_f32x16 (*a)[V], const uint32_t *w, int64_t ldr, int64_t ldw, const uint32_t *x, int64_t ldv, \
                                        const ik_walk *walk, int fetch, int64_t ahead) {                                      \
    ik_u32x16 b[V];                                                                                                           \
    for (int64_t channel = 0; channel < walk->channels; ++channel, x += walk->next)                                           \
      for (int64_t t = 0; t < walk->taps; ++t, w += ldw) {                                                                    \
        if (fetch)                                                                                                            \
          __builtin_prefetch((const void *)((uintptr_t)w + (uintptr_t)ahead * sizeof(uint32_t)), 0, 2);                       \
        const uint32_t *from = x + walk->offsets[t];                                                                          \
        IK_UNROLL for (int v = 0; v < V; ++v) b[v] = ik_load16_u32(from + v * ldv);                                           \
        IK_UNROLL for (int r = 0; r < R; ++r) {                                                                               \
          ik_u32x16 f = (ik_u32x16)w[r * ldr];                                                                                \
          IK_UNROLL for (int v = 0; v < V; ++v) a[r][v] = ik_dot2(a[r][v], f, b[v]);                                          \
        }                                                                                                                     \
      }                                                                                                                       \
  }                                                                                                                           \
  IK_INLINE void ik_pair_tile_##R##x##V(float *c, int fresh, const uint32_t *w, int64_t ldr, int64_t ldw, const uint32_t *x, int64_t ldv, \
                                        const ik_walk *walk, int fetch, int64_t ahead) {                                      \
    ik_f32x16 a[R][V];                                                                                                        \
    IK_EACH_OF(R, V) a[r][v] = fresh ? ik_splat16(0.0f) : ik_load16_f32(c + r * 48 + v * 16);                                 \
    ik_pair_sums_##R##x##V(a, w, ldr, ldw, x, ldv, walk, fetch, ahead);                                                       \
    IK_EACH_OF(R, V) ik_store16_f32(c + r * 48 + v * 16, a[r][v]);                                                            \
  }
IK_PAIR_TILE(1, 1)
#if IK_FLOAT_VECTORS
IK_PAIR_TILE(1, 3)
IK_PAIR_TILE(4, 1)
#endif
#if defined(__AVX512F__)
IK_PAIR_TILE(4, 3)
IK_PAIR_TILE(8, 1)
IK_PAIR_TILE(8, 2)
IK_PAIR_TILE(8, 3)
#endif

/* `rows` <= 8 and `vecs` <= 3 of the above; rows are computed in whole fours or eights (c has room for 8). */
IK_INLINE void ik_pair_tile(float *c, int fresh, const uint32_t *w, int64_t ldr, int64_t ldw, const uint32_t *x, int64_t ldv, const ik_walk *walk,
                            int64_t rows, int64_t vecs, int fetch, int64_t ahead) {
#if !IK_FLOAT_VECTORS
  for (int64_t v = 0; v < vecs; ++v)
    for (int64_t r = 0; r < rows; ++r)
      ik_pair_tile_1x1(c + r * 48 + v * 16, fresh, w + r * ldr, ldr, ldw, x + v * ldv, ldv, walk, fetch, ahead);
#else
  if (rows == 1 && vecs == 3) {
    ik_pair_tile_1x3(c, fresh, w, ldr, ldw, x, ldv, walk, fetch, ahead);
    return;
  }
#if defined(__AVX512F__)
  if (rows > 4 && vecs == 3)
    ik_pair_tile_8x3(c, fresh, w, ldr, ldw, x, ldv, walk, fetch, ahead);
  else if (rows > 4 && vecs == 2)
    ik_pair_tile_8x2(c, fresh, w, ldr, ldw, x, ldv, walk, fetch, ahead);
  else if (rows > 4)
    ik_pair_tile_8x1(c, fresh, w, ldr, ldw, x, ldv, walk, fetch, ahead);
  else if (rows > 1 && vecs == 3)
    ik_pair_tile_4x3(c, fresh, w, ldr, ldw, x, ldv, walk, fetch, ahead);
  else
#endif
    for (int64_t v = 0; v < vecs; ++v) {
      if (rows == 1)
        ik_pair_tile_1x1(c + v * 16, fresh, w, ldr, ldw, x + v * ldv, ldv, walk, fetch, ahead);
      else
        for (int64_t r = 0; r < rows; r += 4)
          ik_pair_tile_4x1(c + r * 48 + v * 16, fresh, w + r * ldr, ldr, ldw, x + v * ldv, ldv, walk, fetch, ahead);
    }
#endif
}

#endif
