// nn.resize: ONNX Resize. Interpolation is separable, so each axis has a table of taps (ResizeTaps.h) per output coordinate, and
// the axes are resized one after the other.
#include "compiler/reference/ResizeTaps.h"
#include "compiler/reference/Rules.h"

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

/// values [outer, in, inner] -> [outer, out, inner].
std::vector<double> resizeAxis(const std::vector<double> &values, int64_t inner, const ResizeAxis &axis, double outside) {
  int64_t outer = static_cast<int64_t>(values.size()) / (axis.in * inner);
  std::vector<double> result(static_cast<size_t>(outer * axis.out * inner));
  for (int64_t row = 0; row < outer * axis.out; ++row) {
    const Taps &taps = axis.taps[static_cast<size_t>(row % axis.out)];
    double *out = result.data() + row * inner;
    for (int64_t i = 0; i < inner; ++i)
      out[i] = taps.empty() ? outside : 0;
    for (const Tap &tap : taps) {
      const double *from = values.data() + (row / axis.out * axis.in + tap.index) * inner;
      for (int64_t i = 0; i < inner; ++i)
        out[i] += tap.weight * from[i];
    }
  }
  return result;
}

Tensor copyNearest(Operation *op, const Tensor &input, const std::vector<ResizeAxis> &axes, double outside) {
  Tensor result = resultOf(op);
  std::vector<int64_t> strides = stridesOf(input.shape());
  std::vector<AxisTable> offsets;
  for (size_t axis = 0; axis < axes.size(); ++axis) {
    AxisTable table;
    for (const Taps &taps : axes[axis].taps)
      table.push_back(taps.empty() ? kOutside : taps[0].index * strides[axis]);
    offsets.push_back(std::move(table));
  }
  for (int64_t i = 0; outside != 0 && i < result.count(); ++i)
    result.set(i, outside);
  copyElements(input, combine(offsets), result);
  return result;
}

llvm::FailureOr<Results> resize(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto resize = cast<nn::ResizeOp>(op);
  const Tensor &input = operands[0];
  Tensor result = resultOf(op);
  if (result.count() == 0)
    return one(result);
  std::optional<std::vector<ResizeAxis>> axes = resizeAxes(resize, why);
  if (!axes)
    return failure();
  double outside = resize.getExtrapolation().convertToDouble();
  if (resize.getMode() == nn::ResizeMode::nearest)
    return one(copyNearest(op, input, *axes, outside));
  std::vector<double> values = load<double>(input);
  std::vector<int64_t> strides = stridesOf(input.shape()); // of the axes after i, which are still as in the input
  for (size_t i = 0; i < axes->size(); ++i)
    if (!(*axes)[i].identity)
      values = resizeAxis(values, strides[i], (*axes)[i], outside);
  store(result, values);
  return one(result);
}

} // namespace

void addResize(RuleTable &table) { table["nn.resize"] = resize; }

} // namespace ingot::reference
