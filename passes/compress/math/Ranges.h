// Streaming statistics of a tensor's values: extremes and a histogram whose width doubles when a value falls outside. Memory does not grow
// with the number of samples, and the result does not depend on how they were cut into calls.
#ifndef INGOT_PASSES_COMPRESS_MATH_RANGES_H
#define INGOT_PASSES_COMPRESS_MATH_RANGES_H

#include <cstdint>
#include <vector>

namespace ingot {

/// A closed interval that contains 0, so that zero padding and relu are exact.
struct Range {
  float low = 0, high = 0;
};

/// Scale and zero point of an unsigned byte: real = (byte - zero) * scale.
struct ByteParams {
  float scale = 1;
  int32_t zero = 0;
};

/// The byte grid that covers `range`; scale 1 when the range is empty.
ByteParams byteParams(Range range);

class RangeStats {
public:
  /// False when a value is NaN or infinite; then the statistics are of no use.
  bool add(const float *values, int64_t count);
  bool empty() const { return total == 0; }

  /// The extremes seen.
  Range minMax() const { return {low, high}; }
  /// The range whose byte grid gives the least sum of squared errors over the histogram; each end moves inwards in 1/64 of its extreme.
  Range leastSquares() const;

private:
  static constexpr int64_t kBins = 4096; // over [-limit, limit)
  void widen(float magnitude);
  double errorOf(Range range) const;

  float low = 0, high = 0;
  double limit = 0; // a power of two, so that doubling joins bins exactly
  int64_t total = 0;
  std::vector<uint64_t> bins;
};

} // namespace ingot

#endif
