// Operators that cut or border a tensor: Slice, Split, Pad, CenterCropPad, Trilu, ReverseSequence.
#include "compiler/import/onnx/OpHelpers.h"

#include <algorithm>

using namespace mlir;

namespace ingot {

/// One axis of a Slice with ONNX's clamping; the result's extent is `size`.
static void clampSlice(int64_t extent, int64_t &start, int64_t end, int64_t &step, int64_t &size) {
  int64_t bound = std::max<int64_t>(extent, 1);
  step = std::clamp(step, -bound, bound);
  start = start < 0 ? std::max(start, -extent - 1) + extent : std::min(start, extent);
  end = end < 0 ? std::max(end, -extent - 1) + extent : std::min(end, extent);
  if (step > 0) {
    start = std::max<int64_t>(start, 0);
    end = std::max<int64_t>(end, 0);
    size = end > start ? (end - start + step - 1) / step : 0;
  } else {
    start = std::min(start, extent - 1);
    end = std::max<int64_t>(end, -1);
    size = start > end ? (start - end - step - 1) / -step : 0;
  }
  if (size == 0)
    start = 0;
}

struct SliceSpec {
  Ints starts, ends, axes, steps;
};

static std::optional<SliceSpec> readSlice(OnnxNode &node) {
  SliceSpec spec;
  if (!node.hasInput(1)) {
    spec.starts = node.intsAttr("starts");
    spec.ends = node.intsAttr("ends");
    spec.axes = node.intsAttr("axes", axesFrom(0, spec.starts.size()));
    spec.steps.assign(spec.starts.size(), 1);
    return spec;
  }
  std::optional<Ints> starts = needInts(node, 1, "starts");
  std::optional<Ints> ends = starts ? needInts(node, 2, "ends") : std::nullopt;
  if (!ends)
    return std::nullopt;
  std::optional<Ints> axes = node.hasInput(3) ? needInts(node, 3, "axes") : axesFrom(0, starts->size());
  std::optional<Ints> steps = node.hasInput(4) ? needInts(node, 4, "steps") : Ints(starts->size(), 1);
  if (!axes || !steps)
    return std::nullopt;
  return SliceSpec{*starts, *ends, *axes, *steps};
}

static void importSlice(OnnxNode &node) {
  Value x = node.input(0);
  std::optional<SliceSpec> spec = readSlice(node);
  if (!spec)
    return;
  size_t n = spec->starts.size();
  if (spec->ends.size() != n || spec->axes.size() != n || spec->steps.size() != n)
    return node.refuse("starts, ends, axes and steps differ in length");
  Ints sizes = node.shape(x).vec(), starts(sizes.size(), 0), steps(sizes.size(), 1);
  for (size_t i = 0; i < n; ++i) {
    int64_t axis = spec->axes[i];
    if (node.badAxis(axis, sizes.size()))
      return;
    if (spec->steps[i] == 0)
      return node.refuse("a step is 0");
    starts[axis] = spec->starts[i];
    steps[axis] = spec->steps[i];
    clampSlice(node.shape(x)[axis], starts[axis], spec->ends[i], steps[axis], sizes[axis]);
  }
  node.setOutput(0, node.slice(x, starts, sizes, steps));
}

/// The extents of a Split's parts: given, or even with a smaller last one.
static std::optional<Ints> splitSizes(OnnxNode &node, int64_t extent) {
  if (node.hasInput(1))
    return needInts(node, 1, "split");
  if (node.hasAttr("split"))
    return node.intsAttr("split");
  int64_t parts = node.intAttr("num_outputs", node.numOutputs());
  if (parts < 1 || parts > node.numOutputs()) {
    node.refuse("'num_outputs' disagrees with the number of outputs");
    return std::nullopt;
  }
  int64_t chunk = (extent + parts - 1) / parts;
  Ints sizes;
  for (int64_t i = 0; i < parts; ++i)
    sizes.push_back(std::clamp<int64_t>(extent - i * chunk, 0, chunk));
  return sizes;
}

static void importSplit(OnnxNode &node) {
  Value x = node.input(0);
  std::optional<int64_t> axis = axisOf(node, 0, rankOf(node, x));
  if (!axis)
    return;
  std::optional<Ints> parts = splitSizes(node, node.shape(x)[*axis]);
  if (!parts)
    return;
  Ints starts(rankOf(node, x), 0), steps(rankOf(node, x), 1), sizes = node.shape(x).vec();
  int64_t extent = sizes[*axis];
  for (size_t i = 0; i < parts->size(); ++i) {
    if ((*parts)[i] < 0 || (*parts)[i] > extent - starts[*axis])
      return node.refuse("the parts do not add up to the axis' extent");
    sizes[*axis] = (*parts)[i];
    if (node.wantsOutput(i))
      node.setOutput(i, node.slice(x, starts, sizes, steps));
    starts[*axis] += (*parts)[i];
  }
  if (starts[*axis] != extent)
    node.refuse("the parts do not add up to the axis' extent");
}

// ---- borders ------------------------------------------------------------------------------------

static std::optional<nn::PadMode> padMode(OnnxNode &node) {
  std::string name = node.stringAttr("mode", "constant");
  std::optional<nn::PadMode> mode = nn::symbolizePadMode(name);
  if (!mode)
    node.refuse("unknown mode '" + name + "'");
  return mode;
}

/// low and high per axis from ONNX's pads [starts..., ends...] over `axes`.
static bool spreadPads(OnnxNode &node, llvm::ArrayRef<int64_t> pads, Ints axes, Ints &low, Ints &high) {
  constexpr int64_t kMaxPad = int64_t(1) << 31;
  if (pads.size() != 2 * axes.size())
    return node.refuse("'pads' has another length than twice the axes"), false;
  for (size_t i = 0; i < axes.size(); ++i) {
    if (node.badAxis(axes[i], low.size()))
      return false;
    int64_t before = pads[i], after = pads[i + axes.size()];
    if (std::abs(before) > kMaxPad || std::abs(after) > kMaxPad)
      return node.refuse("a border is out of range"), false;
    low[axes[i]] = before;
    high[axes[i]] = after;
  }
  return true;
}

static bool bordersFit(OnnxNode &node, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high, nn::PadMode mode) {
  for (size_t i = 0; i < shape.size(); ++i) {
    bool grows = low[i] > 0 || high[i] > 0;
    if (low[i] + shape[i] + high[i] < 0)
      return node.refuse("a negative border crops more than the axis has"), false;
    if (mode == nn::PadMode::reflect && grows && std::max(low[i], high[i]) >= shape[i])
      return node.refuse("a reflected border is as wide as the axis or wider"), false;
    if (mode != nn::PadMode::constant && grows && shape[i] == 0)
      return node.refuse("an empty axis cannot be padded in this mode"), false;
  }
  return true;
}

static Value padValue(OnnxNode &node, DType type) {
  if (node.opset() < 11)
    return node.floatAttr("value", 0) == 0 ? Value() : node.scalar(type, node.floatAttr("value", 0));
  if (!node.hasInput(2))
    return {};
  Value value = node.input(2);
  if (elementCount(node.shape(value)) != 1) {
    node.refuse("'constant_value' is no scalar");
    return {};
  }
  return node.reshape(node.cast(value, type), {});
}

static void importPad(OnnxNode &node) {
  Value x = node.input(0);
  int64_t rank = rankOf(node, x);
  std::optional<Ints> pads = node.opset() < 11 ? node.intsAttr("pads", node.intsAttr("paddings")) : needInts(node, 1, "pads");
  std::optional<nn::PadMode> mode = padMode(node);
  if (!pads || !mode)
    return;
  std::optional<Ints> axes = node.hasInput(3) ? needInts(node, 3, "axes") : axesFrom(0, rank);
  Ints low(rank, 0), high(rank, 0);
  if (!axes || !spreadPads(node, *pads, *axes, low, high) || !bordersFit(node, node.shape(x), low, high, *mode))
    return;
  Value value = *mode == nn::PadMode::constant ? padValue(node, node.dtype(x)) : Value();
  if (!node.ok())
    return;
  Ints shape = node.shape(x).vec();
  for (int64_t i = 0; i < rank; ++i)
    shape[i] += low[i] + high[i];
  if (!elementCount(shape))
    return node.refuse("the result has too many elements");
  node.setOutput(0, node.create<nn::PadOp>({node.type(node.dtype(x), shape)}, x, value, low, high, *mode));
}

static void importCenterCropPad(OnnxNode &node) {
  Value x = node.input(0);
  int64_t rank = rankOf(node, x);
  std::optional<Ints> want = needInts(node, 1, "shape");
  Ints axes = node.intsAttr("axes", axesFrom(0, rank));
  if (!want)
    return;
  if (want->size() != axes.size())
    return node.refuse("'shape' and 'axes' differ in length");
  Ints starts(rank, 0), steps(rank, 1), sizes = node.shape(x).vec(), low(rank, 0), high(rank, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t axis = axes[i], goal = (*want)[i];
    if (node.badAxis(axis, rank))
      return;
    if (goal < 0 || goal > (int64_t(1) << 31))
      return node.refuse("'shape' is out of range");
    int64_t have = sizes[axis];
    sizes[axis] = std::min(have, goal);
    starts[axis] = (have - sizes[axis]) / 2;
    low[axis] = (goal - sizes[axis]) / 2;
    high[axis] = goal - sizes[axis] - low[axis];
  }
  Value cropped = node.slice(x, starts, sizes, steps);
  node.setOutput(0, padConstant(node, cropped, low, high, Value()));
}

// ---- masks and reversal -------------------------------------------------------------------------

static void importTrilu(OnnxNode &node) {
  Value x = node.input(0);
  if (!needRank(node, x, 2, 16, "input"))
    return;
  std::optional<int64_t> k = node.hasInput(1) ? needInt(node, 1, "k") : 0;
  if (!k)
    return;
  llvm::ArrayRef<int64_t> shape = node.shape(x).take_back(2);
  bool upper = node.intAttr("upper", 1) != 0;
  int64_t bound = shape[0] + shape[1], diagonal = std::clamp(*k, -bound, bound);
  Tensor mask(DType::Bool, shape);
  for (int64_t i = 0; i < mask.count(); ++i) {
    int64_t offset = i % shape[1] - i / shape[1];
    mask.setInt(i, upper ? offset >= diagonal : offset <= diagonal);
  }
  node.setOutput(0, node.select(node.constantOf(mask), x, node.scalar(node.dtype(x), 0)));
}

/// Gathers along time with indices that count down inside each sequence's length.
static void importReverseSequence(OnnxNode &node) {
  Value x = node.input(0), lengths = node.input(1);
  int64_t rank = rankOf(node, x), batch = node.intAttr("batch_axis", 1), time = node.intAttr("time_axis", 0);
  if (node.badAxis(batch, rank) || node.badAxis(time, rank))
    return;
  if (batch == time)
    return node.refuse("batch and time are one axis");
  Value length = alongAxis(node, node.cast(lengths, DType::I64), batch, rank, node.shape(x)[batch]);
  Value step = iota(node, node.shape(x)[time], time, rank);
  Value back = node.binary(nn::BinaryKind::sub, node.binary(nn::BinaryKind::sub, length, node.scalar(DType::I64, 1)), step);
  Value index = node.select(node.binary(nn::BinaryKind::less, step, length), back, step);
  if (!node.ok())
    return;
  index = node.broadcast(index, node.shape(x));
  node.setOutput(0, node.create<nn::GatherElementsOp>({x.getType()}, x, index, static_cast<uint64_t>(time)));
}

void registerSlice(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"Slice", 1, 1, importSlice}, {"Split", 2, 1, importSplit}, {"Pad", 1, 1, importPad}, {"Trilu", 14, 1, importTrilu},
                         {"CenterCropPad", 18, 2, importCenterCropPad}, {"ReverseSequence", 10, 2, importReverseSequence}});
}

} // namespace ingot
