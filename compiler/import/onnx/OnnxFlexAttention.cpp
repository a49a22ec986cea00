// ai.onnx.preview.FlexAttention: softmax(score_mod(Q K^T scale)) V, where score_mod and prob_mod are graphs of the model that change scores and probabilities.
#include "compiler/import/onnx/OnnxImporter.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;

namespace ingot {

/// [B, kv heads, S, E] with every head repeated for the query heads that share it: [B, heads, S, E].
static Value repeatHeads(OnnxNode &node, Value x, int64_t heads) {
  std::vector<int64_t> shape = node.shape(x).vec();
  if (!node.ok() || shape[1] == heads)
    return x;
  Value apart = node.reshape(x, {shape[0], shape[1], 1, shape[2], shape[3]});
  return node.reshape(node.broadcast(apart, {shape[0], shape[1], heads / shape[1], shape[2], shape[3]}), {shape[0], heads, shape[2], shape[3]});
}

static bool attentionFits(OnnxNode &node, llvm::ArrayRef<Value> inputs) {
  for (int i = 0; i < 3; ++i)
    if (static_cast<int>(inputs.size()) <= i || !inputs[i] || node.shape(inputs[i]).size() != 4)
      return node.refuse("query, key and value must have four axes"), false;
  llvm::ArrayRef<int64_t> q = node.shape(inputs[0]), k = node.shape(inputs[1]), v = node.shape(inputs[2]);
  if (q[0] == k[0] && k[0] == v[0] && k[1] == v[1] && k[1] > 0 && q[1] % k[1] == 0 && q[3] == k[3] && k[2] == v[2] && q[3] > 0)
    return true;
  node.refuse("the shapes of query, key and value do not fit together");
  return false;
}

/// One graph attribute applied to `x`, when there is one. Null: reported.
Value OnnxImporter::applyGraph(const onnx::NodeProto &proto, OnnxNode &node, llvm::StringRef name, Value x, Scope &scope) {
  const onnx::GraphProto *graph = node.graphAttr(name);
  if (!graph || !node.ok())
    return x;
  llvm::SmallVector<Value> outputs;
  if (!importBody(proto, *graph, {x}, scope, outputs))
    return {};
  frame = {};
  if (outputs.size() == 1 && outputs[0].getType() == x.getType())
    return outputs[0];
  node.refuse(llvm::formatv("its graph '{0}' does not give one tensor of the shape and type it is given", name).str());
  return x;
}

void OnnxImporter::importFlexAttention(const onnx::NodeProto &proto, Scope &scope, llvm::ArrayRef<Value> inputs) {
  OnnxNode node(*this, proto, 1);
  if (!attentionFits(node, inputs))
    return refuse(proto, node.reason, scope);
  Value q = inputs[0], k = repeatHeads(node, inputs[1], node.shape(q)[1]), v = repeatHeads(node, inputs[2], node.shape(q)[1]);
  DType type = node.dtype(q), wide = type == DType::F64 ? DType::F64 : DType::F32;
  if (int64_t asked = node.intAttr("softmax_precision", 0)) {
    std::optional<DType> given = dtypeOfOnnx(asked);
    if (!given || !isFloat(*given))
      return refuse(proto, "softmax_precision names no floating-point type", scope);
    wide = *given;
  }
  double scale = node.hasAttr("scale") ? node.floatAttr("scale", 1) : 1 / std::sqrt(static_cast<double>(node.shape(q)[3]));
  Value root = node.scalar(type, std::sqrt(scale));
  Value scores = node.matmul(node.binary(nn::BinaryKind::mul, q, root), node.transpose(node.binary(nn::BinaryKind::mul, k, root), {0, 1, 3, 2}));
  scores = applyGraph(proto, node, "score_mod", node.ok() ? node.cast(scores, wide) : scores, scope);
  Value weights = scores && node.ok() ? node.softmax(scores, 3) : scores;
  weights = weights ? applyGraph(proto, node, "prob_mod", weights, scope) : weights;
  if (!weights)
    return poisonOutputs(proto, scope);
  Value y = node.ok() ? node.cast(node.matmul(weights, node.cast(v, wide)), type) : Value();
  if (!node.ok())
    return refuse(proto, node.reason, scope);
  defineOutputs(proto, scope, {y});
}

} // namespace ingot
