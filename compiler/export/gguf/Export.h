// Writes a GGUF file again with its weights in a smaller block type; metadata and all other tensors stay byte for byte.
#ifndef INGOT_COMPILER_EXPORT_GGUF_EXPORT_H
#define INGOT_COMPILER_EXPORT_GGUF_EXPORT_H

#include "compiler/Diag.h"
#include "passes/compress/Compress.h"

namespace ingot {

struct GgufSizes {
  int64_t before = 0, after = 0; // bytes of the files
  int64_t weights = 0;           // elements of all tensors
};

/// Writes the model at `path` (or the split set that begins there) to the one file `to`, tensors of floats in blocks as GgufRequantizer chooses. False:
/// reported (IG0225, or what reading and writing report); IG0226 warns of rows that are not whole blocks.
bool exportGguf(llvm::StringRef path, llvm::StringRef type, llvm::StringRef to, std::vector<LayerNote> &layers, GgufSizes &sizes, Diagnostics &diagnostics);

} // namespace ingot

#endif
