// conv(pad(x)) -> conv(x) with wider padding, also behind quantise and dequantise: these keep zero.
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

/// What stands between a pad and the convolution that reads it: nothing, or one quantise and its dequantise with one zero point.
struct Path {
  nn::PadOp pad;
  quant::QuantizeOp quantize; // both or none
  quant::DequantizeOp dequantize;
};

Path pathTo(nn::ConvOp conv) {
  Path path;
  Value value = conv.getInput();
  path.dequantize = value.getDefiningOp<quant::DequantizeOp>();
  if (path.dequantize) {
    path.quantize = path.dequantize.getInput().getDefiningOp<quant::QuantizeOp>();
    bool isOne = path.quantize && path.quantize->hasOneUse() && path.dequantize->hasOneUse() && path.quantize.getZero() == path.dequantize.getZero() &&
                 path.quantize.getScale().getType().getNumElements() == 1 && path.quantize.getBlock() == 0 &&
                 path.dequantize.getScale().getType().getNumElements() == 1 && path.dequantize.getBlock() == 0;
    if (!isOne)
      return {};
    value = path.quantize.getInput();
  }
  path.pad = value.getDefiningOp<nn::PadOp>();
  return path;
}

struct FusePadIntoConv : impl::FusePadIntoConvBase<FusePadIntoConv> {
  void runOnOperation() override {
    getOperation().walk([](nn::ConvOp conv) {
      Path path = pathTo(conv);
      if (!path.pad)
        return;
      if (StringRef why = obstacle(path.pad); !why.empty())
        return notFused(path.pad, "padding into the convolution", why);
      widen(conv, path);
    });
  }

  static void widen(nn::ConvOp conv, const Path &path) {
    nn::PadOp pad = path.pad;
    SmallVector<int64_t> low(conv.getPadLow()), high(conv.getPadHigh());
    for (size_t axis = 0; axis < low.size(); ++axis) {
      low[axis] += pad.getLow()[axis + 2];
      high[axis] += pad.getHigh()[axis + 2];
    }
    conv.setPadLow(low);
    conv.setPadHigh(high);
    if (path.quantize)
      shrink(path);
    else
      conv.getInputMutable().assign(pad.getInput());
    conv->setLoc(FusedLoc::get(conv.getContext(), {pad.getLoc(), conv.getLoc()}));
    if (pad->use_empty())
      pad.erase();
  }

  /// The quantise reads what was padded.
  static void shrink(Path path) {
    ArrayRef<int64_t> shape = path.pad.getInput().getType().getShape();
    path.quantize.getInputMutable().assign(path.pad.getInput());
    for (Value value : {Value(path.quantize.getResult()), Value(path.dequantize.getResult())})
      value.setType(cast<RankedTensorType>(value.getType()).clone(shape));
  }
};

} // namespace

std::unique_ptr<Pass> createFusePadIntoConv() { return std::make_unique<FusePadIntoConv>(); }

} // namespace ingot
