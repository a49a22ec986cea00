// importGguf: reader, resolver and graph builder in a row, and the choice of context, chunk and entry points.
#include "compiler/import/gguf/Import.h"

#include "compiler/import/gguf/LlmGraph.h"
#include "dialects/quant/Quant.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace ingot {
namespace {

constexpr int64_t kDefaultContext = 4096;
constexpr int64_t kDefaultText = 512; // of models that make embeddings: a whole text is one step
constexpr int64_t kShortChunk = 16;  // rows of prefill_short: about what the weights can be read for without being held up
constexpr int64_t kMaxContext = int64_t(1) << 20; // tables and caches stay within int64, and the memory of any device

/// --ctx, or the model's own. Nullopt: reported.
std::optional<int64_t> chooseContext(const LlmModel &model, const ImportLlm &options, llvm::StringRef path, Diagnostics &diagnostics) {
  if (options.ctx == 0)
    return std::min(model.context, model.spec.causal ? kDefaultContext : kDefaultText);
  if (options.ctx < 0 || options.ctx > kMaxContext) {
    diagnostics.report("IG0639", llvm::formatv("a context of {0} tokens was asked for", options.ctx), {path.str()}, llvm::formatv("give --ctx 1 to {0}", kMaxContext));
    return std::nullopt;
  }
  if (options.ctx > model.context && model.positions) {
    diagnostics.report("IG0639", llvm::formatv("a context of {0} tokens was asked for, the model has a table of {1} positions", options.ctx, model.context),
                       {path.str()}, llvm::formatv("give --ctx 1 to {0}", model.context));
    return std::nullopt;
  }
  if (options.ctx > model.context)
    diagnostics.report("IG0640", llvm::formatv("the context of {0} tokens is longer than the {1} that the model was made for", options.ctx, model.context),
                       {path.str()}, llvm::formatv("expect poor text beyond {0} tokens, or give --ctx {0}", model.context));
  return options.ctx;
}

/// Tokens of one step of an entry point with caches.
int64_t rowsOf(llvm::StringRef entry, int64_t chunk, int64_t sequences) {
  if (entry == "decode" || entry == "decode_batch")
    return entry == "decode" ? 1 : sequences;
  return entry == "prefill_short" ? std::min(chunk, kShortChunk) : chunk;
}

LlmGraph::Rows kindOf(llvm::StringRef entry) {
  if (entry == "decode_batch")
    return LlmGraph::Rows::Each;
  if (entry == "prefill_more")
    return LlmGraph::Rows::None;
  return entry.starts_with("prefill") ? LlmGraph::Rows::LastOfCount : LlmGraph::Rows::All;
}

/// What an application of the generated code must know, as the module's attribute `nn.constants`.
void addConstants(ModuleOp module, const GgufFile &file, const LlmModel &model, int64_t ctx, int64_t chunk, int64_t sequences) {
  Builder builder(module.getContext());
  llvm::SmallVector<Attribute> list;
  auto add = [&](llvm::StringRef name, int64_t value, llvm::StringRef comment) {
    list.push_back(builder.getDictionaryAttr({builder.getNamedAttr("name", builder.getStringAttr(name)),
                                              builder.getNamedAttr("value", builder.getI64IntegerAttr(value)),
                                              builder.getNamedAttr("comment", builder.getStringAttr(comment))}));
  };
  add("CONTEXT", ctx, "most tokens of a sequence");
  if (sequences > 1)
    add("SEQUENCES", sequences, "sequences that one state holds");
  add("CHUNK", chunk, "tokens of one prefill or prefill_more");
  add("SHORT_CHUNK", rowsOf("prefill_short", chunk, sequences), "tokens of one prefill_short");
  add("VOCABULARY", model.vocabulary, "tokens there are");
  if (model.keepsEnd())
    add("REWIND", 0, "positions that a sequence can go back: not all that is kept of it lies by positions, so it goes on, and is saved, at its end alone");
  auto addToken = [&](llvm::StringRef key, llvm::StringRef name, llvm::StringRef comment) {
    const GgufValue *value = file.find(key);
    std::optional<int64_t> id = value ? value->asInt() : std::nullopt;
    if (id && *id >= 0 && *id < model.vocabulary)
      add(name, *id, comment);
  };
  addToken("tokenizer.ggml.bos_token_id", "BOS", "token that begins a sequence");
  addToken("tokenizer.ggml.eos_token_id", "EOS", "token that ends a sequence");
  module->setAttr("nn.constants", builder.getArrayAttr(list));
}

/// The axes of a state [sequences, slices of one, rows, elements of a row].
llvm::SmallVector<int64_t, 4> cacheShape(nn::StateOp state) {
  llvm::SmallVector<int64_t, 4> shape(state.getType().getShape());
  if (llvm::any_of(state->getUsers(), [](Operation *user) { return isa<nn::SelectiveScanOp, nn::GatedDeltaOp>(user); })) // one row is all that a sequence has
    return {shape[0], 1, 1, shape[1] * shape[2] * shape[3]};
  bool keepsRows = llvm::any_of(state->getUsers(), [](Operation *user) { return isa<nn::CausalConvOp>(user); }); // [sequences, rows, channels]
  if (shape.size() == 3)
    shape.insert(shape.begin() + keepsRows, 1);
  return shape;
}

/// How positions lie in the states, as the module's attribute `nn.caches`: for each state [sequences, slices of one, rows, bytes of a row].
void addCaches(ModuleOp module) {
  Builder builder(module.getContext());
  std::map<std::string, Attribute> caches; // by state
  module.walk([&](nn::StateOp state) {
    llvm::SmallVector<int64_t, 4> shape = cacheShape(state);
    shape.back() *= static_cast<int64_t>(state.getType().getElementTypeBitWidth() / 8);
    caches[state.getSymbol().str()] = builder.getDenseI64ArrayAttr(shape);
  });
  llvm::SmallVector<NamedAttribute> list;
  for (const auto &[name, shape] : caches)
    list.push_back(builder.getNamedAttr(name, shape));
  module->setAttr("nn.caches", builder.getDictionaryAttr(list));
}

void countOps(ModuleOp module, ImportedModel &result) {
  module.walk([&](func::FuncOp function) {
    for (Operation &op : function.getBody().front().without_terminator()) {
      if (isa<nn::WeightOp, nn::ConstantOp, nn::StateOp>(op))
        continue;
      ++result.nodeCount;
      ++result.opCounts[op.getName().getStringRef().str()];
    }
  });
}

/// The pooling asked for, or the file's. Nullopt: reported.
std::optional<Pooling> choosePooling(const LlmModel &model, const ImportLlm &options, llvm::StringRef path, Diagnostics &diagnostics) {
  auto asked = llvm::StringSwitch<std::optional<Pooling>>(options.pooling)
                   .Case("mean", Pooling::Mean)
                   .Case("first", Pooling::First)
                   .Case("last", Pooling::Last)
                   .Default(model.pooling);
  if (asked && *asked != Pooling::None)
    return asked;
  diagnostics.report("IG0642", "the file names no pooling that makes one vector of a text", {path.str()}, "give --pooling mean, first or last");
  return std::nullopt;
}

/// The entry points asked for, or the usual ones of the model. Nullopt: reported.
std::optional<std::vector<std::string>> chooseEntries(const LlmModel &model, const ImportLlm &options, llvm::StringRef path, Diagnostics &diagnostics) {
  std::vector<std::string> entries = options.entries;
  if (entries.empty())
    entries = model.spec.causal ? textEntries() : std::vector<std::string>{"embed"};
  if (options.entries.empty() && model.spec.causal && options.sequences > 1)
    entries.push_back("decode_batch");
  if (!model.spec.causal && options.sequences > 1) {
    diagnostics.report("IG0644", llvm::formatv("{0} sequences were asked for, and the architecture '{1}' keeps none", options.sequences, model.spec.name),
                       {path.str()}, "leave out --sequences");
    return std::nullopt;
  }
  if (model.spec.causal || llvm::all_of(entries, [](const std::string &entry) { return entry == "embed"; }))
    return entries;
  diagnostics.report("IG0643", "the architecture '" + model.spec.name + "' makes embeddings and no text", {path.str()}, "use ingot embed, or ingot build");
  return std::nullopt;
}

/// False: reported.
bool addEntries(LlmGraph &graph, const LlmModel &model, const ImportLlm &options, llvm::ArrayRef<std::string> entries, int64_t ctx, int64_t chunk,
                llvm::StringRef path, Diagnostics &diagnostics) {
  for (const std::string &entry : entries) {
    if (entry != "embed") {
      graph.addEntry(entry, rowsOf(entry, chunk, options.sequences), kindOf(entry));
      continue;
    }
    std::optional<Pooling> pooling = choosePooling(model, options, path, diagnostics);
    if (!pooling)
      return false;
    graph.addEmbedding(entry, ctx, *pooling);
  }
  return true;
}

} // namespace

std::vector<std::string> textEntries() { return {"prefill", "prefill_more", "prefill_short", "decode"}; }

ImportedModel importGguf(llvm::StringRef path, const ImportLlm &options, MLIRContext &context, WeightStore &store, Diagnostics &diagnostics) {
  ImportedModel result;
  std::optional<GgufFile> file = readGguf(path, diagnostics);
  if (!file)
    return result;
  std::optional<LlmModel> model = resolveLlm(*file, result.unsupported, diagnostics);
  std::optional<int64_t> ctx = model ? chooseContext(*model, options, path, diagnostics) : std::nullopt;
  std::optional<std::vector<std::string>> entries = ctx ? chooseEntries(*model, options, path, diagnostics) : std::nullopt;
  if (!entries)
    return result;
  context.loadDialect<nn::NnDialect, quant::QuantDialect, func::FuncDialect>();
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  OpBuilder builder(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(NameLoc::get(builder.getStringAttr(printable(llvm::sys::path::filename(path)))));
  builder.setInsertionPointToEnd(module->getBody());
  int64_t chunk = std::clamp<int64_t>(options.chunk, 1, *ctx);
  int64_t rows = 1;
  for (const std::string &entry : *entries)
    rows = std::max(rows, entry == "embed" ? 1 : rowsOf(entry, chunk, options.sequences));
  GgufRequantizer types(*file, options.quantize);
  types.warnOfFallbacks(diagnostics);
  LlmGraph graph(*file, *model, types, *ctx, rows, options, store, builder);
  if (!addEntries(graph, *model, options, *entries, *ctx, chunk, path, diagnostics))
    return result;
  addConstants(*module, *file, *model, *ctx, chunk, options.sequences);
  if (llvm::any_of(*entries, [](const std::string &entry) { return entry != "embed"; }))
    addCaches(*module);
  countOps(*module, result);
  if (succeeded(verify(*module)))
    result.module = std::move(module);
  else
    diagnostics.report("IG0649", "the imported module is not valid: " + message, {path.str()}, "this is a fault of Ingot: please report it with the model");
  return result;
}

} // namespace ingot
