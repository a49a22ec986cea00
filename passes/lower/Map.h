// Building kernel.map: strided views of tensors over an iteration box, and the algebra on them.
#ifndef INGOT_PASSES_LOWER_MAP_H
#define INGOT_PASSES_LOWER_MAP_H

#include "dialects/kernel/Kernel.h"

#include "mlir/IR/Builders.h"

namespace ingot {

/// Row-major strides of a shape, in elements.
llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> shape);

/// A tensor read (or written) at offset + sum of index[d] * strides[d], in elements of its flat buffer.
struct StridedView {
  mlir::Value base;
  int64_t offset = 0;
  llvm::SmallVector<int64_t> strides;
};

/// The whole tensor over its own shape.
StridedView identityView(mlir::Value value);
/// The tensor stretched to `shape` as NumPy does (stride 0 on stretched axes).
StridedView broadcastView(mlir::Value value, llvm::ArrayRef<int64_t> shape);

/// Makes a body from one scalar per read input; returns the scalar to store.
using MapBody = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

/// The element type as a body sees it: signless.
mlir::Type scalarType(mlir::Type elementType);

/// A map that writes `result` (offset and strides of the result's buffer over `dims`). `dest`, when given, is the tensor whose buffer is
/// overwritten; it has the result's type.
mlir::Value buildMap(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType resultType, llvm::ArrayRef<int64_t> dims,
                     llvm::ArrayRef<StridedView> inputs, int64_t resultOffset, llvm::ArrayRef<int64_t> resultStrides, mlir::Value dest, MapBody body);

/// The common case: the result is written once, in row-major order of its own shape.
mlir::Value buildMap(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType resultType, llvm::ArrayRef<StridedView> inputs, MapBody body);

/// A map that moves elements unchanged.
mlir::Value buildCopy(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType resultType, const StridedView &input);

} // namespace ingot

#endif
