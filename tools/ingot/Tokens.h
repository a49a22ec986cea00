// Text and token ids on the command line: the tokenizer of MODEL, ids that were typed, text from --file.
#ifndef INGOT_TOOLS_INGOT_TOKENS_H
#define INGOT_TOOLS_INGOT_TOKENS_H

#include "compiler/import/gguf/tokenizer/Tokenizer.h"
#include "tools/ingot/Command.h"

#include "llvm/Support/MemoryBuffer.h"

namespace ingot {

/// The tokenizer of a model file, or of the model of a folder that `build` wrote. Null: reported.
std::unique_ptr<Tokenizer> openTokenizer(llvm::StringRef modelPath, Diagnostics &diagnostics);

/// Ids separated by commas or white space. Nullopt: reported (IG0412), the first word that is none.
std::optional<std::vector<int32_t>> parseTokens(const Context &context, llvm::StringRef text);
/// False, reported (IG0412): an id lies outside of a vocabulary of `size`.
bool areTokens(const Context &context, llvm::ArrayRef<int32_t> ids, size_t size);

/// The bytes of a file, or of standard input for "-". Null: reported.
std::unique_ptr<llvm::MemoryBuffer> readText(const Context &context, llvm::StringRef path);

/// "1 403 407".
std::string idsText(llvm::ArrayRef<int32_t> ids);
llvm::json::Array idsJson(llvm::ArrayRef<int32_t> ids);

} // namespace ingot

#endif
