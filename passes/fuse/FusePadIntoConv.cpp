// conv(pad(x)) -> conv(x) with wider padding.
#include "compiler/reference/Tensor.h"
#include "passes/Passes.h"
#include "passes/fuse/Remark.h"

#include "dialects/quant/Quant.h"
#include "dialects/nn/Nn.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_FUSEPADINTOCONV
#include "passes/fuse/Passes.h.inc"

namespace {

bool fillsWithZero(nn::PadOp pad) {
  if (pad.getMode() != nn::PadMode::constant)
    return false;
  if (!pad.getValue())
    return true;
  nn::ConstantOp value = pad.getValue().getDefiningOp<nn::ConstantOp>();
  return value && Tensor::fromAttr(value.getValue()).at(0) == 0;
}

/// Why the pad cannot become the convolution's own; empty when it can.
StringRef obstacle(nn::PadOp pad) {
  if (!fillsWithZero(pad))
    return "the border is not zero";
  for (auto [axis, amounts] : llvm::enumerate(llvm::zip(pad.getLow(), pad.getHigh()))) {
    auto [low, high] = amounts;
    if (low < 0 || high < 0)
      return "the pad crops";
    if (axis < 2 && (low || high))
      return "batch or channels are padded";
  }
  return "";
}

struct FusePadIntoConv : impl::FusePadIntoConvBase<FusePadIntoConv> {
  void runOnOperation() override {
    getOperation().walk([](nn::ConvOp conv) {
      nn::PadOp pad = conv.getInput().getDefiningOp<nn::PadOp>();
      if (!pad)
        return;
      if (StringRef why = obstacle(pad); !why.empty())
        return notFused(pad, "padding into the convolution", why);
      widen(conv, pad);
    });
  }

  static void widen(nn::ConvOp conv, nn::PadOp pad) {
    SmallVector<int64_t> low(conv.getPadLow()), high(conv.getPadHigh());
    for (size_t axis = 0; axis < low.size(); ++axis) {
      low[axis] += pad.getLow()[axis + 2];
      high[axis] += pad.getHigh()[axis + 2];
    }
    conv.setPadLow(low);
    conv.setPadHigh(high);
    conv.getInputMutable().assign(pad.getInput());
    conv->setLoc(FusedLoc::get(conv.getContext(), {pad.getLoc(), conv.getLoc()}));
    if (pad->use_empty())
      pad.erase();
  }
};

} // namespace

std::unique_ptr<Pass> createFusePadIntoConv() { return std::make_unique<FusePadIntoConv>(); }

} // namespace ingot
