// Reads the dimensions of a model's inputs, and finds an extent for those that nothing has bound.
#include "tools/ingot/FreeDims.h"

#include "compiler/import/onnx/DimExpr.h"
#include "compiler/import/onnx/OnnxReader.h"
#include "dialects/Registry.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringSet.h"
#include "onnx-ml.pb.h"

namespace ingot {

namespace {

/// Names of the free dimensions, in the model's order; not of those that follow from others.
std::vector<std::string> freeDims(llvm::StringRef path, const ImportOptions &import) {
  std::vector<std::string> names;
  Diagnostics ignored;
  std::shared_ptr<onnx::ModelProto> model = readOnnxModel(path, ignored);
  if (!model)
    return names;
  llvm::StringSet<> known;
  for (const onnx::TensorProto &tensor : model->graph().initializer())
    known.insert(tensor.name());
  for (const onnx::ValueInfoProto &input : model->graph().input()) {
    if (known.contains(input.name()) || import.inputShapes.count(input.name()))
      continue;
    const onnx::TensorShapeProto &shape = input.type().tensor_type().shape();
    for (int axis = 0; axis < shape.dim_size(); ++axis) {
      const onnx::TensorShapeProto::Dimension &dim = shape.dim(axis);
      std::string name = dimensionName(input, axis);
      bool isKnown = import.dims.count(name) || import.relations.count(name);
      if ((!dim.has_dim_value() || dim.dim_value() < 0) && !isKnown && !llvm::is_contained(names, name))
        names.push_back(std::move(name));
    }
  }
  llvm::erase_if(names, [all = names](const std::string &name) {
    std::optional<DimExpr> relation = DimExpr::parse(name);
    return relation && llvm::all_of(relation->names(), [&](const std::string &part) { return llvm::is_contained(all, part); });
  });
  return names;
}

bool imports(llvm::StringRef path, const ImportOptions &import) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  loadDialects(context);
  WeightStore store;
  Diagnostics ignored;
  return static_cast<bool>(importOnnx(path, import, context, store, ignored).module);
}

} // namespace

FreeDims bindFreeDims(llvm::StringRef path, ImportOptions &import) {
  FreeDims found{freeDims(path, import), 1};
  auto bind = [&](int64_t extent) {
    for (const std::string &name : found.names)
      import.dims[name] = extent;
  };
  bind(1);
  if (found.names.empty() || imports(path, import))
    return found;
  for (int64_t extent : {64, 224}) { // what halves a picture several times has no shape with 1
    bind(extent);
    found.extent = extent;
    if (imports(path, import))
      return found;
  }
  bind(1);
  found.extent = 1;
  return found;
}

} // namespace ingot
