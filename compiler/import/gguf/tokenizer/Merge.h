// Merging neighbours in the order of a table: the core of byte pair encoding and of sentence pieces. A heap of candidates makes n symbols cost
// O(n log n) for any text; n is a word's length for most models, and a whole text's at worst.
#ifndef INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_MERGE_H
#define INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_MERGE_H

#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ingot {

/// A piece of the text: bytes [begin, end); what it is called is the caller's affair.
struct Symbol {
  uint32_t begin, end;
  int32_t id;
};

/// What two neighbours become: smaller keys are merged first, equal ones from the left. Keys are no NaN.
struct MergeRule {
  double key;
  int32_t id;
};

using FindRule = llvm::function_ref<std::optional<MergeRule>(const Symbol &left, const Symbol &right)>;

/// Merges until no rule fits; `symbols` lie side by side in order, before and after.
void mergeSymbols(std::vector<Symbol> &symbols, FindRule find);

} // namespace ingot

#endif
