// Operators that only look at a tensor's shape or move whole axes: Shape, Reshape, Transpose, Concat, Expand, Tile ...
#include "compiler/import/onnx/OpHelpers.h"

#include <algorithm>
#include <numeric>

using namespace mlir;

namespace ingot {

static int64_t clampIndex(int64_t index, int64_t n) {
  if (index < 0)
    index += n;
  return std::clamp<int64_t>(index, 0, n);
}

static void importShape(OnnxNode &node) {
  llvm::ArrayRef<int64_t> shape = node.shape(node.input(0));
  int64_t rank = shape.size();
  int64_t start = clampIndex(node.intAttr("start", 0), rank), end = clampIndex(node.intAttr("end", rank), rank);
  node.setOutput(0, node.constantOf(Tensor::vectorI64(shape.slice(start, std::max<int64_t>(end - start, 0)))));
}

static void importSize(OnnxNode &node) {
  std::optional<int64_t> count = elementCount(node.shape(node.input(0)));
  Tensor size(DType::I64, {});
  size.setInt(0, count.value_or(0));
  node.setOutput(0, node.constantOf(size));
}

/// Fills in the entries 0 (copy) and -1 (the rest). False and refused when that is impossible.
static bool resolveShape(OnnxNode &node, llvm::ArrayRef<int64_t> from, Ints &to, bool allowZero) {
  int64_t wild = -1;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && !allowZero && i < from.size())
      to[i] = from[i];
    if (to[i] == -1 && wild < 0) {
      wild = i;
      to[i] = 1;
    }
    if (to[i] < 0)
      return node.refuse("the shape has more than one -1 or a negative extent"), false;
  }
  std::optional<int64_t> have = elementCount(from), want = elementCount(to);
  if (wild >= 0 && have && want && *want > 0 && *have % *want == 0)
    to[wild] = *have / *want;
  want = elementCount(to);
  if (have && want && *have == *want)
    return true;
  node.refuse("the new shape has another number of elements than the input");
  return false;
}

static void importReshape(OnnxNode &node) {
  Ints shape;
  if (node.hasAttr("shape") && !node.hasInput(1)) {
    shape = node.intsAttr("shape");
  } else {
    std::optional<Ints> given = needInts(node, 1, "shape");
    if (!given)
      return;
    shape = *given;
  }
  Value x = node.input(0);
  if (resolveShape(node, node.shape(x), shape, node.intAttr("allowzero", 0) != 0))
    node.setOutput(0, node.reshape(x, shape));
}

static void importFlatten(OnnxNode &node) {
  Value x = node.input(0);
  int64_t rank = rankOf(node, x), axis = node.intAttr("axis", 1);
  if (axis < -rank || axis > rank)
    return node.refuse("axis " + std::to_string(axis) + " is out of range");
  node.setOutput(0, node.reshape(x, flatShape(node.shape(x), axis < 0 ? axis + rank : axis)));
}

static void importSqueeze(OnnxNode &node) {
  Value x = node.input(0);
  llvm::ArrayRef<int64_t> shape = node.shape(x);
  std::optional<Ints> axes = axesOf(node, 1);
  if (!node.ok())
    return;
  if (!axes) {
    axes.emplace();
    for (size_t i = 0; i < shape.size(); ++i)
      if (shape[i] == 1)
        axes->push_back(i);
  }
  if (!normaliseAxes(node, *axes, shape.size()))
    return;
  Ints kept;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (!llvm::is_contained(*axes, static_cast<int64_t>(i)))
      kept.push_back(shape[i]);
    else if (shape[i] != 1)
      return node.refuse("axis " + std::to_string(i) + " to squeeze has extent " + std::to_string(shape[i]));
  }
  node.setOutput(0, node.reshape(x, kept));
}

static void importUnsqueeze(OnnxNode &node) {
  Value x = node.input(0);
  std::optional<Ints> axes = axesOf(node, 1);
  if (!axes)
    return node.refuse("the axes are missing");
  Ints shape = node.shape(x).vec();
  if (!normaliseAxes(node, *axes, shape.size() + axes->size()))
    return;
  for (int64_t axis : *axes)
    shape.insert(shape.begin() + axis, 1);
  node.setOutput(0, node.reshape(x, shape));
}

/// The larger of both extents where one is 1; the two-way broadcast of Expand.
static void importExpand(OnnxNode &node) {
  Value x = node.input(0);
  std::optional<Ints> shape = needInts(node, 1, "shape");
  if (!shape)
    return;
  Ints from = node.shape(x).vec(), to = *shape;
  size_t rank = std::max(from.size(), to.size());
  from.insert(from.begin(), rank - from.size(), 1);
  to.insert(to.begin(), rank - to.size(), 1);
  for (size_t i = 0; i < rank; ++i) {
    if (to[i] != from[i] && to[i] != 1 && from[i] != 1)
      return node.refuse("the input does not broadcast to the shape");
    if (to[i] == 1)
      to[i] = from[i];
  }
  if (!elementCount(to))
    return node.refuse("the shape is negative or too large");
  node.setOutput(0, node.broadcast(x, to));
}

static void importTranspose(OnnxNode &node) {
  Value x = node.input(0);
  Ints perm(rankOf(node, x));
  std::iota(perm.rbegin(), perm.rend(), 0);
  perm = node.intsAttr("perm", perm);
  Ints sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != axesFrom(0, rankOf(node, x)))
    return node.refuse("the attribute 'perm' is no permutation of the input's axes");
  node.setOutput(0, node.transpose(x, perm));
}

static void importConcat(OnnxNode &node) {
  llvm::SmallVector<Value> parts;
  for (int64_t i = 0; i < node.numInputs(); ++i)
    if (node.hasInput(i))
      parts.push_back(node.input(i));
  int64_t rank = rankOf(node, parts.front());
  std::optional<int64_t> axis = axisOf(node, 1, rank);
  if (!axis)
    return;
  for (Value part : parts)
    if (rankOf(node, part) != rank || node.dtype(part) != node.dtype(parts.front()))
      return node.refuse("the operands differ in rank or element type");
  node.setOutput(0, node.concat(parts, *axis));
}

static void importTile(OnnxNode &node) {
  Value x = node.input(0);
  std::optional<Ints> repeats = needInts(node, 1, "repeats");
  if (!repeats)
    return;
  llvm::ArrayRef<int64_t> shape = node.shape(x);
  if (repeats->size() != shape.size())
    return node.refuse("'repeats' has another length than the input's rank");
  Ints split, wide, result;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t n = (*repeats)[i];
    if (n != 1) {
      split.push_back(1);
      wide.push_back(n);
    }
    split.push_back(shape[i]);
    wide.push_back(shape[i]);
    std::optional<int64_t> extent = elementCount({n, shape[i]});
    if (!extent)
      return node.refuse("'repeats' is negative or too large");
    result.push_back(*extent);
  }
  if (!elementCount(wide))
    return node.refuse("'repeats' is too large");
  node.setOutput(0, node.reshape(node.broadcast(node.reshape(x, split), wide), result));
}

static bool blockFits(OnnxNode &node, Value x, int64_t block) {
  if (!needRank(node, x, 4, 4, "input"))
    return false;
  if (block >= 1 && block < (1 << 15))
    return true;
  node.refuse("the attribute 'blocksize' is missing or out of range");
  return false;
}

static void importDepthToSpace(OnnxNode &node) {
  Value x = node.input(0);
  int64_t b = node.intAttr("blocksize", 0);
  if (!blockFits(node, x, b))
    return;
  llvm::ArrayRef<int64_t> s = node.shape(x);
  if (s[1] % (b * b) != 0)
    return node.refuse("the channels do not divide into blocks");
  int64_t depth = s[1] / (b * b);
  bool crd = node.stringAttr("mode", "DCR") == "CRD";
  Ints split = crd ? Ints{s[0], depth, b, b, s[2], s[3]} : Ints{s[0], b, b, depth, s[2], s[3]};
  Ints perm = crd ? Ints{0, 1, 4, 2, 5, 3} : Ints{0, 3, 4, 1, 5, 2};
  node.setOutput(0, node.reshape(node.transpose(node.reshape(x, split), perm), {s[0], depth, s[2] * b, s[3] * b}));
}

static void importSpaceToDepth(OnnxNode &node) {
  Value x = node.input(0);
  int64_t b = node.intAttr("blocksize", 0);
  if (!blockFits(node, x, b))
    return;
  llvm::ArrayRef<int64_t> s = node.shape(x);
  if (s[2] % b != 0 || s[3] % b != 0)
    return node.refuse("the spatial extents do not divide into blocks");
  bool crd = node.stringAttr("mode", "DCR") == "CRD";
  Ints perm = crd ? Ints{0, 1, 3, 5, 2, 4} : Ints{0, 3, 5, 1, 2, 4};
  Value split = node.reshape(x, {s[0], s[1], s[2] / b, b, s[3] / b, b});
  node.setOutput(0, node.reshape(node.transpose(split, perm), {s[0], s[1] * b * b, s[2] / b, s[3] / b}));
}

void registerShape(OnnxOpRegistry &registry) {
  addRows(registry, "", {
    {"Shape", 1, 1, importShape}, {"Size", 1, 1, importSize}, {"Reshape", 1, 1, importReshape}, {"Flatten", 1, 1, importFlatten},
    {"Squeeze", 1, 1, importSqueeze}, {"Unsqueeze", 1, 1, importUnsqueeze}, {"Expand", 8, 2, importExpand},
    {"Transpose", 1, 1, importTranspose}, {"Concat", 1, 1, importConcat}, {"Tile", 6, 2, importTile},
    {"DepthToSpace", 1, 1, importDepthToSpace}, {"SpaceToDepth", 1, 1, importSpaceToDepth}});
}

} // namespace ingot
