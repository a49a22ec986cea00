// The model's names in the IR: while a model is compressed, each named value carries `nn.name`, so that what the passes decide can be
// written back into the model's own graph.
#ifndef INGOT_PASSES_COMPRESS_NAMES_H
#define INGOT_PASSES_COMPRESS_NAMES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace ingot {

constexpr llvm::StringLiteral kNameAttr = "nn.name", kRangeAttr = "ingot.range", kPrunedAttr = "ingot.pruned";

/// An attribute of the value: on its op when it is the first result, else on the function's argument. Null when there is none.
inline mlir::Attribute valueAttr(mlir::Value value, llvm::StringRef attribute) {
  if (mlir::Operation *op = value.getDefiningOp())
    return value == op->getResult(0) ? op->getAttr(attribute) : mlir::Attribute();
  mlir::BlockArgument argument = llvm::cast<mlir::BlockArgument>(value);
  auto function = llvm::dyn_cast<mlir::func::FuncOp>(argument.getOwner()->getParentOp());
  return function ? function.getArgAttr(argument.getArgNumber(), attribute) : mlir::Attribute();
}

/// The model's name of a value; empty when it has none.
inline llvm::StringRef nameOf(mlir::Value value) {
  mlir::StringAttr name = llvm::dyn_cast_or_null<mlir::StringAttr>(valueAttr(value, kNameAttr));
  return name ? name.getValue() : llvm::StringRef();
}

} // namespace ingot

#endif
