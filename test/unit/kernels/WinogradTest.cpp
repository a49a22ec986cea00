// ik_convwino_f32 and ik_convwino_f16 against direct sums in double: every border, activation and residual order, blocks of part of a row and of several rows;
// several worker counts must agree. The bound on the error is that of F(4x4, 3x3) in f32, per product of the direct sum,
// and for f16 the rounding of the result.
#include "test/unit/kernels/Shapes.h"
#include "targets/common/ukernels/convwino.h"

#include <algorithm>
#include <cmath>

extern "C" Kernel ik_convwino_f32, ik_convwino_f16;

namespace {

constexpr double kForm[6][3] = {{1.0 / 4, 0, 0}, {-1.0 / 6, -1.0 / 6, -1.0 / 6}, {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                {1.0 / 24, 1.0 / 12, 1.0 / 6}, {1.0 / 24, -1.0 / 12, 1.0 / 6}, {0, 0, 1}};

/// w [G * OC][IC][9] -> [G][panels][36][IC][8].
std::vector<float> transform(const Params &p, const std::vector<float> &w) {
  int64_t ic = p[IK_CONV_IC], oc = p[IK_CONV_OC], panels = (oc + 7) / 8;
  std::vector<float> u(size_t(p[IK_CONV_G] * panels * 36 * ic * 8));
  for (int64_t o = 0; o < p[IK_CONV_G] * oc; ++o)
    for (int64_t c = 0; c < ic; ++c)
      for (int64_t point = 0; point < 36; ++point) {
        double sum = 0;
        for (int64_t tap = 0; tap < 9; ++tap)
          sum += kForm[point / 6][tap / 3] * kForm[point % 6][tap % 3] * double(w[size_t((o * ic + c) * 9 + tap)]);
        u[size_t((((o / oc * panels + o % oc / 8) * 36 + point) * ic + c) * 8 + o % oc % 8)] = float(sum);
      }
  return u;
}

Params randomShape(Random &random) {
  Params p(IK_CONV_COUNT, 0);
  p[IK_CONV_N] = random.range(1, 2), p[IK_CONV_G] = random.range(1, 2), p[IK_CONV_IC] = random.range(0, 9) ? random.range(1, 20) : random.range(97, 170);
  p[IK_CONV_OC] = random.range(1, 20), p[IK_CONV_BIAS] = random.range(0, 1);
  p[IK_CONV_ID] = p[IK_CONV_OD] = p[IK_CONV_KD] = p[IK_CONV_SD] = p[IK_CONV_DD] = 1;
  for (int axis = 1; axis < 3; ++axis) {
    p[IK_CONV_ID + axis] = random.range(1, axis == 2 ? 230 : 40);
    p[IK_CONV_KD + axis] = 3, p[IK_CONV_SD + axis] = p[IK_CONV_DD + axis] = 1;
    p[IK_CONV_PD + axis] = random.range(0, 2);
    p[IK_CONV_OD + axis] = outExtent(p[IK_CONV_ID + axis], p[IK_CONV_PD + axis], random.range(0, 2), 3, 1, 1);
  }
  p[IK_CONV_ACT] = random.range(0, 1) ? IK_ACT_RELU : IK_ACT_NONE, p[IK_CONV_RESIDUAL] = random.range(0, 2);
  return p;
}

int64_t scratchOf(const Params &p) {
  int64_t places = IK_WINO_PLACES(p[IK_CONV_IC]), tw = IK_WINO_TILES(p[IK_CONV_OW]), th = IK_WINO_TILES(p[IK_CONV_OH]);
  return IK_WINO_SCRATCH(p[IK_CONV_IC], IK_WINO_ROWS(places, tw, th), IK_WINO_WIDTH(places, tw));
}

/// Values of a convolution's buffers; those of type T are rounded to it.
template <typename T> struct Values {
  std::vector<T> x, bias, extra, y;
  std::vector<float> w;
  Values(Random &random, const Params &p)
      : x(rounded(random, p[IK_CONV_N] * p[IK_CONV_G] * p[IK_CONV_IC] * p[IK_CONV_IH] * p[IK_CONV_IW])), bias(rounded(random, p[IK_CONV_G] * p[IK_CONV_OC])),
        extra(rounded(random, p[IK_CONV_N] * p[IK_CONV_G] * p[IK_CONV_OC] * p[IK_CONV_OH] * p[IK_CONV_OW])), y(extra.size()),
        w(reals(random, p[IK_CONV_G] * p[IK_CONV_OC] * p[IK_CONV_IC] * 9)) {}

private:
  static std::vector<T> rounded(Random &random, int64_t count) {
    std::vector<float> values = reals(random, count);
    return std::vector<T>(values.begin(), values.end());
  }
};

/// The largest error of y, as a part of the bound.
template <typename T> double worstError(const Params &p, const Values<T> &v) {
  constexpr double kErrorOfProduct = 2e-5; // values are at most 1; sums of n products err like the square root of n, here by 1.25e-5 of it at most
  constexpr double kRounding = sizeof(T) == 2 ? 0x1p-11 : 0;
  int64_t plane = p[IK_CONV_IH] * p[IK_CONV_IW], area = p[IK_CONV_OH] * p[IK_CONV_OW], channels = p[IK_CONV_G] * p[IK_CONV_OC], depth = p[IK_CONV_IC] * 9;
  double worst = 0;
  for (int64_t i = 0; i < int64_t(v.y.size()); ++i) {
    int64_t o = i / area % channels, ng = i / area / channels * p[IK_CONV_G] + o / p[IK_CONV_OC];
    double want = convPoint<T, float, double>(p, v.x.data() + ng * p[IK_CONV_IC] * plane, v.w.data() + o * depth, i % area, T(0),
                                              [](double sum, T a, float b) { return sum + double(a) * double(b); });
    want += p[IK_CONV_BIAS] ? double(v.bias[size_t(o)]) : 0;
    want += p[IK_CONV_RESIDUAL] == IK_RESIDUAL_BEFORE ? double(v.extra[size_t(i)]) : 0;
    want = p[IK_CONV_ACT] == IK_ACT_RELU ? std::max(want, 0.0) : want;
    want += p[IK_CONV_RESIDUAL] == IK_RESIDUAL_AFTER ? double(v.extra[size_t(i)]) : 0;
    double error = std::fabs(double(v.y[size_t(i)]) - want) / (kErrorOfProduct * std::sqrt(double(depth)) + kRounding * std::fabs(want));
    worst = error > worst || std::isnan(error) ? error : worst;
  }
  return worst;
}

template <typename T> bool winogradCase(Random &random, int iteration, Kernel *kernel) {
  Params p = randomShape(random);
  Values<T> v(random, p);
  if (v.y.empty())
    return true;
  std::vector<float> u = transform(p, v.w);
  std::vector<void *> buffers{v.x.data(), u.data()};
  if (p[IK_CONV_BIAS])
    buffers.push_back(v.bias.data());
  if (p[IK_CONV_RESIDUAL])
    buffers.push_back(v.extra.data());
  buffers.push_back(v.y.data());
  bool agree = runWorkers(kernel, buffers, buffers.size() - 1, p, scratchOf(p), v.y);
  double worst = worstError(p, v);
  if (agree && worst <= 1)
    return true;
  std::printf("FAIL convwino of %zu bytes, case %d: workers %s, %.2f of the bound on errors\n", sizeof(T), iteration, agree ? "agree" : "disagree", worst);
  return false;
}

} // namespace

int testWinograd() {
  Random random;
  int failures = 0;
  for (int i = 0; i < 60; ++i) {
    failures += !winogradCase<float>(random, i, ik_convwino_f32);
    failures += i % 3 == 0 && !winogradCase<_Float16>(random, i, ik_convwino_f16);
  }
  return failures;
}
