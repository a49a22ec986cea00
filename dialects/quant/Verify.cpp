// Verifiers of the quant dialect. The label in a message is the rule's name in Ops.td.
#include "dialects/nn/Shapes.h"
#include "dialects/quant/Quant.h"

using namespace mlir;
using namespace ingot::quant;

namespace {

/// Q1: one scale, one an axis entry, or one a block. `shape` is the quantised tensor's.
LogicalResult checkScale(Operation *op, ArrayRef<int64_t> shape, RankedTensorType scale, int64_t axis, int64_t block) {
  ArrayRef<int64_t> have = scale.getShape();
  if (block < 0)
    return op->emitOpError("Q1: a block is negative");
  if (scale.getNumElements() == 1 && have.size() <= 1 && block == 0)
    return success();
  if (axis < 0 || axis >= static_cast<int64_t>(shape.size()))
    return op->emitOpError("Q1: axis out of range");
  if (block == 0)
    return have.size() == 1 && have[0] == shape[axis] ? success() : op->emitOpError("Q1: scale has not one entry for each index of the axis");
  SmallVector<int64_t> want(shape);
  want[axis] = (shape[axis] + block - 1) / block;
  return have == ArrayRef<int64_t>(want) ? success() : op->emitOpError("Q1: scale has not one entry a block");
}

template <typename OpT> LogicalResult checkAffine(OpT op, Type stored) {
  if (failed(checkScale(op, op.getInput().getType().getShape(), op.getScale().getType(), op.getAxis(), op.getBlock())))
    return failure();
  if (op.getInput().getType().getShape() != op.getResult().getType().getShape())
    return op.emitOpError("Q1: input and result differ in shape");
  if (op.getZero() && (op.getZero().getType().getShape() != op.getScale().getType().getShape() || op.getZero().getType().getElementType() != stored))
    return op.emitOpError("Q2: zero has not the scale's shape or the stored type");
  return success();
}

bool isByte(RankedTensorType type) { return type.getElementType().isInteger(8); }

} // namespace

LogicalResult QuantizeOp::verify() { return checkAffine(*this, getResult().getType().getElementType()); }
LogicalResult DequantizeOp::verify() { return checkAffine(*this, getInput().getType().getElementType()); }

LogicalResult ConvOp::verify() {
  std::string fault = ingot::nn::convolutionFault(getInput().getType().getShape(), getFilter().getType().getShape(), getResult().getType().getShape(),
                                           getStrides(), getPadLow(), getPadHigh(), getDilations(), getGroup());
  if (!fault.empty())
    return emitOpError(fault);
  if (!isByte(getInput().getType()) || !isByte(getFilter().getType()) || !isByte(getResult().getType()))
    return emitOpError("Q3: input, filter or result is no 8-bit integer");
  if (getBias() && !getBias().getType().getElementType().isSignlessInteger(32))
    return emitOpError("Q3: the bias is not i32");
  return success();
}

LogicalResult RealConvOp::verify() {
  std::string fault = ingot::nn::convolutionFault(getInput().getType().getShape(), getFilter().getType().getShape(), getResult().getType().getShape(),
                                           getStrides(), getPadLow(), getPadHigh(), getDilations(), getGroup());
  if (!fault.empty())
    return emitOpError(fault);
  if (!isByte(getInput().getType()) || !isByte(getFilter().getType()))
    return emitOpError("Q3: input or filter is no 8-bit integer");
  int64_t channels = getFilter().getType().getDimSize(0);
  for (Value value : {Value(getFactor()), Value(getShift())}) {
    RankedTensorType type = cast<RankedTensorType>(value.getType());
    if (!type.getElementType().isF32() || type.getRank() != 1 || type.getDimSize(0) != channels)
      return emitOpError("Q4: factor or shift is not f32 with one value an output channel");
  }
  return getResult().getType().getElementType().isF32() ? success() : emitOpError("Q4: the result is not f32");
}

LogicalResult MatmulOp::verify() {
  ArrayRef<int64_t> a = getLhs().getType().getShape(), b = getRhs().getType().getShape(), out = getResult().getType().getShape();
  if (a.size() < 2 || b.size() < 2 || out.size() < 2 || a.back() != b[b.size() - 2] || out.back() != b.back())
    return emitOpError("W1: the shapes do not multiply");
  if (!isByte(getLhs().getType()) || !isByte(getRhs().getType()) || !isByte(getResult().getType()))
    return emitOpError("Q3: an operand or the result is no 8-bit integer");
  return success();
}

LogicalResult AddOp::verify() {
  RankedTensorType a = getLhs().getType(), b = getRhs().getType(), y = getResult().getType();
  if (!isByte(a) || !isByte(b) || !isByte(y))
    return emitOpError("Q3: an operand or the result is no 8-bit integer");
  if (a.getShape() != y.getShape() || b.getShape() != y.getShape())
    return emitOpError("Q6: operands and result differ in shape");
  for (Value scale : {Value(getLhsScale()), Value(getRhsScale()), Value(getResultScale())})
    if (RankedTensorType type = cast<RankedTensorType>(scale.getType()); type.getNumElements() != 1 || !type.getElementType().isF32())
      return emitOpError("Q6: a scale is not one f32");
  auto isZeroOf = [](RankedTensorType zero, RankedTensorType of) { return zero.getNumElements() == 1 && zero.getElementType() == of.getElementType(); };
  bool zerosFit = isZeroOf(getLhsZero().getType(), a) && isZeroOf(getRhsZero().getType(), b) && isZeroOf(getResultZero().getType(), y);
  return zerosFit ? success() : emitOpError("Q6: a zero is not one number of its tensor's type");
}

LogicalResult LookupOp::verify() {
  RankedTensorType x = getInput().getType(), table = getTable().getType(), y = getResult().getType();
  if (!isByte(x) || !isByte(y))
    return emitOpError("Q3: the input or the result is no 8-bit integer");
  if (x.getShape() != y.getShape())
    return emitOpError("Q7: input and result differ in shape");
  bool fits = table.getShape() == ArrayRef<int64_t>{256} && table.getElementType() == y.getElementType();
  return fits ? success() : emitOpError("Q7: the table has not 256 elements of the result's type");
}

LogicalResult LstmOp::verify() {
  constexpr int64_t kMostHidden = 32768; // 255 * 255 * H < 2^31
  if (getInputs().size() != 8)
    return emitOpError("Q5: operands are missing");
  auto type = [&](size_t i) { return cast<RankedTensorType>(getInputs()[i].getType()); };
  ArrayRef<int64_t> sums = type(0).getShape();
  if (sums.size() != 3 || type(1).getRank() != 2 || !isByte(type(1)))
    return emitOpError("Q5: the sums or the weights have another rank or type");
  int64_t steps = sums[0], batch = sums[1], hidden = type(1).getDimSize(0), rows = 4 * hidden;
  if (hidden > kMostHidden)
    return emitOpError("Q5: more than 32768 hidden units");
  auto has = [&](RankedTensorType value, ArrayRef<int64_t> shape) { return value.getElementType().isF32() && value.getShape() == shape; };
  auto fitsColumns = [&](RankedTensorType value) { return value.getRank() == 0 || value.getShape() == ArrayRef<int64_t>{rows}; };
  bool parameters = fitsColumns(type(2)) && fitsColumns(type(3)) && type(2).getElementType().isF32() && type(3).getElementType().isSignlessInteger(32);
  bool fits = parameters && type(1).getDimSize(1) == rows && has(type(0), {steps, batch, rows}) && has(type(4), {2 * rows}) && has(type(5), {batch, hidden}) &&
              has(type(6), {batch, hidden}) && has(type(7), {3 * hidden}) && has(getY().getType(), {steps, batch, hidden}) &&
              has(getLastHidden().getType(), {batch, hidden}) && has(getLastCell().getType(), {batch, hidden});
  return fits ? success() : emitOpError("Q5: types or shapes do not agree");
}
