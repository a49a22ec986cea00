// transpose(f(normalize(transpose(x)))) -> f(normalize(x)) where the second transpose undoes the first and f works element by element: speech networks
// normalise the channels of a [N, C, T] tensor so. A normalisation works along any axes, and its kernel takes places that lie side by side at once.
#include "passes/Passes.h"

#include "dialects/nn/Nn.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_CANCELTRANSPOSES
#include "passes/fuse/Passes.h.inc"

namespace {

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// Whether at most one axis of the value is longer than 1.
bool liesAlongOneAxis(Value value) {
  return llvm::count_if(shapeOf(value), [](int64_t extent) { return extent != 1; }) <= 1;
}

/// The operand that an op of the chain works on, its result in the same shape; null for other ops.
Value chained(Operation *op) {
  if (isa_and_nonnull<nn::NormalizeOp, nn::UnaryOp, nn::CastOp>(op))
    return op->getOperand(0);
  nn::BinaryOp binary = dyn_cast_or_null<nn::BinaryOp>(op);
  if (!binary)
    return {};
  for (size_t i : {0, 1})
    if (shapeOf(op->getOperand(i)) == shapeOf(op->getResult(0)) && liesAlongOneAxis(op->getOperand(1 - i)))
      return op->getOperand(i);
  return {};
}

/// The value, which broadcasts to the first transpose's result, as it broadcasts to its input.
Value broadcastBefore(nn::TransposeOp first, Value value, Operation *user) {
  ArrayRef<int64_t> from = shapeOf(value), perm = first.getPerm();
  if (llvm::all_of(from, [](int64_t extent) { return extent == 1; }))
    return value;
  SmallVector<int64_t> to(perm.size(), 1);
  for (size_t i = 0; i < from.size(); ++i)
    to[static_cast<size_t>(perm[perm.size() - from.size() + i])] = from[i];
  OpBuilder builder(user);
  return nn::ReshapeOp::create(builder, user->getLoc(), cast<RankedTensorType>(value.getType()).clone(to), value);
}

/// Makes an op of the chain work on `input`, which has the axes from before the first transpose.
Value rebase(Operation *op, nn::TransposeOp first, Value from, Value input) {
  for (OpOperand &operand : op->getOpOperands())
    operand.set(operand.get() == from ? input : broadcastBefore(first, operand.get(), op));
  Value result = op->getResult(0);
  result.setType(cast<RankedTensorType>(result.getType()).clone(shapeOf(input)));
  if (nn::NormalizeOp normalize = dyn_cast<nn::NormalizeOp>(op)) {
    SmallVector<int64_t> axes;
    for (int64_t axis : normalize.getAxes())
      axes.push_back(first.getPerm()[static_cast<size_t>(axis)]);
    llvm::sort(axes);
    normalize.setAxes(axes);
  }
  return result;
}

struct CancelTransposes : impl::CancelTransposesBase<CancelTransposes> {
  void runOnOperation() override {
    SmallVector<nn::TransposeOp> ops;
    getOperation().walk([&](nn::TransposeOp op) { ops.push_back(op); });
    for (nn::TransposeOp op : ops)
      cancel(op);
  }

  static void cancel(nn::TransposeOp second) {
    SmallVector<Operation *> chain; // last first
    Operation *op = second.getInput().getDefiningOp();
    for (Value input = chained(op); input && op->hasOneUse(); input = chained(op)) {
      chain.push_back(op);
      op = input.getDefiningOp();
    }
    nn::TransposeOp first = dyn_cast_or_null<nn::TransposeOp>(op);
    if (!first || !llvm::any_of(chain, llvm::IsaPred<nn::NormalizeOp>) || invertPermutationVector(first.getPerm()) != SmallVector<int64_t>(second.getPerm()))
      return;
    Value from = first.getResult(), value = first.getInput();
    for (Operation *each : llvm::reverse(chain)) {
      value = rebase(each, first, from, value);
      from = each->getResult(0);
    }
    second.getResult().replaceAllUsesWith(value);
    second.erase();
    if (first->use_empty())
      first.erase();
  }
};

} // namespace

std::unique_ptr<Pass> createCancelTransposes() { return std::make_unique<CancelTransposes>(); }

} // namespace ingot
