// Constants between IR and WeightStore: reading one, and making one of the right kind for its size.
#ifndef INGOT_PASSES_CONSTANTS_H
#define INGOT_PASSES_CONSTANTS_H

#include "compiler/weights/WeightStore.h"

#include "mlir/IR/Builders.h"

namespace ingot {

/// The constant behind a value, when it is one. `store` may be null: then only nn.constant counts.
std::optional<Tensor> constantOf(mlir::Value value, const WeightStore *store);

/// nn.constant up to its limit, nn.weight (kept under `name`, or that with a suffix) above.
mlir::Value makeConstant(mlir::OpBuilder &builder, mlir::Location loc, const Tensor &tensor, WeightStore &store, llvm::StringRef name);

} // namespace ingot

#endif
