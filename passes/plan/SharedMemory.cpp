// Places of weights and states, in the order in which they are first asked for.
#include "passes/plan/SharedMemory.h"

#include "passes/plan/Memory.h"

#include "compiler/reference/Tensor.h"
#include "compiler/weights/WeightStore.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ingot {

int64_t bytesOf(Value value) {
  RankedTensorType type = cast<RankedTensorType>(value.getType());
  std::optional<DType> dtype = toDType(type.getElementType());
  return type.getNumElements() * (dtype ? byteWidth(*dtype) : 1);
}

std::string SharedMemory::nameOf(Operation *op) {
  if (nn::WeightOp weight = dyn_cast<nn::WeightOp>(op))
    return weight.getSymbol().str();
  ElementsAttr value = cast<nn::ConstantOp>(op).getValue();
  auto [known, isNew] = constants.try_emplace(value);
  if (isNew)
    known->second = store ? store->add("constant", Tensor::fromAttr(value)) : "constant." + std::to_string(constants.size());
  return known->second;
}

int64_t SharedMemory::endOf(ArrayRef<Entry> list) { return list.empty() ? 0 : llvm::alignTo(list.back().offset + list.back().bytes, kBufferAlign); }

int64_t SharedMemory::place(std::vector<Entry> &list, llvm::StringMap<size_t> &index, StringRef name, int64_t bytes) {
  auto [known, isNew] = index.try_emplace(name, list.size());
  if (isNew)
    list.push_back({name.str(), endOf(list), bytes});
  return list[known->second].offset;
}

int64_t SharedMemory::placeWeight(Operation *op) { return place(weights, weightIndex, nameOf(op), bytesOf(op->getResult(0))); }

std::optional<int64_t> SharedMemory::placeState(nn::StateOp op) {
  if (stateTypes.try_emplace(op.getSymbol(), op.getType()).first->second != op.getType())
    return std::nullopt;
  return place(states, stateIndex, op.getSymbol(), bytesOf(op.getResult()));
}

ArrayAttr SharedMemory::listOf(ArrayRef<Entry> list, MLIRContext *context) {
  Builder builder(context);
  SmallVector<Attribute> entries;
  for (const Entry &entry : list)
    entries.push_back(builder.getDictionaryAttr({builder.getNamedAttr("name", builder.getStringAttr(entry.name)),
                                                 builder.getNamedAttr("offset", builder.getI64IntegerAttr(entry.offset)),
                                                 builder.getNamedAttr("bytes", builder.getI64IntegerAttr(entry.bytes))}));
  return builder.getArrayAttr(entries);
}

void SharedMemory::write(ModuleOp module) const {
  Builder builder(module.getContext());
  module->setAttr("deploy.weights", listOf(weights, module.getContext()));
  module->setAttr("deploy.weights_bytes", builder.getI64IntegerAttr(endOf(weights)));
  module->setAttr("deploy.states", listOf(states, module.getContext()));
  module->setAttr("deploy.state_bytes", builder.getI64IntegerAttr(endOf(states)));
}

} // namespace ingot
