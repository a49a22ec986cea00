// Unigram pieces ("t5"): the text is normalised, spaces become U+2581, and of all ways to cut it into tokens the one with the greatest sum of scores is
// taken (Kudo 2018). Sums are f64 from left to right within a word; of equal sums the one whose last token begins first. Normalising, the scores of
// user-defined tokens and unknown characters and joining unknown ones follow SentencePiece 0.2, which sums whole texts in f32: ways of equal score part.
#include "compiler/import/gguf/tokenizer/CharsMap.h"
#include "compiler/import/gguf/tokenizer/Pieces.h"
#include "compiler/import/gguf/tokenizer/TokenTables.h"
#include "compiler/import/gguf/tokenizer/Tokenizer.h"
#include "compiler/import/gguf/tokenizer/Unicode.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

#include <cmath>

namespace ingot {
namespace {

constexpr llvm::StringLiteral kReplacement = "\xEF\xBF\xBD"; // U+FFFD, which a byte that is no UTF-8 becomes
constexpr double kUnknownPenalty = 10;                       // below the worst score
constexpr float kUserPenalty = 0.1f;                         // below the best score for each byte

class Unigram final : public Tokenizer {
public:
  Unigram(Vocabulary tables, CharsMap given) : Tokenizer(std::move(tables)), map(std::move(given)), byteIds(byteTokens(vocabulary)) {
    for (int32_t &id : byteIds)
      id = id != kNoToken && typeOf(id) == TokenType::Byte ? id : kNoToken;
    findRanges();
    for (size_t id = 0; id < vocabulary.size(); ++id) {
      scores.push_back(scoreOf(id));
      if (!isPiece(vocabulary.types[id]))
        continue;
      longest = std::max(longest, vocabulary.tokens[id].size());
      joinsWords |= beginsWordInside(vocabulary.tokens[id]);
    }
  }

protected:
  // What a file does not say is false: its converter writes both.
  bool prefixesSpace() const override { return vocabulary.addSpacePrefix.value_or(false); }
  bool dropsSpaces() const { return vocabulary.removeExtraSpaces.value_or(false); }
  bool bosByDefault() const override { return false; }
  int32_t textEnd() const override { return vocabulary.addEos.value_or(true) ? vocabulary.eos : kNoToken; }

  void describe(TokenTables &tables) const override {
    tables.kind = INGOT_TOKENS_UNIGRAM;
    tables.flags = (prefixesSpace() ? INGOT_TOKENS_SPACE_FIRST | INGOT_TOKENS_DROPS_SPACE : 0) | (joinsWords ? INGOT_TOKENS_JOINS_WORDS : 0) |
                   (dropsSpaces() ? INGOT_TOKENS_ONE_SPACE : 0);
    tables.longest = static_cast<uint32_t>(longest);
    tables.bytes.assign(byteIds.begin(), byteIds.end());
    for (float score : scores)
      tables.keys.push_back(llvm::bit_cast<uint32_t>(score));
    tables.keys.push_back(llvm::bit_cast<uint32_t>(worst));
    tables.units = map.units();
    tables.replacements = map.texts().str();
  }

  void decodePlain(llvm::StringRef token, std::string &out) const override { appendPieceText(token, out); }

  void encodePlain(llvm::StringRef text, bool, std::vector<int32_t> &ids) const override {
    Words words{*this, ids, prefixesSpace() ? kPieceSpace.str() : "", false, false};
    bool afterSpace = dropsSpaces();
    while (!text.empty()) {
      auto [bytes, part] = normalPrefix(text);
      while (afterSpace && part.consume_front(" ")) {
      }
      if (!part.empty())
        afterSpace = dropsSpaces() && part.ends_with(" ");
      words.add(part);
      text = text.drop_front(bytes);
    }
    words.finish();
  }

private:
  /// Takes normalised text, and encodes it word by word where no token reaches over a word's end.
  struct Words {
    const Unigram &tokenizer;
    std::vector<int32_t> &ids;
    std::string word;
    bool inside;  // the word has something else than spaces
    bool unknown; // the last id stands for unknown characters

    void add(llvm::StringRef part) {
      while (!part.empty()) {
        PieceCharacter next = firstPieceCharacter(part);
        if (next.isSpace && inside && !tokenizer.joinsWords)
          flush();
        inside = !next.isSpace;
        word += next.text;
        part = part.drop_front(next.bytes);
      }
    }
    void flush() {
      tokenizer.encodeWord(word, ids, unknown);
      word.clear();
    }
    void finish() {
      llvm::StringRef rest = word;
      while (tokenizer.dropsSpaces() && rest.consume_back(kPieceSpace)) {
      }
      word.resize(rest.size());
      flush();
    }
  };

  /// How the best way to a place in a word ends: with token `id`, kNoToken for an unknown character, from `begin`.
  struct Best {
    double score = 0;
    int32_t id = kNoToken;
    size_t begin = SIZE_MAX; // SIZE_MAX: no way is known
  };

  TokenType typeOf(int32_t id) const { return vocabulary.types[static_cast<size_t>(id)]; }
  static bool isNormal(TokenType type) { return type == TokenType::Normal || type == TokenType::Undefined; }
  static bool isPiece(TokenType type) { return isNormal(type) || type == TokenType::UserDefined; }

  void findRanges() {
    bool any = false;
    for (size_t id = 0; id < vocabulary.size(); ++id) {
      if (!isNormal(vocabulary.types[id]))
        continue;
      worst = any ? std::min(worst, vocabulary.scores[id]) : vocabulary.scores[id];
      best = any ? std::max(best, vocabulary.scores[id]) : vocabulary.scores[id];
      any = true;
    }
  }

  float scoreOf(size_t id) const {
    if (vocabulary.types[id] == TokenType::UserDefined)
      return static_cast<float>(vocabulary.tokens[id].size()) * best - kUserPenalty;
    return vocabulary.scores[id];
  }

  /// How much of the text, which is not empty, becomes what.
  std::pair<size_t, llvm::StringRef> normalPrefix(llvm::StringRef text) const {
    if (auto [bytes, part] = map.match(text); bytes != 0)
      return {bytes, part};
    Character character = firstCharacter(text);
    size_t bytes = character.bytes;
    return {bytes, character.valid ? text.take_front(bytes) : llvm::StringRef(kReplacement)};
  }

  /// The best ways to all places of the word that a character ends at.
  std::vector<Best> bestWays(llvm::StringRef word) const {
    std::vector<Best> ways(word.size() + 1);
    auto offer = [&](size_t begin, size_t bytes, int32_t id, double score) {
      Best &way = ways[begin + bytes];
      double sum = score + ways[begin].score;
      if (way.begin == SIZE_MAX || sum > way.score)
        way = {sum, id, begin};
    };
    for (size_t begin = 0, step; begin < word.size(); begin += step) {
      step = firstCharacter(word.drop_front(begin)).bytes;
      bool isKnown = false;
      for (size_t bytes = 1; bytes <= std::min(longest, word.size() - begin); ++bytes) {
        int32_t id = vocabulary.find(word.substr(begin, bytes));
        if (id == kNoToken || !isPiece(typeOf(id)))
          continue;
        offer(begin, bytes, id, scores[static_cast<size_t>(id)]);
        isKnown |= bytes == step;
      }
      if (!isKnown)
        offer(begin, step, kNoToken, worst - kUnknownPenalty);
    }
    return ways;
  }

  void encodeWord(llvm::StringRef word, std::vector<int32_t> &ids, bool &unknown) const {
    std::vector<Best> ways = bestWays(word);
    std::vector<size_t> ends;
    for (size_t end = word.size(); end != 0; end = ways[end].begin)
      ends.push_back(end);
    for (size_t end : llvm::reverse(ends)) {
      if (ways[end].id == kNoToken) {
        encodeUnknown(word.slice(ways[end].begin, end), ids, unknown);
        continue;
      }
      ids.push_back(ways[end].id);
      unknown = false;
    }
  }

  /// The tokens of its bytes where there are such, else the unknown token, once for a run of characters.
  void encodeUnknown(llvm::StringRef character, std::vector<int32_t> &ids, bool &unknown) const {
    if (llvm::all_of(character, [&](char byte) { return byteIds[static_cast<uint8_t>(byte)] != kNoToken; })) {
      for (char byte : character)
        ids.push_back(byteIds[static_cast<uint8_t>(byte)]);
      return;
    }
    if (!unknown && vocabulary.has(vocabulary.unknown))
      ids.push_back(vocabulary.unknown);
    unknown = true;
  }

  CharsMap map;
  std::array<int32_t, 256> byteIds;
  std::vector<float> scores;
  float worst = 0, best = 0; // scores of normal tokens
  size_t longest = 0;        // bytes of the longest piece
  bool joinsWords = false;
};

} // namespace

std::unique_ptr<Tokenizer> makeUnigram(Vocabulary vocabulary, Diagnostics &diagnostics) {
  auto fail = [&](llvm::StringRef key, const std::string &what) {
    diagnostics.report("IG0653", what, {vocabulary.file, "", ("tokenizer.ggml." + key).str(), std::nullopt}, "the file is damaged; fetch or convert it again");
    return nullptr;
  };
  if (vocabulary.scores.empty())
    return fail("scores", "the tokenizer has no scores, which its model 't5' needs");
  for (size_t id = 0; id < vocabulary.size(); ++id)
    if (!std::isfinite(vocabulary.scores[id]))
      return fail("scores", "the score of token " + std::to_string(id) + " is no finite number");
  std::string why;
  std::optional<CharsMap> map = CharsMap::parse(vocabulary.charsMap, why);
  if (!map)
    return fail("precompiled_charsmap", why);
  return std::make_unique<Unigram>(std::move(vocabulary), std::move(*map));
}

} // namespace ingot
