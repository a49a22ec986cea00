// Contrib operators of com.microsoft that optimised exports contain: fused matmuls, activations and normalisations.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;
using nn::UnaryKind;

/// [M, batch..., K] -> [batch..., M, K].
static Value firstBehindBatch(OnnxNode &node, Value x) {
  if (!needRank(node, x, 2, 16, "operand with transposed batch axes"))
    return {};
  Ints perm = axesFrom(1, rankOf(node, x));
  perm.insert(perm.end() - 1, 0);
  return node.transpose(x, perm);
}

static void importFusedMatMul(OnnxNode &node) {
  Value a = node.input(0), b = node.input(1);
  if (node.intAttr("transBatchA", 0))
    a = firstBehindBatch(node, a);
  if (node.intAttr("transBatchB", 0))
    b = firstBehindBatch(node, b);
  if (!node.ok())
    return;
  if (node.intAttr("transA", 0) && needRank(node, a, 2, 16, "A"))
    a = transposeLast(node, a);
  if (node.intAttr("transB", 0) && needRank(node, b, 2, 16, "B"))
    b = transposeLast(node, b);
  node.setOutput(0, scaled(node, matmulAny(node, a, b), node.floatAttr("alpha", 1)));
}

/// An activation after an optional bias (operand 1).
static OnnxImportFn biased(UnaryKind kind) {
  return [kind](OnnxNode &node) {
    Value x = node.input(0);
    if (node.hasInput(1))
      x = node.binary(BinaryKind::add, x, node.input(1));
    node.setOutput(0, node.unary(kind, x));
  };
}

static void importQuickGelu(OnnxNode &node) { node.setOutput(0, node.unary(UnaryKind::swish, node.input(0), node.floatAttr("alpha", 1.702))); }

/// input + skip (+ bias), normalised over the last axis, scaled by gamma, shifted by beta; output 3 is the sum itself.
static OnnxImportFn skipNormalization(bool rms) {
  return [rms](OnnxNode &node) {
    int64_t biasOperand = rms ? 3 : 4;
    Value sum = node.binary(BinaryKind::add, node.input(0), node.input(1));
    if (node.hasInput(biasOperand))
      sum = node.binary(BinaryKind::add, sum, node.input(biasOperand));
    if (!node.ok() || !needRank(node, sum, 1, 16, "input"))
      return;
    Value y = layerNorm(node, sum, {rankOf(node, sum) - 1}, node.floatAttr("epsilon", rms ? 1e-6 : 1e-12), rms);
    y = node.binary(BinaryKind::mul, y, node.input(2));
    if (!rms && node.hasInput(3))
      y = node.binary(BinaryKind::add, y, node.input(3));
    node.setOutput(0, y);
    if (node.wantsOutput(1) || node.wantsOutput(2))
      return node.refuse("the outputs for mean and deviation are not supported");
    if (node.wantsOutput(3))
      node.setOutput(3, sum);
  };
}

/// word[ids] + position[ids, or 0, 1, 2 ...] + segment[ids], normalised; output 1: how many mask entries of a row are 1; output 2: the sum.
static void importEmbedLayerNormalization(OnnxNode &node) {
  Value ids = node.input(0);
  bool whole = node.hasInput(2) && node.hasInput(3) && node.hasInput(5) && node.hasInput(6);
  if (!whole || !needRank(node, ids, 2, 2, "input_ids"))
    return node.refuse("an embedding, 'gamma' or 'beta' is missing");
  Ints shape = node.shape(ids).vec();
  Value positions = node.hasInput(8) ? node.cast(node.input(8), DType::I64) : iota(node, shape[1], 1, 2);
  Value sum = node.binary(BinaryKind::add, gather(node, node.input(2), ids, 0), gather(node, node.input(3), positions, 0));
  if (node.hasInput(1) && node.hasInput(4))
    sum = node.binary(BinaryKind::add, sum, gather(node, node.input(4), node.input(1), 0));
  if (!node.ok())
    return;
  Value y = layerNorm(node, sum, {rankOf(node, sum) - 1}, node.floatAttr("epsilon", 1e-12), false);
  node.setOutput(0, node.binary(BinaryKind::add, node.binary(BinaryKind::mul, y, node.input(5)), node.input(6)));
  if (node.wantsOutput(1)) {
    Value ones = node.hasInput(7) ? node.binary(BinaryKind::equal, node.input(7), node.scalar(node.dtype(node.input(7)), 1)) : Value();
    node.setOutput(1, ones ? node.reduce(nn::ReduceKind::sum, node.cast(ones, DType::I32), {1}, false) : splat(node, DType::I32, {shape[0]}, 0));
  }
  if (node.wantsOutput(2))
    node.setOutput(2, sum);
}

void registerMicrosoft(OnnxOpRegistry &registry) {
  addRows(registry, "com.microsoft", {
    {"EmbedLayerNormalization", 1, 1, importEmbedLayerNormalization},
    {"FusedMatMul", 1, 2, importFusedMatMul}, {"Gelu", 1, 1, biased(UnaryKind::gelu)}, {"BiasGelu", 1, 2, biased(UnaryKind::gelu)},
    {"FastGelu", 1, 1, biased(UnaryKind::gelu_tanh)}, {"QuickGelu", 1, 1, importQuickGelu},
    {"SkipLayerNormalization", 1, 3, skipNormalization(false)}, {"SkipSimplifiedLayerNormalization", 1, 3, skipNormalization(true)}});
}

} // namespace ingot
