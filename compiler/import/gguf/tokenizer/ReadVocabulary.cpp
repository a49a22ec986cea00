// From the keys tokenizer.ggml.* of a GGUF file to a Vocabulary. Tables that do not fit each other are refused here, so that no tokenizer
// has to check an index that the file gave.
#include "compiler/import/gguf/GgufReader.h"
#include "compiler/import/gguf/tokenizer/Vocabulary.h"

namespace ingot {
namespace {

constexpr size_t kMostTokens = size_t(1) << 24; // the largest vocabularies have 2^18

class VocabularyReader {
public:
  VocabularyReader(const GgufFile &file, Diagnostics &diagnostics) : file(file), diagnostics(diagnostics) {}

  std::optional<Vocabulary> read() {
    const GgufValue *model = find("model"), *tokens = find("tokens");
    vocabulary.file = file.path;
    if (!model || !tokens) {
      diagnostics.report("IG0650", "the file has no tokenizer", {file.path, "", "", std::nullopt}, "give token ids with --tokens, or convert the model again");
      return std::nullopt;
    }
    vocabulary.model = text("model");
    vocabulary.pre = text("pre");
    const GgufValue *chat = file.find("tokenizer.chat_template");
    vocabulary.chatTemplate = chat ? chat->asString().value_or("").str() : "";
    bool good = readStrings("tokens", vocabulary.tokens) && readScores() && readTypes() && readStrings("merges", vocabulary.merges);
    good = good && readSpecial() && readCharsMap();
    if (!good)
      return std::nullopt;
    vocabulary.addBos = flag("add_bos_token");
    vocabulary.addEos = flag("add_eos_token");
    vocabulary.addSpacePrefix = flag("add_space_prefix");
    vocabulary.removeExtraSpaces = flag("remove_extra_whitespaces");
    vocabulary.finish();
    return std::move(vocabulary);
  }

private:
  const GgufValue *find(llvm::StringRef key) const { return file.find(("tokenizer.ggml." + key).str()); }

  bool fail(llvm::StringRef key, std::string what) {
    const GgufValue *value = find(key);
    diagnostics.report("IG0653", std::move(what), {file.path, "", ("tokenizer.ggml." + key).str(), value ? std::optional(value->offset()) : std::nullopt},
                       "the file is damaged; fetch or convert it again");
    return false;
  }

  std::string text(llvm::StringRef key) const {
    const GgufValue *value = find(key);
    return value ? value->asString().value_or("").str() : "";
  }

  std::optional<bool> flag(llvm::StringRef key) const {
    const GgufValue *value = find(key);
    return value ? value->asBool() : std::nullopt;
  }

  bool readStrings(llvm::StringRef key, std::vector<std::string> &list) {
    const GgufValue *value = find(key);
    if (!value)
      return true;
    std::optional<std::vector<llvm::StringRef>> strings = value->asStrings();
    if (!strings)
      return fail(key, "a table of the tokenizer is no array of strings");
    if (strings->empty() || strings->size() > kMostTokens)
      return fail(key, "a table of the tokenizer has " + std::to_string(strings->size()) + " entries, 1 to " + std::to_string(kMostTokens) + " are possible");
    list.reserve(strings->size());
    for (llvm::StringRef string : *strings)
      list.push_back(string.str());
    return true;
  }

  bool hasOnePerToken(llvm::StringRef key, size_t count) {
    if (count == vocabulary.size())
      return true;
    return fail(key, "a table of the tokenizer has " + std::to_string(count) + " entries for " + std::to_string(vocabulary.size()) + " tokens");
  }

  bool readScores() {
    const GgufValue *value = find("scores");
    if (!value)
      return true;
    std::optional<std::vector<double>> scores = value->asFloats();
    if (!scores)
      return fail("scores", "the scores of the tokenizer are no array of numbers");
    vocabulary.scores.assign(scores->begin(), scores->end());
    return hasOnePerToken("scores", scores->size());
  }

  bool readTypes() {
    const GgufValue *value = find("token_type");
    vocabulary.types.assign(vocabulary.size(), TokenType::Normal);
    if (!value)
      return true;
    std::optional<std::vector<int64_t>> types = value->asInts();
    if (!types)
      return fail("token_type", "the types of the tokens are no array of integers");
    if (!hasOnePerToken("token_type", types->size()))
      return false;
    for (size_t i = 0; i < types->size(); ++i) {
      int64_t type = (*types)[i];
      bool known = type >= 0 && type <= static_cast<int64_t>(TokenType::Byte);
      vocabulary.types[i] = known ? static_cast<TokenType>(type) : TokenType::Undefined;
    }
    return true;
  }

  /// An array of bytes, signed or not.
  bool readCharsMap() {
    const GgufValue *value = find("precompiled_charsmap");
    if (!value)
      return true;
    std::optional<llvm::StringRef> bytes = value->asBytes();
    if (!bytes)
      return fail("precompiled_charsmap", "the map of characters is no array of bytes");
    vocabulary.charsMap = bytes->str();
    return true;
  }

  /// An id of a special token: absent, or -1 in 32 bits, means none.
  bool readId(llvm::StringRef key, int32_t &id) {
    constexpr int64_t kNone = 0xFFFFFFFF;
    const GgufValue *value = find(key);
    if (!value)
      return true;
    int64_t number = value->asInt().value_or(kNone);
    if (number == kNone || number == kNoToken)
      return true;
    if (number < 0 || static_cast<uint64_t>(number) >= vocabulary.size())
      return fail(key, "a special token has the id " + std::to_string(number) + ", the vocabulary ends at " + std::to_string(vocabulary.size() - 1));
    id = static_cast<int32_t>(number);
    return true;
  }

  bool readSuppressed() {
    constexpr llvm::StringLiteral kKey = "suppress_tokens";
    const GgufValue *value = find(kKey);
    std::optional<std::vector<int64_t>> ids = value ? value->asInts() : std::vector<int64_t>();
    if (!ids)
      return fail(kKey, "the tokens that are never chosen are no array of integers");
    for (int64_t id : *ids) {
      if (id < 0 || static_cast<uint64_t>(id) >= vocabulary.size())
        return fail(kKey, "a token that is never chosen has the id " + std::to_string(id) + ", the vocabulary ends at " + std::to_string(vocabulary.size() - 1));
      vocabulary.suppressed.push_back(static_cast<int32_t>(id));
    }
    return true;
  }

  bool readSpecial() {
    return readSuppressed() && readId("bos_token_id", vocabulary.bos) && readId("eos_token_id", vocabulary.eos) && readId("eot_token_id", vocabulary.eot) &&
           readId("unknown_token_id", vocabulary.unknown) && readId("seperator_token_id", vocabulary.separator) && readId("cls_token_id", vocabulary.classify);
  }

  const GgufFile &file;
  Diagnostics &diagnostics;
  Vocabulary vocabulary;
};

} // namespace

std::optional<Vocabulary> readVocabulary(const GgufFile &file, Diagnostics &diagnostics) { return VocabularyReader(file, diagnostics).read(); }

} // namespace ingot
