/* What products of 8-bit matrices share: tiles of 8 rows by 48 columns, rows packed as what the ISA's dot product wants (dot.h). */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_QMATMULTILE_H
#define INGOT_TARGETS_COMMON_UKERNELS_QMATMULTILE_H

#include "targets/common/ukernels/amx.h"
#include "targets/common/ukernels/dot.h"
#include "targets/common/ukernels/quant.h"
#include "targets/common/ukernels/requantize.h"

/* What is added to the left side's bytes to make them the dot product's. */
IK_INLINE int64_t ik_qmatmul_shift(int64_t isUnsigned) {
  return IK_DOT == 2 ? 0 : isUnsigned ? (IK_SIGNED_X ? -128 : 0) : (IK_SIGNED_X ? 0 : 128);
}

#define IK_ITILE(R, V)                                                                                                        \
  IK_INLINE void ik_itile_##R##x##V(int32_t *c, const int32_t *a, int64_t lda, const int32_t *b, int64_t ldb, int64_t steps) { \
    ik_i32x16 s[R][V], x[V];                                                                                                  \
    IK_UNROLL for (int r = 0; r < R; ++r) IK_UNROLL for (int v = 0; v < V; ++v) s[r][v] = (ik_i32x16)0;                       \
    for (int64_t k = 0; k < steps; ++k, ++a, b += 16) {                                                                       \
      IK_UNROLL for (int v = 0; v < V; ++v) x[v] = *(const ik_i32x16u *)(b + v * ldb);                                        \
      IK_UNROLL for (int r = 0; r < R; ++r) IK_UNROLL for (int v = 0; v < V; ++v) s[r][v] = ik_dot16(s[r][v], (ik_i32x16)a[r * lda], x[v]); \
    }                                                                                                                         \
    IK_UNROLL for (int r = 0; r < R; ++r) IK_UNROLL for (int v = 0; v < V; ++v) *(ik_i32x16u *)(c + r * 48 + v * 16) = s[r][v]; \
  }
IK_ITILE(1, 1)
IK_ITILE(4, 1)
#if defined(__AVX512F__)
IK_ITILE(1, 3)
IK_ITILE(4, 3)
IK_ITILE(8, 3)
#endif

/* c // [8][48]; rows <= 8, vecs <= 3. More rows than asked for may be written. `isTiled`: ik_tiles_begin(steps) gave leave. */
static void ik_itile(int32_t *c, const int32_t *a, int64_t lda, const int32_t *b, int64_t ldb, int64_t steps, int64_t rows, int64_t vecs, int isTiled) {
#if defined(__AMX_INT8__)
  if (isTiled) {
    const int32_t here = 0;
    const ik_tiles_sides sides = {.left = a, .leftRow = lda * 4, .right = b, .rightRow = 64, .rightNext = ldb * 4, .steps = steps, .offsets = &here, .taps = 1};
    ik_tiles_u8_i8(c, 1, &sides, vecs);
    return;
  }
#endif
  (void)isTiled;
#if defined(__AVX512F__)
  if (vecs == 3) {
    (rows == 1 ? ik_itile_1x3 : rows <= 4 ? ik_itile_4x3 : ik_itile_8x3)(c, a, lda, b, ldb, steps);
    return;
  }
#endif
  for (int64_t v = 0; v < vecs; ++v)
    for (int64_t r = 0; r < rows; r += 4)
      (rows == 1 ? ik_itile_1x1 : ik_itile_4x1)(c + r * 48 + v * 16, a + r * lda, lda, b + v * ldb, ldb, steps);
}

/* Rows of a as a' [8][quads * 4] with zeros behind the last k and the last row, and their sums. */
static void ik_qmatmul_rows(ik_lane *to, int32_t *sums, const uint8_t *a, int64_t rows, int64_t depth, int64_t quads, int64_t isUnsigned, int64_t shift) {
  for (int64_t r = 0; r < 8; ++r, to += quads * 4) {
    uint32_t sum = 0;
    for (int64_t k = 0; k < depth && r < rows; ++k) {
      int32_t v = (isUnsigned ? (int32_t)a[r * depth + k] : (int32_t)(int8_t)a[r * depth + k]) + (int32_t)shift;
      sum += (uint32_t)v;
      to[k] = (ik_lane)v;
    }
    for (int64_t k = r < rows ? depth : 0; k < quads * 4; ++k)
      to[k] = 0;
    sums[r] = (int32_t)sum;
  }
}

IK_INLINE ik_i32x16 ik_part16(const int32_t *from, int64_t n) {
  if (n >= 16)
    return *(const ik_i32x16u *)from;
  ik_i32x16 v = (ik_i32x16)0;
  for (int64_t i = 0; i < n; ++i)
    v[i] = from[i];
  return v;
}

#endif
