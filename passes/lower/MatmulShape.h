// A batched matrix product as the parameters of the kernels (targets/common/ukernels/matmul.h): leading axes are joined to at
// most three with broadcast strides. Shared by nn.matmul and quant.matmul.
#ifndef INGOT_PASSES_LOWER_MATMULSHAPE_H
#define INGOT_PASSES_LOWER_MATMULSHAPE_H

#include "targets/common/ukernels/matmul.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace ingot {

/// What the recipe of a right side in panels of 16 columns, [batch][ceil(N / 16)][K][16], says of itself.
constexpr llvm::StringLiteral kColumnPanels = "pack columns in panels of 16";

struct MatmulShape {
  llvm::SmallVector<int64_t> params; // IK_MATMUL_COUNT entries, flags zero

  int64_t operator[](int i) const { return params[i]; }
  int64_t &operator[](int i) { return params[i]; }
  int64_t batches() const { return params[IK_MATMUL_B0] * params[IK_MATMUL_B1] * params[IK_MATMUL_B2]; }
  /// Multiply-adds of the whole op.
  int64_t work() const { return batches() * params[IK_MATMUL_M] * params[IK_MATMUL_N] * params[IK_MATMUL_K]; }
};

/// nullopt when more than three batch axes remain after joining. A left side with batches and a shared right one becomes one tall
/// matrix; batch strides count elements of the unpacked forms.
std::optional<MatmulShape> matmulShape(mlir::RankedTensorType lhs, mlir::RankedTensorType rhs);

} // namespace ingot

#endif
