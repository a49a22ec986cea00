// What quantised convolutions and matrix products need per output channel, computed when Ingot compiles: the table of
// targets/common/ukernels/quant.h.
#ifndef INGOT_PASSES_LOWER_QUANTTERMS_H
#define INGOT_PASSES_LOWER_QUANTTERMS_H

#include "passes/lower/LowerOp.h"
#include "targets/common/ukernels/quant.h"

namespace ingot {

inline bool isUnsignedByte(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getElementType().isUnsignedInteger(8);
}
inline int64_t elementsOf(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()).getNumElements(); }

struct QuantTerms {
  const Tensor &inputScale, &weights, &weightScale, &weightZero, &resultScale; // weights [channels][depth]
  const Tensor *bias;                                                          // i32 [channels] or null
  bool transposed = false;                                                     // weights are [depth][channels]
};

/// IK_Q_W_ZEROS: whether some zero of the weights, u8 ones less 128, is not 0.
bool hasWeightZeros(const Tensor &zeros, bool isUnsigned);

/// Constant 8-bit weights in the form that is best for their use; without `packDense` the dense one is the caller's to pack.
struct PackedWeights {
  WeightChoice choice;
  mlir::Value value; // nn.weight i8 [choice.bytes], or null
};
/// Strides of an output and of an input in the tensor, in elements.
struct WeightStrides {
  int64_t output, depth;
};
PackedWeights packWeights(mlir::Operation *op, LowerContext &context, mlir::Value weights, const WeightUse &use, WeightStrides strides,
                          bool packDense = true);

/// i32 [IK_QTABLE_ROWS][channels]; with `shifted`, u8 weights and their zeros count 128 less, as in the packed form.
Tensor quantTable(const QuantTerms &terms, int64_t channels, bool shifted);
/// The same from the tensors of QuantTerms in their order, the bias where there is one.
Tensor quantTableOf(llvm::ArrayRef<Tensor> from, int64_t channels, bool shifted, bool transposed);

/// b [K][N] of 8 bits -> [ceil(N / 16)][ceil(K / 4)][16][4] i8, zero padded, u8 less 128: the right side of ik_qmatmul and ik_imatmul.
Tensor packQuadColumns(const Tensor &b, int64_t depth, int64_t columns);
/// w [G * OC][depth][taps] -> [G][ceil(OC / 8)][ceil(depth / 4)][taps][8][4] i8, zero padded, u8 weights less 128.
Tensor packQuadChannels(const Tensor &w, int64_t groups, int64_t channels, int64_t depth, int64_t taps);
/// The same -> [G][ceil(OC / 16)][blocks][taps][16][W][4], depth by 4 in blocks of W: the left sides of ik_qconvmatrix.
Tensor packByteBlocks(const Tensor &w, int64_t groups, int64_t channels, int64_t depth, int64_t taps);
/// w [outputs][depth][high][wide] -> [outputs][high][depth][ceil(wide / 4)][4], up to whole blocks, with zeros of the same type.
Tensor packTaps(const Tensor &w, int64_t outputs, int64_t depth, int64_t high, int64_t wide);

} // namespace ingot

#endif
