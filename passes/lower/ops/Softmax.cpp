// Lowers nn.softmax to ik_softmax_f32 or _f64; f16 and bf16 are computed in f32.
#include "passes/lower/Convert.h"
#include "targets/common/ukernels/softmax.h"

using namespace mlir;

namespace ingot {
namespace {

FailureOr<SmallVector<Value, 2>> lowerSoftmax(Operation *operation, LowerContext &context, std::string &why) {
  nn::SoftmaxOp op = cast<nn::SoftmaxOp>(operation);
  DType type = dtypeOf(op.getInput()), wide = computeType(type);
  if (wide != DType::F32 && wide != DType::F64) {
    why = ("softmax has no kernel for " + name(type)).str();
    return failure();
  }
  AxisSplit split = splitAt(op.getInput().getType().getShape(), op.getAxis());
  int64_t params[IK_SOFTMAX_COUNT] = {split.outer, split.n, split.inner, op.getLog()};
  Value x = convertElements(context, op.getLoc(), op.getInput(), wide);
  Value y = context.micro(op.getLoc(), wide == DType::F32 ? "ik_softmax_f32" : "ik_softmax_f64", x.getType(), x, params, tensorType(x).getNumElements())
                .getResult(0);
  return SmallVector<Value, 2>{convertElements(context, op.getLoc(), y, type)};
}

} // namespace

void registerSoftmax(LowerRegistry &registry) { registry.add("nn.softmax", lowerSoftmax); }

} // namespace ingot
