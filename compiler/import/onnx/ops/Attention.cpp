// Attention (opset 23 to 25) and RotaryEmbedding, written out as matmul, mask, softmax, matmul.
#include "compiler/import/onnx/AttentionParts.h"

#include <cmath>

using namespace mlir;

namespace ingot {

using nn::BinaryKind;

/// Everything between the operands and the first product. Heads are axis 1: q [B, H, Q, D], k [B, H, S, D], v [B, H, S, E].
struct Heads {
  Value q, k, v;
  int64_t queries, keys;
  int64_t past = 0; // keys that come from the cache
};

/// Joins the cache (operand `i`) and the new rows on axis 2 and hands the whole out as output `o`.
static Value withPast(OnnxNode &node, Value x, int64_t i, int64_t o) {
  if (node.hasInput(i) && node.ok())
    x = needRank(node, node.input(i), 4, 4, "past") ? node.concat({node.input(i), x}, 2) : Value();
  if (node.wantsOutput(o) && node.ok())
    node.setOutput(o, x);
  return x;
}

static std::optional<Heads> readHeads(OnnxNode &node) {
  for (int64_t i : {0, 1, 2})
    if (!needRank(node, node.input(i), 3, 4, "Q, K or V"))
      return std::nullopt;
  int64_t qHeads = node.intAttr("q_num_heads", 0), kvHeads = node.intAttr("kv_num_heads", 0);
  Heads h;
  h.q = splitHeads(node, node.input(0), qHeads);
  h.k = splitHeads(node, node.input(1), kvHeads);
  h.v = splitHeads(node, node.input(2), kvHeads);
  if (!node.ok())
    return std::nullopt;
  h.past = node.hasInput(4) && rankOf(node, node.input(4)) == 4 ? node.shape(node.input(4))[2] : 0;
  h.k = withPast(node, h.k, 4, 1);
  h.v = withPast(node, h.v, 5, 2);
  if (!node.ok())
    return std::nullopt;
  int64_t have = node.shape(h.q)[1], groups = node.shape(h.k)[1];
  if (groups < 1 || have % groups != 0 || node.shape(h.v)[1] != groups || node.shape(h.k)[2] != node.shape(h.v)[2]) {
    node.refuse("the heads of Q do not divide into the heads of K and V, or K and V differ in length");
    return std::nullopt;
  }
  h.queries = node.shape(h.q)[2];
  h.keys = node.shape(h.k)[2];
  h.k = repeatHeads(node, h.k, have / groups);
  h.v = repeatHeads(node, h.v, have / groups);
  return node.ok() ? std::optional<Heads>(h) : std::nullopt;
}

/// The mask operand as a bias over all keys; missing keys at its end are masked.
static Value maskBias(OnnxNode &node, DType type, int64_t keys) {
  if (!node.hasInput(3))
    return {};
  Value mask = node.input(3);
  mask = node.dtype(mask) == DType::Bool ? biasWhere(node, mask, type) : node.cast(mask, type);
  if (!node.ok() || !needRank(node, mask, 1, 4, "attn_mask"))
    return {};
  int64_t rank = rankOf(node, mask), missing = keys - node.shape(mask).back();
  if (missing <= 0 || node.shape(mask).back() == 1)
    return mask;
  Ints low(rank, 0), high(rank, 0);
  high.back() = missing;
  return padConstant(node, mask, low, high, node.scalar(type, kMinusInfinity));
}

/// Valid keys a batch as i64 [B, 1, 1, 1], or null.
static Value validKeys(OnnxNode &node) {
  if (!node.hasInput(6))
    return {};
  std::optional<int64_t> batch = elementCount(node.shape(node.input(6)));
  return node.reshape(node.cast(node.input(6), DType::I64), {batch.value_or(0), 1, 1, 1});
}

/// Bias of the causal rule j <= p and of the sliding window p - left <= j <= p + right, with p = offset + i.
static Value positionBias(OnnxNode &node, const Heads &h, Value valid, DType type) {
  int64_t left = node.intAttr("left_window_size", -1), right = node.intAttr("right_window_size", -1);
  if (node.intAttr("is_causal", 0))
    right = right < 0 ? 0 : std::min<int64_t>(right, 0);
  if (left < 0 && right < 0)
    return {};
  Value query = iota(node, h.queries, 2, 4), key = iota(node, h.keys, 3, 4);
  Value offset = node.constantOf(Tensor::vectorI64({h.past}));
  if (valid && h.past == 0)
    offset = node.binary(BinaryKind::sub, valid, node.constantOf(Tensor::vectorI64({h.queries})));
  Value position = node.binary(BinaryKind::add, query, offset);
  Value bias;
  if (right >= 0) {
    Value last = node.binary(BinaryKind::add, position, node.constantOf(Tensor::vectorI64({right})));
    bias = biasWhere(node, node.binary(BinaryKind::less_equal, key, last), type);
  }
  if (left >= 0 && node.ok()) {
    Value first = node.binary(BinaryKind::sub, position, node.constantOf(Tensor::vectorI64({left})));
    bias = addTo(node, bias, biasWhere(node, node.binary(BinaryKind::greater_equal, key, first), type));
  }
  return bias;
}

static Value biasOf(OnnxNode &node, const Heads &h, DType type) {
  Value bias = maskBias(node, type, h.keys), valid = validKeys(node);
  if (!node.ok())
    return {};
  if (Value position = positionBias(node, h, valid, type))
    bias = addTo(node, bias, position);
  if (valid && node.ok())
    bias = addTo(node, bias, biasWhere(node, node.binary(BinaryKind::less, iota(node, h.keys, 3, 4), valid), type));
  return bias;
}

/// Softmax in the asked precision; a query that may see no key gets zeros.
static Value probabilities(OnnxNode &node, Value scores, Value bias) {
  DType type = node.dtype(scores), wide = type;
  if (node.hasAttr("softmax_precision")) {
    std::optional<DType> asked = dtypeOf(node, node.intAttr("softmax_precision", 1));
    if (!asked)
      return {};
    wide = *asked;
  }
  Value y = node.softmax(node.cast(scores, wide), rankOf(node, scores) - 1);
  y = node.cast(y, type);
  if (!bias || !node.ok())
    return y;
  Value best = node.reduce(nn::ReduceKind::max, bias, {rankOf(node, bias) - 1});
  Value blind = node.binary(BinaryKind::equal, best, node.scalar(node.dtype(bias), kMinusInfinity));
  std::optional<Tensor> known = node.ok() ? node.constant(blind) : std::nullopt;
  bool never = known.has_value();
  for (int64_t i = 0; never && i < known->count(); ++i)
    never = known->at(i) == 0;
  return never ? y : node.select(blind, node.scalar(type, 0), y);
}

static void importAttention(OnnxNode &node) {
  std::optional<Heads> h = readHeads(node);
  if (!h)
    return;
  DType type = node.dtype(h->q);
  int64_t mode = node.intAttr("qk_matmul_output_mode", 0);
  double scale = node.floatAttr("scale", 1.0 / std::sqrt(static_cast<double>(node.shape(h->q)[3])));
  double cap = node.floatAttr("softcap", 0);
  Value keys = transposeLast(node, scaled(node, h->k, std::sqrt(scale)));
  Value scores = matmulAny(node, scaled(node, h->q, std::sqrt(scale)), keys);
  Value shown = scores;
  if (cap > 0 && node.ok())
    scores = scaled(node, node.unary(nn::UnaryKind::tanh, scaled(node, scores, 1 / cap)), cap);
  shown = mode == 1 ? scores : shown;
  Value bias = node.ok() ? biasOf(node, *h, type) : Value();
  if (!node.ok())
    return;
  Ints shape = node.shape(scores).vec();
  scores = bias ? node.binary(BinaryKind::add, scores, bias) : scores;
  if (node.ok() && node.shape(scores) != llvm::ArrayRef<int64_t>(shape))
    return node.refuse("the mask does not broadcast to the scores");
  shown = mode == 2 ? scores : shown;
  Value weights = node.ok() ? probabilities(node, scores, bias) : Value();
  shown = mode == 3 ? weights : shown;
  Value y = matmulAny(node, weights, h->v);
  if (rankOf(node, node.input(0)) == 3)
    y = joinHeads(node, y);
  node.setOutput(0, y);
  if (node.wantsOutput(3))
    node.setOutput(3, shown);
}

// ---- rotary -------------------------------------------------------------------------------------

/// A cache as [B, 1, T, half], by position ids [B, T] when they are given.
static Value rotaryCache(OnnxNode &node, int64_t i, int64_t half) {
  Value cache = node.input(i);
  if (node.hasInput(3))
    cache = gather(node, cache, node.cast(node.input(3), DType::I64), 0);
  if (!node.ok() || !needRank(node, cache, 3, 3, "cos_cache or sin_cache"))
    return {};
  if (node.shape(cache)[2] != half)
    return node.refuse("the cache's last extent is not half of the rotated one"), Value();
  return unsqueeze(node, cache, 1);
}

static void importRotaryEmbedding(OnnxNode &node) {
  Value x = node.input(0);
  if (!needRank(node, x, 3, 4, "X"))
    return;
  Value heads = splitHeads(node, x, node.intAttr("num_heads", 0));
  if (!node.ok())
    return;
  int64_t size = node.shape(heads)[3], rotated = node.intAttr("rotary_embedding_dim", 0);
  rotated = rotated == 0 ? size : rotated;
  if (rotated < 0 || rotated > size || rotated % 2 != 0)
    return node.refuse("'rotary_embedding_dim' is odd or out of range");
  bool interleaved = node.intAttr("interleaved", 0) != 0;
  int64_t half = rotated / 2;
  Value cosine = rotaryCache(node, 1, half), sine = node.ok() ? rotaryCache(node, 2, half) : Value();
  if (!node.ok())
    return;
  Value y = rotateHeads(node, heads, cosine, sine, interleaved);
  if (rankOf(node, x) == 3)
    y = joinHeads(node, y);
  node.setOutput(0, y);
}

void registerAttention(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"Attention", 23, 3, importAttention}, {"RotaryEmbedding", 23, 3, importRotaryEmbedding}});
}

} // namespace ingot
