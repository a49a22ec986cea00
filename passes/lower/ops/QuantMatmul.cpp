// Lowers quant.matmul: with one constant right side, scales and zeros to ik_qmatmul, or to its sparse forms, where the device has a use
// for packed weights; otherwise to ik_qmatmul_both where it has tiles and rows have no scales of their own, and to ik_qmatmulnd for the rest,
// which both read all of that from their tensors.
#include "passes/lower/Convert.h"
#include "passes/lower/LowerOp.h"
#include "passes/lower/MatmulShape.h"
#include "passes/lower/QuantTerms.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

/// One matrix of weights, and everything beside the left side known when Ingot compiles; the left side has one scale and zero.
bool isPackable(quant::MatmulOp op, const MatmulShape &shape, LowerContext &context) {
  for (Value value : op->getOperands())
    if (value != op.getLhs() && !context.isConstant(value))
      return false;
  return shape.batches() == 1 && shape[IK_MATMUL_K] > 0 && elementsOf(op.getRhs()) == shape[IK_MATMUL_K] * shape[IK_MATMUL_N] &&
         elementsOf(op.getLhsScale()) == 1 && elementsOf(op.getLhsZero()) == 1;
}

Value makeTable(quant::MatmulOp op, LowerContext &context, int64_t n) {
  SmallVector<Value> from{op.getLhsScale(), op.getRhs(), op.getRhsScale(), op.getRhsZero(), op.getResultScale()};
  if (op.getBias())
    from.push_back(op.getBias());
  return context.packed(op.getLoc(), "qmatmul.table", DType::I32, {IK_QTABLE_ROWS, n}, from, "bias, sums, zeros and multipliers",
                        calling(quantTableOf, n, /*shifted=*/true, /*transposed=*/true));
}

/// x, packed weights, table -> y.
Value lowerPacked(quant::MatmulOp op, LowerContext &context, const MatmulShape &shape, SmallVector<int64_t> params) {
  int64_t m = shape[IK_MATMUL_M], n = shape[IK_MATMUL_N], depth = shape[IK_MATMUL_K], tile = std::min<int64_t>(m, IK_QROWS);
  int64_t *q = params.data() + IK_MATMUL_COUNT;
  q[IK_Q_X_ZERO] = context.constant(op.getLhsZero())->intAt(0);
  q[IK_Q_Y_ZERO] = context.constant(op.getResultZero())->intAt(0);
  q[IK_Q_W_ZEROS] = hasWeightZeros(*context.constant(op.getRhsZero()), q[IK_Q_W_UNSIGNED]);
  PanelShape panels{1, n, depth, IK_QPANEL};
  PackedWeights packed = packWeights(op, context, op.getRhs(), {panels, m, false}, {1, n});
  q[IK_Q_STORED] = packed.choice.stored;
  int64_t scratch[] = {IK_QMATMUL_SCRATCH(depth), IK_QMATMUL_4X1_SCRATCH(depth), IK_QMATMUL_BITS_SCRATCH(tile, depth)};
  constexpr StringLiteral rows[] = {"ik_qmatmul", "ik_qmatmul_4x1", "ik_qmatmul_bits"};
  int form = static_cast<int>(packed.choice.form);
  int64_t work = packed.choice.form == WeightForm::Quads4x1 ? packed.choice.stored * 4 * m : shape.work();
  return context.micro(op.getLoc(), rows[form], op.getResult().getType(), {op.getLhs(), packed.value, makeTable(op, context, n)}, params, work, scratch[form])
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
  if (isPackable(op, *shape, context)) {
    if (context.packsBytes())
      return SmallVector<Value, 2>{lowerPacked(op, context, *shape, params)};
    context.noteDense(op, op.getRhs());
  }
  if (context.hasTiles() && !perRow && (*shape)[IK_MATMUL_K] > 0)
    return SmallVector<Value, 2>{context.micro(op.getLoc(), "ik_qmatmul_both", op.getResult().getType(), op->getOperands(), params, shape->work(),
                                               IK_QMATMUL_BOTH_SCRATCH((*shape)[IK_MATMUL_K])).getResult(0)};
  return SmallVector<Value, 2>{
      context.micro(op.getLoc(), "ik_qmatmulnd", op.getResult().getType(), op->getOperands(), params, shape->work()).getResult(0)};
}

} // namespace

void registerQuantMatmul(LowerRegistry &registry) { registry.add("quant.matmul", lowerMatmul); }

} // namespace ingot
