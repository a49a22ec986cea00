// UTF-8 and character classes for tokenizers. Any byte string is text: a byte that begins no valid sequence stands as a character of its own,
// of no class, and keeps its one byte, so that what was read can be written again.
#ifndef INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_UNICODE_H
#define INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_UNICODE_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ingot {

/// Unicode's general categories in the order of utf8proc's enumeration; Cn also stands for invalid bytes.
enum class Category : uint8_t { Cn, Lu, Ll, Lt, Lm, Lo, Mn, Mc, Me, Nd, Nl, No, Pc, Pd, Ps, Pe, Pi, Pf, Po, Sm, Sc, Sk, So, Zs, Zl, Zp, Cc, Cf, Cs, Co };

/// One character of a text: 4 bytes, so that a text of n bytes needs at most 4n more.
struct Character {
  uint32_t code : 21; // code point; for an invalid byte 0x10FF00 + byte, which no class holds
  uint32_t bytes : 3; // 1 to 4 in the text
  uint32_t category : 5;
  uint32_t space : 1; // White_Space
  uint32_t valid : 1;
};
static_assert(sizeof(Character) == 4);

/// The character at the beginning of `text`, which is not empty.
Character firstCharacter(llvm::StringRef text);
/// All characters of a text in order.
std::vector<Character> charactersOf(llvm::StringRef text);
/// Appends a code point as UTF-8.
void appendUtf8(std::string &out, uint32_t code);
/// How many bytes at the end of `text` begin a valid sequence that is not complete yet: 0 to 3.
size_t incompleteTail(llvm::StringRef text);

/// Canonical decomposition of a text; invalid bytes become U+FFFD.
std::vector<uint32_t> decompose(llvm::StringRef text);
uint32_t lowerCase(uint32_t code);
Category categoryOf(uint32_t code);
bool isSpace(uint32_t code);

} // namespace ingot

#endif
