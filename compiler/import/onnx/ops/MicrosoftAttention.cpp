// Attention operators of com.microsoft: Attention, MultiHeadAttention, GroupQueryAttention, RotaryEmbedding, written out as matmul, mask, softmax,
// matmul. Shapes: B batch, S new tokens, P past tokens, T = P + S, N heads, D and E extents of a head.
#include "compiler/import/onnx/AttentionParts.h"

#include <cmath>

using namespace mlir;

namespace ingot {

using nn::BinaryKind;

/// q [B, N, S, D], k [B, N, T, D], v [B, N, T, E] with the bias that the scores get.
struct Projected {
  Value q, k, v, bias;
};

static Value attend(OnnxNode &node, const Projected &p, double softcap) {
  if (!node.ok())
    return {};
  double scale = node.floatAttr("scale", 0);
  scale = scale == 0 ? 1.0 / std::sqrt(static_cast<double>(node.shape(p.q)[3])) : scale;
  Value scores = scaled(node, matmulAny(node, p.q, transposeLast(node, p.k)), scale);
  if (softcap > 0 && node.ok())
    scores = scaled(node, node.unary(nn::UnaryKind::tanh, scaled(node, scores, 1 / softcap)), softcap);
  if (!node.ok())
    return {};
  Ints shape = node.shape(scores).vec();
  scores = p.bias ? node.binary(BinaryKind::add, scores, p.bias) : scores;
  if (node.ok() && node.shape(scores) != llvm::ArrayRef<int64_t>(shape))
    return node.refuse("the mask does not broadcast to the scores"), Value();
  return node.ok() ? matmulAny(node, node.softmax(scores, 3), p.v) : Value();
}

/// Key j is masked from query i when j > past + i.
static Value causalBias(OnnxNode &node, int64_t queries, int64_t keys, DType type) {
  Value last = node.binary(BinaryKind::add, iota(node, queries, 2, 4), node.constantOf(Tensor::vectorI64({keys - queries})));
  return biasWhere(node, node.binary(BinaryKind::less_equal, iota(node, keys, 3, 4), last), type);
}

/// A padding mask: lengths [B], ends and starts [2B], keys [B, T], queries and keys [B, S, T], or [B, 1, M, M], whose corner is taken.
static Value paddingBias(OnnxNode &node, Value mask, int64_t batch, int64_t queries, int64_t keys, DType type) {
  double masked = node.floatAttr("mask_filter_value", -10000);
  Ints shape = node.shape(mask).vec();
  mask = node.cast(mask, DType::I64);
  Value key = iota(node, keys, 3, 4), zero = node.scalar(DType::I64, 0);
  if (shape == Ints{batch})
    return biasWhere(node, node.binary(BinaryKind::less, key, node.reshape(mask, {batch, 1, 1, 1})), type, masked);
  if (shape == Ints{2 * batch}) {
    Value ends = node.reshape(node.slice(mask, {0}, {batch}, {1}), {batch, 1, 1, 1});
    Value starts = node.reshape(node.slice(mask, {batch}, {batch}, {1}), {batch, 1, 1, 1});
    Value inside = node.binary(BinaryKind::logical_and, node.binary(BinaryKind::less, key, ends), node.binary(BinaryKind::greater_equal, key, starts));
    return biasWhere(node, inside, type, masked);
  }
  if (shape == Ints{batch, keys})
    mask = node.reshape(mask, {batch, 1, 1, keys});
  else if (shape == Ints{batch, queries, keys})
    mask = node.reshape(mask, {batch, 1, queries, keys});
  else if (shape.size() == 4 && shape[2] >= keys && shape[3] >= keys)
    mask = node.slice(mask, {0, 0, keys - queries, 0}, {shape[0], shape[1], queries, keys}, {1, 1, 1, 1});
  else
    return node.refuse("the mask has a shape that is not supported"), Value();
  return biasWhere(node, node.binary(BinaryKind::greater, mask, zero), type, masked);
}

/// Element i of [3][...] or [2][...] along the first axis, without it.
static Value pick(OnnxNode &node, Value x, int64_t i) {
  Ints starts(rankOf(node, x), 0), steps(starts.size(), 1), sizes = node.shape(x).vec();
  starts[0] = i;
  sizes[0] = 1;
  return squeezeAxis(node, node.slice(x, starts, sizes, steps), 0);
}

static bool refuseHeads(OnnxNode &node, int64_t heads) {
  if (heads >= 1 && heads <= (1 << 20))
    return false;
  node.refuse("the number of heads is missing or out of range");
  return true;
}

// ---- Attention ----------------------------------------------------------------------------------

/// Where the operands of an Attention or QAttention stand.
struct Operands {
  int64_t mask, past, bias;
};

/// `all`, the input times the weights, as q, k, v of [B, N, S, *], by the sizes of the three parts.
static bool project(OnnxNode &node, Projected &p, Value all, int64_t heads) {
  if (!node.ok() || !needRank(node, all, 3, 3, "input"))
    return false;
  int64_t width = node.shape(all)[2];
  Ints sizes = node.intsAttr("qkv_hidden_sizes", Ints(3, width / 3));
  if (sizes.size() != 3 || sizes[0] < 1 || sizes[0] != sizes[1] || sizes[2] < 1 || sizes[0] + sizes[1] + sizes[2] != width)
    return node.refuse("the weights do not divide into query, key and value"), false;
  p.q = splitHeads(node, slicedLast(node, all, 0, sizes[0]), heads);
  p.k = splitHeads(node, slicedLast(node, all, sizes[0], sizes[1]), heads);
  p.v = splitHeads(node, slicedLast(node, all, sizes[0] + sizes[1], sizes[2]), heads);
  return node.ok();
}

/// Keys and values of the past [2, B, N, P, D] before the new ones, and the whole as output 1.
static void joinPast(OnnxNode &node, Projected &p, int64_t past) {
  if (node.hasInput(past) && needRank(node, node.input(past), 5, 5, "past") && node.shape(node.input(past))[0] == 2) {
    p.k = node.concat({pick(node, node.input(past), 0), p.k}, 2);
    p.v = node.concat({pick(node, node.input(past), 1), p.v}, 2);
  }
  if (node.wantsOutput(1) && node.ok())
    node.setOutput(1, node.concat({unsqueeze(node, p.k, 0), unsqueeze(node, p.v, 0)}, 0));
}

static void attendAll(OnnxNode &node, Value all, const Operands &at) {
  int64_t heads = node.intAttr("num_heads", 0);
  if (node.intAttr("do_rotary", 0) || node.intAttr("past_present_share_buffer", 0))
    return node.refuse("rotary positions and a shared buffer of past and present are not supported here");
  Projected p;
  if (refuseHeads(node, heads) || !project(node, p, all, heads))
    return;
  joinPast(node, p, at.past);
  if (!node.ok())
    return;
  DType type = node.dtype(p.q);
  int64_t batch = node.shape(p.q)[0], queries = node.shape(p.q)[2], keys = node.shape(p.k)[2];
  if (node.hasInput(at.mask))
    p.bias = paddingBias(node, node.input(at.mask), batch, queries, keys, type);
  if (node.intAttr("unidirectional", 0))
    p.bias = addTo(node, p.bias, causalBias(node, queries, keys, type));
  if (node.hasInput(at.bias))
    p.bias = addTo(node, p.bias, node.input(at.bias));
  node.setOutput(0, joinHeads(node, attend(node, p, 0)));
}

static void importAttention(OnnxNode &node) {
  if (!needRank(node, node.input(0), 3, 3, "input"))
    return;
  Value all = matmulAny(node, node.input(0), node.input(1));
  attendAll(node, node.hasInput(2) ? addTo(node, node.input(2), all) : all, {3, 4, 5});
}

/// The same on integers: input, weight, bias, their scales, mask, their zero points, past.
static void importQAttention(OnnxNode &node) {
  Value az = node.hasInput(6) ? node.input(6) : Value(), bz = node.hasInput(7) ? node.input(7) : Value();
  Value product = integerProduct(node, node.input(0), node.input(1), az, bz);
  attendAll(node, floatProduct(node, product, node.input(3), node.input(4), node.input(2)), {5, 8, 9});
}

// ---- MultiHeadAttention -------------------------------------------------------------------------

/// Query, key and value in their several forms: apart [B, S, H], packed [B, S, N, 3, D], key and value packed [B, T, N, 2, D], or key and value
/// of a cross attention [B, N, T, D].
static bool readMultiHead(OnnxNode &node, Projected &p, int64_t heads) {
  Value bias = node.hasInput(3) ? node.input(3) : Value();
  auto part = [&](Value packed, int64_t i) {
    Ints s = node.shape(packed).vec(), starts(5, 0), steps(5, 1);
    starts[3] = i;
    Value one = node.slice(packed, starts, {s[0], s[1], s[2], 1, s[4]}, steps);
    return node.reshape(one, {s[0], s[1], s[2] * s[4]});
  };
  Value q = node.input(0), k = node.hasInput(1) ? node.input(1) : Value(), v = node.hasInput(2) ? node.input(2) : Value();
  if (rankOf(node, q) == 5) {
    Value packed = q;
    q = part(packed, 0), k = part(packed, 1), v = part(packed, 2);
  } else if (k && rankOf(node, k) == 5) {
    Value packed = k;
    k = part(packed, 0), v = part(packed, 1);
  }
  if (!node.ok() || !k || !v || !needRank(node, q, 3, 3, "query") || !needRank(node, k, 3, 4, "key") || !needRank(node, v, 3, 4, "value"))
    return node.refuse("key or value are missing"), false;
  if (bias) {
    int64_t at = 0;
    for (Value *x : {&q, &k, &v}) {
      int64_t size = rankOf(node, *x) == 4 ? heads * node.shape(*x)[3] : node.shape(*x)[2];
      if (rankOf(node, *x) == 3)
        *x = node.binary(BinaryKind::add, *x, node.slice(bias, {at}, {size}, {1}));
      at += size;
      if (!node.ok())
        return false;
    }
  }
  p.q = splitHeads(node, q, heads);
  p.k = splitHeads(node, k, heads);
  p.v = splitHeads(node, v, heads);
  return node.ok();
}

static void importMultiHead(OnnxNode &node) {
  int64_t heads = node.intAttr("num_heads", 0);
  if (node.hasInput(8) || node.hasInput(9))
    return node.refuse("a cache that is shared or indirect is not supported");
  Projected p;
  if (refuseHeads(node, heads) || !needRank(node, node.input(0), 3, 5, "query") || !readMultiHead(node, p, heads))
    return;
  if (node.hasInput(6) && node.hasInput(7)) {
    p.k = node.concat({node.input(6), p.k}, 2);
    p.v = node.concat({node.input(7), p.v}, 2);
  }
  if (!node.ok())
    return;
  for (int64_t o : {1, 2})
    if (node.wantsOutput(o))
      node.setOutput(o, o == 1 ? p.k : p.v);
  DType type = node.dtype(p.q);
  int64_t batch = node.shape(p.q)[0], queries = node.shape(p.q)[2], keys = node.shape(p.k)[2];
  if (node.hasInput(4))
    p.bias = paddingBias(node, node.input(4), batch, queries, keys, type);
  if (node.intAttr("unidirectional", 0))
    p.bias = addTo(node, p.bias, causalBias(node, queries, keys, type));
  if (node.hasInput(5))
    p.bias = addTo(node, p.bias, node.input(5));
  node.setOutput(0, joinHeads(node, attend(node, p, 0)));
}

// ---- GroupQueryAttention ------------------------------------------------------------------------

/// i64 [B, 1, 1, 1]: how many tokens of the cache come before the new ones.
static Value pastLengths(OnnxNode &node, int64_t batch, int64_t queries) {
  if (elementCount(node.shape(node.input(5))) != batch)
    return node.refuse("'seqlens_k' has another length than the batch"), Value();
  Value last = node.reshape(node.cast(node.input(5), DType::I64), {batch, 1, 1, 1});
  return node.binary(BinaryKind::sub, last, node.scalar(DType::I64, static_cast<double>(queries - 1)));
}

/// The cache after the step: rows of `past` [B, G, P, D] up to each batch's length, then those of `fresh` [B, G, S, D], then zeros; extent `keys`.
static Value presentRows(OnnxNode &node, Value past, Value fresh, Value length, int64_t keys) {
  if (!node.ok())
    return {};
  Ints s = node.shape(fresh).vec(), wide = {s[0], s[1], keys, s[3]};
  if (past && node.shape(past)[2] < keys)
    past = padConstant(node, past, {0, 0, 0, 0}, {0, 0, keys - node.shape(past)[2], 0}, Value());
  Value place = iota(node, keys, 2, 4), offset = node.binary(BinaryKind::sub, place, length);
  Value isOld = node.binary(BinaryKind::less, offset, node.scalar(DType::I64, 0));
  Value isNew = node.binary(BinaryKind::less, offset, node.scalar(DType::I64, static_cast<double>(s[2])));
  Value row = node.binary(BinaryKind::min, node.binary(BinaryKind::max, offset, node.scalar(DType::I64, 0)),
                          node.scalar(DType::I64, static_cast<double>(s[2] - 1)));
  Value index = node.broadcast(row, wide);
  if (!node.ok())
    return {};
  Value moved = node.create<nn::GatherElementsOp>({node.type(node.dtype(fresh), wide)}, fresh, index, static_cast<uint64_t>(2));
  Value rest = node.select(isNew, moved, node.scalar(node.dtype(fresh), 0));
  return past ? node.select(isOld, past, rest) : rest;
}

/// Causal, and no further back than the window: past + i - window < j <= past + i.
static Value groupBias(OnnxNode &node, Value length, int64_t queries, int64_t keys, DType type) {
  Value key = iota(node, keys, 3, 4), position = node.binary(BinaryKind::add, iota(node, queries, 2, 4), length);
  Value allowed = node.binary(BinaryKind::less_equal, key, position);
  int64_t window = node.intAttr("local_window_size", -1);
  if (window > 0) {
    Value first = node.binary(BinaryKind::sub, position, node.scalar(DType::I64, static_cast<double>(window)));
    allowed = node.binary(BinaryKind::logical_and, allowed, node.binary(BinaryKind::greater, key, first));
  }
  return biasWhere(node, allowed, type);
}

/// cos and sin of positions length + i, from caches [M, half] of operands 7 and 8: [B, 1, S, half] each.
static void rotateQueryKey(OnnxNode &node, Projected &p, Value length) {
  if (!node.intAttr("do_rotary", 0) || !node.ok())
    return;
  if (!node.hasInput(7) || !node.hasInput(8))
    return node.refuse("rotary positions need the operands 'cos_cache' and 'sin_cache'");
  int64_t batch = node.shape(p.q)[0], queries = node.shape(p.q)[2];
  Value position = node.binary(BinaryKind::add, node.reshape(length, {batch, 1}), iota(node, queries, 1, 2));
  if (node.hasInput(9))
    position = node.reshape(node.cast(node.input(9), DType::I64), {batch, queries});
  Value cosine = unsqueeze(node, gather(node, node.input(7), position, 0), 1), sine = unsqueeze(node, gather(node, node.input(8), position, 0), 1);
  bool interleaved = node.intAttr("rotary_interleaved", 0) != 0;
  p.q = rotateHeads(node, p.q, cosine, sine, interleaved);
  p.k = rotateHeads(node, p.k, cosine, sine, interleaved);
}

static bool readGrouped(OnnxNode &node, Projected &p, int64_t heads, int64_t groups) {
  Value q = node.input(0), k = node.hasInput(1) ? node.input(1) : Value(), v = node.hasInput(2) ? node.input(2) : Value();
  if (!k && !v) {
    int64_t size = node.shape(q)[2] / (heads + 2 * groups);
    Value all = q;
    q = slicedLast(node, all, 0, heads * size), k = slicedLast(node, all, heads * size, groups * size);
    v = slicedLast(node, all, (heads + groups) * size, groups * size);
  }
  if (!node.ok() || !k || !v)
    return node.refuse("key or value is missing"), false;
  p.q = splitHeads(node, q, heads);
  p.k = splitHeads(node, k, groups);
  p.v = splitHeads(node, v, groups);
  return node.ok();
}

static void importGroupQuery(OnnxNode &node) {
  int64_t heads = node.intAttr("num_heads", 0), groups = node.intAttr("kv_num_heads", 0);
  if (refuseHeads(node, heads) || refuseHeads(node, groups) || !needRank(node, node.input(0), 3, 3, "query"))
    return;
  if (heads % groups != 0)
    return node.refuse("the heads of the query do not divide into those of key and value");
  if (node.intAttr("smooth_softmax", 0) > 0 || node.hasInput(11))
    return node.refuse("a softmax with a sink is not supported");
  std::optional<int64_t> total = needInt(node, 6, "total_sequence_length");
  Projected p;
  if (!total || !readGrouped(node, p, heads, groups))
    return;
  Value past = node.hasInput(3) ? node.input(3) : Value();
  if ((past && !needRank(node, past, 4, 4, "past_key")) || node.hasInput(3) != node.hasInput(4))
    return node.refuse("past key and value are given together, of rank 4");
  int64_t batch = node.shape(p.q)[0], queries = node.shape(p.q)[2], keys = std::max<int64_t>(*total, past ? node.shape(past)[2] : 0);
  DType type = node.dtype(p.q);
  if (keys < queries)
    return node.refuse("'total_sequence_length' is smaller than the query's length");
  bool prompt = *total == queries;
  Value length = prompt ? splat(node, DType::I64, {batch, 1, 1, 1}, 0) : pastLengths(node, batch, queries);
  rotateQueryKey(node, p, length);
  p.k = presentRows(node, past, p.k, length, keys);
  p.v = presentRows(node, past ? node.input(4) : Value(), p.v, length, keys);
  for (int64_t o : {1, 2})
    if (node.wantsOutput(o))
      node.setOutput(o, o == 1 ? p.k : p.v);
  p.k = repeatHeads(node, p.k, heads / groups);
  p.v = repeatHeads(node, p.v, heads / groups);
  p.bias = groupBias(node, length, queries, keys, type);
  if (node.hasInput(10))
    p.bias = addTo(node, p.bias, node.input(10));
  node.setOutput(0, joinHeads(node, attend(node, p, node.floatAttr("softcap", 0))));
}

// ---- RotaryEmbedding ----------------------------------------------------------------------------

/// positions: one offset [1], or [B, S]; caches [M, half].
static void importRotary(OnnxNode &node) {
  Value x = node.input(0), ids = node.cast(node.input(1), DType::I64);
  if (!needRank(node, x, 3, 4, "input") || !needRank(node, node.input(2), 2, 2, "cos_cache"))
    return;
  int64_t half = node.shape(node.input(2))[1], heads = node.intAttr("num_heads", 0);
  heads = heads > 0 || rankOf(node, x) == 4 || half == 0 ? heads : node.shape(x)[2] / (2 * half);
  Value split = splitHeads(node, x, heads);
  if (!node.ok())
    return;
  int64_t batch = node.shape(split)[0], tokens = node.shape(split)[2];
  Value position = elementCount(node.shape(ids)) == 1 && rankOf(node, ids) == 1
                       ? node.binary(BinaryKind::add, node.reshape(ids, {1, 1}), iota(node, tokens, 1, 2))
                       : node.reshape(ids, {batch, tokens});
  Value cosine = unsqueeze(node, gather(node, node.input(2), position, 0), 1), sine = unsqueeze(node, gather(node, node.input(3), position, 0), 1);
  Value y = rotateHeads(node, split, cosine, sine, node.intAttr("interleaved", 0) != 0);
  node.setOutput(0, rankOf(node, x) == 3 ? joinHeads(node, y) : y);
}

void registerMicrosoftAttention(OnnxOpRegistry &registry) {
  addRows(registry, "com.microsoft", {{"Attention", 1, 2, importAttention}, {"QAttention", 1, 5, importQAttention}, {"MultiHeadAttention", 1, 1, importMultiHead},
                                      {"GroupQueryAttention", 1, 1, importGroupQuery}, {"RotaryEmbedding", 1, 4, importRotary}});
}

} // namespace ingot
