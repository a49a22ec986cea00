// Convolutions with bf16 filters: operands in pairs along the sum (targets/common/ukernels/convpairs.c, convchannelspairs.c).
#ifndef INGOT_PASSES_LOWER_PAIRCONV_H
#define INGOT_PASSES_LOWER_PAIRCONV_H

#include "passes/lower/ConvShape.h"
#include "passes/lower/LowerOp.h"

namespace ingot {

/// The kernel for an f32 input and a constant bf16 filter, with the rest of the parameters in `shape` already; sets the packing and the block.
/// `inputs`: input, filter, bias if any.
mlir::Value lowerPairConv(nn::ConvOp op, LowerContext &context, ConvShape &shape, llvm::SmallVector<mlir::Value> inputs);

} // namespace ingot

#endif
