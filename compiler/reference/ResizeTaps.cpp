// Coordinates and weights of nn.resize. Coordinates use the real length scale * extent, as ONNX does.
#include "compiler/reference/ResizeTaps.h"

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

} // namespace

std::optional<std::vector<ResizeAxis>> resizeAxes(nn::ResizeOp resize, std::string &why) {
  RankedTensorType from = resize.getInput().getType(), to = resize.getResult().getType();
  size_t rank = static_cast<size_t>(from.getRank());
  std::optional<ArrayRef<double>> roi = resize.getRoi();
  bool crop = resize.getCoord() == CoordMode::tf_crop_and_resize;
  if (crop && (!roi || roi->size() != 2 * rank)) {
    why = ("nn.resize tf_crop_and_resize needs a roi of " + llvm::Twine(2 * rank) + " values").str();
    return std::nullopt;
  }
  if (from.getNumElements() == 0 && to.getNumElements() != 0) {
    why = "nn.resize of an empty tensor";
    return std::nullopt;
  }
  std::vector<ResizeAxis> axes;
  for (size_t i = 0; i < rank; ++i) {
    Axis axis{from.getShape()[i], to.getShape()[i], resize.getScales()[i]};
    if (crop)
      std::tie(axis.roiStart, axis.roiEnd) = std::make_pair((*roi)[i], (*roi)[rank + i]);
    ResizeAxis table{axis.in, axis.out, isIdentity(resize, axis), {}};
    for (int64_t c = 0; c < axis.out; ++c)
      table.taps.push_back(table.identity ? Taps{{c, 1.0}} : tapsOf(resize, axis, c));
    axes.push_back(std::move(table));
  }
  return axes;
}

} // namespace ingot::reference
