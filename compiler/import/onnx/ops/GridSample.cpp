// GridSample and AffineGrid: sampling at computed places. Every tap of the interpolation is one gather_nd with a weight.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;
using nn::UnaryKind;

enum class Border { Zeros, Clamp, Reflect };

/// One tap on one axis: places as whole floats [N, out...], and its weight (null: 1).
struct Tap {
  Value place, weight;
};

/// Mirrors x at low and high until it lies between them.
static Value reflect(const FloatMath &m, Value x, double low, double high) {
  double range = high - low;
  if (range <= 0)
    return m.add(m.mul(x, 0), low);
  Value distance = m.node.unary(UnaryKind::abs, m.add(x, -low));
  Value turn = m.node.binary(BinaryKind::fmod, distance, m.constant(2 * range));
  Value back = m.sub(m.constant(2 * range), turn);
  return m.add(m.node.binary(BinaryKind::min, turn, back), low);
}

struct Sampler {
  FloatMath m;
  Border border;
  bool corners; // the grid's -1 and 1 are the centres of the corner elements
  std::string mode;

  double low() const { return corners ? 0 : -0.5; }
  double high(int64_t extent) const { return static_cast<double>(extent) - (corners ? 1 : 0.5); }

  Value bounded(Value x, int64_t extent) const {
    if (border == Border::Clamp)
      return m.clamp(x, 0, static_cast<double>(extent - 1));
    return border == Border::Reflect ? reflect(m, x, low(), high(extent)) : x;
  }
  /// Grid values in [-1, 1] to element numbers.
  Value place(Value grid, int64_t extent) const {
    double n = static_cast<double>(extent);
    Value x = corners ? m.mul(m.add(grid, 1), (n - 1) / 2) : m.add(m.mul(m.add(grid, 1), n / 2), -0.5);
    return bounded(mode == "nearest" ? m.node.unary(UnaryKind::round, x) : x, extent);
  }
  std::vector<Tap> taps(Value x) const;
};

/// ((a t + b) t + c) t + d.
static Value polynomial(const FloatMath &m, Value t, double a, double b, double c, double d) {
  return m.add(m.mul(m.add(m.mul(m.add(m.mul(t, a), b), t), c), t), d);
}

/// Keys' cubic with a = -0.75: |t| <= 1 inner, else outer.
static Value cubicWeight(const FloatMath &m, Value t, bool inner) {
  constexpr double a = -0.75;
  return inner ? polynomial(m, t, a + 2, -(a + 3), 0, 1) : polynomial(m, t, a, -5 * a, 8 * a, -4 * a);
}

std::vector<Tap> Sampler::taps(Value x) const {
  if (mode == "nearest")
    return {{x, Value()}};
  Value base = m.node.unary(UnaryKind::floor, x), t = m.sub(x, base), rest = m.sub(m.constant(1), t);
  if (mode == "linear")
    return {{base, rest}, {m.add(base, 1), t}};
  return {{m.add(base, -1), cubicWeight(m, m.add(t, 1), false)}, {base, cubicWeight(m, t, true)},
          {m.add(base, 1), cubicWeight(m, rest, true)}, {m.add(base, 2), cubicWeight(m, m.add(rest, 1), false)}};
}

/// The tap's element number bounded for the gather; outside of a zero border its weight becomes 0.
static Tap boundedTap(const Sampler &s, Tap tap, int64_t extent) {
  double last = static_cast<double>(extent - 1);
  const FloatMath &m = s.m;
  Value inside = m.clamp(s.border == Border::Reflect ? m.node.unary(UnaryKind::floor, s.bounded(tap.place, extent)) : tap.place, 0, last);
  if (s.border == Border::Zeros) {
    Value hit = m.node.cast(m.node.binary(BinaryKind::equal, inside, tap.place), m.type);
    tap.weight = tap.weight ? m.mul(tap.weight, hit) : hit;
  }
  return {unsqueeze(m.node, m.node.cast(inside, DType::I64), rankOf(m.node, tap.place)), tap.weight};
}

static Value gathered(OnnxNode &node, Value x, llvm::ArrayRef<Value> places) {
  if (!node.ok())
    return {};
  int64_t rank = rankOf(node, places[0]);
  Value tuple = places.size() == 1 ? places[0] : node.concat(places, rank - 1);
  if (!node.ok())
    return {};
  Ints shape = node.shape(tuple).vec();
  shape.back() = node.shape(x).back();
  return node.create<nn::GatherNdOp>({node.type(node.dtype(x), shape)}, x, tuple, uint64_t(1));
}

/// Sum over all combinations of taps; `x` is channels-last, `axes` the taps of each spatial axis.
static Value sumOfTaps(OnnxNode &node, Value x, const std::vector<std::vector<Tap>> &axes) {
  size_t combinations = 1;
  for (const std::vector<Tap> &taps : axes)
    combinations *= taps.size();
  Value sum;
  for (size_t c = 0; c < combinations && node.ok(); ++c) {
    llvm::SmallVector<Value> places;
    Value weight;
    size_t rest = c;
    for (const std::vector<Tap> &taps : axes) {
      const Tap &tap = taps[rest % taps.size()];
      rest /= taps.size();
      places.push_back(tap.place);
      if (tap.weight)
        weight = weight ? node.binary(BinaryKind::mul, weight, tap.weight) : tap.weight;
    }
    Value part = gathered(node, x, places);
    if (weight && node.ok())
      part = node.binary(BinaryKind::mul, part, unsqueeze(node, weight, rankOf(node, weight)));
    sum = sum && node.ok() ? node.binary(BinaryKind::add, sum, part) : part;
  }
  return sum;
}

static bool readSampler(OnnxNode &node, Sampler &s) {
  std::string padding = node.stringAttr("padding_mode", "zeros");
  s.mode = node.stringAttr("mode", "linear");
  if (s.mode == "bilinear" || s.mode == "bicubic")
    s.mode = s.mode == "bilinear" ? "linear" : "cubic";
  s.corners = node.intAttr("align_corners", 0) != 0;
  s.border = padding == "border" ? Border::Clamp : padding == "reflection" ? Border::Reflect : Border::Zeros;
  bool known = (s.mode == "nearest" || s.mode == "linear" || s.mode == "cubic") && (s.border != Border::Zeros || padding == "zeros");
  if (!known)
    node.refuse("unknown mode '" + s.mode + "' or padding mode '" + padding + "'");
  return known;
}

static void importGridSample(OnnxNode &node) {
  Value x = node.input(0), grid = node.input(1);
  if (!needRank(node, x, 3, 5, "X"))
    return;
  int64_t rank = rankOf(node, x), spatial = rank - 2;
  if (!needRank(node, grid, rank, rank, "grid"))
    return;
  Ints xs = node.shape(x).vec(), gs = node.shape(grid).vec();
  if (gs[0] != xs[0] || gs.back() != spatial || llvm::is_contained(xs, 0))
    return node.refuse("the grid does not fit the input, or the input is empty");
  Sampler sampler = {{node, node.dtype(grid)}, Border::Zeros, false, ""};
  if (!readSampler(node, sampler))
    return;
  std::vector<std::vector<Tap>> axes;
  for (int64_t i = 0; i < spatial && node.ok(); ++i) {
    Ints starts(rank, 0), steps(rank, 1), sizes = gs;
    starts.back() = spatial - 1 - i; // the grid holds x, y, z: the last axis comes first
    sizes.back() = 1;
    Value along = squeezeAxis(node, node.slice(grid, starts, sizes, steps), rank - 1);
    std::vector<Tap> taps = sampler.taps(sampler.place(along, xs[2 + i]));
    for (Tap &tap : taps)
      if (node.ok())
        tap = boundedTap(sampler, tap, xs[2 + i]);
    axes.push_back(taps);
  }
  Ints last = {0}, first = {0, rank - 1};
  llvm::append_range(last, axesFrom(2, rank));
  last.push_back(1);
  llvm::append_range(first, axesFrom(1, rank - 1));
  Value y = sumOfTaps(node, node.ok() ? node.transpose(node.cast(x, node.dtype(grid)), last) : x, axes);
  if (node.ok())
    node.setOutput(0, node.cast(node.transpose(y, first), node.dtype(x)));
}

/// Coordinates of n places in [-1, 1]: the corners included, or the centres of n cells.
static double gridPlace(int64_t i, int64_t n, bool corners) {
  if (corners)
    return n > 1 ? -1 + 2 * static_cast<double>(i) / static_cast<double>(n - 1) : -1;
  return -1 + (2 * static_cast<double>(i) + 1) / static_cast<double>(n);
}

/// theta [N, d, d + 1] times the homogeneous coordinates of every place.
static void importAffineGrid(OnnxNode &node) {
  Value theta = node.input(0);
  std::optional<Ints> size = needInts(node, 1, "size");
  if (!size || !needRank(node, theta, 3, 3, "theta"))
    return;
  int64_t spatial = static_cast<int64_t>(size->size()) - 2;
  if (spatial < 2 || spatial > 3 || node.shape(theta) != llvm::ArrayRef<int64_t>{(*size)[0], spatial, spatial + 1})
    return node.refuse("'theta' does not fit 'size'");
  Ints extents(size->begin() + 2, size->end());
  std::optional<int64_t> places = elementCount(extents);
  if (!places || *places > (int64_t(1) << 28))
    return node.refuse("'size' is negative or too large");
  bool corners = node.intAttr("align_corners", 0) != 0;
  Tensor base(node.dtype(theta), {spatial + 1, *places});
  for (int64_t p = 0; p < *places; ++p) {
    int64_t rest = p;
    for (int64_t axis = spatial - 1; axis >= 0; --axis) {
      base.set((spatial - 1 - axis) * *places + p, gridPlace(rest % extents[axis], extents[axis], corners));
      rest /= extents[axis];
    }
    base.set(spatial * *places + p, 1);
  }
  Value grid = node.transpose(node.matmul(theta, node.constantOf(base)), {0, 2, 1});
  Ints shape = {(*size)[0]};
  llvm::append_range(shape, extents);
  shape.push_back(spatial);
  node.setOutput(0, node.reshape(grid, shape));
}

void registerGridSample(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"GridSample", 16, 2, importGridSample}, {"AffineGrid", 20, 2, importAffineGrid}});
}

} // namespace ingot
