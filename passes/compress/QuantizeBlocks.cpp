// Weight-only quantisation of matrix products: integers in blocks along the reduction, activations untouched.
#include "passes/Constants.h"
#include "passes/Passes.h"
#include "passes/compress/Compress.h"
#include "passes/compress/Names.h"
#include "passes/compress/math/Blocks.h"

#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"

#include <cmath>

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_QUANTIZEBLOCKS
#include "passes/compress/Passes.h.inc"

namespace {

/// Weights as quant.nbits_matmul takes them: integers ui8 [N, blocks, bytes], scales [N * blocks], zero points packed, each output's at a byte.
struct Blocks {
  Tensor integers, scales, zeros;
  double error = 0;
};

/// Stores the `bits` bits of element `index` of a row.
void putBits(uint8_t *row, int64_t index, int64_t bits, uint8_t value) { row[index * bits / 8] |= static_cast<uint8_t>(value << index * bits % 8); }

Blocks quantizeColumns(const Tensor &weights, const QuantizeSpec &spec) {
  int64_t depth = weights.shape()[0], columns = weights.shape()[1], count = (depth + spec.block - 1) / spec.block;
  int64_t blockBytes = spec.block * spec.bits / 8, zeroBytes = (count * spec.bits + 7) / 8;
  Blocks result{Tensor(DType::U8, {columns, count, blockBytes}), Tensor(DType::F32, {columns * count}), Tensor(DType::U8, {columns * zeroBytes})};
  const float *w = weights.as<float>().data();
  uint8_t *integers = result.integers.mutableAs<uint8_t>().data(), *zeros = result.zeros.mutableAs<uint8_t>().data();
  float *scales = result.scales.mutableAs<float>().data();
  double lost = 0, all = 0;
  std::vector<float> values;
  for (int64_t n = 0; n < columns; ++n)
    for (int64_t block = 0; block < count; ++block) {
      int64_t first = block * spec.block, last = std::min(first + spec.block, depth);
      values.clear();
      for (int64_t k = first; k < last; ++k)
        values.push_back(w[k * columns + n]);
      BlockParams params = searchBlock(values.data(), last - first, spec.bits);
      scales[n * count + block] = params.scale;
      putBits(zeros + n * zeroBytes, block, spec.bits, static_cast<uint8_t>(params.zero));
      for (int64_t k = 0; k < last - first; ++k)
        putBits(integers + (n * count + block) * blockBytes, k, spec.bits, blockValue(values[k], params, spec.bits));
      lost += blockError(values.data(), last - first, params, spec.bits);
      for (float value : values)
        all += static_cast<double>(value) * static_cast<double>(value);
    }
  result.error = all > 0 ? std::sqrt(lost / all) : 0;
  return result;
}

/// x [..., K] -> f32 [M, K'], K' the next multiple of 32, which the product's activations are quantised in.
Value paddedRows(OpBuilder &builder, Location loc, TypedValue<RankedTensorType> x) {
  constexpr int64_t kActivationBlock = 32;
  int64_t depth = x.getType().getShape().back(), rows = x.getType().getNumElements() / std::max<int64_t>(depth, 1);
  int64_t missing = (kActivationBlock - depth % kActivationBlock) % kActivationBlock;
  Type element = x.getType().getElementType();
  Value flat = nn::ReshapeOp::create(builder, loc, RankedTensorType::get({rows, depth}, element), x);
  if (missing == 0)
    return flat;
  return nn::PadOp::create(builder, loc, RankedTensorType::get({rows, depth + missing}, element), flat, Value(), ArrayRef<int64_t>{0, 0},
                           ArrayRef<int64_t>{0, missing}, nn::PadMode::constant);
}

struct QuantizeBlocks : impl::QuantizeBlocksBase<QuantizeBlocks> {
  explicit QuantizeBlocks(const PassContext &context) : context(context) {}

  void runOnOperation() override {
    if (!context.store || !context.compress)
      return;
    SmallVector<nn::MatmulOp> ops;
    getOperation().walk([&](nn::MatmulOp op) { ops.push_back(op); });
    for (nn::MatmulOp op : ops)
      quantize(op);
  }

private:
  void quantize(nn::MatmulOp op) {
    std::string name = nameOf(op.getResult()).str();
    std::optional<Tensor> weights = constantOf(op.getRhs(), context.store);
    if (!weights || weights->rank() != 2 || weights->dtype() != DType::F32 || weights->count() == 0 || name.empty()) {
      op.emitRemark() << "kept in f32: its weights are not a constant matrix, or its result has no name in the model";
      return;
    }
    const QuantizeSpec &spec = context.compress->quantize;
    Blocks blocks = quantizeColumns(*weights, spec);
    OpBuilder builder(op);
    Location loc = op.getRhs().getLoc();
    Value integers = makeConstant(builder, loc, blocks.integers, *context.store, name + ".integers");
    Value scales = makeConstant(builder, loc, blocks.scales, *context.store, name + ".scales");
    Value zeros = makeConstant(builder, loc, blocks.zeros, *context.store, name + ".zeros");
    Value x = paddedRows(builder, op.getLoc(), op.getLhs());
    int64_t rows = cast<RankedTensorType>(x.getType()).getDimSize(0);
    Type flat = RankedTensorType::get({rows, weights->shape()[1]}, op.getType().getElementType());
    Value product = quant::NbitsMatmulOp::create(builder, op.getLoc(), flat, x, integers, scales, zeros, spec.bits, spec.block, /*activations=*/8);
    nn::ReshapeOp result = nn::ReshapeOp::create(builder, op.getLoc(), op.getType(), product);
    result->setAttr(kNameAttr, builder.getStringAttr(name));
    product.getDefiningOp()->setAttr(kNameAttr, builder.getStringAttr(name));
    op.getResult().replaceAllUsesWith(result.getResult());
    op.erase();
    int64_t bytes = blocks.integers.bytes() + blocks.scales.bytes() + blocks.zeros.bytes();
    context.compress->layers.push_back({name, "int" + std::to_string(spec.bits) + " block " + std::to_string(spec.block), weights->bytes(), bytes, blocks.error, 1});
  }

  PassContext context;
};

} // namespace

std::unique_ptr<Pass> createQuantizeBlocks(const PassContext &context) { return std::make_unique<QuantizeBlocks>(context); }

} // namespace ingot
