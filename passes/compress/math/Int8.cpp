// Rounding of weights and biases to integers.
#include "passes/compress/math/Int8.h"

#include <algorithm>
#include <cmath>

namespace ingot {
namespace {

constexpr float kMost = 127;

int8_t rounded(float value, float scale) { return static_cast<int8_t>(std::clamp(std::nearbyintf(value / scale), -kMost, kMost)); }

/// One channel's elements: `runs` runs of `inner` elements, `stride` apart.
struct Channel {
  const float *first;
  int64_t runs, inner, stride;

  template <typename Fn> void each(Fn fn) const {
    for (int64_t run = 0; run < runs; ++run)
      for (int64_t i = 0; i < inner; ++i)
        fn(first[run * stride + i], run * stride + i);
  }
  double errorWith(float scale) const {
    double sum = 0;
    each([&](float w, int64_t) {
      double error = static_cast<double>(w) - static_cast<double>(rounded(w, scale)) * static_cast<double>(scale);
      sum += error * error;
    });
    return sum;
  }
};

float scaleOf(const Channel &channel, float least, bool search) {
  float largest = 0;
  channel.each([&](float w, int64_t) { largest = std::max(largest, std::fabs(w)); });
  float plain = std::max(largest / kMost, least);
  if (!(plain > 0))
    return 1; // a channel of zeros
  float best = plain;
  double error = search ? channel.errorWith(plain) : 0;
  for (int percent = 99; search && percent >= 60; --percent) {
    float scale = std::max(plain * static_cast<float>(percent) / 100, least);
    double next = scale > 0 ? channel.errorWith(scale) : error;
    if (next < error) {
      error = next;
      best = scale;
    }
  }
  return best;
}

} // namespace

Int8Weights quantizeChannels(const float *weights, int64_t count, ChannelLayout layout, const std::vector<float> &least, bool search) {
  Int8Weights result;
  result.values.resize(count);
  result.scales.assign(layout.channels, 1);
  if (count == 0)
    return result;
  int64_t stride = layout.channels * layout.inner;
  double lost = 0, all = 0;
  for (int64_t c = 0; c < layout.channels; ++c) {
    Channel channel{weights + c * layout.inner, count / stride, layout.inner, stride};
    float scale = scaleOf(channel, least.empty() ? 0 : least[c], search);
    result.scales[c] = scale;
    channel.each([&](float w, int64_t offset) {
      result.values[c * layout.inner + offset] = rounded(w, scale);
      all += static_cast<double>(w) * static_cast<double>(w);
    });
    lost += channel.errorWith(scale);
  }
  result.error = all > 0 ? std::sqrt(lost / all) : 0;
  return result;
}

std::vector<float> leastScales(const float *bias, int64_t channels, float inputScale) {
  constexpr float kMostBias = 1 << 30;
  std::vector<float> least(channels);
  for (int64_t c = 0; c < channels; ++c)
    least[c] = std::fabs(bias[c]) / kMostBias / inputScale;
  return least;
}

std::vector<int32_t> quantizeBias(const float *bias, int64_t channels, float inputScale, const std::vector<float> &scales) {
  std::vector<int32_t> result(channels);
  for (int64_t c = 0; c < channels; ++c) {
    double steps = std::nearbyint(static_cast<double>(bias[c]) / static_cast<double>(inputScale * scales[c]));
    result[c] = static_cast<int32_t>(std::clamp(steps, -2147483647.0, 2147483647.0));
  }
  return result;
}

} // namespace ingot
