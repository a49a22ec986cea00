// The choice among matrix registers, tiles, lines and vectors of channels for bf16 filters, and their packing in pairs.
#include "passes/lower/PairConv.h"

using namespace mlir;

namespace ingot {
namespace {

/// w [G * OC][C][taps] of bf16 -> [G][ceil(OC / size)][words][size][2], zero padded. A word holds neighbours along (c, tap), or with `ofChannels` the
/// channels 2 i and 2 i + 1 of one tap, words then run over (i, tap).
Tensor packPairs(const Tensor &w, int64_t groups, int64_t channels, int64_t taps, int64_t size, bool ofChannels) {
  int64_t panels = (channels + size - 1) / size, depth = w.count() / (groups * channels);
  int64_t words = ofChannels ? (depth / taps + 1) / 2 * taps : (depth + 1) / 2;
  Tensor out(w.dtype(), {groups, panels, words, size, 2});
  uint16_t *to = reinterpret_cast<uint16_t *>(out.mutableData());
  const uint16_t *from = reinterpret_cast<const uint16_t *>(w.data());
  for (int64_t o = 0; o < groups * channels; ++o)
    for (int64_t k = 0; k < depth; ++k) {
      int64_t panel = o / channels * panels + o % channels / size;
      int64_t word = ofChannels ? k / taps / 2 * taps + k % taps : k / 2, second = (ofChannels ? k / taps : k) % 2;
      to[((panel * words + word) * size + o % channels % size) * 2 + second] = *from++;
    }
  return out;
}

Value packFilter(nn::ConvOp op, LowerContext &context, const ConvShape &shape, int64_t size, bool ofChannels) {
  int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], depth = shape.depth(), taps = depth / shape[IK_CONV_IC];
  int64_t words = ofChannels ? (shape[IK_CONV_IC] + 1) / 2 * taps : (depth + 1) / 2;
  std::string how = "pack output channels in panels of " + std::to_string(size) + (ofChannels ? ", pairs of channels" : ", pairs along k");
  return context.packed(op.getLoc(), "conv.w", DType::BF16, {groups, (channels + size - 1) / size, words, size, 2}, op.getFilter(), how,
                        calling(packPairs, groups, channels, taps, size, ofChannels));
}

/// w [G * OC][C][taps] of bf16 -> [G][ceil(OC / 16)][blocks][taps][16][W][2], zero padded.
Tensor packBlocks(const Tensor &w, int64_t groups, int64_t channels, int64_t inputs, int64_t taps) {
  int64_t panels = (channels + 15) / 16, words = (inputs + 1) / 2, blocks = IK_CONVMATRIX_BLOCKS(words), row = IK_CONVMATRIX_WORDS(words) * 2;
  Tensor out(w.dtype(), {groups, panels, blocks, taps, 16, row});
  uint16_t *to = reinterpret_cast<uint16_t *>(out.mutableData());
  const uint16_t *from = reinterpret_cast<const uint16_t *>(w.data());
  for (int64_t o = 0; o < groups * channels; ++o)
    for (int64_t c = 0; c < inputs; ++c)
      for (int64_t tap = 0; tap < taps; ++tap)
        to[((((o / channels * panels + o % channels / 16) * blocks + c / row) * taps + tap) * 16 + o % channels % 16) * row + c % row] = *from++;
  return out;
}

/// w [G * OC][C][KH][KW] of bf16 -> [G][ceil(OC / 16)][blocks][16][row], k in the order (KH, C, KW by 2), zero padded.
Tensor packTaps(const Tensor &w, int64_t groups, int64_t channels, int64_t depth, int64_t high, int64_t wide, int64_t row) {
  int64_t panels = (channels + 15) / 16, pairs = (wide + 1) / 2, blocks = high * depth * pairs * 2 / row;
  Tensor out(w.dtype(), {groups, panels, blocks, 16, row});
  uint16_t *to = reinterpret_cast<uint16_t *>(out.mutableData());
  const uint16_t *from = reinterpret_cast<const uint16_t *>(w.data());
  for (int64_t o = 0; o < groups * channels; ++o)
    for (int64_t c = 0; c < depth; ++c)
      for (int64_t kh = 0; kh < high; ++kh)
        for (int64_t kw = 0; kw < wide; ++kw) {
          int64_t k = (kh * depth + c) * pairs * 2 + kw;
          to[(((o / channels * panels + o % channels / 16) * blocks + k / row) * 16 + o % channels % 16) * row + k % row] = *from++;
        }
  return out;
}

/// Whether products of matrix registers are less work than vectors of pairs, each by 8 output channels.
bool isMatrixFaster(const ConvShape &shape, const ConvShape::MatrixBands &matrix, int64_t lines) {
  constexpr int64_t kPair = 6; // cycles of such a step
  int64_t pairs = (shape[IK_CONV_IC] + 1) / 2, taps = shape.depth() / shape[IK_CONV_IC], places = shape.area();
  if (lines)
    places += (shape.linePitch() - shape[IK_CONV_OW]) * shape[IK_CONV_OH];
  return matrix.band && matrix.cost < (places + 15) / 16 * taps * pairs * shape.panels() * kPair;
}

/// Each worker lays out the bands that it meets: one a worker where that is more than reading all weights.
int64_t leastBands(const ConvShape &shape, const LowerContext &context) {
  int64_t inputs = shape[IK_CONV_IC] * shape[IK_CONV_IH] * shape[IK_CONV_IW], weights = shape[IK_CONV_OC] * shape.depth();
  return inputs > weights ? context.workers : 1;
}

Value lowerMatrix(nn::ConvOp op, LowerContext &context, ConvShape &shape, const ConvShape::MatrixBands &matrix, SmallVector<Value> inputs) {
  int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], depth = shape[IK_CONV_IC], taps = shape.depth() / depth;
  int64_t pairs = (depth + 1) / 2, blocks = IK_CONVMATRIX_BLOCKS(pairs), row = IK_CONVMATRIX_WORDS(pairs) * 2;
  inputs[1] = context.packed(op.getLoc(), "conv.w", DType::BF16, {groups, (channels + 15) / 16, blocks, taps, 16, row}, op.getFilter(),
                             "pack blocks of 16 output channels x " + std::to_string(row) + " k", calling(packBlocks, groups, channels, depth, taps));
  shape[IK_CONV_PACKED] = 1, shape[IK_CONV_KC] = matrix.band;
  int64_t scratch = IK_CONVMATRIX_SCRATCH(depth, matrix.places);
  return context.micro(op.getLoc(), "ik_convmatrix_f32_bf16", op.getResult().getType(), inputs, shape.params, shape.work(), scratch).getResult(0);
}

/// The way by taps of rows.
ConvShape::MatrixBands tapBands(const ConvShape &shape, int64_t least) {
  int64_t depth = shape[IK_CONV_IC] * ((shape[IK_CONV_KW] + 1) / 2);
  return shape.tapBands(depth, shape[IK_CONV_KH] * depth / ik_convtaps_words(shape.params.data()), least);
}

Value lowerTaps(nn::ConvOp op, LowerContext &context, ConvShape &shape, const ConvShape::MatrixBands &taps, SmallVector<Value> inputs) {
  int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], depth = shape[IK_CONV_IC], wide = shape[IK_CONV_KW], row = ik_convtaps_words(shape.params.data()) * 2;
  int64_t blocks = shape[IK_CONV_KH] * depth * ((wide + 1) / 2) * 2 / row, rows = IK_CONVTAPS_ROWS(taps.band, shape[IK_CONV_SH], shape[IK_CONV_KH]);
  inputs[1] = context.packed(op.getLoc(), "conv.w", DType::BF16, {groups, (channels + 15) / 16, blocks, 16, row}, op.getFilter(),
                             "pack taps of rows by 2, in blocks of 16 output channels x " + std::to_string(row) + " k", calling(packTaps, groups, channels, depth, shape[IK_CONV_KH], wide, row));
  shape[IK_CONV_PACKED] = 1, shape[IK_CONV_KC] = taps.band;
  int64_t scratch = IK_CONVTAPS_SCRATCH(depth, rows, taps.places, shape[IK_CONV_SW], wide);
  return context.micro(op.getLoc(), "ik_convtaps_f32_bf16", op.getResult().getType(), inputs, shape.params, shape.work(), scratch).getResult(0);
}

} // namespace

Value lowerPairConv(nn::ConvOp op, LowerContext &context, ConvShape &shape, SmallVector<Value> inputs) {
  constexpr int64_t kBlock = 2 * IK_CONV_KBLOCK, kVector = 16; // k of a tile, at half of the bytes
  int64_t depth = shape.depth(), pairs = (shape[IK_CONV_IC] + 1) / 2, blocks = (depth + kBlock - 1) / kBlock, size = IK_CONV_PANEL, scratch;
  int64_t lines = shape.lineBand(4 * (pairs + 2), /*isF32=*/false), channels = context.hasMatrixRegisters() ? 0 : shape.channelsBand(4 * (pairs + 2), /*skips=*/false);
  if (context.hasMatrixRegisters()) {
    ConvShape::MatrixBands matrix = shape.matrixBands(32, leastBands(shape, context)), taps = tapBands(shape, leastBands(shape, context));
    bool isByTaps = taps.band && (!matrix.band || taps.cost < matrix.cost);
    if (isMatrixFaster(shape, isByTaps ? taps : matrix, lines))
      return isByTaps ? lowerTaps(op, context, shape, taps, std::move(inputs)) : lowerMatrix(op, context, shape, matrix, std::move(inputs));
  }
  if (channels && !shape.isChannelsFaster(lines, /*isF32=*/false))
    channels = 0;
  StringRef row = "ik_conv_f32_bf16";
  shape[IK_CONV_PACKED] = 1;
  if (channels) {
    row = "ik_convchannels_f32_bf16", size = kVector, shape[IK_CONV_KC] = channels;
    int64_t places = shape.isPointwise() ? channels : channels * shape[IK_CONV_OW], lineWords = shape.isPointwise() ? channels + kVector : shape.lineFloats(channels);
    scratch = IK_CONVCHANNELS_SCRATCH((pairs + 2) * lineWords + 64, places);
  } else if (lines) {
    row = "ik_convlines_f32_bf16", shape[IK_CONV_KC] = lines;
    scratch = IK_CONVPAIRS_LINES_SCRATCH(shape[IK_CONV_IC], shape.lineFloats(lines), depth / shape[IK_CONV_IC]);
  } else {
    shape[IK_CONV_KC] = blocks == 1 ? depth : ((depth + blocks - 1) / blocks + 1) / 2 * 2;
    scratch = IK_CONVPAIRS_SCRATCH(shape[IK_CONV_KC], depth > shape[IK_CONV_KC] ? shape.panels() : 1);
  }
  inputs[1] = packFilter(op, context, shape, size, /*ofChannels=*/channels || lines);
  return context.micro(op.getLoc(), row, op.getResult().getType(), inputs, shape.params, shape.work(), scratch).getResult(0);
}

} // namespace ingot
