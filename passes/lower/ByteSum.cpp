// Factors that are a few units in the last place off shift the sums that lie on or next to a tie: most scales need one trial, nearly all less than 64.
#include "passes/lower/ByteSum.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ingot {
namespace {

constexpr int kBytes = 256, kTrials = 64;

struct Trials {
  const ByteTerms &a, &b, &y;
  std::vector<uint8_t> want; // [a][b], from the least of each

  /// Step by step as the definition says; products and sums of so few bits are exact in double before they are rounded.
  uint8_t defined(int64_t left, int64_t right) const {
    float first = static_cast<float>(static_cast<double>(left + a.least() - a.zero) * a.scale);
    float second = static_cast<float>(static_cast<double>(right + b.least() - b.zero) * b.scale);
    float sum = first + second, quotient = sum / y.scale;
    return clamped(std::nearbyintf(quotient));
  }
  uint8_t clamped(float rounded) const { return static_cast<uint8_t>(std::clamp(rounded + static_cast<float>(y.zero - y.least()), 0.0f, 255.0f)); }
  bool isEqual(const ByteSum &sum, size_t pair) const {
    float left = static_cast<float>(static_cast<int64_t>(pair / kBytes) + a.least() - a.zero), right = static_cast<float>(pair % kBytes);
    return clamped(std::nearbyintf(std::fmaf(left, sum.factor, std::fmaf(right, sum.otherFactor, sum.shift)))) == want[pair];
  }
};

/// Of a size whose products with bytes neither overflow nor lose bits.
bool isPlain(float scale) { return scale >= 0x1p-60f && scale <= 0x1p60f; }

/// v and its neighbours in turn: v, one unit up, one down, two up ...
float neighbour(float v, int step) {
  for (int i = 0; i < (step + 1) / 2; ++i)
    v = std::nextafterf(v, step % 2 ? INFINITY : -INFINITY);
  return v;
}

} // namespace

std::optional<ByteSum> findByteSum(const ByteTerms &a, const ByteTerms &b, const ByteTerms &y) {
  if (!isPlain(a.scale) || !isPlain(b.scale) || !isPlain(y.scale))
    return std::nullopt;
  constexpr double kMost = 0x1p20, kShiftStep = 0x1p-18; // sums that convert to integers and back; about the error of a sum of 255
  double factor = static_cast<double>(a.scale) / y.scale, other = static_cast<double>(b.scale) / y.scale, shift = static_cast<double>(b.least() - b.zero) * other;
  if (factor > kMost || other > kMost)
    return std::nullopt;
  Trials trials{a, b, y, std::vector<uint8_t>(kBytes * kBytes)};
  for (int64_t pair = 0; pair < kBytes * kBytes; ++pair)
    trials.want[static_cast<size_t>(pair)] = trials.defined(pair / kBytes, pair % kBytes);
  size_t worst = 0; // the pair that the last trial failed at
  for (int i = 0; i < kTrials; ++i) {
    ByteSum sum{neighbour(static_cast<float>(factor), i % 4), neighbour(static_cast<float>(other), i / 4 % 4),
                static_cast<float>(shift + kShiftStep * ((i / 16 + 1) / 2) * (i / 16 % 2 ? 1 : -1))};
    if (!trials.isEqual(sum, worst))
      continue;
    for (worst = 0; worst < trials.want.size() && trials.isEqual(sum, worst); ++worst) {
    }
    if (worst == trials.want.size())
      return sum;
  }
  return std::nullopt;
}

} // namespace ingot
