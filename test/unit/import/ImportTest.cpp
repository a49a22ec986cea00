// import-test [-v] [--print] [--dim NAME=V ...] [--ctx N] [--chunk N] [--entry E ...] FILE...: imports each file (as GGUF when its name ends so, else
// as ONNX) and prints one line for it: `ok` and its node count, or its first code. -v prints all diagnostics, --print the module.
// Why: damaged files must end in a diagnostic, never in a crash; a file that is refused is no failure here, so the exit code is 0.
#include "compiler/import/gguf/GgufReader.h"
#include "compiler/import/gguf/Import.h"
#include "compiler/import/gguf/tokenizer/Tokenizer.h"
#include "compiler/import/onnx/Import.h"

#include "mlir/IR/MLIRContext.h"

#include <string>

using namespace ingot;

namespace {

struct Settings {
  ImportOptions onnx;
  ImportLlm gguf;
  bool verbose = false, print = false;
};

/// "NAME=V" into `dims`; false when it is not of that form.
bool parseDim(llvm::StringRef text, ImportOptions &options) {
  auto [name, value] = text.rsplit('=');
  int64_t extent = 0;
  if (name.empty() || value.getAsInteger(10, extent))
    return false;
  options.dims[name.str()] = extent;
  return true;
}

/// An option with a value; false when `word` is none.
bool parseOption(llvm::StringRef word, llvm::StringRef value, Settings &settings) {
  if (word == "--dim")
    return parseDim(value, settings.onnx);
  if (word == "--ctx")
    return !value.getAsInteger(10, settings.gguf.ctx);
  if (word == "--chunk")
    return !value.getAsInteger(10, settings.gguf.chunk);
  if (word == "--entry")
    settings.gguf.entries.push_back(value.str());
  return word == "--entry";
}

/// Makes the tokenizer of a file that may be damaged, and runs it over a text and over all ids.
void tokenize(llvm::StringRef path) {
  Diagnostics ignored;
  std::optional<GgufFile> file = readGguf(path, ignored);
  std::optional<Vocabulary> vocabulary = file ? readVocabulary(*file, ignored) : std::nullopt;
  std::unique_ptr<Tokenizer> tokenizer = vocabulary ? makeTokenizer(std::move(*vocabulary), ignored) : nullptr;
  if (!tokenizer)
    return;
  (void)tokenizer->decode(tokenizer->encodePrompt("the <s> cat's \xC3\xA9 \xFF 123\n\n  </s>", true), true);
  std::vector<int32_t> all(tokenizer->vocab().size());
  for (size_t i = 0; i < all.size(); ++i)
    all[i] = static_cast<int32_t>(i);
  (void)tokenizer->encode(tokenizer->decode(all, false), false);
}

void importFile(llvm::StringRef path, const Settings &settings) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  WeightStore store;
  Diagnostics diagnostics;
  ImportedModel model = path.ends_with(".gguf") ? importGguf(path, settings.gguf, context, store, diagnostics)
                                                : importOnnx(path, settings.onnx, context, store, diagnostics);
  if (path.ends_with(".gguf"))
    tokenize(path);
  llvm::outs() << path << ": ";
  if (model.module)
    llvm::outs() << "ok " << model.nodeCount << " nodes\n";
  else if (diagnostics.all().empty())
    llvm::outs() << "NO DIAGNOSTIC\n";
  else
    llvm::outs() << diagnostics.all().front().code << " " << diagnostics.all().front().what << "\n";
  if (settings.verbose)
    diagnostics.printText(llvm::outs(), /*color=*/false);
  if (settings.print && model.module)
    model.module->print(llvm::outs());
  llvm::outs().flush();
}

} // namespace

int main(int argc, char **argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef word = argv[i];
    if (word == "-v")
      settings.verbose = true;
    else if (word == "--print")
      settings.print = true;
    else if (i + 1 < argc && parseOption(word, argv[i + 1], settings))
      ++i;
    else
      importFile(word, settings);
  }
  return 0;
}
