// Lowers nn.lrn in f32 and f64 to ik_lrn_<type>.
#include "passes/lower/LowerOp.h"
#include "targets/common/ukernels/lrn.h"

#include <cstring>

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

int64_t bitsOf(double value) {
  int64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

Lowered lowerLrn(Operation *operation, LowerContext &context, std::string &why) {
  nn::LrnOp op = cast<nn::LrnOp>(operation);
  RankedTensorType type = cast<RankedTensorType>(op.getInput().getType());
  Type element = type.getElementType();
  int64_t size = static_cast<int64_t>(op.getSize());
  if ((!element.isF32() && !element.isF64()) || type.getRank() < 2 || size < 1) {
    why = "local response normalisation has kernels for float32 and float64, with a channel axis and a positive size";
    return failure();
  }
  SmallVector<int64_t> p(IK_LRN_COUNT, 1);
  p[IK_LRN_OUTER] = type.getShape()[0];
  p[IK_LRN_CHANNELS] = type.getShape()[1];
  for (int64_t extent : type.getShape().drop_front(2))
    p[IK_LRN_INNER] *= extent;
  p[IK_LRN_SIZE] = size;
  p[IK_LRN_SCALE] = bitsOf(op.getAlpha().convertToDouble() / static_cast<double>(size));
  p[IK_LRN_BETA] = bitsOf(op.getBeta().convertToDouble());
  p[IK_LRN_BIAS] = bitsOf(op.getBias().convertToDouble());
  StringRef row = element.isF32() ? "ik_lrn_f32" : "ik_lrn_f64";
  int64_t work = type.getNumElements() * (std::min(size, p[IK_LRN_CHANNELS]) + 8);
  return SmallVector<Value, 2>{context.micro(op.getLoc(), row, op.getResult().getType(), op.getInput(), p, work).getResult(0)};
}

} // namespace

void registerLrn(LowerRegistry &registry) { registry.add("nn.lrn", lowerLrn); }

} // namespace ingot
