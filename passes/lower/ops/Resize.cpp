// Lowers nn.resize: nearest copies by ik_resize_near_b<bits>, two adjacent axes at a time; f32 and f16 interpolation of the last two axes that
// change, or of the last one of planes, by ik_resize2d_<type>; other axes one by one by ik_resize_axis_<in>_<out>, with intermediates in f32 or f64.
#include "compiler/reference/ResizeTaps.h"
#include "passes/lower/LowerOp.h"
#include "targets/common/ukernels/resize.h"

#include <cstring>

using namespace mlir;

namespace ingot {
namespace {

using reference::ResizeAxis;
using reference::Tap;
using reference::Taps;
using Lowered = FailureOr<SmallVector<Value, 2>>;
using Axes = std::vector<ResizeAxis>;

/// The kernels' names for the types that interpolate; "" for another.
StringRef interpolated(Type type) {
  if (type.isF32())
    return "f32";
  if (type.isF16())
    return "f16";
  if (type.isF64())
    return "f64";
  if (type.isInteger(8))
    return type.isUnsignedInteger() ? "u8" : "i8";
  return type.isInteger(32) && !type.isUnsignedInteger() ? "i32" : "";
}

/// From so many elements side by side on, ik_resize2d_<type> adds pieces of them; fewer become entries of the table.
constexpr int64_t kSideBySide = 16;
/// Elements side by side, and of a line of them, with which two axes together are faster than one after the other: a line stays in a second cache.
constexpr int64_t kMostSideBySide = 1 << 12, kLine = 1 << 17;

/// What the lowering of one op carries.
struct Resizer {
  nn::ResizeOp op;
  LowerContext &context;
  Axes axes;
  Type element;
  double outside;

  bool isHalf() const { return element.isF32() || element.isF16(); }
  Type wide() const { return isHalf() ? Type(context.builder.getF32Type()) : Type(context.builder.getF64Type()); }
  Value weight(StringRef name, DType type, ArrayRef<int64_t> shape, Tensor tensor) const {
    return context.packed(op->getLoc(), name, type, shape, {}, "taps of a resized axis", {[tensor](ArrayRef<Tensor>) { return tensor; }, ""});
  }
  Value indices(const ResizeAxis &axis) const;
  Value weights(const ResizeAxis &axis) const;
  SmallVector<int64_t> params(ArrayRef<int64_t> shape, size_t h, bool joinW, int64_t outsideBits) const;
  Value call(StringRef row, Value x, ArrayRef<Value> tables, ArrayRef<int64_t> shape, Type to, ArrayRef<int64_t> params,
             int64_t scratch) const;
  bool isPlane(ArrayRef<int64_t> shape, size_t h, size_t last) const;
  Value plane(Value x, SmallVector<int64_t> shape, size_t h, int64_t outsideBits) const;
  Value nearest(Value x) const;
  Value interpolate(Value x) const;
};

int64_t tapsOf(const ResizeAxis &axis) {
  size_t most = 1;
  for (const Taps &taps : axis.taps)
    most = std::max(most, taps.size());
  return static_cast<int64_t>(most);
}

/// An axis that stands for one of extent 1 that stays as it is.
ResizeAxis unitAxis() { return {1, 1, true, {{{0, 1.0}}}}; }

// [taps][out]; absent taps read element 0, a missing first one is -1.
Value Resizer::indices(const ResizeAxis &axis) const {
  int64_t taps = tapsOf(axis);
  Tensor table(DType::I32, {taps, axis.out});
  for (int64_t o = 0; o < axis.out; ++o) {
    const Taps &from = axis.taps[static_cast<size_t>(o)];
    table.setInt(o, -1);
    for (size_t t = 0; t < from.size(); ++t)
      table.setInt(static_cast<int64_t>(t) * axis.out + o, from[t].index);
  }
  return weight("resize.index", DType::I32, {taps, axis.out}, table);
}

Value Resizer::weights(const ResizeAxis &axis) const {
  int64_t taps = tapsOf(axis);
  DType type = isHalf() ? DType::F32 : DType::F64;
  Tensor table(type, {taps, axis.out});
  for (int64_t o = 0; o < axis.out; ++o) {
    const Taps &from = axis.taps[static_cast<size_t>(o)];
    for (size_t t = 0; t < from.size(); ++t)
      table.set(static_cast<int64_t>(t) * axis.out + o, from[t].weight);
  }
  return weight("resize.weight", type, {taps, axis.out}, table);
}

// Axis h of a tensor of `shape`, and the next one too with joinW.
SmallVector<int64_t> Resizer::params(ArrayRef<int64_t> shape, size_t h, bool joinW, int64_t outsideBits) const {
  SmallVector<int64_t> p(IK_RESIZE_COUNT, 1);
  size_t after = h + (joinW ? 2 : 1);
  for (size_t i = 0; i < h; ++i)
    p[IK_RESIZE_OUTER] *= shape[i];
  for (size_t i = after; i < shape.size(); ++i)
    p[IK_RESIZE_INNER] *= shape[i];
  p[IK_RESIZE_IH] = axes[h].in, p[IK_RESIZE_OH] = axes[h].out, p[IK_RESIZE_TAPSH] = tapsOf(axes[h]);
  if (joinW)
    p[IK_RESIZE_IW] = axes[h + 1].in, p[IK_RESIZE_OW] = axes[h + 1].out, p[IK_RESIZE_TAPSW] = tapsOf(axes[h + 1]);
  p[IK_RESIZE_OUTSIDE] = outsideBits;
  return p;
}

Value Resizer::call(StringRef row, Value x, ArrayRef<Value> tables, ArrayRef<int64_t> shape, Type to, ArrayRef<int64_t> params,
                    int64_t scratch) const {
  SmallVector<Value> inputs{x};
  inputs.append(tables.begin(), tables.end());
  RankedTensorType type = RankedTensorType::get(shape, to);
  int64_t work = type.getNumElements() * (params[IK_RESIZE_TAPSH] + params[IK_RESIZE_TAPSW]);
  return context.micro(op->getLoc(), row, type, inputs, params, work, scratch).getResult(0);
}

/// Axis h of `shape` is followed by the last one that changes, and ik_resize2d_<type> takes both: lines fit a cache. An axis that stays joins
/// where its rows lie side by side.
bool Resizer::isPlane(ArrayRef<int64_t> shape, size_t h, size_t last) const {
  if (!isHalf() || h + 1 != last)
    return false;
  if (last + 1 == axes.size())
    return true;
  SmallVector<int64_t> p = params(shape, h, true, 0);
  return !axes[h].identity && p[IK_RESIZE_INNER] <= kMostSideBySide && std::max(p[IK_RESIZE_IW], p[IK_RESIZE_OW]) <= kLine / p[IK_RESIZE_INNER];
}

/// `axis` with `inner` elements for each of it, as an axis of so many more.
ResizeAxis spread(const ResizeAxis &axis, int64_t inner) {
  ResizeAxis result{axis.in * inner, axis.out * inner, axis.identity, {}};
  for (const Taps &taps : axis.taps)
    for (int64_t i = 0; i < inner; ++i) {
      result.taps.push_back(taps);
      for (Tap &tap : result.taps.back())
        tap.index = tap.index * inner + i;
    }
  return result;
}

/// Axes h and h + 1 by ik_resize2d_<type>.
Value Resizer::plane(Value x, SmallVector<int64_t> shape, size_t h, int64_t outsideBits) const {
  SmallVector<int64_t> p = params(shape, h, true, outsideBits);
  ResizeAxis w = axes[h + 1];
  if (p[IK_RESIZE_INNER] < kSideBySide) {
    w = spread(w, p[IK_RESIZE_INNER]);
    p[IK_RESIZE_IW] = w.in, p[IK_RESIZE_OW] = w.out, p[IK_RESIZE_INNER] = 1;
  }
  shape[h] = axes[h].out, shape[h + 1] = axes[h + 1].out;
  return call(("ik_resize2d_" + interpolated(element)).str(), x, {indices(axes[h]), weights(axes[h]), indices(w), weights(w)}, shape, element, p,
              IK_RESIZE_SCRATCH(p[IK_RESIZE_IW] * p[IK_RESIZE_INNER], p[IK_RESIZE_TAPSW], p[IK_RESIZE_OW]));
}

Value Resizer::nearest(Value x) const {
  Tensor fill = Tensor::scalar(*toDType(element), outside);
  int64_t bits = 0;
  std::memcpy(&bits, fill.data(), static_cast<size_t>(fill.bytes()));
  std::string row = "ik_resize_near_b" + std::to_string(fill.bytes() * 8);
  SmallVector<int64_t> shape(cast<RankedTensorType>(x.getType()).getShape());
  for (size_t i = 0; i < axes.size(); ++i) {
    if (axes[i].identity)
      continue;
    bool two = i + 1 < axes.size() && !axes[i + 1].identity;
    SmallVector<int64_t> p = params(shape, i, two, bits);
    shape[i] = axes[i].out;
    Value second = indices(two ? axes[i + 1] : unitAxis());
    if (two)
      shape[i + 1] = axes[i + 1].out;
    x = call(row, x, {indices(axes[i]), second}, shape, element, p, 0);
    i += two;
  }
  return x;
}

Value Resizer::interpolate(Value x) const {
  double value = outside;
  int64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  if (isHalf())
    bits = paramF32(outside);
  SmallVector<int64_t> shape(cast<RankedTensorType>(x.getType()).getShape());
  size_t last = axes.size() - 1;
  while (axes[last].identity)
    --last;
  for (size_t i = 0; i <= last; ++i) {
    Type from = cast<RankedTensorType>(x.getType()).getElementType();
    if (isPlane(shape, i, last) && from == element)
      return plane(x, shape, i, bits);
    if (axes[i].identity)
      continue;
    Type to = i == last ? element : wide();
    SmallVector<int64_t> p = params(shape, i, false, bits);
    shape[i] = axes[i].out;
    std::string row = ("ik_resize_axis_" + interpolated(from) + "_" + interpolated(to)).str();
    x = call(row, x, {indices(axes[i]), weights(axes[i])}, shape, to, p, 0);
  }
  return x;
}

Lowered lowerResize(Operation *operation, LowerContext &context, std::string &why) {
  nn::ResizeOp op = cast<nn::ResizeOp>(operation);
  Type element = op.getInput().getType().getElementType();
  bool near = op.getMode() == nn::ResizeMode::nearest;
  unsigned bits = element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 0;
  if (near ? bits != 1 && bits != 8 && bits != 16 && bits != 32 && bits != 64 : interpolated(element).empty()) {
    why = near ? "nearest resize needs elements of whole bytes"
               : "interpolation has kernels for float16, float32, float64, int8, uint8 and int32";
    return failure();
  }
  std::optional<Axes> axes = reference::resizeAxes(op, why);
  if (!axes)
    return failure();
  for (const ResizeAxis &axis : *axes)
    if (axis.in > INT32_MAX || axis.out > INT32_MAX) {
      why = "an axis of more than 2^31 elements";
      return failure();
    }
  Resizer resizer{op, context, std::move(*axes), element, op.getExtrapolation().convertToDouble()};
  Value input = op.getInput();
  if (llvm::all_of(resizer.axes, [](const ResizeAxis &axis) { return axis.identity; }))
    return SmallVector<Value, 2>{kernel::ViewOp::create(context.builder, op.getLoc(), op.getResult().getType(), input)};
  return SmallVector<Value, 2>{near ? resizer.nearest(input) : resizer.interpolate(input)};
}

} // namespace

void registerResize(LowerRegistry &registry) { registry.add("nn.resize", lowerResize); }

} // namespace ingot
