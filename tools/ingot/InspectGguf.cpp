// ingot inspect of a GGUF file: metadata, tensors by type, the entry points that it gives, and what a device cannot do of it.
#include "tools/ingot/Inspect.h"

#include "compiler/import/gguf/GgufReader.h"
#include "dialects/Registry.h"

#include "mlir/IR/MLIRContext.h"

namespace ingot {
namespace {

constexpr size_t kValueColumns = 80; // of a metadata value on the screen

llvm::json::Object metadataJson(const GgufFile &file) {
  llvm::json::Object json;
  for (const GgufEntry &entry : file.metadata)
    json[llvm::json::fixUTF8(entry.key)] = llvm::json::fixUTF8(entry.value.text(kValueColumns));
  return json;
}

void printMetadata(const GgufFile &file) {
  Table table({"metadata", "kind", "value"});
  for (const GgufEntry &entry : file.metadata)
    table.add({printable(entry.key), name(entry.value.kind()).str(), entry.value.text(kValueColumns)});
  table.print(llvm::outs());
  llvm::outs() << '\n';
}

struct TypeTotals {
  const GgufType *type = nullptr;
  int64_t count = 0, elements = 0, bytes = 0;
};

/// In the order of the types' ids.
std::map<GgufTypeId, TypeTotals> typeTotals(const GgufFile &file) {
  std::map<GgufTypeId, TypeTotals> totals;
  for (const GgufTensor &tensor : file.tensors) {
    TypeTotals &total = totals[tensor.type->id];
    total.type = tensor.type;
    total.count += 1;
    total.elements += tensor.elements();
    total.bytes += static_cast<int64_t>(tensor.bytes);
  }
  return totals;
}

llvm::json::Array printTypes(const Context &context, const GgufFile &file) {
  Table table({"tensors", "count", "elements", "bytes", "bits each"});
  llvm::json::Array rows;
  for (const auto &[id, total] : typeTotals(file)) {
    table.add({total.type->name.str(), std::to_string(total.count), std::to_string(total.elements), bytesText(total.bytes),
               brief(8.0 * static_cast<double>(total.bytes) / static_cast<double>(total.elements))});
    rows.push_back(llvm::json::Object{{"dtype", total.type->name}, {"count", total.count}, {"elements", total.elements}, {"bytes", total.bytes}});
  }
  if (printsTable(context) && !file.tensors.empty()) {
    table.print(llvm::outs());
    llvm::outs() << '\n';
  }
  return rows;
}

constexpr llvm::StringLiteral kTypesCode = "IG0635"; // says in one line what `unsupported` says tensor by tensor

/// The faults of an import as rows: inspecting a model that cannot be compiled is no failure.
void addFaults(const Diagnostics &found, std::vector<Unsupported> &unsupported) {
  for (const Diagnostic &d : found.all())
    if (d.severity == Severity::Error && d.code != kTypesCode)
      unsupported.push_back({d.code, d.where.tensor, d.what});
}

llvm::json::Array printEntries(const Context &context, mlir::ModuleOp module) {
  llvm::json::Array entries;
  for (auto function : module.getOps<mlir::func::FuncOp>()) {
    std::string entry = function.getName().str();
    llvm::json::Array inputs = printInputs(context, entry + ": input", function), outputs = printOutputs(context, entry + ": output", function);
    entries.push_back(llvm::json::Object{{"name", entry}, {"inputs", std::move(inputs)}, {"outputs", std::move(outputs)}});
  }
  return entries;
}

} // namespace

int inspectGguf(const Context &context, const CompileOptions &options) {
  std::optional<GgufFile> file = readGguf(options.modelPath, context.diagnostics);
  if (!file)
    return kUserFault;
  if (printsTable(context)) {
    llvm::outs() << printable(options.modelPath, 400) << ": " << bytesText(static_cast<int64_t>(file->bytes)) << ", GGUF version " << file->version << ", "
                 << file->tensors.size() << " tensors" << (file->parts.size() > 1 ? ", " + std::to_string(file->parts.size()) + " parts" : "") << "\n\n";
    printMetadata(*file);
  }
  llvm::json::Object json{{"model", llvm::json::fixUTF8(options.modelPath)}, {"bytes", static_cast<int64_t>(file->bytes)},
                          {"version", static_cast<int64_t>(file->version)}, {"metadata", metadataJson(*file)}, {"tensors", printTypes(context, *file)}};
  mlir::MLIRContext mlirContext(mlir::MLIRContext::Threading::DISABLED);
  loadDialects(mlirContext);
  WeightStore store;
  Diagnostics found;
  ImportedModel model = importGguf(options.modelPath, options.llm, mlirContext, store, found);
  addFaults(found, model.unsupported);
  if (model.module) {
    json["entries"] = printEntries(context, *model.module);
    addDeviceLimits(options, model.unsupported);
  }
  json["nodes"] = model.nodeCount;
  json["ops"] = printOps(context, model);
  json["unsupported"] = printUnsupported(context, model.unsupported);
  return finish(context, std::move(json), kDone);
}

} // namespace ingot
