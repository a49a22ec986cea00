/* nn.reduce over one block of adjacent axes in plain C for the types that reduce.c does not serve, parameters in reduce.h. Integers are joined
 * in 64 bits and cut to their type; f64 joins in order. Parallel unit: one result. */
#include "targets/common/ukernels/math.h"
#include "targets/common/ukernels/reduce.h"
#include "targets/common/ukernels/ukernel.h"

/* WIDE joins; ROOT and LOG turn a joined value into the result of l2 and of the logarithms (integers have no logarithm). */
#define IK_REDUCE_ND(T, WIDE, LOWEST, HIGHEST, NAME, ROOT, LOG, EXP)                                  \
  static WIDE ik_join_##NAME(int64_t kind, WIDE a, WIDE v, WIDE shift) {                              \
    switch (kind) {                                                                                   \
    case IK_REDUCE_MAX: return v > a || v != v ? v : a;                                               \
    case IK_REDUCE_MIN: return v < a || v != v ? v : a;                                               \
    case IK_REDUCE_PROD: return a * v;                                                                \
    case IK_REDUCE_L1: return a + (v < 0 ? -v : v);                                                   \
    case IK_REDUCE_L2:                                                                                \
    case IK_REDUCE_SUM_SQUARE: return a + v * v;                                                      \
    case IK_REDUCE_LOG_SUM_EXP: return a + EXP(v - shift);                                            \
    default: return a + v;                                                                            \
    }                                                                                                 \
  }                                                                                                   \
  static WIDE ik_run_##NAME(int64_t kind, const T *x, int64_t n, int64_t step, WIDE shift) {          \
    WIDE acc = kind == IK_REDUCE_MAX ? LOWEST : kind == IK_REDUCE_MIN ? HIGHEST : kind == IK_REDUCE_PROD; \
    for (int64_t i = 0; i < n; ++i)                                                                   \
      acc = ik_join_##NAME(kind, acc, (WIDE)x[i * step], shift);                                      \
    return acc;                                                                                       \
  }                                                                                                   \
  static WIDE ik_reduce_one_##NAME(int64_t kind, const T *x, int64_t n, int64_t step) {               \
    WIDE shift = kind == IK_REDUCE_LOG_SUM_EXP && n > 0 ? ik_run_##NAME(IK_REDUCE_MAX, x, n, step, 0) : 0; \
    shift = shift - shift == 0 ? shift : 0;                                                           \
    WIDE acc = ik_run_##NAME(kind, x, n, step, shift);                                                \
    switch (kind) {                                                                                   \
    case IK_REDUCE_MEAN: return acc / (WIDE)n;                                                        \
    case IK_REDUCE_L2: return ROOT(acc);                                                              \
    case IK_REDUCE_LOG_SUM: return LOG(acc);                                                          \
    case IK_REDUCE_LOG_SUM_EXP: return LOG(acc) + shift;                                              \
    default: return acc;                                                                              \
    }                                                                                                 \
  }                                                                                                   \
  IK_KERNEL(ik_reduce_##NAME);                                                                        \
  IK_KERNEL(ik_reduce_##NAME) {                                                                       \
    const int64_t n = p[IK_REDUCE_N], inner = p[IK_REDUCE_INNER];                                     \
    ik_range range = ik_share(p[IK_REDUCE_OUTER] * inner, worker, workers);                           \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                      \
      const T *x = (const T *)buf[0] + unit / inner * n * inner + unit % inner;                       \
      ((T *)buf[1])[unit] = (T)ik_reduce_one_##NAME(p[IK_REDUCE_KIND], x, n, inner);                  \
    }                                                                                                 \
  }

#define IK_SQRT_F64(x) __builtin_elementwise_sqrt(x)
#define IK_SQRT_INT(x) ((int64_t)__builtin_elementwise_sqrt((double)(x)))
#define IK_NO_FUNCTION(x) (x)

IK_REDUCE_ND(double, double, -__builtin_inf(), __builtin_inf(), f64, IK_SQRT_F64, ikm_log_f64, ikm_exp_f64)
IK_REDUCE_ND(int8_t, int64_t, INT8_MIN, INT8_MAX, i8, IK_SQRT_INT, IK_NO_FUNCTION, IK_NO_FUNCTION)
IK_REDUCE_ND(uint8_t, int64_t, 0, UINT8_MAX, u8, IK_SQRT_INT, IK_NO_FUNCTION, IK_NO_FUNCTION)
IK_REDUCE_ND(int32_t, int64_t, INT32_MIN, INT32_MAX, i32, IK_SQRT_INT, IK_NO_FUNCTION, IK_NO_FUNCTION)
IK_REDUCE_ND(uint32_t, int64_t, 0, UINT32_MAX, u32, IK_SQRT_INT, IK_NO_FUNCTION, IK_NO_FUNCTION)
IK_REDUCE_ND(int64_t, int64_t, INT64_MIN, INT64_MAX, i64, IK_SQRT_INT, IK_NO_FUNCTION, IK_NO_FUNCTION)
