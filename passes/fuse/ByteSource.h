// Where the 8-bit integers behind a float value come from, for the passes that make integer operations.
#ifndef INGOT_PASSES_FUSE_BYTESOURCE_H
#define INGOT_PASSES_FUSE_BYTESOURCE_H

#include "dialects/quant/Quant.h"

namespace ingot {

inline bool isByte(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()).getElementType().isInteger(8); }

/// A dequantise of 8-bit integers with f32 scale: one for the tensor or, with `channels` > 0, that many along `axis`.
inline quant::DequantizeOp byteSource(mlir::Value value, int64_t channels, int64_t axis = 0) {
  quant::DequantizeOp source = value.getDefiningOp<quant::DequantizeOp>();
  if (!source || !isByte(source.getInput()) || source.getBlock() != 0 || !source.getScale().getType().getElementType().isF32())
    return {};
  int64_t scales = source.getScale().getType().getNumElements();
  bool fits = scales == 1 || (channels > 0 && scales == channels && static_cast<int64_t>(source.getAxis()) == axis);
  return fits ? source : quant::DequantizeOp();
}

} // namespace ingot

#endif
