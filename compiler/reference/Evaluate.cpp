// Entry points of the reference evaluator: one op through the table of rules, and a whole function in order.
// Types are checked here once, so that a rule may rely on what the op's verifier promises.
#include "compiler/reference/Evaluate.h"

#include "compiler/reference/Rules.h"
#include "compiler/weights/WeightStore.h"

#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using llvm::ArrayRef;

namespace ingot {
namespace {

using reference::refuse;
using reference::Results;
using reference::RuleTable;

const RuleTable &rules() {
  static const RuleTable table = [] {
    RuleTable made;
    reference::addUnary(made);
    reference::addBinary(made);
    reference::addMovement(made);
    reference::addIndex(made);
    reference::addReduce(made);
    reference::addNormalize(made);
    reference::addContract(made);
    reference::addPool(made);
    reference::addResize(made);
    reference::addRnn(made);
    reference::addRoiAlign(made);
    reference::addQuant(made);
    reference::addSequence(made);
    reference::addSuppress(made);
    reference::addBlocks(made);
    reference::addNbits(made);
    return made;
  }();
  return table;
}

bool hasType(const Tensor &tensor, Type type) {
  auto ranked = dyn_cast<RankedTensorType>(type);
  return ranked && toDType(ranked.getElementType()) == tensor.dtype() && ranked.getShape() == tensor.shape();
}

llvm::LogicalResult checkTypes(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  if (operands.size() != op->getNumOperands())
    return refuse(why, llvm::Twine(op->getName().getStringRef()) + " got " + llvm::Twine(operands.size()) + " operands, expected " +
                           llvm::Twine(op->getNumOperands()));
  for (auto [tensor, value] : llvm::zip_equal(operands, op->getOperands()))
    if (!hasType(tensor, value.getType()))
      return refuse(why, llvm::Twine(op->getName().getStringRef()) + " got a " + name(tensor.dtype()) +
                             " operand of another type than its own");
  for (Type type : op->getResultTypes()) {
    auto ranked = dyn_cast<RankedTensorType>(type);
    if (!ranked || !ranked.hasStaticShape() || !toDType(ranked.getElementType()) || !elementCount(ranked.getShape()))
      return refuse(why, llvm::Twine(op->getName().getStringRef()) + " has a result type that cannot be evaluated");
  }
  return success();
}

/// The values of a function while it runs. An entry goes when its last user has run.
class Frame {
public:
  void define(Value value, Tensor tensor) {
    size_t uses = static_cast<size_t>(std::distance(value.use_begin(), value.use_end()));
    if (uses != 0)
      values[value] = {std::move(tensor), uses};
  }

  /// The operands of `op`, each counted as used.
  std::vector<Tensor> take(Operation *op) {
    std::vector<Tensor> operands;
    for (Value operand : op->getOperands()) {
      auto found = values.find(operand);
      operands.push_back(found->second.first);
      if (--found->second.second == 0)
        values.erase(found);
    }
    return operands;
  }

private:
  llvm::DenseMap<Value, std::pair<Tensor, size_t>> values;
};

/// What a function runs in: its weights, the states as they were when it began, and those it leaves.
struct Surroundings {
  const WeightStore &store;
  const StateMap *before;
  StateMap after;
};

llvm::FailureOr<Results> readWeight(nn::WeightOp weight, const WeightStore &store, std::string &why) {
  if (!store.contains(weight.getSymbol()))
    return refuse(why, "no weight is named '" + weight.getSymbol() + "'");
  Tensor tensor = store.get(weight.getSymbol());
  if (!hasType(tensor, weight.getType()))
    return refuse(why, "weight '" + weight.getSymbol() + "' has another type than its nn.weight");
  return reference::one(std::move(tensor));
}

llvm::FailureOr<Results> readState(nn::StateOp state, const StateMap *states, std::string &why) {
  auto known = states ? states->find(state.getSymbol().str()) : StateMap::const_iterator();
  if (!states || known == states->end())
    return reference::one(reference::resultOf(state));
  if (!hasType(known->second, state.getType()))
    return refuse(why, "state '" + state.getSymbol() + "' has another type than its nn.state");
  return reference::one(known->second);
}

llvm::FailureOr<Results> evaluateIn(Operation *op, ArrayRef<Tensor> operands, Surroundings &around, std::string &why) {
  if (auto weight = dyn_cast<nn::WeightOp>(op))
    return readWeight(weight, around.store, why);
  if (auto state = dyn_cast<nn::StateOp>(op))
    return readState(state, around.before, why);
  auto write = dyn_cast<nn::WriteStateOp>(op);
  if (!write)
    return evaluate(op, operands, why);
  around.after[write.getSymbol().str()] = operands[0];
  return Results();
}

} // namespace

llvm::FailureOr<llvm::SmallVector<Tensor, 2>> evaluate(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto rule = rules().find(op->getName().getStringRef());
  if (rule == rules().end())
    return refuse(why, "the reference has no rule for " + op->getName().getStringRef());
  if (failed(checkTypes(op, operands, why)))
    return failure();
  return rule->second(op, operands, why);
}

llvm::FailureOr<std::vector<Tensor>> evaluate(func::FuncOp function, ArrayRef<Tensor> inputs, const WeightStore &store, std::string &why,
                                              StateMap *states, llvm::function_ref<void(Operation *, ArrayRef<Tensor>)> trace) {
  if (function.isExternal() || !function.getBody().hasOneBlock())
    return refuse(why, "function '" + function.getName() + "' is not one block of ops");
  Block &body = function.getBody().front();
  if (inputs.size() != body.getNumArguments())
    return refuse(why, "got " + llvm::Twine(inputs.size()) + " inputs, expected " + llvm::Twine(body.getNumArguments()));
  Frame frame;
  for (auto [input, argument] : llvm::zip_equal(inputs, body.getArguments())) {
    if (!hasType(input, argument.getType()))
      return refuse(why, "input " + llvm::Twine(argument.getArgNumber()) + " has another type than the function's argument");
    frame.define(argument, input);
  }
  Surroundings around{store, states, {}};
  for (Operation &op : body.without_terminator()) {
    std::vector<Tensor> operands = frame.take(&op);
    llvm::FailureOr<Results> results = evaluateIn(&op, operands, around, why);
    if (failed(results))
      return failure();
    if (trace)
      trace(&op, *results);
    for (auto [tensor, value] : llvm::zip_equal(*results, op.getResults()))
      frame.define(value, std::move(tensor));
  }
  for (auto &[name, tensor] : around.after)
    if (states)
      (*states)[name] = std::move(tensor);
  return frame.take(body.getTerminator());
}

} // namespace ingot
