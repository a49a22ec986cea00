// Sums of numbers that are known at run time only. They are read off the operations that compute them, as far as those are additions, products with
// constants and choices of known outcome; what else there is becomes a number of its own, with the bounds that OnnxRanges.cpp finds.
#include "compiler/import/onnx/OnnxNumbers.h"

#include "compiler/import/onnx/OnnxTensor.h"
#include "compiler/import/onnx/OpHelpers.h"

#include "mlir/IR/OperationSupport.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;
using nn::ReduceKind;

namespace {

constexpr int kMaxSameDepth = 8;   // operations in a row that two numbers are compared by
constexpr int kMaxSteps = 512;       // operations that a sum is read off
constexpr int64_t kMaxVector = 64; // elements of a vector that is reduced

/// Sums are of magnitudes that extents have: others are no extents, and may overflow.
bool inReach(int64_t number) { return number > -kMaxOnnxElements && number < kMaxOnnxElements; }

/// True when both are results of equal operations on values of which the same holds: one mask that is counted twice has one count.
bool isSame(Value a, Value b, int depth) {
  if (a == b)
    return true;
  Operation *first = a.getDefiningOp(), *second = b.getDefiningOp();
  if (depth == 0 || !first || !second || llvm::cast<OpResult>(a).getResultNumber() != llvm::cast<OpResult>(b).getResultNumber())
    return false;
  auto flags = OperationEquivalence::IgnoreLocations | OperationEquivalence::IgnoreDiscardableAttrs;
  auto operands = [&](Value x, Value y) { return success(isSame(x, y, depth - 1)); };
  return OperationEquivalence::isEquivalentTo(first, second, operands, nullptr, flags);
}

/// Row-major coordinates of an element, and back.
Ints coordinatesOf(llvm::ArrayRef<int64_t> shape, int64_t at) {
  Ints coordinates(shape.size());
  for (size_t i = shape.size(); i-- > 0; at /= shape[i])
    coordinates[i] = at % shape[i];
  return coordinates;
}

int64_t placeOf(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> coordinates) {
  int64_t at = 0;
  for (size_t i = 0; i < shape.size(); ++i)
    at = at * shape[i] + coordinates[i];
  return at;
}

/// Where element `at` of an operation's result comes from: (operand, its element); an operand of -1: from no single one.
std::pair<int64_t, int64_t> sourceOf(OnnxNode &node, Operation *op, int64_t at) {
  if (llvm::isa<nn::ReshapeOp>(op) || (llvm::isa<nn::CastOp>(op) && !isFloat(node, op->getOperand(0))))
    return {0, at};
  if (llvm::isa<nn::BroadcastOp>(op) && elementCount(node.shape(op->getOperand(0))) == 1)
    return {0, 0};
  if (!llvm::isa<nn::SliceOp, nn::TransposeOp, nn::ConcatOp, nn::GatherOp>(op))
    return {-1, 0};
  llvm::ArrayRef<int64_t> from = node.shape(op->getOperand(0));
  Ints to = coordinatesOf(node.shape(op->getResult(0)), at), source = to;
  if (auto gather = llvm::dyn_cast<nn::GatherOp>(op)) {
    std::optional<Tensor> indices = from.size() == 1 ? node.constant(gather.getIndices()) : std::nullopt;
    int64_t index = indices ? indices->intAt(at) : 0;
    return {indices ? 0 : -1, std::clamp<int64_t>(index < 0 ? index + from[0] : index, 0, std::max<int64_t>(from[0] - 1, 0))};
  }
  int64_t operand = 0;
  if (auto slice = llvm::dyn_cast<nn::SliceOp>(op))
    for (size_t i = 0; i < to.size(); ++i)
      source[i] = slice.getStarts()[i] + to[i] * slice.getSteps()[i];
  if (auto transpose = llvm::dyn_cast<nn::TransposeOp>(op))
    for (size_t i = 0; i < to.size(); ++i)
      source[transpose.getPerm()[i]] = to[i];
  if (auto concat = llvm::dyn_cast<nn::ConcatOp>(op))
    for (int64_t axis = concat.getAxis(); source[axis] >= node.shape(op->getOperand(operand))[axis]; ++operand)
      source[axis] -= node.shape(op->getOperand(operand))[axis];
  return {operand, placeOf(node.shape(op->getOperand(operand)), source)};
}

Value scalarAt(OnnxNode &node, Value value, int64_t at) {
  if (node.shape(value).empty())
    return node.cast(value, DType::I64);
  int64_t n = elementCount(node.shape(value)).value_or(0);
  Value flat = node.reshape(value, {n});
  return node.cast(node.reshape(node.ok() ? node.slice(flat, {at}, {1}, {1}) : Value(), {}), DType::I64);
}

} // namespace

OnnxSum OnnxSum::plus(const OnnxSum &other, int64_t factor) const {
  OnnxSum result = *this;
  result.constant += other.constant * factor;
  for (auto [number, times] : other.terms)
    if ((result.terms[number] += times * factor) == 0)
      result.terms.erase(number);
  return result;
}

std::optional<OnnxSum> OnnxSum::over(int64_t divisor) const {
  OnnxSum result;
  if (divisor <= 0 || constant % divisor != 0)
    return std::nullopt;
  result.constant = constant / divisor;
  for (auto [number, times] : terms) {
    if (times % divisor != 0)
      return std::nullopt;
    result.terms[number] = times / divisor;
  }
  return result;
}

OnnxRange OnnxNumbers::rangeOf(const OnnxSum &sum) const {
  OnnxRange range = {sum.constant, sum.constant};
  for (auto [number, factor] : sum.terms) {
    OnnxRange of = numbers[number].range;
    range.low += factor * (factor > 0 ? of.low : of.high);
    range.high += factor * (factor > 0 ? of.high : of.low);
  }
  return range;
}

OnnxSum OnnxNumbers::within(OnnxNode &node, Value value, OnnxRange range) {
  if (!node.ok() || range.low == range.high)
    return {range.low};
  if (auto made = sums.find(value); made != sums.end())
    return made->second;
  auto same = llvm::find_if(numbers, [&](const Number &other) { return isSame(value, other.value, kMaxSameDepth); });
  size_t number = same - numbers.begin();
  if (same == numbers.end()) {
    numbers.push_back({value, range});
    sums[value] = OnnxSum{0, {{number, 1}}};
    values.push_back(value);
  }
  return {0, {{number, 1}}};
}

Value OnnxNumbers::value(OnnxNode &node, const OnnxSum &sum) {
  if (sum.known())
    return scalarI64(node, sum.constant);
  for (Value made : values)
    if (this->sum(made) == sum)
      return made;
  Value total;
  for (auto [number, factor] : sum.terms) {
    Value term = factor == 1 ? numbers[number].value : node.binary(BinaryKind::mul, numbers[number].value, scalarI64(node, factor));
    total = total ? node.binary(BinaryKind::add, total, term) : term;
  }
  if (sum.constant != 0)
    total = node.binary(BinaryKind::add, total, scalarI64(node, sum.constant));
  if (node.ok()) {
    values.push_back(total);
    sums[total] = sum;
  }
  return total;
}

Value OnnxNumbers::settled(OnnxNode &node, Value value) {
  bool list = !numbers.empty() && (node.dtype(value) == DType::I64 || node.dtype(value) == DType::I32) && node.shape(value).size() <= 1;
  int64_t n = list ? elementCount(node.shape(value)).value_or(0) : 0;
  if (n < 1 || n > kMaxVector || node.constant(value))
    return value;
  Tensor known(node.dtype(value), node.shape(value));
  for (int64_t i = 0; i < n; ++i) {
    std::optional<OnnxSum> sum = element(node, value, i);
    if (!sum || !sum->known())
      return value;
    known.setInt(i, sum->constant);
  }
  return node.constantOf(known);
}

OnnxSum OnnxNumbers::chosen(OnnxNode &node, BinaryKind kind, const OnnxSum &a, const OnnxSum &b) {
  OnnxRange apart = rangeOf(a.plus(b, -1)), x = rangeOf(a), y = rangeOf(b);
  bool lower = kind == BinaryKind::min;
  if (apart.high <= 0)
    return lower ? a : b;
  if (apart.low >= 0)
    return lower ? b : a;
  OnnxRange range = lower ? OnnxRange{std::min(x.low, y.low), std::min(x.high, y.high)} : OnnxRange{std::max(x.low, y.low), std::max(x.high, y.high)};
  return within(node, node.binary(kind, value(node, a), value(node, b)), range);
}

OnnxSum OnnxNumbers::least(OnnxNode &node, const OnnxSum &a, const OnnxSum &b) { return chosen(node, BinaryKind::min, a, b); }
OnnxSum OnnxNumbers::most(OnnxNode &node, const OnnxSum &a, const OnnxSum &b) { return chosen(node, BinaryKind::max, a, b); }

OnnxSum OnnxNumbers::choice(OnnxNode &node, Value condition, const OnnxSum &a, const OnnxSum &b) {
  if (a == b)
    return a;
  OnnxRange x = rangeOf(a), y = rangeOf(b);
  return within(node, node.select(condition, value(node, a), value(node, b)), {std::min(x.low, y.low), std::max(x.high, y.high)});
}

OnnxSum OnnxNumbers::quotientUp(OnnxNode &node, const OnnxSum &sum, int64_t divisor) {
  if (std::optional<OnnxSum> exact = sum.over(divisor))
    return *exact;
  OnnxSum more = sum.plus({divisor - 1});
  OnnxRange range = rangeOf(more);
  return within(node, node.binary(BinaryKind::div, value(node, more), value(node, {divisor})), {range.low / divisor, range.high / divisor});
}

std::optional<OnnxSum> OnnxNumbers::element(OnnxNode &node, Value value, int64_t at) {
  std::optional<DType> type = value ? std::optional(node.dtype(value)) : std::nullopt;
  return type && !isFloat(*type) && *type != DType::Bool && at < elementCount(node.shape(value)).value_or(0) ? (left = kMaxSteps, sumOf(node, value, at)) : std::nullopt;
}

std::optional<OnnxSum> OnnxNumbers::sumOf(OnnxNode &node, Value value, int64_t at) {
  while (left-- > 0) {
    if (auto made = sums.find(value); made != sums.end())
      return made->second;
    if (std::optional<Tensor> known = node.constant(value)) {
      int64_t number = known->intAt(at);
      return inReach(number) ? std::optional(OnnxSum{number}) : std::nullopt;
    }
    Operation *op = value.getDefiningOp();
    std::pair<int64_t, int64_t> source = op ? sourceOf(node, op, at) : std::pair<int64_t, int64_t>(-1, 0);
    if (source.first >= 0) {
      value = op->getOperand(source.first);
      at = source.second;
      continue;
    }
    std::optional<OnnxSum> sum = op ? compute(node, op, at) : std::nullopt;
    std::optional<OnnxRange> range = sum ? std::nullopt : rangeOf(node, value);
    return range ? std::optional(within(node, scalarAt(node, value, at), *range)) : sum;
  }
  return std::nullopt;
}

std::optional<OnnxSum> OnnxNumbers::near(OnnxSum sum) const {
  OnnxRange range = rangeOf(sum);
  return inReach(range.low) && inReach(range.high) ? std::optional(std::move(sum)) : std::nullopt;
}

std::optional<OnnxSum> OnnxNumbers::scaledBy(const OnnxSum &sum, int64_t factor) const {
  int64_t largest = 0; // of either end, and of every part
  for (auto [number, times] : sum.terms)
    largest = std::max({largest, std::abs(times), std::abs(numbers[number].range.low), std::abs(numbers[number].range.high)});
  OnnxRange range = rangeOf(sum);
  largest = std::max({largest, std::abs(sum.constant), std::abs(range.low), std::abs(range.high)});
  bool fits = factor == 0 || largest < kMaxOnnxElements / std::abs(factor);
  return fits ? std::optional(sum.times(factor)) : std::nullopt;
}

std::optional<OnnxSum> OnnxNumbers::compute(OnnxNode &node, Operation *op, int64_t at) {
  if (llvm::isa<nn::ReduceOp>(op))
    return reduced(node, op);
  auto place = [&](int64_t i) { return elementCount(node.shape(op->getOperand(i))) == 1 ? 0 : at; };
  auto operand = [&](int64_t i) { return sumOf(node, op->getOperand(i), place(i)); };
  if (node.shape(op->getResult(0)).size() > 1)
    return std::nullopt;
  if (llvm::isa<nn::SelectOp>(op)) {
    std::optional<bool> taken = decided(node, op->getOperand(0), place(0));
    return taken ? operand(*taken ? 1 : 2) : std::nullopt;
  }
  auto binary = llvm::dyn_cast<nn::BinaryOp>(op);
  if (!binary || isFloat(node, op->getOperand(0)))
    return std::nullopt;
  std::optional<OnnxSum> a = operand(0), b = a ? operand(1) : std::nullopt;
  if (!b)
    return std::nullopt;
  switch (binary.getKind()) {
  case BinaryKind::add: return near(a->plus(*b));
  case BinaryKind::sub: return near(a->plus(*b, -1));
  case BinaryKind::min: return least(node, *a, *b);
  case BinaryKind::max: return most(node, *a, *b);
  case BinaryKind::mul: return a->known() ? scaledBy(*b, a->constant) : b->known() ? scaledBy(*a, b->constant) : std::nullopt;
  case BinaryKind::div: return b->known() ? a->over(b->constant) : std::nullopt;
  default: return std::nullopt;
  }
}

/// A comparison whose outcome follows from bounds: exporters ask whether an extent is -1.
std::optional<bool> OnnxNumbers::decided(OnnxNode &node, Value condition, int64_t at) {
  if (std::optional<Tensor> known = node.constant(condition))
    return known->intAt(at) != 0;
  auto compare = condition.getDefiningOp<nn::BinaryOp>();
  if (!compare || node.shape(condition).size() > 1 || isFloat(node, compare->getOperand(0)) || node.dtype(compare->getOperand(0)) == DType::Bool)
    return std::nullopt;
  auto operand = [&](int64_t i) { return sumOf(node, compare->getOperand(i), elementCount(node.shape(compare->getOperand(i))) == 1 ? 0 : at); };
  std::optional<OnnxSum> a = operand(0), b = a ? operand(1) : std::nullopt;
  if (!b)
    return std::nullopt;
  OnnxRange apart = rangeOf(a->plus(*b, -1));
  bool below = apart.high < 0, above = apart.low > 0, same = apart.low == 0 && apart.high == 0;
  if (compare.getKind() == BinaryKind::equal && (below || above || same))
    return same;
  if (compare.getKind() == BinaryKind::less && (below || apart.low >= 0))
    return below;
  if (compare.getKind() == BinaryKind::greater && (above || apart.high <= 0))
    return above;
  return std::nullopt;
}

/// Of a short vector that was put together from numbers.
std::optional<OnnxSum> OnnxNumbers::reduced(OnnxNode &node, Operation *op) {
  ReduceKind kind = llvm::cast<nn::ReduceOp>(op).getKind();
  Value x = op->getOperand(0);
  bool folds = kind == ReduceKind::sum || kind == ReduceKind::min || kind == ReduceKind::max;
  if (!folds || isFloat(node, x) || node.shape(x).size() != 1 || node.shape(x)[0] < 1 || node.shape(x)[0] > kMaxVector || !x.getDefiningOp<nn::ConcatOp>())
    return std::nullopt;
  std::optional<OnnxSum> total = sumOf(node, x, 0);
  for (int64_t i = 1; total && i < node.shape(x)[0]; ++i) {
    std::optional<OnnxSum> next = sumOf(node, x, i);
    if (!next)
      return std::nullopt;
    if (kind == ReduceKind::sum)
      total = near(total->plus(*next));
    else
      total = kind == ReduceKind::min ? least(node, *total, *next) : most(node, *total, *next);
  }
  return total;
}

} // namespace ingot
