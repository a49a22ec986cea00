// The importer's door: importOnnx, and readTensorProto for the backend tests' .pb files.
#include "compiler/import/onnx/Import.h"

#include "compiler/import/onnx/OnnxImporter.h"

namespace ingot {

ImportedModel importOnnx(llvm::StringRef path, const ImportOptions &options, mlir::MLIRContext &context, WeightStore &store, Diagnostics &diagnostics) {
  return OnnxImporter(path, options, context, store, diagnostics).run();
}

std::optional<Tensor> readTensorProto(llvm::StringRef path, std::string &name, std::string &why) {
  auto proto = std::make_shared<onnx::TensorProto>();
  why = parseProtoFile(path, *proto);
  if (!why.empty())
    return std::nullopt;
  name = proto->name();
  OnnxError error;
  std::optional<Tensor> tensor = readTensor(*proto, proto, nullptr, error);
  why = error.what;
  return tensor;
}

} // namespace ingot
