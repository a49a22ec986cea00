// Operators whose result's extent depends on data: NonZero and Compress are computed when that data is constant.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

static void refuseExtent(OnnxNode &node) { node.refuse("the output's extent depends on data"); }

/// Coordinates [rank, count] of the elements that are not zero.
static void importNonZero(OnnxNode &node) {
  std::optional<Tensor> x = node.constant(0);
  if (!x)
    return refuseExtent(node);
  Ints places;
  for (int64_t i = 0; i < x->count(); ++i)
    if (x->at(i) != 0)
      places.push_back(i);
  int64_t count = places.size(), rank = x->rank();
  Tensor result(DType::I64, {rank, count});
  for (int64_t p = 0; p < count; ++p)
    for (int64_t axis = rank - 1, rest = places[p]; axis >= 0; --axis) {
      result.setInt(axis * count + p, rest % x->shape()[axis]);
      rest /= x->shape()[axis];
    }
  node.setOutput(0, node.constantOf(result));
}

/// Keeps the slices along `axis` (of the flattened input without one) whose condition is true.
static void importCompress(OnnxNode &node) {
  Value x = node.input(0);
  std::optional<Tensor> condition = node.constant(1);
  if (!condition)
    return refuseExtent(node);
  std::optional<int64_t> axis = 0;
  if (node.hasAttr("axis"))
    axis = axisOf(node, 0, rankOf(node, x));
  else
    x = node.reshape(x, {elementCount(node.shape(x)).value_or(0)});
  if (!axis || !node.ok())
    return;
  Ints kept;
  for (int64_t i = 0; i < std::min(condition->count(), node.shape(x)[*axis]); ++i)
    if (condition->at(i) != 0)
      kept.push_back(i);
  node.setOutput(0, gather(node, x, node.constantOf(Tensor::vectorI64(kept)), *axis));
}

void registerSelection(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"NonZero", 9, 1, importNonZero}, {"Compress", 9, 2, importCompress}, {"Unique", 11, 1, refuseExtent},
                         {"NonMaxSuppression", 10, 2, refuseExtent}});
}

} // namespace ingot
