// Word pieces ("bert"): text is decomposed, put in lower case and cut into words and marks, and each word is covered from the left by the
// longest tokens. In GGUF files a token that begins a word has U+2581 before it, one that goes on has no mark.
#include "compiler/import/gguf/tokenizer/TokenTables.h"
#include "compiler/import/gguf/tokenizer/Tokenizer.h"
#include "compiler/import/gguf/tokenizer/Unicode.h"

namespace ingot {
namespace {

constexpr llvm::StringLiteral kWordMark = "\xE2\x96\x81"; // U+2581

/// Blocks of Chinese characters: each is a word of its own.
bool isIdeograph(uint32_t code) {
  constexpr std::pair<uint32_t, uint32_t> kBlocks[] = {{0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xF900, 0xFAFF}, {0x20000, 0x2A6DF},
                                                       {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B820, 0x2CEAF}, {0x2F800, 0x2FA1F}};
  for (auto [low, high] : kBlocks)
    if (code >= low && code <= high)
      return true;
  return false;
}

/// True for characters that are a word of their own: punctuation of any script, ASCII symbols, ideographs.
bool standsAlone(uint32_t code, Category category) {
  bool punctuation = category >= Category::Pc && category <= Category::Po;
  bool asciiSymbol = code < 0x7F && category >= Category::Sm && category <= Category::So;
  return punctuation || asciiSymbol || isIdeograph(code);
}

/// True for characters that leave no trace: marks (accents), controls, U+FFFD, unassigned ones.
bool vanishes(uint32_t code, Category category) {
  return code == 0 || code == 0xFFFD || category == Category::Mn || category == Category::Cc || category == Category::Cf || category == Category::Co ||
         category == Category::Cs;
}

class WordPieces final : public Tokenizer {
public:
  explicit WordPieces(Vocabulary tables) : Tokenizer(std::move(tables)) {
    for (const std::string &token : vocabulary.tokens)
      longest = std::max(longest, token.size());
  }

protected:
  bool prefixesSpace() const override { return true; }
  bool bosByDefault() const override { return true; }
  void describe(TokenTables &tables) const override {
    tables.kind = INGOT_TOKENS_WORD_PIECES;
    tables.flags = INGOT_TOKENS_DROPS_SPACE;
    tables.longest = static_cast<uint32_t>(longest);
    tables.fold = [](uint32_t code) {
      std::vector<uint32_t> folded;
      std::string text;
      appendUtf8(text, code);
      for (uint32_t part : decompose(text)) {
        Category category = categoryOf(part);
        if (isSpace(part))
          folded.push_back(INGOT_TOKENS_FOLD_SPACE);
        else if (!vanishes(part, category))
          folded.push_back(lowerCase(part) | (standsAlone(part, category) ? INGOT_TOKENS_FOLD_ALONE : 0));
      }
      return folded;
    };
  }
  int32_t textBegin() const override { return vocabulary.classify == kNoToken ? vocabulary.bos : vocabulary.classify; }
  int32_t textEnd() const override { return vocabulary.separator; }

  void decodePlain(llvm::StringRef token, std::string &out) const override {
    if (token.consume_front(kWordMark))
      out += ' ';
    out += token;
  }

  void encodePlain(llvm::StringRef text, bool, std::vector<int32_t> &ids) const override {
    std::string word = kWordMark.str();
    auto flush = [&] {
      if (word.size() > kWordMark.size())
        encodeWord(word, ids);
      word = kWordMark.str();
    };
    for (uint32_t code : decompose(text)) {
      Category category = categoryOf(code);
      if (isSpace(code)) {
        flush();
        continue;
      }
      if (vanishes(code, category))
        continue;
      bool alone = standsAlone(code, category);
      if (alone)
        flush();
      appendUtf8(word, lowerCase(code));
      if (alone)
        flush();
    }
    flush();
  }

private:
  /// The longest token first, then what is left; a word that cannot be covered is one unknown token.
  void encodeWord(llvm::StringRef word, std::vector<int32_t> &ids) const {
    size_t before = ids.size();
    while (!word.empty()) {
      int32_t id = kNoToken;
      size_t bytes = std::min(word.size(), longest);
      for (; bytes > 0 && id == kNoToken; --bytes)
        id = vocabulary.find(word.take_front(bytes));
      if (id == kNoToken) {
        ids.resize(before);
        if (vocabulary.has(vocabulary.unknown))
          ids.push_back(vocabulary.unknown);
        return;
      }
      ids.push_back(id);
      word = word.drop_front(bytes + 1);
    }
  }

  size_t longest = 0; // bytes of the longest token
};

} // namespace

std::unique_ptr<Tokenizer> makeWordPieces(Vocabulary vocabulary, Diagnostics &) { return std::make_unique<WordPieces>(std::move(vocabulary)); }

} // namespace ingot
