// cf blocks -> nested regions (MLIR's CFG lifting, into scf) -> spirv.mlir.selection and spirv.mlir.loop, whose results go through
// variables of the function.
#include "targets/common/spirv/Structure.h"

#include "mlir/Conversion/ControlFlowToSCF/ControlFlowToSCF.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace ingot {
namespace {

class Nester {
public:
  Nester(Block &variables, OpBuilder &b, Location loc) : variables(variables), b(b), loc(loc) {}

  IRMapping mapping;

  LogicalResult emitBlock(Block &block) {
    for (Operation &op : block.without_terminator())
      if (failed(emit(op)))
        return failure();
    return success();
  }

private:
  using Names = SmallVector<spirv::VariableOp>;

  LogicalResult emit(Operation &op) {
    if (auto branch = dyn_cast<scf::IfOp>(op))
      return emitIf(branch);
    if (auto choice = dyn_cast<scf::IndexSwitchOp>(op))
      return emitSwitch(choice);
    if (auto loop = dyn_cast<scf::WhileOp>(op))
      return emitLoop(loop);
    if (auto cast = dyn_cast<arith::IndexCastUIOp>(op)) {
      mapping.map(cast.getResult(), mapping.lookup(cast.getIn()));
      return success();
    }
    if (auto cut = dyn_cast<arith::TruncIOp>(op)) { // a number of the lifting, 0 or 1, as a condition
      Value from = mapping.lookup(cut.getIn());
      Value none = spirv::ConstantOp::create(b, loc, from.getType(), b.getIntegerAttr(from.getType(), 0));
      mapping.map(cut.getResult(), spirv::INotEqualOp::create(b, loc, from, none).getResult());
      return success();
    }
    if (auto number = dyn_cast<arith::ConstantOp>(op)) {
      mapping.map(number.getResult(), spirv::ConstantOp::create(b, loc, number.getType(), number.getValue()).getResult());
      return success();
    }
    if (auto poison = dyn_cast<ub::PoisonOp>(op)) {
      mapping.map(poison.getResult(), zero(poison.getType()));
      return success();
    }
    if (isa<spirv::VariableOp>(op)) { // local arrays belong to the function
      OpBuilder top = OpBuilder::atBlockBegin(&variables);
      if (Value table = cast<spirv::VariableOp>(op).getInitializer())
        mapping.map(table, top.clone(*table.getDefiningOp())->getResult(0));
      top.clone(op, mapping);
      return success();
    }
    if (!isa<spirv::SPIRVDialect>(op.getDialect()))
      return op.emitError("no structured form");
    b.clone(op, mapping);
    return success();
  }

  Value zero(Type type) { return spirv::ConstantOp::getZero(type, loc, b); }

  Names declare(TypeRange types) {
    OpBuilder top = OpBuilder::atBlockBegin(&variables);
    Names names;
    for (Type type : types)
      names.push_back(spirv::VariableOp::create(top, loc, spirv::PointerType::get(type, spirv::StorageClass::Function), spirv::StorageClass::Function, Value()));
    return names;
  }
  void store(Names &names, ValueRange values) {
    for (auto [name, value] : llvm::zip(names, values))
      spirv::StoreOp::create(b, loc, name.getResult(), mapping.lookup(value));
  }
  void load(Names &names, ValueRange results) {
    for (auto [name, result] : llvm::zip(names, results))
      mapping.map(result, spirv::LoadOp::create(b, loc, name.getResult()).getResult());
  }

  LogicalResult emitRegion(Region &region, Names &names) {
    if (region.empty())
      return success();
    if (!region.hasOneBlock() || failed(emitBlock(region.front())))
      return failure();
    store(names, region.front().getTerminator()->getOperands());
    return success();
  }

  // selection { entry: condition ? yes : no; yes: .. -> merge; no: .. -> merge }
  LogicalResult emitSelection(Value condition, llvm::function_ref<LogicalResult()> yes, llvm::function_ref<LogicalResult()> no) {
    auto selection = spirv::SelectionOp::create(b, loc, spirv::SelectionControl::None);
    OpBuilder::InsertionGuard guard(b);
    Region &body = selection.getBody();
    Block *entry = b.createBlock(&body), *first = b.createBlock(&body), *second = b.createBlock(&body), *merge = b.createBlock(&body);
    b.setInsertionPointToEnd(entry);
    spirv::BranchConditionalOp::create(b, loc, condition, first, ValueRange(), second, ValueRange());
    b.setInsertionPointToEnd(first);
    if (failed(yes()))
      return failure();
    spirv::BranchOp::create(b, loc, merge);
    b.setInsertionPointToEnd(second);
    if (failed(no()))
      return failure();
    spirv::BranchOp::create(b, loc, merge);
    b.setInsertionPointToEnd(merge);
    spirv::MergeOp::create(b, loc, ValueRange());
    return success();
  }

  LogicalResult emitIf(scf::IfOp branch) {
    Names names = declare(branch.getResultTypes());
    LogicalResult result = emitSelection(
        mapping.lookup(branch.getCondition()), [&] { return emitRegion(branch.getThenRegion(), names); },
        [&] { return emitRegion(branch.getElseRegion(), names); });
    load(names, branch.getResults());
    return result;
  }

  LogicalResult emitSwitch(scf::IndexSwitchOp choice) {
    Names names = declare(choice.getResultTypes());
    LogicalResult result = emitCase(choice, 0, names);
    load(names, choice.getResults());
    return result;
  }

  LogicalResult emitCase(scf::IndexSwitchOp choice, size_t index, Names &names) {
    ArrayRef<int64_t> cases = choice.getCases();
    if (index == cases.size())
      return emitRegion(choice.getDefaultRegion(), names);
    Value flag = mapping.lookup(choice.getArg());
    Value number = spirv::ConstantOp::create(b, loc, flag.getType(), b.getIntegerAttr(flag.getType(), cases[index]));
    Value same = spirv::IEqualOp::create(b, loc, flag, number);
    return emitSelection(
        same, [&] { return emitRegion(choice.getCaseRegions()[index], names); }, [&] { return emitCase(choice, index + 1, names); });
  }

  // do { body } while (c): loop { entry; header: again ? body : merge; body: .. again = c -> continue; continue -> header; merge }
  LogicalResult emitLoop(scf::WhileOp loop) {
    Block &before = loop.getBefore().front();
    auto condition = cast<scf::ConditionOp>(before.getTerminator());
    Names names = declare(before.getArgumentTypes()), results = declare(condition.getArgs().getTypes()), again = declare(b.getI1Type());
    store(names, loop.getInits());
    spirv::StoreOp::create(b, loc, again[0].getResult(), spirv::ConstantOp::create(b, loc, b.getI1Type(), b.getBoolAttr(true)));
    auto structured = spirv::LoopOp::create(b, loc, spirv::LoopControl::None);
    {
      OpBuilder::InsertionGuard guard(b);
      Region &region = structured.getBody();
      Block *entry = b.createBlock(&region), *header = b.createBlock(&region), *body = b.createBlock(&region), *next = b.createBlock(&region),
            *merge = b.createBlock(&region);
      b.setInsertionPointToEnd(entry);
      spirv::BranchOp::create(b, loc, header);
      b.setInsertionPointToEnd(header);
      Value more = spirv::LoadOp::create(b, loc, again[0].getResult());
      spirv::BranchConditionalOp::create(b, loc, more, body, ValueRange(), merge, ValueRange());
      b.setInsertionPointToEnd(body);
      load(names, before.getArguments());
      if (failed(emitBlock(before)))
        return failure();
      store(names, condition.getArgs().take_front(names.size()));
      store(results, condition.getArgs());
      spirv::StoreOp::create(b, loc, again[0].getResult(), mapping.lookup(condition.getCondition()));
      spirv::BranchOp::create(b, loc, next);
      b.setInsertionPointToEnd(next);
      spirv::BranchOp::create(b, loc, header);
      b.setInsertionPointToEnd(merge);
      spirv::MergeOp::create(b, loc, ValueRange());
    }
    load(results, loop.getResults());
    return success();
  }

  Block &variables;
  OpBuilder &b;
  Location loc;
};

} // namespace

LogicalResult structureBody(func::FuncOp from, Value id, Block &variables, OpBuilder &into) {
  ControlFlowToSCFTransformation interface;
  DominanceInfo dominance(from);
  if (failed(transformCFGToSCF(from.getBody(), interface, dominance)) || !from.getBody().hasOneBlock())
    return failure();
  Nester nester(variables, into, from.getLoc());
  nester.mapping.map(from.getBody().front().getArgument(0), id);
  return nester.emitBlock(from.getBody().front());
}

} // namespace ingot
