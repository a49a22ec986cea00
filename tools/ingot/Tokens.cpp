// Reading tokens and texts for the commands of language models.
#include "tools/ingot/Tokens.h"

#include "compiler/import/gguf/GgufReader.h"
#include "compiler/support/Files.h"

namespace ingot {

std::unique_ptr<Tokenizer> openTokenizer(llvm::StringRef modelPath, Diagnostics &diagnostics) {
  std::optional<GgufFile> file = readGguf(modelPath, diagnostics);
  if (!file)
    return nullptr;
  std::optional<Vocabulary> vocabulary = readVocabulary(*file, diagnostics);
  return vocabulary ? makeTokenizer(std::move(*vocabulary), diagnostics) : nullptr;
}

std::optional<std::vector<int32_t>> parseTokens(const Context &context, llvm::StringRef text) {
  constexpr llvm::StringLiteral kSeparators = ", \t\r\n[]";
  std::vector<int32_t> ids;
  while (!(text = text.ltrim(kSeparators)).empty()) {
    llvm::StringRef word = text.take_until([&](char c) { return llvm::StringRef(kSeparators).contains(c); });
    text = text.drop_front(word.size());
    int32_t id;
    if (word.getAsInteger(10, id)) {
      context.fail("IG0412", "'" + printable(word) + "' is no token id", "", "token ids are whole numbers, separated by commas or spaces");
      return std::nullopt;
    }
    ids.push_back(id);
  }
  return ids;
}

bool areTokens(const Context &context, llvm::ArrayRef<int32_t> ids, size_t size) {
  for (int32_t id : ids)
    if (id < 0 || static_cast<size_t>(id) >= size) {
      context.fail("IG0412", "token id " + std::to_string(id) + " is not in the vocabulary: ids go from 0 to " + std::to_string(size - 1));
      return false;
    }
  return true;
}

std::unique_ptr<llvm::MemoryBuffer> readText(const Context &context, llvm::StringRef path) {
  constexpr size_t kMostBytes = size_t(1) << 30;
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  if (path == "-") {
    if (llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> input = llvm::MemoryBuffer::getSTDIN())
      buffer = std::move(*input);
    else
      context.fail("IG0003", "standard input cannot be read: " + input.getError().message());
  } else {
    buffer = readFile(path, context.diagnostics);
  }
  if (buffer && buffer->getBufferSize() > kMostBytes) {
    std::string bytes = std::to_string(buffer->getBufferSize());
    context.fail("IG0003", "the text has " + bytes + " bytes, at most " + std::to_string(kMostBytes) + " are read", path.str(), "cut it into several files");
    return nullptr;
  }
  return buffer;
}

std::string idsText(llvm::ArrayRef<int32_t> ids) {
  std::string text;
  for (int32_t id : ids)
    text += (text.empty() ? "" : " ") + std::to_string(id);
  return text;
}

llvm::json::Array idsJson(llvm::ArrayRef<int32_t> ids) {
  llvm::json::Array array;
  for (int32_t id : ids)
    array.push_back(id);
  return array;
}

} // namespace ingot
