// Widths, heads, windows, rotation, factors: metadata to numbers, each in its range. Sizes come first, since ranges of the others follow from them.
#include "compiler/import/gguf/LlmNumbers.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace ingot {
namespace {

constexpr int64_t kMaxTaps = 1024;      // of a causal convolution: far above any model
constexpr int64_t kMaxBlocks = 1024;    // of the largest models there are, 126; bounds the size of the functions
constexpr int64_t kSoftmaxGating = 1;   // of expert_gating_func
constexpr int64_t kSigmoidGating = 2;
constexpr int64_t kSelectedGating = 3;  // softmax over the chosen experts
constexpr int64_t kStreams = 4;         // of the released models with streams, as are the two below
constexpr size_t kSparseBlocks = 10;
constexpr double kSparseDeviations = 1.6448533535003662; // 95 of 100 lie below
constexpr double kLinearFrom = 20;      // where log(1 + exp(x)) is x
constexpr double kLeastLimit = 1e-6;    // below: none
constexpr double kMostDeviations = 1e6;
constexpr double kWrittenSlope = 0.1;   // which the converter multiplies yarn_log_multiplier of latent keys by
constexpr int64_t kPoolings = 4;        // of pooling_type; beyond: models that rank

class Numbers {
public:
  Numbers(LlmKeys &keys, LlmModel &model) : keys(keys), model(model), spec(model.spec) {}

  void run() {
    readSizes();
    if (keys.failed())
      return;
    readExperts();
    readRecurrence();
    readWindows();
    readSharedCaches();
    readRope();
    readScales();
    readAlibi();
    readLatent();
    readStreams();
    readBends();
    readLimits();
    readActivation();
    readPooling();
    keys.refuseUnread();
  }

private:
  void readSizes() {
    int64_t blocks = keys.integer("block_count", std::nullopt, 1, kMaxBlocks);
    model.draftBlocks = spec.drafts ? keys.integer("nextn_predict_layers", 0, 0, blocks - 1) : 0;
    model.width = keys.integer("embedding_length");
    model.context = keys.integer("context_length");
    model.layerInput = spec.layerInputs ? keys.integer("embedding_length_per_layer_input", 0, 0) : 0;
    auto [heads, kvHeads] = readHeads(blocks);
    std::optional<int64_t> ofExperts = keys.has("expert_feed_forward_length") ? std::optional<int64_t>(0) : std::nullopt;
    bool feedsAll = spec.hasHeads && !ofExperts && !spec.oneHalf && !spec.ownHeads;
    std::vector<int64_t> widths = keys.perBlock("feed_forward_length", blocks, ofExperts, feedsAll ? 1 : 0, spec.hasHeads ? kMaxExtent : 0);
    bool rms = spec.norm == NormKind::Rms;
    model.epsilon = keys.real(rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon", std::nullopt, 0);
    if (spec.halves == Halves::ByKey)
      model.spec.halves = needed("use_parallel_residual") && keys.flag("use_parallel_residual", true) ? Halves::Beside : Halves::InTurn;
    if (spec.headless == Headless::ShortConv)
      model.convTaps = keys.integer("shortconv.l_cache", std::nullopt, 2, kMaxTaps);
    if (keys.flag("attention.causal", spec.causal) != spec.causal)
      keys.fail("IG0632", "attention.causal", "cannot be", spec.causal ? "true" : "false");
    if (spec.gatedHeads && model.keyLength != model.valueLength)
      keys.fail("IG0632", "attention.value_length", "cannot be", llvm::formatv("the {0} of attention.key_length, which the gates have", model.keyLength));
    std::vector<bool> attends = readAttending(kvHeads);
    for (int64_t i = 0; i < blocks - model.draftBlocks; ++i) {
      LlmBlock &block = model.blocks.emplace_back();
      block.heads = heads[i];
      block.kvHeads = kvHeads[i];
      block.attends = attends[i] && (heads[i] != 0 || !spec.ownHeads);
      block.straight = spec.ownHeads && heads[i] != 0 && !attends[i];
      block.ffnWidth = widths[i];
      block.keyLength = model.keyLength;
      block.valueLength = model.valueLength;
      block.feeds = spec.feedForward != FeedForward::None && ((!spec.oneHalf && !spec.ownHeads) || block.ffnWidth != 0);
      block.mixes = spec.ownHeads ? heads[i] != 0 : !spec.oneHalf || !block.feeds;
      if (block.attends && !block.mixes)
        keys.fail("IG0632", "feed_forward_length", "cannot be", "0 in blocks with heads of keys");
      addMixer(block);
      block.rotates = spec.rotary && (spec.unturnedEvery == 0 || (i + 1) % spec.unturnedEvery != 0);
    }
  }

  /// Heads of each block, and those of its keys; their lengths.
  std::pair<std::vector<int64_t>, std::vector<int64_t>> readHeads(int64_t blocks) {
    std::vector<int64_t> heads(blocks), kvHeads;
    if (spec.ownHeads)
      heads = keys.perBlock("attention.head_count", blocks, std::nullopt, 0, kMaxExtent);
    else
      heads.assign(blocks, keys.integer("attention.head_count", std::nullopt, spec.hasHeads ? 1 : 0, spec.hasHeads ? kMaxExtent : 0));
    model.heads = *llvm::max_element(heads);
    std::optional<int64_t> length = std::max<int64_t>(1, model.width / std::max<int64_t>(1, model.heads)), fallback = model.heads;
    if (spec.ownHeads)
      length = fallback = std::nullopt;
    model.keyLength = keys.integer("attention.key_length", length);
    model.valueLength = keys.integer("attention.value_length", length);
    bool every = (spec.headless == Headless::None || spec.attendsEvery) && !spec.ownHeads;
    kvHeads = keys.perBlock("attention.head_count_kv", blocks, fallback, every ? 1 : 0, kMaxExtent);
    for (int64_t i = 0; i < blocks; ++i)
      if (kvHeads[i] != 0 && heads[i] % kvHeads[i] != 0) {
        keys.fail("IG0632", "attention.head_count_kv", "cannot be", llvm::formatv("divisors of the {0} heads", heads[i]));
        break;
      }
    return {heads, kvHeads};
  }

  /// Whether the file has the key, whose lack is reported.
  bool needed(llvm::StringRef key) {
    if (!keys.has(key))
      keys.fail("IG0631", key, "is missing");
    return keys.has(key);
  }

  /// Which blocks have attention: those with heads of keys, or the last of each so many, or those that the file does not flag.
  std::vector<bool> readAttending(llvm::ArrayRef<int64_t> kvHeads) {
    std::vector<bool> attends;
    for (int64_t heads : kvHeads)
      attends.push_back(heads != 0);
    if (spec.attendsEvery == 0)
      return attends;
    int64_t every = keys.integer("full_attention_interval", spec.attendsEvery, 1, kMaxBlocks);
    const GgufValue *value = keys.value("attention.recurrent_layers");
    std::optional<std::vector<bool>> flags = value ? value->asBools() : std::nullopt;
    if (value && (!flags || flags->size() != attends.size())) {
      keys.fail("IG0632", "attention.recurrent_layers", "cannot be", llvm::formatv("{0} flags, one a block", attends.size()));
      return attends;
    }
    for (size_t i = 0; i < attends.size(); ++i)
      attends[i] = flags ? !(*flags)[i] : (static_cast<int64_t>(i) + 1) % every == 0;
    return attends;
  }

  void addMixer(LlmBlock &block) {
    if (spec.besideAttention || (spec.headless == Headless::Recurrence && !block.attends && block.mixes))
      block.recurrence.emplace();
    if (block.attends)
      return;
    if (spec.headless == Headless::ShortConv)
      block.conv.emplace();
    if (spec.headless == Headless::DeltaNet)
      block.delta.emplace();
  }

  void readExperts() {
    model.experts = keys.integer("expert_count", 0, 0, 65535);
    int64_t step = std::max<int64_t>(1, keys.integer("interleave_moe_layer_step", 1, 0, spec.interleaved ? kMaxBlocks : 1));
    readExpertGroups();
    if (model.experts <= 1) { // some converters count a feed-forward as one expert
      keys.integer("expert_used_count", 0, 0, model.experts);
      model.experts = 0;
      keys.integer("expert_feed_forward_length", 0, 0, 0);
      return;
    }
    model.expertsUsed = keys.integer("expert_used_count", std::nullopt, 1, model.experts);
    int64_t dense = keys.integer("leading_dense_block_count", 0, 0, spec.leadingDense ? static_cast<int64_t>(model.blocks.size()) : 0);
    int64_t width = keys.integer("expert_feed_forward_length", 0, 0);
    int64_t shared = spec.sharedByCount ? keys.integer("expert_shared_count", std::nullopt, 0, kMaxBlocks) * width : 0;
    shared = keys.integer("expert_shared_feed_forward_length", spec.sharedAlike ? width : shared, 0, spec.sharedExpert ? kMaxExtent : 0);
    for (size_t i = static_cast<size_t>(dense); i < model.blocks.size(); ++i) {
      LlmBlock &block = model.blocks[i];
      block.hasExperts = block.feeds && (i + 1) % static_cast<size_t>(step) == 0;
      if (!block.hasExperts)
        continue;
      block.sharedWidth = spec.denseBeside ? block.ffnWidth : shared;
      block.expertWidth = width ? width : block.ffnWidth;
    }
    keys.integer("moe_every_n_layers", 1, 1, 1);
    readRouting();
    model.spec.renormalizeExperts = keys.flag("expert_weights_norm", spec.renormalizeExperts);
    model.expertsScale = scale("expert_weights_scale", 1);
  }

  /// A group has two experts at least, and those that are chosen have as many as a row goes through.
  void readExpertGroups() {
    int64_t most = spec.expertGroups ? std::max<int64_t>(1, model.experts / 2) : 1;
    model.expertGroups = std::max<int64_t>(1, keys.integer("expert_group_count", 1, 0, most));
    model.groupsUsed = std::max<int64_t>(1, keys.integer("expert_group_used_count", model.expertGroups, 0, model.expertGroups));
    int64_t size = model.experts / model.expertGroups;
    if (size * model.expertGroups != model.experts || size * model.groupsUsed < keys.integer("expert_used_count", 0, 0))
      keys.fail("IG0632", "expert_group_count", "cannot be", llvm::formatv("a divisor of the {0} experts that leaves enough of them", model.experts));
  }

  void readRouting() {
    model.spec.routingUnsaid = spec.routingUnsaid && !keys.has("expert_gating_func");
    if (model.spec.routingUnsaid)
      return;
    if (spec.routingByKey) {
      int64_t gating = keys.integer("expert_gating_func", std::nullopt, kSoftmaxGating, kSelectedGating);
      model.spec.routing = gating == kSigmoidGating ? Routing::Sigmoid : gating == kSelectedGating ? Routing::TopThenShare : Routing::ShareThenTop;
      return;
    }
    int64_t gating = spec.routing == Routing::ShareThenTop ? kSoftmaxGating : spec.routing == Routing::TopThenShare ? kSelectedGating : kSigmoidGating;
    keys.integer("expert_gating_func", gating, gating, gating);
  }

  void readRecurrence() {
    if (llvm::none_of(model.blocks, [](const LlmBlock &block) { return block.recurrence || block.delta; }))
      return;
    LlmRecurrenceShape &shape = model.recurrence;
    int64_t inner = keys.integer("ssm.inner_size");
    shape.heads = keys.integer("ssm.time_step_rank");
    shape.length = keys.integer("ssm.state_size");
    shape.groups = keys.integer("ssm.group_count");
    shape.taps = keys.integer("ssm.conv_kernel", std::nullopt, 2, kMaxTaps);
    if (inner % shape.heads != 0)
      keys.fail("IG0632", "ssm.time_step_rank", "cannot be", llvm::formatv("a divisor of the {0} of ssm.inner_size", inner));
    if (shape.heads % shape.groups != 0)
      keys.fail("IG0632", "ssm.group_count", "cannot be", llvm::formatv("a divisor of the {0} of ssm.time_step_rank", shape.heads));
    shape.width = std::max<int64_t>(1, inner / shape.heads);
  }

  /// Which blocks have the window: a period or one flag a block in the file, else the architecture's period.
  void readWindows() {
    const WindowSpec &window = spec.window;
    if (window.period == 0)
      return;
    std::optional<int64_t> fallback = window.fallback == WindowSpec::kNeeded ? std::nullopt : std::optional(window.fallback);
    int64_t least = window.piecewise ? window.fallback : window.ownShape ? 1 : 0;
    int64_t width = keys.integer("attention.sliding_window", fallback, least, window.piecewise ? window.fallback : kMaxExtent), period = window.period;
    if (window.ownShape || window.said)
      needed("attention.sliding_window_pattern");
    const GgufValue *pattern = keys.value("attention.sliding_window_pattern");
    std::optional<std::vector<bool>> flags = pattern ? flagsOf(*pattern) : std::nullopt;
    size_t all = model.blocks.size() + static_cast<size_t>(model.draftBlocks);
    if (flags && flags->size() != all)
      keys.fail("IG0632", "attention.sliding_window_pattern", "cannot be", llvm::formatv("{0} flags, one a block", all));
    else if (!flags)
      period = keys.integer("attention.sliding_window_pattern", period, 1, kMaxBlocks);
    for (size_t i = 0; i < model.blocks.size() && !keys.failed(); ++i) {
      int64_t place = (static_cast<int64_t>(i) + (window.fullFirst ? period - 1 : 0)) % period;
      bool windowed = flags ? (*flags)[i] : period == 1 || place < period - 1;
      model.blocks[i].window = windowed ? width : 0;
      if (window.turnedAlone && width > 0)
        model.blocks[i].rotates = windowed;
    }
    if (window.ownShape)
      readWindowShapes();
  }

  /// An array of flags, or of 0 and 1.
  static std::optional<std::vector<bool>> flagsOf(const GgufValue &value) {
    std::optional<std::vector<int64_t>> numbers = value.kind() == GgufKind::Array ? value.asInts() : std::nullopt;
    if (!numbers || !llvm::all_of(*numbers, [](int64_t number) { return number == 0 || number == 1; }))
      return value.asBools();
    return std::vector<bool>(numbers->begin(), numbers->end());
  }

  void readWindowShapes() {
    int64_t key = keys.integer("attention.key_length_swa", model.keyLength), value = keys.integer("attention.value_length_swa", model.valueLength);
    for (LlmBlock &block : model.blocks) {
      block.keyLength = block.window > 0 ? key : model.keyLength;
      block.valueLength = block.window > 0 ? value : model.valueLength;
    }
    if (spec.valueNorms && (key != value || model.keyLength != model.valueLength))
      keys.fail("IG0632", "attention.value_length", "cannot be", "the key length, since values may be what attn_k gives");
  }

  /// Each of the last blocks shares with the last one before them that has its window and as many heads, as long.
  void readSharedCaches() {
    if (!spec.sharedCaches)
      return;
    int64_t blocks = static_cast<int64_t>(model.blocks.size());
    size_t first = static_cast<size_t>(blocks - keys.integer("attention.shared_kv_layers", 0, 0, blocks - 1));
    for (LlmBlock &block : llvm::MutableArrayRef(model.blocks).drop_front(first)) {
      for (size_t i = first; i-- != 0 && !block.cacheOf;)
        if (model.blocks[i].window == block.window)
          block.cacheOf = i;
      if (!block.cacheOf || model.blocks[*block.cacheOf].kvHeads != block.kvHeads)
        return keys.fail("IG0632", "attention.shared_kv_layers", "cannot be", "a number that leaves each block that shares one like it");
    }
  }

  void readRope() {
    if (!spec.rotary)
      return;
    if (!spec.rotatesKey.empty() && !keys.flag(spec.rotatesKey, true))
      for (LlmBlock &block : model.blocks)
        block.rotates = false;
    RopeSpec &rope = model.rope;
    rope.dims = rotated("rope.dimension_count", model.keyLength);
    rope.base = keys.real("rope.freq_base", 10000.0, 1);
    readSections();
    RopeSpec plain = rope;
    readStretch(rope);
    double windowBase = keys.real("rope.freq_base_swa", spec.window.ropeBase ? spec.window.ropeBase : rope.base, 1);
    if (spec.window.halfElsewhere)
      return readHalfRope(plain, windowBase);
    bool windows = llvm::any_of(model.blocks, [](const LlmBlock &block) { return block.window > 0; });
    if (spec.window.ownShape) {
      model.windowRope = plain;
      model.windowRope->base = windowBase;
      model.windowRope->dims = rotated("rope.dimension_count_swa", keys.integer("attention.key_length_swa", model.keyLength));
    }
    if (!windows || spec.window.ownShape || (windowBase == rope.base && (spec.window.stretched || rope.stretch == 1)))
      return;
    model.windowRope = spec.window.stretched ? rope : plain;
    model.windowRope->base = windowBase;
  }

  /// Blocks with a window turn by `plain` with their own base, the others half as many elements.
  void readHalfRope(const RopeSpec &plain, double windowBase) {
    model.windowRope = plain;
    model.windowRope->base = windowBase;
    model.windowRope->dims = rotated("rope.dimension_count_swa", plain.dims);
    if (plain.dims % 4 != 0)
      keys.fail("IG0632", "rope.dimension_count", "cannot be", "a multiple of 4, of which blocks without a window turn half");
    model.rope.dims = std::max<int64_t>(2, plain.dims / 2);
  }

  /// How many of a head's elements turn.
  int64_t rotated(llvm::StringRef key, int64_t length) {
    int64_t dims = keys.integer(key, length, 2, std::max<int64_t>(2, length));
    if (dims % 2 != 0)
      keys.fail("IG0632", key, "cannot be", "an even number");
    return dims;
  }

  /// Pairs whose place in a text is none would not turn at all, so a file must not have any.
  void readSections() {
    const GgufValue *value = spec.sectionsKey.empty() ? nullptr : keys.value(spec.sectionsKey);
    std::optional<std::vector<int64_t>> sections = value ? value->asInts() : std::nullopt;
    if (!value)
      return;
    bool good = sections && sections->size() >= 3 && sections->size() <= 4 && llvm::all_of(*sections, [&](int64_t pairs) { return pairs >= 0 && pairs <= model.rope.dims; });
    if (!good || (sections->size() == 4 && sections->back() != 0))
      keys.fail("IG0632", spec.sectionsKey, "cannot be", llvm::formatv("three numbers of pairs up to {0}, and 0", model.rope.dims));
  }

  void readStretch(RopeSpec &rope) {
    std::string type = keys.word("rope.scaling.type");
    if (!type.empty() && type != "none" && type != "linear" && type != "yarn" && type != "longrope")
      keys.fail("IG0636", "rope.scaling.type", "names a way to stretch the context that Ingot does not do", "none, linear, yarn or longrope");
    double old = keys.real("rope.scale_linear", 1.0, 0);
    double factor = keys.real("rope.scaling.factor", old, -1);
    rope.originalContext = static_cast<double>(keys.integer("rope.scaling.original_context_length", model.context));
    double yarnMagnitude = keys.real("rope.scaling.yarn_attn_factor", 1.0, 0), magnitude = keys.real("rope.scaling.attn_factor", 1.0, 0);
    rope.extrapolation = keys.real("rope.scaling.yarn_ext_factor", 1.0, -1);
    rope.betaFast = keys.real("rope.scaling.yarn_beta_fast", 32.0, 0);
    rope.betaSlow = keys.real("rope.scaling.yarn_beta_slow", 1.0, 0);
    rope.logMultiplier = keys.real("rope.scaling.yarn_log_multiplier", 0.0, -1e30);
    rope.magnitude = type == "yarn" ? magnitude * yarnMagnitude : magnitude;
    if (type == "none" || type == "longrope" || factor <= 0)
      return;
    rope.stretch = factor;
    rope.yarn = type == "yarn";
  }

  /// A factor that the architecture has under `key`; 0 in a file means the same as no key.
  double scale(llvm::StringRef key, double fallback) {
    double value = key.empty() ? fallback : keys.real(key, fallback, -1e30);
    return value == 0 ? fallback : value;
  }

  void readScales() {
    bool wide = spec.wideScaleBlocks != 0 && static_cast<int64_t>(model.blocks.size()) == spec.wideScaleBlocks;
    int64_t length = wide ? std::max<int64_t>(1, model.width / model.heads) : model.keyLength;
    model.attentionScale = scale(spec.attentionScaleKey, spec.attentionScale > 0 ? spec.attentionScale : 1 / std::sqrt(static_cast<double>(length)));
    model.embeddingScale = scale(spec.embeddingScaleKey, spec.embeddingRoot ? std::sqrt(static_cast<double>(model.width)) : 1);
    model.residualScale = scale(spec.residualScaleKey, 1);
    model.valueScale = scale(spec.valueScaleKey, 1);
    model.logitScale = scale(spec.logitScaleKey, 1) / scale(spec.logitFactorKey, 1);
    model.clamp = cap(spec.clampKey, 0);
    for (llvm::StringRef key : {spec.embeddingScaleKey, spec.residualScaleKey, spec.logitScaleKey, spec.logitFactorKey})
      if (spec.scalesNeeded && !key.empty())
        needed(key);
    model.attentionCap = cap(spec.attentionCapKey, spec.attentionCap);
    model.logitCap = cap(spec.logitCapKey, spec.logitCap);
    model.temperatureScale = scale(spec.temperatureScaleKey, spec.temperature);
    model.temperatureFirst = spec.temperature > 0 ? 1 : 0;
    int64_t trained = spec.temperatureLength ? spec.temperatureLength : static_cast<int64_t>(model.rope.originalContext);
    if (model.temperatureScale != 0)
      model.temperatureLength = static_cast<double>(spec.temperatureLengthKey.empty() ? trained : keys.integer(spec.temperatureLengthKey, trained));
  }

  /// Scores that lose by distance, where the file has them.
  void readAlibi() {
    bool has = spec.alibiBlocks == 0 || static_cast<int64_t>(model.blocks.size()) == spec.alibiBlocks;
    model.alibi = has ? cap(spec.alibiKey, spec.alibi) : 0;
    for (LlmBlock &block : model.blocks)
      block.rotates = block.rotates && (spec.alibiBlocks == 0 || !has);
  }

  void readLatent() {
    if (!spec.latentKeys)
      return;
    LlmLatentShape &shape = model.latent;
    shape.queryRank = keys.integer("attention.q_lora_rank", 0, 0);
    shape.rank = keys.integer("attention.kv_lora_rank");
    shape.keepsRow = keys.has("attention.key_length_mla");
    shape.turned = model.rope.dims;
    shape.plain = keys.integer("attention.key_length_mla", model.keyLength, shape.turned + 1) - shape.turned;
    shape.value = keys.integer("attention.value_length_mla", model.valueLength);
    int64_t heads = shape.keepsRow ? 1 : model.heads;
    if (shape.keepsRow && model.keyLength != shape.rank + shape.turned)
      keys.fail("IG0632", "attention.key_length", "cannot be", llvm::formatv("{0}: the row that is kept and what is rotated", shape.rank + shape.turned));
    if (llvm::any_of(model.blocks, [&](const LlmBlock &block) { return block.kvHeads != heads; }))
      keys.fail("IG0632", "attention.head_count_kv", "cannot be", llvm::formatv("{0} in all blocks", heads));
    for (LlmBlock &block : model.blocks) {
      block.latent.emplace();
      block.valueLength = shape.keepsRow ? block.keyLength : block.valueLength;
    }
    readLatentScale();
  }

  void readStreams() {
    if (!spec.streams)
      return;
    model.streams = keys.integer("altup.num_inputs", kStreams, 2, 64);
    keys.integer("altup.active_idx", 0, 0, 0);
    if (model.layerInput == 0)
      keys.fail("IG0631", "embedding_length_per_layer_input", "is missing");
    const GgufValue *value = keys.value("activation_sparsity_scale");
    std::optional<std::vector<double>> scales = value ? value->asFloats() : std::nullopt;
    if (value && (!scales || scales->size() != model.blocks.size() || llvm::any_of(*scales, [](double scale) { return std::isnan(scale) || scale > kMostDeviations; })))
      return keys.fail("IG0632", "activation_sparsity_scale", "cannot be", llvm::formatv("{0} standard deviations, one a block", model.blocks.size()));
    for (size_t i = 0; i < model.blocks.size(); ++i)
      model.blocks[i].sparsity = scales ? std::max(0.0, (*scales)[i]) : i < kSparseBlocks ? kSparseDeviations : 0;
  }

  /// A stretched context scales the scores too, since only a part of each head is rotated.
  void readLatentScale() {
    RopeSpec &rope = model.rope;
    double slope = rope.logMultiplier / kWrittenSlope;
    rope.logMultiplier = slope != 0 ? 1 : 0; // magnitudes of the rotated part are scaled by the others' quotient
    double growth = rope.yarn && rope.stretch > 1 ? rope.magnitude * (slope != 0 ? 1 + kWrittenSlope * slope * std::log(rope.stretch) : 1 + kWrittenSlope * std::log(rope.stretch)) : 1;
    model.attentionScale = growth * growth / std::sqrt(static_cast<double>(model.latent.plain + model.latent.turned));
  }

  double cap(llvm::StringRef key, double fallback) { return key.empty() ? fallback : std::max(0.0, keys.real(key, fallback, -1)); }

  void readBends() {
    if (!spec.bent)
      return;
    int64_t blocks = static_cast<int64_t>(model.blocks.size());
    std::vector<double> above = keys.realsOfBlocks("xielu.alpha_p", blocks), below = keys.realsOfBlocks("xielu.alpha_n", blocks);
    std::vector<double> slope = keys.realsOfBlocks("xielu.beta", blocks), least = keys.realsOfBlocks("xielu.eps", blocks);
    auto positive = [](double trained) { return trained > kLinearFrom ? trained : std::log1p(std::exp(trained)); };
    for (size_t i = 0; i < model.blocks.size(); ++i)
      model.blocks[i].bend = LlmBend{positive(above[i]), slope[i] + positive(below[i]), slope[i], least[i]};
  }

  void readLimits() {
    if (!spec.limits)
      return;
    int64_t blocks = static_cast<int64_t>(model.blocks.size()) + model.draftBlocks;
    std::vector<double> ofExperts = keys.realPerBlock("swiglu_clamp_exp", blocks, 0), others = keys.realPerBlock("swiglu_clamp_shexp", blocks, 0);
    auto limit = [](double number) { return number > kLeastLimit ? number : 0; };
    for (size_t i = 0; i < model.blocks.size(); ++i) {
      model.blocks[i].expertLimit = limit(ofExperts[i]);
      model.blocks[i].otherLimit = limit(others[i]);
    }
  }

  void readActivation() {
    std::string word = spec.activationKey.empty() ? "" : keys.word(spec.activationKey);
    if (word == "silu")
      model.spec.activation = nn::UnaryKind::swish;
    else if (!word.empty() && word != "gelu")
      keys.fail("IG0632", spec.activationKey, "cannot be", "gelu or silu");
  }

  void readPooling() {
    if (keys.has("pooling_type"))
      model.pooling = static_cast<Pooling>(keys.integer("pooling_type", std::nullopt, 0, kPoolings - 1));
  }

  LlmKeys &keys;
  LlmModel &model;
  const ArchSpec spec; // as described; the model's own copy follows the file
};

} // namespace

void readLlmNumbers(LlmKeys &keys, LlmModel &model) { Numbers(keys, model).run(); }

} // namespace ingot
