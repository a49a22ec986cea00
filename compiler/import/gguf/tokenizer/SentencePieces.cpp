// Sentence pieces ("llama"): spaces become U+2581, then neighbours merge by score wherever the joined text is a token; a character
// that is no token falls back to byte tokens (Kudo and Richardson 2018, the BPE kind). "gemma4": they merge in the order of a merge table instead, and
// never over the ends of a run of line breaks; a run that is a token is taken as it is.
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
  explicit SentencePieces(Vocabulary tables) : Tokenizer(std::move(tables)), byteIds(byteTokens(vocabulary)), byTable(vocabulary.model == "gemma4") {
    for (size_t i = 0; i < vocabulary.size(); ++i) {
      if (!isText(vocabulary.types[i]))
        continue;
      longest = std::max(longest, vocabulary.tokens[i].size());
      joinsWords |= beginsWordInside(vocabulary.tokens[i]);
    }
    for (size_t rank = 0; byTable && rank < vocabulary.merges.size(); ++rank)
      addMerge(vocabulary.merges[rank], static_cast<uint32_t>(rank));
  }

protected:
  bool prefixesSpace() const override { return vocabulary.addSpacePrefix.value_or(!byTable); }
  bool bosByDefault() const override { return true; }

  void describe(TokenTables &tables) const override {
    tables.kind = INGOT_TOKENS_SENTENCE_PIECES;
    tables.flags = (prefixesSpace() ? INGOT_TOKENS_SPACE_FIRST | INGOT_TOKENS_DROPS_SPACE : 0) | (joinsWords ? INGOT_TOKENS_JOINS_WORDS : 0) |
                   (byTable ? INGOT_TOKENS_BY_TABLE : 0);
    tables.longest = static_cast<uint32_t>(longest);
    tables.bytes.assign(byteIds.begin(), byteIds.end());
    tables.merges = rows;
    for (size_t id = 0; !byTable && id < vocabulary.size(); ++id)
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
      bool breaks = byTable && !word.empty() && (word.back() == '\n') != (text.front() == '\n');
      if (breaks || (next.isSpace && inside && !joinsWords)) {
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

  /// A row of the merge table counts where both sides and what they become are tokens; of equal pairs the first.
  void addMerge(llvm::StringRef merge, uint32_t rank) {
    size_t space = merge.find(' ', 1);
    if (space == llvm::StringRef::npos)
      return;
    llvm::StringRef left = merge.take_front(space), right = merge.drop_front(space + 1);
    int32_t ids[] = {findText(left), findText(right), findText((left + right).str())};
    if (llvm::is_contained(ids, kNoToken) || !merges.try_emplace({ids[0], ids[1]}, MergeRule{static_cast<double>(rank), ids[2]}).second)
      return;
    rows.push_back({static_cast<uint32_t>(ids[0]), static_cast<uint32_t>(ids[1]), rank, static_cast<uint32_t>(ids[2])});
  }

  std::optional<MergeRule> ruleFor(const Symbol &left, const Symbol &right, llvm::StringRef word) const {
    if (byTable) {
      auto at = merges.find({left.id, right.id});
      return at == merges.end() ? std::nullopt : std::optional(at->second);
    }
    int32_t id = findText(word.slice(left.begin, right.end));
    return id == kNoToken ? std::nullopt : std::optional(MergeRule{-scoreOf(id), id});
  }

  void encodeWord(llvm::StringRef word, std::vector<int32_t> &ids) const {
    if (int32_t id = byTable && word.starts_with("\n") ? findText(word) : kNoToken; id != kNoToken)
      return ids.push_back(id);
    std::vector<Symbol> symbols;
    for (size_t at = 0; at < word.size();) {
      size_t bytes = firstCharacter(word.drop_front(at)).bytes;
      symbols.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(at + bytes), findText(word.substr(at, bytes))});
      at += bytes;
    }
    mergeSymbols(symbols, [&](const Symbol &left, const Symbol &right) { return ruleFor(left, right, word); });
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
  const bool byTable;
  llvm::DenseMap<std::pair<int32_t, int32_t>, MergeRule> merges; // looked up, never walked
  std::vector<TokenTables::Merge> rows;                          // the same, in order
};

} // namespace

std::unique_ptr<Tokenizer> makeSentencePieces(Vocabulary vocabulary, Diagnostics &diagnostics) {
  if (!vocabulary.scores.empty() || vocabulary.model == "gemma4")
    return std::make_unique<SentencePieces>(std::move(vocabulary));
  diagnostics.report("IG0653", "the tokenizer has no scores, which its model 'llama' needs", {vocabulary.file, "", "tokenizer.ggml.scores", std::nullopt},
                     "convert the model again");
  return nullptr;
}

} // namespace ingot
