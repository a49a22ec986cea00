// The search for a scale, and the packing of the block types without minima.
#include "passes/compress/math/GgufBlocks.h"
#include "passes/compress/math/Half.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ingot {
namespace {

/// A symmetric grid of integers.
struct Grid {
  int low, high;
};

int integerOf(float value, float scale, Grid grid) {
  if (scale == 0)
    return 0;
  return static_cast<int>(std::clamp(std::nearbyintf(value / scale), static_cast<float>(grid.low), static_cast<float>(grid.high)));
}

double errorOf(const float *w, int count, float scale, Grid grid) {
  double sum = 0;
  for (int i = 0; i < count; ++i) {
    double error = static_cast<double>(w[i]) - static_cast<double>(scale) * integerOf(w[i], scale, grid);
    sum += error * error;
  }
  return sum;
}

/// With the integers that `scale` gives, the scale of the least squared error.
float refined(const float *w, int count, float scale, Grid grid) {
  double product = 0, square = 0;
  for (int i = 0; i < count; ++i) {
    double q = integerOf(w[i], scale, grid);
    product += q * static_cast<double>(w[i]);
    square += q * q;
  }
  return square > 0 ? static_cast<float>(product / square) : scale;
}

/// The best scale for `count` weights, rounded to f16 when that is how it is stored. Its sign puts the extreme on the longer side of the grid.
float searchScale(const float *w, int count, Grid grid, bool isHalf) {
  constexpr int kSteps = 9;          // each side
  constexpr float kStepSize = 0.1f; // in units of the grid
  float extreme = 0;
  for (int i = 0; i < count; ++i)
    if (std::fabs(w[i]) > std::fabs(extreme))
      extreme = w[i];
  if (extreme == 0)
    return 0;
  auto stored = [&](float scale) { return isHalf ? toHalf(scale) : scale; };
  float best = stored(extreme / static_cast<float>(grid.low));
  double least = errorOf(w, count, best, grid);
  for (int step = -kSteps; step <= kSteps; ++step) {
    float start = extreme / (static_cast<float>(grid.low) + kStepSize * static_cast<float>(step));
    float scale = stored(refined(w, count, start, grid));
    double error = errorOf(w, count, scale, grid);
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}

} // namespace

void quantizeQ8_0(const float *weights, uint8_t *block) {
  constexpr Grid kGrid{-127, 127};
  float extreme = 0;
  for (int i = 0; i < 32; ++i)
    extreme = std::max(extreme, std::fabs(weights[i]));
  float scale = toHalf(extreme / 127);
  storeHalf(scale, block);
  for (int i = 0; i < 32; ++i)
    block[2 + i] = static_cast<uint8_t>(static_cast<int8_t>(integerOf(weights[i], scale, kGrid)));
}

void quantizeQ4_0(const float *weights, uint8_t *block) {
  constexpr Grid kGrid{-8, 7};
  float scale = searchScale(weights, 32, kGrid, /*isHalf=*/true);
  storeHalf(scale, block);
  for (int i = 0; i < 16; ++i)
    block[2 + i] = static_cast<uint8_t>((integerOf(weights[i], scale, kGrid) + 8) | (integerOf(weights[i + 16], scale, kGrid) + 8) << 4);
}

void quantizeQ5_0(const float *weights, uint8_t *block) {
  constexpr Grid kGrid{-16, 15};
  float scale = searchScale(weights, 32, kGrid, /*isHalf=*/true);
  storeHalf(scale, block);
  uint32_t fifth = 0;
  for (int i = 0; i < 16; ++i) {
    unsigned low = static_cast<unsigned>(integerOf(weights[i], scale, kGrid) + 16), high = static_cast<unsigned>(integerOf(weights[i + 16], scale, kGrid) + 16);
    block[6 + i] = static_cast<uint8_t>((low & 15) | (high & 15) << 4);
    fifth |= (low >> 4) << i | (high >> 4) << (i + 16);
  }
  for (int i = 0; i < 4; ++i)
    block[2 + i] = static_cast<uint8_t>(fifth >> (8 * i));
}

void quantizeQ6_K(const float *weights, uint8_t *block) {
  constexpr Grid kGrid{-32, 31};
  constexpr int kSub = 16;
  float scales[kSub], widest = 0;
  for (int sub = 0; sub < kSub; ++sub) {
    scales[sub] = searchScale(weights + 16 * sub, 16, kGrid, /*isHalf=*/false);
    if (std::fabs(scales[sub]) > std::fabs(widest))
      widest = scales[sub];
  }
  std::memset(block, 0, 210);
  float d = toHalf(widest / -128);
  storeHalf(d, block + 208);
  for (int i = 0; i < 256; ++i) {
    int scale = integerOf(scales[i / 16], d, {-128, 127});
    block[192 + i / 16] = static_cast<uint8_t>(static_cast<int8_t>(scale));
    int q = integerOf(weights[i], d * static_cast<float>(scale), kGrid) + 32;
    int half = i / 128, group = i % 128 / 32, l = i % 32;
    block[64 * half + l + 32 * (group % 2)] |= static_cast<uint8_t>((q & 15) << 4 * (group / 2));
    block[128 + 32 * half + l] |= static_cast<uint8_t>((q >> 4) << 2 * group);
  }
}

} // namespace ingot
