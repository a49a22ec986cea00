// ingot perplexity: how well a model predicts a text, and how far its predictions lie from a reference model's. The text is cut as
// llama-perplexity cuts it: pieces of --ctx tokens, each begun with BOS where the model asks for it, the second half of each scored.
#include "tools/ingot/LanguageModel.h"
#include "tools/ingot/Tokens.h"

#include <cmath>

namespace ingot {
namespace {

/// A row of logits as log probabilities, in double precision.
class LogProbabilities {
public:
  explicit LogProbabilities(llvm::ArrayRef<float> logits) : logits(logits) {
    for (size_t i = 1; i < logits.size(); ++i)
      if (logits[i] > logits[best])
        best = i;
    double sum = 0;
    for (float logit : logits)
      sum += std::exp(double(logit) - logits[best]);
    shift = logits[best] + std::log(sum);
  }
  double operator[](size_t i) const { return logits[i] - shift; }
  size_t top() const { return best; }

private:
  llvm::ArrayRef<float> logits;
  size_t best = 0;
  double shift;
};

/// Sum over the vocabulary of p (ln p - ln q), p the reference's.
double divergence(const LogProbabilities &reference, const LogProbabilities &model, size_t vocabulary) {
  double sum = 0;
  for (size_t i = 0; i < vocabulary; ++i) {
    double p = reference[i];
    sum += std::exp(p) * (p - model[i]);
  }
  return sum;
}

/// The value below which `share` of the sorted values lie, between neighbours in proportion.
double percentile(llvm::ArrayRef<double> sorted, double share) {
  double place = share * static_cast<double>(sorted.size() - 1), part = place - std::floor(place);
  auto low = static_cast<size_t>(place);
  return (1 - part) * sorted[low] + part * sorted[std::min(low + 1, sorted.size() - 1)];
}

/// What the scored tokens add up to.
struct Scores {
  std::vector<double> divergences; // one a token, with a reference
  double loss = 0, referenceLoss = 0;
  int64_t tokens = 0, sameTop = 0;

  double meanLoss() const { return loss / static_cast<double>(tokens); }
  double perplexity() const { return std::exp(meanLoss()); }
};

class Scorer {
public:
  Scorer(LanguageModel &model, LanguageModel *reference, int64_t workers) : model(model), reference(reference), workers(workers) {}

  /// One piece: the tokens from the middle on are predicted from those before. False: reported.
  bool add(llvm::ArrayRef<int32_t> piece) {
    size_t first = piece.size() / 2;
    std::vector<float> known; // the reference's logits of the scored rows
    auto scored = [&](size_t row) { return row >= first && row + 1 < piece.size(); };
    auto keep = [&](size_t row, llvm::ArrayRef<float> logits) {
      if (scored(row))
        known.insert(known.end(), logits.begin(), logits.end());
    };
    auto count = [&](size_t row, llvm::ArrayRef<float> logits) {
      if (!scored(row))
        return;
      auto next = static_cast<size_t>(piece[row + 1]);
      llvm::ArrayRef<float> other = reference ? llvm::ArrayRef(known).slice((row - first) * logits.size(), logits.size()) : llvm::ArrayRef<float>();
      addToken(LogProbabilities(logits), other, next);
    };
    if (reference && !(reference->reset() && reference->score(piece, 0, workers, keep)))
      return false;
    return model.reset() && model.score(piece, 0, workers, count);
  }

  Scores scores;

private:
  void addToken(const LogProbabilities &predicted, llvm::ArrayRef<float> other, size_t next) {
    scores.loss -= predicted[next];
    ++scores.tokens;
    if (!reference)
      return;
    LogProbabilities known(other);
    scores.referenceLoss -= known[next];
    scores.divergences.push_back(divergence(known, predicted, other.size()));
    scores.sameTop += known.top() == predicted.top();
  }

  LanguageModel &model;
  LanguageModel *reference;
  int64_t workers;
};

/// The tokens of the text, at least one piece of them. Nullopt: reported.
std::optional<std::vector<int32_t>> textTokens(const Context &context, const Tokenizer &tokenizer, size_t ctx) {
  std::unique_ptr<llvm::MemoryBuffer> text = readText(context, context.options.text("text"));
  if (!text)
    return std::nullopt;
  std::vector<int32_t> ids = tokenizer.encodePrompt(text->getBuffer(), false);
  if (ids.size() >= ctx)
    return ids;
  context.fail("IG0414", "the text has " + std::to_string(ids.size()) + " tokens, one piece has " + std::to_string(ctx), context.options.text("text"),
               "give a longer text, or a smaller --ctx");
  return std::nullopt;
}

int report(const Context &context, Scores scores) {
  Table table({"measure", "value"});
  llvm::json::Object json{{"tokens", scores.tokens}, {"ppl", scores.perplexity()}};
  table.add({"tokens scored", std::to_string(scores.tokens)});
  table.add({"ppl", fixed(scores.perplexity(), 4)});
  if (!scores.divergences.empty()) {
    double sum = 0, count = static_cast<double>(scores.tokens);
    for (double d : scores.divergences)
      sum += d;
    llvm::sort(scores.divergences);
    constexpr double kShare = 0.99;
    double high = percentile(scores.divergences, kShare), same = 100 * static_cast<double>(scores.sameTop) / count;
    double delta = (scores.loss - scores.referenceLoss) / count;
    table.add({"mean KLD", brief(sum / count)});
    table.add({"99 % KLD", brief(high)});
    table.add({"same top token %", fixed(same, 3)});
    table.add({"delta ln ppl", brief(delta)});
    json["mean_kld"] = sum / count;
    json["kld_99"] = high;
    json["same_top_percent"] = same;
    json["delta_ln_ppl"] = delta;
  }
  if (printsTable(context))
    table.print(llvm::outs());
  return finish(context, std::move(json), kDone);
}

/// Cuts the text and scores the pieces.
int scoreText(const Context &context, const Tokenizer &tokenizer, llvm::ArrayRef<int32_t> ids, Scorer scorer) {
  auto ctx = static_cast<size_t>(context.options.integer("ctx")), most = static_cast<size_t>(context.options.integer("chunks"));
  size_t pieces = ids.size() / ctx;
  if (most)
    pieces = std::min(pieces, most);
  for (size_t i = 0; i < pieces; ++i) {
    std::vector<int32_t> piece(ids.slice(i * ctx, ctx));
    if (tokenizer.addsBos())
      piece[0] = tokenizer.vocab().bos;
    if (!scorer.add(piece))
      return kUserFault;
  }
  if (!std::isfinite(scorer.scores.meanLoss()))
    return context.fail("IG0415", "the loss is no finite number", context.options.arguments[0]);
  return report(context, std::move(scorer.scores));
}

/// One of the two models. Null: reported.
std::unique_ptr<LanguageModel> openScored(const Context &context, CompileOptions options, size_t ctx) {
  options.llm.ctx = static_cast<int64_t>(ctx);
  return LanguageModel::open(context, std::move(options));
}

} // namespace

int runPerplexity(const Context &context) {
  constexpr int64_t kLeastCtx = 4;
  if (!context.options.has("text"))
    return context.fail("IG0002", "ingot perplexity needs --text F", "", "for example: " + context.options.command->example.str());
  int64_t asked = context.options.integer("ctx");
  if (asked < kLeastCtx)
    return context.fail("IG0002", "--ctx has a bad value: expected at least 4, found " + std::to_string(asked));
  std::optional<CompileOptions> options = languageOptions(context, context.options.arguments[0], {"score"});
  std::unique_ptr<Tokenizer> tokenizer = options ? openTokenizer(options->modelPath, context.diagnostics) : nullptr;
  if (!tokenizer)
    return kUserFault;
  auto ctx = static_cast<size_t>(asked);
  std::optional<std::vector<int32_t>> ids = textTokens(context, *tokenizer, ctx);
  if (!ids)
    return kUserFault;
  int64_t workers = options->workers;
  std::unique_ptr<LanguageModel> model = openScored(context, *options, ctx), reference;
  if (!model || !areTokens(context, *ids, model->vocabulary()))
    return kUserFault;
  if (context.options.has("against")) {
    std::optional<CompileOptions> other = languageOptions(context, context.options.text("against"), {"score"});
    if (!other)
      return kUserFault;
    other->llm.narrowCache = false; // what --kv costs is part of the divergence
    if (!(reference = openScored(context, *other, ctx)))
      return kUserFault;
    if (reference->vocabulary() != model->vocabulary())
      return context.fail("IG0417",
                          "the reference has " + std::to_string(reference->vocabulary()) + " tokens, the model " + std::to_string(model->vocabulary()),
                          context.options.text("against"), "compare a model with the file that it was quantised from");
  }
  return scoreText(context, *tokenizer, *ids, Scorer(*model, reference.get(), workers));
}

} // namespace ingot
