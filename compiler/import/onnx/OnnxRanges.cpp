// Bounds of integers that are known at run time only, from the operations that compute them: positions lie within what they are positions in, sums of
// flags within the number of flags.
#include "compiler/import/onnx/OnnxNumbers.h"

#include "compiler/import/onnx/OnnxTensor.h"
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {
namespace {

using nn::BinaryKind;
using nn::ReduceKind;
using Range = std::optional<OnnxRange>;

constexpr int kMaxSteps = 512;                     // operations that are looked at
constexpr int64_t kMaxElements = int64_t(1) << 20; // of a constant that is looked through

Range clipped(OnnxRange range) {
  bool small = range.low > -kMaxOnnxElements && range.high < kMaxOnnxElements;
  return small ? Range(range) : std::nullopt;
}

Range hull(Range a, Range b) { return a && b ? Range(OnnxRange{std::min(a->low, b->low), std::max(a->high, b->high)}) : std::nullopt; }

/// The range of n x for x in `one`.
Range times(Range one, int64_t n) {
  if (!one || n < 0 || n >= kMaxOnnxElements || std::max(std::abs(one->low), std::abs(one->high)) >= kMaxOnnxElements / std::max<int64_t>(n, 1))
    return std::nullopt;
  return OnnxRange{one->low * n, one->high * n};
}

Range product(OnnxRange a, OnnxRange b) {
  int64_t x = std::max(std::abs(a.low), std::abs(a.high)), y = std::max(std::abs(b.low), std::abs(b.high));
  if (y != 0 && x >= kMaxOnnxElements / y)
    return std::nullopt;
  auto [low, high] = std::minmax({a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high});
  return OnnxRange{low, high};
}

Range ofBinary(BinaryKind kind, Range a, Range b) {
  bool positive = b && b->low > 0;
  if (kind == BinaryKind::mod && positive && a)
    return OnnxRange{a->low < 0 ? 1 - b->high : 0, b->high - 1};
  if (!a || !b)
    return std::nullopt;
  switch (kind) {
  case BinaryKind::add: return clipped({a->low + b->low, a->high + b->high});
  case BinaryKind::sub: return clipped({a->low - b->high, a->high - b->low});
  case BinaryKind::mul: return product(*a, *b);
  case BinaryKind::min: return OnnxRange{std::min(a->low, b->low), std::min(a->high, b->high)};
  case BinaryKind::max: return OnnxRange{std::max(a->low, b->low), std::max(a->high, b->high)};
  case BinaryKind::div: return positive ? Range(OnnxRange{std::min<int64_t>(a->low, 0), std::max<int64_t>(a->high, 0)}) : std::nullopt;
  default: return std::nullopt;
  }
}

Range ofConstant(const Tensor &tensor) {
  if (tensor.count() == 0 || tensor.count() > kMaxElements)
    return std::nullopt;
  OnnxRange range = {tensor.intAt(0), tensor.intAt(0)};
  for (int64_t i = 1; i < tensor.count(); ++i)
    range = {std::min(range.low, tensor.intAt(i)), std::max(range.high, tensor.intAt(i))};
  return clipped(range);
}

/// Bounds that follow from the operation alone.
Range ofPositions(OnnxNode &node, Value value) {
  Operation *op = value.getDefiningOp();
  auto below = [](int64_t n) { return OnnxRange{0, std::max<int64_t>(n - 1, 0)}; };
  if (auto arg = llvm::dyn_cast<nn::ArgReduceOp>(op))
    return below(node.shape(arg.getInput())[arg.getAxis()]);
  if (auto top = llvm::dyn_cast<nn::TopKOp>(op); top && value == top.getIndices())
    return below(node.shape(top.getInput())[top.getAxis()]);
  auto boxes = llvm::dyn_cast<nn::SuppressBoxesOp>(op);
  if (!boxes)
    return std::nullopt;
  int64_t n = node.shape(boxes.getScores())[2];
  return value == boxes.getKept() ? below(n) : OnnxRange{0, std::min<int64_t>(n, static_cast<int64_t>(boxes.getMost()))};
}

} // namespace

std::optional<OnnxRange> OnnxNumbers::rangeOf(OnnxNode &node, Value tensor) const {
  int steps = kMaxSteps;
  return boundsOf(node, tensor, steps);
}

std::optional<OnnxRange> OnnxNumbers::boundsOf(OnnxNode &node, Value tensor, int &steps) const {
  DType type = node.dtype(tensor);
  if (type == DType::Bool)
    return OnnxRange{0, 1};
  if (auto made = sums.find(tensor); made != sums.end())
    return rangeOf(made->second);
  if (isFloat(type) || --steps < 0)
    return std::nullopt;
  if (std::optional<Tensor> known = node.constant(tensor))
    return ofConstant(*known);
  Operation *op = tensor.getDefiningOp();
  if (!op)
    return std::nullopt;
  auto of = [&](int64_t i) { return boundsOf(node, op->getOperand(i), steps); };
  if (Range range = ofPositions(node, tensor))
    return range;
  bool wide = type == DType::I64 || type == DType::I32;
  if (llvm::isa<nn::ReshapeOp, nn::TransposeOp, nn::BroadcastOp, nn::SliceOp, nn::GatherOp, nn::GatherElementsOp, nn::GatherNdOp>(op) ||
      (llvm::isa<nn::CastOp>(op) && wide))
    return of(0);
  if (auto binary = llvm::dyn_cast<nn::BinaryOp>(op))
    return ofBinary(binary.getKind(), of(0), of(1));
  if (llvm::isa<nn::SelectOp>(op))
    return hull(of(1), of(2));
  if (auto top = llvm::dyn_cast<nn::TopKOp>(op))
    return of(0);
  if (auto cumulate = llvm::dyn_cast<nn::CumulateOp>(op))
    return cumulate.getProduct() ? std::nullopt : hull(OnnxRange{0, 0}, times(of(0), node.shape(tensor)[cumulate.getAxis()]));
  if (auto scatter = llvm::dyn_cast<nn::ScatterElementsOp>(op))
    return scatter.getKind() == nn::ScatterKind::none ? hull(of(0), of(2)) : std::nullopt;
  if (auto reduce = llvm::dyn_cast<nn::ReduceOp>(op)) {
    int64_t all = elementCount(node.shape(op->getOperand(0))).value_or(0), each = std::max<int64_t>(elementCount(node.shape(tensor)).value_or(1), 1);
    bool extreme = reduce.getKind() == ReduceKind::min || reduce.getKind() == ReduceKind::max;
    return extreme && all > 0 ? of(0) : reduce.getKind() == ReduceKind::sum ? times(of(0), all / each) : std::nullopt;
  }
  Range range = llvm::isa<nn::ConcatOp>(op) ? of(0) : std::nullopt;
  for (unsigned i = 1; range && i < op->getNumOperands(); ++i)
    range = hull(range, of(i));
  return range;
}

} // namespace ingot
