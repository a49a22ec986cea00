// What fusion joined to an nn.conv or nn.matmul, read from its discardable attributes: `ingot.activation` (a kind of nn.unary, or
// "silu"), `ingot.alpha`, `ingot.beta` (F64Attr). Why attributes: the op keeps its meaning for passes that do not know them.
#ifndef INGOT_PASSES_LOWER_EPILOGUE_H
#define INGOT_PASSES_LOWER_EPILOGUE_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

#include <optional>

namespace ingot {

struct Epilogue {
  int64_t activation = 0; // IK_ACT_* of targets/common/ukernels/epilogue.h
  double alpha = 0, beta = 0;
};

/// The IK_ACT_* for an activation's name; nullopt when no kernel applies it.
std::optional<int64_t> activationCode(llvm::StringRef name);
/// The op's epilogue; nullopt (with `why`) for an activation no kernel applies.
std::optional<Epilogue> readEpilogue(mlir::Operation *op, std::string &why);

} // namespace ingot

#endif
