// Operators that work element by element on numbers: functions of one operand, of two with broadcasting, and of many.
#include "compiler/import/onnx/OpHelpers.h"

#include <limits>

using namespace mlir;

namespace ingot {

using nn::BinaryKind;
using nn::UnaryKind;

static OnnxImportFn unary(UnaryKind kind) {
  return [kind](OnnxNode &node) { node.setOutput(0, node.unary(kind, node.input(0))); };
}

/// A function whose parameters are the attributes `first` and `second` ("" for none).
static OnnxImportFn unaryWith(UnaryKind kind, const char *first, double firstDefault, const char *second = "", double secondDefault = 0) {
  return [=](OnnxNode &node) {
    double alpha = node.floatAttr(first, firstDefault);
    double beta = *second ? node.floatAttr(second, secondDefault) : 0;
    node.setOutput(0, node.unary(kind, node.input(0), alpha, beta));
  };
}

static OnnxImportFn binary(BinaryKind kind) {
  return [kind](OnnxNode &node) {
    Value second = alignedSecond(node);
    if (node.ok())
      node.setOutput(0, node.binary(kind, node.input(0), second));
  };
}

/// Squares and cubes, which normalisations and GELU are written with, are products.
static void importPow(OnnxNode &node) {
  Value x = node.input(0), exponent = alignedSecond(node);
  if (!node.ok())
    return;
  bool isWide = node.dtype(x) == DType::F32 || node.dtype(x) == DType::F64, isOne = elementCount(node.shape(exponent)) == 1;
  std::optional<Tensor> value = isWide && isOne && rankOf(node, exponent) <= rankOf(node, x) ? node.constant(exponent) : std::nullopt;
  bool isSquare = value && value->at(0) == 2, isCube = value && value->at(0) == 3;
  if (!isSquare && !isCube)
    return node.setOutput(0, node.binary(BinaryKind::pow, x, exponent));
  Value square = node.binary(BinaryKind::mul, x, x);
  node.setOutput(0, isCube ? node.binary(BinaryKind::mul, square, x) : square);
}

/// Opset 6 and older: a slope of several elements is one a channel.
static void importPRelu(OnnxNode &node) {
  Value x = node.input(0), slope = node.input(1);
  if (node.opset() < 7 && rankOf(node, slope) == 1 && rankOf(node, x) > 1 && node.shape(slope)[0] != 1)
    slope = alongAxis(node, slope, 1, rankOf(node, x), node.shape(x)[1]);
  node.setOutput(0, node.binary(BinaryKind::prelu, x, slope));
}

static Value foldInputs(OnnxNode &node, BinaryKind kind) {
  Value result = node.input(0);
  for (int64_t i = 1; i < node.numInputs() && node.ok(); ++i) {
    if (!node.hasInput(i)) {
      node.refuse("operand " + std::to_string(i) + " is missing");
      return {};
    }
    result = node.binary(kind, result, node.input(i));
  }
  return result;
}

static OnnxImportFn variadic(BinaryKind kind) {
  return [kind](OnnxNode &node) { node.setOutput(0, foldInputs(node, kind)); };
}

static void importMean(OnnxNode &node) {
  Value sum = foldInputs(node, BinaryKind::add);
  if (node.ok())
    node.setOutput(0, node.binary(BinaryKind::div, sum, node.scalar(node.dtype(sum), static_cast<double>(node.numInputs()))));
}

static void importMod(OnnxNode &node) {
  BinaryKind kind = node.intAttr("fmod", 0) ? BinaryKind::fmod : BinaryKind::mod;
  node.setOutput(0, node.binary(kind, node.input(0), node.input(1)));
}

static void importGelu(OnnxNode &node) {
  std::string approximate = node.stringAttr("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    return node.refuse("unknown approximation '" + approximate + "'");
  node.setOutput(0, node.unary(approximate == "tanh" ? UnaryKind::gelu_tanh : UnaryKind::gelu, node.input(0)));
}

/// a sigmoid(alpha a) b.
static void importSwiGlu(OnnxNode &node) {
  if (node.shape(node.input(0)) != node.shape(node.input(1)))
    return node.refuse("the operands differ in shape");
  Value gate = node.unary(UnaryKind::swish, node.input(0), node.floatAttr("alpha", 1));
  node.setOutput(0, node.binary(BinaryKind::mul, gate, node.input(1)));
}

/// The bound of a Clip as a scalar, or null when it is not given (opset 6: attribute, 11: operand).
static Value clipBound(OnnxNode &node, int64_t operand, const char *attr) {
  if (node.hasInput(operand))
    return node.input(operand);
  if (node.hasAttr(attr))
    return node.scalar(node.dtype(node.input(0)), node.floatAttr(attr, 0));
  return {};
}

static void importClip(OnnxNode &node) {
  Value x = node.input(0), low = clipBound(node, 1, "min"), high = clipBound(node, 2, "max");
  std::optional<Tensor> lowValue = low ? node.constant(low) : std::nullopt;
  std::optional<Tensor> highValue = high ? node.constant(high) : std::nullopt;
  bool known = (!low || (lowValue && lowValue->count() == 1)) && (!high || (highValue && highValue->count() == 1));
  if (isFloat(node, x) && known && (low || high)) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return node.setOutput(0, node.unary(UnaryKind::clip, x, low ? lowValue->at(0) : -infinity, high ? highValue->at(0) : infinity));
  }
  if (low)
    x = node.binary(BinaryKind::max, x, low);
  if (high && node.ok())
    x = node.binary(BinaryKind::min, x, high);
  node.setOutput(0, x);
}

static bool isRandomDropout(OnnxNode &node) {
  if (!node.hasInput(2))
    return false;
  std::optional<Tensor> training = needTensor(node, 2, "training_mode");
  if (!training || training->count() != 1)
    return true;
  std::optional<Tensor> ratio = node.hasInput(1) ? needTensor(node, 1, "ratio") : Tensor::scalar(DType::F32, 0.5);
  return training->at(0) != 0 && !(ratio && ratio->count() == 1 && ratio->at(0) == 0);
}

static void importDropout(OnnxNode &node) {
  if (node.opset() < 7 && node.intAttr("is_test", 0) == 0)
    return node.refuse("training mode drops elements at random");
  if (isRandomDropout(node))
    return node.refuse("training mode drops elements at random");
  Value x = node.input(0);
  node.setOutput(0, x);
  if (node.wantsOutput(1))
    node.setOutput(1, splat(node, node.opset() < 10 ? node.dtype(x) : DType::Bool, node.shape(x), 1));
}

void registerElementwise(OnnxOpRegistry &registry) {
  addRows(registry, "", {
    {"Abs", 1, 1, unary(UnaryKind::abs)}, {"Neg", 1, 1, unary(UnaryKind::neg)}, {"Exp", 1, 1, unary(UnaryKind::exp)},
    {"Log", 1, 1, unary(UnaryKind::log)}, {"Sqrt", 1, 1, unary(UnaryKind::sqrt)}, {"Reciprocal", 1, 1, unary(UnaryKind::reciprocal)},
    {"Floor", 1, 1, unary(UnaryKind::floor)}, {"Ceil", 1, 1, unary(UnaryKind::ceil)}, {"Round", 11, 1, unary(UnaryKind::round)},
    {"Sign", 9, 1, unary(UnaryKind::sign)}, {"Sin", 7, 1, unary(UnaryKind::sin)}, {"Cos", 7, 1, unary(UnaryKind::cos)},
    {"Tan", 7, 1, unary(UnaryKind::tan)}, {"Asin", 7, 1, unary(UnaryKind::asin)}, {"Acos", 7, 1, unary(UnaryKind::acos)},
    {"Atan", 7, 1, unary(UnaryKind::atan)}, {"Sinh", 9, 1, unary(UnaryKind::sinh)}, {"Cosh", 9, 1, unary(UnaryKind::cosh)},
    {"Tanh", 1, 1, unary(UnaryKind::tanh)}, {"Asinh", 9, 1, unary(UnaryKind::asinh)}, {"Acosh", 9, 1, unary(UnaryKind::acosh)},
    {"Atanh", 9, 1, unary(UnaryKind::atanh)}, {"Erf", 9, 1, unary(UnaryKind::erf)}, {"Sigmoid", 1, 1, unary(UnaryKind::sigmoid)},
    {"Softplus", 1, 1, unary(UnaryKind::softplus)}, {"Softsign", 1, 1, unary(UnaryKind::softsign)}, {"Relu", 1, 1, unary(UnaryKind::relu)},
    {"Mish", 18, 1, unary(UnaryKind::mish)}, {"HardSwish", 14, 1, unary(UnaryKind::hard_swish)},
    {"LeakyRelu", 1, 1, unaryWith(UnaryKind::leaky_relu, "alpha", 0.01)}, {"Elu", 1, 1, unaryWith(UnaryKind::elu, "alpha", 1)},
    {"Celu", 12, 1, unaryWith(UnaryKind::celu, "alpha", 1)}, {"Swish", 24, 1, unaryWith(UnaryKind::swish, "alpha", 1)},
    {"Selu", 6, 1, unaryWith(UnaryKind::selu, "alpha", 1.67326319217681884765625, "gamma", 1.05070102214813232421875)},
    {"HardSigmoid", 1, 1, unaryWith(UnaryKind::hard_sigmoid, "alpha", 0.2, "beta", 0.5)},
    {"ThresholdedRelu", 1, 1, unaryWith(UnaryKind::thresholded_relu, "alpha", 1)},
    {"Shrink", 9, 1, unaryWith(UnaryKind::shrink, "lambd", 0.5, "bias", 0)}, {"Gelu", 20, 1, importGelu}, {"SwiGLU", 28, 2, importSwiGlu},
    {"Add", 1, 2, binary(BinaryKind::add)}, {"Sub", 1, 2, binary(BinaryKind::sub)}, {"Mul", 1, 2, binary(BinaryKind::mul)},
    {"Div", 1, 2, binary(BinaryKind::div)}, {"Pow", 1, 2, importPow}, {"PRelu", 1, 2, importPRelu},
    {"Mod", 10, 2, importMod}, {"Sum", 1, 1, variadic(BinaryKind::add)}, {"Max", 1, 1, variadic(BinaryKind::max)},
    {"Min", 1, 1, variadic(BinaryKind::min)}, {"Mean", 1, 1, importMean}, {"Clip", 1, 1, importClip}, {"Dropout", 1, 1, importDropout},
    {"Identity", 1, 1, [](OnnxNode &node) { node.setOutput(0, node.input(0)); }}});
}

} // namespace ingot
