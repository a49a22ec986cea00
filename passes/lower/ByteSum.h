// The sum of two quantised tensors as two fused multiply-adds: there are 65536 pairs of bytes, so that a form with rounded factors can be tried on all of them.
#ifndef INGOT_PASSES_LOWER_BYTESUM_H
#define INGOT_PASSES_LOWER_BYTESUM_H

#include <array>
#include <cstdint>
#include <optional>

namespace ingot {

/// One 8-bit operand of quant.add, or its result.
struct ByteTerms {
  float scale;
  int64_t zero;
  bool isUnsigned;
  int64_t least() const { return isUnsigned ? 0 : -128; }
};

/// y = clamp(roundHalfEven(fma(a - aZero, factor, fma(b - least of b's type, otherFactor, shift)))) + yZero.
struct ByteSum {
  float factor, otherFactor, shift;
};

/// Factors near scale / yScale that give quant.add's byte for every pair; none where a scale is out of all measure, or sums on ties keep every trial from it.
std::optional<ByteSum> findByteSum(const ByteTerms &a, const ByteTerms &b, const ByteTerms &y);

} // namespace ingot

#endif
