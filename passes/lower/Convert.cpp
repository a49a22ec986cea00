// Conversions, permutations and views that lowerings put around a kernel.
#include "passes/lower/Convert.h"

#include "passes/lower/Map.h"
#include "passes/lower/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace ingot {

RankedTensorType tensorType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }
DType dtypeOf(Value value) { return *toDType(tensorType(value).getElementType()); }

Value convertElements(LowerContext &context, Location loc, Value value, DType to) {
  DType from = dtypeOf(value);
  if (from == to)
    return value;
  RankedTensorType type = RankedTensorType::get(tensorType(value).getShape(), toMlir(to, context.builder.getContext()));
  return buildMap(context.builder, loc, type, identityView(value),
                  [&](OpBuilder &b, Location at, ValueRange args) { return ScalarBuilder(b, at).cast(args[0], from, to, false); });
}

Value narrowOperand(LowerContext &context, Location loc, Value value, DType to) {
  RankedTensorType type = RankedTensorType::get(tensorType(value).getShape(), toMlir(to, context.builder.getContext()));
  return buildMap(context.builder, loc, type, identityView(value), [&](OpBuilder &b, Location at, ValueRange args) {
    auto number = [&](double value) { return arith::ConstantOp::create(b, at, b.getF32FloatAttr(static_cast<float>(value))); };
    auto choose = [&](arith::CmpFPredicate when, Value x, Value limit, Value instead, Value otherwise) {
      return arith::SelectOp::create(b, at, arith::CmpFOp::create(b, at, when, x, limit), instead, otherwise);
    };
    Value x = args[0];
    if (to == DType::F16) {
      Value low = number(-65504), high = number(65504);
      x = choose(arith::CmpFPredicate::OLT, x, low, low, x);
      x = choose(arith::CmpFPredicate::OGT, x, high, high, x);
    } else {
      x = choose(arith::CmpFPredicate::OLT, math::AbsFOp::create(b, at, x), number(0x1p-56), number(0), x);
      if (context.roundsToBf16()) { // no subnormal number is left, which the instruction takes for 0
        arith::TruncFOp rounded = arith::TruncFOp::create(b, at, b.getBF16Type(), x);
        rounded->setAttr(kernel::kInstruction, b.getUnitAttr());
        return rounded.getResult();
      }
    }
    return ScalarBuilder(b, at).cast(x, DType::F32, to, false);
  });
}

Value viewAs(LowerContext &context, Location loc, Value value, ArrayRef<int64_t> shape) {
  if (tensorType(value).getShape() == shape)
    return value;
  return kernel::ViewOp::create(context.builder, loc, RankedTensorType::get(shape, tensorType(value).getElementType()), value);
}

Value permuted(LowerContext &context, Location loc, Value value, ArrayRef<int64_t> perm) {
  ArrayRef<int64_t> shape = tensorType(value).getShape();
  SmallVector<int64_t> strides = rowMajorStrides(shape), to;
  StridedView view{value, 0, {}};
  SmallVector<int64_t> moved, still; // axes longer than 1, in either order
  for (auto [i, axis] : llvm::enumerate(perm)) {
    to.push_back(shape[axis]);
    view.strides.push_back(strides[axis]);
    if (shape[axis] != 1)
      moved.push_back(axis);
    if (shape[i] != 1)
      still.push_back(i);
  }
  if (moved == still)
    return viewAs(context, loc, value, to);
  return buildCopy(context.builder, loc, RankedTensorType::get(to, tensorType(value).getElementType()), view);
}

DType computeType(DType type) { return type == DType::F16 || type == DType::BF16 ? DType::F32 : type; }

AxisSplit splitAt(ArrayRef<int64_t> shape, int64_t axis) {
  AxisSplit split;
  for (auto [i, extent] : llvm::enumerate(shape))
    (static_cast<int64_t>(i) < axis ? split.outer : static_cast<int64_t>(i) == axis ? split.n : split.inner) *= extent;
  return split;
}

std::optional<AxisSplit> adjacentAxes(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes) {
  AxisSplit split;
  bool began = false, ended = false;
  for (auto [axis, extent] : llvm::enumerate(shape)) {
    bool reduced = llvm::is_contained(axes, static_cast<int64_t>(axis));
    if (extent == 1)
      continue;
    if (reduced && ended)
      return std::nullopt;
    began |= reduced;
    ended |= began && !reduced;
    (reduced ? split.n : began ? split.inner : split.outer) *= extent;
  }
  return split;
}

AxesLast axesLast(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes) {
  AxesLast last;
  for (bool reduced : {false, true}) {
    for (int64_t axis = 0; axis < static_cast<int64_t>(shape.size()); ++axis) {
      if (llvm::is_contained(axes, axis) != reduced)
        continue;
      last.perm.push_back(axis);
      last.shape.push_back(shape[axis]);
      (reduced ? last.n : last.outer) *= shape[axis];
    }
  }
  return last;
}

} // namespace ingot
