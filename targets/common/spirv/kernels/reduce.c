/* ik_reduce_f32 for shaders: one result an invocation, in the order of ukernels/reduce.c: with inner = 1 sixteen lanes that join in
 * halves, else the elements in order. */
#include "targets/common/ukernels/math.h"
#include "targets/common/ukernels/reduce.h"
#include "targets/common/ukernels/ukernel.h"

static inline float ik_join(int64_t kind, float a, float v, float shift) {
  switch (kind) {
  case IK_REDUCE_MAX: return v > a || v != v ? v : a;
  case IK_REDUCE_MIN: return v < a || v != v ? v : a;
  case IK_REDUCE_PROD: return a * v;
  case IK_REDUCE_L1: return a + __builtin_fabsf(v);
  case IK_REDUCE_L2:
  case IK_REDUCE_SUM_SQUARE: return __builtin_fmaf(v, v, a);
  case IK_REDUCE_LOG_SUM_EXP: return a + ikm_exp_f32(v - shift);
  default: return a + v;
  }
}
static inline float ik_neutral(int64_t kind) {
  return kind == IK_REDUCE_MAX ? -__builtin_inff() : kind == IK_REDUCE_MIN ? __builtin_inff() : kind == IK_REDUCE_PROD ? 1.0f : 0.0f;
}
static inline float ik_run(int64_t kind, const float *x, int64_t n, int64_t step, float shift) {
  if (step != 1) {
    float a = ik_neutral(kind);
    for (int64_t i = 0; i < n; ++i)
      a = ik_join(kind, a, x[i * step], shift);
    return a;
  }
  float lanes[16];
  for (int l = 0; l < 16; ++l)
    lanes[l] = ik_neutral(kind);
  for (int64_t i = 0; i < n; ++i)
    lanes[i % 16] = ik_join(kind, lanes[i % 16], x[i], shift);
  const int64_t join = kind == IK_REDUCE_MAX || kind == IK_REDUCE_MIN || kind == IK_REDUCE_PROD ? kind : IK_REDUCE_SUM;
  for (int half = 8; half > 0; half /= 2)
    for (int l = 0; l < half; ++l)
      lanes[l] = ik_join(join, lanes[l], lanes[l + half], 0.0f);
  return lanes[0];
}

IK_KERNEL(ik_reduce_f32) {
  const float *x = buf[0];
  float *y = buf[1];
  const int64_t kind = p[IK_REDUCE_KIND], n = p[IK_REDUCE_N], inner = p[IK_REDUCE_INNER];
  ik_range range = ik_share(p[IK_REDUCE_OUTER] * inner, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    const float *from = x + unit / inner * n * inner + unit % inner;
    float shift = 0.0f;
    if (kind == IK_REDUCE_LOG_SUM_EXP) {
      float top = ik_run(IK_REDUCE_MAX, from, n, inner, 0.0f);
      shift = __builtin_fabsf(top) < __builtin_inff() ? top : 0.0f;
    }
    float v = ik_run(kind, from, n, inner, shift);
    y[unit] = kind == IK_REDUCE_MEAN ? v / (float)n : kind == IK_REDUCE_L2 ? __builtin_sqrtf(v) : kind == IK_REDUCE_LOG_SUM ? ikm_log_f32(v)
              : kind == IK_REDUCE_LOG_SUM_EXP ? ikm_log_f32(v) + shift : v;
  }
}
