// Lowers nn.rnn in f32 to ik_rnn_f32 and quant.lstm to ik_qlstm; constant weights are packed 16 hidden units side by side.
#include "passes/lower/LowerOp.h"
#include "targets/common/ukernels/epilogue.h"
#include "targets/common/ukernels/qlstm.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

constexpr StringLiteral kActivations = "recurrent layers know the activations sigmoid, tanh and relu";
constexpr int64_t kGates = 4; // of an LSTM
/// Products of a step from which on the workers share its units and wait for each other after it: a barrier is 0.2 to 1 us.
constexpr int64_t kSharedStep = 160 * 1024;

std::optional<int64_t> codeOf(StringRef name) {
  if (name.equals_insensitive("sigmoid"))
    return IK_ACT_SIGMOID;
  if (name.equals_insensitive("tanh"))
    return IK_ACT_TANH;
  return name.equals_insensitive("relu") ? std::optional<int64_t>(IK_ACT_RELU) : std::nullopt;
}

/// The activations into their parameters; false for one without a kernel.
bool setActivations(nn::RnnKind kind, ArrayAttr activations, SmallVectorImpl<int64_t> &p) {
  size_t most = kind == nn::RnnKind::rnn ? 1 : 3;
  p[IK_RNN_ACT0] = kind == nn::RnnKind::rnn ? IK_ACT_TANH : IK_ACT_SIGMOID;
  p[IK_RNN_ACT1] = p[IK_RNN_ACT2] = IK_ACT_TANH;
  if (activations.size() > most)
    return false;
  for (auto [i, name] : llvm::enumerate(activations)) {
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
  if (!setActivations(op.getKind(), op.getActivations(), p)) {
    why = kActivations;
    return failure();
  }
  SmallVector<Value> inputs(op.getInputs());
  int64_t gates = op.getKind() == nn::RnnKind::lstm ? 4 : op.getKind() == nn::RnnKind::gru ? 3 : 1, panels = IK_RNN_PADDED(hidden) / 16;
  p[IK_RNN_PACKED] = hidden > 0 && x[2] > 0 && context.isConstant(inputs[1]) && context.isConstant(inputs[2]);
  for (size_t i = 1; i <= 2 && p[IK_RNN_PACKED]; ++i) {
    int64_t depth = i == 1 ? x[2] : hidden;
    inputs[i] = context.packed(op.getLoc(), "rnn.w", DType::F32, {panels, depth, gates, 16}, inputs[i], "pack 16 hidden units side by side",
                               calling(packUnits, gates, hidden, depth));
  }
  int64_t weights = gates * IK_RNN_PADDED(hidden) * (x[2] + hidden);
  bool isShared = p[IK_RNN_PACKED] && x[0] > 0 && x[1] > 0 && x[1] <= IK_RNN_MOST_SHARED && x[1] * weights >= kSharedStep;
  p[IK_RNN_TURNS] = ik_rnn_turns(p.data());
  p[IK_RNN_TURN] = isShared ? 0 : -1;
  int64_t scratch = IK_RNN_SCRATCH(hidden, p[IK_RNN_PACKED] ? 0 : weights);
  kernel::MicroOp call = context.micro(op.getLoc(), "ik_rnn_f32", op->getResultTypes(), inputs, p, x[0] * x[1] * weights, scratch);
  if (isShared)
    call.setTurns(IK_RNN_TURNS);
  return SmallVector<Value, 2>(call->result_begin(), call->result_end());
}

/// What brings weights to signed bytes.
int64_t shiftOf(const Tensor &r) { return r.dtype() == DType::U8 ? 128 : 0; }

/// [H][4 * H] -> [ceil(H / 16)][ceil(H / 4)][4][16][4] signed bytes, zero padded.
Tensor packQuads(const Tensor &r, int64_t hidden) {
  int64_t panels = IK_RNN_PADDED(hidden) / 16, quads = IK_QLSTM_QUADS(hidden);
  Tensor out(DType::I8, {panels, quads, kGates, 16, 4});
  MutableArrayRef<int8_t> to = out.mutableAs<int8_t>();
  for (int64_t k = 0; k < hidden; ++k)
    for (int64_t g = 0; g < kGates; ++g)
      for (int64_t j = 0; j < hidden; ++j)
        to[static_cast<size_t>((((j / 16 * quads + k / 4) * kGates + g) * 16 + j % 16) * 4 + k % 4)] =
            static_cast<int8_t>(r.intAt((k * kGates + g) * hidden + j) - shiftOf(r));
  return out;
}

/// From weights, scales and zero points: [ceil(H / 16)][4][IK_QLSTM_ROWS][16], sums of signed weights, their zero points, the bits of their scales.
Tensor columnTable(ArrayRef<Tensor> from, int64_t hidden) {
  const Tensor &r = from[0], &scale = from[1], &zero = from[2];
  Tensor out(DType::I32, {IK_RNN_PADDED(hidden) / 16, kGates, IK_QLSTM_ROWS, 16});
  for (int64_t g = 0; g < kGates; ++g)
    for (int64_t j = 0; j < hidden; ++j) {
      int64_t column = g * hidden + j, at = (j / 16 * kGates + g) * IK_QLSTM_ROWS * 16 + j % 16, sum = 0;
      for (int64_t k = 0; k < hidden; ++k)
        sum += r.intAt(k * kGates * hidden + column) - shiftOf(r);
      out.setInt(at + IK_QLSTM_SUM * 16, sum);
      out.setInt(at + IK_QLSTM_ZERO * 16, zero.intAt(zero.count() > 1 ? column : 0) - shiftOf(r));
      out.setInt(at + IK_QLSTM_SCALE * 16, static_cast<int32_t>(paramF32(scale.at(scale.count() > 1 ? column : 0))));
    }
  return out;
}

Lowered lowerByteLstm(Operation *operation, LowerContext &context, std::string &why) {
  quant::LstmOp op = cast<quant::LstmOp>(operation);
  ArrayRef<int64_t> sums = cast<RankedTensorType>(op.getInputs()[0].getType()).getShape();
  int64_t hidden = cast<RankedTensorType>(op.getInputs()[1].getType()).getShape()[0];
  SmallVector<int64_t> p(IK_RNN_COUNT, 0);
  p[IK_RNN_KIND] = IK_RNN_LSTM;
  p[IK_RNN_STEPS] = sums[0], p[IK_RNN_BATCH] = sums[1], p[IK_RNN_HIDDEN] = hidden;
  p[IK_RNN_REVERSE] = op.getReverse();
  p[IK_RNN_INPUT_FORGET] = op.getInputForget();
  p[IK_RNN_CLIP] = paramF32(op.getClip().convertToDouble());
  bool known = setActivations(nn::RnnKind::lstm, op.getActivations(), p);
  ValueRange weights = op.getInputs().slice(1, 3);
  if (!known || hidden == 0 || !llvm::all_of(weights, [&](Value value) { return context.isConstant(value); })) {
    why = known ? StringRef("8-bit recurrent weights, their scales and zero points have to be constants") : StringRef(kActivations);
    return failure();
  }
  int64_t panels = IK_RNN_PADDED(hidden) / 16;
  Value quads = context.packed(op.getLoc(), "qlstm.r", DType::I8, {panels, IK_QLSTM_QUADS(hidden), kGates, 16, 4}, weights[0],
                               "pack 16 hidden units side by side", calling(packQuads, hidden));
  Value table = context.packed(op.getLoc(), "qlstm.table", DType::I32, {panels, kGates, IK_QLSTM_ROWS, 16}, weights, "sums, zeros and scales",
                               calling(columnTable, hidden));
  SmallVector<Value> inputs{op.getInputs()[0], quads, table};
  llvm::append_range(inputs, op.getInputs().drop_front(4));
  kernel::MicroOp call = context.micro(op.getLoc(), "ik_qlstm", op->getResultTypes(), inputs, p, sums[0] * sums[1] * kGates * hidden * hidden,
                                       IK_QLSTM_SCRATCH(hidden, sums[1]));
  return SmallVector<Value, 2>(call->result_begin(), call->result_end());
}

} // namespace

void registerRnn(LowerRegistry &registry) {
  registry.add("nn.rnn", lowerRnn);
  registry.add("quant.lstm", lowerByteLstm);
}

} // namespace ingot
