// The kernel dialect in C++: its ops, enums and attributes, generated from Ops.td.
#ifndef INGOT_DIALECTS_KERNEL_KERNEL_H
#define INGOT_DIALECTS_KERNEL_KERNEL_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/kernel/Dialect.h.inc"

#include "dialects/kernel/Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/kernel/Attrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/kernel/Ops.h.inc"

namespace ingot::kernel {

/// The value that a chain of views shows, or the value itself.
mlir::Value throughViews(mlir::Value value);

/// On arith.truncf from f32 to bf16 in a map: an instruction of the device rounds so, and no steps on integers need take its place.
constexpr llvm::StringLiteral kInstruction = "ingot.instruction";

} // namespace ingot::kernel

#endif
