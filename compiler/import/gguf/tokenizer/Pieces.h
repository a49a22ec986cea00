// What the tokenizers share whose tokens write a space as U+2581 (SentencePieces.cpp, Unigram.cpp).
#ifndef INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_PIECES_H
#define INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_PIECES_H

#include "compiler/import/gguf/tokenizer/Vocabulary.h"

#include <array>

namespace ingot {

constexpr llvm::StringLiteral kPieceSpace = "\xE2\x96\x81"; // U+2581

/// The first character of a text as tokens have it.
struct PieceCharacter {
  bool isSpace;
  size_t bytes;         // of the text
  llvm::StringRef text; // U+2581 for a space
};

/// Of a text that is not empty.
PieceCharacter firstPieceCharacter(llvm::StringRef text);

/// True when a token has U+2581 after another character: then a text cannot be cut into words before it is made tokens of.
bool beginsWordInside(llvm::StringRef token);

/// The text of a token: spaces where it has U+2581.
void appendPieceText(llvm::StringRef token, std::string &out);

/// The tokens named <0x00> to <0xFF>; kNoToken where there is none.
std::array<int32_t, 256> byteTokens(const Vocabulary &vocabulary);

} // namespace ingot

#endif
