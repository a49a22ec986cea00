// ik_convtrans_f32 and _f64 against a scatter in double: groups, strides, dilations, paddings (negative ones too) on three axes; packed
// filters, whose tiles may read the input where it lies, against others; and ik_lrn_f32.
#include "test/unit/portable/Portable.h"
#include "targets/common/ukernels/convtrans.h"
#include "targets/common/ukernels/lrn.h"

#include <cmath>
#include <type_traits>

extern "C" {
void ik_convtrans_f32(void *const *, const int64_t *, int64_t, int64_t);
void ik_convtrans_f64(void *const *, const int64_t *, int64_t, int64_t);
void ik_lrn_f32(void *const *, const int64_t *, int64_t, int64_t);
}

namespace {

using Params = std::vector<int64_t>;

Params randomParams(Random &random) {
  Params p(IK_CONV_COUNT, 0);
  p[IK_CONV_N] = random.integer(1, 2), p[IK_CONV_G] = random.integer(1, 2);
  p[IK_CONV_IC] = random.integer(1, 9), p[IK_CONV_OC] = random.integer(1, 18);
  for (int axis = random.integer(0, 3) ? 1 : 0; axis < 3; ++axis) {
    p[IK_CONV_ID + axis] = random.integer(1, axis == 2 ? (random.integer(0, 2) ? 30 : 200) : 4);
    p[IK_CONV_KD + axis] = random.integer(1, 4), p[IK_CONV_SD + axis] = random.integer(1, 3), p[IK_CONV_DD + axis] = random.integer(1, 3);
    p[IK_CONV_PD + axis] = random.integer(-1, 2);
    int64_t full = (p[IK_CONV_ID + axis] - 1) * p[IK_CONV_SD + axis] + (p[IK_CONV_KD + axis] - 1) * p[IK_CONV_DD + axis] + 1;
    p[IK_CONV_OD + axis] = std::max<int64_t>(1, full - p[IK_CONV_PD + axis] + random.integer(-2, 2));
  }
  if (p[IK_CONV_ID] == 0)
    p[IK_CONV_ID] = p[IK_CONV_OD] = p[IK_CONV_KD] = p[IK_CONV_SD] = p[IK_CONV_DD] = 1;
  p[IK_CONV_BIAS] = 1;
  p[IK_CONV_KC] = random.integer(1, 40);
  return p;
}

/// Where input position i meets tap k of an axis; -1 when off the output.
int64_t place(const Params &p, int axis, int64_t i, int64_t k) {
  int64_t at = i * p[IK_CONV_SD + axis] + k * p[IK_CONV_DD + axis] - p[IK_CONV_PD + axis];
  return at >= 0 && at < p[IK_CONV_OD + axis] ? at : -1;
}

template <typename T>
std::vector<double> scatter(const Params &p, const std::vector<T> &x, const std::vector<T> &w, const std::vector<T> &bias) {
  int64_t plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW], taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW];
  int64_t area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW], channels = p[IK_CONV_G] * p[IK_CONV_OC];
  std::vector<double> y(size_t(p[IK_CONV_N] * channels * area));
  for (size_t i = 0; i < y.size(); ++i)
    y[i] = bias[i / size_t(area) % size_t(channels)];
  for (int64_t i = 0; i < int64_t(x.size()); ++i) {
    int64_t c = i / plane % (p[IK_CONV_G] * p[IK_CONV_IC]), n = i / plane / (p[IK_CONV_G] * p[IK_CONV_IC]), at = i % plane;
    for (int64_t o = 0; o < p[IK_CONV_OC]; ++o)
      for (int64_t k = 0; k < taps; ++k) {
        int64_t d = place(p, 0, at / p[IK_CONV_IW] / p[IK_CONV_IH], k / p[IK_CONV_KW] / p[IK_CONV_KH]);
        int64_t h = place(p, 1, at / p[IK_CONV_IW] % p[IK_CONV_IH], k / p[IK_CONV_KW] % p[IK_CONV_KH]);
        int64_t v = place(p, 2, at % p[IK_CONV_IW], k % p[IK_CONV_KW]);
        int64_t channel = n * channels + c / p[IK_CONV_IC] * p[IK_CONV_OC] + o;
        if (d >= 0 && h >= 0 && v >= 0)
          y[size_t(channel * area + (d * p[IK_CONV_OH] + h) * p[IK_CONV_OW] + v)] +=
              double(x[size_t(i)]) * double(w[size_t((c * p[IK_CONV_OC] + o) * taps + k)]);
      }
  }
  return y;
}

/// The filter as packed phases (convtrans.h).
std::vector<float> packPhases(const Params &p, const std::vector<float> &w) {
  int64_t taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], ic = p[IK_CONV_IC], oc = p[IK_CONV_OC], panels = (oc + 7) / 8;
  std::vector<float> packed;
  for (int64_t r = 0; r < p[IK_CONV_SD] * p[IK_CONV_SH] * p[IK_CONV_SW]; ++r) {
    ik_phase d = ik_phase_of(p.data(), 0, r / p[IK_CONV_SW] / p[IK_CONV_SH]), h = ik_phase_of(p.data(), 1, r / p[IK_CONV_SW] % p[IK_CONV_SH]);
    ik_phase v = ik_phase_of(p.data(), 2, r % p[IK_CONV_SW]);
    int64_t count = d.taps * h.taps * v.taps;
    for (int64_t i = 0; i < p[IK_CONV_G] * panels * ic * count * 8; ++i) {
      int64_t o = i / 8 / (ic * count) % panels * 8 + i % 8, c = i / 8 / count % ic + i / 8 / (ic * count) / panels * ic, t = i / 8 % count;
      int64_t at = ((d.tap + t / (h.taps * v.taps) * d.step) * p[IK_CONV_KH] + h.tap + t / v.taps % h.taps * h.step) * p[IK_CONV_KW] + v.tap + t % v.taps * v.step;
      packed.push_back(o < oc ? w[size_t((c * oc + o) * taps + at)] : 0.0f);
    }
  }
  return packed;
}

template <typename T> void convCase(Random &random, const char *name, Kernel kernel) {
  Params p = randomParams(random);
  int64_t plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW], taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW];
  int64_t inputs = p[IK_CONV_G] * p[IK_CONV_IC], channels = p[IK_CONV_G] * p[IK_CONV_OC];
  std::vector<T> x = randomVector<T>(random, p[IK_CONV_N] * inputs * plane), w = randomVector<T>(random, inputs * p[IK_CONV_OC] * taps);
  std::vector<T> bias = randomVector<T>(random, channels);
  std::vector<double> want = scatter(p, x, w, bias);
  std::vector<T> y(want.size());
  runKernel(name, kernel, {x.data(), w.data(), bias.data()}, {y.data()}, {int64_t(y.size() * sizeof(T))}, p,
            IK_CONV_SCRATCH(p[IK_CONV_KC], (p[IK_CONV_OC] + 7) / 8 * (p[IK_CONV_SW] == 2 ? 2 : 1)));
  for (size_t i = 0; i < y.size(); ++i)
    check(std::fabs(double(y[i]) - want[i]) <= 2e-4, "%s: %g, not %g", name, double(y[i]), want[i]);
  if constexpr (std::is_same_v<T, float>) {
    std::vector<float> packed = packPhases(p, w), same(y.size());
    p[IK_CONV_PACKED] = 1;
    runKernel(name, kernel, {x.data(), packed.data(), bias.data()}, {same.data()}, {int64_t(y.size() * sizeof(T))}, p,
              IK_CONV_SCRATCH(p[IK_CONV_KC], (p[IK_CONV_OC] + 7) / 8 * (p[IK_CONV_SW] == 2 ? 2 : 1)));
    check(std::memcmp(y.data(), same.data(), y.size() * sizeof(T)) == 0, "%s: packed filters give other bits", name);
  }
}

void lrnCase(Random &random) {
  int64_t outer = random.integer(1, 3), channels = random.integer(1, 12), inner = random.integer(1, 100), size = random.integer(1, 6);
  double settings[3] = {0.3, random.integer(0, 1) ? 0.75 : 0.6, 1.5};
  Params p{outer, channels, inner, size, 0, 0, 0};
  std::memcpy(&p[IK_LRN_SCALE], settings, sizeof settings);
  std::vector<float> x = randomVector<float>(random, outer * channels * inner), y(x.size());
  runKernel("ik_lrn_f32", ik_lrn_f32, {x.data()}, {y.data()}, {int64_t(y.size() * 4)}, p);
  for (int64_t i = 0; i < int64_t(y.size()); ++i) {
    int64_t c = i / inner % channels;
    double sum = 0;
    for (int64_t other = std::max<int64_t>(0, c - (size - 1) / 2); other <= std::min(channels - 1, c + size / 2); ++other)
      sum += std::pow(double(x[size_t(i + (other - c) * inner)]), 2);
    double want = x[size_t(i)] / std::pow(settings[2] + settings[0] * sum, settings[1]);
    check(std::fabs(y[size_t(i)] - want) <= 1e-6, "lrn: %g, not %g", double(y[size_t(i)]), want);
  }
}

} // namespace

void testConvTranspose() {
  Random random(12);
  for (int round = 0; round < 150; ++round) {
    convCase<float>(random, "ik_convtrans_f32", ik_convtrans_f32);
    convCase<double>(random, "ik_convtrans_f64", ik_convtrans_f64);
    lrnCase(random);
  }
}
