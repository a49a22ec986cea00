// Interpolation: Resize (opset 10 and 11 to 19) and its forerunner Upsample. Both old forms are asymmetric and round down.
#include "compiler/import/onnx/OpHelpers.h"

#include <cmath>

using namespace mlir;

namespace ingot {

/// Everything a Resize asks for, one entry an axis of the input.
struct ResizeSpec {
  std::vector<double> scales, roi; // roi: starts then ends, 2 x rank values, empty when unused
  Ints result;
};

static std::optional<nn::ResizeMode> resizeMode(OnnxNode &node) {
  std::string name = node.stringAttr("mode", "nearest");
  if (name == "bilinear")
    name = "linear";
  std::optional<nn::ResizeMode> mode = nn::symbolizeResizeMode(name);
  if (!mode)
    node.refuse("unknown mode '" + name + "'");
  return mode;
}

static std::vector<double> doubles(const Tensor &tensor) {
  std::vector<double> values(tensor.count());
  for (int64_t i = 0; i < tensor.count(); ++i)
    values[i] = tensor.at(i);
  return values;
}

/// Extents floor(in x scale), the product rounded to f32 as exporters expect; with a region, of the region's extent.
static bool applyScales(OnnxNode &node, ResizeSpec &spec) {
  size_t rank = spec.result.size();
  if (spec.scales.size() != rank)
    return node.refuse("'scales' has another length than the input's rank"), false;
  for (size_t i = 0; i < rank; ++i) {
    double region = spec.roi.empty() ? 1 : spec.roi[rank + i] - spec.roi[i];
    double extent = std::floor(static_cast<float>(static_cast<double>(spec.result[i]) * region * spec.scales[i]));
    if (!(spec.scales[i] > 0) || !std::isfinite(spec.scales[i]) || !(extent >= 0 && extent < 2147483648.0))
      return node.refuse("a scale is not positive or too large"), false;
    spec.result[i] = static_cast<int64_t>(extent);
  }
  return true;
}

/// Scales from the wanted extents of `axes`; the aspect policy makes them one scale for all.
static bool applySizes(OnnxNode &node, ResizeSpec &spec, llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> axes) {
  std::string policy = node.stringAttr("keep_aspect_ratio_policy", "stretch");
  bool notLarger = policy == "not_larger", notSmaller = policy == "not_smaller";
  if (sizes.size() != axes.size())
    return node.refuse("'sizes' does not fit the axes"), false;
  double common = notLarger ? INFINITY : 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t in = spec.result[axes[i]];
    if (sizes[i] < 1 || sizes[i] >= (int64_t(1) << 31) || in < 1)
      return node.refuse("'sizes' is out of range or the input is empty"), false;
    double scale = static_cast<double>(sizes[i]) / static_cast<double>(in);
    common = notLarger ? std::min(common, scale) : std::max(common, scale);
    spec.scales[axes[i]] = scale;
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t in = spec.result[axes[i]];
    bool keep = notLarger || notSmaller;
    if (keep)
      spec.scales[axes[i]] = common;
    spec.result[axes[i]] = keep ? static_cast<int64_t>(std::floor(common * static_cast<double>(in) + 0.5)) : sizes[i];
  }
  return true;
}

static bool readRoi(OnnxNode &node, ResizeSpec &spec, llvm::ArrayRef<int64_t> axes) {
  std::optional<Tensor> roi = node.hasInput(1) ? needTensor(node, 1, "roi") : std::nullopt;
  size_t rank = spec.result.size();
  if (!roi || roi->count() != static_cast<int64_t>(2 * axes.size()))
    return node.refuse("the operand 'roi' is missing or of another length"), false;
  spec.roi.assign(2 * rank, 0);
  std::fill(spec.roi.begin() + rank, spec.roi.end(), 1);
  for (size_t i = 0; i < axes.size(); ++i) {
    spec.roi[axes[i]] = roi->at(i);
    spec.roi[rank + axes[i]] = roi->at(axes.size() + i);
  }
  return true;
}

static std::optional<ResizeSpec> readSpec(OnnxNode &node, Value x, bool crops) {
  ResizeSpec spec;
  spec.result = node.shape(x).vec();
  int64_t rank = spec.result.size();
  Ints axes = node.intsAttr("axes", axesFrom(0, rank));
  for (int64_t &axis : axes)
    if (node.badAxis(axis, rank))
      return std::nullopt;
  spec.scales.assign(rank, 1);
  if (crops && !readRoi(node, spec, axes))
    return std::nullopt;
  if (node.hasInput(3)) {
    std::optional<Ints> sizes = needInts(node, 3, "sizes");
    bool good = sizes && applySizes(node, spec, *sizes, axes);
    return good ? std::optional<ResizeSpec>(spec) : std::nullopt;
  }
  std::optional<Tensor> scales = node.hasInput(2) ? needTensor(node, 2, "scales") : std::nullopt;
  if (!scales || scales->count() != static_cast<int64_t>(axes.size())) {
    node.refuse("the operand 'scales' is missing or of another length");
    return std::nullopt;
  }
  for (size_t i = 0; i < axes.size(); ++i)
    spec.scales[axes[i]] = scales->at(i);
  return applyScales(node, spec) ? std::optional<ResizeSpec>(spec) : std::nullopt;
}

static void create(OnnxNode &node, const ResizeSpec &spec, nn::ResizeMode mode, nn::CoordMode coord, nn::NearestMode nearest) {
  Value x = node.input(0);
  if (!elementCount(spec.result))
    return node.refuse("the result has too many elements");
  DenseF64ArrayAttr roi = spec.roi.empty() ? DenseF64ArrayAttr() : node.builder().getDenseF64ArrayAttr(spec.roi);
  llvm::APFloat cubic(node.floatAttr("cubic_coeff_a", -0.75)), outside(node.floatAttr("extrapolation_value", 0));
  node.setOutput(0, node.create<nn::ResizeOp>({node.type(node.dtype(x), spec.result)}, x, mode, coord, nearest, llvm::ArrayRef<double>(spec.scales), roi,
                                              cubic, outside, node.intAttr("exclude_outside", 0) != 0, node.intAttr("antialias", 0) != 0));
}

/// Upsample 7 (attribute), Upsample 9 and Resize 10 (operand 1): asymmetric coordinates, nearest rounds down.
static void importOld(OnnxNode &node) {
  std::optional<nn::ResizeMode> mode = resizeMode(node);
  if (!mode)
    return;
  ResizeSpec spec;
  spec.result = node.shape(node.input(0)).vec();
  if (node.hasInput(1)) {
    std::optional<Tensor> scales = needTensor(node, 1, "scales");
    if (!scales)
      return;
    spec.scales = doubles(*scales);
  } else if (node.hasAttr("scales")) {
    spec.scales = node.floatsAttr("scales");
  } else {
    spec.scales = {1, 1, node.floatAttr("height_scale", 1), node.floatAttr("width_scale", 1)};
  }
  if (applyScales(node, spec))
    create(node, spec, *mode, nn::CoordMode::asymmetric, nn::NearestMode::floor);
}

static void importResize(OnnxNode &node) {
  if (node.opset() < 11)
    return importOld(node);
  std::optional<nn::ResizeMode> mode = resizeMode(node);
  std::string coordName = node.stringAttr("coordinate_transformation_mode", "half_pixel");
  std::string nearestName = node.stringAttr("nearest_mode", "round_prefer_floor");
  std::optional<nn::CoordMode> coord = nn::symbolizeCoordMode(coordName);
  std::optional<nn::NearestMode> nearest = nn::symbolizeNearestMode(nearestName);
  if (!mode)
    return;
  if (!coord || !nearest)
    return node.refuse("unknown mode '" + (coord ? nearestName : coordName) + "'");
  std::optional<ResizeSpec> spec = readSpec(node, node.input(0), *coord == nn::CoordMode::tf_crop_and_resize);
  if (spec)
    create(node, *spec, *mode, *coord, *nearest);
}

void registerResize(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"Resize", 10, 1, importResize}, {"Upsample", 1, 1, importOld}});
}

} // namespace ingot
