// Losses: NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss over [N, C, d...] and class numbers [N, d...].
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;
using nn::ReduceKind;

static bool shapesMatch(OnnxNode &node, Value logs, Value target) {
  if (!needRank(node, logs, 2, 16, "input"))
    return false;
  Ints want = node.shape(logs).vec();
  want.erase(want.begin() + 1);
  bool fits = node.shape(target) == llvm::ArrayRef<int64_t>(want);
  if (!fits)
    node.refuse("the target's shape is not the input's without the class axis");
  return fits;
}

/// Weight of every target: its class' (1 when there is no weight operand), and 0 where it is ignored. Null when all are 1.
static Value targetWeights(OnnxNode &node, Value safe, Value ignored, DType type) {
  Value weights;
  if (node.hasInput(2))
    weights = gather(node, node.cast(node.input(2), type), safe, 0);
  if (!ignored || !node.ok())
    return weights;
  return node.select(ignored, node.scalar(type, 0), weights ? weights : node.scalar(type, 1));
}

/// The loss from log-probabilities; sets output 0.
static void lossOf(OnnxNode &node, Value logs) {
  Value target = node.cast(node.input(1), DType::I64);
  std::string reduction = node.stringAttr("reduction", "mean");
  if (!node.ok() || !shapesMatch(node, logs, target))
    return;
  if (reduction != "none" && reduction != "sum" && reduction != "mean")
    return node.refuse("unknown reduction '" + reduction + "'");
  if (node.hasInput(2) && node.shape(node.input(2)) != llvm::ArrayRef<int64_t>{node.shape(logs)[1]})
    return node.refuse("the weights have not one entry a class");
  DType type = node.dtype(logs);
  Value safe = target, ignored;
  if (node.hasAttr("ignore_index")) {
    Value index = scalarI64(node, node.intAttr("ignore_index", 0));
    ignored = node.binary(BinaryKind::equal, target, index);
    safe = node.select(ignored, node.scalar(DType::I64, 0), target);
  }
  Value places = unsqueeze(node, safe, 1);
  if (!node.ok())
    return;
  Value picked = node.create<nn::GatherElementsOp>({node.type(type, node.shape(places))}, logs, places, uint64_t(1));
  Value loss = node.unary(nn::UnaryKind::neg, squeezeAxis(node, picked, 1));
  Value weights = targetWeights(node, safe, ignored, type);
  if (weights && node.ok())
    loss = node.binary(BinaryKind::mul, loss, weights);
  Ints all = node.ok() ? axesFrom(0, rankOf(node, loss)) : Ints();
  if (!node.ok() || reduction == "none")
    return node.setOutput(0, loss);
  if (reduction == "mean" && !weights)
    return node.setOutput(0, node.reduce(ReduceKind::mean, loss, all, /*keepDims=*/false));
  Value sum = node.reduce(ReduceKind::sum, loss, all, /*keepDims=*/false);
  if (reduction == "mean")
    sum = node.binary(BinaryKind::div, sum, node.reduce(ReduceKind::sum, weights, all, /*keepDims=*/false));
  node.setOutput(0, sum);
}

static void importSoftmaxCrossEntropyLoss(OnnxNode &node) {
  if (!needRank(node, node.input(0), 2, 16, "scores"))
    return;
  Value logs = node.softmax(node.input(0), 1, /*log=*/true);
  if (!node.ok())
    return;
  if (node.wantsOutput(1))
    node.setOutput(1, logs);
  lossOf(node, logs);
}

void registerLoss(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"NegativeLogLikelihoodLoss", 12, 2, [](OnnxNode &node) { lossOf(node, node.input(0)); }},
                         {"SoftmaxCrossEntropyLoss", 12, 2, importSoftmaxCrossEntropyLoss}});
}

} // namespace ingot
