// tokenizer-test: the words that every pre-tokenizer makes of one text, and tokenizers over small vocabularies on texts made to hurt:
// bytes that are no UTF-8, forged control tokens, long runs. Prints what it finds; tokenizer.test says what is right.
#include "compiler/import/gguf/tokenizer/ChatFormat.h"
#include "compiler/import/gguf/tokenizer/Pattern.h"
#include "compiler/import/gguf/tokenizer/Tokenizer.h"
#include "compiler/import/gguf/tokenizer/Unicode.h"

#include "llvm/ADT/StringExtras.h"

#include <random>

using namespace ingot;

namespace {

/// Joined with '|', control characters escaped.
std::string words(llvm::StringRef pattern, llvm::StringRef text) {
  std::optional<Pattern> parsed = Pattern::parse(pattern);
  if (!parsed)
    return "NOT PARSED";
  std::string out;
  std::vector<Character> characters = charactersOf(text);
  llvm::ArrayRef<Character> rest = characters;
  while (!rest.empty()) {
    size_t length = std::max<size_t>(parsed->match(rest), 1), bytes = 0;
    for (const Character &c : rest.take_front(length))
      bytes += c.bytes;
    out += text.take_front(bytes).str() + '|';
    rest = rest.drop_front(length);
    text = text.drop_front(bytes);
  }
  std::string shown;
  llvm::raw_string_ostream stream(shown);
  llvm::printEscapedString(out, stream);
  return shown;
}

/// Every row of the table: its first name, and the words of the last expression, which does most of the work.
void cutByAllRows() {
  constexpr llvm::StringLiteral kText = "I'LL don't \xC3\x89\x63ole 12345\n\n  x=#!";
  auto row = [&](llvm::StringRef names, std::initializer_list<llvm::StringRef> patterns) {
    for (llvm::StringRef pattern : patterns)
      llvm::outs() << names.split(' ').first << ": " << words(pattern, kText) << '\n';
  };
#define PRETOKENIZER(names, wholeWords, bos, ...) row(names, {__VA_ARGS__});
#include "compiler/import/gguf/tokenizer/PreTokenizers.def"
#undef PRETOKENIZER
}

/// <unk> <s> </s>, 256 byte tokens, and pieces; "llama".
Vocabulary pieces(std::vector<std::string> texts) {
  Vocabulary v;
  v.model = "llama";
  v.tokens = {"<unk>", "<s>", "</s>"};
  v.types = {TokenType::Unknown, TokenType::Control, TokenType::Control};
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::string hex = llvm::utohexstr(byte, false, 2);
    v.tokens.push_back("<0x" + hex + ">");
    v.types.push_back(TokenType::Byte);
  }
  for (std::string &text : texts) {
    v.tokens.push_back(std::move(text));
    v.types.push_back(TokenType::Normal);
  }
  for (size_t i = 0; i < v.tokens.size(); ++i)
    v.scores.push_back(-static_cast<float>(i));
  v.bos = 1;
  v.eos = 2;
  v.unknown = 0;
  v.finish();
  return v;
}

/// All byte characters, "<end>" as control token, and merges a+a, aa+aa; "gpt2".
Vocabulary bytePairs() {
  Vocabulary v;
  v.model = "gpt2";
  v.pre = "gpt-2";
  uint32_t spare = 256;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    std::string text;
    bool printable = (byte > ' ' && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
    appendUtf8(text, printable ? byte : spare++);
    v.tokens.push_back(text);
  }
  for (llvm::StringRef text : {"<end>", "aa", "aaaa"})
    v.tokens.push_back(text.str());
  v.types.assign(v.tokens.size(), TokenType::Normal);
  v.types[256] = TokenType::Control;
  v.eos = 256;
  v.merges = {"a a", "aa aa"};
  v.finish();
  return v;
}

std::string list(llvm::ArrayRef<int32_t> ids) {
  return llvm::join(llvm::map_range(ids, [](int32_t id) { return std::to_string(id); }), " ");
}

void tryOut(llvm::StringRef label, const Tokenizer &tokenizer) {
  auto ids = [&](llvm::StringRef text, bool special) { return list(tokenizer.encode(text, special)); };
  llvm::outs() << label << " plain: " << ids("aaa <end></s>", false) << '\n' << label << " special: " << ids("<s><end>a</s>", true) << '\n';
  std::string longRun(1 << 18, 'a');
  llvm::outs() << label << " long: " << tokenizer.encode(longRun, false).size() << '\n';
  std::mt19937 generator(1);
  unsigned wrong = 0;
  for (unsigned round = 0; round < 200; ++round) {
    std::string bytes(generator() % 60, 0);
    for (char &byte : bytes)
      byte = static_cast<char>(generator() >> 8);
    wrong += tokenizer.decode(tokenizer.encode(bytes, false), false) != bytes;
  }
  llvm::outs() << label << " random bytes that do not come back: " << wrong << '\n';
}

/// Characters of several bytes leave the stream whole.
void streamText(const Tokenizer &tokenizer) {
  TextStream stream(tokenizer, false);
  for (int32_t id : tokenizer.encode("\xE2\x82\xAC\xF0\x9F\x98\x80\xFF" "a", false))
    llvm::outs() << "stream '" << llvm::toHex(stream.add(id)) << "'\n";
}

/// What the tokens of a chat say, with a system's words and without; every format is found by its own marks.
void writeChats(const Tokenizer &tokenizer) {
  for (const ChatFormat &format : chatFormats()) {
    if (findChatFormat(format.marks) != &format)
      llvm::outs() << "chat " << format.name << " NOT FOUND\n";
    for (llvm::StringRef system : {"", "sys"}) {
      llvm::outs() << "chat " << format.name << ": ";
      llvm::printEscapedString(tokenizer.decode(format.encode(tokenizer, system, "usr"), /*special=*/true), llvm::outs());
      llvm::outs() << '\n';
    }
  }
}

} // namespace

int main() {
  cutByAllRows();
  Diagnostics diagnostics;
  std::unique_ptr<Tokenizer> spm = makeTokenizer(pieces({"\xE2\x96\x81", "a", "aa", "aaaa", "\xE2\x96\x81" "aa"}), diagnostics);
  std::unique_ptr<Tokenizer> bpe = makeTokenizer(bytePairs(), diagnostics);
  tryOut("pieces", *spm);
  Vocabulary table = pieces({"\xE2\x96\x81", "a", "aa", "aaaa", "\xE2\x96\x81" "a", "\n", "\n\n", "\n\n\n", "a\n"});
  table.model = "gemma4";
  table.merges = {"aa aa", "a a", "\xE2\x96\x81 a", "a \n", "\n \n", "b b"};
  std::unique_ptr<Tokenizer> ranked = makeTokenizer(std::move(table), diagnostics);
  tryOut("ranked", *ranked);
  llvm::outs() << "ranked breaks: " << list(ranked->encode(" aa a\n\n\n\na\n\n\nab", false)) << '\n';
  tryOut("pairs", *bpe);
  streamText(*bpe);
  writeChats(*bpe);
  Vocabulary other = bytePairs();
  other.pre = "no-such";
  llvm::outs() << "unknown: " << (makeTokenizer(std::move(other), diagnostics) ? "made" : diagnostics.all().back().code) << '\n';
  Vocabulary unnamed = bytePairs();
  unnamed.pre.clear();
  bool made = makeTokenizer(std::move(unnamed), diagnostics) != nullptr;
  llvm::outs() << "unnamed: " << (made ? "made, " : "not made, ") << diagnostics.all().back().code << '\n';
  return 0;
}
