// Operators whose results are known at import: Constant, ConstantOfShape, Range, EyeLike and the signal windows.
#include "compiler/import/onnx/OpHelpers.h"

#include <cmath>

using namespace mlir;

namespace ingot {

static Tensor floatsTensor(llvm::ArrayRef<double> values, llvm::ArrayRef<int64_t> shape) {
  Tensor tensor(DType::F32, shape);
  for (size_t i = 0; i < values.size(); ++i)
    tensor.set(i, values[i]);
  return tensor;
}

static void importConstant(OnnxNode &node) {
  if (node.hasAttr("value")) {
    if (std::optional<Tensor> value = node.tensorAttr("value"))
      return node.setOutput(0, node.constantOf(*value));
    return node.refuse("the constant's element type has no tensor type on the device");
  }
  if (node.hasAttr("value_float"))
    return node.setOutput(0, node.scalar(DType::F32, node.floatAttr("value_float", 0)));
  if (node.hasAttr("value_int"))
    return node.setOutput(0, scalarI64(node, node.intAttr("value_int", 0)));
  if (node.hasAttr("value_ints"))
    return node.setOutput(0, node.constantOf(Tensor::vectorI64(node.intsAttr("value_ints"))));
  if (node.hasAttr("value_floats")) {
    std::vector<double> values = node.floatsAttr("value_floats");
    return node.setOutput(0, node.constantOf(floatsTensor(values, {static_cast<int64_t>(values.size())})));
  }
  node.refuse(node.hasAttr("sparse_value") ? "sparse constants are not supported" : "strings have no tensor type on the device");
}

/// Refused when a tensor of this shape would not fit the memory of a compile.
static bool fits(OnnxNode &node, llvm::ArrayRef<int64_t> shape) {
  std::optional<int64_t> count = elementCount(shape);
  if (count && *count < (int64_t(1) << 31))
    return true;
  node.refuse("the shape is negative or too large");
  return false;
}

static void importConstantOfShape(OnnxNode &node) {
  std::optional<Ints> shape = needInts(node, 0, "input");
  if (!shape || !fits(node, *shape))
    return;
  Tensor value = Tensor::scalar(DType::F32, 0);
  if (node.hasAttr("value")) {
    std::optional<Tensor> given = node.tensorAttr("value");
    if (!given || given->count() != 1)
      return node.refuse("the attribute 'value' is no tensor of one element");
    value = *given;
  }
  node.setOutput(0, node.broadcast(node.constantOf(value.reshaped({})), *shape));
}

static void importRange(OnnxNode &node) {
  std::optional<Tensor> start = needTensor(node, 0, "start"), limit = needTensor(node, 1, "limit"), delta = needTensor(node, 2, "delta");
  if (!start || !limit || !delta)
    return;
  if (start->count() != 1 || limit->count() != 1 || delta->count() != 1 || delta->at(0) == 0)
    return node.refuse("an operand is no scalar, or 'delta' is 0");
  double steps = std::ceil((limit->at(0) - start->at(0)) / delta->at(0));
  if (!(steps < 2147483648.0))
    return node.refuse("the result has too many elements");
  Tensor result(start->dtype(), {steps > 0 ? static_cast<int64_t>(steps) : 0});
  for (int64_t i = 0; i < result.count(); ++i) {
    if (isFloat(result.dtype()))
      result.set(i, start->at(0) + static_cast<double>(i) * delta->at(0));
    else
      result.setInt(i, static_cast<int64_t>(static_cast<uint64_t>(start->intAt(0)) + static_cast<uint64_t>(i) * static_cast<uint64_t>(delta->intAt(0))));
  }
  node.setOutput(0, node.constantOf(result));
}

static void importEyeLike(OnnxNode &node) {
  Value x = node.input(0);
  if (!needRank(node, x, 2, 2, "input"))
    return;
  std::optional<DType> type = node.hasAttr("dtype") ? dtypeOf(node, node.intAttr("dtype", 1)) : node.dtype(x);
  if (!type || !fits(node, node.shape(x)))
    return;
  int64_t k = node.intAttr("k", 0), columns = node.shape(x)[1];
  Tensor eye(*type, node.shape(x));
  for (int64_t i = 0; i < eye.count(); ++i)
    if (i % columns - i / columns == k)
      eye.set(i, 1);
  node.setOutput(0, node.constantOf(eye));
}

/// A window a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N), N the size, or size - 1 when symmetric.
static OnnxImportFn window(double a0, double a1, double a2) {
  return [=](OnnxNode &node) {
    std::optional<int64_t> size = needInt(node, 0, "size");
    std::optional<DType> type = dtypeOf(node, node.intAttr("output_datatype", 1));
    if (!size || !type || !fits(node, {*size}))
      return;
    double period = static_cast<double>(node.intAttr("periodic", 1) ? *size : *size - 1);
    Tensor result(*type, {*size});
    for (int64_t i = 0; i < *size; ++i) {
      double phase = period > 0 ? 2 * M_PI * static_cast<double>(i) / period : 0;
      result.set(i, a0 - a1 * std::cos(phase) + a2 * std::cos(2 * phase));
    }
    node.setOutput(0, node.constantOf(result));
  };
}

void registerConstant(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"Constant", 1, 0, importConstant}, {"ConstantOfShape", 9, 1, importConstantOfShape}, {"Range", 11, 3, importRange},
                         {"EyeLike", 9, 1, importEyeLike}, {"HannWindow", 17, 1, window(0.5, 0.5, 0)},
                         {"HammingWindow", 17, 1, window(25.0 / 46.0, 21.0 / 46.0, 0)}, {"BlackmanWindow", 17, 1, window(0.42, 0.5, 0.08)}});
}

} // namespace ingot
