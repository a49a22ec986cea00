// ingot tokenize and detokenize: text to the token ids of a model's vocabulary, and back, byte for byte.
#include "tools/ingot/Session.h"
#include "tools/ingot/Tokens.h"

#include "llvm/Support/Process.h"

namespace ingot {

int runTokenize(const Context &context) {
  const Options &options = context.options;
  if (options.has("text") == options.has("file"))
    return context.fail("IG0002", "ingot tokenize needs --text TEXT or --file F", "", "for example: " + options.command->example.str());
  std::optional<std::string> model = modelFileOf(context);
  std::unique_ptr<Tokenizer> tokenizer = model ? openTokenizer(*model, context.diagnostics) : nullptr;
  if (!tokenizer)
    return kUserFault;
  std::string typed = options.text("text");
  std::unique_ptr<llvm::MemoryBuffer> file;
  if (options.has("file") && !(file = readText(context, options.text("file"))))
    return kUserFault;
  llvm::StringRef text = file ? file->getBuffer() : llvm::StringRef(typed);
  std::vector<int32_t> ids = options.has("special") ? tokenizer->encodePrompt(text, true) : tokenizer->encode(text, false);
  if (printsTable(context))
    llvm::outs() << idsText(ids) << '\n';
  return finish(context, llvm::json::Object{{"tokens", idsJson(ids)}}, kDone);
}

int runDetokenize(const Context &context) {
  const Options &options = context.options;
  if (options.has("tokens") == options.has("file"))
    return context.fail("IG0002", "ingot detokenize needs --tokens 1,2,3 or --file F", "", "for example: " + options.command->example.str());
  std::optional<std::string> model = modelFileOf(context);
  std::unique_ptr<Tokenizer> tokenizer = model ? openTokenizer(*model, context.diagnostics) : nullptr;
  if (!tokenizer)
    return kUserFault;
  std::unique_ptr<llvm::MemoryBuffer> file;
  if (options.has("file") && !(file = readText(context, options.text("file"))))
    return kUserFault;
  std::optional<std::vector<int32_t>> ids = parseTokens(context, file ? file->getBuffer() : llvm::StringRef(options.text("tokens")));
  if (!ids || !areTokens(context, *ids, tokenizer->vocab().size()))
    return kUserFault;
  std::string text = tokenizer->decode(*ids, options.has("special"));
  if (printsTable(context))
    llvm::outs() << text << (llvm::sys::Process::StandardOutIsDisplayed() ? "\n" : "");
  return finish(context, llvm::json::Object{{"text", llvm::json::fixUTF8(text)}}, kDone);
}

} // namespace ingot
