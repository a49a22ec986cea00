// Scalar bodies of elementwise ops on floats, and the choice between float and integer code.
#include "passes/lower/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using ingot::nn::BinaryKind;
using ingot::nn::UnaryKind;

namespace ingot {

unsigned scalarWidth(DType type) {
  switch (type) {
  case DType::Bool: return 1;
  case DType::I2: case DType::U2: return 2;
  case DType::I4: case DType::U4: return 4;
  default: return static_cast<unsigned>(byteWidth(type)) * 8;
  }
}

namespace {
/// The middle of ik_from_<name> and ik_to_<name>_f32; "" when the type is no float of 8 or fewer bits.
StringRef smallFloatName(DType type) {
  switch (type) {
  case DType::F8E4M3FN: return "f8e4m3fn";
  case DType::F8E4M3FNUZ: return "f8e4m3fnuz";
  case DType::F8E5M2: return "f8e5m2";
  case DType::F8E5M2FNUZ: return "f8e5m2fnuz";
  case DType::F8E8M0: return "f8e8m0";
  case DType::F4E2M1: return "f4e2m1";
  default: return "";
  }
}

} // namespace

Value ScalarBuilder::constant(double value, Type type) {
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
  return intConstant(static_cast<int64_t>(value), type);
}

Value ScalarBuilder::intConstant(int64_t value, Type type) {
  unsigned width = mlir::cast<IntegerType>(type).getWidth();
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, llvm::APInt(width, static_cast<uint64_t>(value), false, true)));
}

// Functions that are no instruction are external scalar functions, linked as bitcode and inlined before vectorisation.
Value ScalarBuilder::callNamed(const std::string &name, Type result, ValueRange args) {
  ModuleOp module = b.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  if (!module.lookupSymbol(name)) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    func::FuncOp declaration = func::FuncOp::create(top, UnknownLoc::get(b.getContext()), name, b.getFunctionType(args.getTypes(), result));
    declaration.setPrivate();
  }
  return func::CallOp::create(b, loc, name, result, args).getResult(0);
}

Value ScalarBuilder::call(StringRef function, ValueRange args) {
  Type type = args[0].getType();
  return callNamed(("ik_" + function + (type.isF64() ? "_f64" : "_f32")).str(), type, args);
}

// Codes travel as i32 (f8.c): narrower arguments are extended by rules that differ between targets
Value ScalarBuilder::smallToF32(Value code, DType type) {
  Value wide = arith::ExtUIOp::create(b, loc, b.getI32Type(), code);
  return callNamed(("ik_from_" + smallFloatName(type)).str(), b.getF32Type(), wide);
}

Value ScalarBuilder::floatToSmall(Value x, DType type, bool saturate) {
  std::string name = ("ik_to_" + smallFloatName(type) + (x.getType().isF64() ? "_f64" : "_f32")).str();
  Value code = callNamed(name, b.getI32Type(), {x, intConstant(saturate, b.getI32Type())});
  return arith::TruncIOp::create(b, loc, b.getI8Type(), code);
}

// bf16 is the upper half of an f32: conversions by integers, so that no target needs a library call for them.
Value ScalarBuilder::bf16ToF32(Value x) {
  Value bits = arith::ExtUIOp::create(b, loc, b.getI32Type(), arith::BitcastOp::create(b, loc, b.getI16Type(), x));
  return arith::BitcastOp::create(b, loc, b.getF32Type(), arith::ShLIOp::create(b, loc, bits, intConstant(16, b.getI32Type())));
}

Value ScalarBuilder::f32ToBf16(Value x) {
  Type i32 = b.getI32Type();
  Value bits = arith::BitcastOp::create(b, loc, i32, x);
  Value odd = arith::AndIOp::create(b, loc, arith::ShRUIOp::create(b, loc, bits, intConstant(16, i32)), intConstant(1, i32));
  Value bias = arith::AddIOp::create(b, loc, odd, intConstant(0x7fff, i32));
  Value rounded = arith::ShRUIOp::create(b, loc, arith::AddIOp::create(b, loc, bits, bias), intConstant(16, i32));
  Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  Value chosen = arith::SelectOp::create(b, loc, isNan, intConstant(0x7fc0, i32), rounded);
  return arith::BitcastOp::create(b, loc, b.getBF16Type(), arith::TruncIOp::create(b, loc, b.getI16Type(), chosen));
}

Value ScalarBuilder::widen(Value x, DType type) {
  if (type == DType::BF16)
    return bf16ToF32(x);
  if (type == DType::F16)
    return arith::ExtFOp::create(b, loc, b.getF32Type(), x);
  return smallFloatName(type).empty() ? x : smallToF32(x, type);
}

Value ScalarBuilder::narrow(Value x, DType type) {
  if (x && !smallFloatName(type).empty())
    return floatToSmall(x, type, /*saturate=*/false);
  if (!x || (type != DType::BF16 && type != DType::F16))
    return x;
  if (type == DType::BF16)
    return f32ToBf16(x);
  return arith::TruncFOp::create(b, loc, b.getF16Type(), x);
}

// select(x > y or x is NaN, x, y): NaN of x by the unordered compare, NaN of y because every compare with it is unordered too
Value ScalarBuilder::maximum(Value x, Value y) {
  Value greater = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, y);
  Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  return arith::SelectOp::create(b, loc, arith::OrIOp::create(b, loc, greater, isNan), x, y);
}

Value ScalarBuilder::minimum(Value x, Value y) {
  Value less = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, y);
  Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  return arith::SelectOp::create(b, loc, arith::OrIOp::create(b, loc, less, isNan), x, y);
}

Value ScalarBuilder::unary(UnaryKind kind, Value x, DType type, double alpha, double beta) {
  if (!isFloat(type))
    return intUnary(kind, x, type, alpha, beta);
  Value wide = widen(x, type);
  if (kind == UnaryKind::is_nan)
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, wide, wide);
  if (kind != UnaryKind::is_inf)
    return narrow(floatUnary(kind, wide, alpha, beta), type);
  double infinity = std::numeric_limits<double>::infinity();
  Value negative = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, wide, constant(alpha != 0 ? -infinity : std::nan(""), wide.getType()));
  Value positive = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, wide, constant(beta != 0 ? infinity : std::nan(""), wide.getType()));
  return arith::OrIOp::create(b, loc, negative, positive);
}

namespace {
/// The external function that computes a kind by itself, or "".
StringRef directFunction(UnaryKind kind) {
  switch (kind) {
  case UnaryKind::exp: case UnaryKind::log: case UnaryKind::sin: case UnaryKind::cos: case UnaryKind::tan: case UnaryKind::asin:
  case UnaryKind::acos: case UnaryKind::atan: case UnaryKind::sinh: case UnaryKind::cosh: case UnaryKind::tanh: case UnaryKind::asinh:
  case UnaryKind::acosh: case UnaryKind::atanh: case UnaryKind::erf: case UnaryKind::sigmoid: case UnaryKind::softplus:
    return nn::stringifyUnaryKind(kind);
  default:
    return "";
  }
}
} // namespace

Value ScalarBuilder::floatUnary(UnaryKind kind, Value x, double alpha, double beta) {
  Type type = x.getType();
  StringRef function = directFunction(kind);
  if (!function.empty())
    return call(function, x);
  Value zero = constant(0, type), one = constant(1, type);
  auto mul = [&](Value l, Value r) -> Value { return arith::MulFOp::create(b, loc, l, r); };
  auto add = [&](Value l, Value r) -> Value { return arith::AddFOp::create(b, loc, l, r); };
  auto sub = [&](Value l, Value r) -> Value { return arith::SubFOp::create(b, loc, l, r); };
  auto less = [&](Value l, Value r) -> Value { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, l, r); };
  auto greater = [&](Value l, Value r) -> Value { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, l, r); };
  auto choose = [&](Value c, Value l, Value r) -> Value { return arith::SelectOp::create(b, loc, c, l, r); };
  auto hardSigmoid = [&](double a, double c) { return minimum(maximum(add(mul(x, constant(a, type)), constant(c, type)), zero), one); };
  switch (kind) {
  case UnaryKind::abs: return math::AbsFOp::create(b, loc, x);
  case UnaryKind::neg: return arith::NegFOp::create(b, loc, x);
  case UnaryKind::sqrt: return math::SqrtOp::create(b, loc, x);
  case UnaryKind::reciprocal: return arith::DivFOp::create(b, loc, one, x);
  case UnaryKind::floor: return math::FloorOp::create(b, loc, x);
  case UnaryKind::ceil: return math::CeilOp::create(b, loc, x);
  case UnaryKind::round: return math::RoundEvenOp::create(b, loc, x);
  case UnaryKind::sign: return choose(greater(x, zero), one, choose(less(x, zero), constant(-1, type), x));
  case UnaryKind::softsign: return arith::DivFOp::create(b, loc, x, add(one, math::AbsFOp::create(b, loc, x)));
  case UnaryKind::relu: return maximum(x, zero);
  case UnaryKind::clip: return minimum(maximum(x, constant(alpha, type)), constant(beta, type));
  case UnaryKind::leaky_relu: return choose(less(x, zero), mul(x, constant(alpha, type)), x);
  case UnaryKind::elu: return choose(less(x, zero), mul(constant(alpha, type), call("expm1", x)), x);
  case UnaryKind::selu:
    return mul(constant(beta, type), choose(greater(x, zero), x, mul(constant(alpha, type), call("expm1", x))));
  case UnaryKind::celu:
    return add(maximum(x, zero), minimum(zero, mul(constant(alpha, type), call("expm1", mul(x, constant(1 / alpha, type))))));
  case UnaryKind::thresholded_relu: return choose(greater(x, constant(alpha, type)), x, zero);
  case UnaryKind::hard_sigmoid: return hardSigmoid(alpha, beta);
  case UnaryKind::hard_swish: return mul(x, hardSigmoid(1.0 / 6, 0.5));
  case UnaryKind::mish: return mul(x, call("tanh", call("softplus", x)));
  case UnaryKind::gelu:
    return mul(mul(x, constant(0.5, type)), add(one, call("erf", mul(x, constant(0.70710678118654752440, type)))));
  case UnaryKind::gelu_tanh: {
    Value cube = mul(mul(x, x), x);
    Value inner = mul(constant(0.79788456080286535588, type), add(x, mul(constant(0.044715, type), cube)));
    return mul(mul(x, constant(0.5, type)), add(one, call("tanh", inner)));
  }
  case UnaryKind::swish: return mul(x, call("sigmoid", mul(x, constant(alpha, type))));
  case UnaryKind::shrink: {
    Value low = choose(less(x, constant(-alpha, type)), add(x, constant(beta, type)), zero);
    return choose(greater(x, constant(alpha, type)), sub(x, constant(beta, type)), low);
  }
  default: return {};
  }
}

Value ScalarBuilder::binary(BinaryKind kind, Value x, Value y, DType type, DType rhsType) {
  if (kind >= BinaryKind::equal)
    return compare(kind, widen(x, type), widen(y, rhsType), type);
  if (kind == BinaryKind::pow) {
    if (!isFloat(type) && !isFloat(rhsType))
      return intPower(x, cast(y, rhsType, DType::I64, false), type);
    DType wideType = type == DType::F64 || !isFloat(type) ? DType::F64 : DType::F32;
    Value power = call("pow", {cast(x, type, wideType, false), cast(y, rhsType, wideType, false)});
    return cast(isFloat(type) ? power : snapToInteger(power), wideType, type, false);
  }
  if (isFloat(type))
    return narrow(floatBinary(kind, widen(x, type), widen(y, type)), type);
  return intBinary(kind, x, y, type);
}

Value ScalarBuilder::floatBinary(BinaryKind kind, Value x, Value y) {
  switch (kind) {
  case BinaryKind::add: return arith::AddFOp::create(b, loc, x, y);
  case BinaryKind::sub: return arith::SubFOp::create(b, loc, x, y);
  case BinaryKind::mul: return arith::MulFOp::create(b, loc, x, y);
  case BinaryKind::div: return arith::DivFOp::create(b, loc, x, y);
  case BinaryKind::mod: return floatMod(x, y, /*floorSign=*/true);
  case BinaryKind::fmod: return floatMod(x, y, /*floorSign=*/false);
  case BinaryKind::min: return minimum(x, y);
  case BinaryKind::max: return maximum(x, y);
  case BinaryKind::prelu: {
    Value negative = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, constant(0, x.getType()));
    return arith::SelectOp::create(b, loc, negative, arith::MulFOp::create(b, loc, x, y), x);
  }
  default: return {};
  }
}

// x - trunc(x / y) * y, in f64 so that it is exact for f32 quotients below 2^29; mod then takes the divisor's sign
Value ScalarBuilder::floatMod(Value x, Value y, bool floorSign) {
  Type f64 = b.getF64Type();
  auto wide = [&](Value v) -> Value { return v.getType().isF64() ? v : arith::ExtFOp::create(b, loc, f64, v).getResult(); };
  Value p = wide(x), q = wide(y);
  Value quotient = math::TruncOp::create(b, loc, arith::DivFOp::create(b, loc, p, q));
  Value rest = math::FmaOp::create(b, loc, arith::NegFOp::create(b, loc, quotient), q, p);
  if (floorSign) {
    Value zero = constant(0, f64);
    Value nonzero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ONE, rest, zero);
    Value restNegative = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, rest, zero);
    Value divisorNegative = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, q, zero);
    Value differ = arith::XOrIOp::create(b, loc, restNegative, divisorNegative);
    Value wrong = arith::AndIOp::create(b, loc, nonzero, differ);
    rest = arith::SelectOp::create(b, loc, wrong, arith::AddFOp::create(b, loc, rest, q), rest);
  }
  if (x.getType().isF64())
    return rest;
  return arith::TruncFOp::create(b, loc, x.getType(), rest);
}

// A power of integers is exact in theory; pow is right to a few units in the last place, so what lies that close to an integer is one
Value ScalarBuilder::snapToInteger(Value x) {
  Value nearest = math::RoundEvenOp::create(b, loc, x);
  Value distance = math::AbsFOp::create(b, loc, arith::SubFOp::create(b, loc, x, nearest));
  Value bound = arith::MulFOp::create(b, loc, math::AbsFOp::create(b, loc, x), constant(0x1p-50, x.getType()));
  Value close = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLE, distance, bound);
  return arith::SelectOp::create(b, loc, close, nearest, x);
}

Value ScalarBuilder::select(Value condition, Value x, Value y) { return arith::SelectOp::create(b, loc, condition, x, y); }

Value ScalarBuilder::quantize(Value x, Value scale, Value zero, DType from, DType to) {
  Type f32 = b.getF32Type();
  Value quotient = arith::DivFOp::create(b, loc, cast(x, from, DType::F32, false), scale);
  if (isFloat(to))
    return quantizeToFloat(quotient, zero, to);
  Value rounded = math::RoundEvenOp::create(b, loc, quotient);
  bool isSigned = isSignedInt(to);
  unsigned width = scalarWidth(to);
  double low = isSigned ? -std::ldexp(1.0, width - 1) : 0, high = std::ldexp(1.0, isSigned ? width - 1 : width) - 1;
  if (zero)
    rounded = arith::AddFOp::create(b, loc, rounded, cast(zero, to, DType::F32, false));
  Value clamped = minimum(maximum(rounded, constant(low, f32)), constant(high, f32));
  Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, clamped, clamped);
  Value safe = arith::SelectOp::create(b, loc, isNan, constant(0, f32), clamped);
  Value integer = arith::FPToSIOp::create(b, loc, b.getI32Type(), safe);
  return width == 32 ? integer : arith::TruncIOp::create(b, loc, b.getIntegerType(width), integer).getResult();
}

// Of a size that no step of quantizeFew overflows or rounds among denormals, and of a significand that is not all ones, for which quotients may be wrong
bool ScalarBuilder::isPlainScale(float scale) {
  int exponent;
  return scale >= 0x1p-60f && scale <= 0x1p60f && std::frexp(scale, &exponent) != 0x1.fffffep-1f;
}

// x is clamped first, so that infinities do not meet the corrections: two, from the rounded inverse, give the rounded quotient (Markstein, Computation of
// elementary functions on the IBM RISC System/6000 processor, 1990). What depends on scale and zero alone is computed before the loop
Value ScalarBuilder::quantizeFew(Value x, Value scale, Value zero, DType from, DType to) {
  Type f32 = b.getF32Type();
  x = cast(x, from, DType::F32, false);
  unsigned width = scalarWidth(to);
  double least = isSignedInt(to) ? -std::ldexp(1.0, width - 1) : 0;
  Value offset = zero ? cast(zero, to, DType::F32, false) : constant(0, f32);
  auto limit = [&](double value) { return arith::MulFOp::create(b, loc, scale, arith::SubFOp::create(b, loc, constant(value, f32), offset)); };
  Value low = limit(least), high = limit(least + std::ldexp(1.0, width) - 1);
  x = arith::SelectOp::create(b, loc, arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, low), low, x);
  x = arith::SelectOp::create(b, loc, arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, high), high, x);
  Value inverse = arith::DivFOp::create(b, loc, constant(1, f32), scale), negative = arith::NegFOp::create(b, loc, scale);
  Value quotient = arith::MulFOp::create(b, loc, x, inverse);
  for (int step = 0; step < 2; ++step) {
    Value rest = math::FmaOp::create(b, loc, negative, quotient, x);
    quotient = math::FmaOp::create(b, loc, rest, inverse, quotient);
  }
  Value rounded = arith::AddFOp::create(b, loc, math::RoundEvenOp::create(b, loc, quotient), offset);
  Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, rounded, rounded);
  Value safe = arith::SelectOp::create(b, loc, isNan, constant(0, f32), rounded);
  return arith::TruncIOp::create(b, loc, b.getIntegerType(width), arith::FPToSIOp::create(b, loc, b.getI32Type(), safe));
}

// The sum with a zero point is exact in f64, so that the result is rounded once
Value ScalarBuilder::quantizeToFloat(Value quotient, Value zero, DType to) {
  if (smallFloatName(to).empty())
    return {};
  if (zero)
    quotient = arith::AddFOp::create(b, loc, arith::ExtFOp::create(b, loc, b.getF64Type(), quotient), cast(zero, to, DType::F64, false));
  return floatToSmall(quotient, to, /*saturate=*/true);
}

Value ScalarBuilder::dequantize(Value x, Value scale, Value zero, DType from, DType to) {
  DType wide = to == DType::F64 ? DType::F64 : DType::F32;
  if (isFloat(from)) {
    Value value = cast(x, from, wide, false);
    if (zero)
      value = arith::SubFOp::create(b, loc, value, cast(zero, from, wide, false));
    return cast(arith::MulFOp::create(b, loc, value, scale), wide, to, false);
  }
  Value value = cast(x, from, DType::I32, false);
  if (zero)
    value = arith::SubIOp::create(b, loc, value, cast(zero, from, DType::I32, false));
  return cast(arith::MulFOp::create(b, loc, cast(value, DType::I32, wide, false), scale), wide, to, false);
}

} // namespace ingot
