// Lowers the ops of step-by-step sequences: nn.rope, nn.cache_append, nn.causal_conv, nn.selective_scan and
// nn.gated_delta (in place on what they keep), nn.cached_attention.
#include "passes/lower/Convert.h"
#include "passes/lower/KernelType.h"
#include "targets/common/ukernels/sequence.h"

using namespace mlir;

namespace ingot {
namespace {

/// The kernels' suffix for a cache.
std::string cacheSuffix(Value cache) { return dtypeOf(cache) == DType::U8 ? "q8" : kernelTypeSuffix(dtypeOf(cache)).str(); }

using Lowered = FailureOr<SmallVector<Value, 2>>;

Lowered lowerRope(Operation *operation, LowerContext &context, std::string &) {
  nn::RopeOp op = cast<nn::RopeOp>(operation);
  ArrayRef<int64_t> x = op.getInput().getType().getShape(), table = op.getTable().getType().getShape();
  int64_t params[IK_ROPE_COUNT] = {x[0], x[1], x[2], table[0], table[1], op.getPairs() == nn::RopePairs::halves};
  StringRef kernel = op.getPosition().getType().getDimSize(0) > 1 ? "ik_rope_each" : "ik_rope";
  return SmallVector<Value, 2>{
      context.micro(op.getLoc(), kernel, op.getResult().getType(), op->getOperands(), params, op.getInput().getType().getNumElements()).getResult(0)};
}

Lowered lowerCacheAppend(Operation *operation, LowerContext &context, std::string &) {
  nn::CacheAppendOp op = cast<nn::CacheAppendOp>(operation);
  ArrayRef<int64_t> all = op.getCache().getType().getShape(), cache = all.take_back(3), rows = op.getRows().getType().getShape();
  SmallVector<int64_t, IK_APPEND_SEQUENCES_COUNT> params = {rows[0], cache[0], cache[1], rows[2], op.getRing()};
  if (op.getSequence())
    params.append({all[0], op.getPosition().getType().getDimSize(0)});
  std::string kernel = (op.getSequence() ? "ik_cache_append_sequences_" : "ik_cache_append_") + cacheSuffix(op.getCache());
  kernel::MicroOp micro =
      context.micro(op.getLoc(), kernel, op.getResult().getType(), op->getOperands(), params, op.getRows().getType().getNumElements());
  micro.setDest(0);
  return SmallVector<Value, 2>{micro.getResult(0)};
}

Lowered lowerCachedAttention(Operation *operation, LowerContext &context, std::string &why) {
  nn::CachedAttentionOp op = cast<nn::CachedAttentionOp>(operation);
  ArrayRef<int64_t> q = op.getQuery().getType().getShape(), all = op.getKey().getType().getShape(), k = all.take_back(3);
  if (dtypeOf(op.getKey()) != dtypeOf(op.getValue())) {
    why = "attention over keys and values of different types";
    return failure();
  }
  int64_t width = op.getResult().getType().getDimSize(2), length = k[1];
  SmallVector<int64_t, IK_ATTENTION_SEQUENCES_COUNT> params = {q[0],  q[1], k[0], length, q[2], width, static_cast<int64_t>(op.getWindow()),
                                                               paramF32(op.getScale().convertToDouble()), paramF32(op.getSoftcap().convertToDouble()),
                                                               op.getRing(), op.getWhole(), op.getPiecewise(),
                                                               paramF32(op.getAlibi().convertToDouble())};
  if (op.getSequence())
    params.append({all[0], op.getPosition().getType().getDimSize(0)});
  std::string kernel = (llvm::Twine("ik_cached_attention_") + (op.getSequence() ? "sequences_" : "") + (op.getSinks() ? "sinks_" : "") + cacheSuffix(op.getKey())).str();
  int64_t work = q[0] * q[1] * length * (q[2] + width);
  return SmallVector<Value, 2>{
      context.micro(op.getLoc(), kernel, op.getResult().getType(), op->getOperands(), params, work, IK_ATTENTION_SCRATCH(q[2], width)).getResult(0)};
}

Lowered lowerCausalConv(Operation *operation, LowerContext &context, std::string &) {
  nn::CausalConvOp op = cast<nn::CausalConvOp>(operation);
  ArrayRef<int64_t> state = op.getState().getType().getShape();
  int64_t rows = op.getRows().getType().getDimSize(0);
  int64_t params[IK_CAUSAL_COUNT] = {rows, state[2], state[1], state[0], op.getPosition().getType().getDimSize(0)};
  kernel::MicroOp micro = context.micro(op.getLoc(), "ik_causal_conv", op->getResultTypes(), op->getOperands(), params, rows * state[2] * (state[1] + 1));
  micro.setDest(0);
  return SmallVector<Value, 2>(micro.getResults());
}

Lowered lowerSelectiveScan(Operation *operation, LowerContext &context, std::string &) {
  nn::SelectiveScanOp op = cast<nn::SelectiveScanOp>(operation);
  ArrayRef<int64_t> state = op.getState().getType().getShape(), rows = op.getRows().getType().getShape();
  int64_t groups = (rows[1] - state[1] * state[3]) / (2 * state[2]);
  int64_t params[IK_SCAN_COUNT] = {rows[0], state[1], state[3], state[2], groups, state[0], op.getPosition().getType().getDimSize(0)};
  int64_t work = 2 * rows[0] * state[1] * state[2] * state[3];
  kernel::MicroOp micro = context.micro(op.getLoc(), "ik_selective_scan", op->getResultTypes(), op->getOperands(), params, work);
  micro.setDest(0);
  return SmallVector<Value, 2>(micro.getResults());
}

Lowered lowerGatedDelta(Operation *operation, LowerContext &context, std::string &) {
  nn::GatedDeltaOp op = cast<nn::GatedDeltaOp>(operation);
  ArrayRef<int64_t> state = op.getState().getType().getShape(), rows = op.getRows().getType().getShape();
  int64_t groups = (rows[1] - state[1] * state[3]) / (2 * state[2]);
  int64_t params[IK_DELTA_COUNT] = {rows[0], state[1], state[3], state[2], groups, state[0], op.getPosition().getType().getDimSize(0),
                                    llvm::bit_cast<int64_t>(op.getEpsilon().convertToDouble()), op.getCyclic()};
  int64_t work = 4 * rows[0] * state[1] * state[2] * state[3];
  kernel::MicroOp micro = context.micro(op.getLoc(), "ik_gated_delta", op->getResultTypes(), op->getOperands(), params, work, IK_DELTA_SCRATCH(state[2]));
  micro.setDest(0);
  return SmallVector<Value, 2>(micro.getResults());
}

} // namespace

void registerSequence(LowerRegistry &registry) {
  registry.add("nn.rope", lowerRope);
  registry.add("nn.cache_append", lowerCacheAppend);
  registry.add("nn.cached_attention", lowerCachedAttention);
  registry.add("nn.causal_conv", lowerCausalConv);
  registry.add("nn.selective_scan", lowerSelectiveScan);
  registry.add("nn.gated_delta", lowerGatedDelta);
}

} // namespace ingot
