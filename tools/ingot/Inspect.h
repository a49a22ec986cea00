// Inspection of GGUF files and of containers, and what it has in common with that of ONNX files: tables of inputs, operators, and what a device cannot do.
#ifndef INGOT_TOOLS_INGOT_INSPECT_H
#define INGOT_TOOLS_INGOT_INSPECT_H

#include "compiler/Compile.h"
#include "tools/ingot/Command.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace ingot {

/// Lowers for the device and adds what it refuses.
void addDeviceLimits(CompileOptions options, std::vector<Unsupported> &unsupported);

/// An input or output to be shown.
struct IoRow {
  std::string label, dtype;
  std::vector<int64_t> shape;
};

// Each prints a table unless stdout is taken by JSON, and returns its rows.
llvm::json::Array printIo(const Context &context, llvm::StringRef title, llvm::ArrayRef<IoRow> list);
llvm::json::Array printInputs(const Context &context, llvm::StringRef title, mlir::func::FuncOp function);
llvm::json::Array printOutputs(const Context &context, llvm::StringRef title, mlir::func::FuncOp function);
llvm::json::Array printOps(const Context &context, const ImportedModel &model);
llvm::json::Array printUnsupported(const Context &context, llvm::ArrayRef<Unsupported> list);

/// ingot inspect of a GGUF file.
int inspectGguf(const Context &context, const CompileOptions &options);
/// ingot inspect of a .ingot file.
int inspectContainer(const Context &context, llvm::StringRef path);

} // namespace ingot

#endif
