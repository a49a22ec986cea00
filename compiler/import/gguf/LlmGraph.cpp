// The functions of a language model in nn and quant ops. Every entry point is the same walk over the blocks; they differ in the number of rows
// and in which rows' logits they give. Shapes in comments: M rows, E width, H heads, K kv heads, D key length, V vocabulary.
#include "compiler/import/gguf/LlmGraph.h"

#include "dialects/quant/BlockFormats.h"
#include "dialects/quant/Quant.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace ingot {
namespace {

constexpr llvm::StringLiteral kRopeTable = "rope.table";

int64_t rowsOf(Value value) { return cast<RankedTensorType>(value.getType()).getDimSize(0); }
llvm::ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// A vector as f32: a view where the file has it so, else its exact values.
Tensor vectorTensor(const GgufTensor &tensor, const std::shared_ptr<const void> &owner) {
  bool aligned = reinterpret_cast<uintptr_t>(tensor.data) % alignof(float) == 0;
  if (tensor.type->id == GgufTypeId::F32 && aligned)
    return Tensor(DType::F32, tensor.shape[0], tensor.data, owner);
  Tensor values(DType::F32, tensor.shape[0]);
  dequantizeRow(*tensor.type, tensor.data, values.mutableAs<float>().data(), tensor.shape[0]);
  return values;
}

} // namespace

LlmGraph::LlmGraph(const GgufFile &file, const LlmModel &model, int64_t ctx, WeightStore &store, OpBuilder &builder)
    : file(file), model(model), ctx(ctx), store(store), builder(builder), loc(builder.getUnknownLoc()) {}

RankedTensorType LlmGraph::f32(llvm::ArrayRef<int64_t> shape) const { return RankedTensorType::get(shape, builder.getF32Type()); }
void LlmGraph::at(llvm::StringRef tensor) { loc = NameLoc::get(builder.getStringAttr(printable(tensor))); }

Value LlmGraph::weight(llvm::StringRef name, RankedTensorType type) {
  return nn::WeightOp::create(builder, loc, type, FlatSymbolRefAttr::get(builder.getContext(), name));
}

Value LlmGraph::vector(const GgufTensor &tensor) {
  if (!store.contains(tensor.name))
    store.add(tensor.name, vectorTensor(tensor, file.owner));
  return weight(tensor.name, f32(tensor.shape[0]));
}

/// ui8 [N, bytes of a row], with experts ui8 [X, N, bytes of a row]: the file's own bytes.
Value LlmGraph::matrix(const GgufTensor &tensor) {
  llvm::SmallVector<int64_t> shape(llvm::reverse(tensor.shape));
  shape.back() = tensor.type->rowBytes(tensor.shape[0]);
  if (!store.contains(tensor.name))
    store.add(tensor.name, Tensor(DType::U8, shape, tensor.data, file.owner));
  return weight(tensor.name, RankedTensorType::get(shape, toMlir(DType::U8, builder.getContext())));
}

Value LlmGraph::scalar(double value) {
  RankedTensorType type = f32({});
  return nn::ConstantOp::create(builder, loc, type, DenseElementsAttr::get(type, static_cast<float>(value)));
}

Value LlmGraph::ropeTable() {
  if (!store.contains(kRopeTable)) {
    std::vector<float> factors;
    if (const GgufTensor *tensor = model.ropeFactors) {
      factors.resize(tensor->shape[0]);
      dequantizeRow(*tensor->type, tensor->data, factors.data(), tensor->shape[0]);
    }
    auto make = [spec = model.rope, positions = ctx, factors](llvm::ArrayRef<Tensor>) { return makeRopeTable(spec, positions, factors); };
    store.addRecipe(kRopeTable, DType::F32, {ctx, model.rope.dims}, Recipe{{}, "cosines and sines of rotary positions", make});
  }
  return weight(kRopeTable, f32({ctx, model.rope.dims}));
}

// ---- pieces ----

Value LlmGraph::binary(Value lhs, Value rhs, nn::BinaryKind kind) { return nn::BinaryOp::create(builder, loc, lhs.getType(), kind, lhs, rhs); }
Value LlmGraph::scaled(Value input, double factor) { return factor == 1 ? input : binary(input, scalar(factor), nn::BinaryKind::mul); }

Value LlmGraph::reshape(Value input, llvm::ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, cast<RankedTensorType>(input.getType()).getElementType());
  return nn::ReshapeOp::create(builder, loc, type, input);
}

/// RMS norm over the last axis, times the weight.
Value LlmGraph::norm(Value input, const GgufTensor &weight) {
  at(weight.name);
  int64_t last = static_cast<int64_t>(shapeOf(input).size()) - 1;
  auto normalized = nn::NormalizeOp::create(builder, loc, input.getType(), input, builder.getDenseI64ArrayAttr({last}),
                                            builder.getF64FloatAttr(model.epsilon), builder.getUnitAttr());
  return binary(normalized, vector(weight), nn::BinaryKind::mul);
}

Value LlmGraph::linear(Value input, const LlmLinear &linear) {
  const GgufTensor &w = *linear.weight;
  at(w.name);
  Value result = quant::BlockMatmulOp::create(builder, loc, f32({rowsOf(input), w.shape[1]}), input, matrix(w), builder.getStringAttr(w.type->name.lower()));
  return linear.bias ? binary(result, vector(*linear.bias), nn::BinaryKind::add) : result;
}

/// The one row of `input` that `row` (i32 [1]) names.
Value LlmGraph::gathered(Value input, Value row) {
  llvm::SmallVector<int64_t> shape(shapeOf(input));
  shape[0] = 1;
  auto type = RankedTensorType::get(shape, cast<RankedTensorType>(input.getType()).getElementType());
  return nn::GatherOp::create(builder, loc, type, input, row, builder.getI64IntegerAttr(0));
}

/// [M, S or 1, in] x experts i32 [M, S] -> [M, S, out]
Value LlmGraph::expertProduct(Value input, const LlmLinear &linear, Value experts) {
  const GgufTensor &w = *linear.weight;
  at(w.name);
  return quant::BlockMatmulExpertsOp::create(builder, loc, f32({rowsOf(input), shapeOf(experts)[1], w.shape[1]}), input, matrix(w), experts,
                                             builder.getStringAttr(w.type->name.lower()));
}

// ---- the halves of a block ----

/// [M, count * D] -> [M, count, D], with the heads' norm, turned by their positions.
Value LlmGraph::heads(Value input, int64_t count, const GgufTensor *headNorm, Value position) {
  Value split = reshape(input, {rowsOf(input), count, model.keyLength});
  if (headNorm)
    split = norm(split, *headNorm);
  return nn::RopeOp::create(builder, loc, split.getType(), split, ropeTable(), position, model.spec.ropePairs);
}

/// Appends rows [M, K, D] to the state and gives the whole cache [K, ctx, D].
Value LlmGraph::cached(Value rows, llvm::StringRef state, Value position) {
  auto type = RankedTensorType::get({shapeOf(rows)[1], ctx, shapeOf(rows)[2]}, builder.getF16Type());
  auto symbol = FlatSymbolRefAttr::get(builder.getContext(), state);
  Value before = nn::StateOp::create(builder, loc, type, symbol);
  Value after = nn::CacheAppendOp::create(builder, loc, type, before, rows, position);
  nn::WriteStateOp::create(builder, loc, after, symbol);
  return after;
}

/// Attention with its norm; `input` [M, E] becomes one row where the step narrows, after all rows have gone into the cache.
Value LlmGraph::attention(Value &input, const LlmBlock &block, int64_t index, const Step &step) {
  Value normed = norm(input, *block.attentionNorm);
  Value key = heads(linear(normed, block.key), block.kvHeads, block.keyNorm, step.position);
  Value keys = cached(key, llvm::formatv("blk.{0}.k", index).str(), step.position);
  Value value = linear(normed, block.value);
  Value values = cached(reshape(value, {rowsOf(value), block.kvHeads, model.valueLength}), llvm::formatv("blk.{0}.v", index).str(), step.position);
  Value position = step.position;
  if (step.narrow) {
    normed = gathered(normed, step.row);
    input = gathered(input, step.row);
    position = binary(position, step.row, nn::BinaryKind::add);
  }
  Value query = heads(linear(normed, block.query), model.heads, block.queryNorm, position);
  auto mixed = nn::CachedAttentionOp::create(builder, loc, f32({rowsOf(query), model.heads, model.valueLength}), query, keys, values, position,
                                             builder.getF64FloatAttr(model.attentionScale), /*softcap=*/builder.getF64FloatAttr(0.0));
  return linear(reshape(mixed, {rowsOf(query), model.heads * model.valueLength}), block.output);
}

/// activation(gated) * up
Value LlmGraph::gate(Value gated, Value up) {
  auto kind = nn::UnaryKindAttr::get(builder.getContext(), model.spec.activation);
  Value activated = nn::UnaryOp::create(builder, loc, gated.getType(), kind, gated, builder.getF64FloatAttr(1.0), builder.getF64FloatAttr(0.0));
  return binary(activated, up, nn::BinaryKind::mul);
}

Value LlmGraph::feedForward(Value input, const LlmBlock &block) {
  Value normed = norm(input, *block.ffnNorm);
  if (model.experts)
    return mixture(normed, block);
  Value gated = linear(normed, block.gate);
  return linear(gate(gated, linear(normed, block.up)), block.down);
}

/// The S experts with the largest router weights, each row its own: [M, E] -> [M, E]
Value LlmGraph::mixture(Value input, const LlmBlock &block) {
  int64_t rows = rowsOf(input), chosen = model.expertsUsed;
  Value scores = linear(input, block.router);
  auto shares = nn::SoftmaxOp::create(builder, loc, scores.getType(), scores, builder.getI64IntegerAttr(1), UnitAttr());
  auto top = nn::TopKOp::create(builder, loc, TypeRange{f32({rows, chosen}), RankedTensorType::get({rows, chosen}, builder.getI64Type())}, shares,
                                builder.getI64IntegerAttr(1), UnitAttr());
  Value weights = top.getValues();
  if (model.spec.renormalizeExperts) {
    auto sum = nn::ReduceOp::create(builder, loc, f32({rows, 1}), nn::ReduceKind::sum, weights, builder.getDenseI64ArrayAttr({1}));
    weights = binary(weights, sum, nn::BinaryKind::div);
  }
  auto indexType = RankedTensorType::get({rows, chosen}, builder.getI32Type());
  Value experts = nn::CastOp::create(builder, loc, indexType, top.getIndices(), UnitAttr());
  Value each = reshape(input, {rows, 1, model.width});
  Value gated = expertProduct(each, block.gate, experts);
  Value down = expertProduct(gate(gated, expertProduct(each, block.up, experts)), block.down, experts);
  Value weighed = binary(down, reshape(weights, {rows, chosen, 1}), nn::BinaryKind::mul);
  Value sum = nn::ReduceOp::create(builder, loc, f32({rows, 1, model.width}), nn::ReduceKind::sum, weighed, builder.getDenseI64ArrayAttr({1}));
  return reshape(sum, {rows, model.width});
}

Value LlmGraph::logits(Value input) {
  return scaled(linear(norm(input, *model.outputNorm), model.output), 1 / model.logitScale);
}

// ---- entry points ----

void LlmGraph::addEntry(llvm::StringRef name, int64_t rows, Rows wanted) {
  bool counts = wanted == Rows::LastOfCount;
  at(name);
  Type i32 = builder.getI32Type();
  auto one = RankedTensorType::get({1}, i32), tokens = RankedTensorType::get({rows}, i32);
  llvm::SmallVector<Type, 3> inputs = counts ? llvm::SmallVector<Type, 3>{tokens, one, one} : llvm::SmallVector<Type, 3>{tokens, one};
  RankedTensorType result = f32({counts ? 1 : rows, model.vocabulary});
  auto function = func::FuncOp::create(builder, loc, name, builder.getFunctionType(inputs, result));
  constexpr llvm::StringLiteral kNames[] = {"tokens", "position", "count"};
  for (unsigned i = 0; i < inputs.size(); ++i)
    function.setArgAttr(i, "nn.name", builder.getStringAttr(kNames[i]));
  function.setResultAttr(0, "nn.name", builder.getStringAttr("logits"));

  OpBuilder::InsertionGuard guard(builder);
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  Step step{body->getArgument(1), Value()};
  if (counts)
    step.row = binary(body->getArgument(2), nn::ConstantOp::create(builder, loc, one, DenseElementsAttr::get(one, int32_t(1))), nn::BinaryKind::sub);
  const GgufTensor &embedding = *model.embedding;
  at(embedding.name);
  Value stream = quant::BlockRowsOp::create(builder, loc, f32({rows, model.width}), matrix(embedding), body->getArgument(0),
                                            builder.getStringAttr(embedding.type->name.lower()), builder.getI64IntegerAttr(model.width));
  stream = scaled(stream, model.embeddingScale);
  for (size_t i = 0; i < model.blocks.size(); ++i) {
    step.narrow = counts && i + 1 == model.blocks.size();
    Value mixed = attention(stream, model.blocks[i], static_cast<int64_t>(i), step);
    stream = binary(stream, scaled(mixed, model.residualScale), nn::BinaryKind::add);
    Value fed = feedForward(stream, model.blocks[i]);
    stream = binary(stream, scaled(fed, model.residualScale), nn::BinaryKind::add);
  }
  Value out = logits(stream);
  func::ReturnOp::create(builder, loc, out);
}

} // namespace ingot
