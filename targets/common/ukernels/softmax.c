/* nn.softmax over the middle of [outer, n, inner], parameters in softmax.h: maximum, exponentials, sum (16 lanes, lane l takes elements
 * l, l + 16 ..., then halves join), division or logarithm. Parallel unit: one row of n elements. */
#include "targets/common/ukernels/math.h"
#include "targets/common/ukernels/softmax.h"
#include "targets/common/ukernels/ukernel.h"

#define IK_SOFTMAX(T, NAME)                                                                      \
  static T ik_lane_sum_##NAME(T lanes[16]) {                                                     \
    for (int half = 8; half > 0; half /= 2)                                                      \
      for (int i = 0; i < half; ++i)                                                             \
        lanes[i] += lanes[i + half];                                                             \
    return lanes[0];                                                                             \
  }                                                                                              \
  static T ik_row_max_##NAME(const T *x, int64_t n, int64_t step) {                              \
    T top = x[0];                                                                                \
    for (int64_t i = 1; i < n; ++i)                                                              \
      top = x[i * step] > top || x[i * step] != x[i * step] ? x[i * step] : top;                 \
    return top;                                                                                  \
  }                                                                                              \
  static void ik_softmax_row_##NAME(const T *x, T *y, int64_t n, int64_t step, int64_t isLog) {  \
    T top = ik_row_max_##NAME(x, n, step), lanes[16] = {0};                                      \
    for (int64_t i = 0; i < n; ++i) {                                                            \
      T e = ikm_exp_##NAME(x[i * step] - top);                                                   \
      lanes[i % 16] += e;                                                                        \
      y[i * step] = e;                                                                           \
    }                                                                                            \
    T sum = ik_lane_sum_##NAME(lanes), logSum = isLog ? ikm_log_##NAME(sum) : 0;                 \
    for (int64_t i = 0; i < n; ++i)                                                              \
      y[i * step] = isLog ? x[i * step] - top - logSum : y[i * step] / sum;                      \
  }                                                                                              \
  IK_KERNEL(ik_softmax_##NAME);                                                                  \
  IK_KERNEL(ik_softmax_##NAME) {                                                                 \
    const int64_t n = p[IK_SOFTMAX_N], inner = p[IK_SOFTMAX_INNER];                              \
    ik_range range = ik_share(n > 0 ? p[IK_SOFTMAX_OUTER] * inner : 0, worker, workers);         \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                 \
      int64_t at = unit / inner * n * inner + unit % inner;                                      \
      ik_softmax_row_##NAME((const T *)buf[0] + at, (T *)buf[1] + at, n, inner, p[IK_SOFTMAX_LOG]); \
    }                                                                                            \
  }

IK_SOFTMAX(float, f32)
IK_SOFTMAX(double, f64)
