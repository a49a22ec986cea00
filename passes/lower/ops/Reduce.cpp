// Lowers nn.reduce to ik_reduce of its type over one block of adjacent axes; other axes are moved to the end by a map, f16 and bf16 are joined in
// f32, booleans (maximum and minimum) as bytes.
#include "passes/lower/Convert.h"
#include "passes/lower/KernelType.h"
#include "targets/common/ukernels/reduce.h"

using namespace mlir;

namespace ingot {
namespace {

DType joinType(DType type) {
  if (type == DType::Bool)
    return DType::U8;
  if (type == DType::I16 || type == DType::U16)
    return DType::I32;
  return computeType(type);
}

bool hasKernel(DType type, nn::ReduceKind kind) {
  bool isLog = kind == nn::ReduceKind::log_sum || kind == nn::ReduceKind::log_sum_exp;
  switch (type) {
  case DType::F32: case DType::F64: return true;
  case DType::I8: case DType::U8: case DType::I32: case DType::U32: case DType::I64: return !isLog;
  default: return false;
  }
}

FailureOr<SmallVector<Value, 2>> lowerReduce(Operation *operation, LowerContext &context, std::string &why) {
  nn::ReduceOp op = cast<nn::ReduceOp>(operation);
  Location loc = op.getLoc();
  DType type = dtypeOf(op.getInput()), wide = joinType(type);
  if (!hasKernel(wide, op.getKind())) {
    why = ("reduce " + nn::stringifyReduceKind(op.getKind()) + " has no kernel for " + name(type)).str();
    return failure();
  }
  Value x = convertElements(context, loc, op.getInput(), wide);
  std::optional<AxisSplit> split = adjacentAxes(tensorType(x).getShape(), op.getAxes());
  if (!split) {
    AxesLast last = axesLast(tensorType(x).getShape(), op.getAxes());
    x = permuted(context, loc, x, last.perm);
    split = AxisSplit{last.outer, last.n, 1};
  }
  int64_t params[IK_REDUCE_COUNT] = {static_cast<int64_t>(op.getKind()), split->outer, split->n, split->inner};
  RankedTensorType resultType = RankedTensorType::get(op.getResult().getType().getShape(), toMlir(wide, op.getContext()));
  Value y = context.micro(loc, ("ik_reduce_" + kernelTypeSuffix(wide)).str(), resultType, x, params, tensorType(x).getNumElements()).getResult(0);
  return SmallVector<Value, 2>{convertElements(context, loc, y, type)};
}

} // namespace

void registerReduce(LowerRegistry &registry) { registry.add("nn.reduce", lowerReduce); }

} // namespace ingot
