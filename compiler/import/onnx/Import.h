// The ONNX importer's door: a file becomes a module with one function `main` of nn and quant ops, plus weights in the store.
#ifndef INGOT_COMPILER_IMPORT_ONNX_IMPORT_H
#define INGOT_COMPILER_IMPORT_ONNX_IMPORT_H

#include "compiler/Diag.h"
#include "compiler/reference/Tensor.h"
#include "compiler/weights/WeightStore.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <map>

namespace ingot {

/// What is asked of an import beside the file.
struct ImportOptions {
  std::map<std::string, int64_t> dims;                             // --dim NAME=V
  std::map<std::string, std::vector<int64_t>> inputShapes;         // from an NPZ file, by input name
};

/// One node that cannot be compiled, with the reason a user understands.
struct Unsupported {
  std::string op;     // "NonZero", or "com.microsoft.Foo"
  std::string name;   // node name
  std::string reason; // "the output's extent depends on data"
};

struct ImportedModel {
  mlir::OwningOpRef<mlir::ModuleOp> module; // func.func @main; args and results carry the attribute `nn.name` (StringAttr)
  std::vector<Unsupported> unsupported;     // not empty: module is null and one grouped diagnostic has been reported
  int64_t nodeCount = 0;
  std::map<std::string, int64_t> opCounts;
};

/// Reads, checks and imports. Failure and everything unsupported are reported to `diagnostics` in one run. Initialisers become views of the
/// mapped file in `store`. Constant subgraphs whose results are <= 64 KiB are folded with the reference evaluator on the way.
ImportedModel importOnnx(llvm::StringRef path, const ImportOptions &options, mlir::MLIRContext &context, WeightStore &store, Diagnostics &diagnostics);

/// A TensorProto in a .pb file (backend tests). Nullopt with a reason for types Ingot has no tensor for.
std::optional<Tensor> readTensorProto(llvm::StringRef path, std::string &name, std::string &why);

} // namespace ingot

#endif
