// Lowers nn.conv: f32 and f16 to ik_conv, ik_convlines where its lines fit the cache, or ik_dwconv (constant filters packed in panels of 8 output
// channels; depthwise f32 to ik_dwconv_direct where that is faster: kernels.def), f32 3x3 ones to ik_convwino_f32 where that is faster, f32 with a
// filter of f16 or bf16 to ik_conv_f32_f16, ik_conv_f32_bf16 and the same over lines, filters as large as their input to ik_matmul, f64 and 8-bit
// integers to the plain ik_convnd.
#include "passes/lower/Epilogue.h"
#include "passes/lower/LowerOp.h"
#include "passes/lower/PairConv.h"
#include "passes/lower/Winograd.h"
#include "targets/common/ukernels/convwino.h"
#include "targets/common/ukernels/matmul.h"

#include <algorithm>
#include <cstring>

using namespace mlir;

namespace ingot {

bool ConvShape::isTrivial(int axis) const {
  return params[IK_CONV_ID + axis] == 1 && params[IK_CONV_OD + axis] == 1 && params[IK_CONV_KD + axis] == 1 && params[IK_CONV_PD + axis] == 0;
}

void ConvShape::simplify() {
  constexpr int kFirsts[] = {IK_CONV_ID, IK_CONV_OD, IK_CONV_KD, IK_CONV_SD, IK_CONV_PD, IK_CONV_DD};
  for (int shift = 0; shift < 2 && isTrivial(2) && !(isTrivial(0) && isTrivial(1)); ++shift)
    for (int first : kFirsts) {
      params[first + 2] = params[first + 1];
      params[first + 1] = params[first];
      params[first] = first == IK_CONV_PD ? 0 : 1;
    }
  bool isPointwise = !isDepthwise();
  for (int axis = 0; axis < 3; ++axis)
    isPointwise &= params[IK_CONV_KD + axis] == 1 && params[IK_CONV_SD + axis] == 1 && params[IK_CONV_PD + axis] == 0 &&
                   params[IK_CONV_ID + axis] == params[IK_CONV_OD + axis];
  if (!isPointwise)
    return;
  for (int first : {IK_CONV_ID, IK_CONV_OD}) {
    params[first + 2] *= params[first] * params[first + 1];
    params[first] = params[first + 1] = 1;
  }
}

int64_t ConvShape::band() const {
  constexpr int64_t kBandBytes = 24 * 1024;
  int64_t rows = 4;
  auto bytes = [&](int64_t band) {
    return IK_DWCONV_SCRATCH(band, params[IK_CONV_KH], params[IK_CONV_SH], params[IK_CONV_DH], params[IK_CONV_OW], params[IK_CONV_KW],
                             params[IK_CONV_DW], params[IK_CONV_SW]);
  };
  while (rows < params[IK_CONV_OH] && bytes(rows + 4) <= kBandBytes)
    rows += 4;
  return rows;
}

int64_t ConvShape::lineFloats(int64_t band) const {
  int64_t phases = IK_CONVLINES_PHASES(params[IK_CONV_KH], params[IK_CONV_DH], params[IK_CONV_SH]) *
                   IK_CONVLINES_PHASES(params[IK_CONV_KW], params[IK_CONV_DW], params[IK_CONV_SW]);
  return phases * IK_CONVLINES_LINES(band, params[IK_CONV_KH], params[IK_CONV_DH], params[IK_CONV_SH]) * linePitch();
}

int64_t ConvShape::lineBand(int64_t channelBytes) const {
  constexpr int64_t kLineBytes = 192 * 1024; // half of the second cache of a small core
  // So many taps read each vector of lines that a farther cache is fast enough, and a copy for each of them never is.
  constexpr int64_t kManyTaps = 25, kManyTapsBytes = 1536 * 1024;
  constexpr int64_t kCopyCost = 12;          // of a vector for one tap, in multiply-adds of a vector
  int64_t taps = params[IK_CONV_KH] * params[IK_CONV_KW], oh = params[IK_CONV_OH], ow = params[IK_CONV_OW];
  if (params[IK_CONV_KD] * params[IK_CONV_ID] * params[IK_CONV_OD] != 1 || taps < 3 || taps > IK_CONVLINES_TAPS)
    return 0;
  int64_t pitch = linePitch(), rows = panels() * IK_CONV_PANEL;
  auto vectors = [](int64_t pixels) { return (pixels + 15) / 16; };
  if (vectors((oh - 1) * pitch + ow) * rows > vectors(oh * ow) * (rows + kCopyCost))
    return 0;
  int64_t band = oh;
  while (band > 0 && channelBytes * lineFloats(band) > (taps >= kManyTaps ? kManyTapsBytes : kLineBytes))
    --band;
  int64_t bands = band ? (oh + band - 1) / band : 0;
  return bands ? (oh + bands - 1) / bands : 0;
}

namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }

/// w [G * OC][K] -> [G][ceil(OC / 8)][K][8], zero padded.
Tensor packPanels(const Tensor &w, int64_t groups, int64_t channels, int64_t depth) {
  int64_t panels = (channels + IK_CONV_PANEL - 1) / IK_CONV_PANEL, width = byteWidth(w.dtype());
  Tensor out(w.dtype(), {groups, panels, depth, IK_CONV_PANEL});
  char *to = out.mutableData();
  for (int64_t g = 0; g < groups; ++g)
    for (int64_t o = 0; o < channels; ++o)
      for (int64_t k = 0; k < depth; ++k) {
        int64_t place = ((g * panels + o / IK_CONV_PANEL) * depth + k) * IK_CONV_PANEL + o % IK_CONV_PANEL;
        std::memcpy(to + place * width, w.data() + ((g * channels + o) * depth + k) * width, width);
      }
  return out;
}

Value packFilter(nn::ConvOp op, LowerContext &context, const ConvShape &shape) {
  int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], depth = shape.depth();
  return context.packed(op.getLoc(), "conv.w", *toDType(elementOf(op.getFilter())), {groups, shape.panels(), depth, IK_CONV_PANEL}, op.getFilter(),
                        "pack output channels in panels of 8",
                        [=](ArrayRef<Tensor> from) { return packPanels(from[0], groups, channels, depth); });
}

Value callKernel(nn::ConvOp op, LowerContext &context, StringRef row, ArrayRef<Value> inputs, const ConvShape &shape, int64_t scratch) {
  return context.micro(op.getLoc(), row, op.getResult().getType(), inputs, shape.params, shape.work(), scratch).getResult(0);
}

/// What ik_dwconv_direct_f32 covers, which is where it was measured to be faster than ik_dwconv_f32.
bool isDirect(const ConvShape &shape) {
  for (int i : {IK_CONV_DH, IK_CONV_PH, IK_CONV_PW})
    if (shape[i] > INT16_MAX)
      return false;
  return shape[IK_CONV_KH] == shape[IK_CONV_KW] && (shape[IK_CONV_KH] == 3 || shape[IK_CONV_KH] == 5) && shape[IK_CONV_SH] == shape[IK_CONV_SW] &&
         shape[IK_CONV_DH] == shape[IK_CONV_DW] && shape[IK_CONV_SH] <= (shape[IK_CONV_DH] == 1 ? 2 : 1) && shape[IK_CONV_OC] == 1;
}

Value lowerDepthwise(nn::ConvOp op, LowerContext &context, ConvShape &shape, StringRef suffix, ArrayRef<Value> inputs) {
  shape[IK_CONV_KC] = shape.band();
  int64_t scratch = IK_DWCONV_SCRATCH(shape[IK_CONV_KC], shape[IK_CONV_KH], shape[IK_CONV_SH], shape[IK_CONV_DH], shape[IK_CONV_OW],
                                      shape[IK_CONV_KW], shape[IK_CONV_DW], shape[IK_CONV_SW]);
  bool isF32 = suffix == "f32" && isDirect(shape);
  if (isF32)
    scratch = std::max<int64_t>(scratch, IK_DWDIRECT_SCRATCH(shape[IK_CONV_OW], shape[IK_CONV_KH], shape[IK_CONV_DH], shape[IK_CONV_SH]));
  return callKernel(op, context, isF32 ? "ik_dwconv_direct_f32" : ("ik_dwconv_" + suffix).str(), inputs, shape, scratch);
}

Value lowerWinograd(nn::ConvOp op, LowerContext &context, const ConvShape &shape, SmallVector<Value> inputs) {
  int64_t groups = shape[IK_CONV_G], channels = shape[IK_CONV_OC], depth = shape[IK_CONV_IC];
  inputs[1] = context.packed(op.getLoc(), "conv.w", DType::F32, {groups, shape.panels(), IK_WINO_POINTS, depth, IK_CONV_PANEL}, op.getFilter(),
                             "transform for Winograd's form, output channels in panels of 8",
                             [=](ArrayRef<Tensor> from) { return packWinograd(from[0], groups, channels, depth); });
  return callKernel(op, context, "ik_convwino_f32", inputs, shape, winogradScratch(shape));
}

/// One output place that sees the whole input: a product of x [N, K] with the filter [OC, K] transposed, whose rows would be single pixels otherwise.
bool isProduct(const ConvShape &shape) {
  for (int axis = 0; axis < 3; ++axis)
    if (shape[IK_CONV_ID + axis] != shape[IK_CONV_KD + axis] || shape[IK_CONV_PD + axis] != 0)
      return false;
  return shape[IK_CONV_G] == 1 && shape.area() == 1;
}

/// w [OC][K] -> [1][ceil(OC / 16)][K][16], zero padded: the right side of a product.
Tensor packRows(const Tensor &w, int64_t channels, int64_t depth) {
  constexpr int64_t kPanel = 16;
  int64_t panels = (channels + kPanel - 1) / kPanel, width = byteWidth(w.dtype());
  Tensor out(w.dtype(), {1, panels, depth, kPanel});
  char *to = out.mutableData();
  for (int64_t o = 0; o < channels; ++o)
    for (int64_t k = 0; k < depth; ++k)
      std::memcpy(to + ((o / kPanel * depth + k) * kPanel + o % kPanel) * width, w.data() + (o * depth + k) * width, width);
  return out;
}

Value lowerProduct(nn::ConvOp op, LowerContext &context, const ConvShape &shape, StringRef suffix, SmallVector<Value> inputs) {
  int64_t channels = shape[IK_CONV_OC], depth = shape.depth();
  SmallVector<int64_t> params(IK_MATMUL_COUNT, 0);
  params[IK_MATMUL_B0] = params[IK_MATMUL_B1] = params[IK_MATMUL_B2] = params[IK_MATMUL_PACKED] = 1;
  params[IK_MATMUL_M] = shape[IK_CONV_N], params[IK_MATMUL_N] = channels, params[IK_MATMUL_K] = depth;
  params[IK_MATMUL_BIAS] = shape[IK_CONV_BIAS], params[IK_MATMUL_ACT] = shape[IK_CONV_ACT];
  params[IK_MATMUL_ALPHA] = shape[IK_CONV_ALPHA], params[IK_MATMUL_BETA] = shape[IK_CONV_BETA];
  inputs[1] = context.packed(op.getLoc(), "conv.w", *toDType(elementOf(op.getFilter())), {1, (channels + 15) / 16, depth, 16}, op.getFilter(),
                             "pack output channels in panels of 16", [=](ArrayRef<Tensor> from) { return packRows(from[0], channels, depth); });
  return context.micro(op.getLoc(), ("ik_matmul_" + suffix).str(), op.getResult().getType(), inputs, params, shape.work(), IK_MATMUL_SCRATCH(depth)).getResult(0);
}

Lowered lowerFloat(nn::ConvOp op, LowerContext &context, ConvShape &shape, StringRef suffix, std::string &why) {
  std::optional<Epilogue> epilogue = readEpilogue(op, why);
  if (!epilogue)
    return failure();
  shape[IK_CONV_ACT] = epilogue->activation;
  shape[IK_CONV_ALPHA] = paramF32(epilogue->alpha);
  shape[IK_CONV_BETA] = paramF32(epilogue->beta);
  SmallVector<Value> inputs{op.getInput(), op.getFilter()};
  if (op.getBias())
    inputs.push_back(op.getBias());
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
    if (suffix == "f32" && context.hasTiles() && isWinogradFaster(shape))
      return SmallVector<Value, 2>{lowerWinograd(op, context, shape, inputs)};
    inputs[1] = packFilter(op, context, shape);
  }
  if (int64_t band = shape.lineBand(4 * shape[IK_CONV_IC])) {
    shape[IK_CONV_KC] = band;
    int64_t bytes = IK_CONVLINES_SCRATCH(shape[IK_CONV_IC], shape.lineFloats(band), shape.depth());
    return SmallVector<Value, 2>{callKernel(op, context, ("ik_convlines_" + suffix).str(), inputs, shape, bytes)};
  }
  int64_t blocks = (shape.depth() + IK_CONV_KBLOCK - 1) / IK_CONV_KBLOCK;
  shape[IK_CONV_KC] = (shape.depth() + blocks - 1) / blocks;
  int64_t scratch = IK_CONV_SCRATCH(shape[IK_CONV_KC], blocks > 1 ? shape.panels() : 1);
  return SmallVector<Value, 2>{callKernel(op, context, ("ik_conv_" + suffix).str(), inputs, shape, scratch)};
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
  std::string row;
  if (x.isF64())
    row = "ik_convnd_f64";
  else if (x.isInteger(8) && w.isInteger(8))
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
