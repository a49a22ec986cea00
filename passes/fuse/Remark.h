// Why something was not fused: a remark on the operation, which becomes a note of the report.
#ifndef INGOT_PASSES_FUSE_REMARK_H
#define INGOT_PASSES_FUSE_REMARK_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"

namespace ingot {

inline void notFused(mlir::Operation *op, llvm::StringRef what, llvm::StringRef why) { op->emitRemark() << "not fused: " << what << ": " << why; }

} // namespace ingot

#endif
