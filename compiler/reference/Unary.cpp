// nn.constant, nn.unary and nn.cast. Floats are computed in double and rounded once; integers stay integers.
#include "compiler/reference/Rules.h"

#include <cmath>

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

using nn::UnaryKind;

double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }
// NaN fails both comparisons and stays.
double clamp(double x, double low, double high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

double roundHalfEven(double x) {
  double below = std::floor(x);
  double rest = x - below;
  if (rest != 0.5)
    return std::copysign(rest < 0.5 ? below : below + 1, x);
  return std::copysign(std::fmod(below, 2) == 0 ? below : below + 1, x);
}

double geluTanh(double x) {
  const double factor = std::sqrt(2 / M_PI);
  constexpr double cubic = 0.044715; // Hendrycks and Gimpel 2016, section 2
  return 0.5 * x * (1 + std::tanh(factor * (x + cubic * x * x * x)));
}

/// Functions that are in the C library, or need one line and no parameter.
std::optional<double> plainFunction(UnaryKind kind, double x) {
  switch (kind) {
  case UnaryKind::abs: return std::fabs(x);
  case UnaryKind::neg: return -x;
  case UnaryKind::exp: return std::exp(x);
  case UnaryKind::log: return std::log(x);
  case UnaryKind::sqrt: return std::sqrt(x);
  case UnaryKind::reciprocal: return 1 / x;
  case UnaryKind::floor: return std::floor(x);
  case UnaryKind::ceil: return std::ceil(x);
  case UnaryKind::round: return std::isfinite(x) ? roundHalfEven(x) : x;
  case UnaryKind::sign: return x > 0 ? 1 : x < 0 ? -1 : x;
  case UnaryKind::sin: return std::sin(x);
  case UnaryKind::cos: return std::cos(x);
  case UnaryKind::tan: return std::tan(x);
  case UnaryKind::asin: return std::asin(x);
  case UnaryKind::acos: return std::acos(x);
  case UnaryKind::atan: return std::atan(x);
  case UnaryKind::sinh: return std::sinh(x);
  case UnaryKind::cosh: return std::cosh(x);
  case UnaryKind::tanh: return std::tanh(x);
  case UnaryKind::asinh: return std::asinh(x);
  case UnaryKind::acosh: return std::acosh(x);
  case UnaryKind::atanh: return std::atanh(x);
  case UnaryKind::erf: return std::erf(x);
  default: return std::nullopt;
  }
}

/// Activation functions, with their parameters a and b.
std::optional<double> activation(UnaryKind kind, double x, double a, double b) {
  switch (kind) {
  case UnaryKind::sigmoid: return sigmoid(x);
  case UnaryKind::softplus: return softplus(x);
  case UnaryKind::softsign: return x / (1 + std::fabs(x));
  case UnaryKind::relu: return x < 0 ? 0 : x;
  case UnaryKind::clip: return clamp(x, a, b);
  case UnaryKind::leaky_relu: return x < 0 ? a * x : x;
  case UnaryKind::elu: return x < 0 ? a * std::expm1(x) : x;
  case UnaryKind::selu: return b * (x > 0 ? x : a * std::expm1(x));
  case UnaryKind::celu: return x > 0 ? x : a * std::expm1(x / a);
  case UnaryKind::thresholded_relu: return x > a ? x : 0;
  case UnaryKind::hard_sigmoid: return clamp(a * x + b, 0, 1);
  case UnaryKind::hard_swish: return x * clamp(x / 6 + 0.5, 0, 1);
  case UnaryKind::mish: return x * std::tanh(softplus(x));
  case UnaryKind::gelu: return x * (1 + std::erf(x / std::sqrt(2.0))) / 2;
  case UnaryKind::gelu_tanh: return geluTanh(x);
  case UnaryKind::swish: return x * sigmoid(a * x);
  case UnaryKind::shrink: return x < -a ? x + b : x > a ? x - b : 0;
  default: return std::nullopt;
  }
}

/// A clip bound as an integer of the lane: bounds outside the lane's range do not bind.
template <typename T> T intBound(double bound) {
  constexpr double low = static_cast<double>(std::numeric_limits<T>::min());
  constexpr double high = static_cast<double>(std::numeric_limits<T>::max());
  if (!(bound > low))
    return std::numeric_limits<T>::min();
  return bound >= high ? std::numeric_limits<T>::max() : static_cast<T>(bound);
}

/// Functions that are exact on integers. Arithmetic is modulo 2^64, the store takes the type's bits.
template <typename T> std::optional<T> intFunction(UnaryKind kind, T x, double a, double b) {
  switch (kind) {
  case UnaryKind::abs: return x < T(0) ? static_cast<T>(uint64_t(0) - static_cast<uint64_t>(x)) : x;
  case UnaryKind::neg: return static_cast<T>(uint64_t(0) - static_cast<uint64_t>(x));
  case UnaryKind::sign: return static_cast<T>(x > T(0)) - static_cast<T>(x < T(0));
  case UnaryKind::relu: return std::max(x, T(0));
  case UnaryKind::clip: return std::min(std::max(x, intBound<T>(a)), intBound<T>(b));
  case UnaryKind::bitwise_not: return ~x;
  case UnaryKind::floor:
  case UnaryKind::ceil:
  case UnaryKind::round: return x;
  default: return std::nullopt;
  }
}

/// Computes every element by f(T) -> optional<U>; false as soon as one has no value.
template <typename T, typename F> bool mapElements(const Tensor &input, Tensor &result, F f) {
  result.mutableData();
  for (int64_t i = 0; i < input.count(); ++i) {
    auto value = f(get<T>(input, i));
    if (!value)
      return false;
    put(result, i, *value);
  }
  return true;
}

std::optional<int64_t> predicate(UnaryKind kind, double x, double a, double b) {
  switch (kind) {
  case UnaryKind::logical_not: return x == 0;
  case UnaryKind::is_nan: return std::isnan(x);
  case UnaryKind::is_inf: return std::isinf(x) && (x < 0 ? a != 0 : b != 0);
  default: return std::nullopt;
  }
}

llvm::FailureOr<Results> unary(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto unary = cast<nn::UnaryOp>(op);
  const Tensor &input = operands[0];
  Tensor result = resultOf(op);
  UnaryKind kind = unary.getKind();
  double a = unary.getAlpha().convertToDouble();
  double b = unary.getBeta().convertToDouble();
  auto asDouble = [&](double x) {
    std::optional<double> value = plainFunction(kind, x);
    return value ? value : activation(kind, x, a, b);
  };
  if (predicate(kind, 0, a, b)) {
    mapElements<double>(input, result, [&](double x) { return predicate(kind, x, a, b); });
    return one(result);
  }
  bool done = !isFloat(input.dtype()) && withLane(input.dtype(), [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_same_v<T, double>)
      return false;
    else
      return mapElements<T>(input, result, [&](T x) { return intFunction<T>(kind, x, a, b); });
  });
  if (done || mapElements<double>(input, result, asDouble))
    return one(result);
  return refuse(why, "nn.unary " + stringifyUnaryKind(kind) + " has no rule for " + name(input.dtype()));
}

/// The largest finite value of a float8 kind; infinity for every other type.
double saturationLimit(DType type) {
  switch (type) {
  case DType::F8E4M3FN: return 448;
  case DType::F8E4M3FNUZ: return 240;
  case DType::F8E5M2:
  case DType::F8E5M2FNUZ: return 57344;
  case DType::F8E8M0: return std::ldexp(1.0, 127);
  default: return HUGE_VAL;
  }
}

llvm::FailureOr<Results> castElements(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  const Tensor &input = operands[0];
  Tensor result = resultOf(op);
  double limit = cast<nn::CastOp>(op).getSaturate() ? saturationLimit(result.dtype()) : HUGE_VAL;
  bool asInt = !isFloat(input.dtype()) && (!isFloat(result.dtype()) || result.dtype() == DType::F32);
  bool wide = input.dtype() == DType::U64 && result.dtype() == DType::F32; // through double it would be rounded twice
  result.mutableData();
  for (int64_t i = 0; i < input.count(); ++i) {
    if (wide)
      result.set(i, static_cast<float>(static_cast<uint64_t>(input.intAt(i))));
    else if (asInt)
      result.setInt(i, input.intAt(i));
    else
      result.set(i, clamp(input.at(i), -limit, limit));
  }
  return one(result);
}

llvm::FailureOr<Results> constant(Operation *op, ArrayRef<Tensor>, std::string &why) {
  auto value = dyn_cast<DenseElementsAttr>(cast<nn::ConstantOp>(op).getValue());
  if (!value)
    return refuse(why, "nn.constant holds elements that are not dense");
  return one(Tensor::fromAttr(value));
}

} // namespace

void addUnary(RuleTable &table) {
  table["nn.constant"] = constant;
  table["nn.unary"] = unary;
  table["nn.cast"] = castElements;
}

} // namespace ingot::reference
