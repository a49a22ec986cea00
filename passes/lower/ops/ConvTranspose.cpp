// Lowers nn.conv_transpose: f32 and f16 to ik_convtrans (constant filters packed phase by phase in panels of 8 output channels), f64 to
// the plain row.
#include "passes/lower/ConvShape.h"
#include "passes/lower/LowerOp.h"
#include "targets/common/ukernels/convtrans.h"

#include <cstring>

using namespace mlir;

namespace ingot {
namespace {

constexpr int64_t kMostPhases = 32768;
using Lowered = FailureOr<SmallVector<Value, 2>>;

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

SmallVector<int64_t> paramsOf(nn::ConvTransposeOp op) {
  ConvShape shape = spatialShape(op);
  shape[IK_CONV_IC] = shapeOf(op.getInput())[1] / static_cast<int64_t>(op.getGroup());
  shape[IK_CONV_OC] = shapeOf(op.getFilter())[1];
  shape[IK_CONV_BIAS] = op.getBias() != nullptr;
  return std::move(shape.params);
}

/// The taps of one phase: their places in a filter plane, in order.
SmallVector<int64_t> tapsOf(ArrayRef<int64_t> p, int64_t number) {
  int64_t r[3] = {number / p[IK_CONV_SW] / p[IK_CONV_SH], number / p[IK_CONV_SW] % p[IK_CONV_SH], number % p[IK_CONV_SW]};
  ik_phase d = ik_phase_of(p.data(), 0, r[0]), h = ik_phase_of(p.data(), 1, r[1]), w = ik_phase_of(p.data(), 2, r[2]);
  SmallVector<int64_t> taps;
  for (int64_t i = 0; i < d.taps; ++i)
    for (int64_t j = 0; j < h.taps; ++j)
      for (int64_t k = 0; k < w.taps; ++k)
        taps.push_back(((d.tap + i * d.step) * p[IK_CONV_KH] + h.tap + j * h.step) * p[IK_CONV_KW] + w.tap + k * w.step);
  return taps;
}

/// w [G * IC][OC][taps] -> for each phase [G][ceil(OC / 8)][IC * its taps][8], zero padded, all in one row.
Tensor packPhases(const Tensor &w, ArrayRef<int64_t> p) {
  int64_t panels = (p[IK_CONV_OC] + IK_CONV_PANEL - 1) / IK_CONV_PANEL, plane = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW];
  int64_t phases = p[IK_CONV_SD] * p[IK_CONV_SH] * p[IK_CONV_SW], width = byteWidth(w.dtype());
  Tensor out(w.dtype(), {p[IK_CONV_G] * panels * p[IK_CONV_IC] * plane * IK_CONV_PANEL});
  char *to = out.mutableData();
  for (int64_t phase = 0; phase < phases; ++phase) {
    SmallVector<int64_t> taps = tapsOf(p, phase);
    for (int64_t panel = 0; panel < p[IK_CONV_G] * panels; ++panel)
      for (int64_t c = 0; c < p[IK_CONV_IC]; ++c)
        for (int64_t tap : taps)
          for (int64_t o = panel % panels * IK_CONV_PANEL, end = o + IK_CONV_PANEL; o < end; ++o, to += width)
            if (o < p[IK_CONV_OC])
              std::memcpy(to, w.data() + (((panel / panels * p[IK_CONV_IC] + c) * p[IK_CONV_OC] + o) * plane + tap) * width, width);
  }
  return out;
}

Lowered lowerConvTranspose(Operation *operation, LowerContext &context, std::string &why) {
  nn::ConvTransposeOp op = cast<nn::ConvTransposeOp>(operation);
  Type element = cast<RankedTensorType>(op.getInput().getType()).getElementType();
  if (!element.isF32() && !element.isF16() && !element.isF64()) {
    why = "transposed convolution has kernels for float16, float32 and float64";
    return failure();
  }
  SmallVector<int64_t> p = paramsOf(op);
  for (int64_t axis = 0; axis < 3; ++axis)
    if (p[IK_CONV_SD + axis] > kMostPhases || p[IK_CONV_SD] * p[IK_CONV_SH] * p[IK_CONV_SW] > kMostPhases) {
      why = "transposed convolution with more than 32768 phases (the product of its strides)";
      return failure();
    }
  SmallVector<Value> inputs{op.getInput(), op.getFilter()};
  int64_t taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], panels = (p[IK_CONV_OC] + IK_CONV_PANEL - 1) / IK_CONV_PANEL;
  int64_t depth = p[IK_CONV_IC] * taps, scratch = 0;
  if (!element.isF64()) {
    int64_t length = p[IK_CONV_G] * panels * depth * IK_CONV_PANEL;
    p[IK_CONV_KC] = std::clamp<int64_t>(depth, 1, IK_CONV_KBLOCK);
    scratch = IK_CONV_SCRATCH(p[IK_CONV_KC], panels * (p[IK_CONV_SW] == 2 ? 2 : 1));
    p[IK_CONV_PACKED] = context.isConstant(op.getFilter()) && length > 0;
    if (p[IK_CONV_PACKED])
      inputs[1] = context.packed(op.getLoc(), "conv_transpose.w", *toDType(element), length, op.getFilter(),
                                 "pack the taps of each phase, output channels in panels of 8",
                                 {[p](ArrayRef<Tensor> from) { return packPhases(from[0], p); }, ""});
  }
  if (op.getBias())
    inputs.push_back(op.getBias());
  std::string row = element.isF32() ? "ik_convtrans_f32" : element.isF16() ? "ik_convtrans_f16" : "ik_convtrans_f64";
  int64_t work = cast<RankedTensorType>(op.getInput().getType()).getNumElements() * p[IK_CONV_OC] * taps;
  return SmallVector<Value, 2>{context.micro(op.getLoc(), row, op.getResult().getType(), inputs, p, work, scratch).getResult(0)};
}

} // namespace

void registerConvTranspose(LowerRegistry &registry) { registry.add("nn.conv_transpose", lowerConvTranspose); }

} // namespace ingot
