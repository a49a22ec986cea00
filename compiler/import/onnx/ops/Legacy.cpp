// Experimental operators that old exporters put in the default domain: ImageScaler, Crop, Affine, Scale, ScaledTanh ...
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;

/// x scale + bias[c].
static void importImageScaler(OnnxNode &node) {
  Value x = node.input(0);
  std::vector<double> bias = node.floatsAttr("bias");
  if (!needRank(node, x, 2, 16, "input"))
    return;
  Tensor values(node.dtype(x), {static_cast<int64_t>(bias.size())});
  for (size_t i = 0; i < bias.size(); ++i)
    values.set(i, bias[i]);
  Value y = scaled(node, x, node.floatAttr("scale", 1));
  if (!bias.empty())
    y = node.binary(BinaryKind::add, y, alongAxis(node, node.constantOf(values), 1, rankOf(node, x), node.shape(x)[1]));
  node.setOutput(0, y);
}

/// Cuts `border` (left, top, right, bottom) off the last two axes; with `scale` (height, width) the size is given instead.
static void importCrop(OnnxNode &node) {
  Value x = node.input(0);
  Ints border = node.intsAttr("border"), scale = node.intsAttr("scale");
  if (!needRank(node, x, 4, 4, "input"))
    return;
  if (border.size() != 4 || (!scale.empty() && scale.size() != 2))
    return node.refuse("the attribute 'border' has no 4 entries or 'scale' no 2");
  Ints starts = {0, 0, border[1], border[0]}, sizes = node.shape(x).vec();
  Ints high = {0, 0, border[3], border[2]};
  for (int64_t axis : {2, 3}) {
    int64_t extent = sizes[axis];
    if (starts[axis] < 0 || starts[axis] > extent || high[axis] < 0 || high[axis] > extent)
      return node.refuse("the border is out of range");
    sizes[axis] = scale.empty() ? extent - starts[axis] - high[axis] : scale[axis - 2];
    if (sizes[axis] < 0 || sizes[axis] > extent - starts[axis])
      return node.refuse("the border leaves nothing of the input");
  }
  node.setOutput(0, node.slice(x, starts, sizes, {1, 1, 1, 1}));
}

static void importAffine(OnnxNode &node) {
  Value y = scaled(node, node.input(0), node.floatAttr("alpha", 1));
  double beta = node.floatAttr("beta", 0);
  if (beta != 0 && node.ok())
    y = node.binary(BinaryKind::add, y, node.scalar(node.dtype(y), beta));
  node.setOutput(0, y);
}

static void importScale(OnnxNode &node) { node.setOutput(0, scaled(node, node.input(0), node.floatAttr("scale", 1))); }

static void importScaledTanh(OnnxNode &node) {
  Value y = node.unary(nn::UnaryKind::tanh, scaled(node, node.input(0), node.floatAttr("beta", 1)));
  node.setOutput(0, scaled(node, y, node.floatAttr("alpha", 1)));
}

static void importParametricSoftplus(OnnxNode &node) {
  Value y = node.unary(nn::UnaryKind::softplus, scaled(node, node.input(0), node.floatAttr("beta", 1)));
  node.setOutput(0, scaled(node, y, node.floatAttr("alpha", 1)));
}

void registerLegacy(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"ImageScaler", 1, 1, importImageScaler}, {"Crop", 1, 1, importCrop}, {"Affine", 1, 1, importAffine},
                         {"Scale", 1, 1, importScale}, {"ScaledTanh", 1, 1, importScaledTanh},
                         {"ParametricSoftplus", 1, 1, importParametricSoftplus}});
}

} // namespace ingot
