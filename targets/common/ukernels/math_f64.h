/* Elementary functions in f64, good to about 1e-15 relative (test/unit/portable prints the figures): Taylor or Chebyshev polynomials
 * after an exact range reduction; logarithms carry a correction term so that pow keeps full precision. The only branch is the exact
 * reduction of trigonometric arguments beyond 2^20. Included by math.h. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_MATH_F64_H
#define INGOT_TARGETS_COMMON_UKERNELS_MATH_F64_H

#include "targets/common/ukernels/ukernel.h"

#define IKM_FMA __builtin_fma
#define IKM_LN2_HI_F64 0.69314718036912382 /* 32 bits */
#define IKM_LN2_LO_F64 1.9082149292705877e-10
#define IKM_ROUND_F64 6755399441055744.0 /* 1.5 * 2^52 */
#define IKM_PI_2 1.5707963267948966
#define IKM_PI_2_MID 6.123233995736766e-17
#define IKM_PI_2_LO -1.4973849048591698e-33

static inline uint64_t ikm_bits_f64(double x) {
  union { double f; uint64_t u; } v = {x};
  return v.u;
}
static inline double ikm_from_bits_f64(uint64_t u) {
  union { uint64_t u; double f; } v = {u};
  return v.f;
}
static inline double ikm_pow2_f64(uint64_t k) { return ikm_from_bits_f64((k + 1023u) << 52); }

/* x = k ln 2 + r, and p = e^r - 1. */
typedef struct { double p; uint64_t k; } ikm_exp_parts_f64;
static inline ikm_exp_parts_f64 ikm_exp_reduce_f64(double x) {
  double t = IKM_FMA(x, 1.4426950408889634, IKM_ROUND_F64);
  double n = t - IKM_ROUND_F64;
  double r = IKM_FMA(n, -IKM_LN2_LO_F64, IKM_FMA(n, -IKM_LN2_HI_F64, x));
  double p = 1.1470745597729725e-11;
  p = IKM_FMA(p, r, 1.6059043836821613e-10);
  p = IKM_FMA(p, r, 2.08767569878681e-09);
  p = IKM_FMA(p, r, 2.505210838544172e-08);
  p = IKM_FMA(p, r, 2.7557319223985888e-07);
  p = IKM_FMA(p, r, 2.7557319223985893e-06);
  p = IKM_FMA(p, r, 2.4801587301587302e-05);
  p = IKM_FMA(p, r, 0.00019841269841269841);
  p = IKM_FMA(p, r, 0.0013888888888888889);
  p = IKM_FMA(p, r, 0.0083333333333333332);
  p = IKM_FMA(p, r, 0.041666666666666664);
  p = IKM_FMA(p, r, 0.16666666666666666);
  p = IKM_FMA(p, r, 0.5);
  return (ikm_exp_parts_f64){IKM_FMA(p, r * r, r), ikm_bits_f64(t) - ikm_bits_f64(IKM_ROUND_F64)};
}

static inline double ikm_exp_f64(double x) {
  double c = x > 710.0 ? 710.0 : x;
  c = c < -746.0 ? -746.0 : c;
  ikm_exp_parts_f64 e = ikm_exp_reduce_f64(c);
  uint64_t half = (uint64_t)((int64_t)e.k >> 1);
  return (e.p + 1.0) * ikm_pow2_f64(half) * ikm_pow2_f64(e.k - half);
}

static inline double ikm_expm1_f64(double x) {
  double c = x > 710.0 ? 710.0 : x;
  c = c < -40.0 ? -40.0 : c;
  ikm_exp_parts_f64 e = ikm_exp_reduce_f64(c);
  double s = ikm_pow2_f64(e.k - 1u);
  double y = 2.0 * IKM_FMA(s, e.p, s - 0.5);
  return __builtin_fabs(x) < 0x1p-55 ? x : y;
}

/* log x = hi + lo for positive finite x, to about 2^-70: log m = 2 atanh(s), s = (m - 1) / (m + 1). */
typedef struct { double hi, lo; } ikm_pair_f64;
static inline ikm_pair_f64 ikm_log_core_f64(double x) {
  double scaled = x < 0x1p-1022 ? x * 0x1p54 : x;
  int64_t shift = x < 0x1p-1022 ? -54 : 0;
  uint64_t u = ikm_bits_f64(scaled);
  int64_t k = (int64_t)(u - 0x3fe6a09e667f3bcdu) >> 52;
  double f = ikm_from_bits_f64(u - ((uint64_t)k << 52)) - 1.0;
  double e = (double)(k + shift);
  double t = 2.0 + f, tLow = f - (t - 2.0);
  double s = f / t;
  double sLow = (IKM_FMA(-s, t, f) - s * tLow) / t;
  double z = s * s;
  double p = 2.0 / 25.0;
  p = IKM_FMA(p, z, 2.0 / 23.0);
  p = IKM_FMA(p, z, 2.0 / 21.0);
  p = IKM_FMA(p, z, 2.0 / 19.0);
  p = IKM_FMA(p, z, 2.0 / 17.0);
  p = IKM_FMA(p, z, 2.0 / 15.0);
  p = IKM_FMA(p, z, 2.0 / 13.0);
  p = IKM_FMA(p, z, 2.0 / 11.0);
  p = IKM_FMA(p, z, 2.0 / 9.0);
  p = IKM_FMA(p, z, 2.0 / 7.0);
  p = IKM_FMA(p, z, 2.0 / 5.0);
  p = IKM_FMA(p, z, 2.0 / 3.0);
  double base = e * IKM_LN2_HI_F64;
  double hi = base + 2.0 * s;
  double rest = (2.0 * s - (hi - base)) + IKM_FMA(e, IKM_LN2_LO_F64, IKM_FMA(s * z, p, 2.0 * sLow));
  double sum = hi + rest;
  return (ikm_pair_f64){sum, rest - (sum - hi)};
}

static inline double ikm_log_f64(double x) {
  ikm_pair_f64 l = ikm_log_core_f64(x);
  double y = l.hi + l.lo;
  y = x == 0.0 ? -__builtin_inf() : y;
  y = x < 0.0 ? __builtin_nan("") : y;
  y = x == __builtin_inf() ? x : y;
  return x != x ? x : y;
}

static inline double ikm_log1p_f64(double x) {
  double u = 1.0 + x;
  double lost = __builtin_fabs(x) < 1.0 ? x - (u - 1.0) : 1.0 - (u - x);
  ikm_pair_f64 l = ikm_log_core_f64(u);
  double y = l.hi + (l.lo + lost / u);
  y = x == -1.0 ? -__builtin_inf() : y;
  y = x < -1.0 ? __builtin_nan("") : y;
  y = x == __builtin_inf() ? x : y;
  y = __builtin_fabs(x) < 0x1p-60 ? x : y;
  return x != x ? x : y;
}

static inline double ikm_sigmoid_f64(double x) {
  double z = ikm_exp_f64(-__builtin_fabs(x));
  return (x < 0.0 ? z : 1.0) / (1.0 + z);
}
static inline double ikm_softplus_f64(double x) {
  return (x > 0.0 ? x : 0.0) + ikm_log1p_f64(ikm_exp_f64(-__builtin_fabs(x)));
}
static inline double ikm_tanh_f64(double x) {
  double t = ikm_expm1_f64(-2.0 * __builtin_fabs(x));
  return __builtin_copysign(-t / (2.0 + t), x);
}

/* x P(x^2) below 1; 1 - e^(-x^2) Q(1 / (x + 2)) up to 6, beyond which the result is 1. */
static inline double ikm_erf_f64(double x) {
  static const double near[] = {-4.2309458242953377e-12, 8.7090451290531062e-11, -1.216456005728345e-09, 1.4792401209404813e-08,
    -1.6364642158167616e-07, 1.6462045441468418e-06, -1.4925647567519332e-05, 0.00012055332902888736, -0.00085483270219348297,
    0.0052239776254232985, -0.02686617064512984, 0.11283791670955121, -0.37612638903183754, 1.1283791670955126};
  static const double far[] = {59951.821447891023, -326301.01056260621, 828670.43993069569, -1300720.6588462708, 1407900.228641662,
    -1109614.0759874177, 655746.54821303836, -295727.84538791748, 103469.39691342297, -28835.812636897572, 6592.3272214687577,
    -1205.3039278641133, 166.89227716524604, -29.303471603790292, 1.8882578985039571, 2.5099173353276498, 2.831295934187894,
    1.9741914096947197, 1.128394359683851, 0.56418927606347435, 2.9440076026266989e-09};
  double a = __builtin_fabs(x), c = a > 6.0 ? 6.0 : a, z = x * x, u = 1.0 / (c + 2.0);
  double p = 0.0, q = 0.0;
  for (int i = 0; i < 14; ++i)
    p = IKM_FMA(p, z, near[i]);
  for (int i = 0; i < 21; ++i)
    q = IKM_FMA(q, u, far[i]);
  return a < 1.0 ? x * p : __builtin_copysign(1.0 - ikm_exp_f64(-c * c) * q, x);
}

/* x = n pi/2 + r, |r| <= pi/4; n modulo 4. */
typedef struct { double r; uint64_t n; } ikm_quadrant;

/* a * b = high * 2^64 + low; not every target has a type of 128 bits. */
static inline uint64_t ikm_multiply_wide(uint64_t a, uint64_t b, uint64_t *high) {
  uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
  uint64_t low = a0 * b0, mid = a1 * b0 + (low >> 32), mid2 = a0 * b1 + (uint32_t)mid;
  *high = a1 * b1 + (mid >> 32) + (mid2 >> 32);
  return mid2 << 32 | (uint32_t)low;
}

/* Exact reduction of a large finite x: its integer mantissa times the 192 bits of 2/pi that decide the fraction. Words begin with
 * one of zeros, so that windows may start before the binary point. */
static __attribute__((noinline, unused)) ikm_quadrant ikm_quadrant_large(double x) {
  static const uint64_t twoOverPi[] = {0, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
    0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4,
    0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b,
    0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab};
  uint64_t u = ikm_bits_f64(x);
  uint64_t mantissa = (u & 0xfffffffffffffu) | 0x10000000000000u;
  int64_t start = (int64_t)(u >> 52 & 0x7ff) - 1075 - 2 + 64; /* first bit of the window; 31..1034 */
  uint64_t word = (uint64_t)start >> 6, bit = (uint64_t)start & 63, w[3];
  for (int i = 0; i < 3; ++i)
    w[i] = bit ? twoOverPi[word + i] << bit | twoOverPi[word + i + 1] >> (64 - bit) : twoOverPi[word + i];
  uint64_t lowHigh, midHigh, low = ikm_multiply_wide(mantissa, w[2], &lowHigh), mid = ikm_multiply_wide(mantissa, w[1], &midHigh);
  mid += lowHigh;
  uint64_t high = mantissa * w[0] + midHigh + (mid < lowHigh);
  uint64_t f1 = high << 2 | mid >> 62, f0 = mid << 2 | low >> 62;
  uint64_t n = (high >> 62) + (f1 >> 63);
  int negative = (int)(f1 >> 63);
  if (negative) {
    f1 = ~f1 + (f0 == 0);
    f0 = ~f0 + 1;
  }
  int zeros = f1 ? __builtin_clzll(f1) : 63;
  uint64_t top = zeros ? f1 << zeros | f0 >> (64 - zeros) : f1;
  double r = (double)(int64_t)(top >> 11) * ikm_pow2_f64((uint64_t)(-53 - zeros)) * IKM_PI_2;
  int flip = negative != (int)(u >> 63);
  return (ikm_quadrant){flip ? -r : r, u >> 63 ? 0 - n : n};
}

static inline ikm_quadrant ikm_quadrant_of(double x) {
  if (__builtin_fabs(x) > 0x1p20)
    return ikm_quadrant_large(x);
  double t = IKM_FMA(x, 0.63661977236758138, IKM_ROUND_F64);
  double n = t - IKM_ROUND_F64;
  double r = IKM_FMA(n, -IKM_PI_2_LO, IKM_FMA(n, -IKM_PI_2_MID, IKM_FMA(n, -IKM_PI_2, x)));
  return (ikm_quadrant){r, ikm_bits_f64(t) - ikm_bits_f64(IKM_ROUND_F64)};
}

static inline double ikm_sin_core(double r) {
  double z = r * r;
  double p = -8.2206352466243295e-18;
  p = IKM_FMA(p, z, 2.8114572543455206e-15);
  p = IKM_FMA(p, z, -7.6471637318198164e-13);
  p = IKM_FMA(p, z, 1.6059043836821613e-10);
  p = IKM_FMA(p, z, -2.505210838544172e-08);
  p = IKM_FMA(p, z, 2.7557319223985893e-06);
  p = IKM_FMA(p, z, -0.00019841269841269841);
  p = IKM_FMA(p, z, 0.0083333333333333332);
  p = IKM_FMA(p, z, -0.16666666666666666);
  return IKM_FMA(r * z, p, r);
}
static inline double ikm_cos_core(double r) {
  double z = r * r;
  double p = -1.5619206968586225e-16;
  p = IKM_FMA(p, z, 4.7794773323873853e-14);
  p = IKM_FMA(p, z, -1.1470745597729725e-11);
  p = IKM_FMA(p, z, 2.08767569878681e-09);
  p = IKM_FMA(p, z, -2.7557319223985888e-07);
  p = IKM_FMA(p, z, 2.4801587301587302e-05);
  p = IKM_FMA(p, z, -0.0013888888888888889);
  p = IKM_FMA(p, z, 0.041666666666666664);
  double half = 0.5 * z, head = 1.0 - half;
  return head + IKM_FMA(z * z, p, (1.0 - head) - half);
}
static inline double ikm_sin_f64(double x) {
  ikm_quadrant q = ikm_quadrant_of(x);
  double s = ikm_sin_core(q.r), c = ikm_cos_core(q.r);
  double y = q.n & 1 ? c : s;
  y = q.n & 2 ? -y : y;
  y = __builtin_fabs(x) < 0x1p-30 ? x : y;
  return __builtin_fabs(x) < __builtin_inf() ? y : __builtin_nan("");
}
static inline double ikm_cos_f64(double x) {
  ikm_quadrant q = ikm_quadrant_of(x);
  double s = ikm_sin_core(q.r), c = ikm_cos_core(q.r);
  double y = q.n & 1 ? s : c;
  y = (q.n + 1) & 2 ? -y : y;
  return __builtin_fabs(x) < __builtin_inf() ? y : __builtin_nan("");
}
static inline double ikm_tan_f64(double x) {
  ikm_quadrant q = ikm_quadrant_of(x);
  double s = ikm_sin_core(q.r), c = ikm_cos_core(q.r);
  double y = q.n & 1 ? -c / s : s / c;
  y = __builtin_fabs(x) < 0x1p-30 ? x : y;
  return __builtin_fabs(x) < __builtin_inf() ? y : __builtin_nan("");
}

/* atan a = atan c + atan((a - c) / (1 + a c)) with c a multiple of 1/4; arguments above 1 are inverted first. */
static inline double ikm_atan_f64(double x) {
  double a = __builtin_fabs(x), v = a > 1.0 ? 1.0 / a : a;
  double c = 0.0, hi = 0.0, lo = 0.0;
  c = v > 0.125 ? 0.25 : c, hi = v > 0.125 ? 0.24497866312686414 : hi, lo = v > 0.125 ? 1.0698755618734451e-17 : lo;
  c = v > 0.375 ? 0.5 : c, hi = v > 0.375 ? 0.46364760900080609 : hi, lo = v > 0.375 ? 2.2698777452961687e-17 : lo;
  c = v > 0.625 ? 0.75 : c, hi = v > 0.625 ? 0.64350110879328437 : hi, lo = v > 0.625 ? 1.5834785051444286e-17 : lo;
  c = v > 0.875 ? 1.0 : c, hi = v > 0.875 ? 0.78539816339744828 : hi, lo = v > 0.875 ? 3.061616997868383e-17 : lo;
  double t = (v - c) / IKM_FMA(v, c, 1.0), z = t * t;
  double p = -1.0 / 19.0;
  p = IKM_FMA(p, z, 1.0 / 17.0);
  p = IKM_FMA(p, z, -1.0 / 15.0);
  p = IKM_FMA(p, z, 1.0 / 13.0);
  p = IKM_FMA(p, z, -1.0 / 11.0);
  p = IKM_FMA(p, z, 1.0 / 9.0);
  p = IKM_FMA(p, z, -1.0 / 7.0);
  p = IKM_FMA(p, z, 1.0 / 5.0);
  p = IKM_FMA(p, z, -1.0 / 3.0);
  double y = hi + (t + (lo + t * z * p));
  y = a > 1.0 ? IKM_PI_2 - (y - IKM_PI_2_MID) : y;
  return x != x ? x : __builtin_copysign(y, x);
}
static inline double ikm_asin_f64(double x) {
  double y = ikm_atan_f64(x / __builtin_sqrt((1.0 - x) * (1.0 + x)));
  return __builtin_fabs(x) > 1.0 ? __builtin_nan("") : y;
}
static inline double ikm_acos_f64(double x) {
  double y = 2.0 * ikm_atan_f64(__builtin_sqrt((1.0 - x) / (1.0 + x)));
  return __builtin_fabs(x) > 1.0 ? __builtin_nan("") : y;
}

/* (e^a -+ e^-a) / 2; beyond 700 as (e^(a/2) / 2) e^(a/2), which overflows only when the result does. */
static inline double ikm_sinh_f64(double x) {
  double a = __builtin_fabs(x), t = ikm_expm1_f64(a), h = ikm_exp_f64(0.5 * a);
  double y = a > 700.0 ? (0.5 * h) * h : 0.5 * (t + t / (t + 1.0));
  return __builtin_copysign(y, x);
}
static inline double ikm_cosh_f64(double x) {
  double a = __builtin_fabs(x), e = ikm_exp_f64(a), h = ikm_exp_f64(0.5 * a);
  return a > 700.0 ? (0.5 * h) * h : 0.5 * (e + 1.0 / e);
}
static inline double ikm_asinh_f64(double x) {
  double a = __builtin_fabs(x), z = a * a;
  double mid = ikm_log1p_f64(a + z / (1.0 + __builtin_sqrt(z + 1.0)));
  double y = a > 0x1p28 ? ikm_log_f64(a) + (IKM_LN2_HI_F64 + IKM_LN2_LO_F64) : mid;
  return __builtin_copysign(y, x);
}
static inline double ikm_acosh_f64(double x) {
  double t = x - 1.0;
  double y = ikm_log1p_f64(t + __builtin_sqrt(2.0 * t + t * t));
  y = x > 0x1p28 ? ikm_log_f64(x) + (IKM_LN2_HI_F64 + IKM_LN2_LO_F64) : y;
  return x < 1.0 ? __builtin_nan("") : y;
}
static inline double ikm_atanh_f64(double x) {
  double a = __builtin_fabs(x);
  double y = __builtin_copysign(0.5 * ikm_log1p_f64(2.0 * a / (1.0 - a)), x);
  return a > 1.0 ? __builtin_nan("") : y;
}

/* x^y by C's rules: 1 when y is 0 or x is 1, even if the other is NaN; NaN for a negative x with a fraction y. */
static inline double ikm_pow_f64(double x, double y) {
  double a = __builtin_fabs(x);
  ikm_pair_f64 l = ikm_log_core_f64(a);
  int edge = a == 0.0 || !(a < __builtin_inf());
  double hi = a == 0.0 ? -__builtin_inf() : edge ? a : l.hi;
  double lo = edge ? 0.0 : l.lo;
  double ph = y * hi;
  double pl = __builtin_fabs(ph) < 800.0 ? IKM_FMA(y, lo, IKM_FMA(y, hi, -ph)) : 0.0;
  double r = ikm_exp_f64(ph);
  r = r < __builtin_inf() ? IKM_FMA(r, pl, r) : r;
  int integer = __builtin_floor(y) == y;
  int odd = integer && __builtin_fabs(y) < 0x1p53 && __builtin_floor(0.5 * y) * 2.0 != y;
  r = ikm_bits_f64(x) >> 63 && odd ? -r : r;
  r = x < 0.0 && x > -__builtin_inf() && !integer ? __builtin_nan("") : r;
  r = a == 1.0 && __builtin_fabs(y) == __builtin_inf() ? 1.0 : r;
  return y == 0.0 || x == 1.0 ? 1.0 : x != x || y != y ? __builtin_nan("") : r;
}

#endif
