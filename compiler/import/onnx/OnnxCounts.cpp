// Extents that depend on data, where operators use them as numbers or cut at them: Shape and Size give them, shapes are made of them, reductions leave
// out what lies behind, and scattered entries behind go nowhere. OnnxExtents.cpp has the operators that only hand them on.
#include "compiler/import/onnx/OnnxImporter.h"
#include "compiler/import/onnx/OpHelpers.h"

#include <limits>

using namespace mlir;

namespace ingot {

using nn::BinaryKind;
using nn::ReduceKind;

/// A node with what is known about extents; rules give a result, or nullopt when the node is none of theirs.
struct OnnxCounted {
  struct Result {
    Value value;
    int64_t axis = -1; // which is shorter at run time; -1: none
    Value count = {};
  };
  OnnxNode &node;
  const llvm::DenseMap<Value, OnnxExtent> &extents;
  const llvm::DenseMap<Value, int64_t> &mosts; // count -> the most it can be

  const OnnxExtent *extent(int64_t i) const {
    auto found = node.input(i) ? extents.find(node.input(i)) : extents.end();
    return found == extents.end() ? nullptr : &found->second;
  }
};

namespace {

using Counted = OnnxCounted;
using Result = std::optional<OnnxCounted::Result>;

/// An element of a tensor of integers: a number, or a count and the most it can be.
struct Entry {
  int64_t number;
  Value count;
};

/// Where element `at` of an operation's result comes from: (operand, its element); an operand of -1: from no single one.
std::pair<int64_t, int64_t> sourceOf(OnnxNode &node, Operation *op, int64_t at) {
  if (llvm::isa<nn::ReshapeOp>(op) || (llvm::isa<nn::CastOp>(op) && !isFloat(node, op->getOperand(0))))
    return {0, at};
  bool vectors = llvm::all_of(op->getOperands(), [&](Value operand) { return node.shape(operand).size() <= 1; });
  if (!vectors)
    return {-1, 0};
  if (auto slice = llvm::dyn_cast<nn::SliceOp>(op))
    return {0, slice.getStarts()[0] + at * slice.getSteps()[0]};
  if (llvm::isa<nn::GatherOp>(op))
    if (std::optional<Tensor> indices = node.constant(op->getOperand(1))) {
      int64_t index = indices->intAt(at);
      return {0, index < 0 ? index + node.shape(op->getOperand(0))[0] : index};
    }
  if (!llvm::isa<nn::ConcatOp>(op))
    return {-1, 0};
  int64_t operand = 0;
  for (; at >= node.shape(op->getOperand(operand))[0]; ++operand)
    at -= node.shape(op->getOperand(operand))[0];
  return {operand, at};
}

std::optional<Entry> entryOf(const Counted &c, Value value, int64_t at) {
  for (;;) {
    if (auto most = c.mosts.find(value); most != c.mosts.end())
      return Entry{most->second, value};
    if (std::optional<Tensor> known = c.node.constant(value))
      return Entry{known->intAt(at), {}};
    Operation *op = value.getDefiningOp();
    std::pair<int64_t, int64_t> source = op ? sourceOf(c.node, op, at) : std::pair<int64_t, int64_t>(-1, 0);
    if (source.first < 0)
      return std::nullopt;
    value = op->getOperand(source.first);
    at = source.second;
  }
}

/// A shape with at most one count among its numbers.
struct Sizes {
  Ints most;         // the count as the most it can be
  int64_t axis = -1; // where the count is
  Value count;
};

std::optional<Sizes> sizesOf(const Counted &c, int64_t i) {
  Value shape = c.node.input(i);
  if (!shape || c.node.shape(shape).size() != 1)
    return std::nullopt;
  Sizes sizes;
  for (int64_t k = 0; k < c.node.shape(shape)[0]; ++k) {
    std::optional<Entry> entry = entryOf(c, shape, k);
    if (!entry || (entry->count && sizes.count))
      return std::nullopt;
    sizes.most.push_back(entry->number);
    if (entry->count)
      sizes.axis = k, sizes.count = entry->count;
  }
  return sizes;
}

Value scalarI64(OnnxNode &node, int64_t value) { return node.constantOf(Tensor::vectorI64({value}).reshaped({})); }

/// True for entries in front of the count: [1 .. n .. 1], n on `axis`.
Value inFront(OnnxNode &node, const OnnxExtent &extent, int64_t n, int64_t rank) {
  return node.binary(BinaryKind::less, iota(node, n, extent.axis, rank), extent.count);
}

// ---- counts as numbers ----------------------------------------------------------------------------

Result giveShape(const Counted &c) {
  const OnnxExtent *extent = c.extent(0);
  if (!extent)
    return std::nullopt;
  llvm::ArrayRef<int64_t> shape = c.node.shape(c.node.input(0));
  int64_t rank = shape.size(), start = c.node.intAttr("start", 0), end = c.node.intAttr("end", rank);
  start = std::clamp<int64_t>(start < 0 ? start + rank : start, 0, rank);
  end = std::clamp<int64_t>(end < 0 ? end + rank : end, 0, rank);
  llvm::SmallVector<Value> parts;
  for (int64_t axis = start; axis < end; ++axis)
    parts.push_back(axis == extent->axis ? c.node.reshape(extent->count, {1}) : c.node.constantOf(Tensor::vectorI64({shape[axis]})));
  return Counted::Result{parts.empty() ? c.node.constantOf(Tensor::vectorI64({})) : c.node.concat(parts, 0)};
}

Result giveSize(const Counted &c) {
  const OnnxExtent *extent = c.extent(0);
  if (!extent)
    return std::nullopt;
  int64_t each = 1;
  for (auto [axis, n] : llvm::enumerate(c.node.shape(c.node.input(0))))
    each *= static_cast<int64_t>(axis) == extent->axis ? 1 : n;
  return Counted::Result{c.node.binary(BinaryKind::mul, extent->count, scalarI64(c.node, each))};
}

/// The axis of the new shape that the count is on: the one that names it, copies it, or takes what is left; -1 when there is none.
int64_t countedAxis(const Counted &c, const Sizes &sizes, const OnnxExtent &extent) {
  bool copies = !c.node.intAttr("allowzero", 0) && extent.axis < static_cast<int64_t>(sizes.most.size()) && sizes.most[extent.axis] == 0;
  if (sizes.count)
    return sizes.count == extent.count && !copies ? sizes.axis : -1;
  auto rest = llvm::find(sizes.most, -1);
  return copies ? extent.axis : rest == sizes.most.end() ? -1 : rest - sizes.most.begin();
}

/// Axes in front of the count and behind it are split and joined among themselves; those behind may join it.
Result reshapeAround(const Counted &c) {
  const OnnxExtent *extent = c.extent(0);
  std::optional<Sizes> sizes = extent ? sizesOf(c, 1) : std::nullopt;
  int64_t axis = sizes ? countedAxis(c, *sizes, *extent) : -1;
  if (axis < 0)
    return std::nullopt;
  Ints from = c.node.shape(c.node.input(0)).vec(), to = sizes->most;
  bool zeros = c.node.intAttr("allowzero", 0) != 0;
  for (size_t i = 0; i < to.size(); ++i)
    to[i] = to[i] == 0 && !zeros && i < from.size() ? from[i] : to[i];
  to[axis] = from[extent->axis];
  llvm::ArrayRef<int64_t> was(from), is(to);
  auto product = [](llvm::ArrayRef<int64_t> list) { return elementCount(list).value_or(-1); };
  auto rest = llvm::find(is.drop_front(axis + 1), -1);
  int64_t inner = product(was.drop_front(extent->axis + 1)), wild = rest == is.end() ? axis : rest - is.begin();
  bool takesRest = sizes->most[wild] == -1;
  to[wild] = takesRest && wild != axis ? 1 : to[wild];
  int64_t behind = product(is.drop_front(axis + 1)), times = takesRest && behind > 0 ? inner / behind : 1;
  if (product(is.take_front(axis)) != product(was.take_front(extent->axis)) || behind * times != inner)
    return std::nullopt;
  to[wild] *= times;
  Value count = wild == axis && times != 1 ? c.node.binary(BinaryKind::mul, extent->count, scalarI64(c.node, times)) : extent->count;
  return Counted::Result{c.node.reshape(c.node.input(0), to), axis, count};
}

/// The first entries of one axis, as many as a count says.
Result sliceTo(const Counted &c) {
  std::optional<Tensor> starts = c.node.constant(1), axes = c.node.constant(3), steps = c.node.constant(4);
  std::optional<Sizes> end = starts && starts->count() == 1 && starts->intAt(0) == 0 ? sizesOf(c, 2) : std::nullopt;
  if (!end || !end->count || end->most.size() != 1 || (c.node.hasInput(3) && !axes) || (c.node.hasInput(4) && (!steps || steps->intAt(0) != 1)))
    return std::nullopt;
  int64_t axis = axes ? axes->intAt(0) : 0;
  Ints shape = c.node.shape(c.node.input(0)).vec();
  const OnnxExtent *extent = c.extent(0);
  if (c.node.badAxis(axis, shape.size()) || (extent && extent->axis != axis))
    return std::nullopt;
  Value had = extent ? extent->count : scalarI64(c.node, shape[axis]), least = c.node.binary(BinaryKind::min, had, end->count);
  bool whole = extent ? extent->count == end->count : end->most[0] <= shape[axis];
  shape[axis] = std::min(shape[axis], end->most[0]);
  Value part = c.node.slice(c.node.input(0), Ints(shape.size(), 0), shape, Ints(shape.size(), 1));
  return Counted::Result{part, axis, whole ? end->count : least};
}

Result expandTo(const Counted &c) {
  const OnnxExtent *extent = c.extent(0);
  std::optional<Sizes> sizes = sizesOf(c, 1);
  if (!sizes || (!extent && !sizes->count) || (extent && sizes->count && sizes->count != extent->count))
    return std::nullopt;
  Ints from = c.node.shape(c.node.input(0)).vec(), to = sizes->most;
  int64_t rank = std::max(from.size(), to.size()), had = extent ? extent->axis + rank - static_cast<int64_t>(from.size()) : -1;
  int64_t axis = sizes->count ? sizes->axis + rank - static_cast<int64_t>(to.size()) : had;
  from.insert(from.begin(), rank - from.size(), 1);
  to.insert(to.begin(), rank - to.size(), 1);
  bool fits = extent ? had == axis && (sizes->count || to[axis] == 1) : from[axis] == 1;
  for (int64_t i = 0; i < rank; ++i)
    to[i] = to[i] == 1 ? from[i] : to[i];
  return fits ? Result(Counted::Result{c.node.broadcast(c.node.input(0), to), axis, extent ? extent->count : sizes->count}) : std::nullopt;
}

Result fillShape(const Counted &c) {
  std::optional<Sizes> sizes = sizesOf(c, 0);
  if (!sizes || !sizes->count)
    return std::nullopt;
  Tensor value = c.node.tensorAttr("value").value_or(filled(DType::F32, {1}, 0));
  return Counted::Result{c.node.broadcast(c.node.constantOf(value), sizes->most), sizes->axis, sizes->count};
}

// ---- what lies behind the count -------------------------------------------------------------------

/// What a reduction takes no notice of; nullopt for kinds and types without.
std::optional<double> neutralOf(OnnxNode &node, ReduceKind kind, Value x) {
  if (kind == ReduceKind::max || kind == ReduceKind::min) {
    double far = std::numeric_limits<double>::infinity();
    return isFloat(node, x) ? std::optional(kind == ReduceKind::max ? -far : far) : std::nullopt;
  }
  return kind == ReduceKind::prod ? 1 : 0;
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
  Value x = node.input(0);
  std::optional<double> neutral = extent && kind ? neutralOf(node, *kind, x) : std::nullopt;
  std::optional<Ints> axes = neutral ? axesOf(node, 1) : std::nullopt;
  int64_t rank = neutral ? rankOf(node, x) : 0;
  if (neutral && (!axes || axes->empty()))
    axes = node.intAttr("noop_with_empty_axes", 0) ? Ints() : axesFrom(0, rank);
  if (!axes || !normaliseAxes(node, *axes, rank) || !llvm::is_contained(*axes, extent->axis))
    return std::nullopt;
  Ints shape = node.shape(x).vec();
  Value masked = node.select(inFront(node, *extent, shape[extent->axis], rank), x, node.scalar(node.dtype(x), *neutral));
  Value y = node.reduce(*kind, masked, *axes, node.intAttr("keepdims", 1) != 0);
  if (node.op() != "ReduceMean")
    return Counted::Result{y};
  int64_t each = 1;
  for (int64_t axis : *axes)
    each *= axis == extent->axis ? 1 : shape[axis];
  Value entries = node.binary(BinaryKind::mul, extent->count, scalarI64(node, each));
  return Counted::Result{node.binary(BinaryKind::div, y, node.cast(entries, node.dtype(x)))};
}

/// Writes into data with one more slice on `axis`, which takes what lies behind the count and is cut off again. There are as many updates as places.
Result scatterInFront(const Counted &c) {
  OnnxNode &node = c.node;
  const OnnxExtent *indices = c.extent(1), *updates = c.extent(2);
  std::optional<nn::ScatterKind> kind = nn::symbolizeScatterKind(node.stringAttr("reduction", "none"));
  bool tuples = node.op() == "ScatterND";
  if (!indices || !updates || indices->axis != updates->axis || c.extent(0) || !kind)
    return std::nullopt;
  Value x = node.input(0), at = node.cast(node.input(1), DType::I64);
  Ints shape = node.shape(x).vec(), room = shape, places = node.shape(at).vec(), steps(shape.size(), 1);
  int64_t rank = places.size(), axis = tuples ? 0 : node.intAttr("axis", 0);
  if (places.empty() || shape.empty() || (tuples && (indices->axis == rank - 1 || places.back() > static_cast<int64_t>(shape.size()))))
    return std::nullopt;
  if (node.badAxis(axis, shape.size()))
    return std::nullopt;
  Ints extents = tuples ? Ints(shape.begin(), shape.begin() + places.back()) : Ints{shape[axis]}, behind = extents;
  std::fill(behind.begin() + 1, behind.end(), 0);
  Value wrapped = node.binary(BinaryKind::add, at, node.constantOf(Tensor::vectorI64(extents)));
  Value index = node.select(node.binary(BinaryKind::less, at, scalarI64(node, 0)), wrapped, at);
  index = node.select(inFront(node, *indices, places[indices->axis], rank), index, node.constantOf(Tensor::vectorI64(behind)));
  room[axis] = 1;
  Value data = node.concat({x, splat(node, node.dtype(x), room, 0)}, axis);
  if (!node.ok())
    return std::nullopt;
  Value all = tuples ? node.create<nn::ScatterNdOp>({data.getType()}, *kind, data, index, node.input(2))
                     : node.create<nn::ScatterElementsOp>({data.getType()}, *kind, data, index, node.input(2), static_cast<uint64_t>(axis));
  return Counted::Result{node.slice(all, Ints(shape.size(), 0), shape, steps)};
}

using CountedFn = Result (*)(const Counted &);

CountedFn ruleOf(llvm::StringRef op) {
  if (op.starts_with("Reduce"))
    return reduceInFront;
  return llvm::StringSwitch<CountedFn>(op)
      .Case("Shape", giveShape)
      .Case("Size", giveSize)
      .Case("Reshape", reshapeAround)
      .Case("Expand", expandTo)
      .Case("Slice", sliceTo)
      .Case("ConstantOfShape", fillShape)
      .Cases({"ScatterElements", "ScatterND"}, scatterInFront)
      .Default(nullptr);
}

} // namespace

/// True when the node uses an extent that depends on data in one of these ways; then it is done with.
bool OnnxImporter::importCounted(const onnx::NodeProto &proto, Scope &scope, const OnnxFrame &next) {
  CountedFn rule = mosts.empty() || !plainDomain(proto.domain()).empty() || proto.output_size() != 1 ? nullptr : ruleOf(proto.op_type());
  if (!rule)
    return false;
  auto version = scope.opsets->find("");
  frame = next;
  OnnxNode node(*this, proto, version == scope.opsets->end() ? 1 : version->second);
  Result made = rule({node, extents, mosts});
  bool good = made && made->value && node.ok() && frame.attributeError.empty() && frame.error.empty();
  frame = {};
  if (!good)
    return false;
  define(proto.output(0), {OnnxEntry::Known, made->value, nullptr}, scope, &proto);
  if (made->axis >= 0) {
    extents[made->value] = {made->axis, made->count};
    mosts.try_emplace(made->count, llvm::cast<RankedTensorType>(made->value.getType()).getDimSize(made->axis));
  }
  return true;
}

} // namespace ingot
