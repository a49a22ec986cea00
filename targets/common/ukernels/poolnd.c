/* ik_pool_<type>: pooling of every kind, type and rank in plain C, with the indices of maxima; parameters in pool.h. The first of
 * equal maxima wins; a NaN wins a maximum. f16 sums in f32. Parallel unit: one output element. lp: p = 1 and 2 as sum and root,
 * other exponents by repeated multiplication and ik_root. Maxima of bytes go row by row. */
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

/* Maxima of the outputs [pixel, pixel + count) of one row of a plane: rows are joined first, many columns at a time. Returns how many were made: 0
 * leaves them to the plain way (a line that is too long). */
enum { IK_POOL_LINE = 4096 };
#if !defined(IK_ONE_UNIT)
#define IK_POOL_ROW(T, LOWEST, NAME)                                                                                          \
  /* best[i] = the greater of it and from[i * stride]. */                                                                     \
  static inline __attribute__((always_inline)) void ik_pool_join_##NAME(T *restrict best, const T *restrict from, int64_t count, int64_t stride) { \
    for (int64_t i = 0; i < count; ++i)                                                                                       \
      best[i] = from[i * stride] > best[i] ? from[i * stride] : best[i];                                                      \
  }                                                                                                                           \
  static int64_t ik_pool_row_##NAME(const T *x, T *y, const int64_t *p, int64_t pixel, int64_t count) {                       \
    const int64_t ow = pixel % p[IK_POOL_OW], row = pixel / p[IK_POOL_OW], iw = p[IK_POOL_IW];                                \
    const int64_t d0 = row / p[IK_POOL_OH] * p[IK_POOL_SD] - p[IK_POOL_PD], h0 = row % p[IK_POOL_OH] * p[IK_POOL_SH] - p[IK_POOL_PH]; \
    const int64_t w0 = ow * p[IK_POOL_SW] - p[IK_POOL_PW], w1 = w0 + (count - 1) * p[IK_POOL_SW] + (p[IK_POOL_KW] - 1) * p[IK_POOL_DW] + 1; \
    const int64_t low = w0 < 0 ? 0 : w0 < iw ? w0 : iw, high = w1 < low ? low : w1 < iw ? w1 : iw;                            \
    T line[IK_POOL_LINE];                                                                                                     \
    if (w1 - w0 > IK_POOL_LINE)                                                                                               \
      return 0;                                                                                                               \
    for (int64_t i = 0; i < w1 - w0; ++i)                                                                                     \
      line[i] = LOWEST;                                                                                                       \
    for (int64_t k = 0; k < p[IK_POOL_KD] * p[IK_POOL_KH]; ++k) {                                                             \
      const int64_t d = d0 + k / p[IK_POOL_KH] * p[IK_POOL_DD], h = h0 + k % p[IK_POOL_KH] * p[IK_POOL_DH];                   \
      if (d >= 0 && h >= 0 && d < p[IK_POOL_ID] && h < p[IK_POOL_IH])                                                         \
        ik_pool_join_##NAME(line + low - w0, x + (d * p[IK_POOL_IH] + h) * iw + low, high - low, 1);                          \
    }                                                                                                                         \
    for (int64_t i = 0; i < count; ++i)                                                                                       \
      y[i] = LOWEST;                                                                                                          \
    for (int64_t k = 0; k < p[IK_POOL_KW]; ++k)                                                                               \
      if (p[IK_POOL_SW] == 2)                                                                                                 \
        ik_pool_join_##NAME(y, line + k * p[IK_POOL_DW], count, 2);                                                           \
      else                                                                                                                    \
        ik_pool_join_##NAME(y, line + k * p[IK_POOL_DW], count, p[IK_POOL_SW]);                                               \
    return count;                                                                                                             \
  }
IK_POOL_ROW(int8_t, -128, i8)
IK_POOL_ROW(uint8_t, 0, u8)
#else
#define ik_pool_row_i8(x, y, p, pixel, count) ((void)(count), 0)
#define ik_pool_row_u8(x, y, p, pixel, count) ((void)(count), 0)
#endif
#define ik_pool_row_f32(x, y, p, pixel, count) ((void)(count), 0)
#define ik_pool_row_f16(x, y, p, pixel, count) ((void)(count), 0)
#define ik_pool_row_f64(x, y, p, pixel, count) ((void)(count), 0)

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
    const int plainMax = p[IK_POOL_KIND] == IK_POOL_MAX && !indices;                                                          \
    for (int64_t unit = range.begin; unit < range.end;) {                                                                     \
      const int64_t left = p[IK_POOL_OW] - unit % p[IK_POOL_OW], count = left < range.end - unit ? left : range.end - unit;   \
      const int64_t made = plainMax ? ik_pool_row_##NAME(x + unit / area * plane, y + unit, p, unit % area, count) : 0;       \
      unit += made;                                                                                                           \
      if (made)                                                                                                               \
        continue;                                                                                                             \
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
      ++unit;                                                                                                                 \
    }                                                                                                                         \
  }

IK_POOL_ND(float, float, -__builtin_inff(), f32)
IK_POOL_ND(_Float16, float, -__builtin_inff(), f16)
IK_POOL_ND(double, double, -__builtin_inf(), f64)
IK_POOL_ND(int8_t, int32_t, -128, i8)
IK_POOL_ND(uint8_t, int32_t, 0, u8)
