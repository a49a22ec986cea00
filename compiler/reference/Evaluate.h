// The reference evaluator: the nn and quant dialects in plain C++, written from the operators' definitions, double
// accumulation, independent of every lowering. It is the oracle of numeric tests, the constant folder, and `--device reference`.
#ifndef INGOT_COMPILER_REFERENCE_EVALUATE_H
#define INGOT_COMPILER_REFERENCE_EVALUATE_H

#include "compiler/reference/Tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <map>

namespace ingot {

class WeightStore;

/// Computes one nn or quant op (but nn.weight). Operands are in the op's order, an absent optional one is left out as in the IR.
/// Failure: no rule for the op or its types; the reason is in `why`. Never asserts on values that come from a model.
llvm::FailureOr<llvm::SmallVector<Tensor, 2>> evaluate(mlir::Operation *op, llvm::ArrayRef<Tensor> operands, std::string &why);

/// Values of persistent tensors by name; one that is missing is zeros.
using StateMap = std::map<std::string, Tensor>;

/// Runs a function of nn/quant ops on inputs given in argument order; results in return order. Values are freed after their last use.
/// `states` are read and, when the function has run, written; null: every state is zeros. `trace`, when given, sees every op's results.
llvm::FailureOr<std::vector<Tensor>> evaluate(mlir::func::FuncOp function, llvm::ArrayRef<Tensor> inputs, const WeightStore &store, std::string &why,
                                              StateMap *states = nullptr,
                                              llvm::function_ref<void(mlir::Operation *, llvm::ArrayRef<Tensor>)> trace = nullptr);

} // namespace ingot

#endif
