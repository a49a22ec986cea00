// TfIdfVectorizer on integers: how often each n-gram of a pool is in a row. Every n-gram size and skip is one comparison of moved rows with the pool.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;

constexpr int64_t kMaxComparisons = int64_t(1) << 26;

/// The attributes, checked: grams[k] are the n-grams of size k + 1, one after the other; column[i] is where n-gram i of the pool counts.
struct GramPool {
  int64_t shortest, longest, skips, columns;
  std::vector<Ints> grams;
  Ints column;
};

static std::optional<GramPool> readPool(OnnxNode &node) {
  Ints counts = node.intsAttr("ngram_counts"), pool = node.intsAttr("pool_int64s");
  GramPool p = {node.intAttr("min_gram_length", 0), node.intAttr("max_gram_length", 0), node.intAttr("max_skip_count", 0), 0, {}, node.intsAttr("ngram_indexes")};
  bool good = p.shortest >= 1 && p.longest >= p.shortest && p.longest <= 64 && p.skips >= 0 && p.skips <= 4096 && !counts.empty() && counts.size() <= 64 && !p.column.empty();
  size_t total = 0;
  for (size_t k = 0; good && k < counts.size(); ++k) {
    int64_t end = k + 1 < counts.size() ? counts[k + 1] : static_cast<int64_t>(pool.size()), size = static_cast<int64_t>(k) + 1;
    good = counts[k] >= 0 && end >= counts[k] && end <= static_cast<int64_t>(pool.size()) && (end - counts[k]) % size == 0;
    if (good) {
      p.grams.emplace_back(pool.begin() + counts[k], pool.begin() + end);
      total += (end - counts[k]) / size;
    }
  }
  for (int64_t column : p.column) {
    good &= column >= 0 && column < (int64_t(1) << 24);
    p.columns = std::max(p.columns, column + 1);
  }
  if (good && total == p.column.size())
    return p;
  node.refuse(node.hasAttr("pool_strings") ? "it counts words; strings have no type on the device" : "the attributes do not describe a pool of n-grams");
  return std::nullopt;
}

/// How often each of the n-grams [G * size] is in the rows x [B, C] with `distance` between its items: f32 [B, G].
static Value countGrams(OnnxNode &node, Value x, llvm::ArrayRef<int64_t> grams, int64_t size, int64_t distance) {
  int64_t batch = node.shape(x)[0], places = node.shape(x)[1] - distance * (size - 1), count = grams.size() / size;
  std::optional<int64_t> comparisons = elementCount({batch, std::max<int64_t>(places, 0), count});
  if (places < 1)
    return splat(node, DType::F32, {batch, count}, 0);
  if (!comparisons || *comparisons > kMaxComparisons) {
    node.refuse("the rows and the pool are too large");
    return {};
  }
  Value all;
  for (int64_t item = 0; item < size && node.ok(); ++item) {
    Tensor wanted(DType::I64, {1, 1, count});
    for (int64_t g = 0; g < count; ++g)
      wanted.setInt(g, grams[g * size + item]);
    Value moved = unsqueeze(node, node.slice(x, {0, item * distance}, {batch, places}, {1, 1}), 2);
    Value same = node.binary(BinaryKind::equal, moved, node.constantOf(wanted));
    all = all && node.ok() ? node.binary(BinaryKind::logical_and, all, same) : same;
  }
  return node.ok() ? squeezeAxis(node, node.reduce(nn::ReduceKind::sum, node.cast(all, DType::F32), {1}), 1) : Value();
}

/// Counts of all n-grams in the order of the pool: f32 [B, total].
static Value countAll(OnnxNode &node, Value x, const GramPool &pool) {
  std::vector<Value> parts;
  for (size_t k = 0; k < pool.grams.size() && node.ok(); ++k) {
    int64_t size = static_cast<int64_t>(k) + 1, count = pool.grams[k].size() / size;
    if (count == 0)
      continue;
    Value sum = splat(node, DType::F32, {node.shape(x)[0], count}, 0);
    // A single item has no distance to another: it counts once.
    for (int64_t distance = 1; distance <= (size == 1 ? 1 : pool.skips + 1) && size >= pool.shortest && size <= pool.longest && node.ok(); ++distance)
      sum = node.binary(BinaryKind::add, sum, countGrams(node, x, pool.grams[k], size, distance));
    parts.push_back(sum);
  }
  return node.ok() ? node.concat(parts, 1) : Value();
}

/// Moves the counts to their columns, of which some may have none and some several.
static Value placeCounts(OnnxNode &node, Value counts, const GramPool &pool) {
  Tensor places(DType::I64, {static_cast<int64_t>(pool.column.size()), 1});
  for (size_t i = 0; i < pool.column.size(); ++i)
    places.setInt(i, pool.column[i]);
  Ints shape = {pool.columns, node.shape(counts)[0]};
  Value zero = splat(node, DType::F32, shape, 0);
  Value placed = node.create<nn::ScatterNdOp>({node.type(DType::F32, shape)}, nn::ScatterKind::add, zero, node.constantOf(places), node.transpose(counts, {1, 0}));
  return node.ok() ? node.transpose(placed, {1, 0}) : Value();
}

static void importTfIdf(OnnxNode &node) {
  Value x = node.input(0);
  std::optional<GramPool> pool = readPool(node);
  std::string mode = node.stringAttr("mode", "");
  std::vector<double> weights = node.floatsAttr("weights");
  if (!pool || !needRank(node, x, 1, 2, "X"))
    return;
  if ((mode != "TF" && mode != "IDF" && mode != "TFIDF") || (!weights.empty() && static_cast<int64_t>(weights.size()) != pool->columns))
    return node.refuse("unknown mode, or the weights do not fit the columns");
  bool vector = rankOf(node, x) == 1;
  Value rows = node.cast(vector ? unsqueeze(node, x, 0) : x, DType::I64), counts = countAll(node, rows, *pool);
  Value y = node.ok() ? placeCounts(node, counts, *pool) : Value();
  if (mode == "IDF" && node.ok())
    y = node.cast(node.binary(BinaryKind::greater, y, node.scalar(DType::F32, 0)), DType::F32);
  if (mode != "TF" && !weights.empty() && node.ok()) {
    Tensor factors(DType::F32, {1, pool->columns});
    for (int64_t i = 0; i < pool->columns; ++i)
      factors.set(i, weights[i]);
    y = node.binary(BinaryKind::mul, y, node.constantOf(factors));
  }
  if (node.ok())
    node.setOutput(0, vector ? squeezeAxis(node, y, 0) : y);
}

void registerTextFeatures(OnnxOpRegistry &registry) { addRows(registry, "", {{"TfIdfVectorizer", 9, 1, importTfIdf}}); }

} // namespace ingot
