// Reads the dimensions of a model's inputs, nothing else.
#include "tools/ingot/FreeDims.h"

#include "compiler/import/onnx/OnnxReader.h"

#include "llvm/ADT/StringSet.h"
#include "onnx-ml.pb.h"

namespace ingot {

std::vector<std::string> bindFreeDims(llvm::StringRef path, ImportOptions &import) {
  std::vector<std::string> bound;
  Diagnostics ignored;
  std::shared_ptr<onnx::ModelProto> model = readOnnxModel(path, ignored);
  if (!model)
    return bound;
  llvm::StringSet<> initial;
  for (const onnx::TensorProto &tensor : model->graph().initializer())
    initial.insert(tensor.name());
  for (const onnx::ValueInfoProto &input : model->graph().input()) {
    if (initial.contains(input.name()) || import.inputShapes.count(input.name()))
      continue;
    const onnx::TensorShapeProto &shape = input.type().tensor_type().shape();
    for (int axis = 0; axis < shape.dim_size(); ++axis) {
      const onnx::TensorShapeProto::Dimension &dim = shape.dim(axis);
      if (dim.has_dim_value() && dim.dim_value() >= 0)
        continue;
      std::string name = dimensionName(input, axis);
      if (import.dims.try_emplace(name, 1).second)
        bound.push_back(std::move(name));
    }
  }
  return bound;
}

} // namespace ingot
