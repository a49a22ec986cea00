// ingot diff: what the operations of two builds, devices or sets of options make of one input, and the first whose outputs part.
#include "tools/ingot/Compare.h"
#include "tools/ingot/LanguageModel.h"
#include "tools/ingot/Session.h"
#include "tools/ingot/Tokens.h"
#include "tools/ingot/Verify.h"
#include "targets/Target.h"

#include "llvm/Support/FileSystem.h"

#include <map>

namespace ingot {
namespace {

constexpr double kFloatAtol = 1e-4;

/// A or B, compiled so that what its operations make are outputs too.
struct Side {
  std::string text; // as typed
  Session session;
  std::vector<Tensor> values; // of program().outputs
};

/// What is typed of the way a program is made holds for B; what says what the program is, for both.
Options plainOptions(const Options &typed) {
  return typed.without({"device", "target", "features", "precision", "quantize", "sparsify", "sparse", "calibrate", "kv", "activations", "strict"});
}

/// A name of a device in the place of a model.
bool isDevice(llvm::StringRef word) {
  Diagnostics unknown;
  return !llvm::sys::fs::exists(word) && (word == "reference" || findDevice(word, unknown));
}

/// The inputs of a language model's program, as many tokens as it is compiled for: those of the file, or without one some. Nullopt: reported.
std::optional<NamedTensors> tokenArrays(const Context &context, llvm::StringRef model, const std::optional<NamedTensors> &given) {
  constexpr size_t kSome = 8, kMost = 512;
  size_t vocabulary = tokensOfModel(model);
  std::vector<int32_t> some(kSome);
  for (size_t i = 0; i < kSome; ++i)
    some[i] = static_cast<int32_t>((i + 1) % std::max<size_t>(vocabulary, 1));
  std::string file = context.options.text("input");
  std::optional<std::vector<int32_t>> ids = given ? tokensOf(context, *given, file) : some;
  if (!ids || !areTokens(context, *ids, vocabulary))
    return std::nullopt;
  if (ids->size() > kMost) {
    context.fail("IG0413", "the file has " + std::to_string(ids->size()) + " tokens, diff runs " + std::to_string(kMost) + " at most", file, "give fewer tokens");
    return std::nullopt;
  }
  auto count = static_cast<int64_t>(ids->size());
  Tensor tokens(DType::I32, {count}), position(DType::I32, {1}), counts(DType::I32, {1});
  for (int64_t i = 0; i < count; ++i)
    tokens.setInt(i, (*ids)[static_cast<size_t>(i)]);
  position.setInt(0, 0);
  counts.setInt(0, count);
  return NamedTensors{{"in|tokens", tokens}, {"in|position", position}, {"in|count", counts}};
}

/// Compiles `model`, for `device` unless that is empty. Nullopt: reported.
std::optional<Side> openSide(const Context &context, llvm::StringRef text, llvm::StringRef model, llvm::StringRef device, std::optional<NamedTensors> &arrays) {
  std::optional<CompileOptions> options = compileOptionsFor(context, model, arrays ? &*arrays : nullptr);
  if (!options)
    return std::nullopt;
  if (!device.empty()) {
    options->device = device.str();
    options->target = options->features = "";
  }
  if (isLanguageModel(options->modelPath)) {
    if (!(arrays = tokenArrays(context, options->modelPath, arrays)))
      return std::nullopt;
    options->llm.entries = {isEmbeddingModel(options->modelPath) || !options->llm.pooling.empty() ? "embed" : "score"};
    options->llm.sequences = 1;
    options->llm.chunk = findTensor(*arrays, "in", "tokens")->count();
    options->llm.ctx = std::max(options->llm.ctx, options->llm.chunk);
  }
  options->streamBytes = 0;
  options->showsValues = true;
  std::optional<Session> session = openSession(*options, context.diagnostics);
  if (!session)
    return std::nullopt;
  return Side{text.str(), std::move(*session), {}};
}

/// Runs a side on the arrays. False: reported.
bool runSide(const Context &context, Side &side, const NamedTensors &arrays) {
  std::optional<std::vector<Tensor>> inputs = gatherInputs(side.session, arrays, context.options.text("input"), context.diagnostics);
  if (!inputs)
    return false;
  const Session &session = side.session;
  llvm::Expected<std::vector<Tensor>> values =
      session.compiled ? runCompiled(*session.compiled, *inputs, session.program().workers, session.entry) : runReference(*session.reference, *inputs);
  if (!values)
    return context.fail(session.compiled ? "IG0311" : "IG0405", llvm::toString(values.takeError()), side.text) == kDone;
  side.values = std::move(*values);
  return true;
}

/// The inputs of the first side without --input.
NamedTensors madeInputs(const Session &session) {
  NamedTensors arrays;
  std::vector<Tensor> inputs = smallInputs(session.program());
  for (auto [io, tensor] : llvm::zip_equal(session.inputs(), inputs))
    arrays.emplace_back("in|" + io.name, tensor);
  return arrays;
}

/// Both sides, run. Nullopt: reported.
std::optional<std::pair<Side, Side>> runBoth(const Context &context) {
  std::optional<NamedTensors> arrays;
  if (context.options.has("input") && !(arrays = readNpz(context.options.text("input"), context.diagnostics)))
    return std::nullopt;
  std::string a = context.options.arguments[0], b = context.options.arguments[1];
  Options plain = plainOptions(context.options);
  std::optional<Side> first = openSide(Context{plain, context.diagnostics}, a, a, "", arrays);
  if (first && !arrays)
    arrays = madeInputs(first->session);
  std::optional<Side> second = first ? openSide(context, b, isDevice(b) ? a : b, isDevice(b) ? b : "", arrays) : std::nullopt;
  if (!second || !runSide(context, *first, *arrays) || !runSide(context, *second, *arrays))
    return std::nullopt;
  return std::make_pair(std::move(*first), std::move(*second));
}

/// How many of a program's outputs are the model's.
size_t ownOutputs(const Session &session) {
  mlir::ModuleOp module = session.compiled ? session.compiled->module.get() : session.reference->model.module.get();
  return static_cast<size_t>(module->getAttrOfType<mlir::IntegerAttr>("ingot.own_outputs").getInt());
}

/// The values that both sides have, compared in the order of the first side's program; its outputs last.
class Differ {
public:
  Differ(const Context &context, const Side &a, const Side &b) : context(context), a(a), b(b) {
    for (size_t i = 0; i < b.values.size(); ++i)
      places.try_emplace(b.session.program().outputs[i].name, i);
  }

  void run() {
    size_t own = ownOutputs(a.session);
    for (size_t i = own; i < a.values.size(); ++i)
      add(i);
    for (size_t i = 0; i < own; ++i)
      add(i);
  }

  int finish() {
    if (rows.empty())
      return context.fail("IG0406", "the two have no operation and no output in common", a.text, "compare a model with itself, or two builds of it");
    if (printsTable(context)) {
      table.print(llvm::outs());
      llvm::outs() << (first.empty() ? "all " + std::to_string(rows.size()) + " agree\n" : "first to part: " + printable(first) + "\n");
    }
    llvm::json::Value parting = first.empty() ? llvm::json::Value(nullptr) : llvm::json::Value(llvm::json::fixUTF8(first));
    return ingot::finish(context, llvm::json::Object{{"values", std::move(rows)}, {"first", std::move(parting)}, {"ok", first.empty()}}, first.empty() ? kDone : kUserFault);
  }

private:
  void add(size_t i) {
    const ProgramIo &io = a.session.program().outputs[i];
    auto place = places.find(io.name);
    if (place == places.end())
      return;
    const Tensor &got = a.values[i], &want = b.values[place->second];
    if (got.dtype() != want.dtype() || got.shape() != want.shape())
      return;
    Comparison result = compare(got, want, toleranceFor(context.options, want, integers, kFloatAtol));
    if (!result.ok && first.empty())
      first = io.name;
    table.add({printable(io.name), shapeText(io.shape), brief(result.maxAbs), brief(result.maxRel), result.ok ? "ok" : "FAIL: " + result.reason});
    rows.push_back(llvm::json::Object{{"name", llvm::json::fixUTF8(io.name)}, {"dtype", name(io.type)}, {"shape", llvm::json::Array(io.shape)},
                                      {"max_abs", jsonNumber(result.maxAbs)}, {"max_rel", jsonNumber(result.maxRel)}, {"ok", result.ok}});
  }

  const Context &context;
  const Side &a, &b;
  std::map<std::string, size_t> places; // of b's values
  bool integers = computesInIntegers(a.session.opCounts()) || computesInIntegers(b.session.opCounts());
  Table table{{"operation", "shape", "max abs error", "max rel error", "result"}};
  llvm::json::Array rows;
  std::string first; // to part
};

} // namespace

int runDiff(const Context &context) {
  std::optional<std::pair<Side, Side>> sides = runBoth(context);
  if (!sides)
    return kUserFault;
  Differ differ(context, sides->first, sides->second);
  differ.run();
  return differ.finish();
}

} // namespace ingot
