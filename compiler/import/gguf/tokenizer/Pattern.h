// The regular expressions that cut a text into words before byte pairs are merged: the part of the language that tokenizers use, matched over
// characters with their Unicode classes. Matching does not recurse on the text, so that its length is no danger.
#ifndef INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_PATTERN_H
#define INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_PATTERN_H

#include "compiler/import/gguf/tokenizer/Unicode.h"

#include "llvm/ADT/ArrayRef.h"

#include <optional>

namespace ingot {

/// A set of characters: "[^\s\p{L}\p{Nd}a-z]", "\p{N}", "\s", "x".
class CharacterSet {
public:
  void add(uint32_t low, uint32_t high) { ranges.emplace_back(low, high); }
  void addCategories(uint32_t mask) { categories |= mask; }
  void addSpaces(bool inside) { (inside ? spaces : nonSpaces) = true; }
  void negate() { negated = true; }
  bool contains(Character c) const;
  void write(std::vector<uint32_t> &words) const;

private:
  std::vector<std::pair<uint32_t, uint32_t>> ranges;
  uint32_t categories = 0; // bit i: Category i
  bool spaces = false, nonSpaces = false, negated = false;
};

/// alternative | alternative, each a sequence of: set, set? set* set+ set{m,n}, (?!set), $, and (?:word|word) (?i:word|word), these also with '?'.
/// Quantifiers are greedy, the first alternative that matches wins.
class Pattern {
public:
  /// Nullopt for text that is not in the language above.
  static std::optional<Pattern> parse(llvm::StringRef text);
  /// Length of the match at the beginning of `text`; 0 for none.
  size_t match(llvm::ArrayRef<Character> text) const;
  /// Appends the pattern as devices read it (ingot/tokens.h), its length in words first.
  void write(std::vector<uint32_t> &words) const;

private:
  friend class PatternParser;
  struct Item {
    enum class Kind { Set, Words, NotAhead, AtEnd } kind; // in the order of ingot/tokens.h
    CharacterSet set;                         // Set, NotAhead
    std::vector<std::vector<uint32_t>> words; // Words, longest first is the writer's affair
    bool foldCase = false;
    size_t least = 1, most = 1;
  };
  using Sequence = std::vector<Item>;

  static constexpr size_t kFails = ~size_t(0);
  static std::vector<uint32_t> bodyOf(const Item &item);
  static size_t matchWords(const Item &item, llvm::ArrayRef<Character> text);
  static size_t matchFrom(llvm::ArrayRef<Item> items, llvm::ArrayRef<Character> text);

  std::vector<Sequence> alternatives;
};

} // namespace ingot

#endif
