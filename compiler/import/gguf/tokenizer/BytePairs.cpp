// Byte pair encoding over bytes ("gpt2"): the text is cut into words by the pre-tokenizer's expressions, each byte becomes a printable character,
// and neighbours merge in the order of the merge table (Sennrich 2016; Radford 2019 for the bytes).
#include "compiler/import/gguf/tokenizer/Merge.h"
#include "compiler/import/gguf/tokenizer/Pattern.h"
#include "compiler/import/gguf/tokenizer/TokenTables.h"
#include "compiler/import/gguf/tokenizer/Tokenizer.h"
#include "compiler/import/gguf/tokenizer/Unicode.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <array>
#include <cassert>
#include <map>

namespace ingot {
namespace {

constexpr size_t kMostPatterns = 5;

struct PreTokenizer {
  llvm::StringRef names;
  bool wholeWords, bos;
  llvm::StringRef patterns[kMostPatterns]; // "" from the last on
};

#define PRETOKENIZER(names, wholeWords, bos, ...) {names, wholeWords, bos, {__VA_ARGS__}},
constexpr PreTokenizer kPreTokenizers[] = {
#include "compiler/import/gguf/tokenizer/PreTokenizers.def"
};
#undef PRETOKENIZER

const PreTokenizer *findPreTokenizer(llvm::StringRef name) {
  for (const PreTokenizer &row : kPreTokenizers) {
    llvm::SmallVector<llvm::StringRef> names;
    row.names.split(names, ' ');
    if (llvm::is_contained(names, name))
      return &row;
  }
  return nullptr;
}

/// The printable character that stands for a byte in tokens: itself for Latin-1 letters and marks, else the next one from U+0100 on.
std::array<uint32_t, 256> byteCharacters() {
  std::array<uint32_t, 256> codes;
  uint32_t spare = 256;
  for (uint32_t byte = 0; byte < codes.size(); ++byte) {
    bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    codes[byte] = printable ? byte : spare++;
  }
  return codes;
}

class BytePairs final : public Tokenizer {
public:
  BytePairs(Vocabulary tables, const PreTokenizer &row, std::vector<Pattern> patterns)
      : Tokenizer(std::move(tables)), row(row), patterns(std::move(patterns)) {
    std::array<uint32_t, 256> codes = byteCharacters();
    for (size_t byte = 0; byte < codes.size(); ++byte) {
      std::string text;
      appendUtf8(text, codes[byte]);
      byteTexts[byte] = text;
      byteOf[codes[byte]] = static_cast<uint8_t>(byte);
      byteSymbols[byte] = symbolFor(text);
    }
    for (size_t rank = 0; rank < vocabulary.merges.size(); ++rank)
      addMerge(vocabulary.merges[rank], rank);
  }

protected:
  bool prefixesSpace() const override { return false; }
  bool bosByDefault() const override { return row.bos; }

  void describe(TokenTables &tables) const override {
    tables.kind = INGOT_TOKENS_BYTE_PAIRS;
    tables.flags = (row.wholeWords ? INGOT_TOKENS_WHOLE_WORDS : 0) | (vocabulary.addSpacePrefix.value_or(false) ? INGOT_TOKENS_SPACE_FIRST : 0);
    tables.bytes.assign(byteSymbols.begin(), byteSymbols.end());
    tables.spelling.assign(512, 256);
    for (size_t code = 0; code < tables.spelling.size(); ++code)
      if (auto at = byteOf.find(static_cast<uint32_t>(code)); at != byteOf.end())
        tables.spelling[code] = at->second;
    for (uint32_t code : byteCharacters())
      tables.spelling.push_back(code);
    for (size_t rank = 0; rank < vocabulary.merges.size(); ++rank)
      if (auto pair = split(vocabulary.merges[rank])) {
        auto left = static_cast<uint32_t>(knownSymbol(pair->first)), right = static_cast<uint32_t>(knownSymbol(pair->second));
        tables.merges.push_back({left, right, static_cast<uint32_t>(rank), static_cast<uint32_t>(knownSymbol((pair->first + pair->second).str()))});
      }
    tables.patternCount = static_cast<uint32_t>(patterns.size());
    for (const Pattern &pattern : patterns)
      pattern.write(tables.patterns);
    tables.needsClasses = true;
  }

  void decodePlain(llvm::StringRef token, std::string &out) const override {
    while (!token.empty()) {
      Character c = firstCharacter(token);
      auto at = byteOf.find(c.code);
      if (at != byteOf.end())
        out += static_cast<char>(at->second);
      else
        out += token.take_front(c.bytes);
      token = token.drop_front(c.bytes);
    }
  }

  void encodePlain(llvm::StringRef text, bool afterSpecial, std::vector<int32_t> &ids) const override {
    std::string spaced;
    if (afterSpecial && vocabulary.addSpacePrefix.value_or(false) && text.front() != ' ')
      text = spaced = " " + text.str();
    std::vector<Character> characters = charactersOf(text);
    size_t at = 0, byte = 0;
    for (size_t length : cut(characters)) {
      size_t begin = byte;
      for (size_t end = at + length; at < end; ++at)
        byte += characters[at].bytes;
      encodeWord(text.slice(begin, byte), ids);
    }
  }

private:
  /// Lengths of the words of a text, in characters.
  std::vector<size_t> cut(llvm::ArrayRef<Character> text) const {
    std::vector<size_t> pieces{text.size()};
    for (const Pattern &pattern : patterns) {
      std::vector<size_t> finer;
      llvm::ArrayRef<Character> rest = text;
      for (size_t length : pieces) {
        cutPiece(pattern, rest.take_front(length), finer);
        rest = rest.drop_front(length);
      }
      pieces = std::move(finer);
    }
    return pieces;
  }

  static void cutPiece(const Pattern &pattern, llvm::ArrayRef<Character> piece, std::vector<size_t> &lengths) {
    size_t unmatched = 0;
    while (!piece.empty()) {
      size_t length = pattern.match(piece);
      if (length && unmatched)
        lengths.push_back(unmatched);
      if (length)
        lengths.push_back(length);
      unmatched = length ? 0 : unmatched + 1;
      piece = piece.drop_front(std::max<size_t>(length, 1));
    }
    if (unmatched)
      lengths.push_back(unmatched);
  }

  /// Merges work on symbols: ids of tokens, and further numbers for texts that only stand in merges.
  int32_t symbolFor(llvm::StringRef text) {
    int32_t id = vocabulary.find(text);
    if (id != kNoToken)
      return id;
    auto at = extraSymbols.find(text.str());
    if (at != extraSymbols.end())
      return at->second;
    auto symbol = static_cast<int32_t>(vocabulary.size() + extraSymbols.size());
    extraSymbols.emplace(text.str(), symbol);
    return symbol;
  }

  /// The symbol of a text that symbolFor() has seen.
  int32_t knownSymbol(llvm::StringRef text) const {
    int32_t id = vocabulary.find(text);
    return id != kNoToken ? id : extraSymbols.at(text.str());
  }

  /// Both sides of a row of the merge table; nullopt where it has one.
  static std::optional<std::pair<llvm::StringRef, llvm::StringRef>> split(llvm::StringRef merge) {
    size_t space = merge.find(' ', 1);
    return space == llvm::StringRef::npos ? std::nullopt : std::optional(std::pair(merge.take_front(space), merge.drop_front(space + 1)));
  }

  void addMerge(llvm::StringRef merge, size_t rank) {
    auto sides = split(merge);
    if (!sides)
      return;
    auto [left, right] = *sides;
    merges.try_emplace(pairOf(symbolFor(left), symbolFor(right)), MergeRule{static_cast<double>(rank), symbolFor((left + right).str())});
  }

  static uint64_t pairOf(int32_t left, int32_t right) { return uint64_t(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right); }

  void encodeWord(llvm::StringRef word, std::vector<int32_t> &ids) const {
    if (row.wholeWords) {
      std::string text;
      for (char byte : word)
        text += byteTexts[static_cast<uint8_t>(byte)];
      int32_t id = vocabulary.find(text);
      if (id != kNoToken && vocabulary.types[static_cast<size_t>(id)] == TokenType::Normal)
        return ids.push_back(id);
    }
    std::vector<Symbol> symbols;
    for (uint32_t i = 0; i < word.size(); ++i)
      symbols.push_back({i, i + 1, byteSymbols[static_cast<uint8_t>(word[i])]});
    mergeSymbols(symbols, [&](const Symbol &left, const Symbol &right) -> std::optional<MergeRule> {
      auto at = merges.find(pairOf(left.id, right.id));
      return at == merges.end() ? std::nullopt : std::optional(at->second);
    });
    for (const Symbol &symbol : symbols)
      encodeSymbol(symbol, word, ids);
  }

  /// A symbol that is no token becomes the tokens of its bytes; a byte without one, the unknown token.
  void encodeSymbol(const Symbol &symbol, llvm::StringRef word, std::vector<int32_t> &ids) const {
    if (vocabulary.has(symbol.id))
      return ids.push_back(symbol.id);
    for (char byte : word.slice(symbol.begin, symbol.end)) {
      int32_t id = byteSymbols[static_cast<uint8_t>(byte)];
      if (vocabulary.has(id))
        ids.push_back(id);
      else if (vocabulary.has(vocabulary.unknown))
        ids.push_back(vocabulary.unknown);
    }
  }

  const PreTokenizer &row;
  std::vector<Pattern> patterns;
  std::array<std::string, 256> byteTexts;
  std::array<int32_t, 256> byteSymbols;
  llvm::DenseMap<uint32_t, uint8_t> byteOf; // character -> byte
  std::map<std::string, int32_t> extraSymbols;
  llvm::DenseMap<uint64_t, MergeRule> merges; // looked up, never walked
};

} // namespace

std::unique_ptr<Tokenizer> makeBytePairs(Vocabulary vocabulary, Diagnostics &diagnostics) {
  Where where{vocabulary.file, "", "tokenizer.ggml.pre", std::nullopt};
  if (vocabulary.pre.empty()) {
    diagnostics.report("IG0654", "the file does not say how its tokenizer cuts a text into words; the default is used", where, "convert the model again");
    vocabulary.pre = "default";
  }
  const PreTokenizer *row = findPreTokenizer(vocabulary.pre);
  std::vector<Pattern> patterns;
  for (llvm::StringRef text : row ? llvm::ArrayRef(row->patterns) : llvm::ArrayRef<llvm::StringRef>()) {
    if (text.empty())
      break;
    std::optional<Pattern> pattern = Pattern::parse(text);
    assert(pattern && "a row of PreTokenizers.def has a pattern that cannot be read");
    patterns.push_back(std::move(*pattern));
  }
  if (row)
    return std::make_unique<BytePairs>(std::move(vocabulary), *row, std::move(patterns));
  diagnostics.report("IG0652", "the pre-tokenizer '" + printable(vocabulary.pre) + "' is not known", where,
                     "--tokens takes token ids without a tokenizer; compiler/import/gguf/tokenizer/PreTokenizers.def has a row for each that is");
  return nullptr;
}

} // namespace ingot
