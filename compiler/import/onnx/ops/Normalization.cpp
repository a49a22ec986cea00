// Normalisations and softmax. Scale and shift are separate multiplications and additions that fusion joins again.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;
using nn::ReduceKind;
using nn::UnaryKind;

// ---- batch --------------------------------------------------------------------------------------

struct Moments {
  Value mean, variance;
};

/// Mean and population variance over `axes`, extents kept.
static Moments momentsOf(OnnxNode &node, Value x, llvm::ArrayRef<int64_t> axes) {
  Value mean = node.reduce(ReduceKind::mean, x, axes);
  Value centred = node.binary(BinaryKind::sub, x, mean);
  return {mean, node.reduce(ReduceKind::mean, node.binary(BinaryKind::mul, centred, centred), axes)};
}

/// Training mode: the batch's own moments, and the running ones moved towards them (outputs 1 and 2).
static std::optional<Moments> batchMoments(OnnxNode &node, Value x) {
  Ints axes = {0};
  llvm::append_range(axes, axesFrom(2, rankOf(node, x)));
  int64_t channels = node.shape(x)[1];
  Moments batch = momentsOf(node, x, axes);
  if (!node.ok())
    return std::nullopt;
  Moments now = {node.reshape(batch.mean, {channels}), node.reshape(batch.variance, {channels})};
  double momentum = node.floatAttr("momentum", 0.9);
  for (int64_t i : {1, 2}) {
    if (!node.wantsOutput(i) || !node.ok())
      continue;
    Value old = node.input(i + 2), fresh = node.cast(i == 1 ? now.mean : now.variance, node.dtype(old));
    node.setOutput(i, node.binary(BinaryKind::add, scaled(node, old, momentum), scaled(node, fresh, 1 - momentum)));
  }
  return node.ok() ? std::optional<Moments>(now) : std::nullopt;
}

/// y = x s + (b - mean s) with s = scale / sqrt(var + epsilon), folded when the parameters are constant.
static void importBatchNormalization(OnnxNode &node) {
  Value x = node.input(0);
  if (!needRank(node, x, 2, 16, "X"))
    return;
  if (node.opset() < 14 && node.wantsOutput(1))
    return node.refuse("training mode of this operator version is not supported");
  if (node.opset() < 7 && node.intAttr("is_test", 0) == 0)
    return node.refuse("training mode (is_test = 0) of this operator version is not supported");
  if (node.opset() < 9 && node.intAttr("spatial", 1) == 0)
    return node.refuse("statistics for each position (spatial = 0) are not supported");
  int64_t rank = rankOf(node, x), channels = node.shape(x)[1];
  std::optional<Moments> moments = Moments{node.input(3), node.input(4)};
  if (node.intAttr("training_mode", 0))
    moments = batchMoments(node, x);
  if (!moments)
    return;
  DType type = isFloat(node, moments->variance) ? node.dtype(moments->variance) : DType::F32;
  Value epsilon = node.scalar(type, node.floatAttr("epsilon", 1e-5));
  Value deviation = node.unary(UnaryKind::sqrt, node.binary(BinaryKind::add, moments->variance, epsilon));
  Value factor = node.binary(BinaryKind::div, node.cast(node.input(1), type), deviation);
  Value shift = node.binary(BinaryKind::sub, node.cast(node.input(2), type), node.binary(BinaryKind::mul, moments->mean, factor));
  factor = alongAxis(node, factor, 1, rank, channels);
  shift = alongAxis(node, shift, 1, rank, channels);
  Value y = node.binary(BinaryKind::mul, node.cast(x, type), factor);
  node.setOutput(0, node.cast(node.binary(BinaryKind::add, y, shift), node.dtype(x)));
}

// ---- instance, layer, group ---------------------------------------------------------------------

static void importInstanceNormalization(OnnxNode &node) {
  Value x = node.input(0);
  if (!needRank(node, x, 3, 16, "input"))
    return;
  int64_t rank = rankOf(node, x), channels = node.shape(x)[1];
  Value y = layerNorm(node, x, axesFrom(2, rank), node.floatAttr("epsilon", 1e-5), false);
  y = node.binary(BinaryKind::mul, y, alongAxis(node, node.input(1), 1, rank, channels));
  node.setOutput(0, node.binary(BinaryKind::add, y, alongAxis(node, node.input(2), 1, rank, channels)));
}

/// Outputs 1 and 2 of LayerNormalization: mean and 1 / sqrt(var + epsilon), computed in f32.
static void setLayerMoments(OnnxNode &node, Value x, llvm::ArrayRef<int64_t> axes, double epsilon) {
  DType type = node.dtype(x) == DType::F64 ? DType::F64 : DType::F32;
  Moments moments = momentsOf(node, node.cast(x, type), axes);
  if (node.wantsOutput(1))
    node.setOutput(1, moments.mean);
  Value shifted = node.binary(BinaryKind::add, moments.variance, node.scalar(type, epsilon));
  if (node.wantsOutput(2))
    node.setOutput(2, node.unary(UnaryKind::reciprocal, node.unary(UnaryKind::sqrt, shifted)));
}

/// LayerNormalization and RMSNormalization: the trailing axes from `axis` on.
static OnnxImportFn trailing(bool rms) {
  return [rms](OnnxNode &node) {
    Value x = node.input(0);
    int64_t rank = rankOf(node, x);
    std::optional<int64_t> axis = axisOf(node, -1, rank);
    if (!axis)
      return;
    double epsilon = node.floatAttr("epsilon", 1e-5);
    Ints axes = axesFrom(*axis, rank);
    DType type = node.dtype(x), wide = type == DType::F64 ? type : DType::F32;
    bool stash = node.intAttr("stash_type", 1) == 1;
    Value y = layerNorm(node, stash ? node.cast(x, wide) : x, axes, epsilon, rms);
    y = node.binary(BinaryKind::mul, node.cast(y, node.dtype(node.input(1))), node.input(1));
    if (!rms && node.hasInput(2))
      y = node.binary(BinaryKind::add, y, node.input(2));
    node.setOutput(0, node.ok() ? node.cast(y, type) : y);
    if (!rms && node.ok() && (node.wantsOutput(1) || node.wantsOutput(2)))
      setLayerMoments(node, x, axes, epsilon);
  };
}

/// Scale and bias have one entry a group before opset 21, one a channel after.
static void importGroupNormalization(OnnxNode &node) {
  Value x = node.input(0);
  int64_t rank = rankOf(node, x), groups = node.intAttr("num_groups", 0);
  if (!needRank(node, x, 3, 16, "X"))
    return;
  llvm::ArrayRef<int64_t> shape = node.shape(x);
  int64_t channels = shape[1];
  if (groups < 1 || channels % groups != 0)
    return node.refuse("the channels do not divide into 'num_groups' groups");
  std::optional<int64_t> count = elementCount(shape);
  int64_t inner = shape[0] * groups == 0 ? 0 : count.value_or(0) / (shape[0] * groups);
  DType type = node.dtype(x), wide = type == DType::F64 ? type : DType::F32;
  bool stash = node.intAttr("stash_type", 1) == 1;
  Value y = node.reshape(stash ? node.cast(x, wide) : x, {shape[0], groups, inner});
  y = node.cast(layerNorm(node, y, {2}, node.floatAttr("epsilon", 1e-5), false), type);
  Ints full = shape.vec();
  bool perGroup = node.opset() < 21;
  if (!perGroup)
    y = node.reshape(y, full);
  int64_t parameters = perGroup ? groups : channels, parameterRank = perGroup ? 3 : rank;
  y = node.binary(BinaryKind::mul, y, alongAxis(node, node.input(1), 1, parameterRank, parameters));
  y = node.binary(BinaryKind::add, y, alongAxis(node, node.input(2), 1, parameterRank, parameters));
  node.setOutput(0, perGroup ? node.reshape(y, full) : y);
}

static void importLpNormalization(OnnxNode &node) {
  Value x = node.input(0);
  int64_t p = node.intAttr("p", 2);
  std::optional<int64_t> axis = axisOf(node, -1, rankOf(node, x));
  if (!axis)
    return;
  if (p != 1 && p != 2)
    return node.refuse("the attribute 'p' is neither 1 nor 2");
  Value norm = node.reduce(p == 1 ? ReduceKind::l1 : ReduceKind::l2, x, {*axis});
  if (!node.ok())
    return;
  DType type = node.dtype(x);
  Value safe = node.select(node.binary(BinaryKind::equal, norm, node.scalar(type, 0)), node.scalar(type, 1), norm);
  node.setOutput(0, node.binary(BinaryKind::div, x, safe));
}

/// (x - mean) / (deviation + 1e-9), as in the operator's definition.
static void importMeanVarianceNormalization(OnnxNode &node) {
  Value x = node.input(0);
  Ints axes = node.intsAttr("axes", {0, 2, 3});
  if (!normaliseAxes(node, axes, rankOf(node, x)))
    return;
  Moments moments = momentsOf(node, x, axes);
  Value deviation = node.binary(BinaryKind::add, node.unary(UnaryKind::sqrt, moments.variance), node.scalar(node.dtype(x), 1e-9));
  node.setOutput(0, node.binary(BinaryKind::div, node.binary(BinaryKind::sub, x, moments.mean), deviation));
}

static void importLrn(OnnxNode &node) {
  Value x = node.input(0);
  int64_t size = node.intAttr("size", 0);
  if (!needRank(node, x, 2, 16, "X"))
    return;
  if (size < 1)
    return node.refuse("the attribute 'size' is missing or not positive");
  double alpha = node.floatAttr("alpha", 0.0001), beta = node.floatAttr("beta", 0.75), bias = node.floatAttr("bias", 1);
  node.setOutput(0, node.create<nn::LrnOp>({x.getType()}, x, static_cast<uint64_t>(size), llvm::APFloat(alpha), llvm::APFloat(beta), llvm::APFloat(bias)));
}

// ---- softmax ------------------------------------------------------------------------------------

/// Before opset 13 everything from `axis` on is one axis; runs `body` on the right form and restores the shape.
static void alongSoftmaxAxis(OnnxNode &node, const std::function<Value(Value, int64_t)> &body) {
  Value x = node.input(0);
  int64_t rank = rankOf(node, x);
  bool flat = node.opset() < 13;
  int64_t axis = node.intAttr("axis", flat ? 1 : -1);
  if (flat && axis == rank)
    return node.setOutput(0, node.reshape(body(node.reshape(x, flatShape(node.shape(x), axis)), 1), node.shape(x)));
  if (node.badAxis(axis, rank))
    return;
  if (!flat || axis == rank - 1)
    return node.setOutput(0, body(x, axis));
  Ints shape = node.shape(x).vec();
  Value y = node.reshape(x, flatShape(shape, axis));
  if (node.ok())
    node.setOutput(0, node.reshape(body(y, 1), shape));
}

static OnnxImportFn softmax(bool log) {
  return [log](OnnxNode &node) { alongSoftmaxAxis(node, [&](Value x, int64_t axis) { return node.softmax(x, axis, log); }); };
}

static void importHardmax(OnnxNode &node) {
  alongSoftmaxAxis(node, [&](Value x, int64_t axis) {
    Ints shape = node.shape(x).vec();
    int64_t extent = shape[axis], rank = shape.size();
    shape[axis] = 1;
    Value best = node.create<nn::ArgReduceOp>({node.type(DType::I64, shape)}, x, static_cast<uint64_t>(axis));
    Value hit = node.binary(BinaryKind::equal, best, iota(node, extent, axis, rank));
    return node.cast(hit, node.dtype(x));
  });
}

void registerNormalization(OnnxOpRegistry &registry) {
  addRows(registry, "", {
    {"BatchNormalization", 1, 5, importBatchNormalization}, {"InstanceNormalization", 1, 3, importInstanceNormalization},
    {"LayerNormalization", 1, 2, trailing(false)}, {"RMSNormalization", 1, 2, trailing(true)},
    {"GroupNormalization", 18, 3, importGroupNormalization}, {"LpNormalization", 1, 1, importLpNormalization},
    {"MeanVarianceNormalization", 9, 1, importMeanVarianceNormalization}, {"LRN", 1, 1, importLrn}, {"Softmax", 1, 1, softmax(false)},
    {"LogSoftmax", 1, 1, softmax(true)}, {"Hardmax", 1, 1, importHardmax}});
  addRows(registry, "com.microsoft", {{"LayerNormalization", 1, 2, trailing(false)}});
}

} // namespace ingot
