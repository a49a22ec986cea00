// Lowers quant.real_conv to ik_qconvreal, and quant.conv: with constant filter, scales and zeros to ik_qconv, ik_qconvlines, ik_qconvmatrix or ik_qconvtaps (weights packed in panels,
// multipliers and sums in one table), their sparse forms or ik_qdwconv; otherwise to ik_qconvnd, which reads the tensors.
#include "passes/lower/ConvWays.h"
#include "passes/lower/Epilogue.h"
#include "passes/lower/LowerOp.h"
#include "passes/lower/QuantTerms.h"

#include <algorithm>
#include <cstring>

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

/// The values the packed forms are made of are known when Ingot compiles.
bool isFixed(quant::ConvOp op, LowerContext &context) {
  for (Value value : op->getOperands())
    if (value != op.getInput() && !context.isConstant(value))
      return false;
  return true;
}

SmallVector<int64_t> slowParams(quant::ConvOp op, const ConvShape &shape) {
  SmallVector<int64_t> params(shape.params);
  params.resize(IK_QCONV_COUNT, 0);
  int64_t *q = params.data() + IK_CONV_COUNT;
  q[IK_Q_X_UNSIGNED] = isUnsignedByte(op.getInput());
  q[IK_Q_W_UNSIGNED] = isUnsignedByte(op.getFilter());
  q[IK_Q_Y_UNSIGNED] = isUnsignedByte(op.getResult());
  q[IK_Q_SCALES_PER_CHANNEL] = elementsOf(op.getFilterScale()) > 1;
  q[IK_Q_ZEROS_PER_CHANNEL] = elementsOf(op.getFilterZero()) > 1;
  return params;
}

Value makeTable(quant::ConvOp op, LowerContext &context, const ConvShape &shape, bool shifted) {
  int64_t channels = shape[IK_CONV_G] * shape[IK_CONV_OC];
  SmallVector<Value> from{op.getInputScale(), op.getFilter(), op.getFilterScale(), op.getFilterZero(), op.getResultScale()};
  if (op.getBias())
    from.push_back(op.getBias());
  return context.packed(op.getLoc(), "qconv.table", DType::I32, {IK_QTABLE_ROWS, channels}, from, "bias, sums, zeros and multipliers",
                        calling(quantTableOf, channels, shifted, /*transposed=*/false));
}

/// The kernel, and how it keeps the lines of a band: output rows of a band (of ik_qconvmatrix places where pointwise), places of one channel.
enum class ByteWay { Tiles, Lines, Gapless, Matrix, Taps };
struct ByteLines {
  int64_t band = 0, places = 0, cost = 0;
  ByteWay way = ByteWay::Tiles;
};

/// The largest even bands whose lines fit `mostBytes`, and about what a quad of channels costs then, in cycles of a machine with two dot products a cycle.
ByteLines fitByteLines(const ConvShape &shape, bool isGapless, int64_t mostBytes) {
  constexpr int64_t kTile = 4, kCopy = 4; // of a vector in 8 output channels, of the copy of a line
  int64_t taps = shape[IK_CONV_KH] * shape[IK_CONV_KW], oh = shape[IK_CONV_OH], ow = shape[IK_CONV_OW], pitch = isGapless ? ow : shape.linePitch();
  int64_t phasesH = IK_CONVLINES_PHASES(shape[IK_CONV_KH], shape[IK_CONV_DH], shape[IK_CONV_SH]);
  int64_t copies = phasesH * (isGapless ? shape[IK_CONV_KW] : IK_CONVLINES_PHASES(shape[IK_CONV_KW], shape[IK_CONV_DW], shape[IK_CONV_SW]));
  auto lines = [&](int64_t band) { return copies * IK_CONVLINES_LINES(band, shape[IK_CONV_KH], shape[IK_CONV_DH], shape[IK_CONV_SH]); };
  int64_t band = oh, room = mostBytes / llvm::alignTo(shape[IK_CONV_IC], 4);
  while (band > 0 && lines(band) * pitch > room)
    --band;
  if (!band)
    return {};
  int64_t bands = (oh + band - 1) / band;
  band = (oh + bands - 1) / bands;
  int64_t vectors = ((band - 1) * pitch + ow + 15) / 16;
  return {band, lines(band) * pitch, bands * (vectors * taps * shape.panels() * kTile + lines(band) * kCopy * ((pitch + 31) / 16)),
          isGapless ? ByteWay::Gapless : ByteWay::Lines};
}

/// Gaps between rows cost products, copies for each tap of a row cost time and room.
ByteLines byteLines(const ConvShape &shape) {
  ByteLines gaps = fitByteLines(shape, false, shape.mostLineBytes()), gapless = fitByteLines(shape, true, shape.mostLineBytes());
  return gapless.band && (!gaps.band || gapless.cost < gaps.cost) ? gapless : gaps;
}

/// The bands of ik_qconvtaps, whose products are padded to 4 taps of a row.
ByteLines tapBands(const ConvShape &shape) {
  int64_t depth = shape[IK_CONV_IC] * ((shape[IK_CONV_KW] + 3) / 4);
  ConvShape::MatrixBands bands = shape.tapBands(depth, IK_CONVMATRIX_BLOCKS(shape[IK_CONV_KH] * depth));
  return {bands.band, bands.places, bands.cost, ByteWay::Taps};
}

/// The cheaper way of matrix registers; none where both are more work than `dots`, a vector of places by 8 output channels and 4 inputs at a time.
ByteLines matrixWay(const ConvShape &shape, const ByteLines &dots) {
  constexpr int64_t kQuad = 4; // cycles of such a step
  int64_t taps = shape[IK_CONV_KH] * shape[IK_CONV_KW], quads = (shape[IK_CONV_IC] + 3) / 4;
  ConvShape::MatrixBands bands = shape.matrixBands(64);
  if (!bands.band)
    return {};
  ByteLines matrix{bands.band, bands.places, bands.cost, ByteWay::Matrix}, fewChannels = tapBands(shape);
  if (fewChannels.band && fewChannels.cost < matrix.cost)
    matrix = fewChannels;
  return matrix.cost < quads * (dots.band ? dots.cost : (shape.area() + 15) / 16 * taps * shape.panels() * kQuad) ? matrix : ByteLines();
}

/// The way as a lock file has it: "tiles", "lines 8", "gapless 8", "matrix 8", "taps 8".
std::string textOf(const ByteLines &lines) {
  constexpr StringLiteral names[] = {"tiles", "lines ", "gapless ", "matrix ", "taps "};
  return names[static_cast<int>(lines.way)].str() + (lines.band ? std::to_string(lines.band) : "");
}

/// The lines of the key's way, or the rule's; of matrix registers only if `mayBeMatrix`. The key is "" where there is nothing to choose: pixels that lie as the
/// outputs do need no lines.
std::pair<std::string, ByteLines> chooseByteLines(const ConvShape &shape, bool mayBeMatrix, Choices *choices) {
  int64_t taps = shape[IK_CONV_KH] * shape[IK_CONV_KW];
  bool isFlat = taps == 1 && shape[IK_CONV_OH] == shape[IK_CONV_IH] && shape[IK_CONV_OW] == shape[IK_CONV_IW];
  if (isFlat || !shape.isTrivial(0) || taps > IK_CONVLINES_TAPS)
    return {"", mayBeMatrix && isFlat ? matrixWay(shape, {}) : ByteLines()};
  ByteLines lines = byteLines(shape), matrix = mayBeMatrix ? matrixWay(shape, lines) : ByteLines(), rule = matrix.band ? matrix : lines;
  if (!choices)
    return {"", rule};
  std::vector<ByteLines> ways{rule, lines, ByteLines()};
  for (int64_t bytes : {shape.kLineBytes / 2, shape.kLineBytes, 2 * shape.kLineBytes, 4 * shape.kLineBytes})
    for (bool isGapless : {false, true})
      ways.push_back(fitByteLines(shape, isGapless, bytes));
  std::vector<std::string> texts;
  for (const ByteLines &way : ways)
    if (!llvm::is_contained(texts, textOf(way)))
      texts.push_back(textOf(way));
  std::string key = "conv 8-bit " + shape.text(), taken = choices->choose(key, texts, textOf(rule));
  return {std::move(key), *llvm::find_if(ways, [&](const ByteLines &way) { return textOf(way) == taken; })};
}

/// Dense weights in the order in which lines are walked: [G][panels][ceil(IC / 4)][taps][8][4].
Value lowerLines(quant::ConvOp op, LowerContext &context, const ConvShape &shape, ArrayRef<int64_t> params, const ByteLines &lines) {
  int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], taps = shape[IK_CONV_KH] * shape[IK_CONV_KW], depth = shape.depth() / taps;
  Value weights = context.packed(op.getLoc(), "qconv.w", DType::I8, {groups, shape.panels(), (depth + 3) / 4, taps, IK_CONV_PANEL, 4}, op.getFilter(),
                                 "pack output channels in panels of 8 x 4 k",
                                 calling(packQuadChannels, groups, channels, depth, taps));
  int64_t phases = IK_CONVLINES_PHASES(shape[IK_CONV_KH], shape[IK_CONV_DH], shape[IK_CONV_SH]);
  int64_t rows = IK_QCONVLINES_ROWS(IK_CONVLINES_LINES(lines.band, shape[IK_CONV_KH], shape[IK_CONV_DH], shape[IK_CONV_SH]), shape[IK_CONV_SH], phases);
  int64_t scratch = IK_QCONVLINES_SCRATCH(depth, taps, lines.places, std::min(rows, shape[IK_CONV_IH]) * shape[IK_CONV_IW]);
  SmallVector<Value> inputs{op.getInput(), weights, makeTable(op, context, shape, true)};
  return context.micro(op.getLoc(), "ik_qconvlines", op.getResult().getType(), inputs, params, shape.work(), scratch).getResult(0);
}

/// Dense weights as the left sides of products of matrices: [G][ceil(OC / 16)][blocks][taps][16][W][4].
Value lowerMatrix(quant::ConvOp op, LowerContext &context, const ConvShape &shape, ArrayRef<int64_t> params, const ByteLines &lines) {
  int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], depth = shape[IK_CONV_IC], taps = shape[IK_CONV_KH] * shape[IK_CONV_KW];
  int64_t quads = (depth + 3) / 4, blocks = IK_CONVMATRIX_BLOCKS(quads), row = IK_CONVMATRIX_WORDS(quads) * 4;
  Value weights = context.packed(op.getLoc(), "qconv.w", DType::I8, {groups, (channels + 15) / 16, blocks, taps, 16, row}, op.getFilter(),
                                 "pack blocks of 16 output channels x " + std::to_string(row) + " k",
                                 calling(packByteBlocks, groups, channels, depth, taps));
  bool isPointwise = shape.isPointwise();
  int64_t phases = IK_CONVLINES_PHASES(shape[IK_CONV_KH], shape[IK_CONV_DH], shape[IK_CONV_SH]);
  int64_t rows = IK_QCONVLINES_ROWS(IK_CONVLINES_LINES(lines.band, shape[IK_CONV_KH], shape[IK_CONV_DH], shape[IK_CONV_SH]), shape[IK_CONV_SH], phases);
  int64_t scratch = IK_QCONVMATRIX_SCRATCH(depth, lines.places, isPointwise ? 0 : std::min(rows, shape[IK_CONV_IH]) * shape[IK_CONV_IW]);
  SmallVector<Value> inputs{op.getInput(), weights, makeTable(op, context, shape, true)};
  return context.micro(op.getLoc(), "ik_qconvmatrix", op.getResult().getType(), inputs, params, shape.work(), scratch).getResult(0);
}

/// w [G * OC][depth][high][wide] -> [G][ceil(OC / 16)][blocks][16][W][4].
Tensor packTapBlocks(const Tensor &w, int64_t groups, int64_t channels, int64_t depth, int64_t high, int64_t wide) {
  Tensor taps = packTaps(w, groups * channels, depth, high, wide);
  return packByteBlocks(taps, groups, channels, taps.shape()[1], 1);
}

/// Dense weights likewise for few input channels: [G][ceil(OC / 16)][blocks][16][W][4].
Value lowerTaps(quant::ConvOp op, LowerContext &context, const ConvShape &shape, ArrayRef<int64_t> params, const ByteLines &lines) {
  int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], depth = shape[IK_CONV_IC], high = shape[IK_CONV_KH], wide = shape[IK_CONV_KW];
  int64_t words = high * depth * ((wide + 3) / 4), blocks = IK_CONVMATRIX_BLOCKS(words), row = IK_CONVMATRIX_WORDS(words) * 4;
  Value weights = context.packed(op.getLoc(), "qconv.w", DType::I8, {groups, (channels + 15) / 16, blocks, 1, 16, row}, op.getFilter(),
                                 "pack taps of rows by 4, in blocks of 16 output channels x " + std::to_string(row) + " k", calling(packTapBlocks, groups, channels, depth, high, wide));
  int64_t rows = IK_CONVTAPS_ROWS(lines.band, shape[IK_CONV_SH], high), scratch = IK_QCONVTAPS_SCRATCH(depth, rows, lines.places, shape[IK_CONV_SW], wide);
  SmallVector<Value> inputs{op.getInput(), weights, makeTable(op, context, shape, true)};
  return context.micro(op.getLoc(), "ik_qconvtaps", op.getResult().getType(), inputs, params, shape.work(), scratch).getResult(0);
}

/// Weights packed in panels of 8 output channels, or without their zeros.
Value lowerTiled(quant::ConvOp op, LowerContext &context, const ConvShape &shape, SmallVector<int64_t> &params, const ByteLines &lines) {
  int64_t depth = shape.depth(), pixels = shape[IK_CONV_OD] * shape[IK_CONV_OH] * shape[IK_CONV_OW];
  PanelShape panels{shape[IK_CONV_G], shape[IK_CONV_OC], depth, IK_CONV_PANEL};
  PackedWeights packed = packWeights(op, context, op.getFilter(), {panels, pixels, true}, {depth, 1}, /*packDense=*/!lines.band);
  if (packed.choice.form == WeightForm::Dense && lines.band)
    return (lines.way == ByteWay::Matrix ? lowerMatrix : lines.way == ByteWay::Taps ? lowerTaps : lowerLines)(op, context, shape, params, lines);
  params[IK_CONV_COUNT + IK_Q_STORED] = packed.choice.stored;
  constexpr StringLiteral rows[] = {"ik_qconv", "ik_qconv_4x1", "ik_qconv_bits"};
  int form = static_cast<int>(packed.choice.form);
  bool isBlocks = packed.choice.form == WeightForm::Quads4x1;
  int64_t work = isBlocks ? packed.choice.stored * 4 * pixels * shape[IK_CONV_N] : shape.work();
  int64_t scratch = packed.choice.form == WeightForm::Bits ? IK_QCONV_BITS_SCRATCH(depth) : IK_QCONV_SCRATCH(depth);
  SmallVector<Value> inputs{op.getInput(), packed.value, makeTable(op, context, shape, true)};
  return context.micro(op.getLoc(), rows[form], op.getResult().getType(), inputs, params, work, scratch).getResult(0);
}

Value lowerFast(quant::ConvOp op, LowerContext &context, ConvShape &shape) {
  bool depthwise = shape.isDepthwise() && shape.depth() <= IK_QDWCONV_TAPS;
  bool hasZeros = hasWeightZeros(*context.constant(op.getFilterZero()), isUnsignedByte(op.getFilter())), mayBeMatrix = context.hasMatrixRegisters() && !hasZeros;
  auto [key, lines] = depthwise || !context.packsBytes() ? std::pair<std::string, ByteLines>() : chooseByteLines(shape, mayBeMatrix, context.choices);
  shape[IK_CONV_KC] = lines.band;
  if (depthwise) {
    auto [depthwiseKey, way] = chooseDepthwiseWay(shape, "8-bit", context.choices);
    shape[IK_CONV_KC] = way.size, key = depthwiseKey;
  }
  SmallVector<int64_t> params = slowParams(op, shape);
  int64_t *q = params.data() + IK_CONV_COUNT;
  q[IK_Q_X_ZERO] = context.constant(op.getInputZero())->intAt(0);
  q[IK_Q_Y_ZERO] = context.constant(op.getResultZero())->intAt(0);
  q[IK_Q_W_ZEROS] = hasZeros;
  q[IK_Q_GAPLESS] = lines.way == ByteWay::Gapless;
  if (!depthwise)
    return context.label(lowerTiled(op, context, shape, params, lines), key);
  int64_t scratch = IK_QDWCONV_SCRATCH(shape[IK_CONV_KC], shape[IK_CONV_KH], shape[IK_CONV_SH], shape[IK_CONV_DH], shape[IK_CONV_OW], shape[IK_CONV_KW],
                                       shape[IK_CONV_DW], shape[IK_CONV_SW]);
  SmallVector<Value> inputs{op.getInput(), op.getFilter(), makeTable(op, context, shape, false)};
  return context.label(context.micro(op.getLoc(), "ik_qdwconv", op.getResult().getType(), inputs, params, shape.work(), scratch).getResult(0), key);
}

Lowered lowerConv(Operation *operation, LowerContext &context, std::string &why) {
  quant::ConvOp op = cast<quant::ConvOp>(operation);
  ConvShape shape = convShape(op);
  if (elementsOf(op.getInputScale()) != 1 || elementsOf(op.getResultScale()) != 1) {
    why = "a quantised convolution whose input or result has more than one scale";
    return failure();
  }
  if (isFixed(op, context) && shape.depth() > 0)
    return SmallVector<Value, 2>{lowerFast(op, context, shape)};
  shape[IK_CONV_BIAS] = op.getBias() != nullptr;
  return SmallVector<Value, 2>{
      context.micro(op.getLoc(), "ik_qconvnd", op.getResult().getType(), op->getOperands(), slowParams(op, shape), shape.work()).getResult(0)};
}

/// From factors, weights, their zeros, shifts: i32 [IK_QTABLE_REAL_ROWS][channels], no bias; factors and shifts.
Tensor realTable(ArrayRef<Tensor> from, int64_t channels) {
  Tensor one(DType::F32, {1}), out(DType::I32, {IK_QTABLE_REAL_ROWS, channels});
  one.set(0, 1);
  Tensor terms = quantTable({one, from[1], from[0], from[2], one, nullptr}, channels, /*shifted=*/true);
  std::memcpy(out.mutableData(), terms.data(), terms.bytes());
  std::memcpy(out.mutableData() + terms.bytes(), from[3].data(), from[3].bytes());
  return out;
}

Value makeRealTable(quant::RealConvOp op, LowerContext &context, int64_t channels) {
  SmallVector<Value> from{op.getFactor(), op.getFilter(), op.getFilterZero(), op.getShift()};
  return context.packed(op.getLoc(), "qconv.table", DType::I32, {IK_QTABLE_REAL_ROWS, channels}, from, "sums, zeros, factors and shifts",
                        calling(realTable, channels));
}

Lowered lowerRealConv(Operation *operation, LowerContext &context, std::string &why) {
  quant::RealConvOp op = cast<quant::RealConvOp>(operation);
  ConvShape shape = convShape(op);
  std::optional<Epilogue> epilogue = readEpilogue(op, why);
  if (!epilogue)
    return failure();
  for (Value value : {Value(op.getInputZero()), Value(op.getFilter()), Value(op.getFilterZero()), Value(op.getFactor()), Value(op.getShift())})
    if (!context.isConstant(value)) {
      why = "an integer convolution with a float result needs constant weights, factors and zeros";
      return failure();
    }
  context.noteDense(op, op.getFilter());
  int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], depth = shape.depth();
  Value weights = context.packed(op.getLoc(), "qconv.w", DType::I8, {groups, shape.panels(), (depth + 3) / 4, 1, IK_CONV_PANEL, 4}, op.getFilter(),
                                 "pack output channels in panels of 8 x 4 k",
                                 calling(packQuadChannels, groups, channels, depth, 1));
  SmallVector<int64_t> params(shape.params);
  params.resize(IK_QCONV_COUNT, 0);
  params[IK_CONV_ACT] = epilogue->activation, params[IK_CONV_ALPHA] = paramF32(epilogue->alpha), params[IK_CONV_BETA] = paramF32(epilogue->beta);
  int64_t *q = params.data() + IK_CONV_COUNT;
  q[IK_Q_X_UNSIGNED] = isUnsignedByte(op.getInput()), q[IK_Q_W_UNSIGNED] = isUnsignedByte(op.getFilter());
  q[IK_Q_X_ZERO] = context.constant(op.getInputZero())->intAt(0);
  q[IK_Q_W_ZEROS] = hasWeightZeros(*context.constant(op.getFilterZero()), q[IK_Q_W_UNSIGNED]);
  SmallVector<Value> inputs{op.getInput(), weights, makeRealTable(op, context, groups * channels)};
  Type type = op.getResult().getType();
  return SmallVector<Value, 2>{context.micro(op.getLoc(), "ik_qconvreal", type, inputs, params, shape.work(), IK_QCONV_SCRATCH(depth)).getResult(0)};
}

} // namespace

void registerQuantConv(LowerRegistry &registry) {
  registry.add("quant.conv", lowerConv);
  registry.add("quant.real_conv", lowerRealConv);
}

} // namespace ingot
