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

Tensor columnsFirst(const Tensor &b, int64_t depth, int64_t columns) {
  Tensor out(b.dtype(), {columns, depth});
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t j = 0; j < columns; ++j)
      out.mutableData()[j * depth + k] = b.data()[k * columns + j];
  return out;
}

bool hasWeightZeros(const Tensor &zeros, bool isUnsigned) {
  for (int64_t i = 0; i < zeros.count(); ++i)
    if (zeros.intAt(i) != (isUnsigned ? 128 : 0))
      return true;
  return false;
}

PackedWeights packWeights(mlir::Operation *op, LowerContext &context, mlir::Value weights, const WeightUse &use, WeightStrides strides,
                          bool packDense) {
  auto matrix = [use, strides](const Tensor &from) {
    return ByteMatrix{from.data(), use.outputs(), use.shape.depth, strides.output, strides.depth, from.dtype() == DType::U8};
  };
  PackedWeights packed;
  packed.choice = context.chooseWeightForm(op, use, countStored(matrix(*context.constant(weights))));
  WeightChoice choice = packed.choice;
  if (choice.form == WeightForm::Dense && !packDense)
    return packed;
  std::string doc = choice.form == WeightForm::Dense ? "pack outputs in panels of " + std::to_string(use.shape.panel) + " x 4 k" : "leave out zeros: " + choice.note.form;
  packed.value = context.packed(op->getLoc(), "q.w", DType::I8, {choice.bytes}, weights, doc, [=](llvm::ArrayRef<Tensor> from) {
    Tensor out(DType::I8, {choice.bytes});
    packForm(choice, matrix(from[0]), use.shape, out.mutableData());
    return out;
  });
  return packed;
}

} // namespace ingot
