// Quantised operators of com.microsoft: pointwise and pooling ones as dequantise, compute, quantise; matmuls on integers with a float result.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;
using nn::UnaryKind;

/// (x - zero) scale with both of one element, zero absent or present.
static Value dequantised(OnnxNode &node, Value x, Value scale, Value zero) {
  if (!node.ok() || elementCount(node.shape(scale)) != 1 || (zero && elementCount(node.shape(zero)) != 1))
    return node.refuse("a scale or zero point is no scalar"), Value();
  Value z = zero ? node.reshape(zero, {}) : Value();
  return node.create<quant::DequantizeOp>({node.type(DType::F32, node.shape(x))}, x, node.reshape(scale, {}), z, uint64_t(0), uint64_t(0));
}

static Value optionalInput(OnnxNode &node, int64_t i) { return node.hasInput(i) ? node.input(i) : Value(); }

/// saturate(round(x / scale) + zero) of `type`.
static Value quantised(OnnxNode &node, Value x, Value scale, Value zero, DType type) {
  if (!node.ok() || elementCount(node.shape(scale)) != 1 || (zero && elementCount(node.shape(zero)) != 1))
    return node.refuse("a scale or zero point is no scalar"), Value();
  Value z = zero ? node.reshape(zero, {}) : Value();
  return node.create<quant::QuantizeOp>({node.type(type, node.shape(x))}, x, node.reshape(scale, {}), z, uint64_t(0), uint64_t(0));
}

static OnnxImportFn pair(BinaryKind kind) {
  return [kind](OnnxNode &node) {
    Value a = dequantised(node, node.input(0), node.input(1), optionalInput(node, 2));
    Value b = dequantised(node, node.input(3), node.input(4), optionalInput(node, 5));
    if (node.ok())
      node.setOutput(0, quantised(node, node.binary(kind, a, b), node.input(6), optionalInput(node, 7), node.dtype(node.input(0))));
  };
}

/// X, its scale and zero point, the result's scale and zero point.
static OnnxImportFn single(Value (*compute)(OnnxNode &, Value)) {
  return [compute](OnnxNode &node) {
    Value x = dequantised(node, node.input(0), node.input(1), optionalInput(node, 2));
    Value y = node.ok() ? compute(node, x) : Value();
    if (node.ok())
      node.setOutput(0, quantised(node, y, node.input(3), optionalInput(node, 4), node.dtype(node.input(0))));
  };
}

static Value sigmoid(OnnxNode &node, Value x) { return node.unary(UnaryKind::sigmoid, x); }
static Value leakyRelu(OnnxNode &node, Value x) { return node.unary(UnaryKind::leaky_relu, x, node.floatAttr("alpha", 0.01)); }

static Value globalPool(OnnxNode &node, Value x) {
  if (!needRank(node, x, 3, 5, "X"))
    return {};
  bool last = node.intAttr("channels_last", 0) != 0;
  int64_t rank = rankOf(node, x);
  Ints axes = last ? axesFrom(1, rank - 1) : axesFrom(2, rank);
  return node.reduce(nn::ReduceKind::mean, x, axes);
}

static Value averagePool(OnnxNode &node, Value x) {
  if (node.intAttr("channels_last", 0) == 0 || !needRank(node, x, 4, 4, "X"))
    return node.ok() ? averagedWindows(node, x) : Value();
  Value pooled = averagedWindows(node, node.transpose(x, {0, 3, 1, 2}));
  return pooled ? node.transpose(pooled, {0, 2, 3, 1}) : Value();
}

/// The condition, two triples of tensor, scale, zero point, then scale and zero point of the result.
static void importWhere(OnnxNode &node) {
  Value x = dequantised(node, node.input(1), node.input(2), optionalInput(node, 3)), y = dequantised(node, node.input(4), node.input(5), optionalInput(node, 6));
  if (node.ok())
    node.setOutput(0, quantised(node, node.select(node.input(0), x, y), node.input(7), optionalInput(node, 8), node.dtype(node.input(1))));
}

/// Softmax over one axis (opset 13), before that over all from the axis on.
static Value softmax(OnnxNode &node, Value x) {
  bool old = node.intAttr("opset", 13) < 13;
  std::optional<int64_t> axis = axisOf(node, old ? 1 : -1, rankOf(node, x));
  if (!axis)
    return {};
  if (!old)
    return node.softmax(x, *axis);
  return node.reshape(node.softmax(node.reshape(x, flatShape(node.shape(x), *axis)), 1), node.shape(x));
}

/// Scale and zero point of the result, then triples of tensor, scale, zero point.
static void importConcat(OnnxNode &node) {
  llvm::SmallVector<Value> parts;
  for (int64_t i = 2; i + 1 < node.numInputs(); i += 3)
    parts.push_back(node.hasInput(i) && node.hasInput(i + 1) ? dequantised(node, node.input(i), node.input(i + 1), optionalInput(node, i + 2)) : Value());
  std::optional<int64_t> axis = parts.empty() || !parts[0] || !node.ok() ? std::nullopt : axisOf(node, 0, rankOf(node, parts[0]));
  if (!axis)
    return node.refuse("there are no operands to join");
  DType type = node.dtype(node.input(2));
  node.setOutput(0, quantised(node, node.concat(parts, *axis), node.input(0), node.input(1), type));
}

// ---- matmuls ------------------------------------------------------------------------------------

static void importMatMulIntegerToFloat(OnnxNode &node) {
  Value product = integerProduct(node, node.input(0), node.input(1), optionalInput(node, 4), optionalInput(node, 5));
  node.setOutput(0, floatProduct(node, product, node.input(2), node.input(3), optionalInput(node, 6)));
}

static void importDynamicQuantizeMatMul(OnnxNode &node) {
  if (!isFloat(node, node.input(0)))
    return node.refuse("the operand 'A' is no float");
  DynamicBytes a = quantiseDynamically(node, node.input(0));
  Value product = integerProduct(node, a.x, node.input(1), a.zero, optionalInput(node, 3));
  node.setOutput(0, floatProduct(node, product, a.scale, node.input(2), optionalInput(node, 4)));
}

/// [N] or a scalar, whatever the rank of one element.
static Value columns(OnnxNode &node, Value value) { return elementCount(node.shape(value)) == 1 ? node.reshape(value, {}) : value; }

/// alpha op(A) op(B) + C with C in steps of alpha aScale bScale; of 8 bits when the result has a scale, else f32.
static void importQGemm(OnnxNode &node) {
  Value a = node.input(0), b = node.input(3);
  if (!node.hasInput(2) || !node.hasInput(5) || !needRank(node, a, 2, 2, "A") || !needRank(node, b, 2, 2, "B"))
    return node.refuse("a zero point is missing");
  a = node.intAttr("transA", 0) ? transposeLast(node, a) : a;
  b = node.intAttr("transB", 0) ? transposeLast(node, b) : b;
  Value aScale = columns(node, node.input(1)), aZero = columns(node, node.input(2));
  Value bScale = columns(node, node.input(4)), bZero = columns(node, node.input(5));
  if (!node.ok() || rankOf(node, aScale) != 0 || rankOf(node, aZero) != 0)
    return node.refuse("A's scale or zero point is no scalar");
  aScale = scaled(node, aScale, node.floatAttr("alpha", 1));
  Value start = optionalInput(node, 6);
  if (!node.hasInput(7)) {
    Value product = integerProduct(node, a, b, aZero, bZero);
    return node.setOutput(0, floatProduct(node, start ? node.binary(BinaryKind::add, product, start) : product, aScale, bScale, Value()));
  }
  Value zero = node.hasInput(8) ? columns(node, node.input(8)) : node.scalar(node.dtype(a), 0), scale = columns(node, node.input(7));
  llvm::ArrayRef<int64_t> columnCount = node.shape(b).drop_front();
  if (start && node.ok() && elementCount(node.shape(start)) != columnCount[0])
    return node.refuse("the operand 'C' is not one number a column");
  start = start ? node.reshape(start, columnCount) : start;
  Value shape = node.matmul(a, b);
  if (node.ok())
    node.setOutput(0, node.create<quant::MatmulOp>({node.type(node.dtype(zero), node.shape(shape))}, a, aScale, aZero, b, bScale, bZero, scale, zero, start));
}

void registerMicrosoftQuant(OnnxOpRegistry &registry) {
  addRows(registry, "com.microsoft", {
    {"QLinearAdd", 1, 7, pair(BinaryKind::add)}, {"QLinearMul", 1, 7, pair(BinaryKind::mul)}, {"QLinearSigmoid", 1, 4, single(sigmoid)},
    {"QLinearLeakyRelu", 1, 4, single(leakyRelu)}, {"QLinearGlobalAveragePool", 1, 4, single(globalPool)}, {"QLinearSoftmax", 1, 4, single(softmax)},
    {"QLinearAveragePool", 1, 4, single(averagePool)}, {"QLinearWhere", 1, 8, importWhere},
    {"QLinearConcat", 1, 4, importConcat}, {"MatMulIntegerToFloat", 1, 4, importMatMulIntegerToFloat},
    {"QGemm", 1, 6, importQGemm}, {"DynamicQuantizeMatMul", 1, 3, importDynamicQuantizeMatMul}});
}

} // namespace ingot
