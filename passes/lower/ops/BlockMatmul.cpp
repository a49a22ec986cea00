// Lowers quant.block_matmul to ik_block_quantize (shared by the products of one input) and ik_block_matmul_<format> on packed weights (with 16-bit
// activations ik_block_quantize16 and ik_block_matmul16_<format>), and quant.block_rows to ik_block_rows_<format> on the same packed weights.
#include "passes/lower/BlockWeights.h"
#include "passes/lower/Convert.h"
#include "targets/common/ukernels/block.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

Lowered lowerBlockMatmul(Operation *operation, LowerContext &context, std::string &why) {
  quant::BlockMatmulOp op = cast<quant::BlockMatmulOp>(operation);
  int64_t rows = op.getInput().getType().getDimSize(0), k = op.getInput().getType().getDimSize(1);
  why.clear();
  std::optional<BlockWeights> weights = packBlockWeights(context, op.getLoc(), op.getWeights(), op.getFormat(), k, why);
  if (!weights)
    return failure();
  int64_t bits = static_cast<int64_t>(op.getActivations());
  Value x = blockActivations(context, op.getLoc(), op.getInput(), rows, *weights, bits);
  std::string kernel = blockKernel("ik_block_matmul", *weights, bits);
  int64_t scratch = weights->format.isFloat() ? IK_FLOAT_SCRATCH : 0;
  if (!scratch && context.hasMatrixRegisters())
    scratch = IK_BLOCKMM_SCRATCH(rows, bits / 8, k);
  return SmallVector<Value, 2>{
      context.micro(op.getLoc(), kernel, op.getResult().getType(), {x, weights->packed}, {rows, weights->n, k}, rows * weights->n * k, scratch).getResult(0)};
}

Lowered lowerBlockRows(Operation *operation, LowerContext &context, std::string &why) {
  quant::BlockRowsOp op = cast<quant::BlockRowsOp>(operation);
  int64_t rows = op.getIds().getType().getDimSize(0), k = op.getK();
  why.clear();
  std::optional<BlockWeights> weights = packBlockWeights(context, op.getLoc(), op.getWeights(), op.getFormat(), k, why);
  if (!weights)
    return failure();
  std::string kernel = ("ik_block_rows_" + op.getFormat()).str();
  return SmallVector<Value, 2>{
      context.micro(op.getLoc(), kernel, op.getResult().getType(), {weights->packed, op.getIds()}, {rows, weights->n, k}, rows * k).getResult(0)};
}

} // namespace

void registerBlockMatmul(LowerRegistry &registry) {
  registry.add("quant.block_matmul", lowerBlockMatmul);
  registry.add("quant.block_rows", lowerBlockRows);
}

} // namespace ingot
