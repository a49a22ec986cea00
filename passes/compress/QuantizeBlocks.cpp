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

/// Integers [K, N] (one a byte), scales and zero points [blocks, N].
struct Blocks {
  Tensor integers, scales, zeros;
  double error = 0;
};

Blocks quantizeColumns(const Tensor &weights, const QuantizeSpec &spec) {
  int64_t depth = weights.shape()[0], columns = weights.shape()[1], count = (depth + spec.block - 1) / spec.block;
  DType type = spec.bits == 4 ? DType::U4 : DType::U8;
  Blocks result{Tensor(type, {depth, columns}), Tensor(DType::F32, {count, columns}), Tensor(type, {count, columns})};
  const float *w = weights.as<float>().data();
  uint8_t *integers = result.integers.mutableAs<uint8_t>().data(), *zeros = result.zeros.mutableAs<uint8_t>().data();
  float *scales = result.scales.mutableAs<float>().data();
  double lost = 0, all = 0;
  std::vector<float> values;
  for (int64_t block = 0; block < count; ++block)
    for (int64_t n = 0; n < columns; ++n) {
      int64_t first = block * spec.block, last = std::min(first + spec.block, depth);
      values.clear();
      for (int64_t k = first; k < last; ++k)
        values.push_back(w[k * columns + n]);
      BlockParams params = searchBlock(values.data(), last - first, spec.bits);
      scales[block * columns + n] = params.scale;
      zeros[block * columns + n] = static_cast<uint8_t>(params.zero);
      for (int64_t k = first; k < last; ++k)
        integers[k * columns + n] = blockValue(values[k - first], params, spec.bits);
      lost += blockError(values.data(), last - first, params, spec.bits);
      for (float value : values)
        all += static_cast<double>(value) * static_cast<double>(value);
    }
  result.error = all > 0 ? std::sqrt(lost / all) : 0;
  return result;
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
    if (!weights || weights->rank() != 2 || weights->dtype() != DType::F32 || name.empty()) {
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
    op.getRhsMutable().assign(quant::DequantizeOp::create(builder, loc, op.getRhs().getType(), integers, scales, zeros, /*axis=*/0, spec.block));
    int64_t bytes = blocks.integers.count() * spec.bits / 8 + blocks.scales.bytes() + blocks.zeros.count() * spec.bits / 8;
    context.compress->layers.push_back({name, "int" + std::to_string(spec.bits) + " block " + std::to_string(spec.block), weights->bytes(), bytes, blocks.error, 1});
  }

  PassContext context;
};

} // namespace

std::unique_ptr<Pass> createQuantizeBlocks(const PassContext &context) { return std::make_unique<QuantizeBlocks>(context); }

} // namespace ingot
