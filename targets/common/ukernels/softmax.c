/* nn.softmax over the middle of [outer, n, inner], parameters in softmax.h: maximum, exponentials, sum (16 lanes, lane l takes elements
 * l, l + 16 ..., then halves join), division or logarithm. Parallel unit: one row of n elements; f32 takes 16 at once, of one row or of
 * neighbouring rows. */
#include "targets/common/ukernels/micro.h"
#include "targets/common/ukernels/softmax.h"

#define IK_SOFTMAX(T, NAME)                                                                      \
  __attribute__((unused)) static T ik_lane_sum_##NAME(T lanes[16]) {                                                     \
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
  __attribute__((unused)) static void ik_softmax_row_##NAME(const T *x, T *y, int64_t n, int64_t step, int64_t isLog) { \
    T top = ik_row_max_##NAME(x, n, step), lanes[16] = {0};                                      \
    for (int64_t i = 0; i < n; ++i) {                                                            \
      T e = ikm_exp_##NAME(x[i * step] - top);                                                   \
      lanes[i % 16] += e;                                                                        \
      y[i * step] = e;                                                                           \
    }                                                                                            \
    T sum = ik_lane_sum_##NAME(lanes), logSum = isLog ? ikm_log_##NAME(sum) : 0;                 \
    for (int64_t i = 0; i < n; ++i)                                                              \
      y[i * step] = isLog ? x[i * step] - top - logSum : y[i * step] / sum;                      \
  }

IK_SOFTMAX(float, f32)
IK_SOFTMAX(double, f64)
IK_KERNEL(ik_softmax_f64);
IK_KERNEL(ik_softmax_f64) {
  const int64_t n = p[IK_SOFTMAX_N], inner = p[IK_SOFTMAX_INNER];
  ik_range range = ik_share(n > 0 ? p[IK_SOFTMAX_OUTER] * inner : 0, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t at = unit / inner * n * inner + unit % inner;
    ik_softmax_row_f64((const double *)buf[0] + at, (double *)buf[1] + at, n, inner, p[IK_SOFTMAX_LOG]);
  }
}

#if IK_FLOAT_VECTORS && !defined(IK_ONE_UNIT)
IK_INLINE ik_f32x16 ik_higher16(ik_f32x16 a, ik_f32x16 v) { return ik_select16((v > a) | (v != v), v, a); }

static float ik_softmax_top16(ik_f32x16 v) {
  v = ik_higher16(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
  v = ik_higher16(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7));
  v = ik_higher16(v, __builtin_shufflevector(v, v, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3));
  return ik_higher16(v, __builtin_shufflevector(v, v, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1))[0];
}

/* Lanes 0 .. 15 joined in halves. */
static float ik_softmax_sum16(ik_f32x16 v) {
  ik_f32x16 a = v + __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 0, 0, 0, 0, 0, 0, 0);
  a = a + __builtin_shufflevector(a, a, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  return (a[0] + a[2]) + (a[1] + a[3]);
}

/* One row of n >= 16 neighbours. */
static void ik_softmax_line(const float *x, float *y, int64_t n, int64_t isLog) {
  const int64_t whole = n / 16 * 16, rest = n - whole;
  ik_f32x16 tops = ik_load16_f32(x + n - 16), sums = ik_splat16(0.0f);
  for (int64_t i = 0; i < whole; i += 16)
    tops = ik_higher16(tops, ik_load16_f32(x + i));
  const ik_f32x16 top = ik_splat16(ik_softmax_top16(tops));
  for (int64_t i = 0; i < whole; i += 16) {
    ik_f32x16 e = ik_exp_negative16(ik_load16_f32(x + i) - top);
    ik_store16_f32(y + i, e);
    sums = sums + e;
  }
  if (rest) {
    ik_store_part_f32(y + whole, ik_exp_negative16(ik_load_part_f32(x + whole, rest) - top), rest);
    sums = sums + ik_load_part_f32(y + whole, rest);
  }
  const float sum = ik_softmax_sum16(sums);
  const ik_f32x16 divisor = ik_splat16(sum), less = ik_splat16(isLog ? ikm_log_f32(sum) : 0.0f);
  for (int64_t i = 0; i < n; i += 16) {
    int64_t left = n - i;
    ik_f32x16 from = left < 16 ? ik_load_part_f32((isLog ? x : y) + i, left) : ik_load16_f32((isLog ? x : y) + i);
    ik_f32x16 to = isLog ? from - top - less : from / divisor;
    if (left < 16)
      ik_store_part_f32(y + i, to, left);
    else
      ik_store16_f32(y + i, to);
  }
}

/* Element i of up to 16 rows that lie `apart`. */
IK_INLINE ik_f32x16 ik_softmax_load(const float *x, int64_t apart, int64_t count) {
  if (apart == 1)
    return count == 16 ? ik_load16_f32(x) : ik_load_part_f32(x, count);
  float lanes[16] = {0};
  for (int64_t r = 0; r < count; ++r)
    lanes[r] = x[r * apart];
  return ik_load16_f32(lanes);
}
IK_INLINE void ik_softmax_store(float *y, ik_f32x16 v, int64_t apart, int64_t count) {
  if (apart == 1 && count == 16) {
    ik_store16_f32(y, v);
  } else if (apart == 1) {
    ik_store_part_f32(y, v, count);
  } else {
    float lanes[16];
    ik_store16_f32(lanes, v);
    for (int64_t r = 0; r < count; ++r)
      y[r * apart] = lanes[r];
  }
}

/* Up to 16 rows, a lane each. */
static void ik_softmax_rows(const float *x, float *y, int64_t n, int64_t step, int64_t apart, int64_t count, int64_t isLog) {
  ik_f32x16 top = ik_softmax_load(x, apart, count), lanes[16];
  for (int64_t i = 1; i < n; ++i)
    top = ik_higher16(top, ik_softmax_load(x + i * step, apart, count));
  for (int i = 0; i < 16; ++i)
    lanes[i] = ik_splat16(0.0f);
  for (int64_t i = 0; i < n; ++i) {
    ik_f32x16 e = ik_exp_negative16(ik_softmax_load(x + i * step, apart, count) - top);
    lanes[i % 16] = lanes[i % 16] + e;
    ik_softmax_store(y + i * step, e, apart, count);
  }
  for (int half = 8; half > 0; half /= 2)
    for (int i = 0; i < half; ++i)
      lanes[i] = lanes[i] + lanes[i + half];
  ik_f32x16 less = lanes[0];
  for (int r = 0; isLog && r < 16; ++r)
    less[r] = ikm_log_f32(lanes[0][r]);
  for (int64_t i = 0; i < n; ++i) {
    ik_f32x16 v = ik_softmax_load((isLog ? x : y) + i * step, apart, count);
    ik_softmax_store(y + i * step, isLog ? v - top - less : v / lanes[0], apart, count);
  }
}
#endif

IK_KERNEL(ik_softmax_f32);
IK_KERNEL(ik_softmax_f32) {
  const float *x = buf[0];
  float *y = buf[1];
  const int64_t n = p[IK_SOFTMAX_N], inner = p[IK_SOFTMAX_INNER];
  ik_range range = ik_share(n > 0 ? p[IK_SOFTMAX_OUTER] * inner : 0, worker, workers);
  for (int64_t unit = range.begin; unit < range.end;) {
    int64_t at = unit / inner * n * inner + unit % inner;
#if IK_FLOAT_VECTORS && !defined(IK_ONE_UNIT)
    /* Rows of one stretch: of the inner places, or whole short rows one after the other. */
    int64_t left = inner == 1 ? range.end - unit : inner - unit % inner, count = range.end - unit < left ? range.end - unit : left;
    count = inner == 1 && n >= 16 ? 1 : count < 16 ? count : 16;
    if (inner == 1 && n >= 16)
      ik_softmax_line(x + at, y + at, n, p[IK_SOFTMAX_LOG]);
    else
      ik_softmax_rows(x + at, y + at, n, inner, inner == 1 ? n : 1, count, p[IK_SOFTMAX_LOG]);
    unit += count;
#else
    ik_softmax_row_f32(x + at, y + at, n, inner, p[IK_SOFTMAX_LOG]);
    ++unit;
#endif
  }
}
