// What the operations of a model make, as outputs beside its own: two programs can then be compared operation by operation (ingot diff).
#include "compiler/Compile.h"

#include "dialects/nn/Nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace ingot {
namespace {

/// The model's node that an operation ends with: of those that were fused the last.
StringRef lastNode(Location loc) {
  if (NameLoc name = dyn_cast<NameLoc>(loc))
    return name.getName().getValue();
  StringRef last;
  if (FusedLoc fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (StringRef name = lastNode(part); !name.empty())
        last = name;
  return last;
}

/// Whether a value is what its node makes: read by another node, or by nothing. Constants, caches and what is an output already are left out.
bool isNodesValue(Value value, StringRef node) {
  RankedTensorType type = dyn_cast<RankedTensorType>(value.getType());
  if (node.empty() || !type || !type.hasStaticShape() || type.getNumElements() == 0 || !toDType(type.getElementType()))
    return false;
  if (isa<nn::WeightOp, nn::ConstantOp, nn::StateOp, nn::CacheAppendOp>(value.getDefiningOp()))
    return false;
  bool isRead = false;
  for (Operation *user : value.getUsers()) {
    if (isa<func::ReturnOp, nn::WriteStateOp>(user))
      return false;
    isRead |= lastNode(user->getLoc()) != node;
  }
  return isRead || value.use_empty();
}

/// Name -> value: of a node that became several operations what the last makes, of an operation with several results each.
llvm::MapVector<StringAttr, Value> nodesValues(func::FuncOp function) {
  llvm::DenseSet<Value> varying(function.getArguments().begin(), function.getArguments().end());
  llvm::MapVector<StringAttr, Value> values;
  for (Operation &op : function.getBody().front().without_terminator()) {
    if (!isa<nn::StateOp>(op) && llvm::none_of(op.getOperands(), [&](Value operand) { return varying.contains(operand); }))
      continue;
    StringRef node = lastNode(op.getLoc());
    for (OpResult value : op.getResults()) {
      varying.insert(value);
      if (isNodesValue(value, node))
        values[StringAttr::get(function.getContext(), value.getResultNumber() ? node + " #" + Twine(value.getResultNumber() + 1) : node)] = value;
    }
  }
  return values;
}

void exposeValues(func::FuncOp function) {
  Builder builder(function.getContext());
  Operation *end = function.getBody().front().getTerminator();
  for (const auto &[name, value] : nodesValues(function)) {
    DictionaryAttr attributes = builder.getDictionaryAttr(builder.getNamedAttr("nn.name", name));
    (void)function.insertResult(function.getNumResults(), value.getType(), attributes); // fails for declarations alone
    end->insertOperands(end->getNumOperands(), value);
  }
}

} // namespace

void exposeValues(ModuleOp module) {
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    module->setAttr("ingot.own_outputs", Builder(module.getContext()).getI64IntegerAttr(function.getNumResults()));
    exposeValues(function);
  }
}

} // namespace ingot
