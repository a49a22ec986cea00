// Control flow as SPIR-V wants it: nested selections and loops with one entry and one exit each.
#ifndef INGOT_TARGETS_COMMON_SPIRV_STRUCTURE_H
#define INGOT_TARGETS_COMMON_SPIRV_STRUCTURE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

namespace ingot {

/// Moves the body of `from` (spirv operations, blocks joined by cf) to the end of `into`, where %id is known, as structured code.
/// Values that cross blocks go through variables, which are created at the start of `variables`. Failure: an endless loop.
llvm::LogicalResult structureBody(mlir::func::FuncOp from, mlir::Value id, mlir::Block &variables, mlir::OpBuilder &into);

} // namespace ingot

#endif
