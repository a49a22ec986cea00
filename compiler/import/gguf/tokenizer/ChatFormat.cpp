// Recognising chat formats and filling their turns.
#include "compiler/import/gguf/tokenizer/ChatFormat.h"

#include "llvm/ADT/STLExtras.h"

namespace ingot {
namespace {

/// A text with the places in it that are somebody's words.
struct Filled {
  std::string text;
  std::vector<Tokenizer::Span> words;

  void add(llvm::StringRef turn, llvm::StringRef said) {
    auto [before, after] = turn.split('%');
    text += before;
    words.push_back({text.size(), text.size() + said.size()});
    text += said;
    text += after;
  }
};

} // namespace

llvm::ArrayRef<ChatFormat> chatFormats() {
  static constexpr auto kRow = [](llvm::StringRef name, llvm::StringRef marks, llvm::StringRef lead, llvm::StringRef system, llvm::StringRef user,
                                  llvm::StringRef assistant, bool systemless) { return ChatFormat{name, marks, lead, system, user, assistant, systemless}; };
  static const ChatFormat kFormats[] = {
#define CHAT_FORMAT(...) kRow(__VA_ARGS__),
#include "compiler/import/gguf/tokenizer/ChatFormats.def"
#undef CHAT_FORMAT
  };
  return kFormats;
}

const ChatFormat *findChatFormat(llvm::StringRef chatTemplate) {
  for (const ChatFormat &format : chatFormats()) {
    llvm::SmallVector<llvm::StringRef> marks;
    format.marks.split(marks, ' ');
    if (llvm::all_of(marks, [&](llvm::StringRef mark) { return chatTemplate.contains(mark); }))
      return &format;
  }
  return nullptr;
}

std::vector<int32_t> ChatFormat::encode(const Tokenizer &tokenizer, llvm::StringRef systemWords, llvm::StringRef userWords) const {
  Filled filled;
  std::string said = userWords.str();
  if (systemless && !systemWords.empty())
    said = (systemWords + "\n\n" + userWords).str();
  else if (!systemWords.empty())
    filled.add(system, systemWords);
  else
    filled.text += lead;
  filled.add(user, said);
  filled.text += assistant;
  return tokenizer.encodeChat(filled.text, filled.words);
}

} // namespace ingot
