// Values whose extent on one axis depends on data. They are as long as they can be, entries behind the extent are unspecified. An operator whose result's
// entry i comes from its operands' entries i alone can take them: its result has the same extent, on an axis that follows from the operator.
#include "compiler/import/onnx/OnnxImporter.h"

using namespace mlir;

namespace ingot {
namespace {

/// A node and, by operand, the axis that is shorter at run time; -1 for none.
struct Varying {
  OnnxNode &node;
  llvm::ArrayRef<Value> inputs;
  llvm::SmallVector<int64_t> axes;

  int64_t rank(size_t i) const { return static_cast<int64_t>(node.shape(inputs[i]).size()); }
  bool fixed(size_t i) const { return i >= axes.size() || axes[i] < 0; }
};

using FollowFn = int64_t (*)(const Varying &); // the result's axis, -1 when it cannot be followed

/// Axes from the attribute, or from operand i, non-negative for `rank`; nullopt when they are not known.
std::optional<std::vector<int64_t>> axesFor(const Varying &v, size_t i, int64_t rank) {
  std::vector<int64_t> axes = v.node.intsAttr("axes");
  if (i < v.inputs.size() && v.inputs[i]) {
    std::optional<Tensor> known = v.node.constant(v.inputs[i]);
    if (!known)
      return std::nullopt;
    for (int64_t k = 0; k < known->count(); ++k)
      axes.push_back(known->intAt(k));
  }
  for (int64_t &axis : axes)
    axis += axis < 0 ? rank : 0;
  llvm::sort(axes);
  return axes;
}

/// The axis when those of `gone` are taken away; -1 when it is one of them.
int64_t without(llvm::ArrayRef<int64_t> gone, int64_t axis) {
  if (llvm::is_contained(gone, axis))
    return -1;
  return axis - llvm::count_if(gone, [&](int64_t g) { return g < axis; });
}

/// Operands broadcast: those that do not vary must not reach along the axis.
int64_t followElements(const Varying &v) {
  int64_t rank = 0, fromEnd = -1;
  for (size_t i = 0; i < v.inputs.size(); ++i) {
    if (!v.inputs[i])
      continue;
    rank = std::max(rank, v.rank(i));
    if (v.fixed(i))
      continue;
    if (fromEnd >= 0 && fromEnd != v.rank(i) - v.axes[i])
      return -1;
    fromEnd = v.rank(i) - v.axes[i];
  }
  for (size_t i = 0; i < v.inputs.size(); ++i)
    if (v.inputs[i] && v.fixed(i) && v.rank(i) >= fromEnd && v.node.shape(v.inputs[i])[v.rank(i) - fromEnd] != 1)
      return -1;
  return rank - fromEnd;
}

int64_t followTranspose(const Varying &v) {
  std::vector<int64_t> perm = v.node.intsAttr("perm");
  if (perm.empty())
    return v.rank(0) - 1 - v.axes[0];
  auto found = llvm::find(perm, v.axes[0]);
  return found == perm.end() ? -1 : found - perm.begin();
}

int64_t followSqueeze(const Varying &v) {
  std::optional<std::vector<int64_t>> axes = v.fixed(0) ? std::nullopt : axesFor(v, 1, v.rank(0));
  if (!axes || v.node.shape(v.inputs[0])[v.axes[0]] == 1) // which may be dropped where it has one entry
    return axes && !axes->empty() ? without(*axes, v.axes[0]) : -1;
  for (int64_t axis = 0, all = axes->empty(); axis < v.rank(0); ++axis)
    if (all && axis != v.axes[0] && v.node.shape(v.inputs[0])[axis] == 1)
      axes->push_back(axis);
  return without(*axes, v.axes[0]);
}

int64_t followUnsqueeze(const Varying &v) {
  std::optional<std::vector<int64_t>> axes = v.fixed(0) ? std::nullopt : axesFor(v, 1, 0);
  if (!axes)
    return -1;
  int64_t axis = v.axes[0], rank = v.rank(0) + static_cast<int64_t>(axes->size());
  for (int64_t &added : *axes)
    added += added < 0 ? rank : 0;
  llvm::sort(*axes);
  for (int64_t added : *axes)
    axis += added <= axis;
  return axis;
}

/// The attribute, from 0 on among `rank` axes.
int64_t axisAttr(const Varying &v, int64_t fallback, int64_t rank) {
  int64_t axis = v.node.intAttr("axis", fallback);
  return axis < 0 ? axis + rank : axis;
}

/// Negative indices count from the end, which is known only where the data do not vary on that axis.
int64_t followGather(const Varying &v) {
  if (v.inputs.size() < 2 || !v.inputs[0] || !v.inputs[1])
    return -1;
  int64_t axis = axisAttr(v, 0, v.rank(0));
  if (v.fixed(0))
    return axis + v.axes[1];
  if (!v.fixed(1) || v.axes[0] == axis)
    return -1;
  return v.axes[0] < axis ? v.axes[0] : v.axes[0] - 1 + v.rank(1);
}

int64_t followGatherNd(const Varying &v) {
  bool rows = v.fixed(0) && v.inputs.size() == 2 && v.axes[1] >= 0 && v.axes[1] + 1 < v.rank(1) && v.node.intAttr("batch_dims", 0) == 0;
  return rows ? v.axes[1] : -1;
}

int64_t followConcat(const Varying &v) {
  int64_t axis = v.node.intAttr("axis", 0);
  for (size_t i = 0; i < v.inputs.size(); ++i)
    if (v.fixed(i) || v.axes[i] != v.axes[0] || v.axes[i] == axis || v.axes[i] == axis + v.rank(i))
      return -1;
  return v.axes[0];
}

int64_t followSlice(const Varying &v) {
  if (v.fixed(0))
    return -1;
  std::optional<std::vector<int64_t>> axes = axesFor(v, 3, v.rank(0));
  bool listed = axes && !axes->empty() && !llvm::is_contained(*axes, v.axes[0]);
  return listed ? v.axes[0] : -1;
}

int64_t followSplit(const Varying &v) {
  int64_t axis = v.node.intAttr("axis", 0);
  return v.fixed(0) || axis == v.axes[0] || axis + v.rank(0) == v.axes[0] ? -1 : v.axes[0];
}

int64_t followReduce(const Varying &v) {
  std::optional<std::vector<int64_t>> axes = v.fixed(0) ? std::nullopt : axesFor(v, 1, v.rank(0));
  if (!axes || axes->empty() || llvm::is_contained(*axes, v.axes[0]))
    return -1;
  return v.node.intAttr("keepdims", 1) ? v.axes[0] : without(*axes, v.axes[0]);
}

int64_t followSoftmax(const Varying &v) {
  bool old = v.node.opset() < 13; // which takes all axes from `axis` on as one
  int64_t axis = axisAttr(v, old ? 1 : -1, v.rank(0));
  return (old ? v.axes[0] < axis : v.axes[0] != axis) ? v.axes[0] : -1;
}

/// Along another axis than the count's.
int64_t followTopK(const Varying &v) {
  return !v.fixed(0) && v.fixed(1) && v.axes[0] != axisAttr(v, -1, v.rank(0)) ? v.axes[0] : -1;
}

/// Pictures of a batch, each for itself.
int64_t followBatch(const Varying &v) {
  bool others = v.axes[0] == 0 && v.rank(0) > 1;
  for (size_t i = 1; i < v.inputs.size(); ++i)
    others &= v.fixed(i);
  return others ? 0 : -1;
}

int64_t followTile(const Varying &v) {
  std::optional<Tensor> repeats = v.fixed(0) || v.inputs.size() != 2 ? std::nullopt : v.node.constant(v.inputs[1]);
  return repeats && repeats->count() == v.rank(0) && repeats->intAt(v.axes[0]) == 1 ? v.axes[0] : -1;
}

int64_t followLayerNorm(const Varying &v) {
  return !v.fixed(0) && v.axes[0] < axisAttr(v, -1, v.rank(0)) ? v.axes[0] : -1;
}

int64_t followOneHot(const Varying &v) {
  bool indices = !v.fixed(0) && v.fixed(1) && v.fixed(2);
  return indices ? v.axes[0] + (axisAttr(v, -1, v.rank(0) + 1) <= v.axes[0]) : -1;
}

/// Rows of the left operand against one fixed matrix, or matrices of one batch.
int64_t followProduct(const Varying &v) {
  bool batches = v.node.op() == "MatMul" && !v.fixed(0) && !v.fixed(1) && v.rank(0) == v.rank(1) && v.axes[0] == v.axes[1] && v.axes[0] + 2 < v.rank(0);
  if (batches)
    return v.axes[0];
  bool gemm = v.node.op() == "Gemm";
  bool rows = v.inputs.size() >= 2 && !v.fixed(0) && v.fixed(1) && v.axes[0] + 1 < v.rank(0) && v.rank(1) == 2 && !(gemm && v.node.intAttr("transA", 0));
  if (rows && gemm && v.inputs.size() > 2 && v.inputs[2])
    rows = v.fixed(2) && (v.rank(2) < 2 || v.node.shape(v.inputs[2])[0] == 1);
  return rows ? v.axes[0] : -1;
}

constexpr llvm::StringLiteral kElementwise[] = {
    "Abs", "Acos", "Add", "And", "Asin", "Atan", "Cast", "Ceil", "Clip", "Cos", "Div", "Elu", "Equal", "Erf", "Exp", "Floor", "Gelu", "Greater", "GreaterOrEqual",
    "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN", "LeakyRelu", "Less", "LessOrEqual", "Log", "Max", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or",
    "PRelu", "Pow", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Tan", "Tanh", "Where", "Xor"};

constexpr llvm::StringLiteral kBatched[] = {"AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "DepthToSpace", "GlobalAveragePool", "GlobalMaxPool",
    "GroupNormalization", "InstanceNormalization", "LRN", "MaxPool", "Resize", "SpaceToDepth"};

FollowFn followOf(llvm::StringRef op) {
  if (llvm::is_contained(kElementwise, op))
    return followElements;
  if (llvm::is_contained(kBatched, op))
    return followBatch;
  return llvm::StringSwitch<FollowFn>(op)
      .Case("Transpose", followTranspose)
      .Case("Squeeze", followSqueeze)
      .Case("Unsqueeze", followUnsqueeze)
      .Case("Gather", followGather)
      .Case("GatherND", followGatherNd)
      .Case("Concat", followConcat)
      .Case("Slice", followSlice)
      .Case("Split", followSplit)
      .Cases({"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2"}, followReduce)
      .Cases({"Softmax", "LogSoftmax"}, followSoftmax)
      .Cases({"MatMul", "Gemm"}, followProduct)
      .Case("TopK", followTopK)
      .Case("Tile", followTile)
      .Case("LayerNormalization", followLayerNorm)
      .Case("OneHot", followOneHot)
      .Default(nullptr);
}

} // namespace

/// The value with `count` entries on an axis: cut to the most there can be, and remembered unless that is what there is.
Value OnnxImporter::limited(OnnxNode &node, Value value, int64_t axis, OnnxSum count) {
  llvm::SmallVector<int64_t> sizes(node.shape(value)), zeros(sizes.size(), 0), ones(sizes.size(), 1);
  count = numbers.least(node, count, {sizes[axis]});
  sizes[axis] = numbers.rangeOf(count).high;
  bool whole = node.shape(value)[axis] == sizes[axis];
  value = node.slice(value, zeros, sizes, ones);
  if (!node.ok() || count.known())
    return value;
  if (whole && llvm::is_contained(frame.inputs, value)) // which keeps its own extent
    value = node.create<nn::ReshapeOp>({value.getType()}, value);
  if (value)
    extents[value] = {axis, numbers.value(node, count)};
  return value;
}

/// condition ? a : b. They may differ in the extent of one axis, which then depends on the condition; null when they differ in more.
Value OnnxImporter::merged(OnnxNode &node, Value condition, Value a, Value b) {
  auto first = extents.find(a), second = extents.find(b);
  llvm::SmallVector<int64_t> x(node.shape(a)), y(node.shape(b));
  int64_t axis = first != extents.end() ? first->second.axis : second != extents.end() ? second->second.axis : -1;
  if (node.dtype(a) != node.dtype(b) || x.size() != y.size() || (first != extents.end() && second != extents.end() && second->second.axis != axis))
    return {};
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] != y[i] && axis >= 0 && axis != static_cast<int64_t>(i))
      return {};
    axis = x[i] != y[i] ? static_cast<int64_t>(i) : axis;
  }
  if (axis < 0)
    return node.select(condition, a, b);
  auto entries = [&](auto counted, int64_t most) { return counted == extents.end() ? OnnxSum{most} : numbers.sum(counted->second.count); };
  OnnxSum count = numbers.choice(node, condition, entries(first, x[axis]), entries(second, y[axis]));
  int64_t most = std::max(x[axis], y[axis]);
  auto widened = [&](Value value, int64_t had) {
    llvm::SmallVector<int64_t> more(node.shape(value));
    more[axis] = most - had;
    Value zeros = had == most ? Value() : splat(node, node.dtype(value), more, 0);
    return had == most ? value : had == 0 ? zeros : node.concat({value, zeros}, axis);
  };
  a = widened(a, x[axis]);
  b = widened(b, y[axis]);
  Value either = node.select(condition, a, b);
  return either ? limited(node, either, axis, count) : Value();
}

/// True when the node uses an extent that depends on data as a number, cuts or joins by it, or mixes what is in front of it; then it is done with.
bool OnnxImporter::importCounted(const onnx::NodeProto &proto, Scope &scope, const OnnxFrame &next) {
  if (!plainDomain(proto.domain()).empty() || proto.input_size() == 0)
    return false;
  const OnnxCountedFn rules[] = {countingRule(proto.op_type()), mixingRule(proto.op_type())};
  bool varies = llvm::any_of(next.inputs, [&](Value value) { return value && extents.count(value); });
  auto version = scope.opsets->find("");
  for (OnnxCountedFn rule : rules) {
    frame = next;
    OnnxNode node(*this, proto, version == scope.opsets->end() ? 1 : version->second);
    OnnxCountedResults made = rule ? rule({node, numbers, extents}) : std::nullopt;
    bool good = made && node.ok() && frame.attributeError.empty() && frame.error.empty();
    for (size_t i = 0; good && i < made->size(); ++i)
      if (OnnxCounted::Result &result = (*made)[i]; result.axis >= 0)
        result.value = limited(node, result.value, result.axis, result.count);
    good = good && node.ok() && llvm::all_of(*made, [](const OnnxCounted::Result &result) { return static_cast<bool>(result.value); });
    frame = {};
    for (int i = 0; good && i < std::min<int>(proto.output_size(), made->size()); ++i)
      if (!proto.output(i).empty())
        define(proto.output(i), {OnnxEntry::Known, (*made)[i].value, nullptr}, scope, &proto);
    if (good)
      return true;
  }
  if (!varies)
    return false;
  frame = next;
  OnnxNode node(*this, proto, version == scope.opsets->end() ? 1 : version->second);
  std::optional<std::pair<int64_t, Value>> silenced = OnnxCounted{node, numbers, extents}.silenced();
  frame = {};
  if (!silenced || !silenced->second)
    return false;
  OnnxFrame silent = next;
  silent.inputs[silenced->first] = silenced->second;
  importWithRule(proto, scope, std::move(silent));
  return true;
}

/// The first operand whose extent is known at run time only; "" for none, and for nodes that hand it on as it is.
std::string OnnxImporter::varyingInput(const onnx::NodeProto &proto, llvm::ArrayRef<Value> inputs) const {
  if (proto.op_type() == "Identity" || findFunction(proto))
    return "";
  for (auto [name, value] : llvm::zip(proto.input(), inputs))
    if (value && extents.count(value))
      return printable(name);
  return "";
}

/// Imports a node with such an operand, or says why it cannot be.
void OnnxImporter::importVarying(const onnx::NodeProto &proto, Scope &scope, OnnxFrame next, llvm::StringRef operand) {
  auto version = scope.opsets->find("");
  OnnxNode node(*this, proto, version == scope.opsets->end() ? 1 : version->second);
  llvm::SmallVector<Value, 4> inputs = next.inputs;
  Varying varying{node, inputs, {}};
  Value count;
  bool same = true;
  for (Value value : inputs) {
    auto found = value ? extents.find(value) : extents.end();
    varying.axes.push_back(found == extents.end() ? -1 : found->second.axis);
    if (found == extents.end())
      continue;
    same &= !count || count == found->second.count;
    count = found->second.count;
  }
  bool oneResult = proto.output_size() == 1 || proto.op_type() == "Split" || proto.op_type() == "TopK";
  FollowFn follow = plainDomain(proto.domain()).empty() && oneResult ? followOf(proto.op_type()) : nullptr;
  int64_t axis = follow && same ? follow(varying) : -1;
  bool known = follow || (plainDomain(proto.domain()).empty() && (countingRule(proto.op_type()) || mixingRule(proto.op_type())));
  if (axis < 0)
    return refuse(proto, "the extent of its operand '" + operand.str() + "' depends on data, and " +
                             (!known  ? "Ingot has no rule for this operator on such values"
                              : !same ? "another operand has another extent that does"
                                      : "this use of the operator needs an extent that is known, or would give a result with two that are not"), scope);
  importWithRule(proto, scope, std::move(next));
  for (const std::string &output : proto.output())
    if (OnnxEntry *entry = scope.find(output); entry && entry->kind == OnnxEntry::Known)
      extents[entry->value] = {axis, count};
}

} // namespace ingot
