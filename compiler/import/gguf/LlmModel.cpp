// Resolves a file against its architecture. All faults are collected; only the architecture itself and the number of blocks end it early, since
// everything else follows from them.
#include "compiler/import/gguf/LlmModel.h"

#include "compiler/import/gguf/LlmNumbers.h"
#include "dialects/quant/BlockFormats.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

namespace ingot {
namespace {

constexpr int kMaxListed = 20;      // faults of tensors printed one by one

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
    readLlmNumbers(keys, model);
    if (keys.failed())
      return std::nullopt;
    findTensors();
    reportCounts();
    leaveDrafts();
    reportUnused();
    if (keys.failed() || faults != 0 || !unsupported.empty())
      return std::nullopt;
    return std::move(model);
  }

private:
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

  const GgufTensor *floats(const std::string &name, llvm::ArrayRef<int64_t> shape, bool required) {
    const GgufTensor *tensor = find(name, shape, required);
    if (tensor && !canDequantize(*tensor->type))
      refuse(*tensor, "no vector of this type can be read");
    return tensor;
  }

  const GgufTensor *vector(const std::string &name, int64_t length, bool required) { return floats(name, {length}, required); }

  void refuse(const GgufTensor &tensor, llvm::StringRef reason) {
    unsupported.push_back({tensor.type->name.str(), printable(tensor.name), reason.str()});
  }

  const GgufTensor *matrix(const std::string &name, llvm::ArrayRef<int64_t> shape, bool required) {
    const GgufTensor *tensor = find(name, shape, required);
    if (tensor && !quant::findBlockFormat(tensor->type->name.lower()))
      refuse(*tensor, "no kernel multiplies with matrices of this type");
    return tensor;
  }

  /// Some converters leave out the end of the name.
  LlmNorm norm(const std::string &name, int64_t length) {
    bool isBare = !file.findTensor(name + ".weight") && file.findTensor(name);
    if (model.spec.norm == NormKind::Bare)
      return {nullptr, nullptr, true};
    LlmNorm made{vector(isBare ? name : name + ".weight", length, true)};
    if (model.spec.norm == NormKind::Layer || model.spec.norm == NormKind::Either)
      made.bias = vector(name + ".bias", length, model.spec.norm == NormKind::Layer);
    return made;
  }

  /// A norm that the description has no name for is none.
  LlmNorm named(const std::string &prefix, llvm::StringRef name) { return name.empty() ? LlmNorm() : norm(prefix + name.str(), model.width); }
  LlmHalfNorms named(const std::string &prefix, const HalfNorms &names) {
    return {named(prefix, names.before), named(prefix, names.after), named(prefix, names.sum)};
  }

  /// Of a product; that of its input is for devices which multiply it in 4 bits too.
  const GgufTensor *factor(const std::string &name, int64_t count) {
    used.insert(name + ".input_scale");
    return vector(name + ".scale", count, /*required=*/false);
  }

  LlmLinear linear(const std::string &name, int64_t in, int64_t out, bool required = true) {
    return {matrix(name + ".weight", {in, out}, required), vector(name + ".bias", out, /*required=*/false), factor(name, 1), 0, out};
  }

  /// One matrix whose rows are those of several.
  void split(const std::string &name, int64_t in, llvm::ArrayRef<std::pair<LlmLinear *, int64_t>> parts) {
    int64_t rows = 0;
    for (const auto &[part, count] : parts)
      rows += count;
    LlmLinear all = linear(name, in, rows);
    rows = 0;
    for (const auto &[part, count] : parts) {
      *part = {all.weight, all.bias, all.scale, rows, count};
      rows += count;
    }
  }

  /// Several matrices: one a head, or one a stream.
  LlmLinear stacked(const std::string &name, int64_t in, int64_t out, int64_t count) {
    return {matrix(name + ".weight", {in, out, count}, /*required=*/true), nullptr, nullptr, 0, out};
  }

  LlmLinear experts(const std::string &name, int64_t in, int64_t out) {
    LlmLinear made{matrix(name + ".weight", {in, out, model.experts}, /*required=*/true), nullptr, factor(name, model.experts), 0, out};
    made.bias = find(name + ".bias", {out, model.experts}, /*required=*/false);
    if (made.bias && made.bias->type->id != GgufTypeId::F32)
      refuse(*made.bias, "biases of experts are f32");
    return made;
  }

  void findHeadNorms(LlmBlock &block, const std::string &blk) {
    HeadNorms kind = model.spec.headNorms;
    int64_t length = block.keyLength;
    if (kind == HeadNorms::Own && file.findTensor(blk + "attn_q_norm.weight")) {
      bool shared = file.findTensor(blk + "attn_q_norm.weight")->shape.size() == 1;
      const int64_t query[] = {length, block.heads}, key[] = {length, block.kvHeads};
      block.queryNorm.weight = floats(blk + "attn_q_norm.weight", llvm::ArrayRef(query).take_front(shared ? 1 : 2), true);
      block.keyNorm.weight = floats(blk + "attn_k_norm.weight", llvm::ArrayRef(key).take_front(shared ? 1 : 2), true);
    }
    bool has = !model.spec.headNormsOptional || file.findTensor(blk + "attn_q_norm.weight");
    if (kind == HeadNorms::Bare)
      block.queryNorm.bare = block.keyNorm.bare = block.rotates && (model.experts == 0 || model.experts != model.spec.normlessExperts);
    if (kind == HeadNorms::None || kind == HeadNorms::Own || kind == HeadNorms::Bare || !has)
      return;
    bool each = kind == HeadNorms::Each;
    block.queryNorm = norm(blk + "attn_q_norm", each ? length : block.heads * length);
    if (!block.cacheOf)
      block.keyNorm = norm(blk + "attn_k_norm", each ? length : block.kvHeads * length);
  }

  void findAttention(LlmBlock &block, const std::string &blk) {
    int64_t width = model.width, query = block.heads * block.keyLength * (model.spec.gatedHeads ? 2 : 1);
    int64_t key = block.kvHeads * block.keyLength, value = block.kvHeads * block.valueLength;
    if (file.findTensor(blk + "attn_qkv.weight")) {
      split(blk + "attn_qkv", width, {{&block.query, query}, {&block.key, key}, {&block.value, value}});
    } else {
      block.query = linear(blk + "attn_q", width, query);
      if (!block.cacheOf)
        block.key = linear(blk + "attn_k", width, key);
      if (!block.cacheOf && (!model.spec.valueNorms || file.findTensor(blk + "attn_v.weight")))
        block.value = linear(blk + "attn_v", width, value);
    }
    if (block.cacheOf) // some converters write them all the same
      for (const char *name : {"attn_k.weight", "attn_v.weight", "attn_k_norm.weight"})
        used.insert(blk + name);
    block.output = linear(blk + "attn_output", block.heads * block.valueLength, width);
    findHeadNorms(block, blk);
    if (model.spec.gateMatrix)
      block.headGate = linear(blk + "attn_gate", width, block.heads * block.valueLength);
    if (model.spec.gateOfHead && file.findTensor(blk + "attn_gate.weight"))
      block.headGate = linear(blk + "attn_gate", width, block.heads);
    if (model.spec.sinks != Presence::Never)
      block.sinks = vector(blk + "attn_sinks.weight", block.heads, model.spec.sinks == Presence::Always);
  }

  void findLatent(LlmBlock &block, const std::string &blk) {
    const LlmLatentShape &shape = model.latent;
    LlmLatent &found = *block.latent;
    int64_t query = model.heads * (shape.plain + shape.turned);
    if (shape.queryRank != 0) {
      found.queryDown = linear(blk + "attn_q_a", model.width, shape.queryRank);
      found.queryNorm = norm(blk + "attn_q_a_norm", shape.queryRank);
      found.queryUp = linear(blk + "attn_q_b", shape.queryRank, query);
    } else {
      block.query = linear(blk + "attn_q", model.width, query);
    }
    found.down = linear(blk + "attn_kv_a_mqa", model.width, shape.rank + shape.turned);
    found.norm = norm(blk + "attn_kv_a_norm", shape.rank);
    if (shape.keepsRow) {
      found.keyUp = stacked(blk + "attn_k_b", shape.plain, shape.rank, model.heads);
      found.valueUp = stacked(blk + "attn_v_b", shape.rank, shape.value, model.heads);
      used.insert(blk + "attn_kv_b.weight"); // both once more, for programs from before them
    } else {
      found.both = linear(blk + "attn_kv_b", shape.rank, model.heads * (shape.plain + shape.value));
    }
    block.output = linear(blk + "attn_output", model.heads * shape.value, model.width);
  }

  void findShortConv(LlmShortConv &conv, const std::string &blk) {
    int64_t width = model.width;
    split(blk + "shortconv.in_proj", width, {{&conv.before, width}, {&conv.after, width}, {&conv.input, width}});
    conv.output = linear(blk + "shortconv.out_proj", width, width);
    conv.filter = floats(blk + "shortconv.conv.weight", {model.convTaps, width}, true);
  }

  void findRecurrence(LlmRecurrence &found, const std::string &blk) {
    const LlmRecurrenceShape &shape = model.recurrence;
    split(blk + "ssm_in", model.width, {{&found.gate, shape.inner()}, {&found.rows, shape.rows()}, {&found.delta, shape.heads}});
    found.filter = floats(blk + "ssm_conv1d.weight", {shape.taps, shape.rows()}, true);
    found.filterBias = vector(blk + "ssm_conv1d.bias", shape.rows(), false);
    found.deltaBias = vector(blk + "ssm_dt.bias", shape.heads, true);
    found.decay = floats(blk + "ssm_a", {1, shape.heads}, true);
    found.skip = floats(blk + "ssm_d", {1, shape.heads}, true);
    const int64_t normShape[] = {shape.inner() / shape.groups, shape.groups};
    found.norm = floats(blk + "ssm_norm.weight", llvm::ArrayRef(normShape).take_front(shape.groups == 1 ? 1 : 2), model.spec.recurrenceNorm);
    found.output = linear(blk + "ssm_out", shape.inner(), model.width);
  }

  void findDeltaNet(LlmDeltaNet &found, const std::string &blk) {
    const LlmRecurrenceShape &shape = model.recurrence;
    if (model.spec.joinedDelta && file.findTensor(blk + "ssm_in.weight")) {
      found.all = linear(blk + "ssm_in", model.width, shape.rows() + shape.inner());
    } else {
      found.rows = linear(blk + "attn_qkv", model.width, shape.rows());
      found.gate = linear(blk + "attn_gate", model.width, shape.inner());
    }
    if (model.spec.joinedDelta) {
      found.shares = linear(blk + "ssm_ba", model.width, 2 * shape.heads);
    } else {
      found.decay = linear(blk + "ssm_alpha", model.width, shape.heads);
      found.beta = linear(blk + "ssm_beta", model.width, shape.heads);
    }
    found.filter = floats(blk + "ssm_conv1d.weight", {shape.taps, shape.rows()}, true);
    found.decayBias = vector(blk + "ssm_dt.bias", shape.heads, true);
    found.decayRate = vector(blk + "ssm_a", shape.heads, true);
    found.norm = vector(blk + "ssm_norm.weight", shape.width, true);
    found.output = linear(blk + "ssm_out", shape.inner(), model.width);
  }

  void findMixer(LlmBlock &block, const std::string &blk) {
    if (!block.mixes)
      return;
    HalfNorms norms = model.spec.attentionNorms;
    if (model.spec.firstBare && blk == "blk.0." && !file.findTensor((blk + norms.before + ".weight").str()))
      norms.before = "";
    if (model.spec.secondNorm && file.findTensor(blk + "attn_norm_2.weight"))
      norms.before = "attn_norm_2";
    block.attentionNorms = named(blk, norms);
    if (model.spec.secondSum && file.findTensor(blk + "attn_norm_2.weight"))
      block.secondSum = norm(blk + "attn_norm_2", model.width);
    if (block.latent)
      findLatent(block, blk);
    else if (block.attends)
      findAttention(block, blk);
    if (block.straight)
      block.output = linear(blk + "attn_output", model.width, model.width);
    if (block.conv)
      findShortConv(*block.conv, blk);
    if (block.recurrence)
      findRecurrence(*block.recurrence, blk);
    if (block.delta)
      findDeltaNet(*block.delta, blk);
  }

  void findExperts(LlmBlock &block, const std::string &blk) {
    int64_t width = model.width, ffn = block.ffnWidth;
    bool gated = model.spec.feedForward != FeedForward::Plain;
    if (model.spec.choiceBias != Presence::Never)
      block.choiceBias = vector(blk + "exp_probs_b.bias", model.experts, model.spec.choiceBias == Presence::Always);
    if (model.spec.routingUnsaid)
      model.spec.routing = block.choiceBias ? Routing::Sigmoid : Routing::ShareThenTop;
    if (model.spec.denseBeside)
      block.routerScale = vector(blk + "ffn_gate_inp.scale", width, true);
    block.router = {matrix(blk + "ffn_gate_inp.weight", {width, model.experts}, true), vector(blk + "ffn_gate_inp.bias", model.experts, false), nullptr, 0, model.experts};
    block.down = experts(blk + "ffn_down_exps", ffn, width);
    if (gated && file.findTensor(blk + "ffn_gate_up_exps.weight")) {
      block.gateUp = experts(blk + "ffn_gate_up_exps", width, 2 * ffn);
      return;
    }
    block.up = experts(blk + "ffn_up_exps", width, ffn);
    if (gated)
      block.gate = experts(blk + "ffn_gate_exps", width, ffn);
  }

  void findSharedExpert(LlmBlock &block, const std::string &blk) {
    if (block.sharedWidth == 0)
      return;
    std::string end = model.spec.denseBeside ? "" : "_shexp";
    if (model.spec.feedForward != FeedForward::Plain)
      block.sharedGate = linear(blk + "ffn_gate" + end, model.width, block.sharedWidth);
    block.sharedUp = linear(blk + "ffn_up" + end, model.width, block.sharedWidth);
    block.sharedDown = linear(blk + "ffn_down" + end, block.sharedWidth, model.width);
    if (model.spec.sharedGate)
      block.sharedShare = vector(blk + "ffn_gate_inp_shexp.weight", model.width, true);
    if (!model.spec.denseBeside)
      return;
    block.denseAfter = norm(blk + "post_ffw_norm_1", model.width);
    block.expertsBefore = norm(blk + "pre_ffw_norm_2", model.width);
    block.expertsAfter = norm(blk + "post_ffw_norm_2", model.width);
  }

  void findFeedForward(LlmBlock &block, const std::string &blk) {
    int64_t width = model.width, ffn = block.ffnWidth;
    if (!block.feeds)
      return;
    block.ffnNorms = named(blk, model.spec.ffnNorms);
    if (model.spec.expertsFound)
      block.hasExperts = model.experts != 0 && file.findTensor(blk + "ffn_gate_inp.weight");
    block.ffnWidth = block.hasExperts ? block.expertWidth : block.ffnWidth;
    ffn = block.ffnWidth;
    if (block.hasExperts) {
      findExperts(block, blk);
      findSharedExpert(block, blk);
      return;
    }
    if (model.spec.feedForward == FeedForward::Joined)
      split(blk + "ffn_up", width, {{&block.gate, ffn}, {&block.up, ffn}});
    else
      block.up = linear(blk + "ffn_up", width, ffn);
    if (model.spec.feedForward == FeedForward::Gated)
      block.gate = linear(blk + "ffn_gate", width, ffn);
    block.down = linear(blk + "ffn_down", ffn, width);
  }

  /// What tokens bring to a block, and the factor of what leaves it.
  void findBehind(LlmBlock &block, const std::string &blk) {
    if (model.layerInput != 0)
      block.layerInput = LlmLayerInput{linear(blk + "inp_gate", model.width, model.layerInput), linear(blk + "proj", model.layerInput, model.width),
                                       norm(blk + "post_norm", model.width)};
    if (model.spec.streams)
      block.streams = blockStreams(blk);
    if (model.spec.blockScale)
      block.scale = vector(blk + "layer_output_scale.weight", 1, false);
  }

  LlmBlockStreams blockStreams(const std::string &blk) {
    const GgufTensor *low = file.findTensor(blk + "laurel_l.weight");
    int64_t width = model.width, streams = model.streams, rank = low && low->shape.size() == 2 ? low->shape[1] : 1;
    LlmBlockStreams found;
    found.router = linear(blk + "altup_router", width, streams);
    found.routerNorm = norm(blk + "altup_router_norm", width);
    found.predict = linear(blk + "altup_predict_coef", streams, streams * streams);
    found.correct = linear(blk + "altup_correct_coef", streams, streams);
    found.scale = vector(blk + "altup_correct_scale.weight", width, true);
    found.laurelDown = linear(blk + "laurel_l", width, rank);
    found.laurelUp = linear(blk + "laurel_r", rank, width);
    found.laurelAfter = norm(blk + "laurel_post_norm", width);
    return found;
  }

  void findLayerInputs() {
    if (model.spec.streams) {
      model.spread = stacked("altup_proj", model.width, model.width, model.streams - 1);
      model.gathered = stacked("altup_unembd_proj", model.width, model.width, model.streams - 1);
    }
    if (model.layerInput == 0)
      return;
    int64_t rows = model.layerInput * static_cast<int64_t>(model.blocks.size());
    model.layerTable = matrix("per_layer_token_embd.weight", {rows, model.vocabulary}, true);
    model.layerProjection = linear("per_layer_model_proj", model.width, rows);
    model.layerNorm = norm("per_layer_proj_norm", model.layerInput);
  }

  void findEmbedding() {
    const GgufTensor *embedding = file.findTensor("token_embd.weight");
    model.vocabulary = embedding && embedding->shape.size() == 2 ? embedding->shape[1] : 1;
    model.embedding = matrix("token_embd.weight", {model.width, model.vocabulary}, true);
    if (model.spec.positionTable != Presence::Never)
      model.positions = matrix("position_embd.weight", {model.width, model.context}, model.spec.positionTable == Presence::Always);
    if (const GgufTensor *types = model.spec.tokenTypes ? file.findTensor("token_types.weight") : nullptr)
      model.tokenTypes = matrix("token_types.weight", {model.width, types->shape.size() == 2 ? types->shape[1] : 1}, true);
    model.embeddingNorm = named("", model.spec.embeddingNorm);
  }

  void findRope() {
    int64_t pairs = model.rope.dims / 2;
    if (!model.spec.rotary)
      return;
    model.ropeFactors = vector("rope_freqs.weight", model.windowRope && model.spec.window.halfElsewhere ? model.windowRope->dims / 2 : pairs, false);
    model.longFactors = vector("rope_factors_long.weight", pairs, false);
    model.shortFactors = vector("rope_factors_short.weight", pairs, model.longFactors != nullptr);
  }

  /// Which feed-forward the first block has.
  FeedForward foundFeedForward() const {
    const GgufTensor *up = file.findTensor("blk.0.ffn_up.weight");
    bool joined = up && up->shape.size() == 2 && up->shape[1] == 2 * model.blocks[0].ffnWidth;
    return file.findTensor("blk.0.ffn_gate.weight") ? FeedForward::Gated : joined ? FeedForward::Joined : FeedForward::Plain;
  }

  void findTensors() {
    if (model.spec.feedForward == FeedForward::Found)
      model.spec.feedForward = foundFeedForward();
    bool alone = model.spec.halves == Halves::ByNorm && !file.findTensor("blk.0.ffn_norm.weight");
    if (alone) {
      model.spec.halves = Halves::Beside;
      model.spec.ffnNorms.before = model.spec.attentionNorms.before;
    }
    findEmbedding();
    findLayerInputs();
    findRope();
    model.outputNorm = named("", model.spec.outputNorm);
    if (model.spec.causal) {
      model.output = linear("output", model.width, model.vocabulary, /*required=*/false);
      if (!file.findTensor("output.weight"))
        model.output.weight = model.embedding;
    }
    int64_t width = model.width;
    for (const char *name : {"dense_2", "dense_3"})
      if (const GgufTensor *dense = model.spec.denseHeads ? file.findTensor(std::string(name) + ".weight") : nullptr) {
        int64_t rows = dense->shape.size() == 2 ? dense->shape[1] : 1;
        model.dense.push_back(linear(name, width, rows));
        width = rows;
      }
    for (size_t i = 0; i < model.blocks.size(); ++i) {
      std::string blk = llvm::formatv("blk.{0}.", i);
      findMixer(model.blocks[i], blk);
      findFeedForward(model.blocks[i], blk);
      findBehind(model.blocks[i], blk);
    }
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

  /// Tensors of the blocks that guess further tokens: nothing of what the model says depends on them.
  void leaveDrafts() {
    int left = 0;
    for (const GgufTensor &tensor : file.tensors)
      for (size_t i = 0; i < static_cast<size_t>(model.draftBlocks); ++i)
        if (tensor.name.starts_with(llvm::formatv("blk.{0}.", model.blocks.size() + i).str())) {
          used.insert(tensor.name);
          ++left;
        }
    if (left != 0)
      diagnostics.report("IG0645", llvm::formatv("{0} tensors of blocks that guess further tokens are left out", left), {file.path},
                         "the text is the same without them; a file converted without them is smaller");
  }

  /// A tensor that nothing reads is a sign that the description leaves something out, so a result would be a guess.
  void reportUnused() {
    std::vector<std::string> names;
    for (const GgufTensor &tensor : file.tensors)
      if (!used.contains(tensor.name))
        names.push_back(printable(tensor.name));
    if (names.empty() || faults++ != 0)
      return;
    diagnostics.report("IG0638", llvm::formatv("{0} tensors of the file are not understood: they are no part of the architecture '{1}'", names.size(), model.spec.name),
                       {file.path, "", names.front() + (names.size() > 1 ? " and others" : "")}, "the model may be newer than this Ingot; a result without them would be a guess");
  }

  const GgufFile &file;
  LlmKeys keys;
  std::vector<Unsupported> &unsupported;
  Diagnostics &diagnostics;
  LlmModel model;
  int faults = 0;
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
