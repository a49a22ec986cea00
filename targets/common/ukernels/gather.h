/* Parameters of gather.c and scatter.c. Buffers: input, indices [, updates], result. An index is i32 or i64, counts from the end when
 * negative and is clamped to the extent. "Elements" counts, strides in elements unless they say bytes. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_GATHER_H
#define INGOT_TARGETS_COMMON_UKERNELS_GATHER_H

#include "targets/common/ukernels/ukernel.h"

/* ik_gather: result[outer][count] runs of `run` bytes from input[outer][extent]. */
enum { IK_GATHER_WIDE, IK_GATHER_OUTER, IK_GATHER_EXTENT, IK_GATHER_TAKEN, IK_GATHER_RUN, IK_GATHER_COUNT };

/* ik_gather_columns: result[count][depth] columns of a right side [depth][extent] in panels of 16 (matmul.h), elements of `width` bytes. */
enum { IK_COLUMNS_WIDE, IK_COLUMNS_EXTENT, IK_COLUMNS_TAKEN, IK_COLUMNS_DEPTH, IK_COLUMNS_WIDTH, IK_COLUMNS_COUNT };

/* Element form (gather_elements, scatter_elements): indices have extents p[DIMS + d]; the indexed tensor has strides
 * p[DIMS + rank + d], 0 on the axis, whose own stride is AXIS_STRIDE. WIDTH: bytes an element; TOTAL: elements of the indexed tensor. */
enum { IK_ELEMENTS_WIDE, IK_ELEMENTS_WIDTH, IK_ELEMENTS_KIND, IK_ELEMENTS_TOTAL, IK_ELEMENTS_EXTENT, IK_ELEMENTS_AXIS_STRIDE, IK_ELEMENTS_RANK, IK_ELEMENTS_DIMS };

/* Tuple form (gather_nd, scatter_nd): BATCHES x TUPLES tuples of DEPTH indices, each a slice of SLICE elements; batch b starts at
 * b * BATCH_STRIDE of the indexed tensor; then DEPTH extents and DEPTH strides. */
enum { IK_TUPLES_WIDE, IK_TUPLES_WIDTH, IK_TUPLES_KIND, IK_TUPLES_TOTAL, IK_TUPLES_BATCHES, IK_TUPLES_TUPLES, IK_TUPLES_BATCH_STRIDE, IK_TUPLES_SLICE,
       IK_TUPLES_DEPTH, IK_TUPLES_AXES };

/* KIND of a scatter: nn::ScatterKind. */
enum { IK_SCATTER_NONE, IK_SCATTER_ADD, IK_SCATTER_MUL, IK_SCATTER_MIN, IK_SCATTER_MAX };

static inline int64_t ik_index(const void *indices, int64_t at, int64_t wide, int64_t extent) {
  int64_t i = wide ? ((const int64_t *)indices)[at] : ((const int32_t *)indices)[at];
  i = i < 0 ? i + extent : i;
  return i < 0 ? 0 : i >= extent ? extent - 1 : i;
}

/* Where row `row` of the indices' innermost axis starts in the indexed tensor. */
static inline int64_t ik_elements_base(const int64_t *p, int64_t row) {
  const int64_t rank = p[IK_ELEMENTS_RANK], *dims = p + IK_ELEMENTS_DIMS, *strides = dims + rank;
  int64_t base = 0;
  for (int64_t d = rank - 2; d >= 0; --d) {
    base += row % dims[d] * strides[d];
    row /= dims[d];
  }
  return base;
}

static inline int64_t ik_elements_rows(const int64_t *p) {
  int64_t rows = 1;
  for (int64_t d = 0; d + 1 < p[IK_ELEMENTS_RANK]; ++d)
    rows *= p[IK_ELEMENTS_DIMS + d];
  return rows;
}

/* Where the slice of tuple `tuple` (over all batches) starts in the indexed tensor. */
static inline int64_t ik_tuples_base(const int64_t *p, const void *indices, int64_t tuple) {
  const int64_t depth = p[IK_TUPLES_DEPTH], *extents = p + IK_TUPLES_AXES, *strides = extents + depth;
  int64_t base = tuple / p[IK_TUPLES_TUPLES] * p[IK_TUPLES_BATCH_STRIDE];
  for (int64_t j = 0; j < depth; ++j)
    base += ik_index(indices, tuple * depth + j, p[IK_TUPLES_WIDE], extents[j]) * strides[j];
  return base;
}

#endif
