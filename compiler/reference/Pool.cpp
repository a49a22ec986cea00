// nn.pool: for each output coordinate of an axis the input coordinates under the window, then their product over the axes.
#include "compiler/reference/Rules.h"

#include <cmath>

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

using nn::PoolKind;

/// The part of a window on one axis: coordinates inside the input, and how many positions lie inside input plus border.
struct Span {
  std::vector<int64_t> inside;
  int64_t padded = 0;
};

Span spanOf(nn::PoolOp pool, size_t axis, int64_t extent, int64_t out) {
  Span span;
  int64_t start = out * pool.getStrides()[axis] - pool.getPadLow()[axis];
  for (int64_t k = 0; k < pool.getKernel()[axis]; ++k) {
    int64_t at = start + k * pool.getDilations()[axis];
    if (at >= 0 && at < extent)
      span.inside.push_back(at);
    span.padded += at >= -pool.getPadLow()[axis] && at < extent + pool.getPadHigh()[axis];
  }
  return span;
}

/// A window over all spatial axes: offsets in a plane, and the divisor of an average.
struct Window {
  std::vector<int64_t> offsets;
  double divisor = 1;
};

std::vector<Window> windowsOf(nn::PoolOp pool, ArrayRef<int64_t> in, ArrayRef<int64_t> out) {
  std::vector<int64_t> strides = stridesOf(in), outStrides = stridesOf(out);
  std::vector<Window> windows(static_cast<size_t>(elementCount(out).value_or(0)));
  for (size_t w = 0; w < windows.size(); ++w) {
    std::vector<AxisTable> tables;
    for (size_t axis = 0; axis < in.size(); ++axis) {
      Span span = spanOf(pool, axis, in[axis], static_cast<int64_t>(w) / outStrides[axis] % out[axis]);
      windows[w].divisor *= static_cast<double>(pool.getCountPad() ? span.padded : static_cast<int64_t>(span.inside.size()));
      for (int64_t &at : span.inside)
        at *= strides[axis];
      tables.push_back(std::move(span.inside));
    }
    windows[w].offsets = combine(tables);
  }
  return windows;
}

double joinWindow(nn::PoolOp pool, const Tensor &input, int64_t base, const Window &window) {
  double p = static_cast<double>(pool.getP()), sum = 0;
  for (int64_t offset : window.offsets) {
    double value = input.at(base + offset);
    sum += pool.getKind() == PoolKind::lp ? std::pow(std::fabs(value), p) : value;
  }
  return pool.getKind() == PoolKind::lp ? std::pow(sum, 1 / p) : sum / window.divisor;
}

/// Offset in a plane of the window's largest element, the first of equal ones, NaN above all; kOutside for an empty window.
template <typename T> int64_t argMax(const Tensor &input, int64_t base, const Window &window) {
  int64_t best = kOutside;
  T top = T(0);
  for (int64_t offset : window.offsets) {
    T value = get<T>(input, base + offset);
    if (best != kOutside && !(value > top) && !(value != value && top == top))
      continue;
    best = offset;
    top = value;
  }
  return best;
}

/// The same position in a plane whose axes are in column-major order.
int64_t columnMajor(int64_t offset, ArrayRef<int64_t> extents) {
  int64_t index = 0;
  int64_t stride = elementCount(extents).value_or(0);
  for (size_t axis = extents.size(); axis-- > 0;) {
    stride /= extents[axis];
    index += offset % extents[axis] * stride;
    offset /= extents[axis];
  }
  return index;
}

llvm::FailureOr<Results> maxPool(nn::PoolOp pool, const Tensor &input, const std::vector<Window> &windows, std::string &why) {
  Results results;
  for (unsigned i = 0; i < pool->getNumResults(); ++i)
    results.push_back(resultOf(pool, i));
  ArrayRef<int64_t> spatial = input.shape().drop_front(2);
  int64_t plane = elementCount(spatial).value_or(0), perPlane = static_cast<int64_t>(windows.size());
  for (int64_t i = 0; i < results[0].count(); ++i) {
    int64_t base = i / perPlane * plane;
    const Window &window = windows[static_cast<size_t>(i % perPlane)];
    int64_t best = withLane(input.dtype(), [&](auto zero) { return argMax<decltype(zero)>(input, base, window); });
    if (best == kOutside)
      return refuse(why, "nn.pool max has a window without an element of the input");
    copyElement(input, base + best, results[0], i);
    if (results.size() > 1)
      results[1].setInt(i, base + (pool.getColumnMajor() ? columnMajor(best, spatial) : best));
  }
  return results;
}

llvm::FailureOr<Results> pool(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto pool = cast<nn::PoolOp>(op);
  const Tensor &input = operands[0];
  Tensor result = resultOf(op);
  std::vector<Window> windows = windowsOf(pool, input.shape().drop_front(2), result.shape().drop_front(2));
  if (pool.getKind() == PoolKind::max)
    return maxPool(pool, input, windows, why);
  int64_t plane = elementCount(input.shape().drop_front(2)).value_or(0), perPlane = static_cast<int64_t>(windows.size());
  for (int64_t i = 0; i < result.count(); ++i)
    result.set(i, joinWindow(pool, input, i / perPlane * plane, windows[static_cast<size_t>(i % perPlane)]));
  return one(result);
}

} // namespace

void addPool(RuleTable &table) { table["nn.pool"] = pool; }

} // namespace ingot::reference
