// The ONNX importer's door: a file becomes a module with one function `main` of nn and quant ops, plus weights in the store.
#ifndef INGOT_COMPILER_IMPORT_ONNX_IMPORT_H
#define INGOT_COMPILER_IMPORT_ONNX_IMPORT_H

#include "compiler/Diag.h"
#include "compiler/import/ImportedModel.h"
#include "compiler/reference/Tensor.h"
#include "compiler/weights/WeightStore.h"

#include <set>

namespace onnx {
class ModelProto;
}

namespace ingot {

/// What is asked of an import beside the file.
struct ImportOptions {
  std::map<std::string, int64_t> dims;                             // --dim NAME=V
  std::map<std::string, std::string> relations;                    // --dim NAME=EXPRESSION of other dimensions (DimExpr.h)
  std::set<std::string> varied;                                    // those of `dims` that other shapes of the package bind otherwise
  std::map<std::string, std::vector<int64_t>> inputShapes;         // from an NPZ file, by input name
  static constexpr int64_t kMaxBoundElements = 1024;               // of an input whose values the compiler may take
  std::map<std::string, std::string> binds;                        // --bind NAME=V1,V2: values of inputs that decide shapes
  std::map<std::string, Tensor> inputValues;                       // from an NPZ file, by input name; at most kMaxBoundElements each
  std::shared_ptr<onnx::ModelProto> parsed = nullptr;              // the file as read before: several imports then share its tensors; null: read it
  bool keepNames = false; // ops whose first result is a value of the graph carry its name as `nn.name`
};

/// Reads, checks and imports. Failure and everything unsupported are reported to `diagnostics` in one run. Initialisers become views of the
/// mapped file in `store`. Constant subgraphs whose results are <= 64 KiB are folded with the reference evaluator on the way.
ImportedModel importOnnx(llvm::StringRef path, const ImportOptions &options, mlir::MLIRContext &context, WeightStore &store, Diagnostics &diagnostics);

/// A TensorProto in a .pb file (backend tests). Nullopt with a reason for types Ingot has no tensor for.
std::optional<Tensor> readTensorProto(llvm::StringRef path, std::string &name, std::string &why);

} // namespace ingot

#endif
