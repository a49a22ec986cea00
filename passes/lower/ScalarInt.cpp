// Scalar bodies of elementwise ops on integers and booleans, comparisons, and conversions between types.
#include "passes/lower/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using ingot::nn::BinaryKind;
using ingot::nn::UnaryKind;

namespace ingot {

Value ScalarBuilder::intUnary(UnaryKind kind, Value x, DType type, double alpha, double beta) {
  Type t = x.getType();
  bool isSigned = isSignedInt(type);
  Value zero = intConstant(0, t);
  auto less = [&](Value l, Value r) -> Value {
    return arith::CmpIOp::create(b, loc, isSigned ? arith::CmpIPredicate::slt : arith::CmpIPredicate::ult, l, r);
  };
  switch (kind) {
  case UnaryKind::abs:
    return isSigned ? arith::SelectOp::create(b, loc, less(x, zero), arith::SubIOp::create(b, loc, zero, x), x).getResult() : x;
  case UnaryKind::neg: return arith::SubIOp::create(b, loc, zero, x);
  case UnaryKind::relu: return arith::SelectOp::create(b, loc, less(x, zero), zero, x);
  case UnaryKind::floor: case UnaryKind::ceil: case UnaryKind::round: return x;
  case UnaryKind::sign: {
    Value positive = arith::SelectOp::create(b, loc, less(zero, x), intConstant(1, t), zero);
    return arith::SelectOp::create(b, loc, less(x, zero), intConstant(-1, t), positive);
  }
  case UnaryKind::clip: {
    unsigned width = mlir::cast<IntegerType>(t).getWidth();
    double low = isSigned ? -std::ldexp(1.0, width - 1) : 0, high = std::ldexp(1.0, isSigned ? width - 1 : width);
    Value bounded = x;
    if (alpha > low) {
      Value limit = intConstant(static_cast<int64_t>(alpha), t);
      bounded = arith::SelectOp::create(b, loc, less(bounded, limit), limit, bounded);
    }
    if (beta < high) {
      Value limit = intConstant(static_cast<int64_t>(beta), t);
      bounded = arith::SelectOp::create(b, loc, less(limit, bounded), limit, bounded);
    }
    return bounded;
  }
  case UnaryKind::logical_not: return arith::XOrIOp::create(b, loc, x, intConstant(1, t));
  case UnaryKind::bitwise_not: return arith::XOrIOp::create(b, loc, x, intConstant(-1, t));
  default: return {};
  }
}

// y == 0 -> 0; y == -1 -> -x (the one signed quotient that overflows); else x / y
Value ScalarBuilder::divide(Value x, Value y, bool isSigned) {
  Type t = x.getType();
  Value zero = intConstant(0, t), one = intConstant(1, t);
  Value isZero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, y, zero);
  Value safe = arith::SelectOp::create(b, loc, isZero, one, y);
  if (!isSigned)
    return arith::SelectOp::create(b, loc, isZero, zero, arith::DivUIOp::create(b, loc, x, safe));
  Value isMinusOne = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, y, intConstant(-1, t));
  safe = arith::SelectOp::create(b, loc, isMinusOne, one, safe);
  Value quotient = arith::DivSIOp::create(b, loc, x, safe);
  quotient = arith::SelectOp::create(b, loc, isMinusOne, arith::SubIOp::create(b, loc, zero, x), quotient);
  return arith::SelectOp::create(b, loc, isZero, zero, quotient);
}

// x - (x / y) * y; with floorSign moved by y when its sign is not the divisor's
Value ScalarBuilder::remainder(Value x, Value y, bool isSigned, bool floorSign) {
  Type t = x.getType();
  Value zero = intConstant(0, t);
  Value rest = arith::SubIOp::create(b, loc, x, arith::MulIOp::create(b, loc, divide(x, y, isSigned), y));
  Value isZero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, y, zero);
  rest = arith::SelectOp::create(b, loc, isZero, zero, rest);
  if (!isSigned || !floorSign)
    return rest;
  Value nonzero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, rest, zero);
  Value differ = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, arith::XOrIOp::create(b, loc, rest, y), zero);
  Value wrong = arith::AndIOp::create(b, loc, nonzero, differ);
  return arith::SelectOp::create(b, loc, wrong, arith::AddIOp::create(b, loc, rest, y), rest);
}

// Square and multiply over the exponent's 6 low bits (beyond them only 0, 1 and -1 stay in range); y is i64, a negative one gives 0 or +-1
Value ScalarBuilder::intPower(Value x, Value y, DType type) {
  Type t = x.getType(), i64 = b.getI64Type();
  Value result = intConstant(1, t), square = x;
  for (int bit = 0; bit < 6; ++bit) {
    Value mask = arith::AndIOp::create(b, loc, y, intConstant(int64_t{1} << bit, i64));
    Value isSet = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, mask, intConstant(0, i64));
    result = arith::SelectOp::create(b, loc, isSet, arith::MulIOp::create(b, loc, result, square), result);
    square = arith::MulIOp::create(b, loc, square, square);
  }
  return result;
}

Value ScalarBuilder::intBinary(BinaryKind kind, Value x, Value y, DType type) {
  bool isSigned = isSignedInt(type);
  Type t = x.getType();
  auto less = [&](Value l, Value r) -> Value {
    return arith::CmpIOp::create(b, loc, isSigned ? arith::CmpIPredicate::slt : arith::CmpIPredicate::ult, l, r);
  };
  auto shift = [&](bool left) -> Value {
    unsigned width = mlir::cast<IntegerType>(t).getWidth();
    Value inRange = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, y, intConstant(width, t));
    Value amount = arith::SelectOp::create(b, loc, inRange, y, intConstant(0, t));
    Value moved = left ? arith::ShLIOp::create(b, loc, x, amount).getResult() : arith::ShRUIOp::create(b, loc, x, amount).getResult();
    return arith::SelectOp::create(b, loc, inRange, moved, intConstant(0, t));
  };
  switch (kind) {
  case BinaryKind::add: return arith::AddIOp::create(b, loc, x, y);
  case BinaryKind::sub: return arith::SubIOp::create(b, loc, x, y);
  case BinaryKind::mul: return arith::MulIOp::create(b, loc, x, y);
  case BinaryKind::div: return divide(x, y, isSigned);
  case BinaryKind::mod: return remainder(x, y, isSigned, true);
  case BinaryKind::fmod: return remainder(x, y, isSigned, false);
  case BinaryKind::min: return arith::SelectOp::create(b, loc, less(y, x), y, x);
  case BinaryKind::max: return arith::SelectOp::create(b, loc, less(x, y), y, x);
  case BinaryKind::prelu:
    return arith::SelectOp::create(b, loc, less(x, intConstant(0, t)), arith::MulIOp::create(b, loc, x, y), x);
  case BinaryKind::logical_and: case BinaryKind::bitwise_and: return arith::AndIOp::create(b, loc, x, y);
  case BinaryKind::logical_or: case BinaryKind::bitwise_or: return arith::OrIOp::create(b, loc, x, y);
  case BinaryKind::logical_xor: case BinaryKind::bitwise_xor: return arith::XOrIOp::create(b, loc, x, y);
  case BinaryKind::shift_left: return shift(true);
  case BinaryKind::shift_right: return shift(false);
  default: return {};
  }
}

Value ScalarBuilder::compare(BinaryKind kind, Value x, Value y, DType type) {
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  bool isSigned = isSignedInt(type);
  F f;
  I i;
  switch (kind) {
  case BinaryKind::equal: f = F::OEQ, i = I::eq; break;
  case BinaryKind::less: f = F::OLT, i = isSigned ? I::slt : I::ult; break;
  case BinaryKind::less_equal: f = F::OLE, i = isSigned ? I::sle : I::ule; break;
  case BinaryKind::greater: f = F::OGT, i = isSigned ? I::sgt : I::ugt; break;
  case BinaryKind::greater_equal: f = F::OGE, i = isSigned ? I::sge : I::uge; break;
  default: return {};
  }
  if (isFloat(type))
    return arith::CmpFOp::create(b, loc, f, x, y);
  return arith::CmpIOp::create(b, loc, i, x, y);
}

// Out of range is modulo 2^64 of the value clamped to int64 (uint64 for values above), NaN is 0
Value ScalarBuilder::floatToInt(Value x, Type to, bool isSigned) {
  Type i64 = b.getI64Type(), t = x.getType();
  const double two63 = 9223372036854775808.0;
  double largest = t.isF32() ? 9223371487098961920.0 : 9223372036854774784.0; // the float right below 2^63
  Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  Value number = arith::SelectOp::create(b, loc, isNan, constant(0, t), x);
  Value bounded = minimum(maximum(number, constant(-two63, t)), constant(largest, t));
  Value integer = arith::FPToSIOp::create(b, loc, i64, bounded);
  unsigned width = mlir::cast<IntegerType>(to).getWidth();
  if (width == 64 && !isSigned) {
    Value high = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, number, constant(two63, t));
    Value rest = minimum(arith::SubFOp::create(b, loc, number, constant(two63, t)), constant(largest, t));
    Value safe = arith::SelectOp::create(b, loc, high, rest, constant(0, t));
    Value shifted = arith::XOrIOp::create(b, loc, arith::FPToSIOp::create(b, loc, i64, safe), intConstant(INT64_MIN, i64));
    integer = arith::SelectOp::create(b, loc, high, shifted, integer);
  }
  return width == 64 ? integer : arith::TruncIOp::create(b, loc, to, integer).getResult();
}

// Wide sources reach a small float through f64, whose conversion rounds once
Value ScalarBuilder::castToSmall(Value x, DType from, DType to, bool saturate) {
  bool exactInF32 = byteWidth(from) <= (isFloat(from) ? 4 : 2);
  return floatToSmall(cast(x, from, exactInF32 ? DType::F32 : DType::F64, false), to, saturate);
}

Value ScalarBuilder::cast(Value x, DType from, DType to, bool saturate) {
  if (from == to)
    return x;
  if (isFloat(to) && byteWidth(to) == 1)
    return castToSmall(x, from, to, saturate);
  bool fromFloat = isFloat(from), toFloat = isFloat(to), fromSigned = isSignedInt(from);
  Type target = to == DType::F64 ? Type(b.getF64Type()) : toFloat ? Type(b.getF32Type()) : Type(b.getIntegerType(scalarWidth(to)));
  if (fromFloat)
    x = widen(x, from);
  if (to == DType::Bool) {
    if (fromFloat)
      return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, x, constant(0, x.getType()));
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, intConstant(0, x.getType()));
  }
  if (fromFloat && toFloat) {
    if (x.getType().isF32() && target.isF64())
      x = arith::ExtFOp::create(b, loc, target, x);
    else if (x.getType().isF64() && target.isF32())
      x = arith::TruncFOp::create(b, loc, target, x);
    return narrow(x, to);
  }
  if (fromFloat)
    return floatToInt(x, target, isSignedInt(to));
  if (toFloat) {
    Value number = fromSigned ? arith::SIToFPOp::create(b, loc, target, x).getResult() : arith::UIToFPOp::create(b, loc, target, x).getResult();
    return narrow(number, to);
  }
  if (scalarWidth(to) < scalarWidth(from))
    return arith::TruncIOp::create(b, loc, target, x);
  if (scalarWidth(to) == scalarWidth(from))
    return x;
  return fromSigned ? arith::ExtSIOp::create(b, loc, target, x).getResult() : arith::ExtUIOp::create(b, loc, target, x).getResult();
}

} // namespace ingot
