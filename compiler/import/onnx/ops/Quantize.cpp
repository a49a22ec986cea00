// Conversions between floats and quantised integers: QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;
using nn::UnaryKind;

/// How scale and zero point lie along the input: a scalar, a vector on `axis`, or blocks of `block` on `axis`.
struct Layout {
  int64_t axis = 0;
  int64_t block = 0;
  bool scalar = true;
};

/// Checks the scale's shape; refused when it fits no layout.
static std::optional<Layout> layoutOf(OnnxNode &node, Value x, Value scale) {
  llvm::ArrayRef<int64_t> xs = node.shape(x), ss = node.shape(scale);
  Layout layout;
  layout.block = node.intAttr("block_size", 0);
  if (layout.block == 0 && ss.size() <= 1 && elementCount(ss) == 1)
    return layout;
  layout.scalar = false;
  layout.axis = node.intAttr("axis", 1);
  if (node.badAxis(layout.axis, xs.size()))
    return std::nullopt;
  bool fits = layout.block > 0 ? ss.size() == xs.size() : ss.size() == 1 && ss[0] == xs[layout.axis];
  for (size_t i = 0; fits && layout.block > 0 && i < xs.size(); ++i) {
    bool blocked = static_cast<int64_t>(i) == layout.axis;
    fits = ss[i] == (blocked ? xs[i] / layout.block + (xs[i] % layout.block != 0) : xs[i]);
  }
  if (fits && layout.block >= 0)
    return layout;
  node.refuse("the shape of the scale fits neither a tensor, nor an axis, nor blocks of the input");
  return std::nullopt;
}

/// A parameter in the form the quant ops take: scalars lose their extent.
static Value parameter(OnnxNode &node, Value value, const Layout &layout) {
  if (!value || !node.ok())
    return value;
  return layout.scalar ? node.reshape(value, {}) : value;
}

/// A parameter that broadcasts against the input (for types the quant ops do not take).
static Value spread(OnnxNode &node, Value value, const Layout &layout, llvm::ArrayRef<int64_t> shape) {
  if (!node.ok() || layout.scalar)
    return node.ok() ? node.reshape(value, {}) : Value();
  int64_t rank = shape.size(), axis = layout.axis;
  if (layout.block == 0)
    return alongAxis(node, value, axis, rank, shape[axis]);
  Ints wide = node.shape(value).vec(), joined = wide;
  wide.insert(wide.begin() + axis + 1, layout.block);
  joined[axis] *= layout.block;
  Value repeated = node.reshape(node.broadcast(unsqueeze(node, value, axis + 1), wide), joined);
  return node.slice(repeated, Ints(rank, 0), shape, Ints(rank, 1));
}

static bool isInt(DType type) { return !isFloat(type); }

static std::optional<DType> quantizedType(OnnxNode &node) {
  if (node.hasInput(2))
    return node.dtype(node.input(2));
  int64_t asked = node.intAttr("output_dtype", 0);
  return asked ? dtypeOf(node, asked) : DType::U8;
}

static bool zeroFits(OnnxNode &node) {
  if (!node.hasInput(2) || elementCount(node.shape(node.input(2))) == elementCount(node.shape(node.input(1))))
    return true;
  node.refuse("scale and zero point differ in shape");
  return false;
}

static void importQuantizeLinear(OnnxNode &node) {
  Value x = node.input(0), scale = node.input(1);
  std::optional<Layout> layout = layoutOf(node, x, scale);
  std::optional<DType> type = layout ? quantizedType(node) : std::nullopt;
  if (!type || !zeroFits(node))
    return;
  Value zero = node.hasInput(2) ? node.input(2) : Value();
  Value wide = node.cast(x, DType::F32), wideScale = node.cast(scale, DType::F32);
  if (isInt(*type)) {
    if (zero && layout->scalar == false)
      zero = node.reshape(zero, node.shape(scale));
    Value s = parameter(node, wideScale, *layout), z = parameter(node, zero, *layout);
    if (node.ok())
      node.setOutput(0, node.create<quant::QuantizeOp>({node.type(*type, node.shape(x))}, wide, s, z, static_cast<uint64_t>(layout->axis),
                                                      static_cast<uint64_t>(layout->block)));
    return;
  }
  Value y = node.binary(BinaryKind::div, wide, spread(node, wideScale, *layout, node.shape(x)));
  if (zero)
    y = node.binary(BinaryKind::add, y, spread(node, node.cast(zero, DType::F32), *layout, node.shape(x)));
  node.setOutput(0, node.cast(y, *type, node.intAttr("saturate", 1) != 0));
}

static void importDequantizeLinear(OnnxNode &node) {
  Value x = node.input(0), scale = node.input(1), zero = node.hasInput(2) ? node.input(2) : Value();
  std::optional<Layout> layout = layoutOf(node, x, scale);
  if (!layout || !zeroFits(node))
    return;
  int64_t asked = node.intAttr("output_dtype", 0);
  std::optional<DType> type = asked ? dtypeOf(node, asked) : node.dtype(scale);
  if (!type)
    return;
  Value wideScale = node.cast(scale, DType::F32);
  if (isInt(node.dtype(x))) {
    if (zero && layout->scalar == false)
      zero = node.reshape(zero, node.shape(scale));
    Value s = parameter(node, wideScale, *layout), z = parameter(node, zero, *layout);
    if (node.ok())
      node.setOutput(0, node.create<quant::DequantizeOp>({node.type(*type, node.shape(x))}, x, s, z, static_cast<uint64_t>(layout->axis),
                                                        static_cast<uint64_t>(layout->block)));
    return;
  }
  Value y = node.cast(x, DType::F32);
  if (zero)
    y = node.binary(BinaryKind::sub, y, spread(node, node.cast(zero, DType::F32), *layout, node.shape(x)));
  node.setOutput(0, node.cast(node.binary(BinaryKind::mul, y, spread(node, wideScale, *layout, node.shape(x))), *type));
}

static void importDynamicQuantizeLinear(OnnxNode &node) {
  DynamicBytes bytes = quantiseDynamically(node, node.input(0));
  if (!node.ok())
    return;
  node.setOutput(0, bytes.x);
  if (node.wantsOutput(1))
    node.setOutput(1, bytes.scale);
  if (node.wantsOutput(2))
    node.setOutput(2, bytes.zero);
}

void registerQuantize(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"QuantizeLinear", 10, 2, importQuantizeLinear}, {"DequantizeLinear", 10, 2, importDequantizeLinear},
                         {"DynamicQuantizeLinear", 11, 1, importDynamicQuantizeLinear}});
  addRows(registry, "com.microsoft", {{"QuantizeLinear", 1, 2, importQuantizeLinear}, {"DequantizeLinear", 1, 2, importDequantizeLinear}});
}

} // namespace ingot
