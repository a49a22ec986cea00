// The checks and small constructions behind the operator files; see OpHelpers.h.
#include "compiler/import/onnx/OpHelpers.h"

#include "compiler/import/onnx/OnnxTensor.h"

#include "llvm/ADT/SmallVector.h"

#include <algorithm>
#include <numeric>

using namespace mlir;

namespace ingot {

/// No extent, stride or border beyond this: sums and products of a few of them stay inside int64.
constexpr int64_t kMaxExtent = int64_t(1) << 31;
constexpr int64_t kMaxIota = int64_t(1) << 24; // elements of a list of positions
constexpr int64_t kMaxInts = int64_t(1) << 20; // elements of an operand that lists axes, extents or starts

void addRows(OnnxOpRegistry &registry, llvm::StringRef domain, llvm::ArrayRef<OpRow> rows) {
  for (const OpRow &row : rows) {
    OnnxImportFn fn = row.fn;
    int64_t inputs = row.inputs;
    registry.add(domain, row.op, row.since, [fn, inputs](OnnxNode &node) {
      for (int64_t i = 0; i < inputs; ++i)
        if (!node.hasInput(i))
          return node.refuse("needs " + std::to_string(inputs) + (inputs == 1 ? " input, has " : " inputs, has ") + std::to_string(i));
      fn(node);
    });
  }
}

std::optional<DType> dtypeOf(OnnxNode &node, int64_t onnxType) {
  std::optional<DType> type = dtypeOfOnnx(onnxType);
  if (!type)
    node.refuse("the element type " + nameOfOnnxType(onnxType) + " has no tensor type on the device");
  return type;
}

int64_t rankOf(OnnxNode &node, Value value) { return static_cast<int64_t>(node.shape(value).size()); }

bool isFloat(OnnxNode &node, Value value) { return isFloat(node.dtype(value)); }

bool needRank(OnnxNode &node, Value value, int64_t low, int64_t high, llvm::StringRef what) {
  int64_t rank = rankOf(node, value);
  if (rank >= low && rank <= high)
    return true;
  std::string range = low == high ? std::to_string(low) : std::to_string(low) + " to " + std::to_string(high);
  node.refuse("the operand '" + what.str() + "' has rank " + std::to_string(rank) + ", expected " + range);
  return false;
}

std::optional<Tensor> needTensor(OnnxNode &node, int64_t i, llvm::StringRef name) {
  std::string why;
  std::optional<Tensor> tensor = node.needed(i, why);
  if (!tensor)
    node.refuse("the operand '" + name.str() + "' " + why);
  return tensor;
}

std::optional<Ints> needInts(OnnxNode &node, int64_t i, llvm::StringRef name) {
  std::optional<Tensor> tensor = needTensor(node, i, name);
  if (!tensor)
    return std::nullopt;
  if (isFloat(tensor->dtype()) || tensor->count() > kMaxInts) {
    node.refuse("the operand '" + name.str() + "' holds no integers, or too many");
    return std::nullopt;
  }
  Ints values(tensor->count());
  for (int64_t k = 0; k < tensor->count(); ++k)
    values[k] = tensor->intAt(k);
  return values;
}

std::optional<int64_t> needInt(OnnxNode &node, int64_t i, llvm::StringRef name) {
  std::optional<Ints> values = needInts(node, i, name);
  if (!values)
    return std::nullopt;
  if (values->size() == 1)
    return values->front();
  node.refuse("the operand '" + name.str() + "' holds " + std::to_string(values->size()) + " elements, expected 1");
  return std::nullopt;
}

bool normaliseAxes(OnnxNode &node, Ints &axes, int64_t rank) {
  for (int64_t &axis : axes)
    if (node.badAxis(axis, rank))
      return false;
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) == axes.end())
    return true;
  node.refuse("an axis is given twice");
  return false;
}

std::optional<Ints> axesOf(OnnxNode &node, int64_t i) {
  if (node.hasInput(i))
    return needInts(node, i, "axes");
  if (node.hasAttr("axes"))
    return node.intsAttr("axes");
  return std::nullopt;
}

std::optional<int64_t> axisOf(OnnxNode &node, int64_t fallback, int64_t rank) {
  int64_t axis = node.intAttr("axis", fallback);
  if (node.badAxis(axis, rank))
    return std::nullopt;
  return axis;
}

Tensor filled(DType type, llvm::ArrayRef<int64_t> shape, double value) {
  Tensor tensor(type, shape);
  if (value != 0)
    for (int64_t i = 0; i < tensor.count(); ++i)
      tensor.set(i, value);
  return tensor;
}

Value scalarI64(OnnxNode &node, int64_t value) { return node.constantOf(Tensor::vectorI64({value}).reshaped({})); }

Value splat(OnnxNode &node, DType type, llvm::ArrayRef<int64_t> shape, double value) {
  if (!elementCount(shape) || *elementCount(shape) > kMaxExtent) {
    node.refuse("the result has too many elements");
    return {};
  }
  return node.constantOf(filled(type, shape, value));
}

Value iota(OnnxNode &node, int64_t n, int64_t axis, int64_t rank) {
  if (n < 0 || n > kMaxIota) {
    node.refuse("an axis of " + std::to_string(n) + " entries is too long to be counted");
    return {};
  }
  Ints values(n);
  std::iota(values.begin(), values.end(), 0);
  Ints shape(rank, 1);
  shape[axis] = n;
  return node.constantOf(Tensor::vectorI64(values).reshaped(shape));
}

Value alongAxis(OnnxNode &node, Value vector, int64_t axis, int64_t rank, int64_t count) {
  if (!node.ok())
    return {};
  llvm::ArrayRef<int64_t> shape = node.shape(vector);
  if (shape.size() != 1 || shape[0] != count) {
    node.refuse("a per-channel operand is no vector of " + std::to_string(count) + " elements");
    return {};
  }
  Ints wide(rank, 1);
  wide[axis] = count;
  return node.reshape(vector, wide);
}

Value unsqueeze(OnnxNode &node, Value x, int64_t axis) {
  if (!node.ok())
    return {};
  Ints shape = node.shape(x).vec();
  shape.insert(shape.begin() + axis, 1);
  return node.reshape(x, shape);
}

Value squeezeAxis(OnnxNode &node, Value x, int64_t axis) {
  if (!node.ok())
    return {};
  Ints shape = node.shape(x).vec();
  shape.erase(shape.begin() + axis);
  return node.reshape(x, shape);
}

Value transposeLast(OnnxNode &node, Value x) {
  if (!node.ok())
    return {};
  Ints perm(rankOf(node, x));
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return node.transpose(x, perm);
}

Value scaled(OnnxNode &node, Value x, double factor) {
  if (!node.ok() || factor == 1)
    return x;
  return node.binary(nn::BinaryKind::mul, x, node.scalar(node.dtype(x), factor));
}

Ints flatShape(llvm::ArrayRef<int64_t> shape, int64_t axis) {
  Ints flat = {1, 1};
  for (size_t i = 0; i < shape.size(); ++i)
    flat[static_cast<int64_t>(i) >= axis] *= shape[i];
  return flat;
}

Ints axesFrom(int64_t axis, int64_t rank) {
  Ints axes(std::max<int64_t>(rank - axis, 0));
  std::iota(axes.begin(), axes.end(), axis);
  return axes;
}

// ---- windows ------------------------------------------------------------------------------------

static bool inRange(OnnxNode &node, llvm::ArrayRef<int64_t> values, size_t count, int64_t low, llvm::StringRef what) {
  bool good = values.size() == count && llvm::all_of(values, [&](int64_t v) { return v >= low && v < kMaxExtent; });
  if (!good)
    node.refuse("the attribute '" + what.str() + "' does not fit " + std::to_string(count) + " spatial axes or is out of range");
  return good;
}

/// Borders that make the result's extents ceil(in / stride).
static void padSame(Window &window, llvm::ArrayRef<int64_t> in, bool lower) {
  for (size_t i = 0; i < in.size(); ++i) {
    int64_t out = (in[i] + window.strides[i] - 1) / window.strides[i];
    int64_t reach = (window.kernel[i] - 1) * window.dilations[i] + 1;
    int64_t total = std::max<int64_t>((out - 1) * window.strides[i] + reach - in[i], 0);
    int64_t small = total / 2;
    window.low[i] = lower ? total - small : small;
    window.high[i] = total - window.low[i];
  }
}

std::optional<Window> readWindow(OnnxNode &node, llvm::ArrayRef<int64_t> in, llvm::ArrayRef<int64_t> kernel) {
  size_t n = in.size();
  Window window;
  window.kernel = kernel.vec();
  window.strides = node.intsAttr("strides", Ints(n, 1));
  window.dilations = node.intsAttr("dilations", Ints(n, 1));
  Ints pads = node.intsAttr("pads", Ints(2 * n, 0));
  std::string autoPad = node.stringAttr("auto_pad", "NOTSET");
  if (autoPad != "NOTSET" && autoPad != "")
    pads.assign(2 * n, 0);
  if (n < 1 || n > 3) {
    node.refuse(std::to_string(n) + " spatial axes, expected 1 to 3");
    return std::nullopt;
  }
  if (!inRange(node, window.kernel, n, 1, "kernel_shape") || !inRange(node, window.strides, n, 1, "strides") ||
      !inRange(node, window.dilations, n, 1, "dilations") || !inRange(node, pads, 2 * n, 0, "pads"))
    return std::nullopt;
  window.low.assign(pads.begin(), pads.begin() + n);
  window.high.assign(pads.begin() + n, pads.end());
  if (autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER")
    padSame(window, in, autoPad == "SAME_LOWER");
  else if (autoPad != "NOTSET" && autoPad != "VALID" && autoPad != "") {
    node.refuse("unknown auto_pad '" + autoPad + "'");
    return std::nullopt;
  }
  return window;
}

std::optional<Ints> windowExtents(OnnxNode &node, const Window &window, llvm::ArrayRef<int64_t> in, bool ceil) {
  Ints out(in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    int64_t room = in[i] + window.low[i] + window.high[i] - (window.kernel[i] - 1) * window.dilations[i] - 1;
    if (room < 0) {
      node.refuse("the window is larger than the padded input");
      return std::nullopt;
    }
    out[i] = (room + (ceil ? window.strides[i] - 1 : 0)) / window.strides[i] + 1;
    if (ceil && (out[i] - 1) * window.strides[i] >= in[i] + window.low[i])
      --out[i];
  }
  return out;
}

// ---- shared constructions -----------------------------------------------------------------------

Value alignedSecond(OnnxNode &node) {
  Value a = node.input(0), b = node.input(1);
  if (node.opset() >= 7 || !node.hasAttr("axis"))
    return b;
  int64_t axis = node.intAttr("axis", 0);
  int64_t rank = rankOf(node, a);
  if (node.badAxis(axis, rank))
    return {};
  Ints shape = node.shape(b).vec();
  while (axis + static_cast<int64_t>(shape.size()) < rank)
    shape.push_back(1);
  return node.reshape(b, shape);
}

/// Integers wider than 8 bits: the products are written out and added up.
static Value matmulByReduce(OnnxNode &node, Value a, Value b) {
  Value left = unsqueeze(node, a, rankOf(node, a));
  Value right = unsqueeze(node, b, rankOf(node, b) - 2);
  Value products = node.binary(nn::BinaryKind::mul, left, right);
  if (!node.ok())
    return {};
  int64_t axis = rankOf(node, products) - 2;
  return node.reduce(nn::ReduceKind::sum, products, {axis}, /*keepDims=*/false);
}

Value matmulAny(OnnxNode &node, Value a, Value b) {
  if (!node.ok() || !needRank(node, a, 1, 16, "A") || !needRank(node, b, 1, 16, "B"))
    return {};
  bool vectorA = rankOf(node, a) == 1, vectorB = rankOf(node, b) == 1;
  if (vectorA)
    a = unsqueeze(node, a, 0);
  if (vectorB)
    b = unsqueeze(node, b, 1);
  if (!node.ok())
    return {};
  DType type = node.dtype(a);
  Value y = isFloat(type) || byteWidth(type) == 1 ? node.matmul(a, b) : matmulByReduce(node, a, b);
  if (node.ok() && vectorB)
    y = squeezeAxis(node, y, rankOf(node, y) - 1);
  if (node.ok() && vectorA)
    y = squeezeAxis(node, y, rankOf(node, y) - (vectorB ? 1 : 2));
  return y;
}

/// A zero point as i32 that broadcasts over the product: scalar as [1], [M] as [M, 1] (rows) or [N]; null when it is absent.
static Value zeroPoint(OnnxNode &node, Value zero, bool rows) {
  if (!zero || !node.ok())
    return {};
  zero = node.cast(zero, DType::I32);
  if (!node.ok() || elementCount(node.shape(zero)) == 1)
    return node.ok() ? node.reshape(zero, {1}) : Value();
  return rows && rankOf(node, zero) == 1 ? unsqueeze(node, zero, 1) : zero;
}

/// sum a b - bz sum a - az sum b + K az bz.
Value integerProduct(OnnxNode &node, Value a, Value b, Value az, Value bz) {
  if (!node.ok() || !needRank(node, a, 2, 16, "A") || !needRank(node, b, 2, 16, "B"))
    return {};
  int64_t rankA = rankOf(node, a), rankB = rankOf(node, b), depth = node.shape(a).back();
  az = zeroPoint(node, az, true), bz = zeroPoint(node, bz, false);
  Value y = node.matmul(a, b);
  if (bz && node.ok()) {
    Value sums = node.reduce(nn::ReduceKind::sum, node.cast(a, DType::I32), {rankA - 1});
    y = node.binary(nn::BinaryKind::sub, y, node.binary(nn::BinaryKind::mul, sums, bz));
  }
  if (az && node.ok()) {
    Value sums = node.reduce(nn::ReduceKind::sum, node.cast(b, DType::I32), {rankB - 2});
    y = node.binary(nn::BinaryKind::sub, y, node.binary(nn::BinaryKind::mul, sums, az));
  }
  if (az && bz && node.ok()) {
    Value product = node.binary(nn::BinaryKind::mul, az, bz);
    y = node.binary(nn::BinaryKind::add, y, node.binary(nn::BinaryKind::mul, product, node.scalar(DType::I32, static_cast<double>(depth))));
  }
  return y;
}

Value floatProduct(OnnxNode &node, Value product, Value aScale, Value bScale, Value bias) {
  if (!node.ok())
    return {};
  Value scale = node.binary(nn::BinaryKind::mul, elementCount(node.shape(aScale)) == 1 ? node.reshape(aScale, {1}) : aScale,
                            elementCount(node.shape(bScale)) == 1 ? node.reshape(bScale, {1}) : bScale);
  Value y = node.binary(nn::BinaryKind::mul, node.cast(product, DType::F32), scale);
  return bias ? node.binary(nn::BinaryKind::add, y, bias) : y;
}

DynamicBytes quantiseDynamically(OnnxNode &node, Value x) {
  Value nothing = node.scalar(DType::F32, 0), levels = node.scalar(DType::F32, 255);
  Ints all = axesFrom(0, rankOf(node, x));
  Value high = node.binary(nn::BinaryKind::max, node.reduce(nn::ReduceKind::max, x, all, false), nothing);
  Value low = node.binary(nn::BinaryKind::min, node.reduce(nn::ReduceKind::min, x, all, false), nothing);
  Value scale = node.binary(nn::BinaryKind::div, node.binary(nn::BinaryKind::sub, high, low), levels);
  Value exact = node.binary(nn::BinaryKind::div, node.binary(nn::BinaryKind::sub, nothing, low), scale);
  Value zero = node.cast(node.unary(nn::UnaryKind::round, node.unary(nn::UnaryKind::clip, exact, 0, 255)), DType::U8);
  if (!node.ok())
    return {};
  Type type = node.type(DType::U8, node.shape(x));
  return {node.create<quant::QuantizeOp>({type}, x, scale, zero, uint64_t(0), uint64_t(0)), scale, zero};
}

Value layerNorm(OnnxNode &node, Value x, llvm::ArrayRef<int64_t> axes, double epsilon, bool rms) {
  if (!node.ok())
    return {};
  return node.create<nn::NormalizeOp>({x.getType()}, x, axes, llvm::APFloat(epsilon), rms);
}

Value gather(OnnxNode &node, Value x, Value indices, int64_t axis) {
  if (!node.ok())
    return {};
  Ints shape = node.shape(x).take_front(axis).vec();
  llvm::append_range(shape, node.shape(indices));
  llvm::append_range(shape, node.shape(x).drop_front(axis + 1));
  if (node.dtype(indices) != DType::I32)
    indices = node.cast(indices, DType::I64);
  if (!node.ok())
    return {};
  return node.create<nn::GatherOp>({node.type(node.dtype(x), shape)}, x, indices, static_cast<uint64_t>(axis));
}

Value padConstant(OnnxNode &node, Value x, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high, Value value) {
  if (!node.ok())
    return {};
  Ints shape = node.shape(x).vec();
  for (size_t i = 0; i < shape.size(); ++i)
    shape[i] += low[i] + high[i];
  return node.create<nn::PadOp>({node.type(node.dtype(x), shape)}, x, value, low, high, nn::PadMode::constant);
}

} // namespace ingot
