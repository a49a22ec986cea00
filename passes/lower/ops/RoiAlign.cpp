// Lowers nn.roi_align to ik_roi_align_<type> (roialign.h).
#include "passes/lower/LowerOp.h"
#include "targets/common/ukernels/roialign.h"

#include "llvm/ADT/bit.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

Lowered lowerRoiAlign(Operation *operation, LowerContext &context, std::string &) {
  nn::RoiAlignOp op = cast<nn::RoiAlignOp>(operation);
  RankedTensorType image = cast<RankedTensorType>(op.getImage().getType()), result = cast<RankedTensorType>(op.getResult().getType());
  bool single = image.getElementType().isF32();
  auto bits = [&](const APFloat &value) { return single ? paramF32(value.convertToDouble()) : llvm::bit_cast<int64_t>(value.convertToDouble()); };
  SmallVector<int64_t> params(image.getShape());
  params.append({result.getDimSize(0), result.getDimSize(1), result.getDimSize(2), static_cast<int64_t>(op.getSamples()), bits(op.getScale()), bits(op.getOffset()),
                 op.getAtLeastOne(), op.getMaximum(), static_cast<bool>(op.getRows())});
  int64_t samples = std::max<int64_t>(2, op.getSamples()), work = result.getNumElements() * samples * samples;
  return SmallVector<Value, 2>{
      context.micro(op.getLoc(), single ? "ik_roi_align_f32" : "ik_roi_align_f64", result, op->getOperands(), params, work).getResult(0)};
}

} // namespace

void registerRoiAlign(LowerRegistry &registry) { registry.add("nn.roi_align", lowerRoiAlign); }

} // namespace ingot
