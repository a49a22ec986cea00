// Verifiers of the ops in BlockOps.td. The label in a message is the rule's name there.
#include "dialects/quant/BlockFormats.h"
#include "dialects/quant/Quant.h"

using namespace mlir;
using namespace ingot::quant;

namespace {

bool isF32(RankedTensorType type, int64_t rank) { return type.getElementType().isF32() && type.getRank() == rank; }
bool isI32(RankedTensorType type, int64_t rank) { return type.getElementType().isSignlessInteger(32) && type.getRank() == rank; }

/// F1 and F2: the last axis of `weights` holds rows of `k` elements.
LogicalResult checkRows(Operation *op, StringRef name, RankedTensorType weights, int64_t rank, int64_t k) {
  const BlockFormat *format = findBlockFormat(name);
  if (!format)
    return op->emitOpError("F1: there is no block format '") << name << "'";
  if (!weights.getElementType().isUnsignedInteger(8) || weights.getRank() != rank)
    return op->emitOpError("F2: the weights are not ui8 of rank ") << rank;
  if (format->bytesOf(k) != weights.getShape().back())
    return op->emitOpError("F2: rows of ") << weights.getShape().back() << " bytes do not hold " << k << " elements of " << name;
  return success();
}

/// F4.
LogicalResult checkActivations(Operation *op, int64_t bits) {
  return bits == 8 || bits == 16 ? success() : op->emitOpError("F4: activations of ") << bits << " bits";
}

} // namespace

LogicalResult BlockMatmulOp::verify() {
  RankedTensorType x = getInput().getType(), w = getWeights().getType(), out = getResult().getType();
  if (!isF32(x, 2) || !isF32(out, 2))
    return emitOpError("F3: input and result are not f32 of rank 2");
  if (failed(checkRows(*this, getFormat(), w, 2, x.getDimSize(1))))
    return failure();
  if (out.getDimSize(0) != x.getDimSize(0) || out.getDimSize(1) != w.getDimSize(0))
    return emitOpError("F3: the result is not [M, N]");
  return checkActivations(*this, static_cast<int64_t>(getActivations()));
}

LogicalResult BlockRowsOp::verify() {
  RankedTensorType ids = getIds().getType(), out = getResult().getType();
  if (failed(checkRows(*this, getFormat(), getWeights().getType(), 2, getK())))
    return failure();
  bool fits = isI32(ids, 1) && isF32(out, 2) && out.getDimSize(0) == ids.getDimSize(0) && out.getDimSize(1) == static_cast<int64_t>(getK());
  return fits && getWeights().getType().getDimSize(0) > 0 ? success() : emitOpError("F5: ids are not i32 [M], the result not f32 [M, k], or there are no rows");
}

LogicalResult BlockMatmulExpertsOp::verify() {
  RankedTensorType x = getInput().getType(), w = getWeights().getType(), chosen = getExperts().getType(), out = getResult().getType();
  if (!isF32(x, 3) || !isF32(out, 3) || !isI32(chosen, 2))
    return emitOpError("F6: input and result are not f32 of rank 3, or experts not i32 of rank 2");
  if (failed(checkRows(*this, getFormat(), w, 3, x.getDimSize(2))))
    return failure();
  bool fits = w.getDimSize(0) > 0 && chosen.getDimSize(0) == x.getDimSize(0) && (x.getDimSize(1) == 1 || x.getDimSize(1) == chosen.getDimSize(1)) &&
              out.getShape() == ArrayRef<int64_t>({chosen.getDimSize(0), chosen.getDimSize(1), w.getDimSize(1)});
  return fits ? checkActivations(*this, static_cast<int64_t>(getActivations())) : emitOpError("F6: the extents do not agree");
}
