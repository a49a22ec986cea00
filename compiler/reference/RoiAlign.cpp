// nn.roi_align: places and weights step by step in the elements' type, as the op says, since a place decides which elements are read; sums in double.
#include "compiler/reference/Rules.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

constexpr double kMostSamples = 65536;

/// Elements low and high of an axis, and their weights; `weight` of a place outside is 0 and `inside` false.
struct Place {
  bool inside = false;
  int64_t index[2] = {0, 0};
  double weight[2] = {0, 0};
};

template <typename T> Place placeAt(T at, int64_t extent) {
  T last = static_cast<T>(extent - 1);
  if (!(at >= T(-1) && at <= static_cast<T>(extent)))
    return {};
  at = std::min(std::max(at, T(0)), last);
  int64_t low = static_cast<int64_t>(at);
  T part = at - static_cast<T>(low), rest = T(1) - part;
  return {true, {low, std::min(low + 1, extent - 1)}, {rest, part}};
}

/// The places of every bin along one axis of a box: [out][samples].
template <typename T> std::vector<std::vector<Place>> placesOf(nn::RoiAlignOp op, T low, T high, int64_t out, int64_t extent) {
  T scale = static_cast<T>(op.getScale().convertToDouble()), offset = static_cast<T>(op.getOffset().convertToDouble());
  T start = low * scale, end = high * scale;
  start = start - offset;
  end = end - offset;
  T size = end - start;
  if (op.getAtLeastOne())
    size = std::max(size, T(1));
  T bin = size / static_cast<T>(out);
  int64_t samples = static_cast<int64_t>(op.getSamples());
  if (samples == 0 && bin > 0)
    samples = static_cast<int64_t>(std::ceil(std::min(static_cast<double>(bin), kMostSamples)));
  std::vector<std::vector<Place>> places(static_cast<size_t>(out));
  for (int64_t p = 0; p < out; ++p)
    for (int64_t i = 0; i < samples; ++i) {
      T begin = static_cast<T>(p) * bin, within = (static_cast<T>(i) + T(0.5)) * bin;
      begin = start + begin;
      within = within / static_cast<T>(samples);
      places[static_cast<size_t>(p)].push_back(placeAt<T>(begin + within, extent));
    }
  return places;
}

/// One channel of one bin; `at` reads the element (y, x).
template <typename T, typename F> double poolBin(bool maximum, ArrayRef<Place> down, ArrayRef<Place> across, F at) {
  double sum = 0, most = down.empty() || across.empty() ? 0 : -HUGE_VAL;
  for (const Place &y : down)
    for (const Place &x : across)
      for (int corner = 0; corner < 4; ++corner) {
        T weight = static_cast<T>(y.weight[corner / 2]) * static_cast<T>(x.weight[corner % 2]);
        bool inside = y.inside && x.inside;
        double value = inside ? at(y.index[corner / 2], x.index[corner % 2]) * static_cast<double>(weight) : 0;
        sum += value;
        most = value > most || std::isnan(value) ? value : most;
      }
  return maximum ? most : sum / static_cast<double>(std::max<size_t>(1, down.size() * across.size()));
}

template <typename T> void alignBox(nn::RoiAlignOp op, ArrayRef<Tensor> operands, int64_t row, Tensor &result) {
  ArrayRef<int64_t> image = operands[0].shape(), out = result.shape();
  auto edge = [&](int64_t i) { return static_cast<T>(operands[1].at(row * 4 + i)); };
  std::vector<std::vector<Place>> down = placesOf<T>(op, edge(1), edge(3), out[1], image[1]), across = placesOf<T>(op, edge(0), edge(2), out[2], image[2]);
  int64_t picture = std::min(std::max<int64_t>(operands[2].intAt(row), 0), image[0] - 1);
  for (int64_t i = 0; i < out[1] * out[2] * out[3]; ++i) {
    int64_t c = i % out[3], bin = i / out[3];
    double value = poolBin<T>(op.getMaximum(), down[static_cast<size_t>(bin / out[2])], across[static_cast<size_t>(bin % out[2])], [&](int64_t y, int64_t x) {
      return operands[0].at(((picture * image[1] + y) * image[2] + x) * image[3] + c);
    });
    result.set(row * out[1] * out[2] * out[3] + i, value);
  }
}

llvm::FailureOr<Results> roiAlign(Operation *operation, ArrayRef<Tensor> operands, std::string &) {
  nn::RoiAlignOp op = cast<nn::RoiAlignOp>(operation);
  Tensor result = resultOf(operation);
  int64_t rows = result.shape()[0];
  if (op.getRows())
    rows = std::min(rows, operands[3].intAt(0));
  for (int64_t row = 0; row < rows; ++row)
    if (operands[0].dtype() == DType::F64)
      alignBox<double>(op, operands, row, result);
    else
      alignBox<float>(op, operands, row, result);
  return one(result);
}

} // namespace

void addRoiAlign(RuleTable &table) { table["nn.roi_align"] = roiAlign; }

} // namespace ingot::reference
