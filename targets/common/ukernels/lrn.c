/* ik_lrn_f32, ik_lrn_f64: local response normalisation across channels; parameters in lrn.h. Squares are summed by fused multiply-adds in
 * channel order; beta 0.75 is sqrt(s) * sqrt(sqrt(s)), any other a power. Parallel unit: 64 elements of one channel. */
#include "targets/common/ukernels/lrn.h"
#include "targets/common/ukernels/math.h"

enum { IK_LRN_BLOCK = 64 };

#define IK_LRN_DEFINE(T, NAME, FMA)                                                                                           \
  /* y = x / power(sums). */                                                                                                  \
  static void ik_lrn_divide_##NAME(T *y, const T *x, const T *sums, int64_t n, T scale, T beta, T bias) {                     \
    if (beta == (T)0.75) {                                                                                                    \
      for (int64_t i = 0; i < n; ++i) {                                                                                       \
        T root = __builtin_elementwise_sqrt(FMA(scale, sums[i], bias));                                                       \
        y[i] = x[i] / (root * __builtin_elementwise_sqrt(root));                                                              \
      }                                                                                                                       \
      return;                                                                                                                 \
    }                                                                                                                         \
    for (int64_t i = 0; i < n; ++i)                                                                                           \
      y[i] = x[i] / ikm_pow_##NAME(FMA(scale, sums[i], bias), beta);                                                          \
  }                                                                                                                           \
  IK_KERNEL(ik_lrn_##NAME) {                                                                                                  \
    const T *x = buf[0];                                                                                                      \
    T *y = buf[1];                                                                                                            \
    const int64_t channels = p[IK_LRN_CHANNELS], inner = p[IK_LRN_INNER], blocks = (inner + IK_LRN_BLOCK - 1) / IK_LRN_BLOCK; \
    const int64_t below = (p[IK_LRN_SIZE] - 1) / 2, above = p[IK_LRN_SIZE] / 2;                                               \
    const T scale = (T)ik_f64(p[IK_LRN_SCALE]), beta = (T)ik_f64(p[IK_LRN_BETA]), bias = (T)ik_f64(p[IK_LRN_BIAS]);           \
    ik_range range = ik_share(p[IK_LRN_OUTER] * channels * blocks, worker, workers);                                          \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      const int64_t at = unit % blocks * IK_LRN_BLOCK, row = unit / blocks, c = row % channels;                               \
      const int64_t n = inner - at < IK_LRN_BLOCK ? inner - at : IK_LRN_BLOCK;                                                \
      const int64_t first = c > below ? c - below : 0, last = channels - 1 - c < above ? channels - 1 : c + above;            \
      T sums[IK_LRN_BLOCK] = {0};                                                                                             \
      for (int64_t other = first; other <= last; ++other) {                                                                   \
        const T *from = x + (row - c + other) * inner + at;                                                                   \
        for (int64_t i = 0; i < n; ++i)                                                                                       \
          sums[i] = FMA(from[i], from[i], sums[i]);                                                                           \
      }                                                                                                                       \
      ik_lrn_divide_##NAME(y + row * inner + at, x + row * inner + at, sums, n, scale, beta, bias);                           \
    }                                                                                                                         \
  }

IK_LRN_DEFINE(float, f32, __builtin_fmaf)
IK_LRN_DEFINE(double, f64, __builtin_fma)
