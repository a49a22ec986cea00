/* ik_normalize_f32 for shaders, one row an invocation, without 64-bit floats, which phones lack: sums and quotients are pairs of f32, whose
 * unevaluated sum has 47 bits, so results are those of ukernels/normalize.c but for one rounding in millions. Rows with values from
 * 2^30 on are scaled by a power of two, so that squares do not overflow. ik_normalize_f64 is the same as there, one lane after the other. */
#include "targets/common/ukernels/normalize.h"
#include "targets/common/ukernels/math.h"
#include "targets/common/ukernels/ukernel.h"

typedef struct { float h, l; } ik_pair;

static inline ik_pair ik_quick(float a, float b) {
  float s = a + b;
  return (ik_pair){s, b - (s - a)};
}
static inline ik_pair ik_two_sum(float a, float b) {
  float s = a + b, t = s - a;
  return (ik_pair){s, (a - (s - t)) + (b - t)};
}
static inline ik_pair ik_pair_add(ik_pair a, ik_pair b) {
  ik_pair s = ik_two_sum(a.h, b.h), t = ik_two_sum(a.l, b.l);
  s = ik_quick(s.h, s.l + t.h);
  return ik_quick(s.h, s.l + t.l);
}
static inline ik_pair ik_pair_times(ik_pair a, ik_pair b) {
  float p = a.h * b.h, e = __builtin_fmaf(a.h, b.h, -p);
  return ik_quick(p, __builtin_fmaf(a.l, b.h, __builtin_fmaf(a.h, b.l, e)));
}
static inline ik_pair ik_pair_minus(ik_pair a) { return (ik_pair){-a.h, -a.l}; }
static inline ik_pair ik_pair_over(ik_pair a, ik_pair b) {
  float q = a.h / b.h;
  ik_pair rest = ik_pair_add(a, ik_pair_minus(ik_pair_times(b, (ik_pair){q, 0.0f})));
  return ik_quick(q, rest.h / b.h);
}
static inline ik_pair ik_pair_root(ik_pair a) {
  float s = __builtin_sqrtf(a.h);
  return s > 0.0f ? ik_quick(s, (__builtin_fmaf(-s, s, a.h) + a.l) / (s + s)) : (ik_pair){s, 0.0f};
}
static inline ik_pair ik_pair_of(double x) {
  float h = (float)x;
  return (ik_pair){h, (float)(x - (double)h)};
}

/* 1, or a power of two that takes the row's largest value to about 2^20. */
static inline float ik_row_scale(const float *x, int64_t n, int64_t step) {
  float amax = 0.0f;
  for (int64_t i = 0; i < n; ++i)
    amax = __builtin_fabsf(x[i * step]) > amax ? __builtin_fabsf(x[i * step]) : amax;
  uint32_t exponent = ikm_bits_f32(amax) >> 23;
  return amax >= 0x1p30f && exponent < 255 ? ikm_pow2_f32(147u - exponent) : 1.0f;
}

/* Mean of (x - shift)^power, power 1 or 2, of n elements `step` apart. */
static inline ik_pair ik_moment(const float *x, int64_t n, int64_t step, float scale, ik_pair shift, int power) {
  ik_pair sum = {0.0f, 0.0f};
  for (int64_t i = 0; i < n; ++i) {
    ik_pair d = ik_pair_add((ik_pair){x[i * step] * scale, 0.0f}, ik_pair_minus(shift));
    sum = ik_pair_add(sum, power == 1 ? d : ik_pair_times(d, d));
  }
  return ik_pair_over(sum, ik_pair_of((double)n));
}

IK_KERNEL(ik_normalize_f32) {
  const int64_t n = p[IK_NORMALIZE_N], inner = p[IK_NORMALIZE_INNER];
  ik_range range = ik_share(n > 0 ? p[IK_NORMALIZE_OUTER] * inner : 0, worker, workers);
  for (int64_t row = range.begin; row < range.end; ++row) {
    const int64_t at = row / inner * n * inner + row % inner;
    const float *x = (const float *)buf[0] + at;
    float *y = (float *)buf[1] + at, scale = ik_row_scale(x, n, inner);
    ik_pair mean = {0.0f, 0.0f}, epsilon = ik_pair_of(ik_f64(p[IK_NORMALIZE_EPSILON]));
    if (!p[IK_NORMALIZE_RMS])
      mean = ik_moment(x, n, inner, scale, mean, 1);
    epsilon = (ik_pair){epsilon.h * scale * scale, epsilon.l * scale * scale};
    ik_pair root = ik_pair_root(ik_pair_add(ik_moment(x, n, inner, scale, mean, 2), epsilon));
    for (int64_t i = 0; i < n; ++i)
      y[i * inner] = ik_pair_over(ik_pair_add((ik_pair){x[i * inner] * scale, 0.0f}, ik_pair_minus(mean)), root).h;
  }
}

static inline double ik_moment_f64(const double *x, int64_t n, int64_t step, double shift, int power) {
  double lanes[16] = {0};
  for (int64_t i = 0; i < n; ++i) {
    double d = x[i * step] - shift;
    lanes[i % 16] = power == 1 ? lanes[i % 16] + d : __builtin_fma(d, d, lanes[i % 16]);
  }
  for (int half = 8; half > 0; half /= 2)
    for (int l = 0; l < half; ++l)
      lanes[l] += lanes[l + half];
  return lanes[0];
}

IK_KERNEL(ik_normalize_f64) {
  const int64_t n = p[IK_NORMALIZE_N], inner = p[IK_NORMALIZE_INNER];
  ik_range range = ik_share(n > 0 ? p[IK_NORMALIZE_OUTER] * inner : 0, worker, workers);
  for (int64_t row = range.begin; row < range.end; ++row) {
    const int64_t at = row / inner * n * inner + row % inner;
    const double *x = (const double *)buf[0] + at;
    double *y = (double *)buf[1] + at, mean = p[IK_NORMALIZE_RMS] ? 0 : ik_moment_f64(x, n, inner, 0, 1) / (double)n;
    double root = __builtin_elementwise_sqrt(ik_moment_f64(x, n, inner, mean, 2) / (double)n + ik_f64(p[IK_NORMALIZE_EPSILON]));
    for (int64_t i = 0; i < n; ++i)
      y[i * inner] = (x[i * inner] - mean) / root;
  }
}
