// Verifiers of the ops in NbitsOps.td. The label in a message is the rule's name there.
#include "dialects/quant/Quant.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace ingot::quant;

namespace {

bool isFloatTensor(RankedTensorType type) { return type.getElementType().isF32() || type.getElementType().isF16() || type.getElementType().isBF16(); }
bool isF32(RankedTensorType type) { return type.getElementType().isF32() && type.getRank() == 2; }

/// N1 to N5 for rows of k elements.
template <typename OpT> LogicalResult checkWeights(OpT op, int64_t k) {
  constexpr int64_t kLargestBlock = 1 << 16;
  int64_t bits = op.getBits(), block = op.getBlock();
  if ((bits != 2 && bits != 4 && bits != 8) || block > kLargestBlock || (block != 16 && (block < 32 || block % 32 != 0)))
    return op.emitOpError("N1: no weights of ") << bits << " bits in blocks of " << block;
  RankedTensorType weights = op.getWeights().getType(), scales = op.getScales().getType();
  if (!weights.getElementType().isUnsignedInteger(8) || weights.getRank() != 3 || weights.getDimSize(0) < 1 || weights.getDimSize(1) < 1 ||
      weights.getDimSize(2) != block * bits / 8)
    return op.emitOpError("N2: the weights are not ui8 [N, blocks, ") << block * bits / 8 << "]";
  int64_t n = weights.getDimSize(0), blocks = weights.getDimSize(1);
  if (!isFloatTensor(scales) || scales.getNumElements() != n * blocks)
    return op.emitOpError("N3: the scales are not ") << n * blocks << " floats";
  if (op.getZeros()) {
    RankedTensorType zeros = op.getZeros().getType();
    bool isPacked = zeros.getElementType().isUnsignedInteger(8) && zeros.getNumElements() == n * static_cast<int64_t>(llvm::divideCeil(blocks * bits, 8));
    if (!isPacked && !(isFloatTensor(zeros) && zeros.getNumElements() == n * blocks))
      return op.emitOpError("N4: the zero points fit neither packed bytes nor one float a block");
  }
  bool fits = k > 0 && k % 32 == 0 && blocks <= static_cast<int64_t>(llvm::divideCeil(k, block)) && blocks >= static_cast<int64_t>(llvm::divideCeil(k - 31, block));
  return fits ? success() : op.emitOpError("N5: ") << blocks << " blocks of " << block << " do not hold " << k << " elements";
}

} // namespace

LogicalResult NbitsMatmulOp::verify() {
  RankedTensorType x = getInput().getType(), out = getResult().getType();
  if (!isF32(x) || !isF32(out))
    return emitOpError("N6: input and result are not f32 of rank 2");
  if (failed(checkWeights(*this, x.getDimSize(1))))
    return failure();
  if (out.getDimSize(0) != x.getDimSize(0) || out.getDimSize(1) != getWeights().getType().getDimSize(0))
    return emitOpError("N6: the result is not [M, N]");
  return getActivations() == 8 || getActivations() == 32 ? success() : emitOpError("N7: activations of ") << getActivations() << " bits";
}

LogicalResult NbitsRowsOp::verify() {
  RankedTensorType ids = getIds().getType(), out = getResult().getType();
  if (failed(checkWeights(*this, getK())))
    return failure();
  bool fits = ids.getElementType().isSignlessInteger(32) && ids.getRank() == 1 && isF32(out) && out.getDimSize(0) == ids.getDimSize(0) &&
              out.getDimSize(1) == static_cast<int64_t>(getK());
  return fits ? success() : emitOpError("N8: ids are not i32 [M] or the result not f32 [M, k]");
}
