// Attention whose keys and values are made of one short row a token (multi-head latent attention: DeepSeek-V2, arXiv 2405.04434). Files have the matrices
// of heads so that a query can be multiplied by a head's instead of the keys: then the cache holds the short row and what is rotated once for all heads,
// and serves as keys and values both. Old files have one matrix, with which keys and values are made of each row and kept head by head.
// Shapes in comments: M rows, H heads, R short row, P and T plain and rotated part of a head's key, V a head's value.
#include "compiler/import/gguf/LlmGraph.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace ingot {

/// [M, H, left] and [M, H or 1, right] -> [M, H, left + right]
Value LlmGraph::beside(Value left, Value right) {
  llvm::SmallVector<int64_t> shape(shapeOf(left)), stretched(shape);
  stretched.back() = shapeOf(right).back();
  if (shapeOf(right)[1] != shape[1])
    right = nn::BroadcastOp::create(builder, loc, f32(stretched), right);
  shape.back() += stretched.back();
  return nn::ConcatOp::create(builder, loc, f32(shape), ValueRange{left, right}, builder.getI64IntegerAttr(2));
}

/// The block's caches, behind those of the rows [M, E].
std::pair<Value, Value> LlmGraph::latentKeysAndValues(Value normed, const LlmBlock &block, int64_t index, const Step &step) {
  const LlmLatentShape &shape = model.latent;
  int64_t rows = rowsOf(normed);
  std::string keyName = llvm::formatv("blk.{0}.k", index), valueName = llvm::formatv("blk.{0}.v", index);
  Value both = reshape(linear(normed, block.latent->down), {rows, 1, shape.rank + shape.turned});
  Value row = norm(sliced(both, 0, shape.rank), block.latent->norm);
  Value rotated = turned(sliced(both, shape.rank, shape.turned), block, step.position);
  if (shape.keepsRow) {
    Value kept = cached(beside(row, rotated), keyName, block, step);
    return {kept, kept};
  }
  Value made = reshape(linear(reshape(row, {rows, shape.rank}), block.latent->both), {rows, model.heads, shape.plain + shape.value});
  Value keys = cached(beside(sliced(made, 0, shape.plain), rotated), keyName, block, step);
  return {keys, cached(sliced(made, shape.plain, shape.value), valueName, block, step)};
}

/// Attention of the wanted rows, after all [M, E] have gone into the cache.
Value LlmGraph::latentAttention(Value normed, const LlmBlock &block, int64_t index, const Step &step) {
  const LlmLatentShape &shape = model.latent;
  const LlmLatent &found = *block.latent;
  auto [keys, values] = latentKeysAndValues(normed, block, index, step);
  normed = wanted(normed, step);
  int64_t rows = rowsOf(normed);
  Value position = wantedPosition(step);
  Value query = found.queryUp.weight ? linear(norm(linear(normed, found.queryDown), found.queryNorm), found.queryUp) : linear(normed, block.query);
  query = reshape(query, {rows, model.heads, shape.plain + shape.turned});
  Value plain = sliced(query, 0, shape.plain), rotated = turned(sliced(query, shape.plain, shape.turned), block, position);
  if (!shape.keepsRow)
    return linear(attend(tempered(beside(plain, rotated), block, position), keys, values, block, step, position), block.output);
  Value seen = attend(tempered(beside(each(plain, found.keyUp), rotated), block, position), keys, values, block, step, position);
  Value row = sliced(reshape(seen, {rows, model.heads, block.valueLength}), 0, shape.rank);
  return linear(reshape(each(row, found.valueUp), {rows, model.heads * shape.value}), block.output);
}

} // namespace ingot
