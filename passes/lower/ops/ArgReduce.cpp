// Lowers nn.arg_reduce to ik_argreduce of its type; f16 and bf16 are compared in f32.
#include "passes/lower/Convert.h"
#include "passes/lower/KernelType.h"
#include "targets/common/ukernels/argreduce.h"

using namespace mlir;

namespace ingot {
namespace {

FailureOr<SmallVector<Value, 2>> lowerArgReduce(Operation *operation, LowerContext &context, std::string &why) {
  nn::ArgReduceOp op = cast<nn::ArgReduceOp>(operation);
  DType wide = computeType(dtypeOf(op.getInput()));
  StringRef suffix = kernelTypeSuffix(wide);
  if (suffix.empty()) {
    why = ("arg_reduce has no kernel for " + name(wide)).str();
    return failure();
  }
  AxisSplit split = splitAt(op.getInput().getType().getShape(), op.getAxis());
  int64_t params[IK_ARG_COUNT] = {split.outer, split.n, split.inner, op.getSmallest(), op.getLast()};
  Value x = convertElements(context, op.getLoc(), op.getInput(), wide);
  kernel::MicroOp call =
      context.micro(op.getLoc(), ("ik_argreduce_" + suffix).str(), op.getResult().getType(), x, params, tensorType(x).getNumElements());
  return SmallVector<Value, 2>{call.getResult(0)};
}

} // namespace

void registerArgReduce(LowerRegistry &registry) { registry.add("nn.arg_reduce", lowerArgReduce); }

} // namespace ingot
