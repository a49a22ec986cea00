// What the compress phase needs beside its passes: calibration samples, and a way to run it alone.
#include "compiler/Compile.h"

#include "passes/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace ingot {

bool prepareCompress(ModuleOp module, CompressRequest &request, StringRef model, Diagnostics &diagnostics) {
  func::FuncOp main = module.lookupSymbol<func::FuncOp>("main");
  bool isGguf = !main, wantsBlocks = request.quantize.kind == QuantizeSpec::Gguf;
  bool changesWeights = request.quantize.kind != QuantizeSpec::None || request.sparsify.kind != SparsifySpec::None;
  if (changesWeights && (isGguf != wantsBlocks || (isGguf && request.sparsify.kind != SparsifySpec::None))) {
    diagnostics.report("IG0225", isGguf ? "GGUF models are quantised to block types alone" : "GGUF block types are for GGUF models", {model.str()},
                       isGguf ? "use --quantize q8_0, q6_k, q5_0, q4_k or q4_0" : "use int8 or matmulnbits:4,32");
    return false;
  }
  if (request.quantize.kind != QuantizeSpec::Int8)
    return true;
  if (request.calibrate.empty()) {
    diagnostics.report("IG0224", "--quantize int8 needs samples of the model's inputs", {model.str()}, "add --calibrate F.npz, or a folder of such files");
    return false;
  }
  std::vector<CalibrationInput> inputs;
  for (unsigned i = 0; i < main.getNumArguments(); ++i) {
    RankedTensorType type = cast<RankedTensorType>(main.getArgumentTypes()[i]);
    StringAttr name = main.getArgAttrOfType<StringAttr>(i, "nn.name");
    inputs.push_back({name ? name.str() : "", *toDType(type.getElementType()), std::vector<int64_t>(type.getShape())});
  }
  request.samples = readCalibration(request.calibrate, inputs, diagnostics);
  return !request.samples.empty();
}

bool compressModule(ModuleOp module, WeightStore &store, CompressRequest &request, StringRef model, Diagnostics &diagnostics) {
  if (!request.isActive())
    return true;
  if (!prepareCompress(module, request, model, diagnostics))
    return false;
  ScopedDiagnosticHandler handler(module.getContext(), [&](mlir::Diagnostic &d) {
    forwardDiagnostic(d, diagnostics, model);
    return success();
  });
  PassManager manager(module.getContext());
  PassContext context;
  context.store = &store;
  context.compress = &request;
  buildCompress(manager, context);
  return succeeded(manager.run(module));
}

} // namespace ingot
