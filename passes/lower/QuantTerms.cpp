// Fills the per-channel table of the quantised kernels and packs the right side of matrix products.
#include "passes/lower/QuantTerms.h"

#include <cstring>

namespace ingot {

Tensor quantTable(const QuantTerms &terms, int64_t channels, bool shifted) {
  Tensor table(DType::I32, {IK_QTABLE_ROWS, channels});
  int32_t *out = table.mutableAs<int32_t>().data();
  int64_t depth = channels ? terms.weights.count() / channels : 0, shift = shifted && terms.weights.dtype() == DType::U8 ? 128 : 0;
  float xScale = static_cast<float>(terms.inputScale.at(0)), yScale = static_cast<float>(terms.resultScale.at(0));
  for (int64_t o = 0; o < channels; ++o) {
    int64_t sum = 0;
    for (int64_t k = 0; k < depth; ++k)
      sum += terms.weights.intAt(terms.transposed ? k * channels + o : o * depth + k) - shift;
    float product = xScale * static_cast<float>(terms.weightScale.at(terms.weightScale.count() > 1 ? o : 0));
    float multiplier = product / yScale;
    out[IK_QTABLE_BIAS * channels + o] = terms.bias ? static_cast<int32_t>(terms.bias->intAt(o)) : 0;
    out[IK_QTABLE_SUM * channels + o] = static_cast<int32_t>(sum);
    out[IK_QTABLE_ZERO * channels + o] = static_cast<int32_t>(terms.weightZero.intAt(terms.weightZero.count() > 1 ? o : 0) - shift);
    std::memcpy(out + IK_QTABLE_MULTIPLIER * channels + o, &multiplier, sizeof multiplier);
  }
  return table;
}

Tensor quantTableOf(llvm::ArrayRef<Tensor> from, int64_t channels, bool shifted, bool transposed) {
  return quantTable({from[0], from[1], from[2], from[3], from[4], from.size() > 5 ? &from[5] : nullptr, transposed}, channels, shifted);
}

Tensor packQuadColumns(const Tensor &b, int64_t depth, int64_t columns) {
  constexpr int64_t kColumns = 16, kQuad = 4;
  int64_t panels = (columns + kColumns - 1) / kColumns, quads = (depth + kQuad - 1) / kQuad, shift = b.dtype() == DType::U8 ? 128 : 0;
  Tensor out(DType::I8, {panels, quads, kColumns, kQuad});
  int8_t *to = out.mutableAs<int8_t>().data();
  const char *from = b.data();
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t j = 0; j < columns; ++j) {
      int64_t byte = from[k * columns + j];
      to[((j / kColumns * quads + k / kQuad) * kColumns + j % kColumns) * kQuad + k % kQuad] = static_cast<int8_t>(shift ? (byte & 255) - shift : byte);
    }
  return out;
}

Tensor packQuadChannels(const Tensor &w, int64_t groups, int64_t channels, int64_t depth, int64_t taps) {
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

Tensor packByteBlocks(const Tensor &w, int64_t groups, int64_t channels, int64_t depth, int64_t taps) {
  int64_t panels = (channels + 15) / 16, quads = (depth + 3) / 4, blocks = IK_CONVMATRIX_BLOCKS(quads), row = IK_CONVMATRIX_WORDS(quads) * 4, shift = w.dtype() == DType::U8 ? 128 : 0;
  Tensor out(DType::I8, {groups, panels, blocks, taps, 16, row});
  int8_t *to = out.mutableAs<int8_t>().data();
  const char *from = w.data();
  for (int64_t o = 0; o < groups * channels; ++o)
    for (int64_t k = 0; k < depth * taps; ++k) {
      int64_t panel = o / channels * panels + o % channels / 16, byte = from[o * depth * taps + k], c = k / taps;
      to[(((panel * blocks + c / row) * taps + k % taps) * 16 + o % channels % 16) * row + c % row] = static_cast<int8_t>(shift ? (byte & 255) - shift : byte);
    }
  return out;
}

Tensor packTaps(const Tensor &w, int64_t outputs, int64_t depth, int64_t high, int64_t wide) {
  int64_t quads = (wide + 3) / 4, words = high * depth * quads, length = IK_CONVMATRIX_BLOCKS(words) * IK_CONVMATRIX_WORDS(words) * 4;
  Tensor out(w.dtype(), {outputs, length});
  std::memset(out.mutableData(), w.dtype() == DType::U8 ? 128 : 0, out.bytes());
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t c = 0; c < depth; ++c)
      for (int64_t tap = 0; tap < high * wide; ++tap)
        out.mutableData()[o * length + (tap / wide * depth + c) * quads * 4 + tap % wide] = w.data()[(o * depth + c) * high * wide + tap];
  return out;
}

bool hasWeightZeros(const Tensor &zeros, bool isUnsigned) {
  for (int64_t i = 0; i < zeros.count(); ++i)
    if (zeros.intAt(i) != (isUnsigned ? 128 : 0))
      return true;
  return false;
}

/// How bytes of weights lie in their tensor.
static ByteMatrix matrixOf(const Tensor &from, const PanelShape &shape, WeightStrides strides) {
  return {from.data(), shape.groups * shape.channels, shape.depth, strides.output, strides.depth, from.dtype() == DType::U8};
}

static Tensor packBytes(const Tensor &from, WeightForm form, int64_t bytes, int64_t stored, PanelShape shape, WeightStrides strides) {
  Tensor out(DType::I8, {bytes});
  packForm(form, stored, matrixOf(from, shape, strides), shape, out.mutableData());
  return out;
}

/// countStored's of constant weights.
static StoredCounts storedOf(const LowerContext &context, mlir::Value weights, const PanelShape &shape, WeightStrides strides) {
  auto count = [&] { return countStored(matrixOf(*context.constant(weights), shape, strides)); };
  nn::WeightOp named = weights.getDefiningOp<nn::WeightOp>();
  if (!named || !context.weights)
    return count();
  std::string key = named.getSymbol().str() + "|" + std::to_string(strides.output) + "," + std::to_string(strides.depth) + "," + std::to_string(shape.depth);
  auto [known, isNew] = context.weights->stored.try_emplace(key);
  if (isNew)
    known->second = count();
  return known->second;
}

PackedWeights packWeights(mlir::Operation *op, LowerContext &context, mlir::Value weights, const WeightUse &use, WeightStrides strides,
                          bool packDense) {
  PackedWeights packed;
  packed.choice = context.chooseWeightForm(op, use, storedOf(context, weights, use.shape, strides));
  const WeightChoice &choice = packed.choice;
  if (choice.form == WeightForm::Dense && !packDense)
    return packed;
  std::string doc = choice.form == WeightForm::Dense ? "pack outputs in panels of " + std::to_string(use.shape.panel) + " x 4 k" : "leave out zeros: " + choice.note.form;
  packed.value = context.packed(op->getLoc(), "q.w", DType::I8, {choice.bytes}, weights, doc,
                                calling(packBytes, choice.form, choice.bytes, choice.stored, use.shape, strides));
  return packed;
}

} // namespace ingot
