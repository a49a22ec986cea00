// Reductions, arg-reductions, running sums and TopK.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

using nn::ReduceKind;

/// Maximum and minimum of booleans go through ui8.
static Value reduceAny(OnnxNode &node, ReduceKind kind, Value x, llvm::ArrayRef<int64_t> axes, bool keep) {
  if (node.dtype(x) != DType::Bool)
    return node.reduce(kind, x, axes, keep);
  return node.cast(node.reduce(kind, node.cast(x, DType::U8), axes, keep), DType::Bool);
}

static OnnxImportFn reduce(ReduceKind kind) {
  return [kind](OnnxNode &node) {
    Value x = node.input(0);
    int64_t rank = rankOf(node, x);
    bool keep = node.intAttr("keepdims", 1) != 0;
    std::optional<Ints> axes = axesOf(node, 1);
    if (!node.ok())
      return;
    if (!axes || axes->empty()) {
      if (node.intAttr("noop_with_empty_axes", 0))
        return node.setOutput(0, reduceAny(node, kind, x, {}, true));
      axes = axesFrom(0, rank);
    }
    if (normaliseAxes(node, *axes, rank))
      node.setOutput(0, reduceAny(node, kind, x, *axes, keep));
  };
}

static OnnxImportFn argReduce(bool smallest) {
  return [smallest](OnnxNode &node) {
    Value x = node.input(0);
    std::optional<int64_t> axis = axisOf(node, 0, rankOf(node, x));
    if (!axis)
      return;
    Ints shape = node.shape(x).vec();
    if (shape[*axis] == 0)
      return node.refuse("the axis to search is empty");
    shape[*axis] = 1;
    bool last = node.intAttr("select_last_index", 0) != 0;
    Value y = node.create<nn::ArgReduceOp>({node.type(DType::I64, shape)}, x, static_cast<uint64_t>(*axis), smallest, last);
    node.setOutput(0, node.intAttr("keepdims", 1) ? y : squeezeAxis(node, y, *axis));
  };
}

static OnnxImportFn cumulate(bool product) {
  return [product](OnnxNode &node) {
    Value x = node.input(0);
    std::optional<int64_t> axis = needInt(node, 1, "axis");
    if (!axis || node.badAxis(*axis, rankOf(node, x)))
      return;
    bool exclusive = node.intAttr("exclusive", 0) != 0, reverse = node.intAttr("reverse", 0) != 0;
    node.setOutput(0, node.create<nn::CumulateOp>({x.getType()}, x, static_cast<uint64_t>(*axis), product, exclusive, reverse));
  };
}

static void importTopK(OnnxNode &node) {
  Value x = node.input(0);
  std::optional<int64_t> k = node.opset() < 10 ? node.intAttr("k", 0) : needInt(node, 1, "k");
  std::optional<int64_t> axis = axisOf(node, -1, rankOf(node, x));
  if (!k || !axis)
    return;
  Ints shape = node.shape(x).vec();
  if (*k < 0 || *k > shape[*axis])
    return node.refuse("k = " + std::to_string(*k) + " is out of range for an axis of " + std::to_string(shape[*axis]));
  shape[*axis] = *k;
  bool smallest = node.intAttr("largest", 1) == 0;
  Value values = node.create<nn::TopKOp>({node.type(node.dtype(x), shape), node.type(DType::I64, shape)}, x, static_cast<uint64_t>(*axis), smallest);
  if (!node.ok() || node.lastResults().size() != 2)
    return;
  node.setOutput(0, values);
  if (node.wantsOutput(1))
    node.setOutput(1, node.lastResults()[1]);
}

void registerReduce(OnnxOpRegistry &registry) {
  addRows(registry, "", {
    {"ReduceSum", 1, 1, reduce(ReduceKind::sum)}, {"ReduceMean", 1, 1, reduce(ReduceKind::mean)}, {"ReduceMax", 1, 1, reduce(ReduceKind::max)},
    {"ReduceMin", 1, 1, reduce(ReduceKind::min)}, {"ReduceProd", 1, 1, reduce(ReduceKind::prod)}, {"ReduceL1", 1, 1, reduce(ReduceKind::l1)},
    {"ReduceL2", 1, 1, reduce(ReduceKind::l2)}, {"ReduceSumSquare", 1, 1, reduce(ReduceKind::sum_square)},
    {"ReduceLogSum", 1, 1, reduce(ReduceKind::log_sum)}, {"ReduceLogSumExp", 1, 1, reduce(ReduceKind::log_sum_exp)},
    {"ArgMax", 1, 1, argReduce(false)}, {"ArgMin", 1, 1, argReduce(true)}, {"CumSum", 11, 2, cumulate(false)}, {"CumProd", 26, 2, cumulate(true)},
    {"TopK", 1, 1, importTopK}});
}

} // namespace ingot
