// ingot generate: goes on with a text, token by token, printed as it comes, or in several ways at once. Greedy unless a temperature is given; the same seed
// gives the same text.
#include "compiler/import/gguf/tokenizer/ChatFormat.h"
#include "tools/ingot/LanguageModel.h"
#include "tools/ingot/PeakMemory.h"
#include "tools/ingot/Sampler.h"
#include "tools/ingot/Tokens.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Process.h"

namespace ingot {
namespace {

/// Why a text ended.
enum class Stop { Length, End, Full };

/// One sequence: its sampler, and what it has made.
class Text {
public:
  /// Shown as it comes when `isLive`, else `shown` keeps it.
  Text(const Context &context, const Tokenizer *tokenizer, int64_t number, bool isLive)
      : seed(static_cast<uint64_t>(context.options.integer("seed")) + static_cast<uint64_t>(number)), context(context), tokenizer(tokenizer), isLive(isLive), sampler(samplerOptions()) {
    if (tokenizer)
      stream.emplace(*tokenizer, context.options.has("special"));
  }

  /// The prompt's text goes through the stream, so that what follows continues it; it is shown when asked for.
  void begin(llvm::ArrayRef<int32_t> prompt) {
    position = static_cast<int64_t>(prompt.size());
    std::string before;
    for (int32_t id : prompt)
      before += stream ? stream->add(id) : "";
    if (context.options.has("echo"))
      show(before);
  }

  /// The token that is chosen, to be run at `position` next. Nullopt: the text has ended, or a fault was reported.
  std::optional<int32_t> next(llvm::ArrayRef<float> logits, int64_t ctx) {
    auto most = static_cast<size_t>(context.options.integer("max-tokens"));
    if (tokens.size() == most)
      return std::nullopt;
    std::optional<int32_t> chosen = sampler.choose(logits);
    if (!chosen) {
      context.fail("IG0415", "no logit of token " + std::to_string(position) + " is a finite number");
      return std::nullopt;
    }
    if (tokenizer && tokenizer->vocab().endsGeneration(*chosen)) {
      stop = Stop::End;
      return std::nullopt;
    }
    accept(*chosen);
    if (tokens.size() == most)
      return std::nullopt;
    if (position < ctx)
      return chosen;
    stop = Stop::Full;
    return std::nullopt;
  }

  void finish() {
    if (stream)
      add(stream->finish());
    if (isLive && printsTable(context) && llvm::sys::Process::StandardOutIsDisplayed())
      show("\n");
  }

  uint64_t seed;
  std::vector<int32_t> tokens; // that were made
  std::string text, shown;     // of them; what is printed at the end
  Stop stop = Stop::Length;
  int64_t position = 0; // of the next token

private:
  SamplerOptions samplerOptions() const {
    const Options &options = context.options;
    return {options.number("temp"), options.integer("top-k"), options.number("top-p"), seed, tokenizer ? tokenizer->vocab().suppressed : std::vector<int32_t>()};
  }

  void accept(int32_t token) {
    tokens.push_back(token);
    if (stream)
      return add(stream->add(token));
    show((tokens.size() > 1 ? " " : "") + std::to_string(token));
  }

  void add(const std::string &piece) {
    text += piece;
    show(piece);
  }

  void show(const std::string &piece) {
    if (!isLive)
      shown += piece;
    else if (printsTable(context))
      llvm::outs() << piece;
    llvm::outs().flush();
  }

  const Context &context;
  const Tokenizer *tokenizer; // null: ids are printed
  bool isLive;
  Sampler sampler;
  std::optional<TextStream> stream;
};

/// Goes on with one prompt in one text or in several at once, a step for all of them.
class Generator {
public:
  Generator(const Context &context, LanguageModel &model, const Tokenizer *tokenizer, int64_t workers) : context(context), model(model), workers(workers) {
    for (int64_t i = 0, count = context.options.integer("sequences"); i < count; ++i)
      texts.push_back(std::make_unique<Text>(context, tokenizer, i, count == 1));
    next.resize(texts.size());
  }

  /// False: reported.
  bool run(std::vector<int32_t> tokens) {
    prompt = std::move(tokens);
    bool good = prefill() && decode();
    for (const std::unique_ptr<Text> &text : texts)
      text->finish();
    if (llvm::any_of(texts, [](const std::unique_ptr<Text> &text) { return text->stop == Stop::Full; }))
      context.diagnostics.report("IG0416", "the context of " + std::to_string(model.ctx()) + " tokens is full", {}, "give a larger --ctx");
    if (texts.size() > 1 && printsTable(context))
      for (size_t i = 0; i < texts.size(); ++i)
        llvm::outs() << "== sequence " << i << ", seed " << texts[i]->seed << " ==\n" << texts[i]->shown << '\n';
    llvm::outs().flush();
    return good && !context.diagnostics.hasErrors();
  }

  double prefillRate() const { return prefillSeconds > 0 ? static_cast<double>(prefilled()) / prefillSeconds : 0; }
  double decodeRate() const { return decodeSeconds > 0 ? static_cast<double>(steps) / decodeSeconds : 0; }
  size_t prefilled() const { return prompt.size() * texts.size(); }

  std::vector<int32_t> prompt;
  std::vector<std::unique_ptr<Text>> texts;
  double prefillSeconds = 0, decodeSeconds = 0, firstTokenSeconds = 0;
  int64_t steps = 0; // tokens that were decoded and timed

private:
  bool prefill() {
    double begin = secondsNow();
    for (size_t i = 0; i < texts.size(); ++i) {
      texts[i]->begin(prompt);
      double start = secondsNow();
      if (!model.prefill(prompt, 0, workers, static_cast<int32_t>(i)))
        return false;
      prefillSeconds += secondsNow() - start;
      next[i] = texts[i]->next(model.logits(), model.ctx());
      if (i == 0 && context.options.integer("max-tokens") > 0)
        firstTokenSeconds = secondsNow() - begin;
    }
    return true;
  }

  bool decode() {
    while (llvm::any_of(next, [](const std::optional<int32_t> &token) { return token.has_value(); })) {
      double before = secondsNow();
      if (!step())
        return false;
      decodeSeconds += secondsNow() - before;
      for (size_t i = 0; i < texts.size(); ++i)
        if (next[i]) {
          ++texts[i]->position;
          ++steps;
          next[i] = texts[i]->next(model.logits().slice(i * model.vocabulary(), model.vocabulary()), model.ctx());
        }
    }
    return true;
  }

  /// Runs the chosen tokens; sequences that have ended are idle.
  bool step() {
    if (texts.size() == 1)
      return model.decode(*next[0], texts[0]->position, workers);
    std::vector<int32_t> tokens, positions;
    for (size_t i = 0; i < texts.size(); ++i) {
      tokens.push_back(next[i].value_or(0));
      positions.push_back(next[i] ? static_cast<int32_t>(texts[i]->position) : -1);
    }
    return model.decodeBatch(tokens, positions, workers);
  }

  const Context &context;
  LanguageModel &model;
  int64_t workers;
  std::vector<std::optional<int32_t>> next; // of each text; none: it has ended
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

void printStats(const LanguageModel &model, const Generator &made) {
  const Program &program = *model.program("decode");
  Table table({"", "tokens", "s", "tok/s"});
  table.add({"prefill", std::to_string(made.prefilled()), fixed(made.prefillSeconds, 3), fixed(made.prefillRate(), 1)});
  table.add({"decode", std::to_string(made.steps), fixed(made.decodeSeconds, 3), fixed(made.decodeRate(), 1)});
  llvm::outs().flush();
  table.print(llvm::errs());
  llvm::errs() << "time to first token " << fixed(made.firstTokenSeconds * 1e3, 1) << " ms, load " << fixed(model.loadSeconds() * 1e3, 1) << " ms\n"
               << "memory: weights " << bytesText(program.weightsBytes) << ", cache " << bytesText(program.stateBytes) << ", arena "
               << bytesText(program.arenaBytes) << "; peak of the process " << bytesText(peakMemory()) << '\n';
}

/// What one text adds to the JSON.
llvm::json::Object textJson(const Text &text) {
  constexpr llvm::StringLiteral kStops[] = {"length", "end", "context"};
  return llvm::json::Object{{"tokens", idsJson(text.tokens)}, {"text", llvm::json::fixUTF8(text.text)}, {"stop", kStops[static_cast<size_t>(text.stop)]}};
}

int report(const Context &context, const LanguageModel &model, const Generator &made) {
  if (context.options.has("stats"))
    printStats(model, made);
  llvm::json::Object json{{"device", model.device()}, {"prompt_tokens", idsJson(made.prompt)}, {"prefill_tok_s", made.prefillRate()},
                          {"decode_tok_s", made.decodeRate()}, {"first_token_ms", made.firstTokenSeconds * 1e3}, {"load_ms", model.loadSeconds() * 1e3},
                          {"peak_rss_bytes", peakMemory()}};
  llvm::json::Array sequences;
  for (const std::unique_ptr<Text> &text : made.texts) {
    sequences.push_back(textJson(*text));
    sequences.back().getAsObject()->insert({"seed", static_cast<int64_t>(text->seed)});
  }
  if (made.texts.size() > 1)
    json["sequences"] = std::move(sequences);
  else
    for (auto &[key, value] : textJson(*made.texts[0]))
      json[key] = std::move(value);
  return finish(context, std::move(json), kDone);
}

} // namespace

int runGenerate(const Context &context) {
  if (context.options.has("prompt") == context.options.has("tokens"))
    return context.fail("IG0002", "ingot generate needs --prompt TEXT or --tokens 1,2,3", "", "for example: " + context.options.command->example.str());
  if ((context.options.has("chat") && context.options.has("tokens")) || (context.options.has("system") && !context.options.has("chat")))
    return context.fail("IG0002", "--system needs --chat, and --chat needs --prompt", "", "for example: --chat --system 'Be brief' --prompt 'Why is the sky blue?'");
  std::optional<CompileOptions> options = languageOptions(context, context.options.arguments[0], textEntries());
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
  return generator.run(std::move(*prompt)) ? report(context, *model, generator) : kUserFault;
}

} // namespace ingot
