// The choice between tiles and lines for bf16 filters, and their packing in pairs.
#include "passes/lower/PairConv.h"

using namespace mlir;

namespace ingot {
namespace {

/// w [G * OC][C][taps] of bf16 -> [G][ceil(OC / 8)][words][8][2], zero padded. A word holds neighbours along (c, tap), or with `ofChannels` the channels
/// 2 i and 2 i + 1 of one tap, words then run over (i, tap).
Tensor packPairs(const Tensor &w, int64_t groups, int64_t channels, int64_t taps, bool ofChannels) {
  int64_t panels = (channels + IK_CONV_PANEL - 1) / IK_CONV_PANEL, depth = w.count() / (groups * channels);
  int64_t words = ofChannels ? (depth / taps + 1) / 2 * taps : (depth + 1) / 2;
  Tensor out(w.dtype(), {groups, panels, words, IK_CONV_PANEL, 2});
  uint16_t *to = reinterpret_cast<uint16_t *>(out.mutableData());
  const uint16_t *from = reinterpret_cast<const uint16_t *>(w.data());
  for (int64_t o = 0; o < groups * channels; ++o)
    for (int64_t k = 0; k < depth; ++k) {
      int64_t panel = o / channels * panels + o % channels / IK_CONV_PANEL;
      int64_t word = ofChannels ? k / taps / 2 * taps + k % taps : k / 2, second = (ofChannels ? k / taps : k) % 2;
      to[((panel * words + word) * IK_CONV_PANEL + o % channels % IK_CONV_PANEL) * 2 + second] = *from++;
    }
  return out;
}

} // namespace

Value lowerPairConv(nn::ConvOp op, LowerContext &context, ConvShape &shape, SmallVector<Value> inputs) {
  constexpr int64_t kBlock = 2 * IK_CONV_KBLOCK; // k of a tile, at half of the bytes
  int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], depth = shape.depth(), taps = depth / shape[IK_CONV_IC];
  int64_t pairs = (shape[IK_CONV_IC] + 1) / 2, band = shape.lineBand(4 * (pairs + 2)), blocks = (depth + kBlock - 1) / kBlock, scratch;
  if (band) {
    shape[IK_CONV_KC] = band;
    scratch = IK_CONVPAIRS_LINES_SCRATCH(shape[IK_CONV_IC], shape.lineFloats(band));
  } else {
    shape[IK_CONV_KC] = blocks == 1 ? depth : ((depth + blocks - 1) / blocks + 1) / 2 * 2;
    scratch = IK_CONVPAIRS_SCRATCH(shape[IK_CONV_KC], depth > shape[IK_CONV_KC] ? shape.panels() : 1);
  }
  shape[IK_CONV_PACKED] = 1;
  bool ofChannels = band != 0;
  inputs[1] = context.packed(op.getLoc(), "conv.w", DType::BF16, {groups, shape.panels(), ofChannels ? pairs * taps : (depth + 1) / 2, IK_CONV_PANEL, 2},
                             op.getFilter(), ofChannels ? "pack output channels in panels of 8, pairs of channels" : "pack output channels in panels of 8, pairs along k",
                             [=](ArrayRef<Tensor> from) { return packPairs(from[0], groups, channels, taps, ofChannels); });
  return context.micro(op.getLoc(), ofChannels ? "ik_convlines_f32_bf16" : "ik_conv_f32_bf16", op.getResult().getType(), inputs, shape.params, shape.work(), scratch)
      .getResult(0);
}

} // namespace ingot
