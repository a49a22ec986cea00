// Small rewrites that lowerings share: element types that a kernel does not have, and axes that it wants elsewhere.
#ifndef INGOT_PASSES_LOWER_CONVERT_H
#define INGOT_PASSES_LOWER_CONVERT_H

#include "passes/lower/LowerOp.h"

namespace ingot {

mlir::RankedTensorType tensorType(mlir::Value value);
DType dtypeOf(mlir::Value value);

/// The value with elements of another type (a map; itself when equal).
mlir::Value convertElements(LowerContext &context, mlir::Location loc, mlir::Value value, DType to);

/// f32 values rounded to operands of f16 or bf16, as `narrowed` of Tensor.h does (a map).
mlir::Value narrowOperand(LowerContext &context, mlir::Location loc, mlir::Value value, DType to);

/// The value under another shape of as many elements.
mlir::Value viewAs(LowerContext &context, mlir::Location loc, mlir::Value value, llvm::ArrayRef<int64_t> shape);

/// The value with its axes permuted (a map; a view when nothing moves).
mlir::Value permuted(LowerContext &context, mlir::Location loc, mlir::Value value, llvm::ArrayRef<int64_t> perm);

/// The type to compute in for kernels that have f32 and f64: f16 and bf16 take f32.
DType computeType(DType type);

/// Extents before, along and behind one axis.
struct AxisSplit {
  int64_t outer = 1, n = 1, inner = 1;
};
AxisSplit splitAt(llvm::ArrayRef<int64_t> shape, int64_t axis);

/// The same around `axes` when those longer than 1 stand side by side; nullopt otherwise.
std::optional<AxisSplit> adjacentAxes(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> axes);

/// Axes kept first, then `axes`; their extents' product is `n`.
struct AxesLast {
  llvm::SmallVector<int64_t> perm, shape; // of the permuted tensor
  int64_t outer = 1, n = 1;
};
AxesLast axesLast(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> axes);

} // namespace ingot

#endif
