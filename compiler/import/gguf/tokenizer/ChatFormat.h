// Turns of a chat as the model was trained on them: the template of the file is recognised by what it holds and never executed.
#ifndef INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_CHATFORMAT_H
#define INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_CHATFORMAT_H

#include "compiler/import/gguf/tokenizer/Tokenizer.h"

namespace ingot {

struct ChatFormat {
  llvm::StringRef name;
  llvm::StringRef marks, lead, system, user, assistant; // "%" stands for the words of a turn
  bool systemless = false;

  /// Ids of a system's words (may be empty) and a user's, up to where the answer begins.
  std::vector<int32_t> encode(const Tokenizer &tokenizer, llvm::StringRef systemWords, llvm::StringRef userWords) const;
};

/// All that are known.
llvm::ArrayRef<ChatFormat> chatFormats();
/// The format of a template. Null: none that is known.
const ChatFormat *findChatFormat(llvm::StringRef chatTemplate);

} // namespace ingot

#endif
