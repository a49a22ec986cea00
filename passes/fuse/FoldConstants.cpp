// Operations whose operands are all constant become weights made by a recipe.
#include "compiler/reference/Evaluate.h"
#include "passes/Passes.h"

#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_FOLDCONSTANTS
#include "passes/fuse/Passes.h.inc"

namespace {

bool isConstant(Value value) { return value.getDefiningOp() && isa<nn::WeightOp, nn::ConstantOp>(value.getDefiningOp()); }

/// The op alone in a module of its own, operands as arguments: what a recipe keeps.
std::shared_ptr<OwningOpRef<ModuleOp>> isolate(Operation *op) {
  OpBuilder builder(op->getContext());
  auto module = std::make_shared<OwningOpRef<ModuleOp>>(ModuleOp::create(op->getLoc()));
  builder.setInsertionPointToStart((*module)->getBody());
  func::FuncOp function = func::FuncOp::create(builder, op->getLoc(), "made", builder.getFunctionType(op->getOperandTypes(), op->getResultTypes()));
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  IRMapping mapping;
  mapping.map(op->getOperands(), body->getArguments());
  Operation *clone = builder.clone(*op, mapping);
  func::ReturnOp::create(builder, op->getLoc(), clone->getResults());
  return module;
}

/// Equal for operations that compute the same from the same operands.
std::string identityOf(Operation *op) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << op->getName() << op->getAttrDictionary() << op->getOperandTypes() << op->getResultTypes();
  return text;
}

struct FoldConstants : impl::FoldConstantsBase<FoldConstants> {
  explicit FoldConstants(const PassContext &context) : context(context) {}

  void runOnOperation() override {
    if (!context.store)
      return;
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<nn::NnDialect, quant::QuantDialect>(op->getDialect()) && !isa<nn::WeightOp, nn::ConstantOp, nn::StateOp>(op) && op->getNumResults() == 1)
        ops.push_back(op);
    });
    for (Operation *op : ops)
      if (op->getNumOperands() > 0 && llvm::all_of(op->getOperands(), isConstant))
        fold(op);
  }

  // %y = nn.op(%w0, %w1) -> %y = nn.weight @w0.nn.op
  void fold(Operation *op) {
    Recipe recipe;
    std::string base;
    for (Value operand : op->getOperands()) {
      if (nn::WeightOp weight = operand.getDefiningOp<nn::WeightOp>())
        recipe.inputs.push_back(weight.getSymbol().str());
      else
        recipe.inputs.push_back(context.store->addShared("constant", Tensor::fromAttr(operand.getDefiningOp<nn::ConstantOp>().getValue())));
      if (base.empty())
        base = recipe.inputs.back();
    }
    recipe.doc = op->getName().getStringRef().str();
    RankedTensorType type = cast<RankedTensorType>(op->getResult(0).getType());
    DType dtype = *toDType(type.getElementType());
    std::vector<int64_t> shape(type.getShape());
    recipe.make.identity = identityOf(op);
    recipe.make.run = [module = isolate(op), dtype, shape](ArrayRef<Tensor> inputs) {
      std::string why;
      Operation *inner = &(*module)->lookupSymbol<func::FuncOp>("made").getBody().front().front();
      FailureOr<SmallVector<Tensor, 2>> made = evaluate(inner, inputs, why);
      return succeeded(made) ? (*made)[0] : Tensor(dtype, shape);
    };
    OpBuilder builder(op);
    std::string name = context.store->addRecipe(base + "." + recipe.doc, dtype, shape, std::move(recipe));
    Value weight = nn::WeightOp::create(builder, op->getLoc(), type, FlatSymbolRefAttr::get(&getContext(), name));
    op->getResult(0).replaceAllUsesWith(weight);
    op->erase();
  }

  PassContext context;
};

} // namespace

std::unique_ptr<Pass> createFoldConstants(const PassContext &context) { return std::make_unique<FoldConstants>(context); }

} // namespace ingot
