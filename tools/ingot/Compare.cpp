// Comparing outputs with known ones.
#include "tools/ingot/Compare.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ingot {
namespace {

/// Largest minus smallest finite element; 0 when there is none.
double rangeOf(const Tensor &tensor) {
  double low = INFINITY, high = -INFINITY;
  for (int64_t i = 0; i < tensor.count(); ++i) {
    double value = tensor.at(i);
    if (!std::isfinite(value))
      continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  return high > low ? high - low : 0;
}

bool sameBits(const Tensor &a, const Tensor &b, int64_t i) {
  int64_t width = byteWidth(a.dtype());
  return std::memcmp(a.data() + i * width, b.data() + i * width, width) == 0;
}

bool isRight(double got, double want, const Tolerance &tolerance) {
  if (std::isnan(want) || std::isnan(got))
    return std::isnan(want) && std::isnan(got);
  if (std::isinf(want) || std::isinf(got))
    return got == want;
  return std::fabs(got - want) <= tolerance.atol + tolerance.rtol * std::fabs(want);
}

} // namespace

bool computesInIntegers(const std::map<std::string, int64_t> &opCounts) {
  for (const auto &[full, count] : opCounts) {
    llvm::StringRef op = full;
    if (op.contains('.'))
      op = op.rsplit('.').second;
    if (op.starts_with("QLinear") || op == "QuantizeLinear" || op == "DequantizeLinear" || op == "DynamicQuantizeLinear" || op == "MatMulInteger" ||
        op == "ConvInteger" || op == "MatMulNBits" || op.starts_with("DynamicQuantize") || op == "QAttention" || op == "QGemm")
      return true;
  }
  return false;
}

Tolerance toleranceFor(const Options &options, const Tensor &want, bool integerModel, double floatAtol) {
  constexpr double kFloatRtol = 1e-3, kHalf = 1e-2, kIntegerModel = 2e-2;
  Tolerance tolerance;
  tolerance.exact = options.has("exact");
  if (isFloat(want.dtype())) {
    bool wide = want.dtype() == DType::F32 || want.dtype() == DType::F64;
    tolerance.rtol = wide ? kFloatRtol : kHalf;
    tolerance.atol = wide ? floatAtol : kHalf;
    if (integerModel)
      tolerance.atol = std::max(tolerance.atol, kIntegerModel * rangeOf(want));
  }
  if (options.has("rtol"))
    tolerance.rtol = options.number("rtol");
  if (options.has("atol"))
    tolerance.atol = options.number("atol");
  return tolerance;
}

Comparison compare(const Tensor &got, const Tensor &want, const Tolerance &tolerance) {
  Comparison result;
  if (got.dtype() != want.dtype() || got.shape() != want.shape()) {
    result.ok = false;
    result.reason = "is " + name(got.dtype()).str() + " " + shapeText(got.shape()) + ", expected " + name(want.dtype()).str() + " " + shapeText(want.shape());
    return result;
  }
  bool floats = isFloat(want.dtype());
  int64_t wrong = 0, first = -1;
  for (int64_t i = 0; i < want.count(); ++i) {
    if (sameBits(got, want, i))
      continue;
    double g = got.at(i), w = want.at(i), error = std::fabs(g - w);
    if (std::isfinite(error)) {
      result.maxAbs = std::max(result.maxAbs, error);
      if (w != 0)
        result.maxRel = std::max(result.maxRel, error / std::fabs(w));
    }
    bool strict = tolerance.exact || (!floats && tolerance.atol == 0 && tolerance.rtol == 0);
    if (!strict && isRight(g, w, tolerance))
      continue;
    first = wrong++ == 0 ? i : first;
  }
  if (wrong == 0)
    return result;
  result.ok = false;
  result.reason = std::to_string(wrong) + " of " + std::to_string(want.count()) + " elements differ, the first at " + std::to_string(first) + ": " +
                  brief(got.at(first)) + ", expected " + brief(want.at(first));
  return result;
}

} // namespace ingot
