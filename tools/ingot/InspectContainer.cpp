// ingot inspect of a container (.ingot): entry points, tensors by type and recipe, the ABI hash. All of it is verified, hashes too, before a line is printed.
#include "compiler/package/PackageError.h"
#include "compiler/package/PackageReader.h"
#include "tools/ingot/Inspect.h"

namespace ingot {
namespace {

std::vector<IoRow> rowsOf(llvm::ArrayRef<ProgramIo> list) {
  std::vector<IoRow> rows;
  for (const ProgramIo &io : list)
    rows.push_back({io.name, name(io.type).str(), io.shape});
  return rows;
}

llvm::json::Array printWeights(const Context &context, llvm::ArrayRef<PackedWeight> weights) {
  Table table({"weight", "dtype", "shape", "bytes", "packed"});
  llvm::json::Array rows;
  for (const PackedWeight &weight : weights) {
    table.add({printable(weight.name), name(weight.type).str(), shapeText(weight.shape), bytesText(weight.bytes), printable(weight.recipe)});
    rows.push_back(llvm::json::Object{{"name", llvm::json::fixUTF8(weight.name)}, {"dtype", name(weight.type)}, {"shape", llvm::json::Array(weight.shape)},
                                      {"offset", weight.offset}, {"bytes", weight.bytes}, {"packed", llvm::json::fixUTF8(weight.recipe)}});
  }
  if (printsTable(context) && !weights.empty())
    table.print(llvm::outs());
  return rows;
}

} // namespace

int inspectContainer(const Context &context, llvm::StringRef path) {
  llvm::Expected<Container> container = readContainer(path);
  if (!container) {
    reportError(container.takeError(), context.diagnostics);
    return kUserFault;
  }
  const Layout &layout = container->layout;
  std::string abi = toText(container->abi);
  int64_t live = 0;
  for (const EntryLayout &entry : layout.entries)
    live = std::max(live, entry.liveBytes);
  if (printsTable(context))
    llvm::outs() << printable(path, 400) << ": model '" << printable(layout.model) << "' for " << printable(layout.device) << ", weights "
                 << bytesText(layout.weightsBytes) << ", arena " << bytesText(layout.arenaBytes()) << " (live " << bytesText(live) << "), state " << bytesText(layout.stateBytes)
                 << ", at most " << layout.workers << " workers\nABI " << abi << "\n\n";
  llvm::json::Array entries;
  for (const EntryLayout &entry : layout.entries) {
    llvm::json::Array inputs = printIo(context, entry.name + ": input", rowsOf(entry.inputs));
    llvm::json::Array outputs = printIo(context, entry.name + ": output", rowsOf(entry.outputs));
    entries.push_back(llvm::json::Object{{"name", entry.name}, {"inputs", std::move(inputs)}, {"outputs", std::move(outputs)}, {"arena_bytes", entry.arenaBytes},
                                         {"arena_live_bytes", entry.liveBytes}});
  }
  llvm::json::Object json{{"model", llvm::json::fixUTF8(layout.model)}, {"device", llvm::json::fixUTF8(layout.device)}, {"abi", abi},
                          {"weights_bytes", layout.weightsBytes}, {"arena_bytes", layout.arenaBytes()}, {"state_bytes", layout.stateBytes},
                          {"entries", std::move(entries)}};
  json["tensors"] = printWeights(context, layout.weights);
  return finish(context, std::move(json), kDone);
}

} // namespace ingot
