// ingot compress for GGUF models: another block type for the weights; and the table that both formats share.
#include "compiler/export/gguf/Export.h"
#include "tools/ingot/CompressTable.h"

#include <sys/resource.h>

namespace ingot {

void printLayers(llvm::ArrayRef<LayerNote> layers) {
  Table table({"layer", "type", "was", "bytes", "error", "not zero"});
  for (const LayerNote &layer : layers)
    table.add({printable(layer.name, 60), layer.type, bytesText(layer.bytesBefore), bytesText(layer.bytes), brief(layer.error), fixed(100 * layer.density, 1) + "%"});
  table.print(llvm::outs());
}

llvm::json::Array layersJson(llvm::ArrayRef<LayerNote> layers) {
  llvm::json::Array rows;
  for (const LayerNote &layer : layers)
    rows.push_back(llvm::json::Object{{"name", llvm::json::fixUTF8(layer.name)}, {"type", layer.type}, {"bytes", layer.bytes}, {"error", layer.error},
                                      {"bytes_before", layer.bytesBefore}, {"density", layer.density}});
  return rows;
}

int64_t peakRssBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024; // Linux counts KiB
}

int compressGguf(const Context &context, const CompileOptions &options) {
  double start = secondsNow();
  std::string path = context.options.text("output");
  if (options.compress.quantize.kind != QuantizeSpec::Gguf || options.compress.sparsify.kind != SparsifySpec::None)
    return context.fail("IG0225", "GGUF models are quantised to block types alone", options.modelPath, "use --quantize q8_0, q6_k, q5_0, q4_k or q4_0");
  if (!llvm::StringRef(path).ends_with(".gguf"))
    return context.fail("IG0009", "a GGUF model is written as GGUF", path, "let the output end in .gguf");
  std::vector<LayerNote> layers;
  GgufSizes sizes;
  if (!exportGguf(options.modelPath, options.compress.quantize.type, path, layers, sizes, context.diagnostics))
    return kUserFault;
  double bits = 8.0 * static_cast<double>(sizes.after) / static_cast<double>(std::max<int64_t>(sizes.weights, 1));
  if (printsTable(context)) {
    printLayers(layers);
    llvm::outs() << '\n' << path << ": " << bytesText(sizes.after) << " of " << bytesText(sizes.before) << ", " << fixed(bits, 2) << " bits a weight\n";
  }
  return finish(context, llvm::json::Object{{"bytes", sizes.after}, {"bpw", bits}, {"tensors", layersJson(layers)}, {"seconds", secondsNow() - start},
                                            {"peak_rss_bytes", peakRssBytes()}}, kDone);
}

} // namespace ingot
