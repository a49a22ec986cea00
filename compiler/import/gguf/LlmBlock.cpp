// The halves of a block: attention with its heads, caches and windows, or a short convolution, a recurrence or a delta rule, and the feed-forward, dense
// or of experts.
// Shapes in comments: M rows, E width, H heads, K kv heads, D key length, S chosen experts.
#include "compiler/import/gguf/LlmGraph.h"

#include "dialects/nn/Shapes.h"
#include "dialects/quant/Quant.h"

#include "llvm/ADT/Sequence.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;

namespace ingot {
namespace {

constexpr llvm::StringLiteral kTemperature = "attention.temperature";
constexpr double kLeastSum = 0x1p-14; // the least normal f16, as models are run elsewhere
constexpr double kBeyondScores = 1e30; // more than any expert's share
constexpr int64_t kRingStep = 48; // rule H6 of nn.cached_attention

/// f32 [positions]: 1 + scale * log(1 + floor((position + first) / trained)).
Tensor makeTemperatures(double scale, double trained, double first, int64_t positions) {
  Tensor table(DType::F32, positions);
  for (int64_t t = 0; t < positions; ++t)
    table.mutableAs<float>()[t] = static_cast<float>(1 + scale * std::log(1 + std::floor((static_cast<double>(t) + first) / trained)));
  return table;
}

} // namespace

/// The stream [M, E], or the wanted rows of it, behind a block.
Value LlmGraph::passed(Value stream, const LlmBlock &block, int64_t index, const Step &step) {
  if (block.streams)
    return passedStreams(stream, block, index, step);
  Value added = block.mixes ? mixed(stream, block, index, step) : Value();
  Value before = added ? stream : wanted(stream, step);
  stream = added ? half(stream, added, block.attentionNorms) : before;
  if (block.secondSum.weight)
    stream = norm(binary(stream, before, nn::BinaryKind::add), block.secondSum);
  if (block.feeds)
    stream = half(stream, feedForward(model.spec.halves == Halves::Beside ? before : stream, before, block), block.ffnNorms);
  return behind(stream, block, index, step);
}

/// What the tokens bring to the block joins the stream, which may have a factor.
Value LlmGraph::behind(Value stream, const LlmBlock &block, int64_t index, const Step &step) {
  if (block.layerInput)
    stream = binary(stream, brought(block, index, stream, step), nn::BinaryKind::add);
  return block.scale ? binary(stream, vector(*block.scale), nn::BinaryKind::mul) : stream;
}

/// What the tokens bring to a block, as far as the stream [M, E] opens it.
Value LlmGraph::brought(const LlmBlock &block, int64_t index, Value stream, const Step &step) {
  int64_t rows = rowsOf(layerInputs), width = model.layerInput;
  Value own = nn::SliceOp::create(builder, loc, f32({rows, 1, width}), layerInputs, builder.getDenseI64ArrayAttr({0, index, 0}), builder.getDenseI64ArrayAttr({1, 1, 1}));
  Value opened = binary(activated(linear(stream, block.layerInput->gate)), wanted(reshape(own, {rows, width}), step), nn::BinaryKind::mul);
  return norm(linear(opened, block.layerInput->output), block.layerInput->after);
}

/// What a half adds joins the stream.
Value LlmGraph::half(Value stream, Value added, const LlmHalfNorms &norms) {
  added = scaled(norm(added, norms.after), model.residualScale);
  return norm(binary(stream, added, nn::BinaryKind::add), norms.sum);
}

// ---- attention ----

/// [M, count * D] -> [M, count, D], with the heads' norm, turned by their positions.
Value LlmGraph::heads(Value input, int64_t count, const LlmNorm &headNorm, const LlmBlock &block, Value position) {
  if (model.spec.headNorms == HeadNorms::Row)
    input = norm(input, headNorm);
  Value split = reshape(input, {rowsOf(input), count, block.keyLength});
  bool normed = model.spec.headNorms == HeadNorms::Each || model.spec.headNorms == HeadNorms::Own || model.spec.headNorms == HeadNorms::Bare, late = model.spec.headNormsTurned;
  if (normed && !late)
    split = norm(split, headNorm);
  split = turned(split, block, position);
  return normed && late ? norm(split, headNorm) : split;
}

/// [M, count, D], whose first elements turn by the rows' positions where the block's do.
Value LlmGraph::turned(Value split, const LlmBlock &block, Value position) {
  return block.rotates ? nn::RopeOp::create(builder, loc, split.getType(), split, ropeTable(block), position, model.spec.ropePairs) : split;
}

/// A ring pays when the window and one step's rows need less than the context.
int64_t LlmGraph::cacheRows(const LlmBlock &block) const {
  if (block.window == 0 || block.window >= ctx)
    return ctx;
  return std::min<int64_t>(ctx, llvm::alignTo(block.window + stepRows - 1, kRingStep));
}
bool LlmGraph::isRing(const LlmBlock &block) const { return cacheRows(block) < ctx; }

/// Appends rows [M, K, D] to the state and gives the whole cache [K, cache rows, D], one a sequence where there are several; without a cache the rows
/// themselves, [K, M, D].
Value LlmGraph::cached(Value rows, llvm::StringRef state, const LlmBlock &block, const Step &step) {
  llvm::ArrayRef<int64_t> shape = shapeOf(rows);
  if (step.last)
    return nn::TransposeOp::create(builder, loc, f32({shape[1], shape[0], shape[2]}), rows, builder.getDenseI64ArrayAttr({1, 0, 2}));
  Type element = narrowCache ? toMlir(DType::U8, builder.getContext()) : builder.getF16Type();
  llvm::SmallVector<int64_t> extents = {sequences, shape[1], cacheRows(block), narrowCache ? nn::cachedRowBytes(shape[2]) : shape[2]};
  auto type = RankedTensorType::get(llvm::ArrayRef(extents).drop_front(step.sequence ? 0 : 1), element);
  auto symbol = FlatSymbolRefAttr::get(builder.getContext(), state);
  Value before = nn::StateOp::create(builder, loc, type, symbol);
  Value after = nn::CacheAppendOp::create(builder, loc, type, before, rows, step.position, step.sequence, isRing(block));
  nn::WriteStateOp::create(builder, loc, after, symbol);
  return after;
}

/// Queries [M, H, D] of later positions count for more, where the architecture says so.
Value LlmGraph::tempered(Value query, const LlmBlock &block, Value position) {
  if (model.temperatureScale == 0 || (model.spec.temperature > 0 && block.rotates))
    return query;
  if (!store.contains(kTemperature)) {
    auto make = [scale = model.temperatureScale, trained = model.temperatureLength, first = model.temperatureFirst, positions = ctx](llvm::ArrayRef<Tensor>) {
      return makeTemperatures(scale, trained, first, positions);
    };
    store.addRecipe(kTemperature, DType::F32, ctx, Recipe{{}, "temperatures of positions", {make, ""}});
  }
  int64_t rows = rowsOf(query);
  Value factors = nn::GatherOp::create(builder, loc, f32({rows}), weight(kTemperature, f32({ctx})), positionsOf(rows, position), builder.getI64IntegerAttr(0));
  return binary(query, reshape(factors, {rows, 1, 1}), nn::BinaryKind::mul);
}

/// [M, H, D] -> [M, H * value length]
Value LlmGraph::attend(Value query, Value keys, Value values, const LlmBlock &block, const Step &step, Value position) {
  bool whole = step.last && !model.spec.causal;
  Value sinks = block.sinks ? vector(*block.sinks) : Value();
  auto mixed = nn::CachedAttentionOp::create(builder, loc, f32({rowsOf(query), block.heads, block.valueLength}), query, keys, values,
                                             whole ? step.last : position, step.sequence, sinks, llvm::APFloat(model.attentionScale),
                                             llvm::APFloat(model.attentionCap), static_cast<uint64_t>(block.window),
                                             llvm::APFloat(model.alibi), !step.last && isRing(block), whole, model.spec.window.piecewise && block.window > 0);
  return reshape(mixed, {rowsOf(query), block.heads * block.valueLength});
}

/// Rows [M, ...], or the one that is wanted where the step narrows.
Value LlmGraph::wanted(Value rows, const Step &step) { return step.narrow ? gathered(rows, step.row) : rows; }

/// The position of the first of them.
Value LlmGraph::wantedPosition(const Step &step) { return step.narrow ? binary(step.position, step.row, nn::BinaryKind::add) : step.position; }

/// The block's caches, behind those of the rows [M, E]; or the caches that it shares.
std::pair<Value, Value> LlmGraph::keysAndValues(Value normed, const LlmBlock &block, int64_t index, const Step &step) {
  if (block.cacheOf)
    return caches[*block.cacheOf];
  Value given = clamped(linear(normed, block.key));
  Value keys = cached(heads(given, block.kvHeads, block.keyNorm, block, step.position), llvm::formatv("blk.{0}.k", index).str(), block, step);
  Value value = reshape(block.value.weight ? clamped(linear(normed, block.value)) : given, {rowsOf(normed), block.kvHeads, block.valueLength});
  value = norm(value, {nullptr, nullptr, model.spec.valueNorms});
  return {keys, cached(value, llvm::formatv("blk.{0}.v", index).str(), block, step)};
}

/// Attention of the wanted rows, after all [M, E] have gone into the cache.
Value LlmGraph::attention(Value normed, const LlmBlock &block, int64_t index, const Step &step) {
  auto [keys, values] = caches[index] = keysAndValues(normed, block, index, step);
  normed = wanted(normed, step);
  Value position = wantedPosition(step);
  Value queries = clamped(linear(normed, block.query)), gates;
  if (model.spec.gatedHeads) { // each head's query, and its gate behind it
    gates = parts(queries, block.heads, block.keyLength, block.keyLength);
    queries = parts(queries, block.heads, 0, block.keyLength);
  }
  if (block.headGate.weight)
    gates = linear(normed, block.headGate);
  Value query = tempered(heads(queries, block.heads, block.queryNorm, block, position), block, position);
  Value attended = attend(query, keys, values, block, step, position);
  return scaled(linear(gates ? let(attended, gates, block) : attended, block.output), model.valueScale);
}

/// What heads give, [M, H * value length], times the sigmoids of as many gates, or of one a head.
Value LlmGraph::let(Value attended, Value gates, const LlmBlock &block) {
  Value open = unary(gates, nn::UnaryKind::sigmoid);
  if (!model.spec.gateOfHead)
    return binary(attended, open, nn::BinaryKind::mul);
  Value split = reshape(attended, {rowsOf(attended), block.heads, block.valueLength});
  return reshape(binary(split, reshape(open, {rowsOf(attended), block.heads, 1}), nn::BinaryKind::mul), shapeOf(attended));
}

// ---- what looks back through a state ----

Value LlmGraph::sequenceOf(const Step &step) { return step.sequence ? step.sequence : integers({0}); }
Value LlmGraph::countOf(const Step &step, Value rows) { return step.count ? step.count : integers({static_cast<int32_t>(rowsOf(rows))}); }

/// A depthwise convolution over rows [M, E] and those before them, which a state keeps.
Value LlmGraph::convolved(Value rows, const GgufTensor &weights, llvm::StringRef state, const Step &step) {
  at(weights.name);
  Value taps = filter(weights), sequence = sequenceOf(step), count = countOf(step, rows);
  auto symbol = FlatSymbolRefAttr::get(builder.getContext(), state);
  Value before = nn::StateOp::create(builder, loc, f32({sequences, shapeOf(taps)[0] - 1, shapeOf(rows)[1]}), symbol);
  auto conv = nn::CausalConvOp::create(builder, loc, TypeRange{before.getType(), rows.getType()}, before, rows, taps, step.position, sequence, count);
  nn::WriteStateOp::create(builder, loc, conv.getAfter(), symbol);
  return conv.getResult();
}

/// A gated convolution: [M, E] -> the wanted rows.
Value LlmGraph::shortConv(Value normed, const LlmShortConv &conv, int64_t index, const Step &step) {
  Value gated = binary(linear(normed, conv.before), linear(normed, conv.input), nn::BinaryKind::mul);
  Value mixed = wanted(convolved(gated, *conv.filter, llvm::formatv("blk.{0}.conv", index).str(), step), step);
  return linear(binary(linear(wanted(normed, step), conv.after), mixed, nn::BinaryKind::mul), conv.output);
}

/// Rows [M, x b c] and the steps' lengths [M, H] -> [M, H * width]; the heads' matrices are a state.
Value LlmGraph::scanned(Value rows, Value delta, const LlmRecurrence &found, llvm::StringRef state, const Step &step) {
  const LlmRecurrenceShape &shape = model.recurrence;
  at(found.decay->name);
  Value decay = shaped(*found.decay, shape.heads), skip = shaped(*found.skip, shape.heads), sequence = sequenceOf(step), count = countOf(step, rows);
  auto symbol = FlatSymbolRefAttr::get(builder.getContext(), state);
  Value before = nn::StateOp::create(builder, loc, f32({sequences, shape.heads, shape.length, shape.width}), symbol);
  auto scan = nn::SelectiveScanOp::create(builder, loc, TypeRange{before.getType(), f32({rowsOf(rows), shape.inner()})}, before, rows, delta, decay, skip,
                                          step.position, sequence, count);
  nn::WriteStateOp::create(builder, loc, scan.getAfter(), symbol);
  return scan.getResult();
}

/// Mamba-2: [M, E] -> the wanted rows.
Value LlmGraph::recurrence(Value normed, const LlmRecurrence &found, int64_t index, const Step &step) {
  const LlmRecurrenceShape &shape = model.recurrence;
  Value rows = convolved(linear(normed, found.rows), *found.filter, llvm::formatv("blk.{0}.conv", index).str(), step);
  if (found.filterBias)
    rows = binary(rows, vector(*found.filterBias), nn::BinaryKind::add);
  rows = unary(rows, nn::UnaryKind::swish, 1);
  Value delta = unary(binary(linear(normed, found.delta), vector(*found.deltaBias), nn::BinaryKind::add), nn::UnaryKind::softplus);
  Value mixed = wanted(scanned(rows, delta, found, llvm::formatv("blk.{0}.scan", index).str(), step), step);
  mixed = binary(mixed, unary(linear(wanted(normed, step), found.gate), nn::UnaryKind::swish, 1), nn::BinaryKind::mul);
  if (found.norm) {
    at(found.norm->name);
    int64_t width = shape.inner() / shape.groups;
    Value split = reshape(mixed, {rowsOf(mixed), shape.groups, width});
    split = nn::NormalizeOp::create(builder, loc, split.getType(), split, builder.getDenseI64ArrayAttr({2}), builder.getF64FloatAttr(model.epsilon), builder.getUnitAttr());
    mixed = reshape(binary(split, shaped(*found.norm, {shape.groups, width}), nn::BinaryKind::mul), {rowsOf(mixed), shape.inner()});
  }
  return linear(mixed, found.output);
}

/// A delta rule's rows [M, q k v] of the rows [M, E], and its gates [M, H * width] where one product makes both.
std::pair<Value, Value> LlmGraph::deltaRows(Value normed, const LlmDeltaNet &found) {
  const LlmRecurrenceShape &shape = model.recurrence;
  if (!found.all.weight)
    return {linear(normed, found.rows), Value()};
  Value all = linear(normed, found.all);
  int64_t keys = shape.length, values = shape.inner() / shape.groups;
  Value own[] = {parts(all, shape.groups, 0, keys), parts(all, shape.groups, keys, keys), parts(all, shape.groups, 2 * keys, values)};
  Value rows = nn::ConcatOp::create(builder, loc, f32({rowsOf(normed), shape.rows()}), ValueRange(own), builder.getI64IntegerAttr(1));
  return {rows, parts(all, shape.groups, 2 * keys + values, values)};
}

/// What each head forgets and takes, decay and beta [M, H], of the rows [M, E].
std::pair<Value, Value> LlmGraph::deltaShares(Value normed, const LlmDeltaNet &found) {
  int64_t groups = model.recurrence.groups, each = model.recurrence.heads / groups;
  Value joined = found.shares.weight ? linear(normed, found.shares) : Value();
  Value beta = joined ? parts(joined, groups, 0, each) : linear(normed, found.beta);
  Value time = joined ? parts(joined, groups, each, each) : linear(normed, found.decay);
  time = unary(binary(time, vector(*found.decayBias), nn::BinaryKind::add), nn::UnaryKind::softplus);
  return {unary(binary(time, vector(*found.decayRate), nn::BinaryKind::mul), nn::UnaryKind::exp), unary(beta, nn::UnaryKind::sigmoid)};
}

/// Rows [M, q k v] -> [M, H * width]; the heads' matrices are a state.
Value LlmGraph::deltas(Value rows, std::pair<Value, Value> shares, llvm::StringRef state, const Step &step) {
  const LlmRecurrenceShape &shape = model.recurrence;
  Value sequence = sequenceOf(step), count = countOf(step, rows);
  auto symbol = FlatSymbolRefAttr::get(builder.getContext(), state);
  Value before = nn::StateOp::create(builder, loc, f32({sequences, shape.heads, shape.length, shape.width}), symbol);
  auto delta = nn::GatedDeltaOp::create(builder, loc, TypeRange{before.getType(), f32({rowsOf(rows), shape.inner()})}, before, rows, shares.first, shares.second,
                                        step.position, sequence, count, llvm::APFloat(model.epsilon), model.spec.keysInTurn);
  nn::WriteStateOp::create(builder, loc, delta.getAfter(), symbol);
  return delta.getResult();
}

/// Gated DeltaNet: [M, E] -> the wanted rows.
Value LlmGraph::deltaNet(Value normed, const LlmDeltaNet &found, int64_t index, const Step &step) {
  const LlmRecurrenceShape &shape = model.recurrence;
  auto [rows, gates] = deltaRows(normed, found);
  rows = unary(convolved(rows, *found.filter, llvm::formatv("blk.{0}.conv", index).str(), step), nn::UnaryKind::swish, 1);
  Value mixed = wanted(deltas(rows, deltaShares(normed, found), llvm::formatv("blk.{0}.delta", index).str(), step), step);
  Value heads = norm(reshape(mixed, {rowsOf(mixed), shape.heads, shape.width}), LlmNorm{found.norm});
  Value gate = unary(gates ? wanted(gates, step) : linear(wanted(normed, step), found.gate), nn::UnaryKind::swish, 1);
  return linear(binary(reshape(heads, {rowsOf(mixed), shape.inner()}), gate, nn::BinaryKind::mul), found.output);
}

/// What tokens tell each other, with the norm before; `input` [M, E] becomes the wanted rows.
Value LlmGraph::mixed(Value &input, const LlmBlock &block, int64_t index, const Step &step) {
  Value normed = norm(input, block.attentionNorms.before), sum;
  input = wanted(input, step);
  if (block.latent)
    sum = latentAttention(normed, block, index, step);
  else if (block.attends)
    sum = attention(normed, block, index, step);
  if (block.straight)
    sum = linear(wanted(normed, step), block.output);
  if (block.conv)
    sum = shortConv(normed, *block.conv, index, step);
  if (block.delta)
    sum = deltaNet(normed, *block.delta, index, step);
  if (!block.recurrence)
    return sum;
  Value added = recurrence(normed, *block.recurrence, index, step);
  return sum ? binary(sum, added, nn::BinaryKind::add) : added;
}

// ---- feed-forward ----

Value LlmGraph::activated(Value input) {
  Value result = unary(input, model.spec.activation, model.spec.activationAlpha);
  return model.spec.squared ? binary(result, result, nn::BinaryKind::mul) : result;
}

Value LlmGraph::bent(Value input, const LlmBend &bend) {
  Value above = scaled(binary(input, input, nn::BinaryKind::mul), bend.above);
  Value below = binary(unary(binary(input, scalar(bend.least), nn::BinaryKind::min), nn::UnaryKind::exp), scalar(1), nn::BinaryKind::sub);
  below = scaled(binary(below, input, nn::BinaryKind::sub), bend.below);
  auto flags = RankedTensorType::get(shapeOf(input), builder.getI1Type());
  Value isAbove = nn::BinaryOp::create(builder, loc, flags, nn::BinaryKind::greater, input, scalar(0));
  Value curved = nn::SelectOp::create(builder, loc, input.getType(), isAbove, above, below);
  return binary(curved, scaled(input, bend.slope), nn::BinaryKind::add);
}

/// activation(gated) * up, with a limit clamped first and up + 1; with a bound the activation is at most that, and up on both sides.
Value LlmGraph::gate(Value gated, Value up, double bound) {
  double limit = model.spec.gateLimit;
  if (limit > 0) {
    gated = binary(gated, scalar(limit), nn::BinaryKind::min);
    up = binary(unary(up, nn::UnaryKind::clip, -limit, limit), scalar(1), nn::BinaryKind::add);
  }
  Value active = activated(gated);
  if (bound > 0) {
    active = binary(active, scalar(bound), nn::BinaryKind::min);
    up = unary(up, nn::UnaryKind::clip, -bound, bound);
  }
  return binary(active, up, nn::BinaryKind::mul);
}

/// What the last product of a feed-forward reads, from the others; without a gate the activation alone.
Value LlmGraph::opened(Value gated, Value up, double bound) { return gated ? gate(gated, up, bound) : activated(up); }

/// The expert that every row [M, E] goes through, weighed where the architecture says so.
Value LlmGraph::sharedExpert(Value input, const LlmBlock &block) {
  Value gated = block.sharedGate.weight ? linear(input, block.sharedGate) : Value();
  Value result = linear(opened(gated, linear(input, block.sharedUp), block.otherLimit), block.sharedDown);
  if (!block.sharedShare)
    return result;
  at(block.sharedShare->name);
  Value products = binary(input, vector(*block.sharedShare), nn::BinaryKind::mul);
  Value score = nn::ReduceOp::create(builder, loc, f32({rowsOf(input), 1}), nn::ReduceKind::sum, products, builder.getDenseI64ArrayAttr({1}));
  return binary(result, unary(score, nn::UnaryKind::sigmoid), nn::BinaryKind::mul);
}

/// The sum of both, each of the stream [M, E] between norms of its own; the router reads it without a norm's weights, and with a factor an element.
Value LlmGraph::denseAndExperts(Value input, const LlmBlock &block) {
  Value dense = norm(sharedExpert(norm(input, block.ffnNorms.before), block), block.denseAfter);
  Value routed = scaled(norm(input, {nullptr, nullptr, true}), 1 / std::sqrt(static_cast<double>(model.width)));
  routed = binary(routed, vector(*block.routerScale), nn::BinaryKind::mul);
  Value experts = norm(mixture(norm(input, block.expertsBefore), routed, block), block.expertsAfter);
  return binary(dense, experts, nn::BinaryKind::add);
}

/// `entering` is what came into the block.
Value LlmGraph::feedForward(Value input, Value entering, const LlmBlock &block) {
  Value normed = norm(input, block.ffnNorms.before), routed = model.spec.routedEarly ? entering : normed;
  if (block.hasExperts && model.spec.denseBeside)
    return denseAndExperts(input, block);
  if (block.hasExperts && block.sharedWidth)
    return binary(mixture(normed, routed, block), sharedExpert(normed, block), nn::BinaryKind::add);
  if (block.hasExperts)
    return mixture(normed, routed, block);
  if (model.spec.feedForward == FeedForward::Plain)
    return linear(block.bend ? bent(linear(normed, block.up), *block.bend) : activated(linear(normed, block.up)), block.down);
  Value gated = sparse(linear(normed, block.gate), block.sparsity);
  return linear(gate(gated, linear(normed, block.up), block.otherLimit), block.down);
}

/// [M, S or 1, in] x experts i32 [M, S] -> [M, S, out]
Value LlmGraph::expertProduct(Value input, const LlmLinear &linear, Value experts) {
  const GgufTensor &w = *linear.weight;
  at(w.name);
  RankedTensorType type = f32({rowsOf(input), shapeOf(experts)[1], w.shape[1]});
  Value product = quant::BlockMatmulExpertsOp::create(builder, loc, type, input, matrix(w), experts, format(w),
                                                       builder.getI64IntegerAttr(activations));
  if (linear.scale) {
    Value scales = nn::GatherOp::create(builder, loc, f32(shapeOf(experts)), vector(*linear.scale), experts, builder.getI64IntegerAttr(0));
    product = binary(product, reshape(scales, {type.getDimSize(0), type.getDimSize(1), 1}), nn::BinaryKind::mul);
  }
  if (!linear.bias)
    return product;
  Value biases = nn::GatherOp::create(builder, loc, type, table(*linear.bias), experts, builder.getI64IntegerAttr(0));
  return binary(product, biases, nn::BinaryKind::add);
}

/// [M, S or 1, in] x S matrices, each with its own -> [M, S, out]
Value LlmGraph::each(Value input, const LlmLinear &linear) {
  int64_t count = linear.weight->shape.size() == 3 ? linear.weight->shape[2] : 1;
  Value all = reshape(integers(llvm::to_vector(llvm::seq<int32_t>(0, static_cast<int32_t>(count)))), {1, count});
  auto type = RankedTensorType::get({rowsOf(input), count}, builder.getI32Type());
  return expertProduct(input, linear, nn::BroadcastOp::create(builder, loc, type, all));
}

/// What experts are chosen by, [M, X], without those of the groups whose two best add up to less than others'.
Value LlmGraph::ofBestGroups(Value judged) {
  int64_t rows = rowsOf(judged), groups = model.expertGroups, used = model.groupsUsed, size = model.experts / groups;
  if (groups == used)
    return judged;
  auto top = [&](Value of, llvm::ArrayRef<int64_t> shape) {
    const Type types[] = {f32(shape), RankedTensorType::get(shape, builder.getI64Type())};
    return nn::TopKOp::create(builder, loc, TypeRange(types), of, builder.getI64IntegerAttr(static_cast<int64_t>(shape.size()) - 1), UnitAttr());
  };
  auto best = top(reshape(judged, {rows, groups, size}), {rows, groups, 2});
  Value sums = nn::ReduceOp::create(builder, loc, f32({rows, groups, 1}), nn::ReduceKind::sum, best.getValues(), builder.getDenseI64ArrayAttr({2}));
  auto chosen = top(reshape(sums, {rows, groups}), {rows, used});
  Value which = nn::CastOp::create(builder, loc, RankedTensorType::get({rows, used}, builder.getI32Type()), chosen.getIndices(), UnitAttr());
  Value each = reshape(integers(llvm::to_vector(llvm::seq<int32_t>(0, static_cast<int32_t>(groups)))), {1, groups, 1});
  auto flags = RankedTensorType::get({rows, groups, used}, builder.getI1Type());
  Value equal = nn::BinaryOp::create(builder, loc, flags, nn::BinaryKind::equal, reshape(which, {rows, 1, used}), each);
  Value ones = nn::CastOp::create(builder, loc, f32({rows, groups, used}), equal, UnitAttr());
  Value kept = nn::ReduceOp::create(builder, loc, f32({rows, groups, 1}), nn::ReduceKind::sum, ones, builder.getDenseI64ArrayAttr({2}));
  Value lost = binary(binary(kept, scalar(1), nn::BinaryKind::sub), scalar(kBeyondScores), nn::BinaryKind::mul);
  return reshape(binary(reshape(judged, {rows, groups, size}), lost, nn::BinaryKind::add), {rows, model.experts});
}

/// Router scores [M, X] -> the weights of the S best [M, S], and which they are.
Value LlmGraph::expertWeights(Value scores, const LlmBlock &block, Value &experts) {
  int64_t rows = rowsOf(scores), chosen = model.expertsUsed;
  auto softmax = [&](Value of) { return nn::SoftmaxOp::create(builder, loc, of.getType(), of, builder.getI64IntegerAttr(1), UnitAttr()); };
  Routing routing = model.spec.routing;
  Value shares = routing == Routing::ShareThenTop ? Value(softmax(scores)) : routing == Routing::Sigmoid ? unary(scores, nn::UnaryKind::sigmoid) : scores;
  Value judged = block.choiceBias ? binary(shares, vector(*block.choiceBias), nn::BinaryKind::add) : shares;
  auto top = nn::TopKOp::create(builder, loc, TypeRange{f32({rows, chosen}), RankedTensorType::get({rows, chosen}, builder.getI64Type())}, ofBestGroups(judged),
                                builder.getI64IntegerAttr(1), UnitAttr());
  experts = nn::CastOp::create(builder, loc, RankedTensorType::get({rows, chosen}, builder.getI32Type()), top.getIndices(), UnitAttr());
  Value weights = top.getValues();
  if (block.choiceBias || model.groupsUsed < model.expertGroups)
    weights = nn::GatherElementsOp::create(builder, loc, weights.getType(), shares, top.getIndices(), builder.getI64IntegerAttr(1));
  if (routing == Routing::TopThenShare)
    weights = softmax(weights);
  else if (routing == Routing::TopThenSigmoid)
    weights = unary(weights, nn::UnaryKind::sigmoid);
  else if (model.spec.renormalizeExperts)
    weights = binary(weights, sumOfShares(weights), nn::BinaryKind::div);
  return scaled(weights, model.expertsScale);
}

/// [M, S] -> [M, 1]; of shares that may all be next to nothing, no less than what keeps the quotient finite.
Value LlmGraph::sumOfShares(Value weights) {
  Value sum = nn::ReduceOp::create(builder, loc, f32({rowsOf(weights), 1}), nn::ReduceKind::sum, weights, builder.getDenseI64ArrayAttr({1}));
  return model.spec.routing == Routing::Sigmoid || model.spec.choiceBias != Presence::Never ? binary(sum, scalar(kLeastSum), nn::BinaryKind::max) : sum;
}

/// What the last product of the chosen experts reads: rows [M, 1, E] -> [M, S, F].
Value LlmGraph::expertsOpened(Value rows, const LlmBlock &block, Value experts) {
  if (block.gateUp.weight) {
    Value both = expertProduct(rows, block.gateUp, experts);
    return gate(sliced(both, 0, block.ffnWidth), sliced(both, block.ffnWidth, block.ffnWidth), block.expertLimit);
  }
  Value gated = block.gate.weight ? expertProduct(rows, block.gate, experts) : Value();
  return opened(gated, expertProduct(rows, block.up, experts), block.expertLimit);
}

/// The S experts with the largest router weights, each row its own: [M, E] -> [M, E]; they are chosen by `routed`.
Value LlmGraph::mixture(Value input, Value routed, const LlmBlock &block) {
  int64_t rows = rowsOf(input);
  Value experts;
  Value weights = expertWeights(linear(routed, block.router), block, experts);
  Value each = reshape(input, {rows, 1, model.width});
  weights = reshape(weights, {rows, model.expertsUsed, 1});
  if (model.spec.weighedFirst)
    each = binary(nn::BroadcastOp::create(builder, loc, f32({rows, model.expertsUsed, model.width}), each), weights, nn::BinaryKind::mul);
  Value weighed = expertProduct(expertsOpened(each, block, experts), block.down, experts);
  if (!model.spec.weighedFirst)
    weighed = binary(weighed, weights, nn::BinaryKind::mul);
  Value sum = nn::ReduceOp::create(builder, loc, f32({rows, 1, model.width}), nn::ReduceKind::sum, weighed, builder.getDenseI64ArrayAttr({1}));
  return reshape(sum, {rows, model.width});
}

} // namespace ingot
