// Lowers quant.block_matmul_experts to ik_block_experts_<format> or ik_block_experts16_<format> on the packed matrices of all experts.
#include "passes/lower/BlockWeights.h"
#include "passes/lower/Convert.h"
#include "targets/common/ukernels/block.h"

using namespace mlir;

namespace ingot {
namespace {

FailureOr<SmallVector<Value, 2>> lowerBlockExperts(Operation *operation, LowerContext &context, std::string &why) {
  quant::BlockMatmulExpertsOp op = cast<quant::BlockMatmulExpertsOp>(operation);
  ArrayRef<int64_t> x = op.getInput().getType().getShape(), chosen = op.getExperts().getType().getShape();
  why.clear();
  std::optional<BlockWeights> weights = packBlockWeights(context, op.getLoc(), op.getWeights(), op.getFormat(), x[2], why);
  if (!weights)
    return failure();
  int64_t bits = static_cast<int64_t>(op.getActivations());
  Value rows = blockActivations(context, op.getLoc(), op.getInput(), x[0] * x[1], *weights, bits);
  bool shared = x[1] == 1;
  int64_t params[IK_EXPERTS_COUNT] = {x[0], chosen[1], shared, weights->experts, weights->n, x[2]};
  std::string kernel = blockKernel("ik_block_experts", *weights, bits);
  return SmallVector<Value, 2>{context
                                   .micro(op.getLoc(), kernel, op.getResult().getType(), {rows, weights->packed, op.getExperts()}, params,
                                          x[0] * chosen[1] * weights->n * x[2], weights->format.isFloat() ? 0 : IK_EXPERTS_SCRATCH(x[2]))
                                   .getResult(0)};
}

} // namespace

void registerBlockExperts(LowerRegistry &registry) { registry.add("quant.block_matmul_experts", lowerBlockExperts); }

} // namespace ingot
