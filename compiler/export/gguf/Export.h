// Writes a GGUF file again with its weights in a smaller block type; metadata and all other tensors stay byte for byte.
#ifndef INGOT_COMPILER_EXPORT_GGUF_EXPORT_H
#define INGOT_COMPILER_EXPORT_GGUF_EXPORT_H

#include "compiler/Diag.h"
#include "passes/compress/Compress.h"

namespace ingot {

/// `type`: "q8_0" or "q4_0". Matrices in f32, f16 or bf16 whose rows are whole blocks take it, but routers of experts; with q4_0 the output matrix (the
/// embedding when there is none) takes Q6_K, whose error would touch every token. Empty: reported (IG0225, or what reading reports).
std::string exportGguf(llvm::StringRef path, llvm::StringRef type, std::vector<LayerNote> &layers, Diagnostics &diagnostics);

} // namespace ingot

#endif
