// Lowers quant.conv: with constant filter, scales and zeros to ik_qconv or ik_qconvlines (weights packed in panels, multipliers and sums in one
// table) or ik_qdwconv; otherwise to ik_qconvnd, which reads the tensors.
#include "passes/lower/ConvShape.h"
#include "passes/lower/LowerOp.h"
#include "passes/lower/QuantTerms.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

/// w [G * OC][depth][taps] -> [G][ceil(OC / 8)][ceil(depth / 4)][taps][8][4] i8, zero padded, u8 weights less 128.
Tensor packQuads(const Tensor &w, int64_t groups, int64_t channels, int64_t depth, int64_t taps) {
  int64_t panels = (channels + IK_CONV_PANEL - 1) / IK_CONV_PANEL, quads = (depth + 3) / 4 * taps, shift = w.dtype() == DType::U8 ? 128 : 0;
  Tensor out(DType::I8, {groups, panels, (depth + 3) / 4, taps, IK_CONV_PANEL, 4});
  int8_t *to = out.mutableAs<int8_t>().data();
  const char *from = w.data();
  for (int64_t o = 0; o < groups * channels; ++o)
    for (int64_t k = 0; k < depth * taps; ++k) {
      int64_t panel = o / channels * panels + o % channels / IK_CONV_PANEL, byte = from[o * depth * taps + k], c = k / taps;
      to[((panel * quads + c / 4 * taps + k % taps) * IK_CONV_PANEL + o % channels % IK_CONV_PANEL) * 4 + c % 4] =
          static_cast<int8_t>(shift ? (byte & 255) - shift : byte);
    }
  return out;
}

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
                        [=](ArrayRef<Tensor> t) {
                          return quantTable({t[0], t[1], t[2], t[3], t[4], t.size() > 5 ? &t[5] : nullptr}, channels, shifted);
                        });
}

Value lowerFast(quant::ConvOp op, LowerContext &context, ConvShape &shape) {
  bool depthwise = shape.isDepthwise() && shape.depth() <= IK_QDWCONV_TAPS;
  int64_t lines = depthwise ? 0 : shape.lineBand(llvm::alignTo(shape[IK_CONV_IC], 4));
  shape[IK_CONV_KC] = depthwise ? shape.band() : lines;
  SmallVector<int64_t> params = slowParams(op, shape);
  int64_t *q = params.data() + IK_CONV_COUNT;
  q[IK_Q_X_ZERO] = context.constant(op.getInputZero())->intAt(0);
  q[IK_Q_Y_ZERO] = context.constant(op.getResultZero())->intAt(0);
  Tensor zeros = *context.constant(op.getFilterZero());
  for (int64_t i = 0; i < zeros.count(); ++i)
    q[IK_Q_W_ZEROS] |= zeros.intAt(i) != (q[IK_Q_W_UNSIGNED] ? 128 : 0);
  Value weights = op.getFilter();
  int64_t scratch = IK_DWCONV_SCRATCH(shape[IK_CONV_KC], shape[IK_CONV_KH], shape[IK_CONV_SH], shape[IK_CONV_DH], shape[IK_CONV_OW], shape[IK_CONV_KW],
                                      shape[IK_CONV_DW], shape[IK_CONV_SW]);
  if (!depthwise) {
    int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], taps = lines ? shape[IK_CONV_KH] * shape[IK_CONV_KW] : 1, depth = shape.depth() / taps;
    scratch = lines ? IK_QCONVLINES_SCRATCH(depth, taps, shape.lineFloats(lines), shape.linePitch()) : IK_QCONV_SCRATCH(depth);
    weights = context.packed(op.getLoc(), "qconv.w", DType::I8, {groups, shape.panels(), (depth + 3) / 4, taps, IK_CONV_PANEL, 4}, op.getFilter(),
                             "pack output channels in panels of 8 x 4 k",
                             [=](ArrayRef<Tensor> from) { return packQuads(from[0], groups, channels, depth, taps); });
  }
  SmallVector<Value> inputs{op.getInput(), weights, makeTable(op, context, shape, !depthwise)};
  return context.micro(op.getLoc(), depthwise ? "ik_qdwconv" : lines ? "ik_qconvlines" : "ik_qconv", op.getResult().getType(), inputs, params, shape.work(), scratch).getResult(0);
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

} // namespace

void registerQuantConv(LowerRegistry &registry) { registry.add("quant.conv", lowerConv); }

} // namespace ingot
