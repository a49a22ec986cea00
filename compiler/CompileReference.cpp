// The reference evaluator in the place of a device: a model's entry points on states that live from run to run.
#include "compiler/Compile.h"

#include "dialects/Registry.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cstring>

using namespace mlir;

namespace ingot {
namespace {

std::vector<ProgramIo> ioOf(func::FuncOp function, bool inputs) {
  std::vector<ProgramIo> list;
  ArrayRef<Type> types = inputs ? function.getArgumentTypes() : function.getResultTypes();
  for (unsigned i = 0; i < types.size(); ++i) {
    RankedTensorType type = cast<RankedTensorType>(types[i]);
    StringAttr name = inputs ? function.getArgAttrOfType<StringAttr>(i, "nn.name") : function.getResultAttrOfType<StringAttr>(i, "nn.name");
    DType dtype = *toDType(type.getElementType());
    list.push_back({name ? name.str() : "", dtype, std::vector<int64_t>(type.getShape()), type.getNumElements() * byteWidth(dtype),
                    boundBytes(inputs ? function.getArgAttr(i, "nn.bound") : Attribute())});
    if (DenseI64ArrayAttr extent = inputs ? DenseI64ArrayAttr() : function.getResultAttrOfType<DenseI64ArrayAttr>(i, "nn.extent")) {
      list.back().extentAxis = extent[0];
      list.back().extentOutput = extent[1];
    }
  }
  return list;
}

/// The function of entry point `program`; "run" is @main.
func::FuncOp functionOf(const ReferenceModel &model, const Program &program) {
  ModuleOp module = const_cast<ReferenceModel &>(model).model.module.get();
  return module.lookupSymbol<func::FuncOp>(program.entry == "run" ? "main" : program.entry);
}

llvm::Expected<std::vector<Tensor>> runEntry(const ReferenceModel &model, size_t entry, ArrayRef<Tensor> inputs, StateMap &states) {
  std::string why;
  FailureOr<std::vector<Tensor>> outputs = evaluate(functionOf(model, model.programs[entry]), inputs, model.store, why, &states);
  if (failed(outputs))
    return llvm::createStringError("the reference evaluator cannot run the model: %s", why.c_str());
  return std::move(*outputs);
}

class ReferenceProgram final : public LoadedProgram {
public:
  explicit ReferenceProgram(const ReferenceModel &model) : model(model) {}

  llvm::Error run(size_t entry, ArrayRef<const void *> inputs, ArrayRef<void *> outputs, int64_t workers) override {
    if (llvm::Error error = checkRun(model.programs, entry, inputs.size(), outputs.size(), std::min<int64_t>(workers, 1)))
      return error;
    const Program &program = model.programs[entry];
    std::vector<Tensor> operands;
    for (auto [input, io] : llvm::zip_equal(inputs, program.inputs))
      operands.emplace_back(io.type, io.shape, input, nullptr);
    llvm::Expected<std::vector<Tensor>> results = runEntry(model, entry, operands, states);
    if (!results)
      return results.takeError();
    for (auto [output, result] : llvm::zip_equal(outputs, *results))
      std::memcpy(output, result.data(), static_cast<size_t>(result.bytes()));
    return llvm::Error::success();
  }

  llvm::Error resetState() override {
    states.clear();
    return llvm::Error::success();
  }

private:
  const ReferenceModel &model;
  StateMap states;
};

} // namespace

std::unique_ptr<ReferenceModel> loadReference(const CompileOptions &options, Diagnostics &diagnostics, std::vector<LayerNote> *layers) {
  auto reference = std::make_unique<ReferenceModel>();
  reference->context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
  loadDialects(*reference->context);
  reference->model = importModel(options, *reference->context, reference->store, diagnostics);
  if (!reference->model.module)
    return nullptr;
  CompressRequest request = options.compress;
  request.keepsNames = layers != nullptr;
  if (!compressModule(*reference->model.module, reference->store, request, options.modelPath, diagnostics))
    return nullptr;
  if (layers)
    *layers = std::move(request.layers);
  if (options.showsValues)
    exposeValues(*reference->model.module);
  for (func::FuncOp function : reference->model.module->getOps<func::FuncOp>()) {
    Program program;
    program.entry = function.getName() == "main" ? "run" : function.getName().str();
    program.inputs = ioOf(function, true);
    program.outputs = ioOf(function, false);
    reference->programs.push_back(std::move(program));
  }
  return reference;
}

llvm::Expected<std::vector<Tensor>> runReference(const ReferenceModel &model, ArrayRef<Tensor> inputs) {
  StateMap states;
  if (llvm::Error error = checkBound(model.programs[0], inputs))
    return std::move(error);
  return runEntry(model, 0, inputs, states);
}

std::unique_ptr<LoadedProgram> loadReferenceProgram(const ReferenceModel &model) { return std::make_unique<ReferenceProgram>(model); }

} // namespace ingot
