// Pooling: windows (MaxPool, AveragePool, LpPool) and whole planes (GlobalMaxPool ...).
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

struct PoolShape {
  Window window;
  Ints result; // [N, C, spatial...]
};

static std::optional<PoolShape> poolShape(OnnxNode &node, Value x) {
  if (!needRank(node, x, 3, 5, "X"))
    return std::nullopt;
  llvm::ArrayRef<int64_t> in = node.shape(x).drop_front(2);
  std::optional<Window> window = readWindow(node, in, node.intsAttr("kernel_shape"));
  if (!window)
    return std::nullopt;
  bool ceil = node.intAttr("ceil_mode", 0) != 0;
  std::optional<Ints> extents = windowExtents(node, *window, in, ceil);
  if (!extents)
    return std::nullopt;
  Ints result = node.shape(x).take_front(2).vec();
  llvm::append_range(result, *extents);
  return PoolShape{*window, result};
}

static void createPool(OnnxNode &node, nn::PoolKind kind, uint64_t p) {
  Value x = node.input(0);
  std::optional<PoolShape> shape = poolShape(node, x);
  if (!shape)
    return;
  const Window &w = shape->window;
  bool indices = kind == nn::PoolKind::max && node.wantsOutput(1);
  llvm::SmallVector<Type, 2> types = {node.type(node.dtype(x), shape->result)};
  if (indices)
    types.push_back(node.type(DType::I64, shape->result));
  bool columnMajor = indices && node.intAttr("storage_order", 0) != 0;
  Value y = node.create<nn::PoolOp>(types, kind, x, w.kernel, w.strides, w.low, w.high, w.dilations, false, p, columnMajor);
  node.setOutput(0, y);
  if (indices && node.ok() && node.lastResults().size() == 2)
    node.setOutput(1, node.lastResults()[1]);
}

static void importMaxPool(OnnxNode &node) { createPool(node, nn::PoolKind::max, 2); }

Value averagedWindows(OnnxNode &node, Value x) {
  std::optional<PoolShape> shape = poolShape(node, x);
  if (!shape)
    return {};
  const Window &w = shape->window;
  return node.create<nn::PoolOp>({node.type(node.dtype(x), shape->result)}, nn::PoolKind::average, x, w.kernel, w.strides, w.low, w.high, w.dilations,
                                 node.intAttr("count_include_pad", 0) != 0, uint64_t(2), false);
}

static void importAveragePool(OnnxNode &node) {
  if (Value y = averagedWindows(node, node.input(0)))
    node.setOutput(0, y);
}

static void importLpPool(OnnxNode &node) {
  int64_t p = node.intAttr("p", 2);
  if (p < 1)
    return node.refuse("the attribute 'p' is not positive");
  createPool(node, nn::PoolKind::lp, p);
}

static OnnxImportFn globalPool(nn::ReduceKind kind) {
  return [kind](OnnxNode &node) {
    Value x = node.input(0);
    if (needRank(node, x, 2, 16, "X"))
      node.setOutput(0, node.reduce(kind, x, axesFrom(2, rankOf(node, x))));
  };
}

static void importGlobalLpPool(OnnxNode &node) {
  Value x = node.input(0);
  int64_t p = node.intAttr("p", 2);
  if (!needRank(node, x, 2, 16, "X"))
    return;
  Ints axes = axesFrom(2, rankOf(node, x));
  if (p == 1 || p == 2)
    return node.setOutput(0, node.reduce(p == 1 ? nn::ReduceKind::l1 : nn::ReduceKind::l2, x, axes));
  if (p < 1)
    return node.refuse("the attribute 'p' is not positive");
  DType type = node.dtype(x);
  Value powers = node.binary(nn::BinaryKind::pow, node.unary(nn::UnaryKind::abs, x), node.scalar(type, static_cast<double>(p)));
  Value sum = node.reduce(nn::ReduceKind::sum, powers, axes);
  node.setOutput(0, node.binary(nn::BinaryKind::pow, sum, node.scalar(type, 1.0 / static_cast<double>(p))));
}

/// The result's extents of a MaxUnpool without `output_shape`; nullopt and refused when they are out of range.
static std::optional<Ints> unpooledShape(OnnxNode &node, Value x) {
  llvm::ArrayRef<int64_t> in = node.shape(x).drop_front(2);
  std::optional<Window> w = readWindow(node, in, node.intsAttr("kernel_shape"));
  if (!w)
    return std::nullopt;
  Ints shape = node.shape(x).take_front(2).vec();
  for (size_t i = 0; i < in.size(); ++i)
    shape.push_back((in[i] - 1) * w->strides[i] - w->low[i] - w->high[i] + w->kernel[i]);
  if (elementCount(shape))
    return shape;
  node.refuse("the result's shape is out of range");
  return std::nullopt;
}

/// Writes every element at its index in a zero tensor of the inferred shape, which `output_shape` then enlarges at its end.
static void importMaxUnpool(OnnxNode &node) {
  Value x = node.input(0), indices = node.input(1);
  if (!needRank(node, x, 3, 5, "X"))
    return;
  std::optional<Ints> shape = unpooledShape(node, x);
  std::optional<Ints> wanted = shape && node.hasInput(2) ? needInts(node, 2, "output_shape") : shape;
  if (!shape || !wanted)
    return;
  std::optional<int64_t> elements = elementCount(node.shape(x));
  bool fits = elements && elementCount(node.shape(indices)) == elements && wanted->size() == shape->size() && elementCount(*wanted).has_value();
  Ints low(shape->size(), 0), high(shape->size(), 0);
  for (size_t i = 0; fits && i < shape->size(); ++i) {
    high[i] = (*wanted)[i] - (*shape)[i];
    fits = high[i] >= 0;
  }
  if (!fits)
    return node.refuse("the indices or 'output_shape' do not fit the input");
  Value zeros = splat(node, node.dtype(x), {*elementCount(*shape)}, 0);
  Value places = node.reshape(node.cast(indices, DType::I64), {*elements});
  Value updates = node.reshape(x, {*elements});
  if (!node.ok())
    return;
  Value flat = node.create<nn::ScatterElementsOp>({zeros.getType()}, nn::ScatterKind::none, zeros, places, updates, uint64_t(0));
  Value y = node.reshape(flat, *shape);
  node.setOutput(0, *wanted == *shape ? y : padConstant(node, y, low, high, Value()));
}

void registerPool(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"MaxPool", 1, 1, importMaxPool}, {"AveragePool", 1, 1, importAveragePool}, {"LpPool", 2, 1, importLpPool},
                         {"GlobalAveragePool", 1, 1, globalPool(nn::ReduceKind::mean)}, {"GlobalMaxPool", 1, 1, globalPool(nn::ReduceKind::max)},
                         {"GlobalLpPool", 2, 1, importGlobalLpPool}, {"MaxUnpool", 9, 2, importMaxUnpool}});
}

} // namespace ingot
