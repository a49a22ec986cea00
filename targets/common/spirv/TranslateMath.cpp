// Arithmetic, casts, comparisons and intrinsics. Floating-point operations carry NoContraction: kernels ask for fused multiply-adds
// where they want them. Choices that NaN decides (minimum, maximum) are written out as comparisons.
#include "targets/common/spirv/Translate.h"

using namespace mlir;

namespace ingot {
namespace {

template <typename Op> Value exact(OpBuilder &b, Location loc, Value x, Value y) {
  Op op = Op::create(b, loc, x, y);
  op->setAttr("no_contraction", b.getUnitAttr());
  return op.getResult();
}

/// Whether the low half of the result depends on the low halves of the operands alone.
bool isLowClosed(unsigned opcode) {
  using I = llvm::Instruction;
  return opcode == I::Add || opcode == I::Sub || opcode == I::Mul || opcode == I::And || opcode == I::Or || opcode == I::Xor;
}

} // namespace

Value Translator::floatBinary(unsigned opcode, V x, V y) {
  switch (opcode) {
  case llvm::Instruction::FAdd: return exact<spirv::FAddOp>(b, loc, x, y);
  case llvm::Instruction::FSub: return exact<spirv::FSubOp>(b, loc, x, y);
  case llvm::Instruction::FMul: return exact<spirv::FMulOp>(b, loc, x, y);
  case llvm::Instruction::FDiv: return exact<spirv::FDivOp>(b, loc, x, y);
  default: return exact<spirv::FRemOp>(b, loc, x, y);
  }
}

Value Translator::intBinary(unsigned opcode, V x, V y) {
  using I = llvm::Instruction;
  bool isBool = x.getType().isInteger(1);
  switch (opcode) {
  case I::Add: return isBool ? make<spirv::LogicalNotEqualOp>(x, y) : make<spirv::IAddOp>(x, y);
  case I::Sub: return isBool ? make<spirv::LogicalNotEqualOp>(x, y) : make<spirv::ISubOp>(x, y);
  case I::Mul: return isBool ? make<spirv::LogicalAndOp>(x, y) : make<spirv::IMulOp>(x, y);
  case I::And: return isBool ? make<spirv::LogicalAndOp>(x, y) : make<spirv::BitwiseAndOp>(x, y);
  case I::Or: return isBool ? make<spirv::LogicalOrOp>(x, y) : make<spirv::BitwiseOrOp>(x, y);
  case I::Xor: return isBool ? make<spirv::LogicalNotEqualOp>(x, y) : make<spirv::BitwiseXorOp>(x, y);
  case I::UDiv: return make<spirv::UDivOp>(x, y);
  case I::SDiv: return make<spirv::SDivOp>(x, y);
  case I::URem: return make<spirv::UModOp>(x, y);
  case I::SRem: return make<spirv::SRemOp>(x, y);
  case I::Shl: return make<spirv::ShiftLeftLogicalOp>(x, y);
  case I::LShr: return make<spirv::ShiftRightLogicalOp>(x, y);
  default: return make<spirv::ShiftRightArithmeticOp>(x, y);
  }
}

/// Whether the number is the sign extension of its low 32 bits.
bool Translator::fitsLow(const llvm::Value *value) const {
  auto *number = dyn_cast<llvm::ConstantInt>(value);
  return narrow.contains(value) || (number && number->getValue().getSignificantBits() <= 32);
}

bool Translator::binary(const llvm::BinaryOperator &op) {
  const llvm::Value *x = op.getOperand(0), *y = op.getOperand(1);
  if (op.getType()->isFloatingPointTy()) {
    set(op, floatBinary(op.getOpcode(), valueOf(x), valueOf(y)));
    return message.empty();
  }
  auto isPositive = [&](const llvm::Value *value) {
    auto *number = dyn_cast<llvm::ConstantInt>(value);
    return number ? !number->isNegative() : llvm::isa<llvm::ZExtInst>(value);
  };
  bool isSigned = op.getOpcode() == llvm::Instruction::SDiv || op.getOpcode() == llvm::Instruction::SRem;
  bool isUnsigned = op.getOpcode() == llvm::Instruction::UDiv || op.getOpcode() == llvm::Instruction::URem;
  bool halves = isLowClosed(op.getOpcode()) || (isSigned && fitsLow(x) && fitsLow(y)) ||
                (isUnsigned && fitsLow(x) && fitsLow(y) && isPositive(x) && isPositive(y));
  if (op.getOpcode() == llvm::Instruction::Shl || op.getOpcode() == llvm::Instruction::AShr) {
    auto *amount = dyn_cast<llvm::ConstantInt>(y);
    halves = amount && amount->getZExtValue() < 32 && (op.getOpcode() == llvm::Instruction::Shl || fitsLow(x));
  }
  bool isLow = narrow.contains(&op) && halves;
  set(op, intBinary(op.getOpcode(), isLow ? low(x) : wide(x), isLow ? low(y) : wide(y)));
  return message.empty();
}

bool Translator::cast(const llvm::CastInst &op) {
  const llvm::Value *from = op.getOperand(0);
  Type type = typeOf(&op);
  using I = llvm::Instruction;
  switch (op.getOpcode()) {
  case I::Trunc: set(op, resize(type.isInteger(64) ? wide(from) : low(from), type, false)); return message.empty();
  case I::ZExt: set(op, resize(valueOf(from), type, false)); return message.empty();
  case I::SExt: set(op, resize(valueOf(from), type, true)); return message.empty();
  case I::FPTrunc:
  case I::FPExt: set(op, make<spirv::FConvertOp>(type, valueOf(from))); return message.empty();
  case I::SIToFP:
  case I::UIToFP: {
    bool isSigned = op.getOpcode() == I::SIToFP;
    V x = from->getType()->isIntegerTy(1) ? resize(valueOf(from), b.getI32Type(), isSigned) : isSigned ? valueOf(from) : wide(from);
    set(op, isSigned ? make<spirv::ConvertSToFOp>(type, x) : make<spirv::ConvertUToFOp>(type, x));
    return message.empty();
  }
  case I::FPToSI:
  case I::FPToUI: {
    Type whole = typeOf(op.getType()); // a 64-bit result is converted whole, then cut
    set(op, op.getOpcode() == I::FPToSI ? make<spirv::ConvertFToSOp>(whole, valueOf(from)) : make<spirv::ConvertFToUOp>(whole, valueOf(from)));
    return message.empty();
  }
  case I::BitCast: set(op, bitcast(wide(from), typeOf(op.getType()))); return message.empty();
  default: return fail(op);
  }
}

Value Translator::compare(llvm::CmpInst::Predicate predicate, V x, V y) {
  using P = llvm::CmpInst;
  bool isBool = x.getType().isInteger(1);
  switch (predicate) {
  case P::ICMP_EQ: return isBool ? make<spirv::LogicalEqualOp>(x, y) : make<spirv::IEqualOp>(x, y);
  case P::ICMP_NE: return isBool ? make<spirv::LogicalNotEqualOp>(x, y) : make<spirv::INotEqualOp>(x, y);
  case P::ICMP_UGT: return make<spirv::UGreaterThanOp>(x, y);
  case P::ICMP_UGE: return make<spirv::UGreaterThanEqualOp>(x, y);
  case P::ICMP_ULT: return make<spirv::ULessThanOp>(x, y);
  case P::ICMP_ULE: return make<spirv::ULessThanEqualOp>(x, y);
  case P::ICMP_SGT: return make<spirv::SGreaterThanOp>(x, y);
  case P::ICMP_SGE: return make<spirv::SGreaterThanEqualOp>(x, y);
  case P::ICMP_SLT: return make<spirv::SLessThanOp>(x, y);
  case P::ICMP_SLE: return make<spirv::SLessThanEqualOp>(x, y);
  case P::FCMP_OEQ: return make<spirv::FOrdEqualOp>(x, y);
  case P::FCMP_OGT: return make<spirv::FOrdGreaterThanOp>(x, y);
  case P::FCMP_OGE: return make<spirv::FOrdGreaterThanEqualOp>(x, y);
  case P::FCMP_OLT: return make<spirv::FOrdLessThanOp>(x, y);
  case P::FCMP_OLE: return make<spirv::FOrdLessThanEqualOp>(x, y);
  case P::FCMP_ONE: return make<spirv::FOrdNotEqualOp>(x, y);
  case P::FCMP_UEQ: return make<spirv::FUnordEqualOp>(x, y);
  case P::FCMP_UGT: return make<spirv::FUnordGreaterThanOp>(x, y);
  case P::FCMP_UGE: return make<spirv::FUnordGreaterThanEqualOp>(x, y);
  case P::FCMP_ULT: return make<spirv::FUnordLessThanOp>(x, y);
  case P::FCMP_ULE: return make<spirv::FUnordLessThanEqualOp>(x, y);
  case P::FCMP_UNE: return make<spirv::FUnordNotEqualOp>(x, y);
  case P::FCMP_UNO: return anyNan(x, y);
  case P::FCMP_ORD: return make<spirv::LogicalNotOp>(anyNan(x, y));
  default: return constant(b.getI1Type(), predicate == P::FCMP_TRUE);
  }
}

bool Translator::compareInts(const llvm::ICmpInst &op) {
  const llvm::Value *x = op.getOperand(0), *y = op.getOperand(1);
  if (x->getType()->isPointerTy() || (x->getType()->isIntegerTy(1) && !op.isEquality()))
    return fail(op);
  // Sign extension keeps the order of unsigned numbers too.
  bool isLow = x->getType()->isIntegerTy(64) && fitsLow(x) && fitsLow(y);
  set(op, compare(op.getPredicate(), isLow ? low(x) : wide(x), isLow ? low(y) : wide(y)));
  return message.empty();
}

bool Translator::compareFloats(const llvm::FCmpInst &op) {
  set(op, compare(op.getPredicate(), valueOf(op.getOperand(0)), valueOf(op.getOperand(1))));
  return message.empty();
}

Value Translator::choose(V condition, V yes, V no) { return make<spirv::SelectOp>(yes.getType(), condition, yes, no); }

/// Constants are no NaN: those that a comparison asks for are written as NaN tests of one value.
Value Translator::anyNan(V x, V y) {
  if (y.getDefiningOp<spirv::ConstantOp>() || x == y)
    return make<spirv::IsNanOp>(x);
  if (x.getDefiningOp<spirv::ConstantOp>())
    return make<spirv::IsNanOp>(y);
  return make<spirv::LogicalOrOp>(make<spirv::IsNanOp>(x), make<spirv::IsNanOp>(y));
}

/// x * y + z, rounded once. The exact form: the product is exact in 64 bits; the sum's error, which two more sums give exactly, rounds it to
/// odd, and then rounding to 32 bits gives what rounding the true value does.
Value Translator::fused(V x, V y, V z) {
  if (form == FusedForm::Native || !x.getType().isF32())
    return make<spirv::GLFmaOp>(x.getType(), x, y, z);
  Type f64 = b.getF64Type(), i64 = b.getI64Type();
  auto widen = [&](V v) { return make<spirv::FConvertOp>(f64, v); };
  auto add = [&](V a, V c) { return exact<spirv::FAddOp>(b, loc, a, c); };
  auto subtract = [&](V a, V c) { return exact<spirv::FSubOp>(b, loc, a, c); };
  V product = exact<spirv::FMulOp>(b, loc, widen(x), widen(y)), addend = widen(z), sum = add(product, addend);
  V other = subtract(sum, product), error = add(subtract(product, subtract(sum, other)), subtract(addend, other));
  V none = constantFloat(f64, llvm::APFloat(0.0)), bits = bitcast(sum, i64);
  V away = make<spirv::LogicalEqualOp>(compare(llvm::CmpInst::FCMP_OGT, error, none), compare(llvm::CmpInst::FCMP_OGT, sum, none));
  V even = make<spirv::IEqualOp>(make<spirv::BitwiseAndOp>(bits, constant(i64, 1)), constant(i64, 0));
  V moves = make<spirv::LogicalAndOp>(compare(llvm::CmpInst::FCMP_ONE, error, none), even);
  V step = choose(moves, choose(away, constant(i64, 1), constant(i64, -1)), constant(i64, 0));
  return make<spirv::FConvertOp>(b.getF32Type(), bitcast(make<spirv::IAddOp>(bits, step), f64));
}

Value Translator::copySign(V magnitude, V sign) {
  unsigned bits = magnitude.getType().getIntOrFloatBitWidth();
  Type type = b.getIntegerType(bits);
  int64_t top = bits == 64 ? INT64_MIN : int64_t(1) << (bits - 1);
  V size = make<spirv::BitwiseAndOp>(bitcast(magnitude, type), constant(type, ~top)), mark = make<spirv::BitwiseAndOp>(bitcast(sign, type), constant(type, top));
  return bitcast(make<spirv::BitwiseOrOp>(size, mark), magnitude.getType());
}

Value Translator::truncate(V x) { return copySign(make<spirv::GLFloorOp>(make<spirv::GLFAbsOp>(x)), x); }

/// Halves away from zero: GLSL's round leaves them to the device.
Value Translator::roundAway(V x) {
  auto number = [&](double value) {
    llvm::APFloat exactly(value);
    bool lost;
    exactly.convert(llvm::cast<FloatType>(x.getType()).getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &lost);
    return constantFloat(x.getType(), exactly);
  };
  V whole = truncate(x), rest = make<spirv::GLFAbsOp>(exact<spirv::FSubOp>(b, loc, x, whole));
  V next = exact<spirv::FAddOp>(b, loc, whole, copySign(number(1.0), x));
  return choose(compare(llvm::CmpInst::FCMP_OGE, rest, number(0.5)), next, whole);
}

Value Translator::funnelShift(V high, V low, V amount, bool left) {
  Type type = high.getType();
  int64_t bits = type.getIntOrFloatBitWidth();
  V by = make<spirv::BitwiseAndOp>(amount, constant(type, bits - 1)), back = make<spirv::ISubOp>(constant(type, bits), by);
  V mixed = left ? make<spirv::BitwiseOrOp>(make<spirv::ShiftLeftLogicalOp>(high, by), make<spirv::ShiftRightLogicalOp>(low, back))
                 : make<spirv::BitwiseOrOp>(make<spirv::ShiftLeftLogicalOp>(high, back), make<spirv::ShiftRightLogicalOp>(low, by));
  return choose(make<spirv::IEqualOp>(by, constant(type, 0)), left ? high : low, mixed);
}

/// Functions of floats.
Value Translator::floatIntrinsic(const llvm::IntrinsicInst &op) {
  using P = llvm::CmpInst;
  auto argument = [&](unsigned i) { return valueOf(op.getArgOperand(i)); };
  // `decider`: the operand whose NaN makes the first operand the result.
  auto pick = [&](P::Predicate predicate, unsigned decider) {
    V x = argument(0), y = argument(1), deciding = decider ? y : x, first = compare(predicate, x, y);
    if (!deciding.getDefiningOp<spirv::ConstantOp>())
      first = make<spirv::LogicalOrOp>(first, make<spirv::IsNanOp>(deciding));
    return choose(first, x, y);
  };
  switch (op.getIntrinsicID()) {
  case llvm::Intrinsic::fma: return fused(argument(0), argument(1), argument(2));
  case llvm::Intrinsic::fmuladd: return floatBinary(llvm::Instruction::FAdd, floatBinary(llvm::Instruction::FMul, argument(0), argument(1)), argument(2));
  case llvm::Intrinsic::fabs: return make<spirv::GLFAbsOp>(argument(0));
  case llvm::Intrinsic::sqrt: return make<spirv::GLSqrtOp>(argument(0));
  case llvm::Intrinsic::floor: return make<spirv::GLFloorOp>(argument(0));
  case llvm::Intrinsic::ceil: return make<spirv::GLCeilOp>(argument(0));
  case llvm::Intrinsic::trunc: return truncate(argument(0));
  case llvm::Intrinsic::rint:
  case llvm::Intrinsic::nearbyint:
  case llvm::Intrinsic::roundeven: return make<spirv::GLRoundEvenOp>(argument(0));
  case llvm::Intrinsic::round: return roundAway(argument(0));
  case llvm::Intrinsic::copysign: return copySign(argument(0), argument(1));
  case llvm::Intrinsic::minimum: return pick(P::FCMP_OLT, 0);
  case llvm::Intrinsic::maximum: return pick(P::FCMP_OGT, 0);
  case llvm::Intrinsic::minnum: return pick(P::FCMP_OLT, 1);
  case llvm::Intrinsic::maxnum: return pick(P::FCMP_OGT, 1);
  default: return V();
  }
}

/// Functions of integers.
Value Translator::intIntrinsic(const llvm::IntrinsicInst &op) {
  using P = llvm::CmpInst;
  auto argument = [&](unsigned i) { return wide(op.getArgOperand(i)); };
  auto pick = [&](P::Predicate predicate) {
    bool isLow = narrow.contains(&op) && fitsLow(op.getArgOperand(0)) && fitsLow(op.getArgOperand(1));
    V x = isLow ? low(op.getArgOperand(0)) : argument(0), y = isLow ? low(op.getArgOperand(1)) : argument(1);
    return choose(compare(predicate, x, y), x, y);
  };
  switch (op.getIntrinsicID()) {
  case llvm::Intrinsic::smax: return pick(P::ICMP_SGT);
  case llvm::Intrinsic::smin: return pick(P::ICMP_SLT);
  case llvm::Intrinsic::umax: return pick(P::ICMP_UGT);
  case llvm::Intrinsic::umin: return pick(P::ICMP_ULT);
  case llvm::Intrinsic::fshl: return funnelShift(argument(0), argument(1), argument(2), true);
  case llvm::Intrinsic::fshr: return funnelShift(argument(0), argument(1), argument(2), false);
  case llvm::Intrinsic::usub_sat: {
    V x = argument(0), y = argument(1);
    return choose(compare(P::ICMP_UGT, x, y), make<spirv::ISubOp>(x, y), constant(x.getType(), 0));
  }
  case llvm::Intrinsic::abs: {
    V x = argument(0), zero = constant(x.getType(), 0);
    return choose(compare(P::ICMP_SLT, x, zero), make<spirv::ISubOp>(zero, x), x);
  }
  default: return V();
  }
}

bool Translator::intrinsic(const llvm::IntrinsicInst &op) {
  switch (op.getIntrinsicID()) {
  case llvm::Intrinsic::assume:
  case llvm::Intrinsic::lifetime_start:
  case llvm::Intrinsic::lifetime_end:
  case llvm::Intrinsic::prefetch:
  case llvm::Intrinsic::experimental_noalias_scope_decl: return true;
  default: break;
  }
  V result = op.getType()->isFloatingPointTy() ? floatIntrinsic(op) : intIntrinsic(op);
  if (!result)
    return fail(op);
  set(op, result);
  return message.empty();
}

} // namespace ingot
