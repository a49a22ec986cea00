/* ik_gather, ik_gather_columns, ik_gather_elements, ik_gather_nd: elements of any type picked by index; parameters in gather.h. Parallel units: runs,
 * columns, rows of the innermost axis, tuples. Nothing outside the input is read, whatever the indices. */
#include "targets/common/ukernels/gather.h"

/* Copies of the common small sizes are moves; long runs go to memcpy. */
static inline void ik_copy_run(char *to, const char *from, int64_t bytes) {
  switch (bytes) {
  case 1: *to = *from; return;
  case 2: __builtin_memcpy(to, from, 2); return;
  case 4: __builtin_memcpy(to, from, 4); return;
  case 8: __builtin_memcpy(to, from, 8); return;
  default: __builtin_memcpy(to, from, (size_t)bytes);
  }
}

IK_KERNEL(ik_gather) {
  const char *x = buf[0];
  char *y = buf[2];
  const int64_t taken = p[IK_GATHER_TAKEN], extent = p[IK_GATHER_EXTENT], run = p[IK_GATHER_RUN];
  ik_range range = ik_share(p[IK_GATHER_OUTER] * taken, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit)
    ik_copy_run(y + unit * run, x + (unit / taken * extent + ik_index(buf[1], unit % taken, p[IK_GATHER_WIDE], extent)) * run, run);
}

IK_KERNEL(ik_gather_columns) {
  char *y = buf[2];
  const int64_t depth = p[IK_COLUMNS_DEPTH], width = p[IK_COLUMNS_WIDTH], kPanel = 16;
  ik_range range = ik_share(p[IK_COLUMNS_TAKEN], worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    const int64_t column = ik_index(buf[1], unit, p[IK_COLUMNS_WIDE], p[IK_COLUMNS_EXTENT]);
    const char *from = (const char *)buf[0] + (column / kPanel * depth * kPanel + column % kPanel) * width;
    for (int64_t k = 0; k < depth; ++k)
      ik_copy_run(y + (unit * depth + k) * width, from + k * kPanel * width, width);
  }
}

IK_KERNEL(ik_gather_elements) {
  const char *x = buf[0];
  char *y = buf[2];
  const int64_t rank = p[IK_ELEMENTS_RANK], width = p[IK_ELEMENTS_WIDTH], wide = p[IK_ELEMENTS_WIDE], extent = p[IK_ELEMENTS_EXTENT];
  const int64_t inner = rank ? p[IK_ELEMENTS_DIMS + rank - 1] : 1, step = rank ? p[IK_ELEMENTS_DIMS + 2 * rank - 1] : 0;
  ik_range range = ik_share(ik_elements_rows(p), worker, workers);
  for (int64_t row = range.begin; row < range.end; ++row) {
    int64_t base = ik_elements_base(p, row), at = row * inner;
    for (int64_t i = 0; i < inner; ++i)
      ik_copy_run(y + (at + i) * width, x + (base + i * step + ik_index(buf[1], at + i, wide, extent) * p[IK_ELEMENTS_AXIS_STRIDE]) * width, width);
  }
}

IK_KERNEL(ik_gather_nd) {
  const char *x = buf[0];
  char *y = buf[2];
  const int64_t width = p[IK_TUPLES_WIDTH], slice = p[IK_TUPLES_SLICE] * width;
  ik_range range = ik_share(p[IK_TUPLES_BATCHES] * p[IK_TUPLES_TUPLES], worker, workers);
  for (int64_t tuple = range.begin; tuple < range.end; ++tuple)
    ik_copy_run(y + tuple * slice, x + ik_tuples_base(p, buf[1], tuple) * width, slice);
}
