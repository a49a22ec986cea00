// Lowers nn.rnn in f32 to ik_rnn_f32; constant weights are packed 16 hidden units side by side.
#include "passes/lower/LowerOp.h"
#include "targets/common/ukernels/epilogue.h"
#include "targets/common/ukernels/rnn.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

std::optional<int64_t> codeOf(StringRef name) {
  if (name.equals_insensitive("sigmoid"))
    return IK_ACT_SIGMOID;
  if (name.equals_insensitive("tanh"))
    return IK_ACT_TANH;
  return name.equals_insensitive("relu") ? std::optional<int64_t>(IK_ACT_RELU) : std::nullopt;
}

/// The activations into their parameters; false for one without a kernel.
bool setActivations(nn::RnnOp op, SmallVectorImpl<int64_t> &p) {
  size_t most = op.getKind() == nn::RnnKind::rnn ? 1 : 3;
  p[IK_RNN_ACT0] = op.getKind() == nn::RnnKind::rnn ? IK_ACT_TANH : IK_ACT_SIGMOID;
  p[IK_RNN_ACT1] = p[IK_RNN_ACT2] = IK_ACT_TANH;
  if (op.getActivations().size() > most)
    return false;
  for (auto [i, name] : llvm::enumerate(op.getActivations())) {
    std::optional<int64_t> code = codeOf(cast<StringAttr>(name).getValue());
    if (!code)
      return false;
    p[IK_RNN_ACT0 + i] = *code;
  }
  return true;
}

/// [G * H][depth] -> [ceil(H / 16)][depth][G][16], zero padded.
Tensor packUnits(const Tensor &from, int64_t gates, int64_t hidden, int64_t depth) {
  int64_t panels = IK_RNN_PADDED(hidden) / 16;
  Tensor out(DType::F32, {panels, depth, gates, 16});
  ArrayRef<float> values = from.as<float>();
  MutableArrayRef<float> to = out.mutableAs<float>();
  for (int64_t g = 0; g < gates; ++g)
    for (int64_t j = 0; j < hidden; ++j)
      for (int64_t k = 0; k < depth; ++k)
        to[static_cast<size_t>(((j / 16 * depth + k) * gates + g) * 16 + j % 16)] =
            values[static_cast<size_t>((g * hidden + j) * depth + k)];
  return out;
}

Lowered lowerRnn(Operation *operation, LowerContext &context, std::string &why) {
  nn::RnnOp op = cast<nn::RnnOp>(operation);
  for (Value value : op.getInputs())
    if (!cast<RankedTensorType>(value.getType()).getElementType().isF32()) {
      why = "recurrent layers have kernels for float32";
      return failure();
    }
  ArrayRef<int64_t> x = cast<RankedTensorType>(op.getInputs()[0].getType()).getShape();
  SmallVector<int64_t> p(IK_RNN_COUNT, 0);
  p[IK_RNN_KIND] = static_cast<int64_t>(op.getKind());
  p[IK_RNN_STEPS] = x[0], p[IK_RNN_BATCH] = x[1], p[IK_RNN_INPUTS] = x[2];
  int64_t hidden = p[IK_RNN_HIDDEN] = cast<RankedTensorType>(op.getInputs()[2].getType()).getShape()[1];
  p[IK_RNN_REVERSE] = op.getReverse();
  p[IK_RNN_LINEAR_BEFORE_RESET] = op.getLinearBeforeReset();
  p[IK_RNN_INPUT_FORGET] = op.getInputForget();
  p[IK_RNN_CLIP] = paramF32(op.getClip().convertToDouble());
  if (!setActivations(op, p)) {
    why = "recurrent layers know the activations sigmoid, tanh and relu";
    return failure();
  }
  SmallVector<Value> inputs(op.getInputs());
  int64_t gates = op.getKind() == nn::RnnKind::lstm ? 4 : op.getKind() == nn::RnnKind::gru ? 3 : 1, panels = IK_RNN_PADDED(hidden) / 16;
  p[IK_RNN_PACKED] = hidden > 0 && x[2] > 0 && context.isConstant(inputs[1]) && context.isConstant(inputs[2]);
  for (size_t i = 1; i <= 2 && p[IK_RNN_PACKED]; ++i) {
    int64_t depth = i == 1 ? x[2] : hidden;
    inputs[i] = context.packed(op.getLoc(), "rnn.w", DType::F32, {panels, depth, gates, 16}, inputs[i], "pack 16 hidden units side by side",
                               [=](ArrayRef<Tensor> from) { return packUnits(from[0], gates, hidden, depth); });
  }
  int64_t weights = gates * IK_RNN_PADDED(hidden) * (x[2] + hidden);
  int64_t scratch = IK_RNN_SCRATCH(hidden, p[IK_RNN_PACKED] ? 0 : weights);
  kernel::MicroOp call = context.micro(op.getLoc(), "ik_rnn_f32", op->getResultTypes(), inputs, p, x[0] * x[1] * weights, scratch);
  return SmallVector<Value, 2>(call->result_begin(), call->result_end());
}

} // namespace

void registerRnn(LowerRegistry &registry) { registry.add("nn.rnn", lowerRnn); }

} // namespace ingot
