// Operators that mix entries along an axis whose extent depends on data. What lies behind the count takes no part: it is replaced by what the operator
// takes no notice of, goes where nothing is read, or is never pointed at.
#include "compiler/import/onnx/OnnxCounted.h"

#include <limits>

using namespace mlir;

namespace ingot {

using nn::BinaryKind;
using nn::ReduceKind;

namespace {

using Counted = OnnxCounted;
using Result = OnnxCountedResults;

constexpr double kFar = std::numeric_limits<double>::infinity();

/// The least or the largest value of a type.
Value extremeOf(OnnxNode &node, DType type, bool least) {
  if (isFloat(type))
    return node.scalar(type, least ? -kFar : kFar);
  uint64_t all = ~uint64_t(0) >> (64 - 8 * byteWidth(type));
  Tensor value(type, {});
  value.setInt(0, isSignedInt(type) ? static_cast<int64_t>(least ? ~(all >> 1) : all >> 1) : static_cast<int64_t>(least ? 0 : all));
  return node.constantOf(value);
}

// ---- reductions and order -------------------------------------------------------------------------

/// What a reduction takes no notice of.
Value neutralOf(OnnxNode &node, ReduceKind kind, DType type) {
  if (kind == ReduceKind::max || kind == ReduceKind::min)
    return extremeOf(node, type, kind == ReduceKind::max);
  return node.scalar(type, kind == ReduceKind::prod ? 1 : 0);
}

/// reduce(x) -> reduce(select(i < count, x, neutral)), when the axis with the count is among the reduced; a mean is the sum through the number of entries.
Result reduceInFront(const Counted &c) {
  OnnxNode &node = c.node;
  const OnnxExtent *extent = c.extent(0);
  std::optional<ReduceKind> kind = llvm::StringSwitch<std::optional<ReduceKind>>(node.op())
                                       .Cases({"ReduceSum", "ReduceMean"}, ReduceKind::sum)
                                       .Case("ReduceMax", ReduceKind::max).Case("ReduceMin", ReduceKind::min).Case("ReduceProd", ReduceKind::prod)
                                       .Case("ReduceL1", ReduceKind::l1).Case("ReduceL2", ReduceKind::l2).Case("ReduceSumSquare", ReduceKind::sum_square)
                                       .Default(std::nullopt);
  if (!extent || !kind || node.dtype(node.input(0)) == DType::Bool)
    return std::nullopt;
  Value x = node.input(0);
  std::optional<Ints> axes = axesOf(node, 1);
  int64_t rank = rankOf(node, x);
  if (!axes || axes->empty())
    axes = node.intAttr("noop_with_empty_axes", 0) ? Ints() : axesFrom(0, rank);
  if (!node.ok() || !normaliseAxes(node, *axes, rank) || !llvm::is_contained(*axes, extent->axis))
    return std::nullopt;
  Ints shape = node.shape(x).vec();
  Value y = node.reduce(*kind, c.masked(0, neutralOf(node, *kind, node.dtype(x))), *axes, node.intAttr("keepdims", 1) != 0);
  if (node.op() != "ReduceMean")
    return oneResult(y);
  int64_t each = 1;
  for (int64_t axis : *axes)
    each *= axis == extent->axis ? 1 : shape[axis];
  Value entries = node.binary(BinaryKind::mul, extent->count, scalarI64(node, each));
  return oneResult(node.binary(BinaryKind::div, y, node.cast(entries, node.dtype(x))));
}

/// The axis attribute, when the extent of operand 0 is on it.
std::optional<int64_t> axisOfCount(const Counted &c, int64_t fallback) {
  int64_t axis = c.node.intAttr("axis", fallback);
  bool same = c.extent(0) && !c.node.badAxis(axis, rankOf(c.node, c.node.input(0))) && axis == c.extent(0)->axis;
  return same ? std::optional(axis) : std::nullopt;
}

/// The first of equal ones is in front, and so is what lies in front of the count.
Result argInFront(const Counted &c) {
  OnnxNode &node = c.node;
  std::optional<int64_t> axis = axisOfCount(c, 0);
  if (!axis || node.intAttr("select_last_index", 0))
    return std::nullopt;
  bool smallest = node.op() == "ArgMin";
  Value x = c.masked(0, extremeOf(node, node.dtype(node.input(0)), !smallest));
  Ints shape = node.shape(node.input(0)).vec();
  shape[*axis] = 1;
  Value y = node.create<nn::ArgReduceOp>({node.type(DType::I64, shape)}, x, static_cast<uint64_t>(*axis), smallest, false);
  return oneResult(node.intAttr("keepdims", 1) || !node.ok() ? y : squeezeAxis(node, y, *axis));
}

Result softmaxInFront(const Counted &c) {
  std::optional<int64_t> axis = c.node.opset() < 13 ? std::nullopt : axisOfCount(c, -1);
  if (!axis)
    return std::nullopt;
  return oneResult(c.node.softmax(c.masked(0, c.node.scalar(c.node.dtype(c.node.input(0)), -kFar)), *axis, c.node.op() == "LogSoftmax"), *axis, c.entries(0, *axis));
}

/// The best of those in front of the count; k may depend on data too, and so may both. Equal ones stay in order.
Result topInFront(const Counted &c) {
  OnnxNode &node = c.node;
  std::optional<OnnxSum> k = node.opset() < 10 ? OnnxSum{node.intAttr("k", 0)} : c.numbers.element(node, node.input(1), 0);
  int64_t axis = node.intAttr("axis", -1);
  const OnnxExtent *extent = c.extent(0);
  bool mixes = k && !node.badAxis(axis, rankOf(node, node.input(0))) && (!extent || extent->axis == axis);
  if (!mixes || (!extent && k->known()))
    return std::nullopt;
  OnnxSum count = c.numbers.most(node, c.numbers.least(node, *k, c.entries(0, axis)), {});
  bool smallest = node.intAttr("largest", 1) == 0;
  DType type = node.dtype(node.input(0));
  bool aboveAll = smallest && isFloat(type); // as NaN is
  Value last = aboveAll ? node.scalar(type, std::numeric_limits<double>::quiet_NaN()) : extremeOf(node, type, !smallest);
  Value x = extent ? c.masked(0, last) : node.input(0);
  Ints shape = node.shape(node.input(0)).vec();
  shape[axis] = c.numbers.rangeOf(count).high;
  node.create<nn::TopKOp>({node.type(type, shape), node.type(DType::I64, shape)}, x, static_cast<uint64_t>(axis), smallest);
  if (!node.ok() || node.lastResults().size() != 2)
    return std::nullopt;
  llvm::SmallVector<Value> made(node.lastResults());
  return {{Counted::Result{made[0], axis, count}, Counted::Result{made[1], axis, count}}};
}

Result sumUp(const Counted &c) {
  OnnxNode &node = c.node;
  std::optional<OnnxSum> axis = c.extent(0) ? c.numbers.element(node, node.input(1), 0) : std::nullopt;
  int64_t rank = c.extent(0) ? rankOf(node, node.input(0)) : 0;
  if (!axis || !axis->known() || axis->constant < -rank || axis->constant >= rank || node.dtype(node.input(0)) == DType::Bool)
    return std::nullopt;
  int64_t along = axis->constant + (axis->constant < 0 ? rank : 0), at = c.extent(0)->axis;
  Value x = along == at ? c.masked(0, node.scalar(node.dtype(node.input(0)), 0)) : node.input(0);
  Value y = node.create<nn::CumulateOp>({x.getType()}, x, static_cast<uint64_t>(along), false, node.intAttr("exclusive", 0) != 0, node.intAttr("reverse", 0) != 0);
  return oneResult(y, at, c.entries(0, at));
}

// ---- indices --------------------------------------------------------------------------------------

/// Indices from 0 on into axes with so many entries [k] at run time, for tuples [.., k] or single ones.
Value wrapped(const Counted &c, int64_t i, llvm::ArrayRef<OnnxSum> entries) {
  OnnxNode &node = c.node;
  Value at = node.cast(node.input(i), DType::I64);
  std::optional<OnnxRange> range = c.numbers.rangeOf(node, at);
  if (range && range->low >= 0)
    return at;
  llvm::SmallVector<Value> extents;
  for (const OnnxSum &sum : entries)
    extents.push_back(node.reshape(c.numbers.value(node, sum), {1}));
  Value whole = entries.size() == 1 ? node.reshape(extents[0], {}) : node.concat(extents, 0);
  return node.select(node.binary(BinaryKind::less, at, scalarI64(node, 0)), node.binary(BinaryKind::add, at, whole), at);
}

bool isIndex(OnnxNode &node, int64_t i) {
  return node.hasInput(i) && (node.dtype(node.input(i)) == DType::I64 || node.dtype(node.input(i)) == DType::I32);
}

/// Picks along the axis of the count. Indices behind a count of their own are clamped.
Result gatherInFront(const Counted &c) {
  OnnxNode &node = c.node;
  const OnnxExtent *indices = c.extent(1);
  std::optional<int64_t> axis = isIndex(node, 1) ? axisOfCount(c, 0) : std::nullopt;
  if (!axis)
    return std::nullopt;
  Value at = wrapped(c, 1, {c.entries(0, *axis)});
  Value y = node.ok() ? gather(node, node.input(0), at, *axis) : Value();
  return indices ? oneResult(y, *axis + indices->axis, c.entries(1, indices->axis)) : oneResult(y);
}

Result gatherElementsInFront(const Counted &c) {
  OnnxNode &node = c.node;
  const OnnxExtent *data = c.extent(0), *indices = c.extent(1);
  int64_t axis = node.intAttr("axis", 0);
  if (!data || !isIndex(node, 1) || node.badAxis(axis, rankOf(node, node.input(0))) || rankOf(node, node.input(1)) != rankOf(node, node.input(0)))
    return std::nullopt;
  bool rows = indices && indices->axis == data->axis && indices->count == data->count;
  if (data->axis != axis && !rows)
    return std::nullopt;
  llvm::ArrayRef<int64_t> xs = node.shape(node.input(0)), is = node.shape(node.input(1));
  for (size_t i = 0; i < xs.size(); ++i)
    if (static_cast<int64_t>(i) != axis && is[i] > xs[i])
      return std::nullopt;
  Value at = wrapped(c, 1, {c.entries(0, axis)});
  Type type = node.type(node.dtype(node.input(0)), is);
  Value y = node.create<nn::GatherElementsOp>({type}, node.input(0), at, static_cast<uint64_t>(axis));
  return indices ? oneResult(y, indices->axis, c.entries(1, indices->axis)) : oneResult(y);
}

/// Tuples that point into the axis of the count.
Result gatherTuplesInFront(const Counted &c) {
  OnnxNode &node = c.node;
  const OnnxExtent *data = c.extent(0), *indices = c.extent(1);
  int64_t rank = isIndex(node, 1) ? rankOf(node, node.input(1)) : 0, width = rank > 0 ? node.shape(node.input(1)).back() : 0;
  if (!data || rank < 1 || width <= data->axis || width > rankOf(node, node.input(0)) || node.intAttr("batch_dims", 0) != 0 || (indices && indices->axis == rank - 1))
    return std::nullopt;
  std::vector<OnnxSum> entries;
  for (int64_t axis = 0; axis < width; ++axis)
    entries.push_back(c.entries(0, axis));
  Value at = wrapped(c, 1, entries);
  Ints shape = node.shape(node.input(1)).drop_back().vec();
  llvm::append_range(shape, node.shape(node.input(0)).drop_front(width));
  Value y = node.create<nn::GatherNdOp>({node.type(node.dtype(node.input(0)), shape)}, node.input(0), at, uint64_t(0));
  return indices ? oneResult(y, indices->axis, c.entries(1, indices->axis)) : oneResult(y);
}

/// Writes into data with one more slice on `axis`, which takes what lies behind the count and is cut off again. There are as many updates as places.
Result scatterInFront(const Counted &c) {
  OnnxNode &node = c.node;
  const OnnxExtent *data = c.extent(0), *indices = c.extent(1), *updates = c.extent(2);
  std::optional<nn::ScatterKind> kind = nn::symbolizeScatterKind(node.stringAttr("reduction", "none"));
  bool tuples = node.op() == "ScatterND";
  if ((!data && !indices) || !kind || !isIndex(node, 1) || !node.hasInput(2) || (indices && updates && indices->axis != updates->axis))
    return std::nullopt;
  Value x = node.input(0);
  Ints shape = node.shape(x).vec(), room = shape, places = node.shape(node.input(1)).vec(), steps(shape.size(), 1);
  int64_t rank = places.size(), axis = tuples ? 0 : node.intAttr("axis", 0), width = tuples && rank > 0 ? places.back() : 1;
  if (rank == 0 || shape.empty() || node.badAxis(axis, shape.size()) || (tuples && indices && indices->axis == rank - 1) || width > static_cast<int64_t>(shape.size()))
    return std::nullopt;
  std::vector<OnnxSum> entries;
  for (int64_t i = axis; i < axis + width; ++i)
    entries.push_back(c.entries(0, i));
  Value index = wrapped(c, 1, entries);
  Ints behind(width, 0);
  behind[0] = shape[axis];
  if (indices)
    index = node.select(c.inFront(*indices, places[indices->axis], rank), index, node.constantOf(Tensor::vectorI64(behind)));
  room[axis] = 1;
  Value wide = node.concat({x, splat(node, node.dtype(x), room, 0)}, axis);
  if (!node.ok())
    return std::nullopt;
  Value all = tuples ? node.create<nn::ScatterNdOp>({wide.getType()}, *kind, wide, index, node.input(2))
                     : node.create<nn::ScatterElementsOp>({wide.getType()}, *kind, wide, index, node.input(2), static_cast<uint64_t>(axis));
  Value y = node.slice(all, Ints(shape.size(), 0), shape, steps);
  return data ? oneResult(y, data->axis, c.entries(0, data->axis)) : oneResult(y);
}

/// A product along the axis of the counts: both operands are 0 behind.
Result multiplyInFront(const Counted &c) {
  OnnxNode &node = c.node;
  const OnnxExtent *a = c.extent(0), *b = c.extent(1);
  int64_t left = node.hasInput(0) ? rankOf(node, node.input(0)) : 0, right = node.hasInput(1) ? rankOf(node, node.input(1)) : 0;
  bool along = a && b && left >= 2 && right >= 2 && a->count == b->count && a->axis == left - 1 && b->axis == right - 2;
  if (!along)
    return std::nullopt;
  Value zero = node.scalar(node.dtype(node.input(0)), 0);
  return oneResult(node.matmul(c.masked(0, zero), c.masked(1, zero)));
}

/// A box and the number of its picture for every result; boxes behind the count take no time.
Result alignInFront(const Counted &c) {
  const OnnxExtent *boxes = c.extent(1), *batch = c.extent(2);
  if (c.extent(0) || !boxes || !batch || boxes->axis != 0 || batch->axis != 0 || boxes->count != batch->count)
    return std::nullopt;
  return oneResult(alignedBoxes(c.node, boxes->count), 0, c.entries(1, 0));
}

} // namespace

Value OnnxCounted::masked(int64_t i, Value neutral) const {
  Value x = node.input(i);
  llvm::ArrayRef<int64_t> shape = node.shape(x);
  return node.select(inFront(*extent(i), shape[extent(i)->axis], shape.size()), x, neutral);
}

std::optional<std::pair<int64_t, Value>> OnnxCounted::silenced() const {
  const OnnxExtent *first = extent(0), *second = extent(1);
  if (node.op() == "NonZero")
    return std::pair(0, masked(0, node.scalar(node.dtype(node.input(0)), 0)));
  bool boxes = node.op() == "NonMaxSuppression" && first && second && first->count == second->count && first->axis == 1 && second->axis == 2;
  if (boxes)
    return std::pair(1, masked(1, node.scalar(node.dtype(node.input(1)), -kFar)));
  int64_t axis = node.intAttr("axis", 0);
  bool slices = node.op() == "Compress" && second && rankOf(node, node.input(1)) == 1 && !node.badAxis(axis, rankOf(node, node.input(0)));
  if (slices && (!first || (first->axis == axis && (node.hasAttr("axis") || rankOf(node, node.input(0)) == 1))))
    return std::pair(1, masked(1, node.scalar(DType::Bool, 0)));
  return std::nullopt;
}

OnnxCountedFn mixingRule(llvm::StringRef op) {
  if (op.starts_with("Reduce"))
    return reduceInFront;
  return llvm::StringSwitch<OnnxCountedFn>(op)
      .Cases({"ArgMax", "ArgMin"}, argInFront)
      .Cases({"Softmax", "LogSoftmax"}, softmaxInFront)
      .Case("TopK", topInFront)
      .Case("CumSum", sumUp)
      .Case("Gather", gatherInFront)
      .Case("GatherElements", gatherElementsInFront)
      .Case("GatherND", gatherTuplesInFront)
      .Cases({"ScatterElements", "ScatterND"}, scatterInFront)
      .Case("MatMul", multiplyInFront)
      .Case("RoiAlign", alignInFront)
      .Default(nullptr);
}

} // namespace ingot
