// Operators that carry a state from call to call: TensorScatter (a cache), CausalConvWithState, LinearAttention.
#include "compiler/import/onnx/OpHelpers.h"

#include <cmath>

using namespace mlir;

namespace ingot {

using nn::BinaryKind;

/// Rows of `update` go to write_indices[b] + i on `axis`; circular caches wrap around.
static void importTensorScatter(OnnxNode &node) {
  Value past = node.input(0), update = node.input(1);
  int64_t rank = rankOf(node, past), axis = node.intAttr("axis", -2);
  std::string mode = node.stringAttr("mode", "linear");
  if (!needRank(node, past, 2, 16, "past_cache") || node.badAxis(axis, rank))
    return;
  Ints ps = node.shape(past).vec(), us = node.shape(update).vec();
  if (us.size() != ps.size() || axis == 0 || us[axis] > ps[axis] || (mode != "linear" && mode != "circular"))
    return node.refuse("the update does not fit the cache, or the mode is unknown");
  Value places = iota(node, us[axis], axis, rank);
  if (node.hasInput(2))
    places = node.binary(BinaryKind::add, places, alongAxis(node, node.cast(node.input(2), DType::I64), 0, rank, ps[0]));
  if (mode == "circular")
    places = node.binary(BinaryKind::mod, places, node.constantOf(Tensor::vectorI64({ps[axis]})));
  places = node.broadcast(places, us);
  if (node.ok())
    node.setOutput(0, node.create<nn::ScatterElementsOp>({past.getType()}, nn::ScatterKind::none, past, places, update, static_cast<uint64_t>(axis)));
}

/// A depthwise convolution over the last k - 1 elements of the past and the input.
static void importCausalConv(OnnxNode &node) {
  Value x = node.input(0), filter = node.input(1), bias = node.hasInput(2) ? node.input(2) : Value();
  std::string activation = node.stringAttr("activation", "none");
  if (!needRank(node, x, 3, 3, "input") || !needRank(node, filter, 3, 3, "weight"))
    return;
  Ints xs = node.shape(x).vec(), ws = node.shape(filter).vec();
  int64_t border = ws[2] - 1;
  if (ws[0] != xs[1] || ws[1] != 1 || border < 0 || (bias && node.shape(bias) != llvm::ArrayRef<int64_t>{xs[1]}))
    return node.refuse("weight or bias do not fit the channels");
  if (activation != "none" && activation != "silu" && activation != "swish")
    return node.refuse("unknown activation '" + activation + "'");
  Value past = node.hasInput(3) ? node.input(3) : splat(node, node.dtype(x), {xs[0], xs[1], border}, 0);
  if (!node.ok() || node.shape(past) != llvm::ArrayRef<int64_t>{xs[0], xs[1], border})
    return node.refuse("the state does not fit the input");
  Value joined = border ? node.concat({past, x}, 2) : x;
  const Ints one = {1}, none = {0};
  if (!node.ok())
    return;
  Value y = node.create<nn::ConvOp>({x.getType()}, joined, filter, bias, /*residual=*/Value(), one, none, none, one, static_cast<uint64_t>(xs[1]));
  node.setOutput(0, activation == "none" ? y : node.unary(nn::UnaryKind::swish, y, 1));
  if (node.wantsOutput(1))
    node.setOutput(1, node.slice(joined, {0, 0, xs[2]}, {xs[0], xs[1], border}, {1, 1, 1}));
}

// ---- linear attention ---------------------------------------------------------------------------

/// Operands as [B, H, T, D] in f32; null when absent.
struct LinearState {
  Value query, key, value, decay, beta, state; // state [B, Hkv, Dk, Dv]
  int64_t steps, group;
  double scale;
};

/// [B, T, H D] -> [B, H, T, D] in f32.
static Value heads(OnnxNode &node, Value x, int64_t count) {
  if (!node.ok() || !needRank(node, x, 3, 3, "query, key, value, decay or beta"))
    return {};
  Ints s = node.shape(x).vec();
  if (count < 1 || s[2] % count != 0)
    return node.refuse("the last extent does not divide into heads"), Value();
  return node.cast(node.transpose(node.reshape(x, {s[0], s[1], count, s[2] / count}), {0, 2, 1, 3}), DType::F32);
}

static bool readLinear(OnnxNode &node, LinearState &s) {
  int64_t q = node.intAttr("q_num_heads", 0), kv = node.intAttr("kv_num_heads", 0);
  std::string rule = node.stringAttr("update_rule", "gated_delta");
  bool gated = rule == "gated" || rule == "gated_delta", delta = rule == "delta" || rule == "gated_delta";
  if (q < 1 || kv < 1 || q % kv != 0 || (!gated && !delta && rule != "linear"))
    return node.refuse("the heads do not divide into groups, or the update rule is unknown"), false;
  if (gated != node.hasInput(4) || delta != node.hasInput(5))
    return node.refuse("the update rule '" + rule + "' and the operands decay and beta do not agree"), false;
  s.query = heads(node, node.input(0), q);
  s.key = heads(node, node.input(1), kv);
  s.value = heads(node, node.input(2), kv);
  if (gated)
    s.decay = heads(node, node.input(4), kv);
  if (delta && node.ok())
    s.beta = heads(node, node.input(5), rankOf(node, node.input(5)) == 3 && node.shape(node.input(5))[2] == 1 ? 1 : kv);
  if (!node.ok())
    return false;
  Ints ks = node.shape(s.key).vec();
  Ints shape = {ks[0], ks[1], ks[3], node.shape(s.value)[3]};
  s.state = node.hasInput(3) ? node.cast(node.input(3), DType::F32) : splat(node, DType::F32, shape, 0);
  if (!node.ok() || node.shape(s.state) != llvm::ArrayRef<int64_t>(shape))
    return node.refuse("the state's shape does not fit key and value"), false;
  s.steps = ks[2];
  s.group = q / kv;
  double scale = node.floatAttr("scale", 0);
  s.scale = scale == 0 ? 1 / std::sqrt(static_cast<double>(ks[3])) : scale;
  return true;
}

/// Row t of [B, H, T, D] as [B, H, 1, D].
static Value rowOf(OnnxNode &node, Value x, int64_t t) {
  if (!node.ok())
    return {};
  Ints sizes = node.shape(x).vec();
  sizes[2] = 1;
  return node.slice(x, {0, 0, t, 0}, sizes, {1, 1, 1, 1});
}

/// One step: the state decays, takes the outer product of key and (corrected) value, and is read by the query. [B, H, 1, Dv].
static Value linearStep(OnnxNode &node, LinearState &s, int64_t t) {
  Value key = rowOf(node, s.key, t), value = rowOf(node, s.value, t);
  if (s.decay) {
    Value factor = transposeLast(node, node.unary(nn::UnaryKind::exp, rowOf(node, s.decay, t)));
    s.state = node.binary(BinaryKind::mul, s.state, factor);
  }
  if (s.beta && node.ok()) {
    Value error = node.binary(BinaryKind::sub, value, node.matmul(key, s.state));
    value = node.binary(BinaryKind::mul, rowOf(node, s.beta, t), error);
  }
  s.state = node.binary(BinaryKind::add, s.state, node.binary(BinaryKind::mul, transposeLast(node, key), value));
  if (!node.ok())
    return {};
  Ints ss = node.shape(s.state).vec();
  int64_t depth = ss[2], width = ss[3];
  Value query = node.reshape(rowOf(node, s.query, t), {ss[0], ss[1], s.group, depth});
  return node.reshape(node.matmul(query, s.state), {ss[0], ss[1] * s.group, 1, width});
}

static void importLinearAttention(OnnxNode &node) {
  constexpr int64_t kMaxSteps = 512; // the recurrence is written out
  LinearState s;
  if (!readLinear(node, s))
    return;
  if (s.steps < 1 || s.steps > kMaxSteps)
    return node.refuse("a sequence of " + std::to_string(s.steps) + " steps, at most 512 are written out");
  llvm::SmallVector<Value> rows;
  for (int64_t t = 0; t < s.steps && node.ok(); ++t)
    rows.push_back(linearStep(node, s, t));
  if (!node.ok())
    return;
  Value y = scaled(node, rows.size() == 1 ? rows[0] : node.concat(rows, 2), s.scale);
  if (!node.ok())
    return;
  Ints ys = node.shape(y).vec();
  DType type = node.dtype(node.input(0));
  node.setOutput(0, node.cast(node.reshape(node.transpose(y, {0, 2, 1, 3}), {ys[0], ys[2], ys[1] * ys[3]}), type));
  if (node.wantsOutput(1))
    node.setOutput(1, node.cast(s.state, node.hasInput(3) ? node.dtype(node.input(3)) : type));
}

void registerStreaming(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"TensorScatter", 24, 2, importTensorScatter}, {"CausalConvWithState", 27, 2, importCausalConv},
                         {"LinearAttention", 27, 3, importLinearAttention}});
}

} // namespace ingot
