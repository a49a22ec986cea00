// What `ingot compress` prints for models of either format: a row a layer, and the same as JSON.
#ifndef INGOT_TOOLS_INGOT_COMPRESSTABLE_H
#define INGOT_TOOLS_INGOT_COMPRESSTABLE_H

#include "compiler/Compile.h"
#include "tools/ingot/Command.h"

namespace ingot {

void printLayers(llvm::ArrayRef<LayerNote> layers);
llvm::json::Array layersJson(llvm::ArrayRef<LayerNote> layers);
/// Bytes of the process at its largest.
int64_t peakRssBytes();

/// ingot compress of a GGUF model.
int compressGguf(const Context &context, const CompileOptions &options);

} // namespace ingot

#endif
