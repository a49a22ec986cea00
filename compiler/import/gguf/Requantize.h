// What `--quantize TYPE` makes of a GGUF model's tensors: which take a block type, and their bytes. `ingot compress` writes them to a file and `ingot build`
// packs them, so both hold the same blocks.
#ifndef INGOT_COMPILER_IMPORT_GGUF_REQUANTIZE_H
#define INGOT_COMPILER_IMPORT_GGUF_REQUANTIZE_H

#include "compiler/import/gguf/GgufReader.h"

namespace ingot {

/// Squared error of a tensor's blocks and squares of its values.
struct BlockLoss {
  double lost = 0, all = 0;
};

class GgufRequantizer {
public:
  /// `type`: "q8_0", "q5_0", "q4_0", "q4_k" or "q6_k"; empty: nothing changes. The file outlives this.
  GgufRequantizer(const GgufFile &file, llvm::StringRef type) : file(file), type(type.str()) {}

  /// The block types that can be made, for messages and checks.
  static llvm::ArrayRef<llvm::StringLiteral> types();
  /// general.file_type of a model in this type (llama.cpp's numbers).
  static uint32_t fileType(llvm::StringRef type);

  /// The type that a tensor gets. Matrices in f32, f16 or bf16 take `type`, but routers of experts; below 6 bits the output matrix (the embedding when
  /// there is none) takes Q6_K, whose error would touch every token. Rows that are not whole blocks of 256 take a type of blocks of 32 with more bits.
  const GgufType &typeFor(const GgufTensor &tensor) const;
  bool changes(const GgufTensor &tensor) const { return &typeFor(tensor) != tensor.type; }
  /// Warns once (IG0226) when rows are not whole blocks of the type.
  void warnOfFallbacks(Diagnostics &diagnostics) const;

  /// Blocks of typeFor(tensor) to `out`, on all cores; the same bytes whatever their number. `loss` may be null.
  static void quantize(const GgufTensor &tensor, const GgufType &target, char *out, BlockLoss *loss);

private:
  const GgufType *wanted(const GgufTensor &tensor) const;

  const GgufFile &file;
  std::string type;
};

} // namespace ingot

#endif
