// nn.resize: ONNX Resize. Interpolation is separable, so each axis has a table of taps (input index, weight) per output
// coordinate, and the axes are resized one after the other. Coordinates use the real length scale * extent, as ONNX does.
#include "compiler/reference/Rules.h"

#include <cmath>

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

using nn::CoordMode;
using nn::NearestMode;
using nn::ResizeMode;

/// One axis of a resize.
struct Axis {
  int64_t in, out;
  double scale;
  double roiStart = 0, roiEnd = 1;
};

struct Tap {
  int64_t index;
  double weight;
};
/// No taps: the coordinate lies outside (tf_crop_and_resize) and takes the extrapolation value.
using Taps = std::vector<Tap>;

double cropCoordinate(const Axis &axis, double out) {
  double span = axis.roiEnd - axis.roiStart, last = static_cast<double>(axis.in - 1), length = axis.scale * static_cast<double>(axis.in);
  double within = length == 1 ? span * last / 2 : out * span * last / (length - 1);
  return within + axis.roiStart * last;
}

/// The input coordinate of an output index.
double coordinate(CoordMode mode, const Axis &axis, int64_t index) {
  double out = static_cast<double>(index), in = static_cast<double>(axis.in), length = axis.scale * in;
  double halfPixel = (out + 0.5) / axis.scale - 0.5;
  switch (mode) {
  case CoordMode::half_pixel: return halfPixel;
  case CoordMode::half_pixel_symmetric: return in / 2 * (1 - static_cast<double>(axis.out) / length) + halfPixel;
  case CoordMode::pytorch_half_pixel: return length == 1 ? 0 : halfPixel;
  case CoordMode::align_corners: return length == 1 ? 0 : out * (in - 1) / (length - 1);
  case CoordMode::asymmetric: return out / axis.scale;
  case CoordMode::tf_half_pixel_for_nn: return (out + 0.5) / axis.scale;
  case CoordMode::tf_crop_and_resize: return cropCoordinate(axis, out);
  }
  return out;
}

double nearestIndex(NearestMode mode, double x) {
  switch (mode) {
  case NearestMode::round_prefer_floor: return std::ceil(x - 0.5);
  case NearestMode::round_prefer_ceil: return std::floor(x + 0.5);
  case NearestMode::floor: return std::floor(x);
  case NearestMode::ceil: return std::ceil(x);
  }
  return x;
}

double linearWeight(double distance) { return std::max(1 - std::fabs(distance), 0.0); }

// Keys 1981, equation 15, with a free coefficient.
double cubicWeight(double distance, double a) {
  double t = std::fabs(distance);
  if (t <= 1)
    return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

int64_t clampIndex(double index, int64_t extent) {
  return static_cast<int64_t>(std::min(std::max(index, 0.0), static_cast<double>(extent - 1)));
}

/// Taps around x: the kernel is stretched by 1 / shrink; positions outside read the border, or count for nothing with excludeOutside.
Taps interpolationTaps(nn::ResizeOp resize, const Axis &axis, double x) {
  bool cubic = resize.getMode() == ResizeMode::cubic;
  double shrink = resize.getAntialias() ? std::min(axis.scale, 1.0) : 1.0;
  double reach = (cubic ? 2 : 1) / shrink, a = resize.getCubicCoeff().convertToDouble(), total = 0;
  Taps taps;
  for (double at = std::ceil(x - reach); at <= std::floor(x + reach); ++at) {
    bool outside = at < 0 || at > static_cast<double>(axis.in - 1);
    double distance = (at - x) * shrink;
    double weight = outside && resize.getExcludeOutside() ? 0 : cubic ? cubicWeight(distance, a) : linearWeight(distance);
    if (weight != 0)
      taps.push_back({clampIndex(at, axis.in), weight});
    total += weight;
  }
  for (Tap &tap : taps)
    tap.weight /= total;
  return taps;
}

Taps tapsOf(nn::ResizeOp resize, const Axis &axis, int64_t index) {
  double x = coordinate(resize.getCoord(), axis, index);
  if (resize.getCoord() == CoordMode::tf_crop_and_resize && !(x >= 0 && x <= static_cast<double>(axis.in - 1)))
    return {};
  if (resize.getMode() == ResizeMode::nearest)
    return {{clampIndex(nearestIndex(resize.getNearest(), x), axis.in), 1.0}};
  return interpolationTaps(resize, axis, x);
}

bool isIdentity(nn::ResizeOp resize, const Axis &axis) {
  return resize.getCoord() != CoordMode::tf_crop_and_resize && axis.scale == 1 && axis.in == axis.out;
}

/// values [outer, in, inner] -> [outer, out, inner].
std::vector<double> resizeAxis(const std::vector<double> &values, int64_t inner, const Axis &axis, const std::vector<Taps> &table,
                               double outside) {
  int64_t outer = static_cast<int64_t>(values.size()) / (axis.in * inner);
  std::vector<double> result(static_cast<size_t>(outer * axis.out * inner));
  for (int64_t row = 0; row < outer * axis.out; ++row) {
    const Taps &taps = table[static_cast<size_t>(row % axis.out)];
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

Tensor copyNearest(Operation *op, const Tensor &input, const std::vector<std::vector<Taps>> &tables, double outside) {
  Tensor result = resultOf(op);
  std::vector<int64_t> strides = stridesOf(input.shape());
  std::vector<AxisTable> offsets;
  for (size_t axis = 0; axis < tables.size(); ++axis) {
    AxisTable table;
    for (const Taps &taps : tables[axis])
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
  size_t rank = static_cast<size_t>(input.rank());
  std::optional<ArrayRef<double>> roi = resize.getRoi();
  if (resize.getCoord() == CoordMode::tf_crop_and_resize && (!roi || roi->size() != 2 * rank))
    return refuse(why, "nn.resize tf_crop_and_resize needs a roi of " + llvm::Twine(2 * rank) + " values");
  if (result.count() == 0)
    return one(result);
  if (input.count() == 0)
    return refuse(why, "nn.resize of an empty tensor");
  std::vector<Axis> axes;
  std::vector<std::vector<Taps>> tables(rank);
  for (size_t i = 0; i < rank; ++i) {
    axes.push_back({input.shape()[i], result.shape()[i], resize.getScales()[i]});
    if (resize.getCoord() == CoordMode::tf_crop_and_resize)
      std::tie(axes[i].roiStart, axes[i].roiEnd) = std::make_pair((*roi)[i], (*roi)[rank + i]);
    for (int64_t c = 0; c < axes[i].out; ++c)
      tables[i].push_back(isIdentity(resize, axes[i]) ? Taps{{c, 1.0}} : tapsOf(resize, axes[i], c));
  }
  double outside = resize.getExtrapolation().convertToDouble();
  if (resize.getMode() == ResizeMode::nearest)
    return one(copyNearest(op, input, tables, outside));
  std::vector<double> values = load<double>(input);
  std::vector<int64_t> strides = stridesOf(input.shape()); // of the axes after i, which are still as in the input
  for (size_t i = 0; i < rank; ++i)
    if (!isIdentity(resize, axes[i]))
      values = resizeAxis(values, strides[i], axes[i], tables[i], outside);
  store(result, values);
  return one(result);
}

} // namespace

void addResize(RuleTable &table) { table["nn.resize"] = resize; }

} // namespace ingot::reference
