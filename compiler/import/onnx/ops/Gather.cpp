// Picking and writing by index: the Gather and Scatter families and OneHot.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;

static Value indexOperand(OnnxNode &node, int64_t i) {
  Value indices = node.input(i);
  DType type = node.dtype(indices);
  if (isFloat(type) || type == DType::Bool) {
    node.refuse("the indices are no integers");
    return {};
  }
  return type == DType::I32 ? indices : node.cast(indices, DType::I64);
}

static void importGather(OnnxNode &node) {
  Value x = node.input(0), indices = indexOperand(node, 1);
  std::optional<int64_t> axis = axisOf(node, 0, rankOf(node, x));
  if (axis && node.ok())
    node.setOutput(0, gather(node, x, indices, *axis));
}

/// Every extent but the axis' is within the input's, so that no index leaves it.
static bool indexShapeFits(OnnxNode &node, Value x, Value indices, int64_t axis) {
  llvm::ArrayRef<int64_t> xs = node.shape(x), is = node.shape(indices);
  bool fits = xs.size() == is.size();
  for (size_t i = 0; fits && i < xs.size(); ++i)
    fits = static_cast<int64_t>(i) == axis || is[i] <= xs[i];
  if (!fits)
    node.refuse("the shape of the indices does not fit the input");
  return fits;
}

static void importGatherElements(OnnxNode &node) {
  Value x = node.input(0), indices = indexOperand(node, 1);
  std::optional<int64_t> axis = axisOf(node, 0, rankOf(node, x));
  if (!axis || !node.ok() || !indexShapeFits(node, x, indices, *axis))
    return;
  Type type = node.type(node.dtype(x), node.shape(indices));
  node.setOutput(0, node.create<nn::GatherElementsOp>({type}, x, indices, static_cast<uint64_t>(*axis)));
}

static void importGatherNd(OnnxNode &node) {
  Value x = node.input(0), indices = indexOperand(node, 1);
  int64_t batch = node.intAttr("batch_dims", 0);
  if (!node.ok() || !needRank(node, indices, 1, 16, "indices"))
    return;
  llvm::ArrayRef<int64_t> xs = node.shape(x), is = node.shape(indices);
  int64_t tuple = is.back(), rank = xs.size();
  if (batch < 0 || batch >= static_cast<int64_t>(is.size()) || tuple < 1 || tuple > rank - batch || xs.take_front(batch) != is.take_front(batch))
    return node.refuse("the shape of the indices does not fit the input");
  Ints shape = is.drop_back().vec();
  llvm::append_range(shape, xs.drop_front(batch + tuple));
  node.setOutput(0, node.create<nn::GatherNdOp>({node.type(node.dtype(x), shape)}, x, indices, static_cast<uint64_t>(batch)));
}

static std::optional<nn::ScatterKind> scatterKind(OnnxNode &node) {
  std::string name = node.stringAttr("reduction", "none");
  std::optional<nn::ScatterKind> kind = nn::symbolizeScatterKind(name);
  if (!kind)
    node.refuse("unknown reduction '" + name + "'");
  return kind;
}

static void importScatterElements(OnnxNode &node) {
  Value x = node.input(0), indices = indexOperand(node, 1), updates = node.input(2);
  std::optional<int64_t> axis = axisOf(node, 0, rankOf(node, x));
  std::optional<nn::ScatterKind> kind = scatterKind(node);
  if (!axis || !kind || !node.ok() || !indexShapeFits(node, x, indices, *axis))
    return;
  if (node.shape(updates) != node.shape(indices))
    return node.refuse("indices and updates differ in shape");
  node.setOutput(0, node.create<nn::ScatterElementsOp>({x.getType()}, *kind, x, indices, updates, static_cast<uint64_t>(*axis)));
}

static void importScatterNd(OnnxNode &node) {
  Value x = node.input(0), indices = indexOperand(node, 1), updates = node.input(2);
  std::optional<nn::ScatterKind> kind = scatterKind(node);
  if (!kind || !node.ok() || !needRank(node, indices, 1, 16, "indices"))
    return;
  llvm::ArrayRef<int64_t> xs = node.shape(x), is = node.shape(indices);
  int64_t tuple = is.back();
  if (tuple < 1 || tuple > static_cast<int64_t>(xs.size()))
    return node.refuse("the index tuples do not fit the input's rank");
  Ints want = is.drop_back().vec();
  llvm::append_range(want, xs.drop_front(tuple));
  if (node.shape(updates) != llvm::ArrayRef<int64_t>(want))
    return node.refuse("the shape of the updates does not fit indices and input");
  node.setOutput(0, node.create<nn::ScatterNdOp>({x.getType()}, *kind, x, indices, updates));
}

/// Indices in [-depth, depth - 1] hit one position of the new axis, others none.
static void importOneHot(OnnxNode &node) {
  Value indices = node.cast(node.input(0), DType::I64), values = node.input(2);
  std::optional<Tensor> depthTensor = needTensor(node, 1, "depth");
  if (!depthTensor)
    return;
  double extent = depthTensor->count() == 1 ? depthTensor->at(0) : -1;
  int64_t rank = rankOf(node, indices), axis = node.intAttr("axis", -1);
  if (!(extent >= 0 && extent < 2147483648.0) || node.shape(values) != llvm::ArrayRef<int64_t>{2})
    return node.refuse("'depth' is no scalar in range, or 'values' has no two elements");
  if (node.badAxis(axis, rank + 1))
    return;
  int64_t depth = static_cast<int64_t>(extent);
  Value zero = node.scalar(DType::I64, 0);
  Value wrapped = node.binary(BinaryKind::add, indices, node.scalar(DType::I64, static_cast<double>(depth)));
  Value index = node.select(node.binary(BinaryKind::less, indices, zero), wrapped, indices);
  Value hit = node.binary(BinaryKind::equal, unsqueeze(node, index, axis), iota(node, depth, axis, rank + 1));
  Value off = node.reshape(node.slice(values, {0}, {1}, {1}), {}), on = node.reshape(node.slice(values, {1}, {1}, {1}), {});
  node.setOutput(0, node.select(hit, on, off));
}

void registerGather(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"Gather", 1, 2, importGather}, {"GatherElements", 11, 2, importGatherElements}, {"GatherND", 11, 2, importGatherNd},
                         {"ScatterElements", 11, 3, importScatterElements}, {"Scatter", 9, 3, importScatterElements},
                         {"ScatterND", 11, 3, importScatterNd}, {"OneHot", 9, 3, importOneHot}});
}

} // namespace ingot
