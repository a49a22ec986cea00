// Verifiers of the elementwise, movement and index ops of the nn dialect. The label in a message is the rule's name in Ops.td.
#include "dialects/nn/Shapes.h"

using namespace mlir;
using namespace ingot::nn;

LogicalResult ConstantOp::verify() {
  int64_t elements = getValue().isSplat() ? 1 : getValue().getNumElements();
  unsigned bits = std::max(8u, getValue().getElementType().isIntOrFloat() ? getValue().getElementType().getIntOrFloatBitWidth() : 8u);
  if (elements * (bits / 8) > kMaxBytes)
    return emitOpError("C2: holds more than 64 KiB; use nn.weight");
  return success();
}

LogicalResult UnaryOp::verify() {
  RankedTensorType in = getInput().getType(), out = getResult().getType();
  if (in.getShape() != out.getShape())
    return emitOpError("U1: input and result differ in shape");
  bool isTest = getKind() == UnaryKind::is_nan || getKind() == UnaryKind::is_inf;
  if (isTest ? !out.getElementType().isInteger(1) : out.getElementType() != in.getElementType())
    return emitOpError("U2: the result's element type does not fit the kind");
  return success();
}

LogicalResult BinaryOp::verify() {
  RankedTensorType lhs = getLhs().getType(), rhs = getRhs().getType(), out = getResult().getType();
  if (!broadcastsTo({lhs.getShape(), rhs.getShape()}, out.getShape()))
    return emitOpError("B1: the operands do not broadcast to the result's shape");
  bool compares = getKind() >= BinaryKind::equal;
  if (compares ? !out.getElementType().isInteger(1) : out.getElementType() != lhs.getElementType())
    return emitOpError("B2: the result's element type does not fit the kind");
  if (getKind() != BinaryKind::pow && lhs.getElementType() != rhs.getElementType())
    return emitOpError("B3: the operands' element types differ");
  return success();
}

LogicalResult SelectOp::verify() {
  RankedTensorType condition = getCondition().getType(), a = getOnTrue().getType(), b = getOnFalse().getType(), out = getResult().getType();
  if (!condition.getElementType().isInteger(1))
    return emitOpError("S1: the condition is not i1");
  if (!broadcastsTo({condition.getShape(), a.getShape(), b.getShape()}, out.getShape()))
    return emitOpError("S2: the operands do not broadcast to the result's shape");
  if (a.getElementType() != out.getElementType() || b.getElementType() != out.getElementType())
    return emitOpError("S3: the choices' element types differ from the result's");
  return success();
}

LogicalResult CastOp::verify() {
  if (getInput().getType().getShape() != getResult().getType().getShape())
    return emitOpError("K1: input and result differ in shape");
  return success();
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType in = getInput().getType(), out = getResult().getType();
  if (in.getNumElements() != out.getNumElements() || in.getElementType() != out.getElementType())
    return emitOpError("R1: element count or type changes");
  return success();
}

LogicalResult TransposeOp::verify() {
  ArrayRef<int64_t> in = getInput().getType().getShape(), out = getResult().getType().getShape();
  SmallVector<bool> seen(in.size(), false);
  if (getPerm().size() != in.size() || out.size() != in.size())
    return emitOpError("T1: perm has not one entry an axis");
  for (auto [i, axis] : llvm::enumerate(getPerm())) {
    if (axis < 0 || axis >= static_cast<int64_t>(in.size()) || seen[axis] || out[i] != in[axis])
      return emitOpError("T1: perm is no permutation that gives the result's shape");
    seen[axis] = true;
  }
  return success();
}

LogicalResult BroadcastOp::verify() {
  if (!broadcastsTo({getInput().getType().getShape()}, getResult().getType().getShape(), /*exactly=*/false))
    return emitOpError("X1: the input does not broadcast to the result's shape");
  return success();
}

LogicalResult SliceOp::verify() {
  ArrayRef<int64_t> in = getInput().getType().getShape(), out = getResult().getType().getShape();
  if (getStarts().size() != in.size() || getSteps().size() != in.size() || out.size() != in.size())
    return emitOpError("L1: starts and steps need one entry an axis");
  for (size_t i = 0; i < in.size(); ++i) {
    if (out[i] == 0)
      continue;
    int64_t first = getStarts()[i], last = first + (out[i] - 1) * getSteps()[i];
    if (std::min(first, last) < 0 || std::max(first, last) >= in[i])
      return emitOpError("L1: axis ") << i << " leaves the input";
  }
  return success();
}

LogicalResult ConcatOp::verify() {
  ArrayRef<int64_t> out = getResult().getType().getShape();
  int64_t axis = getAxis(), sum = 0;
  if (axis < 0 || axis >= static_cast<int64_t>(out.size()))
    return emitOpError("O1: axis out of range");
  for (Value input : getInputs()) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(input.getType()).getShape();
    if (shape.size() != out.size())
      return emitOpError("O1: ranks differ");
    for (size_t i = 0; i < out.size(); ++i)
      if (static_cast<int64_t>(i) != axis && shape[i] != out[i])
        return emitOpError("O1: shapes differ on axis ") << i;
    sum += shape[axis];
  }
  return sum == out[axis] ? success() : emitOpError("O1: the extents do not add up to the result's");
}

LogicalResult PadOp::verify() {
  ArrayRef<int64_t> in = getInput().getType().getShape(), out = getResult().getType().getShape();
  if (getLow().size() != in.size() || getHigh().size() != in.size() || out.size() != in.size())
    return emitOpError("P1: low and high need one entry an axis");
  for (size_t i = 0; i < in.size(); ++i) {
    if (getLow()[i] + in[i] + getHigh()[i] != out[i])
      return emitOpError("P1: axis ") << i << " does not add up";
    if (getMode() != PadMode::constant && in[i] == 0 && out[i] > 0)
      return emitOpError("P3: axis ") << i << " is empty and cannot be extended";
  }
  if (getValue() && (getMode() != PadMode::constant || getValue().getType().getNumElements() != 1))
    return emitOpError("P2: only mode constant has a value, a scalar");
  return success();
}

static bool isIndex(Type type) { return type.isSignlessInteger(32) || type.isSignlessInteger(64); }

LogicalResult GatherOp::verify() {
  ArrayRef<int64_t> in = getInput().getType().getShape(), at = getIndices().getType().getShape();
  if (!isIndex(getIndices().getType().getElementType()))
    return emitOpError("G1: indices are neither i32 nor i64");
  if (static_cast<size_t>(getAxis()) >= in.size())
    return emitOpError("G2: axis out of range");
  SmallVector<int64_t> shape(in.take_front(getAxis()));
  llvm::append_range(shape, at);
  llvm::append_range(shape, in.drop_front(getAxis() + 1));
  return ArrayRef<int64_t>(shape) == getResult().getType().getShape() ? success() : emitOpError("G2: the result's shape is wrong");
}

LogicalResult GatherElementsOp::verify() {
  if (!isIndex(getIndices().getType().getElementType()))
    return emitOpError("G1: indices are neither i32 nor i64");
  if (getIndices().getType().getShape() != getResult().getType().getShape())
    return emitOpError("E1: indices and result differ in shape");
  return success();
}

LogicalResult GatherNdOp::verify() {
  ArrayRef<int64_t> at = getIndices().getType().getShape();
  if (!isIndex(getIndices().getType().getElementType()))
    return emitOpError("G1: indices are neither i32 nor i64");
  if (at.empty() || at.back() > getInput().getType().getRank() - static_cast<int64_t>(getBatchDims()))
    return emitOpError("N1: index tuples are longer than the axes left");
  return success();
}

LogicalResult ScatterElementsOp::verify() {
  if (!isIndex(getIndices().getType().getElementType()))
    return emitOpError("G1: indices are neither i32 nor i64");
  if (getIndices().getType().getShape() != getUpdates().getType().getShape())
    return emitOpError("E2: indices and updates differ in shape");
  return success();
}

LogicalResult ScatterNdOp::verify() {
  ArrayRef<int64_t> in = getInput().getType().getShape(), at = getIndices().getType().getShape();
  if (!isIndex(getIndices().getType().getElementType()))
    return emitOpError("G1: indices are neither i32 nor i64");
  if (at.empty() || at.back() > static_cast<int64_t>(in.size()))
    return emitOpError("N2: index tuples are longer than the input's axes");
  SmallVector<int64_t> shape(at.drop_back());
  llvm::append_range(shape, in.drop_front(at.back()));
  return ArrayRef<int64_t>(shape) == getUpdates().getType().getShape() ? success() : emitOpError("N2: the updates' shape is wrong");
}
