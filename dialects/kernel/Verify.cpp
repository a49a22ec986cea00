// Verifiers of the kernel dialect. The label in a message is the rule's name in Ops.td.
#include "dialects/kernel/Kernel.h"

using namespace mlir;
using namespace ingot::kernel;

namespace {

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// True when offset + sum of index * stride stays inside [0, count) over the box.
bool staysInside(int64_t offset, ArrayRef<int64_t> strides, ArrayRef<int64_t> dims, int64_t count) {
  int64_t low = offset, high = offset;
  for (auto [stride, extent] : llvm::zip(strides, dims)) {
    if (extent == 0)
      return true;
    (stride < 0 ? low : high) += stride * (extent - 1);
  }
  return low >= 0 && high < count;
}

/// Bytes of a tensor as buffers hold it: at least one an element.
int64_t bytesOf(RankedTensorType type) { return type.getNumElements() * ((std::max(8u, type.getElementTypeBitWidth()) + 7) / 8); }

} // namespace

LogicalResult MicroOp::verify() {
  if (getTurns() && (*getTurns() + 1 >= getParams().size() || getParams()[*getTurns()] < 1))
    return emitOpError("K6: turns names no parameter before the last that says how many");
  if (!getDest())
    return success();
  int64_t dest = *getDest();
  if (dest < 0 || dest >= static_cast<int64_t>(getInputs().size()) || bytesOf(typeOf(getInputs()[dest])) != bytesOf(typeOf(getResult(0))))
    return emitOpError("K1: dest names no input of the result's size");
  return success();
}

LogicalResult MapOp::verify() {
  size_t reads = getInputs().size() - (getHasDest() && !getInputs().empty() ? 1 : 0), rank = getDims().size();
  if (getOffsets().size() != reads + 1 || getStrides().size() != (reads + 1) * rank || getBody().front().getNumArguments() != reads)
    return emitOpError("K2: offsets, strides or body arguments do not agree with the operands");
  for (size_t i = 0; i <= reads; ++i) {
    RankedTensorType type = typeOf(i == reads ? getResult() : getInputs()[i]);
    if (!staysInside(getOffsets()[i], getStrides().slice(i * rank, rank), getDims(), type.getNumElements()))
      return emitOpError("K3: operand ") << i << " is addressed outside its buffer";
  }
  int64_t points = 1;
  for (int64_t extent : getDims())
    points *= extent;
  if (!getHasDest() && points != typeOf(getResult()).getNumElements())
    return emitOpError("K4: the result is not written exactly once");
  return success();
}

LogicalResult ViewOp::verify() {
  if (bytesOf(typeOf(getInput())) != bytesOf(typeOf(getResult())))
    return emitOpError("K5: the number of bytes changes");
  return success();
}
