// Lowers quant.matmul to ik_qmatmulnd, which reads scales and zeros from their tensors.
#include "passes/lower/Convert.h"
#include "passes/lower/LowerOp.h"
#include "passes/lower/MatmulShape.h"
#include "passes/lower/QuantTerms.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;


Lowered lowerMatmul(Operation *operation, LowerContext &context, std::string &why) {
  quant::MatmulOp op = cast<quant::MatmulOp>(operation);
  std::optional<MatmulShape> shape = matmulShape(tensorType(op.getLhs()), tensorType(op.getRhs()));
  bool perRow = elementsOf(op.getLhsScale()) > 1 || elementsOf(op.getLhsZero()) > 1;
  ArrayRef<int64_t> lhs = tensorType(op.getLhs()).getShape();
  if (!shape || (perRow && (*shape)[IK_MATMUL_M] != lhs[lhs.size() - 2]) || elementsOf(op.getResultScale()) != 1) {
    why = "a quantised matrix product with this broadcasting has no kernel";
    return failure();
  }
  (*shape)[IK_MATMUL_BIAS] = op.getBias() != nullptr;
  SmallVector<int64_t> params(shape->params);
  params.resize(IK_QMATMUL_COUNT, 0);
  int64_t *q = params.data() + IK_MATMUL_COUNT;
  q[IK_Q_X_UNSIGNED] = isUnsignedByte(op.getLhs());
  q[IK_Q_W_UNSIGNED] = isUnsignedByte(op.getRhs());
  q[IK_Q_Y_UNSIGNED] = isUnsignedByte(op.getResult());
  q[IK_Q_SCALES_PER_CHANNEL] = elementsOf(op.getRhsScale()) > 1;
  q[IK_Q_ZEROS_PER_CHANNEL] = elementsOf(op.getRhsZero()) > 1;
  q[IK_Q_SCALES_PER_ROW] = elementsOf(op.getLhsScale()) > 1;
  q[IK_Q_ZEROS_PER_ROW] = elementsOf(op.getLhsZero()) > 1;
  return SmallVector<Value, 2>{
      context.micro(op.getLoc(), "ik_qmatmulnd", op.getResult().getType(), op->getOperands(), params, shape->work()).getResult(0)};
}

} // namespace

void registerQuantMatmul(LowerRegistry &registry) { registry.add("quant.matmul", lowerMatmul); }

} // namespace ingot
