// Lowers nn.normalize to ik_normalize over rows: axes that do not lie at the end are moved there and back by maps.
#include "passes/lower/Convert.h"
#include "targets/common/ukernels/normalize.h"

#include "llvm/ADT/bit.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;

namespace ingot {
namespace {

FailureOr<SmallVector<Value, 2>> lowerNormalize(Operation *operation, LowerContext &context, std::string &why) {
  nn::NormalizeOp op = cast<nn::NormalizeOp>(operation);
  Location loc = op.getLoc();
  DType type = dtypeOf(op.getInput()), wide = computeType(type);
  if (wide != DType::F32 && wide != DType::F64) {
    why = ("normalize has no kernel for " + name(type)).str();
    return failure();
  }
  AxesLast last = axesLast(op.getInput().getType().getShape(), op.getAxes());
  int64_t params[IK_NORMALIZE_COUNT] = {last.outer, last.n, op.getRms(), llvm::bit_cast<int64_t>(op.getEpsilon().convertToDouble())};
  Value x = permuted(context, loc, convertElements(context, loc, op.getInput(), wide), last.perm);
  Value y = context.micro(loc, wide == DType::F32 ? "ik_normalize_f32" : "ik_normalize_f64", x.getType(), x, params, 3 * tensorType(x).getNumElements())
                .getResult(0);
  Value back = permuted(context, loc, y, invertPermutationVector(last.perm));
  return SmallVector<Value, 2>{convertElements(context, loc, back, type)};
}

} // namespace

void registerNormalize(LowerRegistry &registry) { registry.add("nn.normalize", lowerNormalize); }

} // namespace ingot
