// Constants between IR and WeightStore.
#include "passes/Constants.h"

#include "dialects/nn/Nn.h"

using namespace mlir;

namespace ingot {

std::optional<Tensor> constantOf(Value value, const WeightStore *store) {
  if (nn::ConstantOp constant = value.getDefiningOp<nn::ConstantOp>())
    return Tensor::fromAttr(constant.getValue());
  nn::WeightOp weight = value.getDefiningOp<nn::WeightOp>();
  if (weight && store)
    return store->get(weight.getSymbol());
  return std::nullopt;
}

Value makeConstant(OpBuilder &builder, Location loc, const Tensor &tensor, WeightStore &store, StringRef name) {
  RankedTensorType type = tensor.mlirType(builder.getContext());
  if (tensor.bytes() <= nn::ConstantOp::kMaxBytes)
    return nn::ConstantOp::create(builder, loc, type, tensor.toAttr(builder.getContext()));
  std::string kept = store.addShared(name, tensor);
  return nn::WeightOp::create(builder, loc, type, FlatSymbolRefAttr::get(builder.getContext(), kept));
}

} // namespace ingot
