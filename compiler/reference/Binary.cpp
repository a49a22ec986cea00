// nn.binary and nn.select: functions of several elements with NumPy broadcasting. Integers are exact modulo 2^bits.
#include "compiler/reference/Rules.h"

#include <cmath>

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

using nn::BinaryKind;

double floatMod(double x, double y) {
  double rest = std::fmod(x, y);
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

double nanOr(double x, double y, double value) { return std::isnan(x) || std::isnan(y) ? std::nan("") : value; }

std::optional<double> floatFunction(BinaryKind kind, double x, double y) {
  switch (kind) {
  case BinaryKind::add: return x + y;
  case BinaryKind::sub: return x - y;
  case BinaryKind::mul: return x * y;
  case BinaryKind::div: return x / y;
  case BinaryKind::mod: return floatMod(x, y);
  case BinaryKind::fmod: return std::fmod(x, y);
  case BinaryKind::pow: return std::pow(x, y);
  case BinaryKind::min: return nanOr(x, y, std::min(x, y));
  case BinaryKind::max: return nanOr(x, y, std::max(x, y));
  case BinaryKind::prelu: return x < 0 ? x * y : x;
  default: return std::nullopt;
  }
}

template <typename T> T wrapped(uint64_t bits) { return static_cast<T>(bits); }

template <typename T> T divide(T x, T y) {
  if (y == T(0))
    return 0;
  if (std::is_signed_v<T> && y == static_cast<T>(-1))
    return wrapped<T>(uint64_t(0) - static_cast<uint64_t>(x));
  return static_cast<T>(x / y);
}

/// Sign of the dividend; 0 for a zero divisor.
template <typename T> T remainder(T x, T y) {
  if (y == T(0) || (std::is_signed_v<T> && y == static_cast<T>(-1)))
    return 0;
  return static_cast<T>(x % y);
}

/// Sign of the divisor.
template <typename T> T modulo(T x, T y) {
  T rest = remainder(x, y);
  return rest != T(0) && (rest < T(0)) != (y < T(0)) ? static_cast<T>(rest + y) : rest;
}

/// A negative exponent gives the truncated real result: 1, -1 or 0 (0 also for base 0).
template <typename T> T power(T base, T exponent) {
  if (exponent < T(0)) {
    bool odd = (static_cast<uint64_t>(exponent) & 1) != 0;
    if (base == T(1))
      return 1;
    return base == static_cast<T>(-1) ? (odd ? base : T(1)) : T(0);
  }
  uint64_t result = 1, factor = static_cast<uint64_t>(base);
  for (uint64_t left = static_cast<uint64_t>(exponent); left != 0; left >>= 1) {
    result = left & 1 ? result * factor : result;
    factor *= factor;
  }
  return wrapped<T>(result);
}

/// Shifts within `bits`; a shift by all bits or more gives 0.
uint64_t shift(BinaryKind kind, uint64_t x, uint64_t amount, unsigned bits) {
  if (amount >= bits)
    return 0;
  uint64_t mask = bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
  return kind == BinaryKind::shift_left ? x << amount : (x & mask) >> amount;
}

template <typename T> std::optional<T> intFunction(BinaryKind kind, T x, T y, unsigned bits) {
  uint64_t ux = static_cast<uint64_t>(x), uy = static_cast<uint64_t>(y);
  switch (kind) {
  case BinaryKind::add: return wrapped<T>(ux + uy);
  case BinaryKind::sub: return wrapped<T>(ux - uy);
  case BinaryKind::mul: return wrapped<T>(ux * uy);
  case BinaryKind::div: return divide(x, y);
  case BinaryKind::mod: return modulo(x, y);
  case BinaryKind::fmod: return remainder(x, y);
  case BinaryKind::pow: return power(x, y);
  case BinaryKind::min: return std::min(x, y);
  case BinaryKind::max: return std::max(x, y);
  case BinaryKind::prelu: return x < T(0) ? wrapped<T>(ux * uy) : x;
  case BinaryKind::logical_and: return static_cast<T>(x != T(0) && y != T(0));
  case BinaryKind::logical_or: return static_cast<T>(x != T(0) || y != T(0));
  case BinaryKind::logical_xor: return static_cast<T>((x != T(0)) != (y != T(0)));
  case BinaryKind::bitwise_and: return wrapped<T>(ux & uy);
  case BinaryKind::bitwise_or: return wrapped<T>(ux | uy);
  case BinaryKind::bitwise_xor: return wrapped<T>(ux ^ uy);
  case BinaryKind::shift_left:
  case BinaryKind::shift_right: return wrapped<T>(shift(kind, ux, uy, bits));
  default: return std::nullopt;
  }
}

template <typename T> std::optional<int64_t> comparison(BinaryKind kind, T x, T y) {
  switch (kind) {
  case BinaryKind::equal: return x == y;
  case BinaryKind::less: return x < y;
  case BinaryKind::less_equal: return x <= y;
  case BinaryKind::greater: return x > y;
  case BinaryKind::greater_equal: return x >= y;
  default: return std::nullopt;
  }
}

/// The two operands stretched to the result's shape.
struct Pair {
  const Tensor &lhs, &rhs;
  std::vector<int64_t> left, right;
};

/// Computes every element by f(T, T) -> optional<U>; false as soon as one has no value.
template <typename T, typename F> bool mapPairs(const Pair &pair, Tensor &result, F f) {
  result.mutableData();
  for (size_t i = 0; i < pair.left.size(); ++i) {
    auto value = f(get<T>(pair.lhs, pair.left[i]), get<T>(pair.rhs, pair.right[i]));
    if (!value)
      return false;
    put(result, static_cast<int64_t>(i), *value);
  }
  return true;
}

template <typename T> bool apply(BinaryKind kind, const Pair &pair, Tensor &result, unsigned bits) {
  if (comparison<T>(kind, T(0), T(0)))
    return mapPairs<T>(pair, result, [&](T x, T y) { return comparison<T>(kind, x, y); });
  if constexpr (std::is_same_v<T, double>)
    return mapPairs<T>(pair, result, [&](T x, T y) { return floatFunction(kind, x, y); });
  else
    return mapPairs<T>(pair, result, [&](T x, T y) { return intFunction<T>(kind, x, y, bits); });
}

llvm::FailureOr<Results> binary(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  BinaryKind kind = cast<nn::BinaryOp>(op).getKind();
  Tensor result = resultOf(op);
  Pair pair{operands[0], operands[1], broadcastOffsets(operands[0].shape(), result.shape()),
            broadcastOffsets(operands[1].shape(), result.shape())};
  DType type = pair.lhs.dtype();
  unsigned bits = cast<RankedTensorType>(op->getOperand(0).getType()).getElementTypeBitWidth();
  bool mixed = isFloat(type) != isFloat(pair.rhs.dtype());
  // An integer raised to a float (or the reverse) goes through double; the store truncates to the left type.
  bool done = mixed ? kind == BinaryKind::pow && apply<double>(kind, pair, result, bits)
                    : withLane(type, [&](auto zero) { return apply<decltype(zero)>(kind, pair, result, bits); });
  if (done)
    return one(result);
  return refuse(why, "nn.binary " + stringifyBinaryKind(kind) + " has no rule for " + name(type) + " and " + name(pair.rhs.dtype()));
}

llvm::FailureOr<Results> select(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  Tensor result = resultOf(op);
  std::vector<int64_t> choice = broadcastOffsets(operands[0].shape(), result.shape());
  std::vector<int64_t> onTrue = broadcastOffsets(operands[1].shape(), result.shape());
  std::vector<int64_t> onFalse = broadcastOffsets(operands[2].shape(), result.shape());
  for (size_t i = 0; i < choice.size(); ++i) {
    bool chosen = operands[0].intAt(choice[i]) != 0;
    copyElement(operands[chosen ? 1 : 2], chosen ? onTrue[i] : onFalse[i], result, static_cast<int64_t>(i));
  }
  return one(result);
}

} // namespace

void addBinary(RuleTable &table) {
  table["nn.binary"] = binary;
  table["nn.select"] = select;
}

} // namespace ingot::reference
