// The normaliser of a Unigram vocabulary as its file carries it (tokenizer.ggml.precompiled_charsmap): a double array (Aoe 1989, in the units of
// darts-clone) from sequences of characters to texts. What a damaged map can do is give other texts.
#ifndef INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_CHARSMAP_H
#define INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_CHARSMAP_H

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>
#include <vector>

namespace ingot {

class CharsMap {
public:
  /// No map: every text stays itself.
  CharsMap() = default;
  /// `bytes`: u32 size of the units in bytes, units, texts that end with NUL. Nullopt: `why` says what is wrong.
  static std::optional<CharsMap> parse(llvm::StringRef bytes, std::string &why);

  /// The longest sequence at the beginning of `text` that the map has: its bytes, 0 for none, and what it becomes.
  std::pair<size_t, llvm::StringRef> match(llvm::StringRef text) const;

  const std::vector<uint32_t> &units() const { return array; }
  llvm::StringRef texts() const { return replacements; }

private:
  std::vector<uint32_t> array;
  std::string replacements; // ends with NUL, if there are any
};

} // namespace ingot

#endif
