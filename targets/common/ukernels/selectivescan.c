/* ik_selective_scan: the recurrence of Mamba-2, row after row, on matrices that the state keeps. Parameters in sequence.h, the formula in nn.selective_scan.
 * Parallel unit: 32 columns of one head's matrix over all rows of the step, so that it stays in the first cache, and their sums in registers. */
#include "targets/common/ukernels/math.h"
#include "targets/common/ukernels/sequence.h"
#include "targets/common/ukernels/ukernel.h"

enum { IK_SCAN_LANES = 32 };

/* One row of one head: `count` columns of its matrix s [N][stride]. */
static inline __attribute__((always_inline)) void ik_scan_row(float *restrict s, const float *restrict x, const float *restrict b, const float *restrict c, float *restrict y,
                                                              int64_t length, int64_t stride, int64_t count, float delta, float decay, float skip) {
  const float factor = ikm_exp_f32(delta * decay);
  float scaled[IK_SCAN_LANES], sum[IK_SCAN_LANES];
  for (int64_t p = 0; p < count; ++p)
    scaled[p] = x[p] * delta, sum[p] = 0;
  for (int64_t n = 0; n < length; ++n)
    for (int64_t p = 0; p < count; ++p) {
      const float value = IKM_FMAF(s[n * stride + p], factor, b[n] * scaled[p]);
      s[n * stride + p] = value;
      sum[p] = IKM_FMAF(value, c[n], sum[p]);
    }
  for (int64_t p = 0; p < count; ++p)
    y[p] = IKM_FMAF(x[p], skip, sum[p]);
}

/* Rows begin .. end - 1 follow each other in one sequence, whose state is at `state`. */
static inline void ik_scan_step(void *const *buf, const int64_t *p, float *state, int64_t begin, int64_t end, int64_t head, int64_t column, int64_t count) {
  const int64_t heads = p[IK_SCAN_H], width = p[IK_SCAN_P], length = p[IK_SCAN_N], groups = p[IK_SCAN_G], all = heads * width + 2 * groups * length;
  float *s = state + head * length * width + column;
  const float decay = ((const float *)buf[3])[head], skip = ((const float *)buf[4])[head];
  for (int64_t m = begin; m < end; ++m) {
    const float *row = (const float *)buf[1] + m * all, *x = row + head * width + column, *b = row + heads * width + head / (heads / groups) * length;
    float *y = (float *)buf[9] + (m * heads + head) * width + column;
    const float delta = ((const float *)buf[2])[m * heads + head];
    if (count == IK_SCAN_LANES)
      ik_scan_row(s, x, b, b + groups * length, y, length, width, IK_SCAN_LANES, delta, decay, skip);
    else
      ik_scan_row(s, x, b, b + groups * length, y, length, width, count, delta, decay, skip);
  }
}

IK_KERNEL(ik_selective_scan);
IK_KERNEL(ik_selective_scan) {
  const int64_t rows = p[IK_SCAN_M], heads = p[IK_SCAN_H], width = p[IK_SCAN_P], length = p[IK_SCAN_N], each = p[IK_SCAN_PLACES] > 1;
  const int64_t parts = (width + IK_SCAN_LANES - 1) / IK_SCAN_LANES;
  const int32_t given = *(const int32_t *)buf[7];
  const int64_t limit = given < 0 ? 0 : given < rows ? given : rows;
  const ik_range range = ik_share(heads * parts, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    const int64_t head = unit / parts, column = unit % parts * IK_SCAN_LANES, count = width - column < IK_SCAN_LANES ? width - column : IK_SCAN_LANES;
    for (int64_t first = 0; first < (each ? rows : 1); ++first) {
      const int64_t sequence = ((const int32_t *)buf[6])[first], last = each ? first + 1 : rows;
      const int64_t end = sequence < 0 || sequence >= p[IK_SCAN_S] || limit < first ? first : limit < last ? limit : last;
      float *state = (float *)buf[8] + (end > first ? sequence : 0) * heads * length * width;
      if (end > first && ((const int32_t *)buf[5])[first] <= 0)
        for (int64_t n = 0; n < length; ++n)
          for (int64_t i = 0; i < count; ++i)
            state[(head * length + n) * width + column + i] = 0;
      ik_scan_step(buf, p, state, first, end, head, column, count);
      for (int64_t m = end; m < last; ++m)
        for (int64_t i = 0; i < count; ++i)
          ((float *)buf[9])[(m * heads + head) * width + column + i] = 0;
    }
  }
}
