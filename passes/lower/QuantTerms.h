// What quantised convolutions and matrix products need per output channel, computed when Ingot compiles: the table of
// targets/common/ukernels/quant.h.
#ifndef INGOT_PASSES_LOWER_QUANTTERMS_H
#define INGOT_PASSES_LOWER_QUANTTERMS_H

#include "compiler/reference/Tensor.h"
#include "targets/common/ukernels/quant.h"

namespace ingot {

inline bool isUnsignedByte(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getElementType().isUnsignedInteger(8);
}
inline int64_t elementsOf(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()).getNumElements(); }

struct QuantTerms {
  const Tensor &inputScale, &weights, &weightScale, &weightZero, &resultScale; // weights [channels][depth]
  const Tensor *bias;                                                          // i32 [channels] or null
};

/// i32 [IK_QTABLE_ROWS][channels]; with `shifted`, u8 weights and their zeros count 128 less, as in the packed form.
Tensor quantTable(const QuantTerms &terms, int64_t channels, bool shifted);

/// b [K][N] of 8 bits -> [ceil(N / 16)][ceil(K / 4)][16][4] i8, zero padded, u8 less 128: the right side of ik_qmatmul and ik_imatmul.
Tensor packQuadColumns(const Tensor &b, int64_t depth, int64_t columns);
/// b [K][N] -> [N][K]: the weights of quantTable.
Tensor columnsFirst(const Tensor &b, int64_t depth, int64_t columns);

} // namespace ingot

#endif
