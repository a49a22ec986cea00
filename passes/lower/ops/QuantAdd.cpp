// Lowers quant.add: where factors that give every byte are known (ByteSum.h) into the kernel of a convolution by matrix registers that makes an operand, or to a
// map of two fused multiply-adds; otherwise to a map of its definition.
#include "passes/lower/ByteSum.h"
#include "passes/lower/Convert.h"
#include "passes/lower/LowerOp.h"
#include "passes/lower/Map.h"
#include "passes/lower/QuantTerms.h"
#include "passes/lower/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

/// An operand, or the result, with its scale and zero.
struct Side {
  Value value, scale, zero;
};

std::optional<ByteTerms> termsOf(const Side &side, LowerContext &context) {
  std::optional<Tensor> scale = context.constant(side.scale), zero = context.constant(side.zero);
  if (!scale || !zero)
    return std::nullopt;
  return ByteTerms{static_cast<float>(scale->at(0)), zero->intAt(0), isUnsignedByte(side.value)};
}

/// One order of the operands, and the factors for it.
struct Sum {
  Side a, b;
  ByteTerms aTerms, bTerms, yTerms;
  ByteSum factors;
};

std::optional<Sum> findSum(quant::AddOp op, bool isSwapped, LowerContext &context) {
  Side a{op.getLhs(), op.getLhsScale(), op.getLhsZero()}, b{op.getRhs(), op.getRhsScale(), op.getRhsZero()};
  if (isSwapped)
    std::swap(a, b);
  std::optional<ByteTerms> aTerms = termsOf(a, context), bTerms = termsOf(b, context), yTerms = termsOf({op.getResult(), op.getResultScale(), op.getResultZero()}, context);
  std::optional<ByteSum> factors = aTerms && bTerms && yTerms ? findByteSum(*aTerms, *bTerms, *yTerms) : std::nullopt;
  return factors ? std::optional<Sum>(Sum{a, b, *aTerms, *bTerms, *yTerms, *factors}) : std::nullopt;
}

/// The call that computes the value for the sum alone and can add to it.
kernel::MicroOp adderOf(Value value) {
  kernel::MicroOp conv = value.getDefiningOp<kernel::MicroOp>();
  bool adds = conv && value.hasOneUse() && (conv.getRow() == "ik_qconvmatrix" || conv.getRow() == "ik_qconvtaps") && !conv.getParams()[IK_CONV_RESIDUAL];
  return adds ? conv : kernel::MicroOp();
}

// %c = micro "ik_qconvmatrix"(x, w, table); quant.add %c, %r -> micro "ik_qconvmatrix"(x, w, table, %r), at the place of the sum
Value addInto(kernel::MicroOp conv, const Sum &sum, quant::AddOp op, LowerContext &context) {
  SmallVector<Value> inputs(conv.getInputs());
  inputs.push_back(sum.b.value);
  SmallVector<int64_t> params(conv.getParams());
  params[IK_CONV_RESIDUAL] = 1;
  params.resize(IK_QCONV_COUNT + IK_QSUM_COUNT);
  int64_t *s = params.data() + IK_QCONV_COUNT;
  s[IK_QSUM_R_UNSIGNED] = sum.bTerms.isUnsigned, s[IK_QSUM_Y_UNSIGNED] = sum.yTerms.isUnsigned, s[IK_QSUM_Y_ZERO] = sum.yTerms.zero;
  s[IK_QSUM_FACTOR] = paramF32(sum.factors.factor), s[IK_QSUM_R_FACTOR] = paramF32(sum.factors.otherFactor), s[IK_QSUM_SHIFT] = paramF32(sum.factors.shift);
  Location loc = context.builder.getFusedLoc({conv.getLoc(), op.getLoc()});
  kernel::MicroOp added = context.micro(loc, conv.getRow(), op.getResult().getType(), inputs, params, conv.getWork(), conv.getScratch());
  if (Attribute key = conv->getAttr(kKernelChoice))
    added->setAttr(kKernelChoice, key);
  op->replaceUsesOfWith(conv.getResult(0), sum.b.value);
  conv.erase();
  return added.getResult(0);
}

Value quickMap(const Sum &sum, quant::AddOp op, LowerContext &context) {
  constexpr double kRound = 12582912.0; // 1.5 * 2^23: a sum with it has no places after the point
  constexpr int64_t kRoundBits = 0x4b400000;
  return buildMap(context.builder, op.getLoc(), tensorType(op.getResult()), {identityView(sum.a.value), identityView(sum.b.value)},
                  [&](OpBuilder &b, Location loc, ValueRange args) {
    Type f32 = b.getF32Type(), i32 = b.getI32Type();
    auto real = [&](double value) -> Value { return arith::ConstantOp::create(b, loc, b.getFloatAttr(f32, value)); };
    auto operand = [&](Value byte, bool isUnsigned, int64_t zero) -> Value {
      Value value = ScalarBuilder(b, loc).cast(byte, isUnsigned ? DType::U8 : DType::I8, DType::F32, false);
      return zero == 0 ? value : arith::SubFOp::create(b, loc, value, real(static_cast<double>(zero))).getResult();
    };
    Value x = operand(args[0], sum.aTerms.isUnsigned, sum.aTerms.zero), y = operand(args[1], sum.bTerms.isUnsigned, sum.bTerms.least());
    Value v = math::FmaOp::create(b, loc, y, real(sum.factors.otherFactor), real(sum.factors.shift));
    v = math::FmaOp::create(b, loc, x, real(sum.factors.factor), v);
    Value low = real(static_cast<double>(sum.yTerms.least() - sum.yTerms.zero)), high = real(static_cast<double>(sum.yTerms.least() + 255 - sum.yTerms.zero));
    v = arith::SelectOp::create(b, loc, arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, v, low), low, v);
    v = arith::SelectOp::create(b, loc, arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, v, high), high, v);
    Value bits = arith::BitcastOp::create(b, loc, i32, arith::AddFOp::create(b, loc, v, real(kRound)));
    Value back = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(static_cast<int32_t>(sum.yTerms.zero - kRoundBits)));
    return arith::TruncIOp::create(b, loc, b.getI8Type(), arith::AddIOp::create(b, loc, bits, back)).getResult();
  });
}

Value definedMap(quant::AddOp op, LowerContext &context) {
  ArrayRef<int64_t> shape = op.getResult().getType().getShape();
  SmallVector<StridedView> views;
  for (Value operand : op->getOperands())
    views.push_back(operand == op.getLhs() || operand == op.getRhs() ? identityView(operand) : StridedView{operand, 0, SmallVector<int64_t>(shape.size(), 0)});
  auto type = [](Value value) { return isUnsignedByte(value) ? DType::U8 : DType::I8; };
  return buildMap(context.builder, op.getLoc(), tensorType(op.getResult()), views, [&](OpBuilder &b, Location loc, ValueRange args) {
    ScalarBuilder scalar(b, loc);
    Value x = scalar.dequantize(args[0], args[1], args[2], type(op.getLhs()), DType::F32), y = scalar.dequantize(args[3], args[4], args[5], type(op.getRhs()), DType::F32);
    return scalar.quantize(arith::AddFOp::create(b, loc, x, y), args[6], args[7], DType::F32, type(op.getResult()));
  });
}

Lowered lowerAdd(Operation *operation, LowerContext &context, std::string &) {
  quant::AddOp op = cast<quant::AddOp>(operation);
  if (context.hasTiles()) { // fused multiply-adds round once there
    for (bool isSwapped : {false, true})
      if (kernel::MicroOp conv = adderOf(isSwapped ? op.getRhs() : op.getLhs()))
        if (std::optional<Sum> sum = findSum(op, isSwapped, context))
          return SmallVector<Value, 2>{addInto(conv, *sum, op, context)};
    if (std::optional<Sum> sum = findSum(op, false, context))
      return SmallVector<Value, 2>{quickMap(*sum, op, context)};
  }
  return SmallVector<Value, 2>{definedMap(op, context)};
}

} // namespace

void registerQuantAdd(LowerRegistry &registry) { registry.add("quant.add", lowerAdd); }

} // namespace ingot
