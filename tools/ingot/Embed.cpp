// ingot embed: the vector of each line of a text, scaled to length 1, as programs that compare texts want it.
#include "tools/ingot/LanguageModel.h"
#include "tools/ingot/Tokens.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

namespace ingot {
namespace {

using Lines = std::vector<std::vector<int32_t>>;

/// The ids of each line. Nullopt: reported.
std::optional<Lines> readLines(const Context &context, const Tokenizer &tokenizer) {
  std::unique_ptr<llvm::MemoryBuffer> text = readText(context, context.options.text("text"));
  if (!text)
    return std::nullopt;
  Lines lines;
  for (llvm::StringRef rest = text->getBuffer(), line; !rest.empty();) {
    std::tie(line, rest) = rest.split('\n');
    line.consume_back("\r");
    lines.push_back(tokenizer.encodeText(line));
    if (!lines.back().empty())
      continue;
    context.fail("IG0414", "line " + std::to_string(lines.size()) + " has no tokens", context.options.text("text"), "give each line some text");
    return std::nullopt;
  }
  if (!lines.empty())
    return lines;
  context.fail("IG0414", "the text is empty", context.options.text("text"), "give one text a line");
  return std::nullopt;
}

/// Scales to length 1; a vector of zeros stays.
void normalize(std::vector<float> &vector) {
  double squares = 0;
  for (float value : vector)
    squares += double(value) * value;
  for (float &value : vector)
    value = squares > 0 ? static_cast<float>(value / std::sqrt(squares)) : value;
}

void print(const std::vector<float> &vector) {
  for (size_t i = 0; i < vector.size(); ++i)
    llvm::outs() << (i ? " " : "") << llvm::format("%.7g", double(vector[i]));
  llvm::outs() << '\n';
}

} // namespace

int runEmbed(const Context &context) {
  constexpr int64_t kStep = 32; // so that texts of nearly the same length make one program
  if (!context.options.has("text"))
    return context.fail("IG0002", "ingot embed needs --text F", "", "for example: " + context.options.command->example.str());
  std::optional<CompileOptions> options = languageOptions(context, context.options.arguments[0], {"embed"});
  std::unique_ptr<Tokenizer> tokenizer = options ? openTokenizer(options->modelPath, context.diagnostics) : nullptr;
  std::optional<Lines> lines = tokenizer ? readLines(context, *tokenizer) : std::nullopt;
  if (!lines)
    return kUserFault;
  size_t longest = 0;
  for (const std::vector<int32_t> &line : *lines)
    longest = std::max(longest, line.size());
  int64_t trained = trainedContext(options->modelPath, 1 << 20);
  if (options->llm.ctx == 0)
    options->llm.ctx = std::min<int64_t>(llvm::alignTo(longest, kStep), trained);
  int64_t workers = options->workers;
  std::unique_ptr<LanguageModel> model = LanguageModel::open(context, std::move(*options));
  if (!model)
    return kUserFault;
  int64_t room = model->program("embed")->inputs[0].shape[0];
  if (static_cast<int64_t>(longest) > room)
    return context.fail("IG0413", "a line has " + std::to_string(longest) + " tokens, there is room for " + std::to_string(room), context.options.text("text"),
                        "give shorter lines, or a larger --ctx");
  llvm::json::Array vectors;
  for (const std::vector<int32_t> &line : *lines) {
    std::vector<float> vector(model->vocabulary());
    if (!model->embed(line, workers, vector))
      return kUserFault;
    normalize(vector);
    if (printsTable(context))
      print(vector);
    vectors.push_back(llvm::json::Array(vector));
  }
  return finish(context, llvm::json::Object{{"device", model->device()}, {"embeddings", std::move(vectors)}}, kDone);
}

} // namespace ingot
