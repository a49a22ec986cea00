// RoiAlign, and DeformConv: bilinear samples of an image at places that are computed at run time. A sample is four elements, picked by nn.gather_nd, times weights.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;
using nn::UnaryKind;

constexpr int64_t kMaxSamples = int64_t(1) << 28;

/// Neighbours of places on one axis: element numbers as whole floats, and weights.
struct Neighbours {
  Value low, high, lowWeight, highWeight;
};

/// 1 where low <= x <= high, else 0.
static Value within(const FloatMath &m, Value x, double low, double high) {
  Value above = m.node.binary(BinaryKind::greater_equal, x, m.constant(low)), below = m.node.binary(BinaryKind::less_equal, x, m.constant(high));
  return m.node.ok() ? m.node.cast(m.node.binary(BinaryKind::logical_and, above, below), m.type) : Value();
}

/// Elements outside of the image are zero.
static Neighbours zeroBordered(const FloatMath &p, Value x, int64_t extent) {
  double last = static_cast<double>(extent - 1);
  Value low = p.node.unary(UnaryKind::floor, x), high = p.add(low, p.constant(1)), part = p.sub(x, low);
  return {p.clamp(low, 0, last), p.clamp(high, 0, last), p.mul(p.sub(p.constant(1), part), within(p, low, 0, last)), p.mul(part, within(p, high, 0, last))};
}

/// The four weighted neighbours of every place, each [shape..., C]; `image` is [N, H, W, C], `batch` (i64) and both axes broadcast to `shape`.
static std::vector<Value> neighbours(OnnxNode &node, Value image, Value batch, const Neighbours &y, const Neighbours &x, llvm::ArrayRef<int64_t> shape) {
  std::vector<Value> parts;
  Ints resultShape = shape.vec();
  resultShape.push_back(node.shape(image).back());
  auto index = [&](Value value) { return node.ok() ? unsqueeze(node, node.broadcast(node.cast(value, DType::I64), shape), shape.size()) : Value(); };
  for (int corner = 0; corner < 4 && node.ok(); ++corner) {
    bool down = corner & 2, right = corner & 1;
    Value row = index(down ? y.high : y.low), column = index(right ? x.high : x.low), image0 = index(batch);
    if (!node.ok())
      break;
    Value tuples = node.concat({image0, row, column}, shape.size());
    Value picked = node.create<nn::GatherNdOp>({node.type(node.dtype(image), resultShape)}, image, tuples, uint64_t(0));
    Value weight = node.binary(BinaryKind::mul, down ? y.highWeight : y.lowWeight, right ? x.highWeight : x.lowWeight);
    if (node.ok())
      parts.push_back(node.binary(BinaryKind::mul, picked, unsqueeze(node, node.broadcast(weight, shape), shape.size())));
  }
  return parts;
}

static Value joined(OnnxNode &node, llvm::ArrayRef<Value> parts, BinaryKind kind) {
  Value result = parts.empty() ? Value() : parts[0];
  for (size_t i = 1; i < parts.size() && node.ok(); ++i)
    result = node.binary(kind, result, parts[i]);
  return result;
}

/// What RoiAlign's attributes say.
struct RoiGrid {
  int64_t height, width, samples;
  double scale;
  bool half, maximum;
};

static std::optional<RoiGrid> readRoiGrid(OnnxNode &node) {
  std::string mode = node.stringAttr("mode", "avg"), how = node.stringAttr("coordinate_transformation_mode", node.opset() < 16 ? "output_half_pixel" : "half_pixel");
  RoiGrid grid = {node.intAttr("output_height", 1), node.intAttr("output_width", 1), node.intAttr("sampling_ratio", 0), node.floatAttr("spatial_scale", 1),
                  how == "half_pixel", mode == "max"};
  const char *reason = nullptr;
  if ((mode != "avg" && mode != "max") || (how != "half_pixel" && how != "output_half_pixel"))
    reason = "unknown mode or coordinate transformation";
  else if (grid.height < 1 || grid.width < 1 || grid.samples < 0 || std::max({grid.height, grid.width, grid.samples}) > 4096)
    reason = "the extents of the output or the sampling ratio are out of range";
  if (!reason)
    return grid;
  node.refuse(reason);
  return std::nullopt;
}

/// RoiAlign of which the first `rows` boxes (i64 scalar; null: all) count.
Value alignedBoxes(OnnxNode &node, Value rows) {
  Value x = node.input(0), boxes = node.input(1), batch = node.input(2);
  std::optional<RoiGrid> grid = readRoiGrid(node);
  if (!grid || !needRank(node, x, 4, 4, "X") || !needRank(node, boxes, 2, 2, "rois") || !needRank(node, batch, 1, 1, "batch_indices"))
    return {};
  int64_t count = node.shape(boxes)[0], channels = node.shape(x)[1];
  if (node.shape(boxes)[1] != 4 || node.shape(batch)[0] != count || llvm::is_contained(node.shape(x), 0)) {
    node.refuse("the boxes are not [count, 4], their batch indices not [count], or the input is empty");
    return {};
  }
  std::optional<int64_t> elements = elementCount({count, grid->height, grid->width, channels});
  if (!elements || *elements > kMaxSamples) {
    node.refuse("its result is too large");
    return {};
  }
  DType type = node.dtype(x) == DType::F64 ? DType::F64 : DType::F32;
  Value image = node.transpose(node.cast(x, type), {0, 2, 3, 1}), corners = node.cast(boxes, type), numbers = node.cast(batch, DType::I64);
  if (!node.ok())
    return {};
  Value result = node.create<nn::RoiAlignOp>({node.type(type, {count, grid->height, grid->width, channels})}, image, corners, numbers, rows, uint64_t(grid->samples),
                                             llvm::APFloat(grid->scale), llvm::APFloat(grid->half ? 0.5 : 0.0), !grid->half, grid->maximum);
  return node.cast(node.transpose(result, {0, 3, 1, 2}), node.dtype(x));
}

static void importRoiAlign(OnnxNode &node) {
  if (Value result = alignedBoxes(node, {}))
    node.setOutput(0, result);
}

/// Where DeformConv's filter touches the input before it is moved: [1, taps, out, 1] along the rows, [1, taps, 1, out] along the columns.
static Value filterPlaces(const FloatMath &p, const Window &w, int64_t axis, int64_t out) {
  int64_t taps = w.kernel[0] * w.kernel[1];
  Tensor places(p.type, axis == 0 ? Ints{1, taps, out, 1} : Ints{1, taps, 1, out});
  for (int64_t t = 0; t < taps; ++t)
    for (int64_t o = 0; o < out; ++o)
      places.set(t * out + o, static_cast<double>(o * w.strides[axis] - w.low[axis] + (axis == 0 ? t / w.kernel[1] : t % w.kernel[1]) * w.dilations[axis]));
  return p.node.constantOf(places);
}

/// Shapes of a DeformConv: N images, G offset groups of C channels each, T taps, H x W places.
struct Deformation {
  int64_t n, groups, channels, taps, height, width;
  Window window;
};

static std::optional<Deformation> readDeformation(OnnxNode &node) {
  Value x = node.input(0), filter = node.input(1), offset = node.input(2);
  if (!needRank(node, x, 4, 4, "X") || !needRank(node, filter, 4, 4, "W") || !needRank(node, offset, 4, 4, "offset"))
    return std::nullopt;
  llvm::ArrayRef<int64_t> xs = node.shape(x), ws = node.shape(filter);
  std::optional<Window> window = readWindow(node, xs.drop_front(2), node.intsAttr("kernel_shape", ws.drop_front(2)));
  std::optional<Ints> out = window ? windowExtents(node, *window, xs.drop_front(2), false) : std::nullopt;
  int64_t groups = node.intAttr("offset_group", 1), taps = ws[2] * ws[3], group = node.intAttr("group", 1);
  if (!out)
    return std::nullopt;
  bool divides = groups > 0 && group > 0 && xs[1] % groups == 0 && ws[0] % group == 0 && ws[1] * group == xs[1] && !llvm::is_contained(xs, 0);
  bool fits = divides && llvm::ArrayRef(window->kernel) == ws.drop_front(2) && node.shape(offset) == llvm::ArrayRef<int64_t>{xs[0], groups * taps * 2, (*out)[0], (*out)[1]} &&
              (!node.hasInput(4) || node.shape(node.input(4)) == llvm::ArrayRef<int64_t>{xs[0], groups * taps, (*out)[0], (*out)[1]});
  std::optional<int64_t> elements = fits ? elementCount({xs[0], xs[1], taps, (*out)[0], (*out)[1]}) : std::nullopt;
  if (elements && *elements <= kMaxSamples)
    return Deformation{xs[0], groups, xs[1] / groups, taps, (*out)[0], (*out)[1], *window};
  node.refuse(fits ? "it takes too many samples" : "the filter, the offsets or the mask do not fit the input");
  return std::nullopt;
}

/// The input under every tap of the moved filter, times the mask: [N, channels * taps, H, W].
static Value movedInput(OnnxNode &node, const Deformation &d) {
  Value x = node.input(0);
  FloatMath p = {node, node.dtype(x) == DType::F64 ? DType::F64 : DType::F32};
  int64_t images = d.n * d.groups;
  Value offset = node.reshape(node.cast(node.input(2), p.type), {images, d.taps, 2, d.height, d.width});
  auto moved = [&](int64_t axis) {
    Value shift = node.slice(offset, {0, 0, axis, 0, 0}, {images, d.taps, 1, d.height, d.width}, {1, 1, 1, 1, 1});
    return p.add(squeezeAxis(node, shift, 2), filterPlaces(p, d.window, axis, axis == 0 ? d.height : d.width));
  };
  Value y = moved(0), across = moved(1);
  if (!node.ok())
    return {};
  Value image = node.transpose(node.reshape(node.cast(x, p.type), {images, d.channels, node.shape(x)[2], node.shape(x)[3]}), {0, 2, 3, 1});
  std::vector<Value> parts = neighbours(node, image, iota(node, images, 0, 4), zeroBordered(p, y, node.shape(x)[2]),
                                        zeroBordered(p, across, node.shape(x)[3]), {images, d.taps, d.height, d.width});
  Value samples = joined(node, parts, BinaryKind::add);
  if (node.hasInput(4) && node.ok())
    samples = p.mul(samples, node.reshape(node.cast(node.input(4), p.type), {images, d.taps, d.height, d.width, 1}));
  if (!node.ok())
    return {};
  Value byChannel = node.transpose(samples, {0, 4, 1, 2, 3});
  return node.cast(node.reshape(byChannel, {d.n, d.groups * d.channels * d.taps, d.height, d.width}), node.dtype(x));
}

static void importDeformConv(OnnxNode &node) {
  std::optional<Deformation> d = readDeformation(node);
  Value columns = d ? movedInput(node, *d) : Value();
  if (!node.ok())
    return;
  llvm::ArrayRef<int64_t> ws = node.shape(node.input(1));
  Value filter = node.reshape(node.input(1), {ws[0], ws[1] * d->taps, 1, 1}), bias = node.hasInput(3) ? node.input(3) : Value();
  if (bias && node.shape(bias) != llvm::ArrayRef<int64_t>{ws[0]})
    return node.refuse("the bias has not one element an output channel");
  Ints one = {1, 1}, zero = {0, 0};
  Type type = node.type(node.dtype(columns), {d->n, ws[0], d->height, d->width});
  uint64_t groups = node.intAttr("group", 1);
  node.setOutput(0, node.create<nn::ConvOp>({type}, columns, filter, bias, /*residual=*/Value(), one, zero, zero, one, groups));
}

void registerImageSampling(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"RoiAlign", 10, 3, importRoiAlign}, {"DeformConv", 19, 3, importDeformConv}});
}

} // namespace ingot
