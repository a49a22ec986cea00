// Building kernel.map from strided views.
#include "passes/lower/Map.h"

using namespace mlir;

namespace ingot {

SmallVector<int64_t> rowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t i = static_cast<int64_t>(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

StridedView identityView(Value value) {
  return {value, 0, rowMajorStrides(cast<RankedTensorType>(value.getType()).getShape())};
}

StridedView broadcastView(Value value, ArrayRef<int64_t> shape) {
  ArrayRef<int64_t> own = cast<RankedTensorType>(value.getType()).getShape();
  SmallVector<int64_t> ownStrides = rowMajorStrides(own);
  StridedView view{value, 0, SmallVector<int64_t>(shape.size(), 0)};
  size_t shift = shape.size() - own.size();
  for (size_t i = 0; i < own.size(); ++i)
    if (own[i] != 1)
      view.strides[shift + i] = ownStrides[i];
  return view;
}

Type scalarType(Type elementType) {
  if (IntegerType integer = dyn_cast<IntegerType>(elementType))
    return IntegerType::get(elementType.getContext(), integer.getWidth());
  return elementType.getIntOrFloatBitWidth() <= 8 ? Type(IntegerType::get(elementType.getContext(), 8)) : elementType;
}

Value buildMap(OpBuilder &builder, Location loc, RankedTensorType resultType, ArrayRef<int64_t> dims, ArrayRef<StridedView> inputs, int64_t resultOffset,
               ArrayRef<int64_t> resultStrides, Value dest, MapBody body) {
  SmallVector<Value> operands;
  SmallVector<int64_t> offsets, strides;
  for (const StridedView &view : inputs) {
    operands.push_back(view.base);
    offsets.push_back(view.offset);
    llvm::append_range(strides, view.strides);
  }
  if (dest)
    operands.push_back(dest);
  offsets.push_back(resultOffset);
  llvm::append_range(strides, resultStrides);
  kernel::MapOp map = kernel::MapOp::create(builder, loc, resultType, operands, dims, offsets, strides, dest != nullptr);
  Block *block = new Block();
  map.getBody().push_back(block);
  for (const StridedView &view : inputs)
    block->addArgument(scalarType(cast<RankedTensorType>(view.base.getType()).getElementType()), loc);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(block);
  Value value = body(builder, loc, block->getArguments());
  kernel::YieldOp::create(builder, loc, value);
  return map.getResult();
}

Value buildMap(OpBuilder &builder, Location loc, RankedTensorType resultType, ArrayRef<StridedView> inputs, MapBody body) {
  return buildMap(builder, loc, resultType, resultType.getShape(), inputs, 0, rowMajorStrides(resultType.getShape()), nullptr, body);
}

Value buildCopy(OpBuilder &builder, Location loc, RankedTensorType resultType, const StridedView &input) {
  return buildMap(builder, loc, resultType, input, [](OpBuilder &, Location, ValueRange args) { return args[0]; });
}

} // namespace ingot
