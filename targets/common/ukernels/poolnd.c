/* ik_pool_<type>: pooling of every kind, type and rank in plain C, with the indices of maxima; parameters in pool.h. The first of
 * equal maxima wins; a NaN wins a maximum. f16 sums in f32. Parallel unit: one output element. lp: p = 1 and 2 as sum and root,
 * other exponents by repeated multiplication and ik_root. */
#include "targets/common/ukernels/pool.h"
#include "targets/common/ukernels/ukernel.h"

/* x^(1/p) for x >= 0, p >= 1, by Newton's method in double: rounds to the nearest float with few exceptions. */
static double ik_root(double x, int64_t p) {
  if (p == 1 || x == 0.0 || x != x || x == __builtin_inf())
    return x;
  if (p == 2)
    return __builtin_elementwise_sqrt(x);
  union { double f; int64_t i; } guess = {x};
  guess.i = (guess.i - ((int64_t)1023 << 52)) / p + ((int64_t)1023 << 52);
  double y = guess.f;
  for (int step = 0; step < 8; ++step) {
    double power = 1.0;
    for (int64_t i = 1; i < p; ++i)
      power *= y;
    y = y - (y - x / power) / (double)p;
  }
  return y;
}

#define IK_POOL_ND(T, ACC, LOWEST, NAME)                                                                                      \
  static ACC ik_pool_sum_##NAME(const T *x, const int64_t *p, const int64_t *at, int64_t *counted, int64_t *best) {           \
    ACC max = LOWEST, sum = 0;                                                                                                \
    int64_t count = 0;                                                                                                        \
    *best = -1;                                                                                                               \
    for (int64_t i = 0; i < p[IK_POOL_KD] * p[IK_POOL_KH] * p[IK_POOL_KW]; ++i) {                                             \
      int64_t d = at[0] + i / (p[IK_POOL_KW] * p[IK_POOL_KH]) * p[IK_POOL_DD], h = at[1] + i / p[IK_POOL_KW] % p[IK_POOL_KH] * p[IK_POOL_DH]; \
      int64_t w = at[2] + i % p[IK_POOL_KW] * p[IK_POOL_DW];                                                                  \
      int inside = d >= 0 && h >= 0 && w >= 0 && d < p[IK_POOL_ID] && h < p[IK_POOL_IH] && w < p[IK_POOL_IW];                 \
      count += inside || (p[IK_POOL_COUNT_PAD] && d < p[IK_POOL_ID] + p[IK_POOL_QD] && h < p[IK_POOL_IH] + p[IK_POOL_QH] &&   \
                          w < p[IK_POOL_IW] + p[IK_POOL_QW]);                                                                 \
      if (!inside)                                                                                                            \
        continue;                                                                                                             \
      int64_t index = (d * p[IK_POOL_IH] + h) * p[IK_POOL_IW] + w;                                                            \
      ACC v = (ACC)x[index], a = v < 0 ? -v : v, power = a;                                                                   \
      if (p[IK_POOL_KIND] == IK_POOL_MAX) {                                                                                   \
        if (*best < 0 || v > max || v != v)                                                                                   \
          max = v, *best = p[IK_POOL_COLUMN_MAJOR] ? d + p[IK_POOL_ID] * (h + p[IK_POOL_IH] * w) : index;                     \
        continue;                                                                                                             \
      }                                                                                                                       \
      for (int64_t e = 1; p[IK_POOL_KIND] == IK_POOL_LP && e < p[IK_POOL_P]; ++e)                                             \
        power *= a;                                                                                                           \
      sum += p[IK_POOL_KIND] == IK_POOL_LP ? power : v;                                                                       \
    }                                                                                                                         \
    *counted = count;                                                                                                         \
    return p[IK_POOL_KIND] == IK_POOL_MAX ? max : sum;                                                                        \
  }                                                                                                                           \
  IK_KERNEL(ik_pool_##NAME) {                                                                                                 \
    const T *x = buf[0];                                                                                                      \
    T *y = buf[1];                                                                                                            \
    int64_t *indices = p[IK_POOL_INDICES] ? buf[2] : 0;                                                                       \
    const int64_t plane = p[IK_POOL_ID] * p[IK_POOL_IH] * p[IK_POOL_IW], area = p[IK_POOL_OD] * p[IK_POOL_OH] * p[IK_POOL_OW]; \
    ik_range range = ik_share(p[IK_POOL_PLANES] * area, worker, workers);                                                     \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      int64_t pixel = unit % area, counted, best;                                                                             \
      int64_t at[3] = {pixel / (p[IK_POOL_OW] * p[IK_POOL_OH]) * p[IK_POOL_SD] - p[IK_POOL_PD],                               \
                       pixel / p[IK_POOL_OW] % p[IK_POOL_OH] * p[IK_POOL_SH] - p[IK_POOL_PH],                                 \
                       pixel % p[IK_POOL_OW] * p[IK_POOL_SW] - p[IK_POOL_PW]};                                                \
      ACC v = ik_pool_sum_##NAME(x + unit / area * plane, p, at, &counted, &best);                                            \
      if (p[IK_POOL_KIND] == IK_POOL_AVERAGE && counted)                                                                      \
        v = v / (ACC)counted;                                                                                                 \
      if (p[IK_POOL_KIND] == IK_POOL_LP)                                                                                      \
        v = (ACC)ik_root((double)v, p[IK_POOL_P]);                                                                            \
      y[unit] = (T)v;                                                                                                         \
      if (indices)                                                                                                            \
        indices[unit] = unit / area * plane + best;                                                                           \
    }                                                                                                                         \
  }

IK_POOL_ND(float, float, -__builtin_inff(), f32)
IK_POOL_ND(_Float16, float, -__builtin_inff(), f16)
IK_POOL_ND(double, double, -__builtin_inf(), f64)
IK_POOL_ND(int8_t, int32_t, -128, i8)
IK_POOL_ND(uint8_t, int32_t, 0, u8)
