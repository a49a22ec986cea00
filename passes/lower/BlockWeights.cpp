// The packing recipe of block-quantised weights, and the activations that go with them.
#include "passes/lower/BlockWeights.h"

#include "passes/lower/Convert.h"
#include "targets/common/ukernels/block.h"

using namespace mlir;

namespace ingot {
namespace {

/// `name` is one of a PackFormat, whose bytes stay where they are.
Tensor packMatrices(const Tensor &from, std::string_view name, int64_t experts, int64_t n, int64_t k) {
  PackFormat format = *findPackFormat(name);
  int64_t source = n * format.rowBytes(k), size = format.packedBytes(n, k);
  Tensor out(DType::U8, {experts * size});
  char *to = out.mutableData();
  for (int64_t e = 0; e < experts; ++e)
    format.pack(from.data() + e * source, n, k, to + e * size);
  return out;
}

} // namespace

std::optional<BlockWeights> packBlockWeights(LowerContext &context, Location loc, Value weights, StringRef format, int64_t k, std::string &why) {
  std::optional<PackFormat> found = findPackFormat(format);
  ArrayRef<int64_t> shape = tensorType(weights).getShape();
  if (!found)
    why = ("no kernel multiplies blocks of " + format).str();
  else if (!context.isConstant(weights))
    why = "block-quantised weights that are computed";
  else if (k == 0 || llvm::is_contained(shape, 0))
    why = "an empty block-quantised matrix";
  if (!why.empty())
    return std::nullopt;
  PackFormat row = *found;
  int64_t experts = shape.size() == 3 ? shape[0] : 1, n = shape[shape.size() - 2];
  nn::WeightOp weight = weights.getDefiningOp<nn::WeightOp>();
  std::string name = weight ? (weight.getSymbol() + ".panels").str() : "panels", doc = ("pack " + format + " rows in panels of " + Twine(row.panel)).str();
  Value packed = context.packed(loc, name, DType::U8, {experts * row.packedBytes(n, k)}, weights, std::move(doc), calling(packMatrices, row.name, experts, n, k));
  return BlockWeights{row, experts, n, k, packed};
}

Value blockActivations(LowerContext &context, Location loc, Value input, int64_t rows, const BlockWeights &weights, int64_t bits) {
  return weights.format.isFloat() ? input : quantizedRows(context, loc, input, rows, weights.k, bits);
}

std::string blockKernel(StringRef stem, const BlockWeights &weights, int64_t bits) {
  bool wide = bits == 16 && !weights.format.isFloat();
  return (stem + (wide ? "16_" : "_") + StringRef(weights.format.name)).str();
}

Value quantizedRows(LowerContext &context, Location loc, Value input, int64_t rows, int64_t k, int64_t bits) {
  Type byte = toMlir(DType::U8, context.builder.getContext());
  RankedTensorType type = RankedTensorType::get({rows * (bits / 8) * (k / IK_BLOCK) * IK_XBLOCK}, byte);
  return context.micro(loc, bits == 16 ? "ik_block_quantize16" : "ik_block_quantize", type, input, {rows, k}, rows * k).getResult(0);
}

} // namespace ingot
