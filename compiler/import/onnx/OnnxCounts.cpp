// Extents that depend on data, where operators use them as numbers or cut and join values by them: Shape and Size give them, shapes, ranges, ends of
// slices and amounts of padding are made of them. OnnxExtents.cpp has the operators that only hand them on, OnnxBehind.cpp those that mix entries.
#include "compiler/import/onnx/OnnxCounted.h"
#include "compiler/import/onnx/OnnxTensor.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;

namespace {

using Counted = OnnxCounted;
using Result = OnnxCountedResults;

/// The integers of operand i.
std::optional<std::vector<OnnxSum>> sumsOf(const Counted &c, int64_t i) {
  Value list = c.node.input(i);
  if (!list || c.node.shape(list).size() > 1)
    return std::nullopt;
  std::vector<OnnxSum> sums;
  for (int64_t k = 0; k < elementCount(c.node.shape(list)).value_or(0); ++k) {
    std::optional<OnnxSum> sum = c.numbers.element(c.node, list, k);
    if (!sum)
      return std::nullopt;
    sums.push_back(*sum);
  }
  return sums;
}

/// A shape with one entry that is known at run time only, at `axis`.
struct Sizes {
  Ints most; // that entry as the most it can be
  int64_t axis = -1;
  OnnxSum count;
};

std::optional<Sizes> sizesOf(const Counted &c, int64_t i) {
  std::optional<std::vector<OnnxSum>> sums = sumsOf(c, i);
  Sizes sizes;
  for (size_t k = 0; sums && k < sums->size(); ++k) {
    const OnnxSum &sum = (*sums)[k];
    sizes.most.push_back(c.numbers.rangeOf(sum).high);
    if (!sum.known() && sizes.axis >= 0)
      return std::nullopt;
    if (!sum.known())
      sizes.axis = static_cast<int64_t>(k), sizes.count = c.numbers.most(c.node, sum, {});
  }
  return sums ? std::optional(sizes) : std::nullopt;
}

int64_t product(llvm::ArrayRef<int64_t> list) { return elementCount(list).value_or(-1); }

// ---- counts as numbers ----------------------------------------------------------------------------

Result giveShape(const Counted &c) {
  if (!c.extent(0))
    return std::nullopt;
  int64_t rank = rankOf(c.node, c.node.input(0)), start = c.node.intAttr("start", 0), end = c.node.intAttr("end", rank);
  start = std::clamp<int64_t>(start < 0 ? start + rank : start, 0, rank);
  end = std::clamp<int64_t>(end < 0 ? end + rank : end, 0, rank);
  llvm::SmallVector<Value> parts;
  for (int64_t axis = start; axis < end; ++axis)
    parts.push_back(c.node.reshape(c.numbers.value(c.node, c.entries(0, axis)), {1}));
  return oneResult(parts.empty() ? c.node.constantOf(Tensor::vectorI64({})) : c.node.concat(parts, 0));
}

Result giveSize(const Counted &c) {
  const OnnxExtent *extent = c.extent(0);
  if (!extent)
    return std::nullopt;
  int64_t all = product(c.node.shape(c.node.input(0))), each = all / std::max<int64_t>(c.node.shape(c.node.input(0))[extent->axis], 1);
  return oneResult(c.numbers.value(c.node, c.entries(0, extent->axis).times(each)));
}

Result fillShape(const Counted &c) {
  std::optional<Sizes> sizes = sizesOf(c, 0);
  if (!sizes || sizes->axis < 0)
    return std::nullopt;
  Tensor value = c.node.tensorAttr("value").value_or(filled(DType::F32, {1}, 0));
  return oneResult(c.node.broadcast(c.node.constantOf(value), sizes->most), sizes->axis, sizes->count);
}

/// start, start + 1 ... below a limit.
Result countUp(const Counted &c) {
  std::optional<std::vector<OnnxSum>> start = sumsOf(c, 0), limit = sumsOf(c, 1), step = sumsOf(c, 2);
  bool scalars = start && limit && step && start->size() == 1 && limit->size() == 1 && step->size() == 1;
  if (!scalars || (*step)[0] != OnnxSum{1} || ((*start)[0].known() && (*limit)[0].known()))
    return std::nullopt;
  OnnxSum count = c.numbers.most(c.node, (*limit)[0].plus((*start)[0], -1), {});
  int64_t n = c.numbers.rangeOf(count).high;
  Value all = c.node.binary(BinaryKind::add, iota(c.node, n, 0, 1), c.numbers.value(c.node, (*start)[0]));
  return oneResult(c.node.cast(all, c.node.dtype(c.node.input(0))), 0, count);
}

// ---- shapes ---------------------------------------------------------------------------------------

/// The new shape around the axis of the count: [before ..., count, behind ...]; the entry -1 is worked out.
struct Around {
  Ints to;
  int64_t axis = -1;
  OnnxSum count;
};

/// The factor k with a = k b, when it is one.
std::optional<int64_t> ratio(const OnnxSum &a, const OnnxSum &b) {
  if (b.known() || a.known())
    return std::nullopt;
  int64_t k = a.terms.begin()->second / b.terms.begin()->second;
  return k > 0 && a == b.times(k) ? std::optional(k) : std::nullopt;
}

/// Rows of `inner` elements on `axis`, as many as `rows` says and behind `outer` others, under the sizes in `sums`.
std::optional<Around> layOut(std::vector<OnnxSum> sums, int64_t axis, int64_t outer, const OnnxSum &rows, int64_t inner) {
  auto wild = llvm::find(sums, OnnxSum{-1});
  if (axis < 0)
    axis = wild - sums.begin();
  if (axis == static_cast<int64_t>(sums.size()))
    return std::nullopt;
  int64_t before = 1, behind = 1;
  for (int64_t i = 0; i < static_cast<int64_t>(sums.size()); ++i)
    if (i != axis && sums.begin() + i != wild)
      (i < axis ? before : behind) *= std::max<int64_t>(sums[i].constant, 0);
  OnnxSum all = rows.times(inner);
  if (wild - sums.begin() == axis) {
    std::optional<OnnxSum> rest = behind > 0 ? all.over(behind) : std::nullopt;
    *wild = rest.value_or(OnnxSum{-1});
  } else if (wild != sums.end()) {
    bool first = wild - sums.begin() < axis;
    std::optional<int64_t> each = ratio(all, sums[axis]);
    if (!each || before <= 0 || behind <= 0)
      return std::nullopt;
    int64_t rest = first ? outer / before : *each / behind;
    *wild = {rest};
    (first ? before : behind) *= rest;
  }
  if (before != outer || sums[axis].times(behind) != all)
    return std::nullopt;
  Around around{{}, axis, sums[axis]};
  for (const OnnxSum &sum : sums)
    around.to.push_back(sum.constant);
  return around;
}

/// x [outer, n, inner] with `rows` of n: all rows there are, one behind the other, [outer n, inner].
Value packed(const Counted &c, Value x, int64_t outer, int64_t n, const OnnxSum &rows) {
  OnnxNode &node = c.node;
  Value at = iota(node, outer * n, 0, 1), most = c.numbers.value(node, c.numbers.most(node, rows, {1}));
  Value group = node.binary(BinaryKind::div, at, most), row = node.binary(BinaryKind::mod, at, most);
  Value index = node.binary(BinaryKind::add, node.binary(BinaryKind::mul, group, c.numbers.value(node, {n})), row);
  return node.ok() ? gather(node, x, index, 0) : Value();
}

/// Operand 0 under a shape of which entry `axis` is known at run time only, or none with -1.
Result reshapeTo(const Counted &c, const std::vector<OnnxSum> &sums, int64_t axis) {
  const OnnxExtent *extent = c.extent(0);
  Ints from = c.node.shape(c.node.input(0)).vec();
  llvm::ArrayRef<int64_t> was(from);
  int64_t outer = product(was.take_front(extent->axis)), n = from[extent->axis], inner = product(was.drop_front(extent->axis + 1));
  OnnxSum rows = c.entries(0, extent->axis);
  Value x = c.node.input(0);
  std::optional<Around> around = layOut(sums, axis, outer, rows, inner);
  if (!around && outer > 1 && (around = layOut(sums, axis, 1, rows.times(outer), inner)))
    x = packed(c, c.node.reshape(x, {outer * n, inner}), outer, n, rows);
  if (!around)
    return std::nullopt;
  around->to[around->axis] = c.numbers.rangeOf(around->count).high;
  return oneResult(c.node.reshape(x, around->to), around->axis, around->count);
}

/// Axes in front of the count and behind it are split and joined among themselves; those behind may join it, and all that are in front.
Result reshapeAround(const Counted &c) {
  const OnnxExtent *extent = c.extent(0);
  std::optional<std::vector<OnnxSum>> sums = extent ? sumsOf(c, 1) : std::nullopt;
  int64_t axis = -1, rank = extent ? rankOf(c.node, c.node.input(0)) : 0;
  for (size_t i = 0; sums && i < sums->size(); ++i) {
    if ((*sums)[i] == OnnxSum{0} && !c.node.intAttr("allowzero", 0) && static_cast<int64_t>(i) < rank)
      (*sums)[i] = c.entries(0, static_cast<int64_t>(i));
    if (!(*sums)[i].known() && axis >= 0)
      return std::nullopt;
    axis = (*sums)[i].known() ? axis : static_cast<int64_t>(i);
  }
  return sums ? reshapeTo(c, *sums, axis) : std::nullopt;
}

/// [before the axis, from it on].
Result flattenAround(const Counted &c) {
  const OnnxExtent *extent = c.extent(0);
  int64_t rank = extent ? rankOf(c.node, c.node.input(0)) : 0, axis = c.node.intAttr("axis", 1);
  axis += axis < 0 ? rank : 0;
  if (!extent || axis < 0 || axis > rank)
    return std::nullopt;
  std::vector<OnnxSum> sums = {{1}, {1}};
  for (int64_t i = 0; i < rank; ++i) {
    OnnxSum &part = sums[i < axis ? 0 : 1], entries = c.entries(0, i);
    part = entries.known() ? part.times(entries.constant) : entries.times(part.constant);
  }
  return reshapeTo(c, sums, extent->axis < axis ? 0 : 1);
}

Result expandTo(const Counted &c) {
  const OnnxExtent *extent = c.extent(0);
  std::optional<Sizes> sizes = sizesOf(c, 1);
  if (!sizes || (!extent && sizes->axis < 0) || (extent && sizes->axis >= 0 && sizes->count != c.entries(0, extent->axis)))
    return std::nullopt;
  Ints from = c.node.shape(c.node.input(0)).vec(), to = sizes->most;
  int64_t rank = std::max(from.size(), to.size()), had = extent ? extent->axis + rank - static_cast<int64_t>(from.size()) : -1;
  int64_t axis = sizes->axis >= 0 ? sizes->axis + rank - static_cast<int64_t>(to.size()) : had;
  OnnxSum count = extent ? c.entries(0, extent->axis) : sizes->count;
  from.insert(from.begin(), rank - from.size(), 1);
  to.insert(to.begin(), rank - to.size(), 1);
  bool fits = extent ? had == axis && (sizes->axis >= 0 || to[axis] == 1) : from[axis] == 1;
  for (int64_t i = 0; i < rank; ++i)
    to[i] = to[i] == 1 || i == had ? from[i] : to[i];
  return fits ? oneResult(c.node.broadcast(c.node.input(0), to), axis, count) : std::nullopt;
}

// ---- parts of values ------------------------------------------------------------------------------

/// Starts, ends, axes and steps of a slice.
struct Cut {
  std::vector<OnnxSum> starts, ends;
  Ints axes, steps;
};

/// Ends that are far outside any tensor come nearer.
std::optional<std::vector<OnnxSum>> placesOf(const Counted &c, int64_t i, llvm::StringRef name) {
  std::optional<Tensor> known = c.node.constant(i);
  std::vector<int64_t> listed = c.node.intsAttr(name);
  for (int64_t k = 0; known && k < known->count(); ++k)
    listed.push_back(known->intAt(k));
  if (!known && c.node.hasInput(i))
    return sumsOf(c, i);
  std::vector<OnnxSum> places;
  for (int64_t place : listed)
    places.push_back({std::clamp(place, 1 - kMaxOnnxElements, kMaxOnnxElements - 1)});
  return places;
}

std::optional<Cut> cutOf(const Counted &c) {
  std::optional<std::vector<OnnxSum>> starts = placesOf(c, 1, "starts"), ends = placesOf(c, 2, "ends"), axes = placesOf(c, 3, "axes"), steps = placesOf(c, 4, "steps");
  if (!starts || !ends || !axes || !steps || starts->size() != ends->size())
    return std::nullopt;
  Cut cut{*starts, *ends, {}, {}};
  for (size_t k = 0; k < starts->size(); ++k) {
    int64_t axis = k < axes->size() ? (*axes)[k].constant : static_cast<int64_t>(k), step = k < steps->size() ? (*steps)[k].constant : 1;
    if (c.node.badAxis(axis, rankOf(c.node, c.node.input(0))) || step == 0)
      return std::nullopt;
    cut.axes.push_back(axis);
    cut.steps.push_back(step);
  }
  return cut;
}

/// A place of a slice as one in 0 .. n, the one behind it where the slice runs backwards; nullopt when it may count from either end.
std::optional<OnnxSum> placeIn(const Counted &c, const OnnxSum &place, const OnnxSum &n, bool backwards) {
  OnnxRange range = c.numbers.rangeOf(place);
  if (range.low < 0 && range.high >= 0)
    return std::nullopt;
  OnnxSum from = (range.high < 0 ? place.plus(n) : place).plus({backwards});
  return c.numbers.least(c.node, c.numbers.most(c.node, from, {}), n);
}

/// Slices whose places or whose axis' extent depend on data, on one axis; on others they are known.
Result sliceBetween(const Counted &c) {
  const OnnxExtent *extent = c.extent(0);
  std::optional<Cut> cut = cutOf(c);
  bool whole = cut && (!extent || !llvm::is_contained(cut->axes, extent->axis));
  bool fixed = cut && llvm::all_of(cut->starts, [](const OnnxSum &s) { return s.known(); }) && llvm::all_of(cut->ends, [](const OnnxSum &s) { return s.known(); });
  if (!cut || (whole && fixed))
    return std::nullopt;
  Counted::Result made{c.node.input(0), extent ? extent->axis : -1, extent ? c.entries(0, extent->axis) : OnnxSum()};
  for (size_t k = 0; k < cut->axes.size(); ++k) {
    int64_t axis = cut->axes[k], step = cut->steps[k];
    OnnxSum n = c.entries(0, axis);
    std::optional<OnnxSum> start = placeIn(c, cut->starts[k], n, step < 0), end = placeIn(c, cut->ends[k], n, step < 0);
    if (!start || !end || std::abs(step) >= kMaxOnnxElements)
      return std::nullopt;
    OnnxSum length = step < 0 ? start->plus(*end, -1) : end->plus(*start, -1);
    OnnxSum size = c.numbers.quotientUp(c.node, c.numbers.most(c.node, length, {}), std::abs(step));
    if (!size.known() && made.axis >= 0 && made.axis != axis)
      return std::nullopt;
    int64_t most = c.numbers.rangeOf(size).high, rank = rankOf(c.node, made.value);
    Ints starts(rank, 0), sizes = c.node.shape(made.value).vec(), steps(rank, 1);
    if (start->known() && step > 0) {
      starts[axis] = most > 0 ? start->constant : 0, sizes[axis] = most, steps[axis] = step;
      made.value = c.node.slice(made.value, starts, sizes, steps);
    } else {
      Value places = c.node.binary(BinaryKind::mul, iota(c.node, most, 0, 1), c.numbers.value(c.node, {step}));
      places = c.node.binary(BinaryKind::add, places, c.numbers.value(c.node, start->plus({step < 0 ? -1 : 0})));
      made.value = c.node.ok() ? gather(c.node, made.value, places, axis) : Value();
    }
    if (!made.value)
      return std::nullopt;
    if (!size.known() || made.axis == axis)
      made.axis = size.known() ? -1 : axis, made.count = size;
  }
  return OnnxCountedResults({made});
}

/// Joins values along the axis that is shorter at run time: entries of the whole move to the front by what lies behind the counts before them.
Result concatFilled(const Counted &c) {
  OnnxNode &node = c.node;
  int64_t axis = node.intAttr("axis", 0), most = 0;
  if (!node.hasInput(0) || node.badAxis(axis, rankOf(node, node.input(0))))
    return std::nullopt;
  llvm::SmallVector<Value> parts;
  bool counted = false;
  for (int64_t i = 0; i < node.numInputs(); ++i) {
    if (!node.hasInput(i) || rankOf(node, node.input(i)) <= axis || (c.extent(i) && c.extent(i)->axis != axis))
      return std::nullopt;
    counted |= c.extent(i) != nullptr;
    parts.push_back(node.input(i));
    most += node.shape(parts.back())[axis];
  }
  if (!counted || most == 0)
    return std::nullopt;
  Value all = node.concat(parts, axis), place = iota(node, most, 0, 1), moved = place;
  OnnxSum end;
  for (int64_t i = 0; i < node.numInputs() && node.ok(); ++i) {
    OnnxSum had = c.entries(i, axis);
    end = end.plus(had);
    if (had.known() || i + 1 == node.numInputs())
      continue;
    Value gap = c.numbers.value(node, OnnxSum{node.shape(parts[i])[axis]}.plus(had, -1));
    Value behind = node.binary(BinaryKind::greater_equal, place, c.numbers.value(node, end));
    moved = node.binary(BinaryKind::add, moved, node.select(behind, gap, c.numbers.value(node, {0})));
  }
  Value filled = !node.ok() ? Value() : moved == place ? all : gather(node, all, moved, axis);
  return oneResult(filled, axis, end);
}

/// One axis grows at either end, by as much as may depend on data; the new entries are all one value.
Result padTo(const Counted &c) {
  OnnxNode &node = c.node;
  std::optional<std::vector<OnnxSum>> pads = node.stringAttr("mode", "constant") == "constant" && !node.hasInput(3) ? sumsOf(c, 1) : std::nullopt;
  const OnnxExtent *extent = c.extent(0);
  int64_t rank = rankOf(node, node.input(0)), axis = extent ? extent->axis : -1;
  if (!pads || static_cast<int64_t>(pads->size()) != 2 * rank)
    return std::nullopt;
  for (int64_t i = 0; i < 2 * rank; ++i)
    if (!(*pads)[i].known()) {
      if (axis >= 0 && axis != i % rank)
        return std::nullopt;
      axis = i % rank;
    }
  if (axis < 0 || !(*pads)[axis].known() || (*pads)[axis].constant < 0)
    return std::nullopt;
  OnnxSum had = c.entries(0, axis), front = (*pads)[axis].plus(had), count = c.numbers.most(node, front.plus((*pads)[axis + rank]), {});
  Ints low(rank, 0), high(rank, 0), sizes = node.shape(node.input(0)).vec();
  int64_t most = c.numbers.rangeOf(count).high;
  for (int64_t i = 0; i < rank; ++i) {
    low[i] = (*pads)[i].constant;
    high[i] = i == axis ? std::max<int64_t>(most - sizes[i] - low[i], 0) : (*pads)[i + rank].constant;
    sizes[i] = i == axis ? most : sizes[i] + low[i] + high[i];
  }
  Value value = node.hasInput(2) ? node.reshape(node.input(2), {}) : node.scalar(node.dtype(node.input(0)), 0);
  Value wide = node.ok() ? padConstant(node, node.input(0), low, high, value) : Value();
  wide = node.ok() ? node.slice(wide, Ints(rank, 0), sizes, Ints(rank, 1)) : Value();
  Value taken = node.binary(BinaryKind::less, iota(node, most, axis, rank), c.numbers.value(node, front));
  return oneResult(node.select(taken, wide, value), axis, count);
}

} // namespace

OnnxCountedFn countingRule(llvm::StringRef op) {
  return llvm::StringSwitch<OnnxCountedFn>(op)
      .Case("Shape", giveShape)
      .Case("Size", giveSize)
      .Case("ConstantOfShape", fillShape)
      .Case("Range", countUp)
      .Case("Reshape", reshapeAround)
      .Case("Flatten", flattenAround)
      .Case("Expand", expandTo)
      .Case("Slice", sliceBetween)
      .Case("Concat", concatFilled)
      .Case("Pad", padTo)
      .Default(nullptr);
}

} // namespace ingot
