// Lowers elementwise ops to kernel.map: unary, binary, select, cast, and per-tensor, per-axis or blocked quantise and dequantise.
#include "passes/lower/Convert.h"
#include "passes/lower/LowerOp.h"
#include "passes/lower/Map.h"
#include "passes/lower/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;


/// Builds the map unless the body comes out null.
Lowered lowerScalar(Operation *op, LowerContext &context, std::string &why, MapBody body) {
  Value result = op->getResult(0);
  SmallVector<StridedView> views;
  for (Value operand : op->getOperands())
    views.push_back(broadcastView(operand, tensorType(result).getShape()));
  bool hasMeaning = true;
  Value mapped = buildMap(context.builder, op->getLoc(), tensorType(result), views, [&](OpBuilder &b, Location loc, ValueRange args) {
    Value value = body(b, loc, args);
    hasMeaning = value != nullptr;
    return hasMeaning ? value : args[0];
  });
  if (hasMeaning)
    return SmallVector<Value, 2>{mapped};
  mapped.getDefiningOp()->erase();
  why = ("no meaning for elements of type " + name(dtypeOf(op->getOperand(0)))).str();
  return failure();
}

Lowered lowerUnary(Operation *op, LowerContext &context, std::string &why) {
  nn::UnaryOp unary = cast<nn::UnaryOp>(op);
  return lowerScalar(op, context, why, [&](OpBuilder &b, Location loc, ValueRange args) {
    return ScalarBuilder(b, loc).unary(unary.getKind(), args[0], dtypeOf(unary.getInput()), unary.getAlpha().convertToDouble(),
                                       unary.getBeta().convertToDouble());
  });
}

Lowered lowerBinary(Operation *op, LowerContext &context, std::string &why) {
  nn::BinaryOp binary = cast<nn::BinaryOp>(op);
  return lowerScalar(op, context, why, [&](OpBuilder &b, Location loc, ValueRange args) {
    return ScalarBuilder(b, loc).binary(binary.getKind(), args[0], args[1], dtypeOf(binary.getLhs()), dtypeOf(binary.getRhs()));
  });
}

Lowered lowerSelect(Operation *op, LowerContext &context, std::string &why) {
  return lowerScalar(op, context, why, [&](OpBuilder &b, Location loc, ValueRange args) {
    return ScalarBuilder(b, loc).select(args[0], args[1], args[2]);
  });
}

Lowered lowerCast(Operation *op, LowerContext &context, std::string &why) {
  nn::CastOp castOp = cast<nn::CastOp>(op);
  return lowerScalar(op, context, why, [&](OpBuilder &b, Location loc, ValueRange args) {
    return ScalarBuilder(b, loc).cast(args[0], dtypeOf(castOp.getInput()), dtypeOf(castOp.getResult()), castOp.getSaturate());
  });
}

/// The view of a per-tensor or per-axis scale or zero point over the input's iteration box.
StridedView parameterView(Value parameter, ArrayRef<int64_t> shape, int64_t axis) {
  RankedTensorType type = tensorType(parameter);
  StridedView view{parameter, 0, SmallVector<int64_t>(shape.size(), 0)};
  if (type.getNumElements() > 1 && type.getRank() == 1)
    view.strides[axis] = 1;
  return view;
}

/// Box, and views of input, scale and zero, for a quantise or dequantise; a blocked axis of extent D becomes dims (D / block, block).
struct QuantBox {
  SmallVector<int64_t> dims;
  SmallVector<StridedView> views;
};

FailureOr<QuantBox> quantBox(Value input, Value scale, Value zero, int64_t axis, int64_t block, std::string &why) {
  QuantBox box;
  ArrayRef<int64_t> shape = tensorType(input).getShape();
  box.dims.assign(shape.begin(), shape.end());
  if (block == 0) {
    box.views = {identityView(input), parameterView(scale, shape, axis)};
    if (zero)
      box.views.push_back(parameterView(zero, shape, axis));
    return box;
  }
  if (shape[axis] % block != 0) {
    why = "the last block along the axis is not full";
    return failure();
  }
  box.dims[axis] = shape[axis] / block;
  box.dims.insert(box.dims.begin() + axis + 1, block);
  auto split = [&](Value value, bool isParameter) {
    StridedView view = identityView(value);
    int64_t inner = isParameter ? 0 : view.strides[axis];
    if (!isParameter)
      view.strides[axis] *= block;
    view.strides.insert(view.strides.begin() + axis + 1, inner);
    return view;
  };
  box.views = {split(input, false), split(scale, true)};
  if (zero)
    box.views.push_back(split(zero, true));
  return box;
}

template <typename OpT> Lowered lowerQuant(OpT op, LowerContext &context, std::string &why) {
  DType from = dtypeOf(op.getInput()), to = dtypeOf(op.getResult()), scaleType = dtypeOf(op.getScale());
  constexpr bool quantise = std::is_same_v<OpT, quant::QuantizeOp>;
  bool toSmallFloat = isFloat(to) && byteWidth(to) == 1 && to != DType::F8E8M0;
  if (quantise && ((isFloat(to) && !toSmallFloat) || to == DType::I64 || to == DType::U64)) {
    why = ("no quantisation from " + name(from) + " to " + name(to)).str();
    return failure();
  }
  FailureOr<QuantBox> box = quantBox(op.getInput(), op.getScale(), op.getZero(), op.getAxis(), op.getBlock(), why);
  if (failed(box))
    return failure();
  bool isFew = false;
  if (quantise && context.hasTiles() && !isFloat(to) && scalarWidth(to) <= 16 && scaleType == DType::F32 && tensorType(op.getScale()).getNumElements() == 1)
    if (std::optional<Tensor> known = context.constant(op.getScale()))
      isFew = ScalarBuilder::isPlainScale(static_cast<float>(known->at(0)));
  auto body = [&](OpBuilder &b, Location loc, ValueRange args) {
    ScalarBuilder scalar(b, loc);
    Value zero = args.size() > 2 ? args[2] : Value();
    DType wide = !quantise && to == DType::F64 ? DType::F64 : DType::F32;
    Value scale = scalar.cast(args[1], scaleType, wide, false);
    if (isFew)
      return scalar.quantizeFew(args[0], scale, zero, from, to);
    return quantise ? scalar.quantize(args[0], scale, zero, from, to) : scalar.dequantize(args[0], scale, zero, from, to);
  };
  return SmallVector<Value, 2>{
      buildMap(context.builder, op.getLoc(), tensorType(op.getResult()), box->dims, box->views, 0, rowMajorStrides(box->dims), nullptr, body)};
}

} // namespace

void registerElementwise(LowerRegistry &registry) {
  registry.add("nn.unary", lowerUnary);
  registry.add("nn.binary", lowerBinary);
  registry.add("nn.select", lowerSelect);
  registry.add("nn.cast", lowerCast);
  registry.add("quant.quantize", [](Operation *op, LowerContext &c, std::string &why) { return lowerQuant(cast<quant::QuantizeOp>(op), c, why); });
  registry.add("quant.dequantize", [](Operation *op, LowerContext &c, std::string &why) { return lowerQuant(cast<quant::DequantizeOp>(op), c, why); });
}

} // namespace ingot
