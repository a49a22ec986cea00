// Resolves a file against its architecture. All faults are collected; only the architecture itself and the number of blocks end it early, since
// everything else follows from them.
#include "compiler/import/gguf/LlmModel.h"

#include "compiler/import/gguf/LlmKeys.h"
#include "dialects/quant/BlockFormats.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace ingot {
namespace {

constexpr int kMaxListed = 20;      // faults of tensors printed one by one
constexpr int64_t kMaxBlocks = 1024; // of the largest models there are, 126; bounds the size of the functions

std::string shapeText(llvm::ArrayRef<int64_t> shape) {
  return "[" + llvm::join(llvm::map_range(shape, [](int64_t extent) { return std::to_string(extent); }), ", ") + "]";
}

class Resolver {
public:
  Resolver(const GgufFile &file, const ArchSpec &spec, std::vector<Unsupported> &unsupported, Diagnostics &diagnostics)
      : file(file), keys(file, spec.name, diagnostics), unsupported(unsupported), diagnostics(diagnostics) {
    model.spec = spec;
  }

  std::optional<LlmModel> run() {
    readSizes();
    if (keys.failed())
      return std::nullopt;
    readRope();
    readScales();
    findTensors();
    reportCounts();
    reportUnused();
    if (keys.failed() || faults != 0 || !unsupported.empty())
      return std::nullopt;
    return std::move(model);
  }

private:
  // ---- numbers ----

  void readSizes() {
    blocks = keys.integer("block_count", std::nullopt, 1, kMaxBlocks);
    model.width = keys.integer("embedding_length");
    model.context = keys.integer("context_length");
    model.heads = keys.integer("attention.head_count");
    int64_t headLength = std::max<int64_t>(1, model.width / std::max<int64_t>(1, model.heads));
    model.keyLength = keys.integer("attention.key_length", headLength);
    model.valueLength = keys.integer("attention.value_length", headLength);
    kvHeads = keys.perBlock("attention.head_count_kv", blocks, model.heads, 1, kMaxExtent);
    ffnWidths = keys.perBlock("feed_forward_length", blocks, std::nullopt, 1, kMaxExtent);
    model.experts = keys.integer("expert_count", 0, 0, 65535);
    model.expertsUsed = model.experts ? keys.integer("expert_used_count", std::nullopt, 1, model.experts) : 0;
    model.epsilon = keys.real("attention.layer_norm_rms_epsilon", std::nullopt, 0);
    if (llvm::any_of(kvHeads, [&](int64_t count) { return model.heads % count != 0; }))
      keys.fail("IG0632", "attention.head_count_kv", "cannot be", llvm::formatv("divisors of the {0} heads", model.heads));
    expertWidth = model.experts ? keys.integer("expert_feed_forward_length", 0, 0) : 0;
  }

  void readRope() {
    RopeSpec &rope = model.rope;
    rope.dims = keys.integer("rope.dimension_count", model.keyLength, 2, model.keyLength);
    if (rope.dims % 2 != 0)
      keys.fail("IG0632", "rope.dimension_count", "cannot be", "an even number");
    rope.base = keys.real("rope.freq_base", 10000.0, 1);
    std::string type = keys.word("rope.scaling.type");
    if (!type.empty() && type != "none" && type != "linear" && type != "yarn")
      keys.fail("IG0636", "rope.scaling.type", "names a way to stretch the context that Ingot does not do", "none, linear or yarn");
    double old = keys.real("rope.scale_linear", 1.0, 0);
    double factor = keys.real("rope.scaling.factor", old, -1);
    if (type == "none" || factor <= 0)
      return;
    rope.stretch = factor;
    rope.yarn = type == "yarn";
    rope.originalContext = static_cast<double>(keys.integer("rope.scaling.original_context_length", model.context));
    rope.extrapolation = keys.real("rope.scaling.yarn_ext_factor", 1.0, -1);
    rope.betaFast = keys.real("rope.scaling.yarn_beta_fast", 32.0, 0);
    rope.betaSlow = keys.real("rope.scaling.yarn_beta_slow", 1.0, 0);
    rope.magnitude = keys.real("rope.scaling.yarn_attn_factor", 1.0, 0) * keys.real("rope.scaling.attn_factor", 1.0, 0);
  }

  /// A factor that the architecture has under `key`; 0 in a file means the same as no key.
  double scale(llvm::StringRef key, double fallback) {
    double value = key.empty() ? fallback : keys.real(key, fallback, -1e30);
    return value == 0 ? fallback : value;
  }

  void readScales() {
    model.attentionScale = scale(model.spec.attentionScaleKey, 1 / std::sqrt(static_cast<double>(model.keyLength)));
    model.embeddingScale = scale(model.spec.embeddingScaleKey, 1);
    model.residualScale = scale(model.spec.residualScaleKey, 1);
    model.logitScale = scale(model.spec.logitScaleKey, 1);
  }

  // ---- tensors ----

  void fault(llvm::StringRef code, llvm::StringRef tensor, std::string what, std::string expected, std::string found, std::string help) {
    if (++faults > kMaxListed)
      return;
    Diagnostic d;
    d.code = code.str();
    d.what = std::move(what);
    d.where.file = file.path;
    d.where.tensor = tensor.str();
    d.expected = std::move(expected);
    d.found = std::move(found);
    d.help = std::move(help);
    diagnostics.report(std::move(d));
  }

  /// The tensor `name` of this shape; null when it is absent (reported when `required`) or of another shape (reported).
  const GgufTensor *find(const std::string &name, llvm::ArrayRef<int64_t> shape, bool required) {
    const GgufTensor *tensor = file.findTensor(name);
    if (!tensor) {
      if (required)
        fault("IG0633", name, "a tensor that the architecture '" + model.spec.name + "' needs is missing", "shape " + shapeText(shape), "no such tensor",
              "the file is incomplete, or of another architecture than it says; convert the model again");
      return nullptr;
    }
    used.insert(name);
    llvm::ArrayRef<int64_t> have = tensor->shape;
    while (have.size() > shape.size() && have.back() == 1)
      have = have.drop_back();
    if (have == shape)
      return tensor;
    fault("IG0634", name, "a tensor has another shape than the metadata say", shapeText(shape), shapeText(tensor->shape),
          "the metadata and the tensors belong to different models; convert the model again");
    return nullptr;
  }

  const GgufTensor *vector(const std::string &name, int64_t length, bool required) {
    const GgufTensor *tensor = find(name, {length}, required);
    if (tensor && !canDequantize(*tensor->type))
      refuse(*tensor, "no vector of this type can be read");
    return tensor;
  }

  void refuse(const GgufTensor &tensor, llvm::StringRef reason) {
    unsupported.push_back({tensor.type->name.str(), printable(tensor.name), reason.str()});
  }

  const GgufTensor *matrix(const std::string &name, llvm::ArrayRef<int64_t> shape, bool required) {
    const GgufTensor *tensor = find(name, shape, required);
    if (tensor && !quant::findBlockFormat(tensor->type->name.lower()))
      refuse(*tensor, "no kernel multiplies with matrices of this type");
    return tensor;
  }

  LlmLinear linear(const std::string &name, int64_t in, int64_t out, bool required = true) {
    LlmLinear made;
    made.weight = matrix(name + ".weight", {in, out}, required);
    made.bias = vector(name + ".bias", out, /*required=*/false);
    return made;
  }

  LlmLinear experts(const std::string &name, int64_t in, int64_t out) {
    LlmLinear made;
    made.weight = matrix(name + ".weight", {in, out, model.experts}, /*required=*/true);
    return made;
  }

  void findBlock(int64_t index) {
    LlmBlock block;
    std::string blk = llvm::formatv("blk.{0}.", index);
    int64_t width = model.width, ffn = model.experts && expertWidth ? expertWidth : ffnWidths[index];
    block.kvHeads = kvHeads[index];
    block.attentionNorm = vector(blk + "attn_norm.weight", width, true);
    block.query = linear(blk + "attn_q", width, model.heads * model.keyLength);
    block.key = linear(blk + "attn_k", width, block.kvHeads * model.keyLength);
    block.value = linear(blk + "attn_v", width, block.kvHeads * model.valueLength);
    block.output = linear(blk + "attn_output", model.heads * model.valueLength, width);
    if (model.spec.headNorms) {
      block.queryNorm = vector(blk + "attn_q_norm.weight", model.keyLength, true);
      block.keyNorm = vector(blk + "attn_k_norm.weight", model.keyLength, true);
    }
    block.ffnNorm = vector(blk + "ffn_norm.weight", width, true);
    if (model.experts) {
      block.router = linear(blk + "ffn_gate_inp", width, model.experts);
      block.gate = experts(blk + "ffn_gate_exps", width, ffn);
      block.up = experts(blk + "ffn_up_exps", width, ffn);
      block.down = experts(blk + "ffn_down_exps", ffn, width);
    } else {
      block.gate = linear(blk + "ffn_gate", width, ffn);
      block.up = linear(blk + "ffn_up", width, ffn);
      block.down = linear(blk + "ffn_down", ffn, width);
    }
    model.blocks.push_back(block);
  }

  void findTensors() {
    const GgufTensor *embedding = file.findTensor("token_embd.weight");
    model.vocabulary = embedding && embedding->shape.size() == 2 ? embedding->shape[1] : 1;
    model.embedding = matrix("token_embd.weight", {model.width, model.vocabulary}, true);
    model.outputNorm = vector("output_norm.weight", model.width, true);
    model.output = linear("output", model.width, model.vocabulary, /*required=*/false);
    if (!file.findTensor("output.weight"))
      model.output.weight = model.embedding;
    model.ropeFactors = vector("rope_freqs.weight", model.rope.dims / 2, false);
    for (int64_t i = 0; i < blocks; ++i)
      findBlock(i);
  }

  // ---- what was found ----

  void reportCounts() {
    if (faults > kMaxListed)
      diagnostics.report("IG0637", llvm::formatv("{0} more tensors are missing or of another shape", faults - kMaxListed), {file.path}, "repair the ones above first");
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> groups;
    for (const Unsupported &entry : unsupported)
      groups[{entry.op, entry.reason}].push_back(entry.name);
    for (const auto &[group, names] : groups)
      diagnostics.report("IG0635", llvm::formatv("{0} tensors have type {1}: {2}", names.size(), group.first, group.second),
                         {file.path, "", names.front() + (names.size() > 1 ? " and others" : "")}, "quantise the model again with " + knownFormats());
  }

  static std::string knownFormats() {
    std::vector<std::string> names;
    for (const quant::BlockFormat &format : quant::blockFormats())
      names.push_back(format.name.upper());
    return llvm::join(names, ", ");
  }

  /// A tensor that nothing reads is a sign that the description leaves something out, so it is said.
  void reportUnused() {
    std::vector<std::string> names;
    for (const GgufTensor &tensor : file.tensors)
      if (!used.contains(tensor.name))
        names.push_back(printable(tensor.name));
    if (names.empty() || faults != 0)
      return;
    diagnostics.report("IG0638", llvm::formatv("{0} tensors of the file are not used by the architecture '{1}'", names.size(), model.spec.name),
                       {file.path, "", names.front() + (names.size() > 1 ? " and others" : "")}, "the result may differ from the model's own; compare it with a golden file");
  }

  const GgufFile &file;
  LlmKeys keys;
  std::vector<Unsupported> &unsupported;
  Diagnostics &diagnostics;
  LlmModel model;
  int64_t blocks = 0, expertWidth = 0;
  int faults = 0;
  std::vector<int64_t> kvHeads, ffnWidths;
  llvm::StringSet<> used;
};

const ArchSpec *findArch(const GgufFile &file, const ArchRegistry &registry, Diagnostics &diagnostics) {
  const GgufValue *value = file.find("general.architecture");
  std::optional<llvm::StringRef> wanted = value ? value->asString() : std::nullopt;
  if (!wanted) {
    diagnostics.report("IG0631", "metadata key 'general.architecture' is missing or no string", {file.path}, "convert the model again with a current converter");
    return nullptr;
  }
  auto found = registry.find(wanted->str());
  if (found != registry.end())
    return &found->second;
  std::vector<llvm::StringRef> known;
  for (const auto &[name, spec] : registry)
    known.push_back(name);
  std::string near = closest(*wanted, known);
  Where where{file.path};
  where.byte = value->offset();
  diagnostics.report("IG0630", "Ingot has no description of the architecture '" + printable(*wanted) + "'", where,
                     "known architectures: " + llvm::join(known, ", ") + (near.empty() ? "" : "; the closest is '" + near + "'"));
  return nullptr;
}

} // namespace

std::optional<LlmModel> resolveLlm(const GgufFile &file, std::vector<Unsupported> &unsupported, Diagnostics &diagnostics) {
  ArchRegistry registry;
  registerGgufArchs(registry);
  const ArchSpec *spec = findArch(file, registry, diagnostics);
  return spec ? Resolver(file, *spec, unsupported, diagnostics).run() : std::nullopt;
}

} // namespace ingot
