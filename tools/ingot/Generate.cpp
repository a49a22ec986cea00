// ingot generate: goes on with a text, token by token, printed as it comes. Greedy unless a temperature is given; the same seed gives the same text.
#include "compiler/import/gguf/tokenizer/ChatFormat.h"
#include "tools/ingot/LanguageModel.h"
#include "tools/ingot/PeakMemory.h"
#include "tools/ingot/Sampler.h"
#include "tools/ingot/Tokens.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Process.h"

namespace ingot {
namespace {

/// Why generation ended.
enum class Stop { Length, End, Full };

struct Result {
  std::vector<int32_t> prompt, tokens; // given, generated
  std::string text;                    // of the generated tokens
  Stop stop = Stop::Length;
  double prefillSeconds = 0, decodeSeconds = 0, firstTokenSeconds = 0;
  int64_t steps = 0; // decode steps that were timed

  double prefillRate() const { return prefillSeconds > 0 ? static_cast<double>(prompt.size()) / prefillSeconds : 0; }
  double decodeRate() const { return decodeSeconds > 0 ? static_cast<double>(steps) / decodeSeconds : 0; }
};

class Generator {
public:
  Generator(const Context &context, LanguageModel &model, const Tokenizer *tokenizer, int64_t workers)
      : context(context), model(model), tokenizer(tokenizer), workers(workers), sampler(samplerOptions()) {
    if (tokenizer)
      stream.emplace(*tokenizer, context.options.has("special"));
  }

  /// False: reported.
  bool run(std::vector<int32_t> prompt) {
    result.prompt = std::move(prompt);
    if (stream)
      echoPrompt();
    double start = secondsNow();
    if (!model.prefill(result.prompt, 0, workers))
      return false;
    result.prefillSeconds = secondsNow() - start;
    bool good = generate(start);
    if (stream)
      show(stream->finish());
    if (printsTable(context) && llvm::sys::Process::StandardOutIsDisplayed())
      llvm::outs() << '\n';
    llvm::outs().flush();
    return good;
  }

  Result result;

private:
  SamplerOptions samplerOptions() const {
    const Options &options = context.options;
    return {options.number("temp"), options.integer("top-k"), options.number("top-p"), static_cast<uint64_t>(options.integer("seed"))};
  }

  /// The prompt's text goes through the stream, so that what follows continues it; it is printed when asked for.
  void echoPrompt() {
    std::string text;
    for (int32_t id : result.prompt)
      text += stream->add(id);
    if (context.options.has("echo") && printsTable(context))
      llvm::outs() << text;
  }

  bool generate(double start) {
    int64_t most = context.options.integer("max-tokens"), position = static_cast<int64_t>(result.prompt.size());
    for (int64_t made = 0; made < most; ++made) {
      std::optional<int32_t> next = sampler.choose(model.logits());
      if (!next)
        return context.fail("IG0415", "no logit of token " + std::to_string(position) + " is a finite number") == kDone;
      if (made == 0)
        result.firstTokenSeconds = secondsNow() - start;
      if (tokenizer && tokenizer->vocab().endsGeneration(*next)) {
        result.stop = Stop::End;
        return true;
      }
      accept(*next);
      if (made + 1 == most)
        return true;
      if (position == model.ctx()) {
        result.stop = Stop::Full;
        context.diagnostics.report("IG0416", "the context of " + std::to_string(model.ctx()) + " tokens is full", {}, "give a larger --ctx");
        return true;
      }
      double before = secondsNow();
      if (!model.decode(*next, position++, workers))
        return false;
      result.decodeSeconds += secondsNow() - before;
      ++result.steps;
    }
    return true;
  }

  void accept(int32_t token) {
    result.tokens.push_back(token);
    if (stream)
      return show(stream->add(token));
    if (printsTable(context))
      llvm::outs() << (result.tokens.size() > 1 ? " " : "") << token;
    llvm::outs().flush();
  }

  void show(const std::string &text) {
    result.text += text;
    if (printsTable(context)) {
      llvm::outs() << text;
      llvm::outs().flush();
    }
  }

  const Context &context;
  LanguageModel &model;
  const Tokenizer *tokenizer; // null: ids are printed
  int64_t workers;
  Sampler sampler;
  std::optional<TextStream> stream;
};

/// The ids of --prompt and --system as turns of a chat. Nullopt: reported.
std::optional<std::vector<int32_t>> chatTokens(const Context &context, const Tokenizer &tokenizer) {
  const std::string &chatTemplate = tokenizer.vocab().chatTemplate;
  if (const ChatFormat *format = findChatFormat(chatTemplate))
    return format->encode(tokenizer, context.options.text("system"), context.options.text("prompt"));
  std::vector<std::string> names;
  for (const ChatFormat &format : chatFormats())
    names.push_back(format.name.str());
  context.fail("IG0418", chatTemplate.empty() ? "the model has no chat template" : "the model's chat template is none that is known", context.options.arguments[0],
               "known formats: " + llvm::join(names, ", ") + "; write the turns into --prompt with --special");
  return std::nullopt;
}

/// The ids of --prompt or --tokens. Nullopt: reported.
std::optional<std::vector<int32_t>> promptTokens(const Context &context, const Tokenizer *tokenizer) {
  std::optional<std::vector<int32_t>> ids;
  if (tokenizer && context.options.has("chat"))
    ids = chatTokens(context, *tokenizer);
  else if (tokenizer && context.options.has("prompt"))
    ids = tokenizer->encodePrompt(context.options.text("prompt"), context.options.has("special"));
  else
    ids = parseTokens(context, context.options.text("tokens"));
  if (ids && ids->empty()) {
    context.fail("IG0414", "there is no token to begin with: the prompt is empty, and the model has no token that begins a text");
    return std::nullopt;
  }
  if (ids && tokenizer && !areTokens(context, *ids, tokenizer->vocab().size()))
    return std::nullopt;
  return ids;
}

void printStats(const LanguageModel &model, const Result &result) {
  const Program &program = *model.program("decode");
  Table table({"", "tokens", "s", "tok/s"});
  table.add({"prefill", std::to_string(result.prompt.size()), fixed(result.prefillSeconds, 3), fixed(result.prefillRate(), 1)});
  table.add({"decode", std::to_string(result.steps), fixed(result.decodeSeconds, 3), fixed(result.decodeRate(), 1)});
  llvm::outs().flush();
  table.print(llvm::errs());
  llvm::errs() << "time to first token " << fixed(result.firstTokenSeconds * 1e3, 1) << " ms, load " << fixed(model.loadSeconds() * 1e3, 1) << " ms\n"
               << "memory: weights " << bytesText(program.weightsBytes) << ", cache " << bytesText(program.stateBytes) << ", arena "
               << bytesText(program.arenaBytes) << "; peak of the process " << bytesText(peakMemory()) << '\n';
}

int report(const Context &context, const LanguageModel &model, const Result &result) {
  if (context.options.has("stats"))
    printStats(model, result);
  constexpr llvm::StringLiteral kStops[] = {"length", "end", "context"};
  return finish(context, llvm::json::Object{{"device", model.device()}, {"prompt_tokens", idsJson(result.prompt)}, {"tokens", idsJson(result.tokens)},
                                            {"text", llvm::json::fixUTF8(result.text)}, {"stop", kStops[static_cast<size_t>(result.stop)]},
                                            {"prefill_tok_s", result.prefillRate()}, {"decode_tok_s", result.decodeRate()},
                                            {"first_token_ms", result.firstTokenSeconds * 1e3}, {"load_ms", model.loadSeconds() * 1e3},
                                            {"peak_rss_bytes", peakMemory()}}, kDone);
}

} // namespace

int runGenerate(const Context &context) {
  if (context.options.has("prompt") == context.options.has("tokens"))
    return context.fail("IG0002", "ingot generate needs --prompt TEXT or --tokens 1,2,3", "", "for example: " + context.options.command->example.str());
  if ((context.options.has("chat") && context.options.has("tokens")) || (context.options.has("system") && !context.options.has("chat")))
    return context.fail("IG0002", "--system needs --chat, and --chat needs --prompt", "", "for example: --chat --system 'Be brief' --prompt 'Why is the sky blue?'");
  std::optional<CompileOptions> options = languageOptions(context, context.options.arguments[0], {"prefill", "prefill_short", "decode"});
  if (!options)
    return kUserFault;
  Diagnostics ignored; // without a tokenizer, ids are taken and printed
  bool text = context.options.has("prompt");
  std::unique_ptr<Tokenizer> tokenizer = openTokenizer(options->modelPath, text ? context.diagnostics : ignored);
  std::optional<std::vector<int32_t>> prompt = tokenizer || !text ? promptTokens(context, tokenizer.get()) : std::nullopt;
  if (!prompt)
    return kUserFault;
  int64_t workers = options->workers;
  std::unique_ptr<LanguageModel> model = LanguageModel::open(context, std::move(*options));
  if (!model || !areTokens(context, *prompt, model->vocabulary()))
    return kUserFault;
  if (static_cast<int64_t>(prompt->size()) > model->ctx())
    return context.fail("IG0413", "the prompt has " + std::to_string(prompt->size()) + " tokens, the context has room for " + std::to_string(model->ctx()), "",
                        "give a shorter prompt, or a larger --ctx");
  Generator generator(context, *model, tokenizer.get(), workers);
  return generator.run(std::move(*prompt)) ? report(context, *model, generator.result) : kUserFault;
}

} // namespace ingot
