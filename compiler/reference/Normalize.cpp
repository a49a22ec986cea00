// nn.softmax, nn.normalize and nn.lrn: every element divided by something of its group.
#include "compiler/reference/Rules.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

/// Replaces each group of values along `axes` by f(values).
template <typename F> Tensor mapGroups(Operation *op, const Tensor &input, ArrayRef<int64_t> axes, F f) {
  Tensor result = resultOf(op);
  Groups groups = groupBy(input.shape(), axes);
  std::vector<double> values(static_cast<size_t>(groups.size));
  for (int64_t g = 0; g < groups.count; ++g) {
    const int64_t *offsets = groups.offsets.data() + g * groups.size;
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = input.at(offsets[i]);
    f(values);
    for (size_t i = 0; i < values.size(); ++i)
      result.set(offsets[i], values[i]);
  }
  return result;
}

llvm::FailureOr<Results> softmax(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  auto softmax = cast<nn::SoftmaxOp>(op);
  bool log = softmax.getLog();
  return one(mapGroups(op, operands[0], {static_cast<int64_t>(softmax.getAxis())}, [&](std::vector<double> &values) {
    double top = -HUGE_VAL, sum = 0;
    for (double value : values)
      top = std::max(top, value);
    for (double value : values)
      sum += std::exp(value - top);
    for (double &value : values)
      value = log ? value - top - std::log(sum) : std::exp(value - top) / sum;
  }));
}

llvm::FailureOr<Results> normalize(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  auto normalize = cast<nn::NormalizeOp>(op);
  double epsilon = normalize.getEpsilon().convertToDouble();
  bool centred = !normalize.getRms();
  return one(mapGroups(op, operands[0], normalize.getAxes(), [&](std::vector<double> &values) {
    double count = static_cast<double>(values.size()), mean = 0, square = 0;
    for (double value : values)
      mean += centred ? value / count : 0;
    for (double value : values)
      square += (value - mean) * (value - mean);
    for (double &value : values)
      value = (value - mean) / std::sqrt(square / count + epsilon);
  }));
}

llvm::FailureOr<Results> lrn(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  auto lrn = cast<nn::LrnOp>(op);
  double alpha = lrn.getAlpha().convertToDouble(), beta = lrn.getBeta().convertToDouble(), bias = lrn.getBias().convertToDouble();
  int64_t size = static_cast<int64_t>(lrn.getSize());
  int64_t below = (size - 1) / 2, above = size / 2; // floor and ceil of (size - 1) / 2
  return one(mapGroups(op, operands[0], {1}, [&](std::vector<double> &values) {
    std::vector<double> channels = values;
    int64_t count = static_cast<int64_t>(values.size());
    for (int64_t c = 0; c < count; ++c) {
      double sum = 0;
      for (int64_t other = std::max<int64_t>(c - below, 0); other <= c + std::min(above, count - 1 - c); ++other)
        sum += channels[static_cast<size_t>(other)] * channels[static_cast<size_t>(other)];
      values[static_cast<size_t>(c)] /= std::pow(bias + alpha / static_cast<double>(size) * sum, beta);
    }
  }));
}

} // namespace

void addNormalize(RuleTable &table) {
  table["nn.softmax"] = softmax;
  table["nn.normalize"] = normalize;
  table["nn.lrn"] = lrn;
}

} // namespace ingot::reference
