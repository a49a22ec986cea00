// Sentence pieces ("llama"): spaces become U+2581, then neighbours merge by score wherever the joined text is a token; a character
// that is no token falls back to byte tokens (Kudo and Richardson 2018, the BPE kind).
#include "compiler/import/gguf/tokenizer/Merge.h"
#include "compiler/import/gguf/tokenizer/Pieces.h"
#include "compiler/import/gguf/tokenizer/TokenTables.h"
#include "compiler/import/gguf/tokenizer/Tokenizer.h"
#include "compiler/import/gguf/tokenizer/Unicode.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

namespace ingot {
namespace {

class SentencePieces final : public Tokenizer {
public:
  explicit SentencePieces(Vocabulary tables) : Tokenizer(std::move(tables)), byteIds(byteTokens(vocabulary)) {
    for (size_t i = 0; i < vocabulary.size(); ++i) {
      if (!isText(vocabulary.types[i]))
        continue;
      longest = std::max(longest, vocabulary.tokens[i].size());
      joinsWords |= beginsWordInside(vocabulary.tokens[i]);
    }
  }

protected:
  bool prefixesSpace() const override { return vocabulary.addSpacePrefix.value_or(true); }
  bool bosByDefault() const override { return true; }

  void describe(TokenTables &tables) const override {
    tables.kind = INGOT_TOKENS_SENTENCE_PIECES;
    tables.flags = (prefixesSpace() ? INGOT_TOKENS_SPACE_FIRST | INGOT_TOKENS_DROPS_SPACE : 0) | (joinsWords ? INGOT_TOKENS_JOINS_WORDS : 0);
    tables.longest = static_cast<uint32_t>(longest);
    tables.bytes.assign(byteIds.begin(), byteIds.end());
    for (size_t id = 0; id < vocabulary.size(); ++id)
      tables.keys.push_back(ascendingKey(static_cast<float>(-scoreOf(static_cast<int32_t>(id)))));
  }

  void decodePlain(llvm::StringRef token, std::string &out) const override { appendPieceText(token, out); }

  void encodePlain(llvm::StringRef text, bool afterSpecial, std::vector<int32_t> &ids) const override {
    std::string word;
    if (afterSpecial && prefixesSpace())
      word = kPieceSpace.str();
    bool inside = false; // the word has something else than spaces
    while (!text.empty()) {
      PieceCharacter next = firstPieceCharacter(text);
      if (next.isSpace && inside && !joinsWords) {
        encodeWord(word, ids);
        word.clear();
      }
      inside = !next.isSpace;
      word += next.text;
      text = text.drop_front(next.bytes);
    }
    encodeWord(word, ids);
  }

private:
  /// Tokens that text can become: not the ones that only stand for bytes or steer the model.
  static bool isText(TokenType type) { return type != TokenType::Control && type != TokenType::Unknown && type != TokenType::Byte; }

  int32_t findText(llvm::StringRef text) const {
    int32_t id = text.size() > longest ? kNoToken : vocabulary.find(text);
    return id != kNoToken && isText(vocabulary.types[static_cast<size_t>(id)]) ? id : kNoToken;
  }

  double scoreOf(int32_t id) const {
    double score = static_cast<size_t>(id) < vocabulary.scores.size() ? vocabulary.scores[static_cast<size_t>(id)] : 0;
    return std::isnan(score) ? -INFINITY : score;
  }

  void encodeWord(llvm::StringRef word, std::vector<int32_t> &ids) const {
    std::vector<Symbol> symbols;
    for (size_t at = 0; at < word.size();) {
      size_t bytes = firstCharacter(word.drop_front(at)).bytes;
      symbols.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(at + bytes), findText(word.substr(at, bytes))});
      at += bytes;
    }
    mergeSymbols(symbols, [&](const Symbol &left, const Symbol &right) -> std::optional<MergeRule> {
      int32_t id = findText(word.slice(left.begin, right.end));
      if (id == kNoToken)
        return std::nullopt;
      return MergeRule{-scoreOf(id), id};
    });
    for (const Symbol &symbol : symbols) {
      if (symbol.id != kNoToken)
        ids.push_back(symbol.id);
      else
        encodeBytes(word.slice(symbol.begin, symbol.end), ids);
    }
  }

  /// One byte token a byte; where one is missing, the unknown token for the whole character.
  void encodeBytes(llvm::StringRef character, std::vector<int32_t> &ids) const {
    bool known = llvm::all_of(character, [&](char byte) { return byteIds[static_cast<uint8_t>(byte)] != kNoToken; });
    if (!known && vocabulary.has(vocabulary.unknown))
      ids.push_back(vocabulary.unknown);
    for (char byte : known ? character : "")
      ids.push_back(byteIds[static_cast<uint8_t>(byte)]);
  }

  std::array<int32_t, 256> byteIds;
  size_t longest = 0; // bytes of the longest token of text
  bool joinsWords = false;
};

} // namespace

std::unique_ptr<Tokenizer> makeSentencePieces(Vocabulary vocabulary, Diagnostics &diagnostics) {
  if (!vocabulary.scores.empty())
    return std::make_unique<SentencePieces>(std::move(vocabulary));
  diagnostics.report("IG0653", "the tokenizer has no scores, which its model 'llama' needs", {vocabulary.file, "", "tokenizer.ggml.scores", std::nullopt},
                     "convert the model again");
  return nullptr;
}

} // namespace ingot
