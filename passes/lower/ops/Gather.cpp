// Lowers gathers and scatters to the kernels of gather.h: nn.gather, nn.gather_elements, nn.gather_nd, nn.scatter_elements, nn.scatter_nd.
#include "passes/lower/Convert.h"
#include "passes/lower/KernelType.h"
#include "passes/lower/LowerOp.h"
#include "passes/lower/Map.h"
#include "targets/common/ukernels/gather.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

int64_t isWide(Value indices) { return tensorType(indices).getElementType().isInteger(64); }
int64_t widthOf(Value value) { return byteWidth(*toDType(tensorType(value).getElementType())); }

int64_t product(ArrayRef<int64_t> extents) {
  int64_t count = 1;
  for (int64_t extent : extents)
    count *= extent;
  return count;
}

/// Indices into no elements have no meaning: every index would be outside.
bool indexesNothing(Value input, Value indices, std::string &why) {
  if (tensorType(input).getNumElements() != 0 || tensorType(indices).getNumElements() == 0)
    return false;
  why = "an empty tensor cannot be indexed";
  return true;
}

Lowered call(Operation *op, LowerContext &context, StringRef row, ArrayRef<int64_t> params) {
  int64_t work = tensorType(op->getResult(0)).getNumElements();
  return SmallVector<Value, 2>{context.micro(op->getLoc(), row, op->getResultTypes(), op->getOperands(), params, work).getResult(0)};
}

Lowered lowerGather(Operation *operation, LowerContext &context, std::string &why) {
  nn::GatherOp op = cast<nn::GatherOp>(operation);
  if (tensorType(op.getResult()).getNumElements() != 0 && indexesNothing(op.getInput(), op.getIndices(), why))
    return failure();
  ArrayRef<int64_t> shape = tensorType(op.getInput()).getShape();
  SmallVector<int64_t> params(IK_GATHER_COUNT, 0);
  params[IK_GATHER_WIDE] = isWide(op.getIndices());
  params[IK_GATHER_OUTER] = product(shape.take_front(op.getAxis()));
  params[IK_GATHER_EXTENT] = shape[op.getAxis()];
  params[IK_GATHER_TAKEN] = tensorType(op.getIndices()).getNumElements();
  params[IK_GATHER_RUN] = product(shape.drop_front(op.getAxis() + 1)) * widthOf(op.getInput());
  return call(op, context, "ik_gather", params);
}

SmallVector<int64_t> elementParams(Value input, Value indices, int64_t axis, int64_t kind) {
  ArrayRef<int64_t> shape = tensorType(input).getShape();
  SmallVector<int64_t> params(IK_ELEMENTS_DIMS, 0), strides = rowMajorStrides(shape);
  params[IK_ELEMENTS_WIDE] = isWide(indices);
  params[IK_ELEMENTS_WIDTH] = widthOf(input);
  params[IK_ELEMENTS_KIND] = kind;
  params[IK_ELEMENTS_TOTAL] = tensorType(input).getNumElements();
  params[IK_ELEMENTS_EXTENT] = shape[axis];
  params[IK_ELEMENTS_AXIS_STRIDE] = strides[axis];
  params[IK_ELEMENTS_RANK] = static_cast<int64_t>(shape.size());
  strides[axis] = 0;
  llvm::append_range(params, tensorType(indices).getShape());
  llvm::append_range(params, strides);
  return params;
}

SmallVector<int64_t> tupleParams(Value input, Value indices, int64_t batchDims, int64_t kind) {
  ArrayRef<int64_t> shape = tensorType(input).getShape(), at = tensorType(indices).getShape();
  SmallVector<int64_t> params(IK_TUPLES_AXES, 0), strides = rowMajorStrides(shape);
  params[IK_TUPLES_WIDE] = isWide(indices);
  params[IK_TUPLES_WIDTH] = widthOf(input);
  params[IK_TUPLES_KIND] = kind;
  params[IK_TUPLES_TOTAL] = tensorType(input).getNumElements();
  params[IK_TUPLES_BATCHES] = product(shape.take_front(batchDims));
  params[IK_TUPLES_TUPLES] = product(at.drop_back().drop_front(batchDims));
  params[IK_TUPLES_BATCH_STRIDE] = product(shape.drop_front(batchDims));
  params[IK_TUPLES_SLICE] = product(shape.drop_front(batchDims + at.back()));
  params[IK_TUPLES_DEPTH] = at.back();
  llvm::append_range(params, shape.slice(batchDims, at.back()));
  llvm::append_range(params, ArrayRef<int64_t>(strides).slice(batchDims, at.back()));
  return params;
}

Lowered lowerGatherElements(Operation *operation, LowerContext &context, std::string &why) {
  nn::GatherElementsOp op = cast<nn::GatherElementsOp>(operation);
  if (indexesNothing(op.getInput(), op.getIndices(), why))
    return failure();
  return call(op, context, "ik_gather_elements", elementParams(op.getInput(), op.getIndices(), op.getAxis(), IK_SCATTER_NONE));
}

Lowered lowerGatherNd(Operation *operation, LowerContext &context, std::string &why) {
  nn::GatherNdOp op = cast<nn::GatherNdOp>(operation);
  if (tensorType(op.getResult()).getNumElements() != 0 && indexesNothing(op.getInput(), op.getIndices(), why))
    return failure();
  return call(op, context, "ik_gather_nd", tupleParams(op.getInput(), op.getIndices(), op.getBatchDims(), IK_SCATTER_NONE));
}

/// The kernels' type for a scatter, "" when there is none. Booleans add by "or", which is their maximum, and multiply by their minimum.
std::string scatterSuffix(Type element, int64_t &kind) {
  if (kind == IK_SCATTER_NONE)
    return "u" + std::to_string(8 * byteWidth(*toDType(element)));
  if (element.isInteger(1)) {
    kind = kind == IK_SCATTER_ADD ? IK_SCATTER_MAX : kind == IK_SCATTER_MUL ? IK_SCATTER_MIN : kind;
    return "u8";
  }
  return kernelTypeSuffix(element).str();
}

template <typename OpT>
Lowered lowerScatter(OpT op, LowerContext &context, std::string &why, StringRef row, function_ref<SmallVector<int64_t>(int64_t)> makeParams) {
  if (tensorType(op.getUpdates()).getNumElements() != 0 && indexesNothing(op.getInput(), op.getUpdates(), why))
    return failure();
  int64_t kind = static_cast<int64_t>(op.getKind());
  std::string suffix = scatterSuffix(tensorType(op.getInput()).getElementType(), kind);
  if (!suffix.empty())
    return call(op, context, (row + suffix).str(), makeParams(kind));
  why = ("no kernel that joins elements of type " + name(*toDType(tensorType(op.getInput()).getElementType()))).str();
  return failure();
}

} // namespace

void registerGather(LowerRegistry &registry) {
  registry.add("nn.gather", lowerGather);
  registry.add("nn.gather_elements", lowerGatherElements);
  registry.add("nn.gather_nd", lowerGatherNd);
  registry.add("nn.scatter_elements", [](Operation *operation, LowerContext &context, std::string &why) {
    nn::ScatterElementsOp op = cast<nn::ScatterElementsOp>(operation);
    return lowerScatter(op, context, why, "ik_scatter_elements_",
                        [&](int64_t kind) { return elementParams(op.getInput(), op.getIndices(), op.getAxis(), kind); });
  });
  registry.add("nn.scatter_nd", [](Operation *operation, LowerContext &context, std::string &why) {
    nn::ScatterNdOp op = cast<nn::ScatterNdOp>(operation);
    return lowerScatter(op, context, why, "ik_scatter_nd_", [&](int64_t kind) { return tupleParams(op.getInput(), op.getIndices(), 0, kind); });
  });
}

} // namespace ingot
