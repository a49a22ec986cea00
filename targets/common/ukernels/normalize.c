/* nn.normalize over the middle of [outer, n, inner], parameters in normalize.h: mean, then the variance of the differences, then
 * (x - mean) / sqrt(var + eps); with rms no mean is taken off. Sums use 16 lanes of double (lane l takes elements l, l + 16 ...), joined in halves:
 * a picture's 500 000 pixels summed in f32 lose three digits. In f32 the quotient is a product with the root's inverse, in double still, where a
 * division takes eight times as long: one result in some hundred millions is rounded to the other side. Parallel unit: one row of n elements; f32
 * takes 16 neighbours at once where inner > 1, with as many vectors of sums as a row has lanes. */
#include "targets/common/ukernels/micro.h"
#include "targets/common/ukernels/normalize.h"

/* QUOTIENT: of the double d and `root`, whose inverse is `inverse`. A row's elements are `step` apart. */
#define IK_NORMALIZE(T, NAME, QUOTIENT)                                                   \
  static double ik_sum_lanes_##NAME(double lanes[16]) {                                           \
    for (int half = 8; half > 0; half /= 2)                                               \
      for (int i = 0; i < half; ++i)                                                      \
        lanes[i] += lanes[i + half];                                                      \
    return lanes[0];                                                                      \
  }                                                                                       \
  /* Sum of (x - shift)^power, power 1 or 2. */                                           \
  IK_INLINE double ik_moment_##NAME(const T *x, int64_t n, int64_t step, double shift, int power) { \
    double lanes[16] = {0};                                                               \
    int64_t i = 0;                                                                        \
    for (; i + 16 <= n; i += 16)                                                          \
      for (int l = 0; l < 16; ++l) {                                                      \
        double d = x[(i + l) * step] - shift;                                             \
        lanes[l] = power == 1 ? lanes[l] + d : __builtin_elementwise_fma(d, d, lanes[l]); \
      }                                                                                   \
    for (int l = 0; i + l < n; ++l) {                                                     \
      double d = x[(i + l) * step] - shift;                                               \
      lanes[l] = power == 1 ? lanes[l] + d : __builtin_elementwise_fma(d, d, lanes[l]);   \
    }                                                                                     \
    return ik_sum_lanes_##NAME(lanes);                                                    \
  }                                                                                       \
  IK_INLINE void ik_normalize_row_##NAME(const T *x, T *y, int64_t n, int64_t step, int64_t rms, double epsilon) { \
    double mean = rms ? 0 : ik_moment_##NAME(x, n, step, 0, 1) / (double)n;               \
    double root = __builtin_elementwise_sqrt(ik_moment_##NAME(x, n, step, mean, 2) / (double)n + epsilon); \
    __attribute__((unused)) const double inverse = 1 / root;                             \
    for (int64_t i = 0; i < n; ++i) {                                                     \
      const double d = (double)x[i * step] - mean;                                        \
      y[i * step] = (T)(QUOTIENT);                                                        \
    }                                                                                     \
  }                                                                                       \
  static void ik_normalize_rows_##NAME(const T *x, T *y, const int64_t *p, ik_range range) { \
    const int64_t n = p[IK_NORMALIZE_N], inner = p[IK_NORMALIZE_INNER], rms = p[IK_NORMALIZE_RMS]; \
    const double epsilon = ik_f64(p[IK_NORMALIZE_EPSILON]);                               \
    for (int64_t row = range.begin; row < range.end; ++row) {                             \
      const int64_t at = row / inner * n * inner + row % inner;                           \
      if (inner == 1)                                                                     \
        ik_normalize_row_##NAME(x + at, y + at, n, 1, rms, epsilon);                      \
      else                                                                                \
        ik_normalize_row_##NAME(x + at, y + at, n, inner, rms, epsilon);                  \
    }                                                                                     \
  }

IK_NORMALIZE(float, f32, d * inverse)
IK_NORMALIZE(double, f64, d / root)

#if IK_FLOAT_VECTORS
typedef double ik_f64x16 __attribute__((ext_vector_type(16)));

/* 16 columns each that are taken together: the rows' pieces lie far apart, and of one line each their addresses and fetches cost more than the sums. */
enum { IK_NORMALIZE_VECTORS = 8, IK_NORMALIZE_WIDTH = 16 * IK_NORMALIZE_VECTORS };

/* 16 columns from `at`, of which `lanes` - at are there. */
IK_INLINE ik_f64x16 ik_normalize_load16(const float *x, int64_t at, int64_t lanes) {
  return __builtin_convertvector(ik_load_some_f32(x + at, lanes - at), ik_f64x16);
}

/* Sums of (x - shift)^power down `lanes` columns: element i of each goes to its lane i % 16. */
IK_INLINE void ik_moments16(ik_f64x16 *result, const float *x, const int64_t *p, int64_t lanes, const ik_f64x16 *shift, int power) {
  const int64_t n = p[IK_NORMALIZE_N], step = p[IK_NORMALIZE_INNER], vectors = (lanes + 15) / 16;
  ik_f64x16 sums[16][IK_NORMALIZE_VECTORS] = {0};
  for (int64_t i = 0; i < n; ++i)
    for (int64_t v = 0; v < vectors; ++v) {
      ik_f64x16 d = ik_normalize_load16(x + i * step, 16 * v, lanes) - shift[v], *sum = &sums[i % 16][v];
      *sum = power == 1 ? *sum + d : __builtin_elementwise_fma(d, d, *sum);
    }
  for (int64_t v = 0; v < vectors; ++v) {
    for (int half = 8; half > 0; half /= 2)
      for (int i = 0; i < half; ++i)
        sums[i][v] += sums[i + half][v];
    result[v] = sums[0][v] / (double)n;
  }
}

IK_INLINE void ik_normalize_block(const float *x, float *y, const int64_t *p, int64_t lanes) {
  const int64_t n = p[IK_NORMALIZE_N], step = p[IK_NORMALIZE_INNER], vectors = (lanes + 15) / 16;
  ik_f64x16 mean[IK_NORMALIZE_VECTORS] = {0}, inverse[IK_NORMALIZE_VECTORS];
  if (!p[IK_NORMALIZE_RMS])
    ik_moments16(mean, x, p, lanes, mean, 1);
  ik_moments16(inverse, x, p, lanes, mean, 2);
  for (int64_t v = 0; v < vectors; ++v)
    inverse[v] = 1 / __builtin_elementwise_sqrt(inverse[v] + ik_f64(p[IK_NORMALIZE_EPSILON]));
  for (int64_t i = 0; i < n; ++i)
    for (int64_t v = 0; v < vectors; ++v) {
      ik_f64x16 d = ik_normalize_load16(x + i * step, 16 * v, lanes) - mean[v];
      ik_store_some_f32(y + i * step + 16 * v, __builtin_convertvector(d * inverse[v], ik_f32x16), lanes - 16 * v);
    }
}

static int64_t ik_normalize_least(int64_t a, int64_t b) { return a < b ? a : b; }

static void ik_normalize_columns(const float *x, float *y, const int64_t *p, int64_t worker, int64_t workers) {
  const int64_t inner = p[IK_NORMALIZE_INNER], blocks = (inner + 15) / 16;
  ik_range range = ik_share(p[IK_NORMALIZE_OUTER] * blocks, worker, workers);
  for (int64_t unit = range.begin, count; unit < range.end; unit += count) {
    const int64_t block = unit % blocks, at = unit / blocks * p[IK_NORMALIZE_N] * inner + 16 * block;
    count = ik_normalize_least(IK_NORMALIZE_VECTORS, ik_normalize_least(blocks - block, range.end - unit));
    if (count == IK_NORMALIZE_VECTORS && inner >= 16 * (block + count))
      ik_normalize_block(x + at, y + at, p, IK_NORMALIZE_WIDTH);
    else
      ik_normalize_block(x + at, y + at, p, ik_normalize_least(16 * count, inner - 16 * block));
  }
}
#endif

IK_KERNEL(ik_normalize_f32);
IK_KERNEL(ik_normalize_f32) {
#if IK_FLOAT_VECTORS
  if (p[IK_NORMALIZE_INNER] > 1) {
    ik_normalize_columns(buf[0], buf[1], p, worker, workers);
    return;
  }
#endif
  ik_normalize_rows_f32(buf[0], buf[1], p, ik_share(p[IK_NORMALIZE_N] > 0 ? p[IK_NORMALIZE_OUTER] * p[IK_NORMALIZE_INNER] : 0, worker, workers));
}

IK_KERNEL(ik_normalize_f64);
IK_KERNEL(ik_normalize_f64) {
  ik_normalize_rows_f64(buf[0], buf[1], p, ik_share(p[IK_NORMALIZE_N] > 0 ? p[IK_NORMALIZE_OUTER] * p[IK_NORMALIZE_INNER] : 0, worker, workers));
}
