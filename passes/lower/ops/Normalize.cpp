// Lowers nn.normalize to ik_normalize over one block of adjacent axes; others are moved to the end and back by maps, as are blocks with few elements
// behind them.
#include "passes/lower/Convert.h"
#include "targets/common/ukernels/normalize.h"

#include "llvm/ADT/bit.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;

namespace ingot {
namespace {

constexpr int64_t kFewestInner = 4; // the kernel takes 16 at once: of fewer, moving them is as fast

FailureOr<SmallVector<Value, 2>> lowerNormalize(Operation *operation, LowerContext &context, std::string &why) {
  nn::NormalizeOp op = cast<nn::NormalizeOp>(operation);
  Location loc = op.getLoc();
  DType type = dtypeOf(op.getInput()), wide = computeType(type);
  if (wide != DType::F32 && wide != DType::F64) {
    why = ("normalize has no kernel for " + name(type)).str();
    return failure();
  }
  ArrayRef<int64_t> shape = op.getInput().getType().getShape();
  AxesLast last = axesLast(shape, op.getAxes());
  std::optional<AxisSplit> split = adjacentAxes(shape, op.getAxes());
  bool moves = !split || (split->inner > 1 && split->inner < kFewestInner);
  if (moves)
    split = AxisSplit{last.outer, last.n, 1};
  int64_t params[IK_NORMALIZE_COUNT] = {split->outer, split->n, split->inner, op.getRms(), llvm::bit_cast<int64_t>(op.getEpsilon().convertToDouble())};
  Value x = convertElements(context, loc, op.getInput(), wide);
  x = moves ? permuted(context, loc, x, last.perm) : x;
  Value y = context.micro(loc, wide == DType::F32 ? "ik_normalize_f32" : "ik_normalize_f64", x.getType(), x, params, 3 * tensorType(x).getNumElements())
                .getResult(0);
  Value back = moves ? permuted(context, loc, y, invertPermutationVector(last.perm)) : y;
  return SmallVector<Value, 2>{convertElements(context, loc, back, type)};
}

} // namespace

void registerNormalize(LowerRegistry &registry) { registry.add("nn.normalize", lowerNormalize); }

} // namespace ingot
