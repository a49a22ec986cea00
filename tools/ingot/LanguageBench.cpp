// bench of a language model: tokens a second of a prompt (pp) and of generation (tg), each from a context of --depth tokens, as llama-bench measures
// them; with several sequences also of generation for all of them at once, summed.
#include "compiler/import/gguf/GgufReader.h"
#include "tools/ingot/BuildPlan.h"
#include "tools/ingot/LanguageModel.h"
#include "tools/ingot/MachineLimits.h"
#include "tools/ingot/PeakMemory.h"

#include <cmath>

namespace ingot {
namespace {

/// Bytes of weights that a token of generation reads: as the file has them, or fewer where --quantize has made them less.
double bytesRead(llvm::StringRef model, const Program &decode) {
  Diagnostics ignored; // the model has been read before
  std::optional<GgufFile> file = readGguf(model, ignored);
  return std::min(file ? bytesOfToken(*file) : HUGE_VAL, static_cast<double>(decode.weightsBytes));
}

/// Token ids without a pattern that a cache could profit from; the same every time.
std::vector<int32_t> someTokens(size_t count, size_t vocabulary) {
  std::vector<int32_t> tokens(count);
  uint64_t state = 1;
  for (int32_t &token : tokens) {
    state = state * 6364136223846793005 + 1442695040888963407; // Knuth's MMIX generator
    token = static_cast<int32_t>((state >> 33) % vocabulary);
  }
  return tokens;
}

/// Of one count of workers, tokens a second; 0 of what was not asked for.
struct Rates {
  int64_t workers = 0;
  double pp = 0, tg = 0, batch = 0;
};

class LanguageBench {
public:
  LanguageBench(const Context &context, LanguageModel &model, double tokenBytes)
      : context(context), model(model), tokenBytes(tokenBytes), pp(context.options.integer("pp")), tg(context.options.integer("tg")),
        depth(context.options.integer("depth")), sequences(context.options.has("sequences") ? context.options.integer("sequences") : model.sequences()),
        tokens(someTokens(static_cast<size_t>(std::max({pp, tg, depth})), model.vocabulary())) {
    if (sequences > 1)
      table = Table({"threads", "pp", "pp tok/s", "tg", "tg tok/s", "GB/s", "% of memory", "sequences", "batch tok/s"});
  }

  /// Nullopt: reported.
  std::optional<Rates> measure(int64_t workers) {
    double ppSeconds = 0, tgSeconds = 0, batchSeconds = 0;
    bool good = warmUp(workers) && fill(workers) && time([&] { return prefill(pp, depth, workers); }, ppSeconds) &&
                time([&] { return generate(workers); }, tgSeconds) && (sequences == 1 || time([&] { return generateBatch(workers); }, batchSeconds));
    if (!good)
      return std::nullopt;
    auto rate = [](int64_t tokens, double seconds) { return seconds > 0 ? double(tokens) / seconds : 0; };
    return Rates{workers, rate(pp, ppSeconds), rate(tg, tgSeconds), rate(tg * sequences, batchSeconds)};
  }

  /// One row of the table.
  void add(const Rates &rates, const MachineLimits &limits) {
    double gbs = tokenBytes * rates.tg / 1e9;
    std::vector<std::string> cells = {std::to_string(rates.workers), std::to_string(pp), fixed(rates.pp, 1), std::to_string(tg), fixed(rates.tg, 1), fixed(gbs, 2),
                                      fixed(limits.readShare(gbs), 0)};
    llvm::json::Object row{{"threads", rates.workers}, {"pp", pp}, {"pp_tok_s", rates.pp}, {"tg", tg}, {"tg_tok_s", rates.tg}, {"gbs", gbs}, {"limit_gbs", limits.gbs}};
    if (sequences > 1) {
      cells.insert(cells.end(), {std::to_string(sequences), fixed(rates.batch, 1)});
      row["sequences"] = sequences;
      row["batch_tok_s"] = rates.batch;
    }
    table.add(std::move(cells));
    rows.push_back(std::move(row));
  }

  Table table{{"threads", "pp", "pp tok/s", "tg", "tg tok/s", "GB/s", "% of memory"}};
  llvm::json::Array rows;

private:
  bool prefill(int64_t count, int64_t position, int64_t workers) {
    return model.prefill(llvm::ArrayRef(tokens).take_front(static_cast<size_t>(count)), position, workers);
  }

  /// Puts the first `depth` tokens into the context of each sequence, where they stay: each run writes only what comes behind them.
  bool fill(int64_t workers) {
    bool good = model.reset();
    for (int64_t i = 0; good && i < sequences; ++i)
      good = model.prefill(llvm::ArrayRef(tokens).take_front(static_cast<size_t>(depth)), 0, workers, static_cast<int32_t>(i));
    return good;
  }

  bool generate(int64_t workers) {
    for (int64_t i = 0; i < tg; ++i)
      if (!model.decode(tokens[static_cast<size_t>(i)], depth + i, workers))
        return false;
    return true;
  }

  /// A token of each sequence, `tg` times.
  bool generateBatch(int64_t workers) {
    for (int64_t i = 0; i < tg; ++i)
      if (!batch(i, depth + i, workers))
        return false;
    return true;
  }

  /// Each sequence's token is another one of the list.
  bool batch(int64_t step, int64_t position, int64_t workers) {
    std::vector<int32_t> each;
    for (int64_t s = 0; s < sequences; ++s)
      each.push_back(tokens[static_cast<size_t>(step + s) % tokens.size()]);
    return model.decodeBatch(each, std::vector<int32_t>(each.size(), static_cast<int32_t>(position)), workers);
  }

  /// Touches weights and code once.
  bool warmUp(int64_t workers) {
    int64_t chunk = std::min(pp, model.program("prefill")->inputs[0].shape[0]);
    return (tg == 0 || (model.decode(tokens[0], 0, workers) && (sequences == 1 || batch(0, 0, workers)))) && prefill(chunk, 0, workers);
  }

  /// Median seconds of --repeat runs, or of as many as fit in a second.
  bool time(llvm::function_ref<bool()> run, double &median) {
    constexpr double kSeconds = 1;
    auto repeat = static_cast<size_t>(context.options.integer("repeat"));
    std::vector<double> times;
    double start = secondsNow(), before = start, after = start;
    do {
      if (!run())
        return false;
      after = secondsNow();
      times.push_back(after - before);
      before = after;
    } while (repeat ? times.size() < repeat : after - start < kSeconds);
    median = medianOf(std::move(times));
    return true;
  }

  const Context &context;
  LanguageModel &model;
  double tokenBytes; // that a token of generation reads
  int64_t pp, tg, depth, sequences;
  std::vector<int32_t> tokens;
};

} // namespace

int benchLanguageModel(const Context &context) {
  std::optional<CompileOptions> options = languageOptions(context, context.options.arguments[0], textEntries());
  if (!options)
    return kUserFault;
  int64_t asked = std::max(context.options.integer("pp"), context.options.integer("tg"));
  if (asked == 0)
    return context.fail("IG0002", "there is nothing to time: --pp and --tg are both 0");
  std::string modelPath = options->modelPath;
  std::unique_ptr<LanguageModel> model = LanguageModel::open(context, std::move(*options));
  if (!model)
    return kUserFault;
  asked += context.options.integer("depth");
  if (asked > model->ctx())
    return context.fail("IG0413", "--pp or --tg, with --depth, asks for " + std::to_string(asked) + " tokens, the context has room for " + std::to_string(model->ctx()), "",
                        "give fewer, or a larger --ctx");
  const Program &decode = *model->program("decode");
  double tokenBytes = bytesRead(modelPath, decode);
  LanguageBench bench(context, *model, tokenBytes);
  std::optional<std::vector<int64_t>> threads = threadCounts(context);
  std::vector<Rates> measured;
  for (int64_t workers : threads.value_or(std::vector<int64_t>())) {
    std::optional<Rates> rates = bench.measure(workers);
    if (!rates)
      return kUserFault;
    measured.push_back(*rates);
  }
  int64_t peakBytes = peakMemory(); // before the limits take room of their own
  for (const Rates &rates : measured)
    bench.add(rates, measureLimits(rates.workers));
  if (printsTable(context)) {
    llvm::outs() << "device " << model->device() << ", weights " << bytesText(decode.weightsBytes) << ", cache " << bytesText(decode.stateBytes) << ", load "
                 << fixed(model->loadSeconds() * 1e3, 1) << " ms\n";
    bench.table.print(llvm::outs());
  }
  return finish(context, llvm::json::Object{{"device", model->device()}, {"threads", std::move(bench.rows)}, {"load_ms", model->loadSeconds() * 1e3},
                                            {"peak_rss_bytes", peakBytes}, {"bytes", tokenBytes}, {"weights_bytes", decode.weightsBytes},
                                            {"state_bytes", decode.stateBytes}}, kDone);
}

} // namespace ingot
