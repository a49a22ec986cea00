// What every lowering uses: constants behind values, packing recipes, and the making of kernel.micro.
#include "passes/lower/LowerOp.h"

#include <cstring>

using namespace mlir;

namespace ingot {

int64_t paramF32(double value) {
  float narrow = static_cast<float>(value);
  uint32_t bits;
  std::memcpy(&bits, &narrow, sizeof bits);
  return bits;
}

bool LowerContext::isConstant(Value value) const {
  Operation *op = value.getDefiningOp();
  return op && isa<nn::ConstantOp, nn::WeightOp>(op);
}

std::optional<Tensor> LowerContext::constant(Value value) const {
  if (nn::ConstantOp op = value.getDefiningOp<nn::ConstantOp>())
    return Tensor::fromAttr(op.getValue());
  if (nn::WeightOp op = value.getDefiningOp<nn::WeightOp>())
    return store.get(op.getSymbol());
  return std::nullopt;
}

Value LowerContext::packed(Location loc, StringRef name, DType type, ArrayRef<int64_t> shape, ValueRange from, std::string doc,
                           Making make) const {
  Recipe recipe{{}, std::move(doc), std::move(make)};
  for (Value value : from) {
    if (nn::WeightOp weight = value.getDefiningOp<nn::WeightOp>())
      recipe.inputs.push_back(weight.getSymbol().str());
    else
      recipe.inputs.push_back(store.addShared((name + ".in").str(), Tensor::fromAttr(value.getDefiningOp<nn::ConstantOp>().getValue())));
  }
  std::string symbol = store.addRecipe(name, type, shape, std::move(recipe));
  RankedTensorType resultType = RankedTensorType::get(shape, toMlir(type, builder.getContext()));
  return nn::WeightOp::create(builder, loc, resultType, FlatSymbolRefAttr::get(builder.getContext(), symbol));
}

/// The first model node that a location names; "" when there is none.
static std::string firstName(Location loc) {
  std::string found;
  loc->walk([&](Location part) {
    NameLoc name = dyn_cast<NameLoc>(part);
    if (name)
      found = name.getName().str();
    return name ? WalkResult::interrupt() : WalkResult::advance();
  });
  return found;
}

void LowerContext::noteDense(Operation *op, Value value) const {
  if (!weights || !isConstant(value))
    return;
  nn::WeightOp weight = value.getDefiningOp<nn::WeightOp>();
  auto known = weights->dense.find(weight ? weight.getSymbol().str() : "");
  std::optional<WeightNote> note = known != weights->dense.end() ? known->second : denseNote(*constant(value), *weights);
  if (weight)
    weights->dense.try_emplace(weight.getSymbol().str(), note);
  if (!note)
    return;
  note->node = firstName(op->getLoc());
  op->emitRemark() << "sparse weights: " << note->why;
  weights->notes.push_back(*note);
}

WeightChoice LowerContext::chooseWeightForm(Operation *op, const WeightUse &use, const StoredCounts &stored) const {
  if (!weights)
    return chooseForm(use, stored, WeightRequest{nullptr, SparseStorage::Never, "", {}});
  WeightChoice choice = chooseForm(use, stored, *weights);
  choice.note.node = firstName(op->getLoc());
  if (choice.isRemarkable)
    op->emitRemark() << "sparse weights: " << choice.note.why;
  weights->notes.push_back(choice.note);
  return choice;
}

Value LowerContext::label(Value result, StringRef key) const {
  if (!key.empty())
    result.getDefiningOp()->setAttr(kKernelChoice, builder.getStringAttr(key));
  return result;
}

kernel::MicroOp LowerContext::micro(Location loc, StringRef row, TypeRange results, ValueRange inputs, ArrayRef<int64_t> params, int64_t work,
                                    int64_t scratchBytes) const {
  return kernel::MicroOp::create(builder, loc, results, row, inputs, params, scratchBytes, work, /*dest=*/IntegerAttr(), /*epilogue=*/StringAttr(), /*turns=*/IntegerAttr());
}

} // namespace ingot
