// Lowers nn.conv: f32 and f16 to ik_conv, ik_convlines where its lines fit the cache, or ik_dwconv (constant filters packed in panels of 8 output
// channels; depthwise f32 to ik_dwconv_direct where that is faster: kernels.def), 3x3 ones to ik_convwino where that is faster, f32 of few places to
// ik_convfew_f32, of planes that fill few vectors to ik_convchannels_f32, f32 with a filter of f16 or bf16 to ik_conv_f32_f16, ik_conv_f32_bf16 and the
// same over lines and, with bf16, over channels, filters as large as their input to ik_matmul, 8-bit integers with a constant filter to ik_iconv, f64 and
// other 8-bit integers to the plain ik_convnd.
#include "passes/lower/ConvWays.h"
#include "passes/lower/Epilogue.h"
#include "passes/lower/LowerOp.h"
#include "passes/lower/PairConv.h"
#include "passes/lower/QuantTerms.h"
#include "passes/lower/Winograd.h"
#include "targets/common/ukernels/convwino.h"
#include "targets/common/ukernels/epilogue.h"
#include "targets/common/ukernels/matmul.h"
#include "targets/common/ukernels/rowtiles_size.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace mlir;

namespace ingot {

namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }

/// w [G * OC][K] -> [G][ceil(OC / size)][K][size], zero padded.
Tensor packPanels(const Tensor &w, int64_t groups, int64_t channels, int64_t depth, int64_t size) {
  int64_t panels = (channels + size - 1) / size, width = byteWidth(w.dtype());
  Tensor out(w.dtype(), {groups, panels, depth, size});
  char *to = out.mutableData();
  for (int64_t g = 0; g < groups; ++g)
    for (int64_t o = 0; o < channels; ++o)
      for (int64_t k = 0; k < depth; ++k) {
        int64_t place = ((g * panels + o / size) * depth + k) * size + o % size;
        std::memcpy(to + place * width, w.data() + ((g * channels + o) * depth + k) * width, width);
      }
  return out;
}

Value packFilter(nn::ConvOp op, LowerContext &context, const ConvShape &shape) {
  int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], depth = shape.depth();
  return context.packed(op.getLoc(), "conv.w", *toDType(elementOf(op.getFilter())), {groups, shape.panels(), depth, IK_CONV_PANEL}, op.getFilter(),
                        "pack output channels in panels of 8",
                        calling(packPanels, groups, channels, depth, IK_CONV_PANEL));
}

Value callKernel(nn::ConvOp op, LowerContext &context, StringRef row, ArrayRef<Value> inputs, const ConvShape &shape, int64_t scratch) {
  return context.micro(op.getLoc(), row, op.getResult().getType(), inputs, shape.params, shape.work(), scratch).getResult(0);
}

Value lowerDepthwise(nn::ConvOp op, LowerContext &context, ConvShape &shape, StringRef suffix, ArrayRef<Value> inputs) {
  auto [key, way] = chooseDepthwiseWay(shape, suffix, context.choices);
  shape[IK_CONV_KC] = way.size;
  int64_t scratch = IK_DWCONV_SCRATCH(way.size, shape[IK_CONV_KH], shape[IK_CONV_SH], shape[IK_CONV_DH], shape[IK_CONV_OW], shape[IK_CONV_KW],
                                      shape[IK_CONV_DW], shape[IK_CONV_SW]);
  bool isDirect = way.kind == ConvWay::Direct;
  if (isDirect)
    scratch = std::max<int64_t>(scratch, IK_RT_SCRATCH(shape[IK_CONV_OW], shape[IK_CONV_KH], shape[IK_CONV_DH], shape[IK_CONV_SH]));
  std::string row = isDirect ? "ik_dwconv_direct_f32" : ("ik_dwconv_" + suffix).str();
  return context.label(callKernel(op, context, row, inputs, shape, scratch), key);
}

Value lowerWinograd(nn::ConvOp op, LowerContext &context, const ConvShape &shape, StringRef suffix, SmallVector<Value> inputs) {
  int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], depth = shape[IK_CONV_IC];
  inputs[1] = context.packed(op.getLoc(), "conv.w", DType::F32, {groups, shape.panels(), IK_WINO_POINTS, depth, IK_CONV_PANEL}, op.getFilter(),
                             "transform for Winograd's form, output channels in panels of 8",
                             calling(packWinograd, groups, channels, depth));
  return callKernel(op, context, ("ik_convwino_" + suffix).str(), inputs, shape, winogradScratch(shape));
}

/// One output place that sees the whole input: a product of x [N, K] with the filter [OC, K] transposed, whose rows would be single pixels otherwise.
bool isProduct(const ConvShape &shape) {
  for (int axis = 0; axis < 3; ++axis)
    if (shape[IK_CONV_ID + axis] != shape[IK_CONV_KD + axis] || shape[IK_CONV_PD + axis] != 0)
      return false;
  return shape[IK_CONV_G] == 1 && shape.area() == 1;
}

/// The filter as the right side of a product.
Value packColumns(nn::ConvOp op, LowerContext &context, const ConvShape &shape) {
  constexpr int64_t kPanel = 16;
  int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], depth = shape.depth();
  return context.packed(op.getLoc(), "conv.w", *toDType(elementOf(op.getFilter())), {groups, (channels + kPanel - 1) / kPanel, depth, kPanel}, op.getFilter(),
                        "pack output channels in panels of 16", calling(packPanels, groups, channels, depth, kPanel));
}

/// Whether rows of channels (in whole fours or eights) are fewer than vectors of places for each of 8 channels.
bool hasFewPlaces(const ConvShape &shape) {
  int64_t rows = shape.area() <= 4 ? 4 : 8;
  return shape.area() <= IK_CONVFEW_PLACES && shape.area() > 0 && (shape[IK_CONV_OC] + 15) / 16 * rows < shape.panels() * IK_CONV_PANEL;
}

Value lowerProduct(nn::ConvOp op, LowerContext &context, const ConvShape &shape, StringRef suffix, SmallVector<Value> inputs) {
  int64_t channels = shape[IK_CONV_OC], depth = shape.depth();
  SmallVector<int64_t> params(IK_MATMUL_COUNT, 0);
  params[IK_MATMUL_B0] = params[IK_MATMUL_B1] = params[IK_MATMUL_B2] = params[IK_MATMUL_PACKED] = 1;
  params[IK_MATMUL_M] = shape[IK_CONV_N], params[IK_MATMUL_N] = channels, params[IK_MATMUL_K] = depth;
  params[IK_MATMUL_BIAS] = shape[IK_CONV_BIAS], params[IK_MATMUL_RESIDUAL] = shape[IK_CONV_RESIDUAL], params[IK_MATMUL_ACT] = shape[IK_CONV_ACT];
  params[IK_MATMUL_ALPHA] = shape[IK_CONV_ALPHA], params[IK_MATMUL_BETA] = shape[IK_CONV_BETA];
  inputs[1] = packColumns(op, context, shape);
  return context.micro(op.getLoc(), ("ik_matmul_" + suffix).str(), op.getResult().getType(), inputs, params, shape.work(), IK_MATMUL_SCRATCH(depth)).getResult(0);
}

bool isFinite(const Tensor &filter) {
  return llvm::all_of(filter.as<float>(), [](float weight) { return std::isfinite(weight); });
}

Value lowerChannels(nn::ConvOp op, LowerContext &context, ConvShape &shape, SmallVector<Value> inputs) {
  inputs[1] = packColumns(op, context, shape);
  shape[IK_CONV_FULL] = shape.livePairs() < shape.area() * shape.taps() && isFinite(*context.constant(op.getFilter()));
  int64_t band = shape[IK_CONV_KC], places = shape.isPointwise() ? band : band * shape[IK_CONV_OW];
  int64_t lines = shape.isPointwise() ? 0 : shape[IK_CONV_IC] * shape.lineFloats(band);
  return callKernel(op, context, "ik_convchannels_f32", inputs, shape, IK_CONVCHANNELS_SCRATCH(lines, places));
}

/// A filter of panels of 8 output channels, or one that is no constant as it is.
Value lowerWay(nn::ConvOp op, LowerContext &context, ConvShape &shape, ConvWay way, StringRef suffix, SmallVector<Value> inputs) {
  if (way.kind == ConvWay::Winograd)
    return lowerWinograd(op, context, shape, suffix, inputs);
  shape[IK_CONV_KC] = way.size;
  if (way.kind == ConvWay::Channels)
    return lowerChannels(op, context, shape, inputs);
  if (shape[IK_CONV_PACKED])
    inputs[1] = packFilter(op, context, shape);
  if (way.kind == ConvWay::Lines)
    return callKernel(op, context, ("ik_convlines_" + suffix).str(), inputs, shape, IK_CONVLINES_SCRATCH(shape[IK_CONV_IC], shape.lineFloats(way.size), shape.depth()));
  return callKernel(op, context, ("ik_conv_" + suffix).str(), inputs, shape, IK_CONV_SCRATCH(way.size, way.size < shape.depth() ? shape.panels() : 1));
}

Lowered lowerFloat(nn::ConvOp op, LowerContext &context, ConvShape &shape, StringRef suffix, std::string &why) {
  std::optional<Epilogue> epilogue = readEpilogue(op, why);
  if (!epilogue)
    return failure();
  shape[IK_CONV_ACT] = epilogue->activation;
  shape[IK_CONV_ALPHA] = paramF32(epilogue->alpha);
  shape[IK_CONV_BETA] = paramF32(epilogue->beta);
  if (StringAttr residual = op->getAttrOfType<StringAttr>("ingot.residual"))
    shape[IK_CONV_RESIDUAL] = residual == "before" ? IK_RESIDUAL_BEFORE : IK_RESIDUAL_AFTER;
  shape[IK_CONV_FULL] = shape[IK_CONV_OC] % IK_CONV_PANEL == 0;
  SmallVector<Value> inputs{op.getInput(), op.getFilter()};
  if (op.getBias())
    inputs.push_back(op.getBias());
  if (op.getResidual())
    inputs.push_back(op.getResidual());
  bool isNarrow = elementOf(op.getFilter()) != elementOf(op.getInput());
  if (isNarrow && (!context.isConstant(op.getFilter()) || shape.work() == 0)) {
    why = "a filter of a smaller type than the input must be constant";
    return failure();
  }
  if (elementOf(op.getFilter()).isBF16())
    return SmallVector<Value, 2>{lowerPairConv(op, context, shape, inputs)};
  if (!isNarrow && shape.isDepthwise() && shape.depth() <= IK_DWCONV_TAPS)
    return SmallVector<Value, 2>{lowerDepthwise(op, context, shape, suffix, inputs)};
  if (context.isConstant(op.getFilter())) {
    context.noteDense(op, op.getFilter());
    shape[IK_CONV_PACKED] = 1;
    if (!isNarrow && context.hasTiles() && isProduct(shape))
      return SmallVector<Value, 2>{lowerProduct(op, context, shape, suffix, inputs)};
    if (suffix == "f32" && context.hasTiles() && hasFewPlaces(shape)) {
      inputs[1] = packColumns(op, context, shape);
      return SmallVector<Value, 2>{callKernel(op, context, "ik_convfew_f32", inputs, shape, IK_CONVFEW_SCRATCH(shape.depth()))};
    }
  }
  auto [key, way] = chooseConvWay(shape, suffix, !isNarrow && context.hasTiles() && context.isConstant(op.getFilter()), context.choices);
  return SmallVector<Value, 2>{context.label(lowerWay(op, context, shape, way, suffix, inputs), key)};
}

Tensor plainTable(const Tensor &weights, int64_t channels) {
  Tensor one(DType::F32, {1}), zero(DType::I32, {1});
  one.set(0, 1);
  return quantTable({one, weights, one, zero, one, nullptr}, channels, /*shifted=*/true);
}

/// 8-bit integers to i32. The table of the quantised kernels says what the shift of u8 weights by 128 costs.
Value lowerBytes(nn::ConvOp op, LowerContext &context, const ConvShape &shape) {
  int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], depth = shape.depth();
  SmallVector<int64_t> params(shape.params);
  params.resize(IK_QCONV_COUNT, 0);
  params[IK_CONV_COUNT + IK_Q_X_UNSIGNED] = isUnsignedByte(op.getInput());
  params[IK_CONV_COUNT + IK_Q_W_ZEROS] = isUnsignedByte(op.getFilter());
  Value weights = context.packed(op.getLoc(), "conv.w", DType::I8, {groups, shape.panels(), (depth + 3) / 4, 1, IK_CONV_PANEL, 4}, op.getFilter(),
                                 "pack output channels in panels of 8 x 4 k",
                                 calling(packQuadChannels, groups, channels, depth, 1));
  Value table = context.packed(op.getLoc(), "conv.table", DType::I32, {IK_QTABLE_ROWS, groups * channels}, op.getFilter(), "sums and zeros of the channels",
                               calling(plainTable, groups * channels));
  return context.micro(op.getLoc(), "ik_iconv", op.getResult().getType(), {op.getInput(), weights, table}, params, shape.work(), IK_QCONV_SCRATCH(depth))
      .getResult(0);
}

Lowered lowerConv(Operation *operation, LowerContext &context, std::string &why) {
  nn::ConvOp op = cast<nn::ConvOp>(operation);
  ConvShape shape = convShape(op);
  shape[IK_CONV_BIAS] = op.getBias() != nullptr;
  Type x = elementOf(op.getInput()), w = elementOf(op.getFilter());
  if (shape.depth() == 0) {
    why = "a convolution over no channels";
    return failure();
  }
  if (x.isF32() || x.isF16())
    return lowerFloat(op, context, shape, !x.isF32() ? "f16" : w.isF16() ? "f32_f16" : "f32", why);
  if (op->hasAttr("ingot.activation")) {
    why = "a fused activation needs float32 or float16";
    return failure();
  }
  bool areBytes = x.isInteger(8) && w.isInteger(8);
  if (areBytes && !op.getBias() && context.packsBytes() && context.isConstant(op.getFilter()))
    return SmallVector<Value, 2>{lowerBytes(op, context, shape)};
  std::string row;
  if (x.isF64())
    row = "ik_convnd_f64";
  else if (areBytes)
    row = std::string("ik_convnd_i32_") + (x.isUnsignedInteger() ? "u8" : "i8") + (w.isUnsignedInteger() ? "_u8" : "_i8");
  if (row.empty()) {
    why = "convolution has kernels for float16, float32, float64 and 8-bit integers";
    return failure();
  }
  SmallVector<Value> inputs{op.getInput(), op.getFilter()};
  if (op.getBias())
    inputs.push_back(op.getBias());
  return SmallVector<Value, 2>{callKernel(op, context, row, inputs, shape, 0)};
}

} // namespace

void registerConv(LowerRegistry &registry) { registry.add("nn.conv", lowerConv); }

} // namespace ingot
