// ingot inspect: what a model holds, and what a device cannot do of it. Imports, and lowers without making code.
#include "tools/ingot/Inspect.h"

#include "compiler/import/gguf/GgufReader.h"
#include "dialects/Registry.h"
#include "tools/ingot/FreeDims.h"
#include "tools/ingot/Session.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"

namespace ingot {
namespace {

struct Totals {
  int64_t count = 0, elements = 0, bytes = 0;
};

/// Weights by element type, from the nn.weight ops' own result types.
std::map<std::string, Totals> weightTotals(mlir::ModuleOp module) {
  std::map<std::string, Totals> totals;
  module.walk([&](mlir::Operation *op) {
    llvm::StringRef kind = op->getName().getStringRef();
    if (kind != "nn.weight" && kind != "nn.constant")
      return;
    auto type = llvm::cast<mlir::RankedTensorType>(op->getResult(0).getType());
    std::optional<DType> dtype = toDType(type.getElementType());
    Totals &total = totals[dtype ? name(*dtype).str() : "other"];
    total.count += 1;
    total.elements += type.getNumElements();
    total.bytes += type.getNumElements() * (dtype ? byteWidth(*dtype) : 1);
  });
  return totals;
}

std::vector<IoRow> ioOf(mlir::func::FuncOp main, bool inputs) {
  std::vector<IoRow> list;
  llvm::ArrayRef<mlir::Type> types = inputs ? main.getArgumentTypes() : main.getResultTypes();
  for (unsigned i = 0; i < types.size(); ++i) {
    auto type = llvm::cast<mlir::RankedTensorType>(types[i]);
    auto label = inputs ? main.getArgAttrOfType<mlir::StringAttr>(i, "nn.name") : main.getResultAttrOfType<mlir::StringAttr>(i, "nn.name");
    std::optional<DType> dtype = toDType(type.getElementType());
    list.push_back({label ? label.str() : "", dtype ? name(*dtype).str() : "other", std::vector<int64_t>(type.getShape())});
  }
  return list;
}

llvm::json::Array printTensors(const Context &context, const std::map<std::string, Totals> &totals) {
  Table table({"constants", "count", "elements", "bytes"});
  llvm::json::Array rows;
  for (const auto &[dtype, total] : totals) {
    table.add({dtype, std::to_string(total.count), std::to_string(total.elements), bytesText(total.bytes)});
    rows.push_back(llvm::json::Object{{"dtype", dtype}, {"count", total.count}, {"elements", total.elements}, {"bytes", total.bytes}});
  }
  if (printsTable(context) && !totals.empty()) {
    table.print(llvm::outs());
    llvm::outs() << '\n';
  }
  return rows;
}

} // namespace

llvm::json::Array printIo(const Context &context, llvm::StringRef title, llvm::ArrayRef<IoRow> list) {
  Table table({title.str(), "dtype", "shape"});
  llvm::json::Array rows;
  for (const IoRow &io : list) {
    table.add({printable(io.label), io.dtype, shapeText(io.shape)});
    rows.push_back(llvm::json::Object{{"name", llvm::json::fixUTF8(io.label)}, {"dtype", io.dtype}, {"shape", llvm::json::Array(io.shape)}});
  }
  if (printsTable(context) && !list.empty()) {
    table.print(llvm::outs());
    llvm::outs() << '\n';
  }
  return rows;
}

void addDeviceLimits(CompileOptions options, std::vector<Unsupported> &unsupported) {
  if (options.device == "reference")
    return;
  options.stopAfter = "lower";
  Diagnostics found;
  compileModel(options, found);
  for (const Diagnostic &d : found.all())
    if (d.severity == Severity::Error)
      unsupported.push_back({d.where.node.empty() ? d.code : d.where.node, "", d.what});
}

llvm::json::Array printInputs(const Context &context, llvm::StringRef title, mlir::func::FuncOp function) { return printIo(context, title, ioOf(function, true)); }
llvm::json::Array printOutputs(const Context &context, llvm::StringRef title, mlir::func::FuncOp function) { return printIo(context, title, ioOf(function, false)); }

llvm::json::Array printOps(const Context &context, const ImportedModel &model) {
  Table table({"operator", "count"});
  llvm::json::Array rows;
  for (const auto &[op, count] : model.opCounts) {
    table.add({printable(op), std::to_string(count)});
    rows.push_back(llvm::json::Object{{"op", llvm::json::fixUTF8(op)}, {"count", count}});
  }
  if (printsTable(context) && !model.opCounts.empty())
    table.print(llvm::outs());
  return rows;
}

llvm::json::Array printUnsupported(const Context &context, llvm::ArrayRef<Unsupported> list) {
  Table table({"unsupported", "node", "reason"});
  llvm::json::Array rows;
  for (const Unsupported &u : list) {
    table.add({printable(u.op), printable(u.name), printable(u.reason, 400)});
    rows.push_back(llvm::json::Object{{"op", llvm::json::fixUTF8(u.op)}, {"name", llvm::json::fixUTF8(u.name)}, {"reason", llvm::json::fixUTF8(u.reason)}});
  }
  if (printsTable(context) && !list.empty()) {
    llvm::outs() << '\n';
    table.print(llvm::outs());
  }
  return rows;
}

int runInspect(const Context &context) {
  if (llvm::StringRef(context.options.arguments[0]).ends_with(".ingot"))
    return inspectContainer(context, context.options.arguments[0]);
  std::optional<CompileOptions> options = compileOptionsFor(context, context.options.arguments[0], nullptr);
  if (!options)
    return kUserFault;
  if (isGgufFile(options->modelPath) || llvm::StringRef(options->modelPath).ends_with(".gguf"))
    return inspectGguf(context, *options);
  FreeDims freeDims = bindFreeDims(options->modelPath, options->import);
  mlir::MLIRContext mlirContext(mlir::MLIRContext::Threading::DISABLED);
  loadDialects(mlirContext);
  WeightStore store;
  ImportedModel model = importOnnx(options->modelPath, options->import, mlirContext, store, context.diagnostics);
  if (!model.module && model.opCounts.empty())
    return kUserFault;
  uint64_t fileBytes = 0;
  (void)llvm::sys::fs::file_size(options->modelPath, fileBytes);
  if (printsTable(context))
    llvm::outs() << printable(options->modelPath, 400) << ": " << bytesText(static_cast<int64_t>(fileBytes)) << ", " << model.nodeCount << " nodes\n\n";
  llvm::json::Object json{{"model", llvm::json::fixUTF8(options->modelPath)}, {"bytes", static_cast<int64_t>(fileBytes)}, {"nodes", model.nodeCount}};
  llvm::json::Array dims;
  for (const std::string &dim : freeDims.names)
    dims.push_back(llvm::json::fixUTF8(dim));
  if (printsTable(context) && !freeDims.names.empty())
    llvm::outs() << "symbolic dimensions, shown as " << freeDims.extent << ": " << printable(llvm::join(freeDims.names, ", "), 400) << "\n\n";
  json["dims"] = std::move(dims);
  if (model.module) {
    auto main = model.module->lookupSymbol<mlir::func::FuncOp>("main");
    json["inputs"] = printInputs(context, "input", main);
    json["outputs"] = printOutputs(context, "output", main);
    json["tensors"] = printTensors(context, weightTotals(*model.module));
    addDeviceLimits(*options, model.unsupported);
  }
  json["ops"] = printOps(context, model);
  json["unsupported"] = printUnsupported(context, model.unsupported);
  return finish(context, std::move(json), kDone);
}

} // namespace ingot
