// The block formats of the quant dialect: sizes, and how activations meet them. What a block's bytes mean stands with the importer that reads them
// (compiler/import/gguf/GgufTypes.h).
#ifndef INGOT_DIALECTS_QUANT_BLOCKFORMATS_H
#define INGOT_DIALECTS_QUANT_BLOCKFORMATS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>

namespace ingot::quant {

/// One row of BlockFormats.def.
struct BlockFormat {
  llvm::StringRef name;          // "q4_0"
  int64_t elements, bytes;       // of one block
  bool quantizesActivations;     // products meet x in 8-bit blocks of 32

  /// Elements in a row of `rowBytes` bytes; nullopt when these are no whole blocks.
  std::optional<int64_t> elementsIn(int64_t rowBytes) const;
  /// Bytes of a row of `count` elements; nullopt when these are no whole blocks or the product leaves int64.
  std::optional<int64_t> bytesOf(int64_t count) const;
};

llvm::ArrayRef<BlockFormat> blockFormats();
/// By name; null when there is none.
const BlockFormat *findBlockFormat(llvm::StringRef name);

/// x[32] -> q[32] in `bits` 8 or 16 by the rule at the top of BlockOps.td; returns the scale.
float quantizeBlock(const float *x, int64_t bits, int16_t *q);

} // namespace ingot::quant

#endif
