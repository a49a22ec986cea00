// Verifiers of the reductions, contractions and windows of the nn dialect. The label in a message is the rule's name in Ops.td.
#include "dialects/nn/Shapes.h"

using namespace mlir;
using namespace ingot::nn;

namespace {

LogicalResult sameShape(Operation *op) {
  auto shape = [](Value value) { return cast<RankedTensorType>(value.getType()).getShape(); };
  if (shape(op->getOperand(0)) != shape(op->getResult(0)))
    return op->emitOpError("M1: input and result differ in shape");
  return success();
}

bool allPositive(ArrayRef<int64_t> values) {
  return llvm::all_of(values, [](int64_t v) { return v > 0; });
}

} // namespace

namespace ingot::nn {

std::string convolutionFault(ArrayRef<int64_t> input, ArrayRef<int64_t> filter, ArrayRef<int64_t> result, ArrayRef<int64_t> strides, ArrayRef<int64_t> padLow,
                             ArrayRef<int64_t> padHigh, ArrayRef<int64_t> dilations, int64_t group) {
  size_t spatial = strides.size();
  bool fits = input.size() == spatial + 2 && filter.size() == spatial + 2 && result.size() == spatial + 2 && padLow.size() == spatial &&
              padHigh.size() == spatial && dilations.size() == spatial && spatial >= 1 && spatial <= 3;
  if (!fits || !allPositive(strides) || !allPositive(dilations))
    return "J1: ranks or attribute lengths do not agree";
  if (group < 1 || input[1] != filter[1] * group || filter[0] % group != 0 || result[1] != filter[0] || result[0] != input[0])
    return "J2: channels do not divide into the groups";
  for (size_t i = 0; i < spatial; ++i) {
    int64_t reach = input[i + 2] + padLow[i] + padHigh[i] - dilations[i] * (filter[i + 2] - 1) - 1;
    if (reach < 0 || reach / strides[i] + 1 != result[i + 2])
      return "J3: the spatial extent of axis " + std::to_string(i) + " is wrong";
  }
  return "";
}

} // namespace ingot::nn

LogicalResult ConvOp::verify() {
  std::string fault = convolutionFault(getInput().getType().getShape(), getFilter().getType().getShape(), getResult().getType().getShape(), getStrides(),
                                       getPadLow(), getPadHigh(), getDilations(), getGroup());
  if (!fault.empty())
    return emitOpError(fault);
  if (getBias() && getBias().getType().getNumElements() != getFilter().getType().getDimSize(0))
    return emitOpError("J2: the bias has not one value an output channel");
  if (getResidual() && getResidual().getType() != getResult().getType())
    return emitOpError("J6: the residual is not of the result's type");
  return success();
}

LogicalResult ConvTransposeOp::verify() {
  ArrayRef<int64_t> in = getInput().getType().getShape(), filter = getFilter().getType().getShape(), out = getResult().getType().getShape();
  size_t spatial = getStrides().size();
  bool fits = in.size() == spatial + 2 && filter.size() == spatial + 2 && out.size() == spatial + 2 && getPadLow().size() == spatial &&
              getDilations().size() == spatial && spatial >= 1 && spatial <= 3;
  if (!fits || !allPositive(getStrides()) || !allPositive(getDilations()))
    return emitOpError("J1: ranks or attribute lengths do not agree");
  int64_t group = getGroup();
  if (group < 1 || in[1] != filter[0] || in[1] % group != 0 || out[1] != filter[1] * group || out[0] != in[0])
    return emitOpError("J2: channels do not divide into the groups");
  return success();
}

LogicalResult PoolOp::verify() {
  size_t spatial = getKernel().size();
  size_t rank = getInput().getType().getRank();
  bool fits = rank == spatial + 2 && getStrides().size() == spatial && getPadLow().size() == spatial && getPadHigh().size() == spatial &&
              getDilations().size() == spatial && static_cast<size_t>(getResult().getType().getRank()) == rank;
  if (!fits || !allPositive(getKernel()) || !allPositive(getStrides()) || !allPositive(getDilations()))
    return emitOpError("J4: attributes need one positive entry a spatial axis");
  if (getIndices() && getKind() != PoolKind::max)
    return emitOpError("J5: only max has indices");
  return success();
}

LogicalResult MatmulOp::verify() {
  ArrayRef<int64_t> a = getLhs().getType().getShape(), b = getRhs().getType().getShape(), out = getResult().getType().getShape();
  if (a.size() < 2 || b.size() < 2 || out.size() < 2)
    return emitOpError("W1: an operand has fewer than two axes");
  bool inner = a.back() == b[b.size() - 2] && out[out.size() - 2] == a[a.size() - 2] && out.back() == b.back();
  if (!inner || !broadcastsTo({a.drop_back(2), b.drop_back(2)}, out.drop_back(2)))
    return emitOpError("W1: the shapes do not multiply");
  return success();
}

LogicalResult ReduceOp::verify() {
  ArrayRef<int64_t> in = getInput().getType().getShape(), out = getResult().getType().getShape();
  if (!areAxes(getAxes(), in.size()) || in.size() != out.size())
    return emitOpError("D1: axes are not sorted, unique and in range");
  for (size_t i = 0; i < in.size(); ++i)
    if (out[i] != (llvm::is_contained(getAxes(), static_cast<int64_t>(i)) ? 1 : in[i]))
      return emitOpError("D1: the result's extent is wrong on axis ") << i;
  return success();
}

LogicalResult ArgReduceOp::verify() {
  ArrayRef<int64_t> in = getInput().getType().getShape(), out = getResult().getType().getShape();
  if (static_cast<size_t>(getAxis()) >= in.size() || out.size() != in.size() || out[getAxis()] != 1)
    return emitOpError("A1: the result has not extent 1 on the axis");
  if (!getResult().getType().getElementType().isSignlessInteger(64))
    return emitOpError("A1: the result is not i64");
  return success();
}

LogicalResult CumulateOp::verify() { return sameShape(*this); }
LogicalResult SoftmaxOp::verify() { return sameShape(*this); }
LogicalResult LrnOp::verify() { return sameShape(*this); }

LogicalResult NormalizeOp::verify() {
  if (!areAxes(getAxes(), getInput().getType().getRank()))
    return emitOpError("D2: axes are not sorted, unique and in range");
  return sameShape(*this);
}

LogicalResult TopKOp::verify() {
  ArrayRef<int64_t> in = getInput().getType().getShape(), out = getValues().getType().getShape();
  bool fits = out == getIndices().getType().getShape() && out.size() == in.size() && static_cast<size_t>(getAxis()) < in.size();
  return fits && out[getAxis()] <= in[getAxis()] ? success() : emitOpError("V1: the results' shapes are wrong");
}

LogicalResult SuppressBoxesOp::verify() {
  ArrayRef<int64_t> boxes = getBoxes().getType().getShape(), scores = getScores().getType().getShape();
  bool floats = llvm::all_of(getOperandTypes(), [](Type type) { return cast<RankedTensorType>(type).getElementType().isF32(); });
  bool integers = llvm::all_of(getResultTypes(), [](Type type) { return cast<RankedTensorType>(type).getElementType().isSignlessInteger(64); });
  bool scalars = getThreshold().getType().getRank() == 0 && getLow().getType().getRank() == 0;
  if (!floats || !integers || !scalars || static_cast<int64_t>(getMost()) < 0)
    return emitOpError("B1: operands are not f32, thresholds no scalars, results not i64, or most is negative");
  bool fits = scores.size() == 3 && boxes == ArrayRef<int64_t>{scores[0], scores[2], 4} && getKept().getType().getShape() == scores &&
              getCounts().getType().getShape() == scores.drop_back();
  return fits ? success() : emitOpError("B1: shapes of boxes, scores and results do not agree");
}

LogicalResult ResizeOp::verify() {
  if (static_cast<int64_t>(getScales().size()) != getInput().getType().getRank() || getInput().getType().getRank() != getResult().getType().getRank())
    return emitOpError("Z1: scales need one entry an axis");
  for (double scale : getScales())
    if (!(scale > 0) || scale > 1e9)
      return emitOpError("Z1: a scale is not positive and finite");
  return success();
}

LogicalResult RoiAlignOp::verify() {
  auto type = [](Value value) { return cast<RankedTensorType>(value.getType()); };
  Type element = type(getImage()).getElementType();
  ArrayRef<int64_t> image = type(getImage()).getShape(), boxes = type(getBoxes()).getShape(), result = type(getResult()).getShape();
  bool typed = (element.isF32() || element.isF64()) && type(getBoxes()).getElementType() == element && type(getResult()).getElementType() == element &&
               type(getBatch()).getElementType().isSignlessInteger(64);
  if (getRows())
    typed &= type(getRows()).getElementType().isSignlessInteger(64) && type(getRows()).getRank() == 0;
  if (!typed || static_cast<int64_t>(getSamples()) < 0)
    return emitOpError("I1: operands are not f32 or f64 alike, batch and rows not i64, or samples is negative");
  bool fits = image.size() == 4 && !llvm::is_contained(image, 0) && boxes.size() == 2 && boxes[1] == 4 && type(getBatch()).getShape() == boxes.take_front(1) &&
              result.size() == 4 && result[0] == boxes[0] && result[3] == image[3];
  return fits ? success() : emitOpError("I1: shapes of image, boxes, batch and result do not agree");
}

LogicalResult RnnOp::verify() {
  size_t operands = getKind() == RnnKind::lstm ? 7 : 5, results = getKind() == RnnKind::lstm ? 3 : 2;
  if (getInputs().size() != operands || getResults().size() != results)
    return emitOpError("Y1: operands or results are missing");
  auto shape = [&](size_t i) { return cast<RankedTensorType>(getInputs()[i].getType()).getShape(); };
  int64_t gates = getKind() == RnnKind::lstm ? 4 : getKind() == RnnKind::gru ? 3 : 1;
  if (shape(0).size() != 3 || shape(1).size() != 2 || shape(2).size() != 2 || shape(4).size() != 2)
    return emitOpError("Y1: ranks do not agree");
  int64_t hidden = shape(2)[1];
  bool fits = shape(1)[0] == gates * hidden && shape(1)[1] == shape(0)[2] && shape(2)[0] == gates * hidden && shape(4)[0] == shape(0)[1] &&
              shape(4)[1] == hidden;
  return fits ? success() : emitOpError("Y1: shapes do not agree");
}
