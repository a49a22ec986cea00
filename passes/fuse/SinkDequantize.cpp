// op(dequantize(q)) -> dequantize(op(q)) for ops that only choose or move elements, so that they work on bytes and the dequantise
// stands next to what can swallow it.
#include "passes/Passes.h"

#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_SINKDEQUANTIZE
#include "passes/fuse/Passes.h.inc"

namespace {

bool onlyMoves(Operation *op) {
  if (nn::PoolOp pool = dyn_cast<nn::PoolOp>(op))
    return pool.getKind() == nn::PoolKind::max && !pool.getIndices();
  return isa<nn::ReshapeOp, nn::TransposeOp, nn::SliceOp>(op);
}

struct SinkDequantize : impl::SinkDequantizeBase<SinkDequantize> {
  void runOnOperation() override {
    SmallVector<Operation *> ops; // in program order, so that a dequantise sinks through a whole chain
    getOperation().walk([&](Operation *op) {
      if (onlyMoves(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      sink(op);
  }

  /// Where the scales lie after the op; nullopt when it does not keep them on one axis.
  static std::optional<int64_t> axisBelow(Operation *op, quant::DequantizeOp source) {
    if (source.getScale().getType().getNumElements() == 1)
      return 0;
    nn::TransposeOp transpose = dyn_cast<nn::TransposeOp>(op);
    if (!transpose)
      return std::nullopt;
    ArrayRef<int64_t> perm = transpose.getPerm();
    return std::distance(perm.begin(), llvm::find(perm, static_cast<int64_t>(source.getAxis())));
  }

  static void sink(Operation *op) {
    quant::DequantizeOp source = op->getOperand(0).getDefiningOp<quant::DequantizeOp>();
    if (!source || !source->hasOneUse() || source.getBlock() != 0)
      return;
    std::optional<int64_t> axis = axisBelow(op, source);
    if (!axis)
      return;
    if (!source.getInput().getType().getElementType().isInteger(8))
      return;
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    RankedTensorType real = cast<RankedTensorType>(op->getResult(0).getType());
    op->setOperand(0, source.getInput());
    op->getResult(0).setType(RankedTensorType::get(real.getShape(), source.getInput().getType().getElementType()));
    quant::DequantizeOp below = quant::DequantizeOp::create(builder, builder.getFusedLoc({source.getLoc(), op->getLoc()}), real, op->getResult(0),
                                                            source.getScale(), source.getZero(), *axis);
    op->getResult(0).replaceAllUsesExcept(below.getResult(), below);
    source.erase();
  }
};

} // namespace

std::unique_ptr<Pass> createSinkDequantize() { return std::make_unique<SinkDequantize>(); }

} // namespace ingot
