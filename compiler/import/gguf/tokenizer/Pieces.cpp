// Characters, texts and byte tokens of vocabularies that write a space as U+2581.
#include "compiler/import/gguf/tokenizer/Pieces.h"

#include "compiler/import/gguf/tokenizer/Unicode.h"

namespace ingot {

PieceCharacter firstPieceCharacter(llvm::StringRef text) {
  if (text.front() == ' ')
    return {true, 1, kPieceSpace};
  size_t bytes = firstCharacter(text).bytes;
  return {text.starts_with(kPieceSpace), bytes, text.take_front(bytes)};
}

bool beginsWordInside(llvm::StringRef token) {
  while (token.consume_front(kPieceSpace)) {
  }
  return token.contains(kPieceSpace);
}

void appendPieceText(llvm::StringRef token, std::string &out) {
  while (!token.empty()) {
    auto [before, after] = token.split(kPieceSpace);
    out += before;
    if (before.size() != token.size())
      out += ' ';
    token = after;
  }
}

std::array<int32_t, 256> byteTokens(const Vocabulary &vocabulary) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::array<int32_t, 256> ids;
  for (unsigned byte = 0; byte < ids.size(); ++byte)
    ids[byte] = vocabulary.find(std::string("<0x") + kDigits[byte >> 4] + kDigits[byte & 15] + ">");
  return ids;
}

} // namespace ingot
