// The functions of a language model in nn and quant ops: weights, small pieces and entry points; LlmBlock.cpp has the blocks. Every entry point is
// the same walk; they differ in the number of rows and in what becomes of them. Shapes in comments: M rows, E width, V vocabulary.
#include "compiler/import/gguf/LlmGraph.h"

#include "dialects/quant/Quant.h"

#include "llvm/ADT/Sequence.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;

namespace ingot {
namespace {

constexpr llvm::StringLiteral kRopeTable = "rope.table", kWindowRopeTable = "rope.window.table";

/// Elements first .. first + count(shape) - 1 as f32: a view where the file has them so, else their exact values.
Tensor floatTensor(const GgufTensor &tensor, llvm::ArrayRef<int64_t> shape, int64_t first, const std::shared_ptr<const void> &owner) {
  bool aligned = reinterpret_cast<uintptr_t>(tensor.data) % alignof(float) == 0;
  if (tensor.type->id == GgufTypeId::F32 && aligned)
    return Tensor(DType::F32, shape, tensor.data + first * static_cast<int64_t>(sizeof(float)), owner);
  std::vector<float> all(tensor.elements());
  dequantizeRow(*tensor.type, tensor.data, all.data(), tensor.elements());
  Tensor values(DType::F32, shape);
  std::copy_n(all.begin() + first, values.count(), values.mutableAs<float>().data());
  return values;
}

std::string sliceName(const GgufTensor &tensor, int64_t first) {
  return first == 0 ? tensor.name.str() : llvm::formatv("{0}.from.{1}", tensor.name, first).str();
}

} // namespace

LlmGraph::LlmGraph(const GgufFile &file, const LlmModel &model, const GgufRequantizer &types, int64_t ctx, int64_t rows, const ImportLlm &options, WeightStore &store,
                   OpBuilder &builder)
    : file(file), model(model), types(types), ctx(ctx), stepRows(rows), activations(options.activations), sequences(options.sequences), narrowCache(options.narrowCache), store(store),
      builder(builder), loc(builder.getUnknownLoc()) {}

RankedTensorType LlmGraph::f32(llvm::ArrayRef<int64_t> shape) const { return RankedTensorType::get(shape, builder.getF32Type()); }
void LlmGraph::at(llvm::StringRef tensor) { loc = NameLoc::get(builder.getStringAttr(printable(tensor))); }

// ---- weights ----

Value LlmGraph::weight(llvm::StringRef name, RankedTensorType type) {
  return nn::WeightOp::create(builder, loc, type, FlatSymbolRefAttr::get(builder.getContext(), name));
}

/// All of a vector, or `length` elements of it.
Value LlmGraph::vector(const GgufTensor &tensor, int64_t first, int64_t length) {
  std::string name = sliceName(tensor, first);
  length = length ? length : tensor.shape[0];
  if (!store.contains(name))
    store.add(name, floatTensor(tensor, length, first, file.owner));
  return weight(name, f32(length));
}

/// f32 [shape[1], shape[0]]
Value LlmGraph::table(const GgufTensor &tensor) { return shaped(tensor, llvm::SmallVector<int64_t>(llvm::reverse(tensor.shape))); }

/// All values of a tensor under a shape of as many.
Value LlmGraph::shaped(const GgufTensor &tensor, llvm::ArrayRef<int64_t> shape) {
  if (!store.contains(tensor.name))
    store.add(tensor.name, floatTensor(tensor, shape, 0, file.owner));
  return weight(tensor.name, f32(shape));
}

/// f32 [taps, channels], whose taps the file has channel by channel.
Value LlmGraph::filter(const GgufTensor &tensor) {
  int64_t taps = tensor.shape[0], channels = tensor.shape[1];
  std::string name = (tensor.name + ".taps").str();
  if (!store.contains(name)) {
    Tensor from = floatTensor(tensor, {channels, taps}, 0, file.owner), to(DType::F32, {taps, channels});
    for (int64_t i = 0; i < from.count(); ++i)
      to.mutableAs<float>()[i % taps * channels + i / taps] = from.as<float>()[i];
    store.add(name, to);
  }
  return weight(name, f32({taps, channels}));
}

/// Keeps rows of a matrix in the store: as the file has them, or as a recipe that makes the blocks of --quantize.
void LlmGraph::addRows(llvm::StringRef name, const GgufTensor &rows, llvm::ArrayRef<int64_t> shape) {
  const GgufType &target = types.typeFor(rows);
  if (!types.changes(rows))
    return (void)store.add(name, Tensor(DType::U8, shape, rows.data, file.owner), /*isMapped=*/true);
  Tensor bytes(DType::U8, {rows.type->rowBytes(rows.elements())}, rows.data, file.owner);
  std::string from = store.add((name + ".file").str(), bytes, /*isMapped=*/true);
  auto make = [rows, &target, extents = llvm::SmallVector<int64_t>(shape)](llvm::ArrayRef<Tensor>) { // the input keeps the mapped file
    Tensor blocks(DType::U8, extents);
    GgufRequantizer::quantize(rows, target, blocks.mutableData(), /*loss=*/nullptr);
    return blocks;
  };
  store.addRecipe(name, DType::U8, shape, Recipe{{from}, "quantise to " + target.name.lower(), {make, ""}});
}

/// ui8 [N, bytes of a row], with experts ui8 [X, N, bytes of a row]: the file's own bytes, or the blocks that --quantize makes of them. With `rows` those
/// from `first` on.
Value LlmGraph::matrix(const GgufTensor &tensor, int64_t first, int64_t rows) {
  llvm::SmallVector<int64_t> shape(llvm::reverse(tensor.shape));
  shape.back() = types.typeFor(tensor).rowBytes(tensor.shape[0]);
  bool whole = rows == 0 || shape.size() != 2 || rows == shape[0];
  GgufTensor part = tensor;
  if (!whole) {
    part.shape[1] = shape[0] = rows;
    part.data += first * tensor.type->rowBytes(tensor.shape[0]);
  }
  std::string name = whole ? tensor.name.str() : llvm::formatv("{0}.rows.{1}", tensor.name, first).str();
  if (!store.contains(name))
    addRows(name, part, shape);
  return weight(name, RankedTensorType::get(shape, toMlir(DType::U8, builder.getContext())));
}

StringAttr LlmGraph::format(const GgufTensor &tensor) { return builder.getStringAttr(types.typeFor(tensor).name.lower()); }

Value LlmGraph::scalar(double value) {
  RankedTensorType type = f32({});
  return nn::ConstantOp::create(builder, loc, type, DenseElementsAttr::get(type, static_cast<float>(value)));
}

Value LlmGraph::integers(llvm::ArrayRef<int32_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, builder.getI32Type());
  return nn::ConstantOp::create(builder, loc, type, DenseElementsAttr::get(type, values));
}

/// Divisors of the frequencies: those for long contexts when this one is longer than the trained one.
std::vector<float> LlmGraph::ropeFactors() const {
  bool isLong = static_cast<double>(ctx) > model.rope.originalContext;
  const GgufTensor *tensor = model.longFactors ? (isLong ? model.longFactors : model.shortFactors) : model.ropeFactors;
  std::vector<float> factors(tensor ? tensor->shape[0] : 0);
  if (tensor)
    dequantizeRow(*tensor->type, tensor->data, factors.data(), tensor->shape[0]);
  return factors;
}

Value LlmGraph::ropeTable(const LlmBlock &block) {
  bool windowed = block.window > 0 && model.windowRope;
  const RopeSpec &rope = windowed ? *model.windowRope : model.rope;
  llvm::StringRef name = windowed ? kWindowRopeTable : kRopeTable;
  if (!store.contains(name)) {
    std::vector<float> factors = windowed && (model.spec.window.ownShape || model.spec.window.halfElsewhere) ? std::vector<float>() : ropeFactors();
    auto make = [rope, factors, positions = ctx](llvm::ArrayRef<Tensor>) { return makeRopeTable(rope, positions, factors); };
    store.addRecipe(name, DType::F32, {ctx, rope.dims}, Recipe{{}, "cosines and sines of rotary positions", {make, ""}});
  }
  return weight(name, f32({ctx, rope.dims}));
}

// ---- pieces ----

Value LlmGraph::binary(Value lhs, Value rhs, nn::BinaryKind kind) { return nn::BinaryOp::create(builder, loc, lhs.getType(), kind, lhs, rhs); }
Value LlmGraph::unary(Value input, nn::UnaryKind kind, double alpha, double beta) {
  auto attribute = nn::UnaryKindAttr::get(builder.getContext(), kind);
  return nn::UnaryOp::create(builder, loc, input.getType(), attribute, input, builder.getF64FloatAttr(alpha), builder.getF64FloatAttr(beta));
}
Value LlmGraph::scaled(Value input, double factor) { return factor == 1 ? input : binary(input, scalar(factor), nn::BinaryKind::mul); }
Value LlmGraph::clamped(Value input) { return model.clamp == 0 ? input : unary(input, nn::UnaryKind::clip, -model.clamp, model.clamp); }
/// cap * tanh(input / cap)
Value LlmGraph::capped(Value input, double cap) { return cap == 0 ? input : scaled(unary(scaled(input, 1 / cap), nn::UnaryKind::tanh), cap); }

Value LlmGraph::reshape(Value input, llvm::ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, cast<RankedTensorType>(input.getType()).getElementType());
  return nn::ReshapeOp::create(builder, loc, type, input);
}

/// Of each of `groups` parts of the rows [M, ...] the elements from `first` on: [M, groups * count].
Value LlmGraph::parts(Value input, int64_t groups, int64_t first, int64_t count) {
  int64_t rows = rowsOf(input);
  return reshape(sliced(reshape(input, {rows, groups, shapeOf(input)[1] / groups}), first, count), {rows, groups * count});
}

/// Of [M, S, ...] the elements of the last axis from `first` on: [M, S, count].
Value LlmGraph::sliced(Value input, int64_t first, int64_t count) {
  return nn::SliceOp::create(builder, loc, f32({rowsOf(input), shapeOf(input)[1], count}), input, builder.getDenseI64ArrayAttr({0, 0, first}),
                             builder.getDenseI64ArrayAttr({1, 1, 1}));
}

/// The norm over the last axis, times its weight, plus its bias, as far as it has them; the input itself without a norm.
Value LlmGraph::norm(Value input, const LlmNorm &norm) {
  if (!norm.weight && !norm.bare)
    return input;
  if (norm.weight)
    at(norm.weight->name);
  int64_t last = static_cast<int64_t>(shapeOf(input).size()) - 1;
  UnitAttr rms = model.spec.norm == NormKind::Rms ? builder.getUnitAttr() : UnitAttr();
  auto normalized = nn::NormalizeOp::create(builder, loc, input.getType(), input, builder.getDenseI64ArrayAttr({last}),
                                            builder.getF64FloatAttr(model.epsilon), rms);
  if (norm.bare)
    return normalized;
  Value weights = norm.weight->shape.size() == 1 ? vector(*norm.weight) : table(*norm.weight); // of one head, or of each
  Value result = binary(normalized, weights, nn::BinaryKind::mul);
  return norm.bias ? binary(result, vector(*norm.bias), nn::BinaryKind::add) : result;
}

Value LlmGraph::linear(Value input, const LlmLinear &linear) {
  const GgufTensor &w = *linear.weight;
  at(w.name);
  Value result = quant::BlockMatmulOp::create(builder, loc, f32({rowsOf(input), linear.rows}), input, matrix(w, linear.first, linear.rows), format(w),
                                              builder.getI64IntegerAttr(activations));
  if (linear.scale)
    result = binary(result, vector(*linear.scale), nn::BinaryKind::mul);
  return linear.bias ? binary(result, vector(*linear.bias, linear.first, linear.rows), nn::BinaryKind::add) : result;
}

/// The one row of `input` that `row` (i32 [1]) names.
Value LlmGraph::gathered(Value input, Value row) {
  llvm::SmallVector<int64_t> shape(shapeOf(input));
  shape[0] = 1;
  auto type = RankedTensorType::get(shape, cast<RankedTensorType>(input.getType()).getElementType());
  return nn::GatherOp::create(builder, loc, type, input, row, builder.getI64IntegerAttr(0));
}

/// i32 [M]: position, position + 1, ... or each row's own, none beyond the context.
Value LlmGraph::positionsOf(int64_t rows, Value position) {
  if (rowsOf(position) > 1)
    return binary(position, integers({static_cast<int32_t>(ctx - 1)}), nn::BinaryKind::min);
  auto steps = llvm::to_vector(llvm::seq<int32_t>(0, static_cast<int32_t>(rows)));
  return binary(binary(integers(steps), position, nn::BinaryKind::add), integers({static_cast<int32_t>(ctx - 1)}), nn::BinaryKind::min);
}

Value LlmGraph::tokenRows(const GgufTensor &tensor, Value ids) {
  at(tensor.name);
  return quant::BlockRowsOp::create(builder, loc, f32({rowsOf(ids), tensor.shape[0]}), matrix(tensor), ids,
                                    format(tensor), builder.getI64IntegerAttr(tensor.shape[0]));
}

/// [M] tokens -> [M, E]
Value LlmGraph::embedded(Value tokens, Value position) {
  Value stream = scaled(tokenRows(*model.embedding, tokens), model.embeddingScale);
  if (model.positions)
    stream = binary(stream, tokenRows(*model.positions, positionsOf(rowsOf(tokens), position)), nn::BinaryKind::add);
  if (model.tokenTypes)
    stream = binary(stream, tokenRows(*model.tokenTypes, integers({0})), nn::BinaryKind::add);
  if (model.layerInput != 0)
    layerInputs = broughtToLayers(tokens, stream);
  return norm(stream, model.embeddingNorm);
}

/// What tokens [M], embedded as `stream`, bring to the L blocks: [M, L, width].
Value LlmGraph::broughtToLayers(Value tokens, Value stream) {
  int64_t width = model.layerInput, layers = static_cast<int64_t>(model.blocks.size());
  Value own = scaled(tokenRows(*model.layerTable, tokens), std::sqrt(static_cast<double>(width)));
  Value projected = scaled(linear(stream, model.layerProjection), 1 / std::sqrt(static_cast<double>(model.width)));
  projected = norm(reshape(projected, {rowsOf(tokens), layers, width}), model.layerNorm);
  return scaled(binary(projected, reshape(own, {rowsOf(tokens), layers, width}), nn::BinaryKind::add), std::sqrt(0.5));
}

Value LlmGraph::logits(Value input) {
  Value scores = scaled(linear(norm(input, model.outputNorm), model.output), 1 / model.logitScale);
  return capped(scores, model.logitCap);
}

// ---- entry points ----

/// An empty function of i32 vectors with at most one result, which the builder enters.
func::FuncOp LlmGraph::beginFunction(llvm::StringRef name, llvm::ArrayRef<Input> inputs, llvm::StringRef output, TypeRange results) {
  at(name);
  llvm::SmallVector<Type> types;
  for (const Input &input : inputs)
    types.push_back(RankedTensorType::get({input.length}, builder.getI32Type()));
  auto function = func::FuncOp::create(builder, loc, name, builder.getFunctionType(types, results));
  for (unsigned i = 0; i < inputs.size(); ++i)
    function.setArgAttr(i, "nn.name", builder.getStringAttr(inputs[i].name));
  if (!results.empty())
    function.setResultAttr(0, "nn.name", builder.getStringAttr(output));
  builder.setInsertionPointToStart(function.addEntryBlock());
  return function;
}

void LlmGraph::addEntry(llvm::StringRef name, int64_t rows, Rows wanted) {
  bool one = wanted == Rows::LastOfCount, scores = wanted != Rows::None;
  bool counts = one || (model.keepsEnd() && wanted == Rows::All && rows > 1); // padding must leave no trace
  int64_t places = wanted == Rows::Each ? rows : 1;
  OpBuilder::InsertionGuard guard(builder);
  llvm::SmallVector<Input> inputs = {{"tokens", rows}, {"position", places}};
  if (counts)
    inputs.push_back({"count", 1});
  if (sequences > 1)
    inputs.push_back({"sequence", places});
  Type result = f32({one ? 1 : rows, model.vocabulary});
  func::FuncOp function = beginFunction(name, inputs, "logits", scores ? TypeRange(result) : TypeRange());
  Step step{function.getArgument(1), sequences > 1 ? function.getArguments().back() : Value(), Value(), counts ? function.getArgument(2) : Value(), Value()};
  if (one)
    step.row = binary(function.getArgument(2), integers({1}), nn::BinaryKind::sub);
  Value stream = passedAll(embedded(function.getArgument(0), step.position), step);
  func::ReturnOp::create(builder, loc, scores ? ValueRange(logits(stream)) : ValueRange()); // without, what fills no cache is dead code
}

/// The stream behind all blocks. From the last block on that keeps something for later steps only the wanted row goes on, where there is one.
Value LlmGraph::passedAll(Value stream, Step step) {
  size_t last = model.blocks.size() - 1;
  while (last != 0 && !model.blocks[last].keeps())
    --last;
  caches.assign(model.blocks.size(), {});
  stream = spread(stream);
  for (size_t i = 0; i < model.blocks.size(); ++i) {
    step.narrow = step.row && i == last;
    stream = passed(stream, model.blocks[i], static_cast<int64_t>(i), step);
    if (!step.narrow)
      continue;
    step.position = wantedPosition(step);
    layerInputs = layerInputs ? gathered(layerInputs, step.row) : Value();
  }
  return joined(stream);
}

/// [M, E] -> [1, E]: the mean of rows 0 .. last, or one of them.
Value LlmGraph::pooled(Value stream, Pooling pooling, Value last) {
  if (pooling != Pooling::Mean)
    return gathered(stream, pooling == Pooling::First ? integers({0}) : last);
  int64_t rows = rowsOf(stream);
  auto steps = llvm::to_vector(llvm::seq<int32_t>(0, static_cast<int32_t>(rows)));
  auto flags = RankedTensorType::get({rows}, builder.getI1Type());
  Value inside = nn::BinaryOp::create(builder, loc, flags, nn::BinaryKind::less_equal, integers(steps), last);
  Value ones = nn::CastOp::create(builder, loc, f32({rows}), inside, UnitAttr());
  Value count = nn::CastOp::create(builder, loc, f32({1}), binary(last, integers({1}), nn::BinaryKind::add), UnitAttr());
  Value counted = binary(stream, reshape(ones, {rows, 1}), nn::BinaryKind::mul);
  Value sum = nn::ReduceOp::create(builder, loc, f32({1, model.width}), nn::ReduceKind::sum, counted, builder.getDenseI64ArrayAttr({0}));
  return binary(sum, count, nn::BinaryKind::div);
}

void LlmGraph::addEmbedding(llvm::StringRef name, int64_t rows, Pooling pooling) {
  OpBuilder::InsertionGuard guard(builder);
  int64_t width = model.dense.empty() ? model.width : model.dense.back().rows;
  func::FuncOp function = beginFunction(name, {{"tokens", rows}, {"count", 1}}, "embedding", Type(f32({1, width})));
  Value zero = integers({0});
  Step step{zero, Value(), Value(), function.getArgument(1), binary(function.getArgument(1), integers({1}), nn::BinaryKind::sub)};
  Value stream = passedAll(embedded(function.getArgument(0), zero), step);
  Value result = pooled(norm(stream, model.outputNorm), pooling, step.last);
  for (const LlmLinear &dense : model.dense)
    result = linear(result, dense);
  func::ReturnOp::create(builder, loc, result);
}

} // namespace ingot
