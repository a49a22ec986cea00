// Scale and zero point of a block: from its extremes, then searched.
#include "passes/compress/math/Blocks.h"

#include <algorithm>
#include <cmath>

namespace ingot {
namespace {

int32_t mostOf(int bits) { return (1 << bits) - 1; }

/// With the integers of `params` kept, the scale of the least squared error.
BlockParams refined(const float *values, int64_t count, BlockParams params, int bits) {
  double product = 0, square = 0;
  for (int64_t i = 0; i < count; ++i) {
    double steps = static_cast<double>(blockValue(values[i], params, bits)) - params.zero;
    product += steps * static_cast<double>(values[i]);
    square += steps * steps;
  }
  float scale = square > 0 ? static_cast<float>(product / square) : 0;
  return scale > 0 && std::isfinite(scale) ? BlockParams{scale, params.zero} : params;
}

} // namespace

BlockParams plainBlock(const float *values, int64_t count, int bits) {
  float low = 0, high = 0;
  for (int64_t i = 0; i < count; ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  float most = static_cast<float>(mostOf(bits)), scale = (high - low) / most;
  if (!(scale > 0) || !std::isfinite(scale))
    return {1, 1 << (bits - 1)};
  return {scale, static_cast<int32_t>(std::clamp(std::nearbyintf(-low / scale), 0.0f, most))};
}

BlockParams searchBlock(const float *values, int64_t count, int bits) {
  constexpr int kZeros = 2, kScales = 10;   // zero points each side, scales each side
  constexpr float kScaleStep = 0.02f;       // from 0.8 to 1.2 of the plain scale
  BlockParams plain = plainBlock(values, count, bits), best = plain;
  double least = blockError(values, count, plain, bits);
  for (int32_t zero = plain.zero - kZeros; zero <= plain.zero + kZeros; ++zero) {
    if (zero < 0 || zero > mostOf(bits))
      continue;
    for (int step = -kScales; step <= kScales; ++step) {
      BlockParams candidate{plain.scale * (1 + kScaleStep * static_cast<float>(step)), zero};
      candidate = refined(values, count, candidate, bits);
      double error = blockError(values, count, candidate, bits);
      if (error < least) {
        least = error;
        best = candidate;
      }
    }
  }
  return best;
}

uint8_t blockValue(float value, BlockParams params, int bits) {
  float steps = std::nearbyintf(value / params.scale) + static_cast<float>(params.zero);
  return static_cast<uint8_t>(std::clamp(steps, 0.0f, static_cast<float>(mostOf(bits))));
}

double blockError(const float *values, int64_t count, BlockParams params, int bits) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    double got = (static_cast<double>(blockValue(values[i], params, bits)) - params.zero) * static_cast<double>(params.scale);
    sum += (static_cast<double>(values[i]) - got) * (static_cast<double>(values[i]) - got);
  }
  return sum;
}

} // namespace ingot
