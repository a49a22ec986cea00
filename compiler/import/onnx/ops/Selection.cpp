// Operators whose result's extent depends on data: NonZero, Compress, Unique, NonMaxSuppression. Known data give a result of that extent; else the
// result has room for the most there can be, and its extent is a value of its own (OnnxNode::setExtent).
#include "compiler/import/onnx/OpHelpers.h"

#include <limits>

using namespace mlir;

namespace ingot {

using nn::BinaryKind;
using nn::ReduceKind;
using nn::UnaryKind;

constexpr double kLowest = -std::numeric_limits<double>::infinity();

/// Sum over all of a vector of booleans, as an i64 scalar.
static Value countOf(OnnxNode &node, Value flags) { return node.reduce(ReduceKind::sum, node.cast(flags, DType::I64), {0}, false); }

/// Writes i to result[slots[i]] for slots [n] below n; a slot n is thrown away. The rest is 0.
static Value placeAt(OnnxNode &node, Value slots, int64_t n) {
  Value room = splat(node, DType::I64, {n + 1}, 0);
  if (!node.ok())
    return {};
  Value all = node.create<nn::ScatterElementsOp>({room.getType()}, nn::ScatterKind::none, room, slots, iota(node, n, 0, 1), uint64_t(0));
  return node.slice(all, {0}, {n}, {1});
}

/// The places of the true ones of flags [n] in order, i64 [n]; behind them zeros.
static Value placesOf(OnnxNode &node, Value flags, int64_t n) {
  Value ones = node.cast(flags, DType::I64);
  if (!node.ok())
    return {};
  Value before = node.create<nn::CumulateOp>({ones.getType()}, ones, uint64_t(0), /*product=*/false, /*exclusive=*/true, /*reverse=*/false);
  return placeAt(node, node.select(flags, before, scalarI64(node, n)), n);
}

/// Row-major places [n] as coordinates [rank, n].
static Value coordinatesOf(OnnxNode &node, Value places, llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<Value> rows(shape.size());
  for (int64_t axis = shape.size() - 1, stride = 1; axis >= 0; --axis) {
    Value at = node.binary(BinaryKind::mod, node.binary(BinaryKind::div, places, scalarI64(node, stride)), scalarI64(node, std::max<int64_t>(shape[axis], 1)));
    rows[axis] = node.ok() ? unsqueeze(node, at, 0) : Value();
    stride *= std::max<int64_t>(shape[axis], 1);
  }
  return node.ok() ? node.concat(rows, 0) : Value();
}

/// Coordinates [rank, count] of the elements that are not zero.
static void importNonZero(OnnxNode &node) {
  Value x = node.input(0);
  Ints shape = node.shape(x).vec();
  int64_t n = elementCount(shape).value_or(0);
  if (shape.empty() || n == 0)
    return node.setOutput(0, node.constantOf(Tensor(DType::I64, {static_cast<int64_t>(shape.size()), 0})));
  Value flat = node.reshape(x, {n});
  Value flags = node.dtype(x) == DType::Bool ? flat : node.unary(UnaryKind::logical_not, node.binary(BinaryKind::equal, flat, node.scalar(node.dtype(x), 0)));
  Value places = placesOf(node, flags, n), count = node.ok() ? countOf(node, flags) : Value();
  Value result = node.ok() ? coordinatesOf(node, places, shape) : Value();
  node.setOutput(0, result);
  node.setExtent(0, 1, count);
}

/// Keeps the slices along `axis` (of the flattened input without one) whose condition is true.
static void importCompress(OnnxNode &node) {
  Value x = node.input(0), condition = node.input(1);
  std::optional<int64_t> axis = 0;
  if (node.hasAttr("axis"))
    axis = axisOf(node, 0, rankOf(node, x));
  else
    x = node.reshape(x, {elementCount(node.shape(x)).value_or(0)});
  if (!axis || !needRank(node, condition, 1, 1, "condition"))
    return;
  int64_t n = std::min(node.shape(condition)[0], node.shape(x)[*axis]);
  if (n == 0)
    return node.setOutput(0, gather(node, x, node.constantOf(Tensor::vectorI64({})), *axis));
  Value flags = node.slice(condition, {0}, {n}, {1});
  Value places = placesOf(node, flags, n);
  node.setOutput(0, gather(node, x, places, *axis));
  node.setExtent(0, *axis, node.ok() ? countOf(node, flags) : Value());
}

// ---- Unique -------------------------------------------------------------------------------------

/// How slices [n, m] compare: same [n, n], and below[i, j]: slice j comes before slice i.
struct Order {
  Value same, below;
};

static Order compareSlices(OnnxNode &node, Value slices, int64_t n, int64_t m) {
  Value a = node.reshape(slices, {n, 1, m}), b = node.reshape(slices, {1, n, m});
  Value differs = node.cast(node.unary(UnaryKind::logical_not, node.binary(BinaryKind::equal, a, b)), DType::U8);
  Value less = node.cast(node.binary(BinaryKind::less, b, a), DType::U8);
  if (!node.ok())
    return {};
  Value any = node.reduce(ReduceKind::max, differs, {2}, false);
  Value first = node.create<nn::ArgReduceOp>({node.type(DType::I64, {n, n, 1})}, differs, uint64_t(2), /*smallest=*/false, /*last=*/false);
  Value decides = node.create<nn::GatherElementsOp>({node.type(DType::U8, {n, n, 1})}, less, first, uint64_t(2));
  return {node.unary(UnaryKind::logical_not, node.cast(any, DType::Bool)), node.cast(node.reshape(decides, {n, n}), DType::Bool)};
}

/// For each row of flags [n, n] how many are true: i64 [n].
static Value countRows(OnnxNode &node, Value flags) { return node.reduce(ReduceKind::sum, node.cast(flags, DType::I64), {1}, false); }

static void importUnique(OnnxNode &node) {
  constexpr int64_t kMostPairs = int64_t(1) << 22; // elements that are compared with each other
  Value x = node.input(0);
  std::optional<int64_t> axis = 0;
  if (node.hasAttr("axis"))
    axis = axisOf(node, 0, rankOf(node, x));
  else
    x = node.reshape(x, {elementCount(node.shape(x)).value_or(0)});
  if (!axis || !node.ok())
    return;
  Ints perm = axesFrom(0, rankOf(node, x));
  perm.erase(perm.begin() + *axis);
  perm.insert(perm.begin(), *axis);
  int64_t n = node.shape(x)[*axis], all = elementCount(node.shape(x)).value_or(0);
  if (all == 0 || n > kMostPairs / all)
    return node.refuse("the input is empty, or has more elements than are compared with each other");
  Order order = compareSlices(node, node.reshape(node.transpose(x, perm), {n, all / n}), n, all / n);
  if (!node.ok())
    return;
  Value row = iota(node, n, 0, 2), column = iota(node, n, 1, 2);
  Value repeated = node.binary(BinaryKind::logical_and, order.same, node.binary(BinaryKind::less, column, row));
  Value isFirst = node.binary(BinaryKind::equal, countRows(node, repeated), scalarI64(node, 0));
  Value first = node.ok() ? node.create<nn::ArgReduceOp>({node.type(DType::I64, {n, 1})}, node.cast(order.same, DType::U8), uint64_t(1), false, false) : Value();
  Value before = node.intAttr("sorted", 1) ? order.below : node.binary(BinaryKind::less, column, first);
  Value place = countRows(node, node.binary(BinaryKind::logical_and, before, unsqueeze(node, isFirst, 0)));
  Value indices = placeAt(node, node.select(isFirst, place, scalarI64(node, n)), n), count = countOf(node, isFirst);
  if (!node.ok())
    return;
  Value none = splat(node, DType::I64, {n}, 0), ones = splat(node, DType::I64, {n}, 1);
  Value counts = node.create<nn::ScatterElementsOp>({none.getType()}, nn::ScatterKind::add, none, place, ones, uint64_t(0));
  const std::pair<Value, int64_t> results[] = {{gather(node, x, indices, *axis), *axis}, {indices, 0}, {place, -1}, {counts, 0}};
  for (int64_t i = 0; i < 4; ++i) {
    if (!node.wantsOutput(i))
      continue;
    node.setOutput(i, results[i].first);
    if (results[i].second >= 0)
      node.setExtent(i, results[i].second, count);
  }
}

// ---- NonMaxSuppression --------------------------------------------------------------------------

/// Boxes [B, N, 4] as (y0, x0, y1, x1), low before high.
static Value cornersOf(OnnxNode &node, Value boxes) {
  bool centre = node.intAttr("center_point_box", 0) != 0;
  Ints pair = node.shape(boxes).vec();
  pair[2] = 2;
  Value a = node.slice(boxes, {0, 0, 0}, pair, {1, 1, 1}), b = node.slice(boxes, {0, 0, 2}, pair, {1, 1, 1});
  if (!centre)
    return node.concat({node.binary(BinaryKind::min, a, b), node.binary(BinaryKind::max, a, b)}, 2);
  Value half = scaled(node, b, 0.5), order = node.constantOf(Tensor::vectorI64({1, 0, 3, 2}));
  Value corners = node.concat({node.binary(BinaryKind::sub, a, half), node.binary(BinaryKind::add, a, half)}, 2);
  return node.ok() ? gather(node, corners, order, 2) : Value();
}

static Value scalarInput(OnnxNode &node, int64_t i, double fallback) {
  if (!node.hasInput(i))
    return node.scalar(DType::F32, fallback);
  if (elementCount(node.shape(node.input(i))) == 1)
    return node.reshape(node.input(i), {});
  node.refuse("a threshold is no scalar");
  return {};
}

/// Rows (batch, class, box) of the boxes that are kept, best first in every class.
static void importNonMaxSuppression(OnnxNode &node) {
  Value boxes = node.input(0), scores = node.input(1);
  std::optional<int64_t> asked = node.hasInput(2) ? needInt(node, 2, "max_output_boxes_per_class") : int64_t(0);
  if (!asked || !needRank(node, boxes, 3, 3, "boxes") || !needRank(node, scores, 3, 3, "scores"))
    return;
  Ints shape = node.shape(scores).vec();
  int64_t picks = std::clamp<int64_t>(*asked, 0, shape[2]);
  if (node.shape(boxes) != llvm::ArrayRef<int64_t>{shape[0], shape[2], 4})
    return node.refuse("boxes and scores differ in number");
  if (picks == 0 || elementCount(shape) == 0)
    return node.setOutput(0, node.constantOf(Tensor(DType::I64, {0, 3})));
  Value corners = cornersOf(node, boxes), threshold = scalarInput(node, 3, 0), low = scalarInput(node, 4, kLowest);
  if (!node.ok())
    return;
  node.create<nn::SuppressBoxesOp>({node.type(DType::I64, shape), node.type(DType::I64, {shape[0], shape[1]})}, corners, scores, threshold, low,
                                   static_cast<uint64_t>(picks));
  if (!node.ok())
    return;
  Value kept = node.lastResults()[0], counts = node.lastResults()[1];
  int64_t n = shape[0] * shape[1] * picks;
  Value flags = node.reshape(node.binary(BinaryKind::less, iota(node, picks, 2, 3), node.reshape(counts, {shape[0], shape[1], 1})), {n});
  Value flat = node.reshape(node.slice(kept, {0, 0, 0}, {shape[0], shape[1], picks}, {1, 1, 1}), {n});
  Value places = placesOf(node, flags, n), where = coordinatesOf(node, places, {shape[0], shape[1], picks});
  Value box = node.ok() ? unsqueeze(node, gather(node, flat, places, 0), 0) : Value();
  Value rows = node.ok() ? node.concat({node.slice(where, {0, 0}, {2, n}, {1, 1}), box}, 0) : Value();
  node.setOutput(0, node.ok() ? node.transpose(rows, {1, 0}) : Value());
  node.setExtent(0, 0, node.ok() ? node.reduce(ReduceKind::sum, node.reshape(counts, {shape[0] * shape[1]}), {0}, false) : Value());
}

void registerSelection(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"NonZero", 9, 1, importNonZero}, {"Compress", 9, 2, importCompress}, {"Unique", 11, 1, importUnique},
                         {"NonMaxSuppression", 10, 2, importNonMaxSuppression}});
}

} // namespace ingot
