// The histogram and the search over it.
#include "passes/compress/math/Ranges.h"

#include <algorithm>
#include <cmath>

namespace ingot {

ByteParams byteParams(Range range) {
  constexpr float kLevels = 255;
  ByteParams params;
  float scale = (range.high - range.low) / kLevels;
  if (!(scale > 0) || !std::isfinite(scale))
    return params;
  params.scale = scale;
  params.zero = static_cast<int32_t>(std::clamp(std::nearbyintf(-range.low / scale), 0.0f, kLevels));
  return params;
}

void RangeStats::widen(float magnitude) {
  if (bins.empty()) {
    bins.assign(kBins, 0);
    limit = std::ldexp(1.0, -20); // narrower than any activation
  }
  while (static_cast<double>(magnitude) >= limit) {
    std::vector<uint64_t> joined(kBins, 0);
    for (int64_t i = 0; i < kBins; ++i)
      joined[kBins / 4 + i / 2] += bins[i];
    bins = std::move(joined);
    limit *= 2;
  }
}

bool RangeStats::add(const float *values, int64_t count) {
  float largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i]))
      return false;
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
    largest = std::max(largest, std::fabs(values[i]));
  }
  widen(largest);
  double perUnit = kBins / (2 * limit);
  for (int64_t i = 0; i < count; ++i)
    ++bins[static_cast<int64_t>(std::floor(static_cast<double>(values[i]) * perUnit)) + kBins / 2];
  total += count;
  return true;
}

double RangeStats::errorOf(Range range) const {
  ByteParams params = byteParams(range);
  double width = 2 * limit / kBins, sum = 0, step = params.scale;
  for (int64_t i = 0; i < kBins; ++i) {
    if (bins[i] == 0)
      continue;
    // The bin of exact zeros (relu, padding) is no rounding error: zero is on every grid.
    double value = i == kBins / 2 ? 0 : (static_cast<double>(i - kBins / 2) + 0.5) * width;
    double byte = std::clamp(std::nearbyint(value / step) + params.zero, 0.0, 255.0);
    double error = value - (byte - params.zero) * step;
    sum += static_cast<double>(bins[i]) * error * error;
  }
  return sum;
}

Range RangeStats::leastSquares() const {
  constexpr int kSteps = 64, kFewest = 16; // never below a quarter of the extreme
  Range best = minMax();
  if (total == 0)
    return best;
  double least = errorOf(best);
  auto consider = [&](Range candidate) {
    double error = errorOf(candidate);
    if (error < least) {
      least = error;
      best = candidate;
    }
  };
  for (int step = kSteps - 1; step >= kFewest; --step)
    consider({best.low, high * static_cast<float>(step) / kSteps});
  for (int step = kSteps - 1; step >= kFewest && low < 0; --step)
    consider({low * static_cast<float>(step) / kSteps, best.high});
  return best;
}

} // namespace ingot
