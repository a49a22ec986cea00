// transpose(resize(x)) -> resize(transpose(x)) where the resize enlarges, so that the transpose moves the smaller tensor. A resize works along any
// axes, and its kernels read channels that lie side by side faster than planes.
#include "passes/Passes.h"

#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_LIFTTRANSPOSES
#include "passes/fuse/Passes.h.inc"

namespace {

template <typename T> SmallVector<T> permuted(ArrayRef<T> values, ArrayRef<int64_t> perm) {
  SmallVector<T> result;
  for (int64_t axis : perm)
    result.push_back(values[static_cast<size_t>(axis)]);
  return result;
}

struct LiftTransposes : impl::LiftTransposesBase<LiftTransposes> {
  void runOnOperation() override {
    SmallVector<nn::TransposeOp> ops;
    getOperation().walk([&](nn::TransposeOp op) { ops.push_back(op); });
    for (nn::TransposeOp op : ops)
      while (lift(op)) {
      }
  }

  /// Puts the transpose before the resize that it reads; false where it stays.
  static bool lift(nn::TransposeOp transpose) {
    nn::ResizeOp resize = transpose.getInput().getDefiningOp<nn::ResizeOp>();
    if (!resize || !resize->hasOneUse())
      return false;
    RankedTensorType small = resize.getInput().getType(), large = resize.getResult().getType();
    if (small.getNumElements() >= large.getNumElements())
      return false;
    ArrayRef<int64_t> perm = transpose.getPerm();
    RankedTensorType result = transpose.getResult().getType();
    transpose->moveBefore(resize);
    transpose.getResult().replaceAllUsesWith(resize.getResult());
    transpose.getInputMutable().assign(resize.getInput());
    transpose.getResult().setType(RankedTensorType::get(permuted(small.getShape(), perm), small.getElementType()));
    resize.getInputMutable().assign(transpose.getResult());
    resize.getResult().setType(result);
    resize.setScales(permuted(resize.getScales(), perm));
    if (std::optional<ArrayRef<double>> roi = resize.getRoi()) {
      SmallVector<double> both = permuted(roi->take_front(perm.size()), perm);
      both.append(permuted(roi->drop_front(perm.size()), perm));
      resize.setRoi(both);
    }
    return true;
  }
};

} // namespace

std::unique_ptr<Pass> createLiftTransposes() { return std::make_unique<LiftTransposes>(); }

} // namespace ingot
