// nn and quant ops -> kernel ops, by the registry of lowerings. What has no kernel is collected and reported together.
#include "compiler/Pipeline.h"
#include "passes/Passes.h"
#include "passes/lower/LowerOp.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_LOWERTOKERNELS
#include "passes/lower/Passes.h.inc"

void registerLowerings(LowerRegistry &registry);

namespace {

bool isModelLevel(Operation *op) {
  return isa<nn::NnDialect, quant::QuantDialect>(op->getDialect()) && !isa<nn::WeightOp, nn::ConstantOp, nn::StateOp, nn::WriteStateOp>(op);
}

struct LowerToKernels : impl::LowerToKernelsBase<LowerToKernels> {
  explicit LowerToKernels(const PassContext &context) : context(context) {}

  void runOnOperation() override {
    LowerRegistry registry;
    registerLowerings(registry);
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        lowerBody(function, registry);
    for (auto &[group, ops] : unsupported)
      reportGroup(group.first, group.second, ops);
    if (!unsupported.empty())
      signalPassFailure();
  }

  // %y = nn.op %x -> %y = kernel.micro / kernel.map / kernel.view ...
  void lowerBody(func::FuncOp function, const LowerRegistry &registry) {
    WeightStore own;
    WeightStore &store = context.store ? *context.store : own;
    SmallVector<Operation *> ops;
    for (Operation &op : function.getBody().front())
      if (isModelLevel(&op))
        ops.push_back(&op);
    for (Operation *op : ops) {
      OpBuilder builder(op);
      LowerContext lowerContext{builder, store, context.workers, context.weights, context.choices};
      std::string why = "no kernel for this operation";
      const LowerFn *lower = registry.find(op->getName().getStringRef());
      FailureOr<SmallVector<Value, 2>> values = lower ? (*lower)(op, lowerContext, why) : FailureOr<SmallVector<Value, 2>>(failure());
      if (failed(values)) {
        unsupported[{op->getName().getStringRef().str(), why}].push_back(op);
        continue;
      }
      for (auto [result, value] : llvm::zip(op->getResults(), *values))
        if (value)
          result.replaceAllUsesWith(value);
      if (op->use_empty())
        op->erase();
    }
  }

  void reportGroup(StringRef opName, StringRef why, ArrayRef<Operation *> ops) {
    InFlightDiagnostic diagnostic = emitError(ops.front()->getLoc()) << "unsupported: " << opName << ": " << why;
    if (ops.size() > 1)
      diagnostic << " (and " << ops.size() - 1 << " more nodes)";
  }

  PassContext context;
  std::map<std::pair<std::string, std::string>, SmallVector<Operation *>> unsupported;
};

} // namespace

std::unique_ptr<Pass> createLowerToKernels(const PassContext &context) { return std::make_unique<LowerToKernels>(context); }

} // namespace ingot
