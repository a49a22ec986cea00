// Largest error of every function of targets/common/ukernels/math.h, in units in the last place, against the C library's long double
// functions over dense samples of bit patterns; and the special values. Bounds are those promised in math.h.
#include "test/unit/portable/Portable.h"

extern "C" {
#include "targets/common/ukernels/math.h"
}

#include <cmath>
#include <limits>

namespace {

using Wide = long double;

/// Distance of got from want in ulps of T at want; NaN and infinities must agree in kind.
template <typename T> double ulps(T got, Wide want) {
  T rounded = static_cast<T>(want);
  if (std::isnan(rounded) || std::isnan(got))
    return std::isnan(rounded) && std::isnan(got) ? 0 : 1e30;
  if (std::isinf(rounded) || std::isinf(got))
    return rounded == got ? 0 : 1e30;
  T size = std::fabs(rounded);
  T ulp = std::max(std::nextafter(size, std::numeric_limits<T>::infinity()) - size, std::numeric_limits<T>::denorm_min());
  if (std::isinf(ulp))
    ulp = size - std::nextafter(size, T(0));
  return static_cast<double>(std::fabs(static_cast<Wide>(got) - want) / ulp);
}

float fromBits(uint32_t bits) { return ikm_from_bits_f32(bits); }
double fromBits(uint64_t bits) { return ikm_from_bits_f64(bits); }

template <typename T, typename F> void sweep(const char *name, T (*fn)(T), F reference, double bound) {
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  const Bits step = sizeof(T) == 4 ? Bits(40099) : static_cast<Bits>(0x0002a3b5c7d9e1f3ull);
  double worst = 0;
  T at = 0;
  Bits bits = 0;
  do {
    T x = fromBits(bits);
    double error = ulps(fn(x), reference(static_cast<Wide>(x)));
    if (error > worst)
      worst = error, at = x;
    bits += step;
  } while (bits >= step);
  for (int i = -40000; i <= 40000; ++i) { // the range where models live
    T x = static_cast<T>(i) * static_cast<T>(0.00071);
    double error = ulps(fn(x), reference(static_cast<Wide>(x)));
    if (error > worst)
      worst = error, at = x;
  }
  std::printf("  %-14s %8.3f ulp at %.9g\n", name, worst, static_cast<double>(at));
  check(worst <= bound, "%s: %.3f ulp at %.17g, allowed %.1f", name, worst, static_cast<double>(at), bound);
}

/// What the f32 functions made of exp give for a denormal result: 0.
Wide flushed(Wide y) { return y < std::numeric_limits<float>::min() ? 0 : y; }
Wide sigmoid(Wide x) { return 1 / (1 + std::exp(-x)); }
Wide softplus(Wide x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

#define BOTH_FLUSHED(name, reference, bound32, bound64)                                                                                    \
  sweep<float>(#name "_f32", ikm_##name##_f32, [](Wide x) -> Wide { return flushed(reference(x)); }, bound32);                             \
  sweep<double>(#name "_f64", ikm_##name##_f64, [](Wide x) -> Wide { return reference(x); }, bound64)
#define BOTH(name, reference, bound32, bound64)                                                                                            \
  sweep<float>(#name "_f32", ikm_##name##_f32, [](Wide x) -> Wide { return reference(x); }, bound32);                                      \
  sweep<double>(#name "_f64", ikm_##name##_f64, [](Wide x) -> Wide { return reference(x); }, bound64)

/// The short forms of exp give its bits, and what is made of them gives the bits of what is made of it.
void checkShortExp() {
  uint32_t bits = 0;
  do {
    float x = fromBits(bits), a = std::fabs(x), down = ikm_exp_f32(-a), up = 1 - 2 / (ikm_exp_f32(a + a) + 1);
    auto same = [&](const char *name, float got, float want) {
      check(std::memcmp(&got, &want, sizeof got) == 0 || (std::isnan(got) && std::isnan(want)), "%s(%.9g) is %.9g, by exp %.9g", name, double(x), double(got), double(want));
    };
    same("exp_negative", ikm_exp_negative_f32(-a), down);
    if (a <= 87.3f)
      same("exp_plain", ikm_exp_plain_f32(x), ikm_exp_f32(x));
    same("sigmoid", ikm_sigmoid_f32(x), (x < 0 ? down : 1) / (1 + down));
    if (!(a < 0.6f))
      same("tanh", ikm_tanh_f32(x), std::copysign(up, x));
    bits += 4099;
  } while (bits >= 4099);
}

template <typename T> void sweepPow(const char *name, T (*fn)(T, T), double bound) {
  Random random(7);
  double worst = 0;
  for (int i = 0; i < 300000; ++i) {
    T x = static_cast<T>(std::exp(random.uniform(-30, 30))), y = static_cast<T>(random.uniform(-20, 20));
    if (i % 4 == 0)
      x = -x, y = static_cast<T>(std::floor(y));
    if (i % 7 == 0)
      x = static_cast<T>(1 + random.uniform(-0.01, 0.01)), y *= 100;
    worst = std::max(worst, ulps(fn(x, y), std::pow(static_cast<Wide>(x), static_cast<Wide>(y))));
  }
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T special[] = {0, -T(0), 1, -1, 2, -2, 3, -3, T(0.5), T(-0.5), inf, -inf, nan, std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::max()};
  for (T x : special)
    for (T y : special) {
      T got = fn(x, y), want = std::pow(x, y);
      check(ulps(got, static_cast<Wide>(want)) <= 1 && (std::isnan(want) || std::signbit(got) == std::signbit(want)), "%s(%g, %g) = %g, not %g", name,
            double(x), double(y), double(got), double(want));
    }
  std::printf("  %-14s %8.3f ulp\n", name, worst);
  check(worst <= bound, "%s: %.3f ulp, allowed %.1f", name, worst, bound);
}

} // namespace

void testMath() {
  checkShortExp();
  BOTH_FLUSHED(exp, std::exp, 2, 2);
  BOTH(log, std::log, 2, 2);
  BOTH(expm1, std::expm1, 2, 2);
  BOTH(log1p, std::log1p, 2, 2);
  BOTH(tanh, std::tanh, 3, 4);
  BOTH_FLUSHED(sigmoid, sigmoid, 3, 3);
  BOTH_FLUSHED(softplus, softplus, 3, 3);
  BOTH(erf, std::erf, 3, 3);
  BOTH(sin, std::sin, 1, 4);
  BOTH(cos, std::cos, 1, 4);
  BOTH(tan, std::tan, 1, 4);
  BOTH(asin, std::asin, 1, 4);
  BOTH(acos, std::acos, 1, 4);
  BOTH(atan, std::atan, 1, 2);
  BOTH(sinh, std::sinh, 1, 4);
  BOTH(cosh, std::cosh, 1, 4);
  BOTH(asinh, std::asinh, 1, 4);
  BOTH(acosh, std::acosh, 1, 4);
  BOTH(atanh, std::atanh, 1, 4);
  sweepPow<float>("pow_f32", ikm_pow_f32, 1);
  sweepPow<double>("pow_f64", ikm_pow_f64, 4);
}
