// Lowers nn.cumulate, nn.top_k and nn.suppress_boxes to the kernels of order.h: lines along one axis.
#include "passes/lower/Convert.h"
#include "passes/lower/KernelType.h"
#include "passes/lower/LowerOp.h"
#include "targets/common/ukernels/order.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;


/// Products of the extents before and after the axis, which may not be taken from the element count: the axis may be empty.
struct Lines {
  int64_t outer = 1, extent = 1, inner = 1;
};

Lines linesOf(ArrayRef<int64_t> shape, int64_t axis) {
  Lines lines;
  for (auto [i, extent] : llvm::enumerate(shape)) {
    int64_t &part = static_cast<int64_t>(i) < axis ? lines.outer : static_cast<int64_t>(i) == axis ? lines.extent : lines.inner;
    part *= extent;
  }
  return lines;
}

/// "f32" for floats; integers are modulo 2^bits, where the unsigned type serves both.
std::string cumulateSuffix(Type element) {
  StringRef suffix = kernelTypeSuffix(element);
  return suffix.starts_with("i") ? ("u" + suffix.drop_front()).str() : suffix.str();
}

Lowered refuse(StringRef what, Type element, std::string &why) {
  why = ("no " + what + " kernel for elements of type " + name(*toDType(element))).str();
  return failure();
}

Lowered lowerCumulate(Operation *operation, LowerContext &context, std::string &why) {
  nn::CumulateOp op = cast<nn::CumulateOp>(operation);
  RankedTensorType type = tensorType(op.getInput());
  std::string suffix = cumulateSuffix(type.getElementType());
  if (suffix.empty())
    return refuse("cumulation", type.getElementType(), why);
  Lines lines = linesOf(type.getShape(), op.getAxis());
  SmallVector<int64_t> params(IK_CUMULATE_COUNT, 0);
  params[IK_CUMULATE_OUTER] = lines.outer;
  params[IK_CUMULATE_EXTENT] = lines.extent;
  params[IK_CUMULATE_INNER] = lines.inner;
  params[IK_CUMULATE_PRODUCT] = op.getProduct();
  params[IK_CUMULATE_EXCLUSIVE] = op.getExclusive();
  params[IK_CUMULATE_REVERSE] = op.getReverse();
  kernel::MicroOp call =
      context.micro(op.getLoc(), "ik_cumulate_" + suffix, op->getResultTypes(), op.getInput(), params, type.getNumElements());
  return SmallVector<Value, 2>{call.getResult(0)};
}

Lowered lowerTopK(Operation *operation, LowerContext &context, std::string &why) {
  nn::TopKOp op = cast<nn::TopKOp>(operation);
  RankedTensorType type = tensorType(op.getInput());
  StringRef suffix = kernelTypeSuffix(type.getElementType());
  if (suffix.empty())
    return refuse("top-k", type.getElementType(), why);
  Lines lines = linesOf(type.getShape(), op.getAxis());
  SmallVector<int64_t> params(IK_TOPK_COUNT, 0);
  params[IK_TOPK_OUTER] = lines.outer;
  params[IK_TOPK_EXTENT] = lines.extent;
  params[IK_TOPK_INNER] = lines.inner;
  params[IK_TOPK_K] = tensorType(op.getValues()).getShape()[op.getAxis()];
  params[IK_TOPK_SMALLEST] = op.getSmallest();
  kernel::MicroOp call =
      context.micro(op.getLoc(), ("ik_top_k_" + suffix).str(), op->getResultTypes(), op.getInput(), params, type.getNumElements());
  return SmallVector<Value, 2>(call->result_begin(), call->result_end());
}

Lowered lowerSuppressBoxes(Operation *operation, LowerContext &context, std::string &) {
  nn::SuppressBoxesOp op = cast<nn::SuppressBoxesOp>(operation);
  ArrayRef<int64_t> shape = tensorType(op.getScores()).getShape();
  SmallVector<int64_t> params(IK_SUPPRESS_COUNT, 0);
  params[IK_SUPPRESS_BATCHES] = shape[0];
  params[IK_SUPPRESS_CLASSES] = shape[1];
  params[IK_SUPPRESS_BOXES] = shape[2];
  params[IK_SUPPRESS_MOST] = static_cast<int64_t>(op.getMost());
  kernel::MicroOp call = context.micro(op.getLoc(), "ik_suppress_boxes", op->getResultTypes(), op->getOperands(), params, tensorType(op.getScores()).getNumElements(),
                                       IK_SUPPRESS_SCRATCH(std::min(shape[2], params[IK_SUPPRESS_MOST])));
  return SmallVector<Value, 2>(call->result_begin(), call->result_end());
}

} // namespace

void registerOrder(LowerRegistry &registry) {
  registry.add("nn.cumulate", lowerCumulate);
  registry.add("nn.top_k", lowerTopK);
  registry.add("nn.suppress_boxes", lowerSuppressBoxes);
}

} // namespace ingot
