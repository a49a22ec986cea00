// What all tokenizers share: special tokens are cut out of the text, the rest goes to the class; byte tokens; the table of classes.
#include "compiler/import/gguf/tokenizer/Tokenizer.h"
#include "compiler/import/gguf/tokenizer/Unicode.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace ingot {

void TokenFinder::add(llvm::StringRef text, int32_t id) {
  uint32_t node = 0;
  for (char byte : text) {
    auto [at, fresh] = edges.try_emplace(uint64_t(node) << 8 | static_cast<uint8_t>(byte), static_cast<uint32_t>(ids.size()));
    if (fresh)
      ids.push_back(kNoToken);
    node = at->second;
  }
  if (node)
    ids[node] = id;
}

std::pair<int32_t, size_t> TokenFinder::match(llvm::StringRef text) const {
  std::pair<int32_t, size_t> best{kNoToken, 0};
  uint32_t node = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    auto at = edges.find(uint64_t(node) << 8 | static_cast<uint8_t>(text[i]));
    if (at == edges.end())
      break;
    node = at->second;
    if (ids[node] != kNoToken)
      best = {ids[node], i + 1};
  }
  return best;
}

Tokenizer::Tokenizer(Vocabulary tables) : vocabulary(std::move(tables)) {
  for (size_t i = 0; i < vocabulary.size(); ++i) {
    TokenType type = vocabulary.types[i];
    auto id = static_cast<int32_t>(i);
    if (type == TokenType::UserDefined)
      userTokens.add(vocabulary.tokens[i], id);
    if (type == TokenType::UserDefined || type == TokenType::Control || type == TokenType::Unknown)
      allTokens.add(vocabulary.tokens[i], id);
  }
}

std::vector<int32_t> Tokenizer::encode(llvm::StringRef text, bool special) const { return encodeSpans(text, special, {}); }

/// A token that reaches into words is one of theirs: it is looked for among the user-defined ones.
std::vector<int32_t> Tokenizer::encodeSpans(llvm::StringRef text, bool special, llvm::ArrayRef<Span> words) const {
  std::vector<int32_t> ids;
  size_t begin = 0, at = 0;
  bool afterSpecial = true;
  auto flush = [&](size_t end) {
    if (begin < end) {
      encodePlain(text.slice(begin, end), afterSpecial, ids);
      afterSpecial = false;
    }
  };
  while (at < text.size()) {
    auto [id, length] = (special ? allTokens : userTokens).match(text.drop_front(at));
    if (llvm::any_of(words, [&, end = at + length](Span span) { return at < span.end && end > span.begin; }))
      std::tie(id, length) = userTokens.match(text.drop_front(at));
    if (id == kNoToken) {
      ++at;
      continue;
    }
    flush(at);
    ids.push_back(id);
    afterSpecial = true;
    begin = at += length;
  }
  flush(text.size());
  return ids;
}

std::vector<int32_t> Tokenizer::begun(std::vector<int32_t> ids, bool special) const {
  bool already = special && !ids.empty() && ids.front() == textBegin();
  if (addsBos() && !already)
    ids.insert(ids.begin(), textBegin());
  return ids;
}

std::vector<int32_t> Tokenizer::encodePrompt(llvm::StringRef text, bool special) const { return begun(encode(text, special), special); }
std::vector<int32_t> Tokenizer::encodeChat(llvm::StringRef text, llvm::ArrayRef<Span> words) const { return begun(encodeSpans(text, true, words), true); }

std::vector<int32_t> Tokenizer::encodeText(llvm::StringRef text) const {
  std::vector<int32_t> ids = encodePrompt(text, false);
  if (vocabulary.has(textEnd()))
    ids.push_back(textEnd());
  return ids;
}

/// The byte that a byte token's name "<0x0A>" stands for, or nothing.
static std::optional<char> byteOf(llvm::StringRef token) {
  unsigned value = 0;
  if (token.size() != 6 || !token.consume_front("<0x") || !token.consume_back(">") || token.getAsInteger(16, value))
    return std::nullopt;
  return static_cast<char>(value);
}

void Tokenizer::decodeInto(int32_t id, bool special, std::string &out) const {
  llvm::StringRef token = vocabulary.tokens[static_cast<size_t>(id)];
  switch (vocabulary.types[static_cast<size_t>(id)]) {
  case TokenType::Control:
  case TokenType::Unknown:
    out += special ? token : "";
    return;
  case TokenType::UserDefined:
    out += token;
    return;
  case TokenType::Byte:
    if (std::optional<char> byte = byteOf(token))
      out += *byte;
    return;
  case TokenType::Undefined:
  case TokenType::Normal:
  case TokenType::Unused:
    decodePlain(token, out);
  }
}

std::string TextStream::add(int32_t id) {
  size_t before = held.size();
  tokenizer.decodeInto(id, special, held);
  TokenType type = tokenizer.vocab().types[static_cast<size_t>(id)];
  if (!begun && type != TokenType::Control && type != TokenType::Unknown) {
    begun = true;
    if (tokenizer.prefixesSpace() && type != TokenType::UserDefined && before < held.size() && held[before] == ' ')
      held.erase(before, 1);
  }
  size_t complete = held.size() - incompleteTail(held);
  std::string text = held.substr(0, complete);
  held.erase(0, complete);
  return text;
}

std::string Tokenizer::decode(llvm::ArrayRef<int32_t> ids, bool special) const {
  TextStream stream(*this, special);
  std::string text;
  for (int32_t id : ids)
    text += stream.add(id);
  return text + stream.finish();
}

std::unique_ptr<Tokenizer> makeTokenizer(Vocabulary vocabulary, Diagnostics &diagnostics) {
  using Make = std::unique_ptr<Tokenizer> (*)(Vocabulary, Diagnostics &);
  static constexpr std::pair<llvm::StringLiteral, Make> kClasses[] = {
      {"bert", makeWordPieces}, {"gemma4", makeSentencePieces}, {"gpt2", makeBytePairs}, {"llama", makeSentencePieces}, {"t5", makeUnigram},
  };
  for (const auto &[name, make] : kClasses)
    if (name == vocabulary.model)
      return make(std::move(vocabulary), diagnostics);
  auto names = llvm::map_range(kClasses, [](const auto &row) { return row.first.str(); });
  diagnostics.report("IG0651", "the tokenizer model '" + printable(vocabulary.model) + "' is not known", {vocabulary.file, "", "", std::nullopt},
                     "known are " + llvm::join(names, ", ") + "; --tokens takes token ids without a tokenizer");
  return nullptr;
}

} // namespace ingot
