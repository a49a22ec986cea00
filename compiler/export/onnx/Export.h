// Writes what the compress phase decided into the ONNX model that it was read from: the graph, its names and its symbolic dimensions stay;
// quantise and dequantise nodes, integer weights and MatMulNBits come in.
#ifndef INGOT_COMPILER_EXPORT_ONNX_EXPORT_H
#define INGOT_COMPILER_EXPORT_ONNX_EXPORT_H

#include "compiler/Diag.h"
#include "compiler/weights/WeightStore.h"

#include "mlir/IR/BuiltinOps.h"

namespace ingot {

/// `module` is the model at `path` after the compress phase, with names kept.
/// Initialisers in external files move into the result. Empty: reported (IG0225, or what reading the model reports).
std::string exportOnnx(llvm::StringRef path, mlir::ModuleOp module, const WeightStore &store, Diagnostics &diagnostics);

} // namespace ingot

#endif
