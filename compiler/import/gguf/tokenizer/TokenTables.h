// The tables of a tokenizer as devices read them in place (ingot/tokens.h): what each class has to say, and the writer of the segment.
#ifndef INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_TOKENTABLES_H
#define INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_TOKENTABLES_H

#include "ingot/tokens.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ingot {

class Tokenizer;

struct TokenTables {
  struct Merge {
    uint32_t left, right, rank, made;
  };

  uint32_t kind = 0, flags = 0, longest = 0;
  std::vector<uint32_t> keys, bytes, spelling, patterns; // tables of the same names
  uint32_t patternCount = 0;
  std::vector<uint32_t> units; // of the normaliser's double array
  std::string replacements;    // its texts
  std::vector<Merge> merges; // of equal pairs the first counts
  bool needsClasses = false;
  /// What a character becomes, parts as in INGOT_TOKENS_FOLDED; empty function: no table of folds.
  std::function<std::vector<uint32_t>(uint32_t code)> fold;
};

/// A number whose order is the float's; 0 and -0 are equal. No NaN.
uint32_t ascendingKey(float value);

/// The tokenizer's segment of a container. The same tokenizer gives the same bytes.
std::string writeTokenTables(const Tokenizer &tokenizer);

} // namespace ingot

#endif
