// run and test of a language model: token ids in, the logits after each or one embedding out, compared with known ones as the contract says.
#include "compiler/import/gguf/GgufReader.h"
#include "tools/ingot/Compare.h"
#include "tools/ingot/LanguageModel.h"
#include "tools/ingot/Tokens.h"

#include <cmath>

namespace ingot {
namespace {

constexpr llvm::StringLiteral kTokens = "tokens", kLogits = "logits", kEmbedding = "embedding";

struct Scored {
  NamedTensors arrays;
  std::string device;
  std::string modelPath;
  llvm::StringRef output = kLogits;
  Tensor result; // logits f32 [n, vocabulary], or an embedding f32 [d]
};

} // namespace

std::optional<std::vector<int32_t>> tokensOf(const Context &context, const NamedTensors &arrays, const std::string &file) {
  const Tensor *tensor = findTensor(arrays, "in", kTokens);
  if (!tensor) {
    context.fail("IG0401", "the file has no array 'tokens'", file, "numpy.savez('in.npz', tokens=numpy.array([1, 403, 407], 'int32'))");
    return std::nullopt;
  }
  if (isFloat(tensor->dtype()) || tensor->shape().size() != 1 || tensor->count() == 0) {
    context.fail("IG0402", "array 'tokens' is " + name(tensor->dtype()).str() + " " + shapeText(tensor->shape()) + ", expected integers [n]", file,
                 "convert the array: array.astype('int32')");
    return std::nullopt;
  }
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < tensor->count(); ++i) {
    int64_t id = tensor->intAt(i);
    ids.push_back(id == static_cast<int32_t>(id) ? static_cast<int32_t>(id) : kNoToken);
  }
  return ids;
}

size_t tokensOfModel(llvm::StringRef path) {
  Diagnostics ignored; // compiling the model reports what is wrong with the file
  std::optional<GgufFile> file = readGguf(path, ignored);
  const GgufTensor *embedding = file ? file->findTensor("token_embd.weight") : nullptr;
  return embedding && embedding->shape.size() == 2 ? static_cast<size_t>(embedding->shape[1]) : 0;
}

namespace {

/// Fills the result with what the model makes of the tokens. False: reported.
bool runTokens(LanguageModel &model, llvm::ArrayRef<int32_t> ids, int64_t workers, Scored &scored) {
  auto width = static_cast<int64_t>(model.vocabulary()), rows = static_cast<int64_t>(ids.size());
  bool embeds = scored.output == kEmbedding;
  scored.result = embeds ? Tensor(DType::F32, width) : Tensor(DType::F32, {rows, width});
  auto *out = reinterpret_cast<float *>(scored.result.mutableData());
  if (embeds)
    return model.embed(ids, workers, llvm::MutableArrayRef(out, model.vocabulary()));
  return model.score(ids, 0, workers, [&](size_t i, llvm::ArrayRef<float> logits) { llvm::copy(logits, out + i * logits.size()); });
}

/// Reads the file's tokens and runs them. Nullopt: reported.
std::optional<Scored> scoreFile(const Context &context, const std::string &file) {
  Scored scored;
  std::optional<NamedTensors> arrays = readNpz(file, context.diagnostics);
  std::optional<std::vector<int32_t>> ids = arrays ? tokensOf(context, *arrays, file) : std::nullopt;
  std::optional<CompileOptions> options = ids ? languageOptions(context, context.options.arguments[0], {"score"}) : std::nullopt;
  if (!options)
    return std::nullopt;
  if (isEmbeddingModel(options->modelPath) || !options->llm.pooling.empty()) {
    scored.output = kEmbedding;
    options->llm.entries = {"embed"};
  }
  const Tensor *golden = findTensor(*arrays, "out", kLogits); // a golden file may hold one token more than rows of logits
  if (golden && golden->shape().size() == 2 && golden->shape()[0] > 0 && static_cast<size_t>(golden->shape()[0]) + 1 == ids->size())
    ids->pop_back();
  if (!context.options.has("ctx"))
    options->llm.ctx = static_cast<int64_t>(ids->size());
  int64_t workers = options->workers;
  scored.modelPath = options->modelPath;
  std::unique_ptr<LanguageModel> model = LanguageModel::open(context, std::move(*options));
  if (!model || !areTokens(context, *ids, tokensOfModel(scored.modelPath)))
    return std::nullopt;
  if (static_cast<int64_t>(ids->size()) > model->ctx()) {
    context.fail("IG0413", "the file has " + std::to_string(ids->size()) + " tokens, the context has room for " + std::to_string(model->ctx()), file,
                 "give fewer tokens, or a larger --ctx");
    return std::nullopt;
  }
  if (!runTokens(*model, *ids, workers, scored))
    return std::nullopt;
  scored.device = model->device().str();
  scored.arrays = std::move(*arrays);
  return scored;
}

/// True when a matrix of the model is stored in blocks, so that its activations are quantised too.
bool hasBlockWeights(llvm::StringRef path) {
  Diagnostics ignored; // the file was read before
  std::optional<GgufFile> file = readGguf(path, ignored);
  return file && llvm::any_of(file->tensors, [](const GgufTensor &tensor) { return tensor.type->elements > 1; });
}

struct LogitComparison {
  double rmse = 0; // in units of the golden logits' standard deviation
  int64_t tops = 0; // rows whose top token differs although the golden's two best lie far apart
  double limit = 0;
};

/// Rows of the golden whose best two lie further apart than `gap`, and whose best is not the got one.
int64_t wrongTops(const Tensor &got, const Tensor &want, double gap) {
  int64_t width = want.shape().back(), wrong = 0;
  for (int64_t row = 0; row < want.count() / width; ++row) {
    int64_t best = 0, top = 0;
    double second = -INFINITY;
    for (int64_t i = 1; i < width; ++i) {
      double value = want.at(row * width + i), most = want.at(row * width + best);
      second = std::max(second, std::min(value, most));
      best = value > most ? i : best;
      top = got.at(row * width + i) > got.at(row * width + top) ? i : top;
    }
    wrong += top != best && want.at(row * width + best) - second > gap;
  }
  return wrong;
}

LogitComparison compareLogits(const Tensor &got, const Tensor &want, bool blocks) {
  constexpr double kFloatLimit = 1e-3, kBlockLimit = 5e-2, kGap = 4; // the contract's
  LogitComparison result;
  double sum = 0, squares = 0, errors = 0, count = static_cast<double>(want.count());
  for (int64_t i = 0; i < want.count(); ++i) {
    double w = want.at(i), error = got.at(i) - w;
    sum += w;
    squares += w * w;
    errors += error * error;
  }
  double mean = sum / count, deviation = std::sqrt(std::max(squares / count - mean * mean, 0.0));
  result.limit = blocks ? kBlockLimit : kFloatLimit;
  result.rmse = errors == 0 ? 0 : std::sqrt(errors / count) / deviation;
  result.tops = wrongTops(got, want, kGap * result.limit * deviation);
  return result;
}

/// The same direction with length 1: whether a golden embedding was scaled is its maker's choice.
Tensor unitVector(const Tensor &vector) {
  Tensor unit = vector;
  double squares = 0;
  for (int64_t i = 0; i < vector.count(); ++i)
    squares += vector.at(i) * vector.at(i);
  for (int64_t i = 0; i < vector.count() && squares > 0; ++i)
    unit.set(i, vector.at(i) / std::sqrt(squares));
  return unit;
}

struct Judged {
  Comparison elements;
  LogitComparison logits;
  std::string reason; // "" when right
};

/// --rtol, --atol and --exact compare element by element, else the error is judged in units of the logits' spread.
Judged judge(const Options &options, const Scored &scored, const Tensor &given) {
  Judged judged;
  bool embeds = scored.output == kEmbedding && given.dtype() == DType::F32;
  Tensor want = embeds ? unitVector(given) : given, got = embeds ? unitVector(scored.result) : scored.result;
  if (embeds && want.count() == got.count())
    want = want.reshaped(got.shape());
  judged.elements = compare(got, want, toleranceFor(options, want, false, 0));
  if (want.dtype() != DType::F32 || want.shape() != got.shape()) {
    judged.reason = judged.elements.reason;
    return judged;
  }
  judged.logits = compareLogits(got, want, hasBlockWeights(scored.modelPath));
  if (options.has("rtol") || options.has("atol") || options.has("exact"))
    judged.reason = judged.elements.reason;
  else if (!(judged.logits.rmse <= judged.logits.limit))
    judged.reason = "the rms error is above " + brief(judged.logits.limit);
  else if (judged.logits.tops && !embeds)
    judged.reason = std::to_string(judged.logits.tops) + " rows have another top token";
  return judged;
}

} // namespace

int runLanguageModel(const Context &context) {
  if (!context.options.has("input"))
    return context.fail("IG0002", "ingot run needs --input F.npz", "", "ingot help inputs says how to write one");
  std::optional<Scored> scored = scoreFile(context, context.options.text("input"));
  if (!scored)
    return kUserFault;
  llvm::json::Array rows = printTensors(context, {{scored->output.str(), &scored->result}});
  int status = kDone;
  if (context.options.has("output") && !writeNpz(context.options.text("output"), {{scored->output.str(), scored->result}}, context.diagnostics))
    status = kUserFault;
  return finish(context, llvm::json::Object{{"device", scored->device}, {"outputs", std::move(rows)}}, status);
}

int testLanguageModel(const Context &context) {
  if (!context.options.has("golden"))
    return context.fail("IG0002", "ingot test needs --golden F.npz", "", "ingot help inputs says what the file holds");
  std::string golden = context.options.text("golden");
  std::optional<Scored> scored = scoreFile(context, golden);
  if (!scored)
    return kUserFault;
  const Tensor *want = findTensor(scored->arrays, "out", scored->output);
  if (!want)
    return context.fail("IG0403", "the file has no array '" + scored->output.str() + "'", golden,
                        "it holds tokens [n] and logits [n, vocabulary]; of a model that makes embeddings tokens and embedding [d]");
  Judged judged = judge(context.options, *scored, *want);
  Table table({"output", "max abs error", "max rel error", "rms error / std", "result"});
  table.add({scored->output.str(), brief(judged.elements.maxAbs), brief(judged.elements.maxRel), brief(judged.logits.rmse),
             judged.reason.empty() ? "ok" : "FAIL: " + judged.reason});
  if (printsTable(context))
    table.print(llvm::outs());
  bool ok = judged.reason.empty();
  llvm::json::Object row{{"name", scored->output}, {"dtype", name(want->dtype())}, {"shape", llvm::json::Array(want->shape())}, {"max_abs", judged.elements.maxAbs},
                         {"max_rel", judged.elements.maxRel}, {"rmse", jsonNumber(judged.logits.rmse)}, {"wrong_tops", judged.logits.tops}, {"ok", ok}};
  return finish(context, llvm::json::Object{{"outputs", llvm::json::Array{std::move(row)}}, {"ok", ok}}, ok ? kDone : kUserFault);
}

} // namespace ingot
