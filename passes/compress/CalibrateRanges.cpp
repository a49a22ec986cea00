// Runs the samples through the reference evaluator and notes the range of every named f32 value.
#include "compiler/reference/Evaluate.h"
#include "passes/Passes.h"
#include "passes/compress/Compress.h"
#include "passes/compress/Names.h"
#include "passes/compress/math/Ranges.h"

#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_CALIBRATERANGES
#include "passes/compress/Passes.h.inc"

namespace {

struct CalibrateRanges : impl::CalibrateRangesBase<CalibrateRanges> {
  explicit CalibrateRanges(const PassContext &context) : context(context) {}

  void runOnOperation() override {
    func::FuncOp main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || !context.compress || !context.store)
      return;
    collect(main);
    for (const std::vector<Tensor> &sample : context.compress->samples)
      if (failed(run(main, sample)))
        return signalPassFailure();
    note(main);
  }

private:
  static bool isCalibrated(Value value) {
    RankedTensorType type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.getElementType().isF32() && !nameOf(value).empty();
  }

  void collect(func::FuncOp main) {
    places.clear();
    values.clear();
    auto add = [&](Value value) {
      if (!isCalibrated(value))
        return;
      places[value] = values.size();
      values.push_back(value);
    };
    for (Value argument : main.getArguments())
      add(argument);
    main.walk([&](Operation *op) {
      if (op->getNumResults() > 0)
        add(op->getResult(0));
    });
    stats.assign(values.size(), RangeStats());
  }

  LogicalResult see(Value value, const Tensor &tensor) {
    auto found = places.find(value);
    if (found == places.end())
      return success();
    if (stats[found->second].add(tensor.as<float>().data(), tensor.count()))
      return success();
    return getOperation().emitError() << "calibration: value '" << nameOf(value) << "' is not finite with these samples";
  }

  LogicalResult run(func::FuncOp main, const std::vector<Tensor> &sample) {
    LogicalResult good = success();
    for (auto [argument, tensor] : llvm::zip(main.getArguments(), sample))
      if (failed(see(argument, tensor)))
        return failure();
    std::string why;
    auto trace = [&](Operation *op, ArrayRef<Tensor> results) {
      if (succeeded(good) && op->getNumResults() > 0)
        good = see(op->getResult(0), results[0]);
    };
    if (succeeded(evaluate(main, sample, *context.store, why, /*states=*/nullptr, trace)))
      return good;
    return getOperation().emitError() << "calibration: the reference evaluator cannot run the model: " << why;
  }

  void note(func::FuncOp main) {
    Builder builder(&getContext());
    for (auto [value, statistics] : llvm::zip(values, stats)) {
      if (statistics.empty())
        continue;
      Range range = context.compress->quantize.leastSquares ? statistics.leastSquares() : statistics.minMax();
      Attribute attribute = builder.getDenseF32ArrayAttr({range.low, range.high});
      if (Operation *op = value.getDefiningOp())
        op->setAttr(kRangeAttr, attribute);
      else
        main.setArgAttr(cast<BlockArgument>(value).getArgNumber(), kRangeAttr, attribute);
    }
  }

  PassContext context;
  DenseMap<Value, size_t> places; // looked up only
  SmallVector<Value> values;      // in program order
  std::vector<RangeStats> stats;
};

} // namespace

std::unique_ptr<Pass> createCalibrateRanges(const PassContext &context) { return std::make_unique<CalibrateRanges>(context); }

} // namespace ingot
