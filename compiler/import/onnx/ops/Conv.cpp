// Convolutions: Conv, ConvTranspose, ConvInteger, QLinearConv.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

/// A convolution's geometry, checked against the shapes of input and filter.
struct ConvShape {
  Window window;
  int64_t group;
  Ints result; // [N, O, spatial...]
};

/// The filter's spatial extents, after checking `kernel_shape` when it is given.
static std::optional<Ints> kernelOf(OnnxNode &node, Value filter) {
  Ints kernel = node.shape(filter).drop_front(2).vec();
  if (node.hasAttr("kernel_shape") && node.intsAttr("kernel_shape") != kernel) {
    node.refuse("'kernel_shape' differs from the filter's shape");
    return std::nullopt;
  }
  return kernel;
}

static bool ranksMatch(OnnxNode &node, Value x, Value filter) {
  if (!needRank(node, x, 3, 5, "X"))
    return false;
  int64_t rank = rankOf(node, x);
  return needRank(node, filter, rank, rank, "W");
}

static std::optional<ConvShape> convShape(OnnxNode &node, Value x, Value filter) {
  if (!ranksMatch(node, x, filter))
    return std::nullopt;
  std::optional<Ints> kernel = kernelOf(node, filter);
  if (!kernel)
    return std::nullopt;
  llvm::ArrayRef<int64_t> xs = node.shape(x), ws = node.shape(filter);
  int64_t group = node.intAttr("group", 1);
  if (group < 1 || xs[1] % group != 0 || ws[0] % group != 0 || ws[1] != xs[1] / group) {
    node.refuse("channels of input and filter do not divide into " + std::to_string(group) + " groups");
    return std::nullopt;
  }
  std::optional<Window> window = readWindow(node, xs.drop_front(2), *kernel);
  std::optional<Ints> extents = window ? windowExtents(node, *window, xs.drop_front(2), false) : std::nullopt;
  if (!extents)
    return std::nullopt;
  Ints result = {xs[0], ws[0]};
  llvm::append_range(result, *extents);
  return ConvShape{*window, group, result};
}

static bool biasFits(OnnxNode &node, Value bias, int64_t channels) {
  if (!bias || node.shape(bias) == llvm::ArrayRef<int64_t>{channels})
    return true;
  node.refuse("the bias is no vector of " + std::to_string(channels) + " elements");
  return false;
}

static Value createConv(OnnxNode &node, Value x, Value filter, Value bias, const ConvShape &shape, DType type) {
  const Window &w = shape.window;
  return node.create<nn::ConvOp>({node.type(type, shape.result)}, x, filter, bias, /*residual=*/Value(), w.strides, w.low, w.high, w.dilations,
                                 static_cast<uint64_t>(shape.group));
}

static void importConv(OnnxNode &node) {
  Value x = node.input(0), filter = node.input(1), bias = node.hasInput(2) ? node.input(2) : Value();
  std::optional<ConvShape> shape = convShape(node, x, filter);
  if (shape && biasFits(node, bias, node.shape(filter)[0]))
    node.setOutput(0, createConv(node, x, filter, bias, *shape, node.dtype(x)));
}

/// A convolution with an optional addend (operand 3) and an activation at its end.
static void importFusedConv(OnnxNode &node) {
  Value x = node.input(0), filter = node.input(1), bias = node.hasInput(2) ? node.input(2) : Value();
  std::optional<ConvShape> shape = convShape(node, x, filter);
  if (!shape || !biasFits(node, bias, node.shape(filter)[0]))
    return;
  Value y = createConv(node, x, filter, bias, *shape, node.dtype(x));
  if (node.hasInput(3))
    y = node.binary(nn::BinaryKind::add, y, node.input(3));
  std::string name = node.stringAttr("activation", "");
  std::vector<double> parameters = node.floatsAttr("activation_params");
  parameters.resize(2, 0);
  std::optional<nn::UnaryKind> kind = nn::symbolizeUnaryKind(name == "LeakyRelu" ? "leaky_relu" : name == "HardSigmoid" ? "hard_sigmoid" : llvm::StringRef(name).lower());
  if (!name.empty() && !kind)
    return node.refuse("unknown activation '" + name + "'");
  node.setOutput(0, kind && !name.empty() ? node.unary(*kind, y, parameters[0], parameters[1]) : y);
}

// ---- transposed ---------------------------------------------------------------------------------

/// Extents of the result, and the low border that auto_pad or output_shape imply. `window` was read with auto_pad's own rule for
/// ordinary convolution, so its borders are set anew here where auto_pad is SAME.
static std::optional<Ints> transposedExtents(OnnxNode &node, Window &window, llvm::ArrayRef<int64_t> in) {
  size_t n = in.size();
  Ints extra = node.intsAttr("output_padding", Ints(n, 0)), wanted = node.intsAttr("output_shape"), out(n);
  std::string autoPad = node.stringAttr("auto_pad", "NOTSET");
  bool same = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER";
  if (wanted.size() == n + 2)
    wanted.erase(wanted.begin(), wanted.begin() + 2);
  if (extra.size() != n || (!wanted.empty() && wanted.size() != n)) {
    node.refuse("'output_padding' or 'output_shape' does not fit the spatial axes");
    return std::nullopt;
  }
  for (size_t i = 0; i < n; ++i) {
    int64_t full = (in[i] - 1) * window.strides[i] + extra[i] + (window.kernel[i] - 1) * window.dilations[i] + 1;
    out[i] = !wanted.empty() ? wanted[i] : same ? in[i] * window.strides[i] : full - window.low[i] - window.high[i];
    if (!wanted.empty() || same) {
      int64_t total = std::max<int64_t>(full - out[i], 0);
      window.low[i] = autoPad == "SAME_UPPER" ? total / 2 : total - total / 2;
    }
    if (extra[i] < 0 || extra[i] > (int64_t(1) << 31) || out[i] < 1 || out[i] > (int64_t(1) << 31)) {
      node.refuse("the result's extent is out of range");
      return std::nullopt;
    }
  }
  return out;
}

static void importConvTranspose(OnnxNode &node) {
  Value x = node.input(0), filter = node.input(1), bias = node.hasInput(2) ? node.input(2) : Value();
  if (!ranksMatch(node, x, filter))
    return;
  llvm::ArrayRef<int64_t> xs = node.shape(x), ws = node.shape(filter);
  int64_t group = node.intAttr("group", 1);
  std::optional<Ints> kernel = kernelOf(node, filter);
  if (!kernel)
    return;
  if (group < 1 || ws[0] != xs[1] || xs[1] % group != 0)
    return node.refuse("channels of input and filter do not divide into " + std::to_string(group) + " groups");
  std::optional<Window> window = readWindow(node, xs.drop_front(2), *kernel);
  std::optional<Ints> extents = window ? transposedExtents(node, *window, xs.drop_front(2)) : std::nullopt;
  if (!extents || !biasFits(node, bias, ws[1] * group))
    return;
  Ints result = {xs[0], ws[1] * group};
  llvm::append_range(result, *extents);
  node.setOutput(0, node.create<nn::ConvTransposeOp>({node.type(node.dtype(x), result)}, x, filter, bias, window->strides, window->low,
                                                     window->dilations, static_cast<uint64_t>(group)));
}

// ---- integers -----------------------------------------------------------------------------------

/// A zero point as an i32 scalar, or null when it is absent or a constant 0.
static Value zeroPoint(OnnxNode &node, int64_t i) {
  if (!node.hasInput(i))
    return {};
  std::optional<Tensor> value = node.constant(i);
  bool zero = value.has_value();
  for (int64_t k = 0; zero && k < value->count(); ++k)
    zero = value->intAt(k) == 0;
  return zero ? Value() : node.cast(node.input(i), DType::I32);
}

/// Operand i less its zero point, as floats.
static Value shiftedReal(OnnxNode &node, Value x, Value zero, int64_t axis) {
  x = node.cast(x, DType::F32);
  if (!zero || !node.ok())
    return x;
  int64_t rank = rankOf(node, x);
  bool whole = elementCount(node.shape(zero)) == 1;
  zero = node.cast(zero, DType::F32);
  return node.binary(nn::BinaryKind::sub, x, whole ? node.reshape(zero, Ints(rank, 1)) : alongAxis(node, zero, axis, rank, node.shape(x)[axis]));
}

/// A sum of so few products of differences of bytes that f32 holds it: the kernels of real depthwise convolutions give the integers.
static bool isDepthwise(OnnxNode &node, Value filter) {
  llvm::ArrayRef<int64_t> extents = node.shape(filter);
  std::optional<int64_t> taps = elementCount(extents.drop_front(2));
  return extents[1] == 1 && taps && *taps <= (int64_t(1) << 24) / (255 * 255);
}

/// sum (x - xz)(w - wz) = sum x w - wz sum x - xz sum w + K xz wz; borders are made of xz first, so that they vanish.
static void importConvInteger(OnnxNode &node) {
  Value x = node.input(0), filter = node.input(1);
  std::optional<ConvShape> shape = convShape(node, x, filter);
  if (!shape)
    return;
  int64_t rank = rankOf(node, x), channels = node.shape(filter)[0];
  Value xz = zeroPoint(node, 2), wz = zeroPoint(node, 3);
  if (isDepthwise(node, filter) && (!xz || elementCount(node.shape(xz)) == 1)) {
    Value y = createConv(node, shiftedReal(node, x, xz, 1), shiftedReal(node, filter, wz, 0), Value(), *shape, DType::F32);
    return node.setOutput(0, node.cast(y, DType::I32));
  }
  if (xz) {
    if (elementCount(node.shape(xz)) != 1)
      return node.refuse("'x_zero_point' is no scalar");
    Ints low(2, 0), high(2, 0);
    llvm::append_range(low, shape->window.low);
    llvm::append_range(high, shape->window.high);
    x = padConstant(node, x, low, high, node.reshape(node.input(2), {}));
    shape->window.low.assign(rank - 2, 0);
    shape->window.high.assign(rank - 2, 0);
  }
  Value y = createConv(node, x, filter, Value(), *shape, DType::I32);
  Value filterSum = node.reduce(nn::ReduceKind::sum, node.cast(filter, DType::I32), axesFrom(1, rank), /*keepDims=*/false);
  if (wz) {
    Value wide = elementCount(node.shape(wz)) == 1 ? node.reshape(wz, Ints(rank, 1)) : alongAxis(node, wz, 1, rank, channels);
    Ints extents = node.shape(filter).vec();
    ConvShape sumShape = *shape;
    if (shape->group == 1) // all outputs have the same sums
      extents[0] = sumShape.result[1] = 1;
    Value ones = splat(node, node.dtype(filter), extents, 1);
    Value sums = node.ok() ? createConv(node, x, ones, Value(), sumShape, DType::I32) : Value();
    y = node.binary(nn::BinaryKind::sub, y, node.binary(nn::BinaryKind::mul, sums, wide));
    int64_t terms = elementCount(node.shape(filter)).value_or(0) / std::max<int64_t>(channels, 1);
    Value shifted = node.binary(nn::BinaryKind::mul, elementCount(node.shape(wz)) == 1 ? node.reshape(wz, {1}) : wz,
                                node.scalar(DType::I32, static_cast<double>(terms)));
    filterSum = node.binary(nn::BinaryKind::sub, filterSum, shifted);
  }
  if (xz) {
    Value product = node.binary(nn::BinaryKind::mul, filterSum, node.reshape(xz, {}));
    y = node.binary(nn::BinaryKind::sub, y, alongAxis(node, product, 1, rank, channels));
  }
  node.setOutput(0, y);
}

/// Scalars lose their extents; vectors must have `channels` elements.
static Value parameter(OnnxNode &node, int64_t i, int64_t channels) {
  Value value = node.input(i);
  if (elementCount(node.shape(value)) == 1)
    return node.reshape(value, {});
  if (node.shape(value) == llvm::ArrayRef<int64_t>{channels})
    return value;
  node.refuse("operand " + std::to_string(i) + " is neither a scalar nor one entry a channel");
  return {};
}

static void importQLinearConv(OnnxNode &node) {
  Value x = node.input(0), filter = node.input(3), bias = node.hasInput(8) ? node.input(8) : Value();
  std::optional<ConvShape> shape = convShape(node, x, filter);
  if (!shape || !biasFits(node, bias, node.shape(filter)[0]))
    return;
  Value parameters[8];
  for (int64_t i : {1, 2, 4, 5, 6, 7}) {
    parameters[i] = parameter(node, i, i == 4 || i == 5 ? node.shape(filter)[0] : 1);
    if (!node.ok())
      return;
  }
  const Window &w = shape->window;
  Type type = node.type(node.dtype(parameters[7]), shape->result);
  node.setOutput(0, node.create<quant::ConvOp>({type}, x, parameters[1], parameters[2], filter, parameters[4], parameters[5], parameters[6],
                                               parameters[7], bias, w.strides, w.low, w.high, w.dilations, static_cast<uint64_t>(shape->group)));
}

void registerConv(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"Conv", 1, 2, importConv}, {"ConvTranspose", 1, 2, importConvTranspose}, {"ConvInteger", 10, 2, importConvInteger},
                         {"QLinearConv", 10, 8, importQLinearConv}});
  addRows(registry, "com.microsoft", {{"QLinearConv", 1, 8, importQLinearConv}, {"FusedConv", 1, 2, importFusedConv}});
}

} // namespace ingot
