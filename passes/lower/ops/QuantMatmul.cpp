// Lowers quant.matmul: with a constant right side, scales and zeros to ik_qmatmul (b packed, multipliers and sums in one table); otherwise
// to ik_qmatmulnd, which reads scales and zeros from their tensors.
#include "passes/lower/Convert.h"
#include "passes/lower/LowerOp.h"
#include "passes/lower/MatmulShape.h"
#include "passes/lower/QuantTerms.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

/// One left scale, one constant right matrix, and all that the packed forms are made of known when Ingot compiles.
bool isFixed(quant::MatmulOp op, LowerContext &context, const MatmulShape &shape) {
  for (Value value : op->getOperands())
    if (value != op.getLhs() && !context.isConstant(value))
      return false;
  return shape.batches() == 1 && shape[IK_MATMUL_K] > 0 && elementsOf(op.getRhs()) == shape[IK_MATMUL_K] * shape[IK_MATMUL_N] &&
         elementsOf(op.getLhsScale()) == 1 && elementsOf(op.getLhsZero()) == 1;
}

Value lowerFast(quant::MatmulOp op, LowerContext &context, const MatmulShape &shape, SmallVector<int64_t> params) {
  int64_t depth = shape[IK_MATMUL_K], columns = shape[IK_MATMUL_N];
  params[IK_MATMUL_COUNT + IK_Q_X_ZERO] = context.constant(op.getLhsZero())->intAt(0);
  params[IK_MATMUL_COUNT + IK_Q_Y_ZERO] = context.constant(op.getResultZero())->intAt(0);
  Value packed = context.packed(op.getLoc(), "qmatmul.b", DType::I8, {(columns + 15) / 16, (depth + 3) / 4, 16, 4}, op.getRhs(),
                                "pack columns in panels of 16 x 4 k", [=](ArrayRef<Tensor> from) { return packQuadColumns(from[0], depth, columns); });
  SmallVector<Value> from{op.getLhsScale(), op.getRhs(), op.getRhsScale(), op.getRhsZero(), op.getResultScale()};
  if (op.getBias())
    from.push_back(op.getBias());
  Value table = context.packed(op.getLoc(), "qmatmul.table", DType::I32, {IK_QTABLE_ROWS, columns}, from, "bias, sums, zeros and multipliers",
                               [=](ArrayRef<Tensor> t) {
                                 Tensor weights = columnsFirst(t[1], depth, columns);
                                 return quantTable({t[0], weights, t[2], t[3], t[4], t.size() > 5 ? &t[5] : nullptr}, columns, true);
                               });
  return context.micro(op.getLoc(), "ik_qmatmul", op.getResult().getType(), {op.getLhs(), packed, table}, params, shape.work(), IK_QMATMUL_SCRATCH(depth))
      .getResult(0);
}

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
  if (isFixed(op, context, *shape))
    return SmallVector<Value, 2>{lowerFast(op, context, *shape, params)};
  return SmallVector<Value, 2>{
      context.micro(op.getLoc(), "ik_qmatmulnd", op.getResult().getType(), op->getOperands(), params, shape->work()).getResult(0)};
}

} // namespace

void registerQuantMatmul(LowerRegistry &registry) { registry.add("quant.matmul", lowerMatmul); }

} // namespace ingot
