/* nn.normalize over rows of n elements, parameters in normalize.h: mean, then the variance of the differences, then (x - mean) / sqrt(var + eps);
 * with rms no mean is taken off. Sums use 16 lanes of double (lane l takes elements l, l + 16 ...), joined in halves: a picture's 500 000 pixels
 * summed in f32 lose three digits. In f32 the quotient is a product with the root's inverse, in double still, where a division takes eight times as
 * long: one result in some hundred millions is rounded to the other side. Parallel unit: one row. */
#include "targets/common/ukernels/normalize.h"
#include "targets/common/ukernels/ukernel.h"

/* QUOTIENT: of the double d and `root`, whose inverse is `inverse`. */
#define IK_NORMALIZE(T, NAME, QUOTIENT)                                                   \
  static double ik_sum_lanes_##NAME(double lanes[16]) {                                           \
    for (int half = 8; half > 0; half /= 2)                                               \
      for (int i = 0; i < half; ++i)                                                      \
        lanes[i] += lanes[i + half];                                                      \
    return lanes[0];                                                                      \
  }                                                                                       \
  /* Sum of (x - shift)^power, power 1 or 2. */                                           \
  static double ik_moment_##NAME(const T *x, int64_t n, double shift, int power) {        \
    double lanes[16] = {0};                                                               \
    int64_t i = 0;                                                                        \
    for (; i + 16 <= n; i += 16)                                                          \
      for (int l = 0; l < 16; ++l) {                                                      \
        double d = x[i + l] - shift;                                                      \
        lanes[l] = power == 1 ? lanes[l] + d : __builtin_elementwise_fma(d, d, lanes[l]); \
      }                                                                                   \
    for (int l = 0; i + l < n; ++l) {                                                     \
      double d = x[i + l] - shift;                                                        \
      lanes[l] = power == 1 ? lanes[l] + d : __builtin_elementwise_fma(d, d, lanes[l]);   \
    }                                                                                     \
    return ik_sum_lanes_##NAME(lanes);                                                    \
  }                                                                                       \
  IK_KERNEL(ik_normalize_##NAME);                                                         \
  IK_KERNEL(ik_normalize_##NAME) {                                                        \
    const int64_t n = p[IK_NORMALIZE_N];                                                  \
    const double epsilon = ik_f64(p[IK_NORMALIZE_EPSILON]);                               \
    ik_range range = ik_share(n > 0 ? p[IK_NORMALIZE_OUTER] : 0, worker, workers);        \
    for (int64_t row = range.begin; row < range.end; ++row) {                             \
      const T *x = (const T *)buf[0] + row * n;                                           \
      T *y = (T *)buf[1] + row * n;                                                       \
      double mean = p[IK_NORMALIZE_RMS] ? 0 : ik_moment_##NAME(x, n, 0, 1) / (double)n;   \
      double root = __builtin_elementwise_sqrt(ik_moment_##NAME(x, n, mean, 2) / (double)n + epsilon); \
      const double inverse = 1 / root;                                                    \
      for (int64_t i = 0; i < n; ++i) {                                                   \
        const double d = (double)x[i] - mean;                                             \
        y[i] = (T)(QUOTIENT);                                                             \
      }                                                                                   \
    }                                                                                     \
  }

IK_NORMALIZE(float, f32, d * inverse)
IK_NORMALIZE(double, f64, d / root)
