// Per-channel multiplies and adds after a convolution (batch normalisation, mostly) go into its filter and bias.
#include "compiler/reference/Tensor.h"
#include "passes/Passes.h"

#include "dialects/quant/Quant.h"
#include "dialects/nn/Nn.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_FOLDAFFINEINTOCONV
#include "passes/fuse/Passes.h.inc"

namespace {

/// A constant, or an op on constants alone: ingot-fold-constants makes it a weight later.
bool isConstant(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  return isa<nn::WeightOp, nn::ConstantOp>(op) ||
         (isa<nn::ReshapeOp, nn::BroadcastOp, nn::BinaryOp>(op) && llvm::all_of(op->getOperands(), isConstant));
}

/// The constant's values as [channels], when it broadcasts to [N, channels, spatial...] with one value a channel (or one for all).
Value perChannel(OpBuilder &builder, Location loc, Value value, int64_t channels, int64_t rank) {
  RankedTensorType type = cast<RankedTensorType>(value.getType());
  if (!isConstant(value) || type.getRank() > rank)
    return {};
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    if (type.getDimSize(axis) != 1 && axis + rank - type.getRank() != 1)
      return {};
  int64_t count = type.getNumElements();
  Value flat = nn::ReshapeOp::create(builder, loc, RankedTensorType::get({count}, type.getElementType()), value);
  if (count == channels)
    return flat;
  return nn::BroadcastOp::create(builder, loc, RankedTensorType::get({channels}, type.getElementType()), flat);
}

struct FoldAffineIntoConv : impl::FoldAffineIntoConvBase<FoldAffineIntoConv> {
  void runOnOperation() override {
    SmallVector<nn::ConvOp> convs;
    getOperation().walk([&](nn::ConvOp conv) { convs.push_back(conv); });
    for (nn::ConvOp conv : convs)
      while (conv && isFloat(*toDType(conv.getResult().getType().getElementType())) && isConstant(conv.getFilter()))
        conv = foldUser(conv);
  }

  // mul(conv(x, w, b), s) -> conv(x, w * s, b * s); add(conv(x, w, b), t) -> conv(x, w, b + t). Null: nothing to fold.
  nn::ConvOp foldUser(nn::ConvOp conv) {
    if (!conv->hasOneUse() || (conv.getBias() && !isConstant(conv.getBias())))
      return {};
    nn::BinaryOp user = dyn_cast<nn::BinaryOp>(*conv->getUsers().begin());
    if (!user || user.getResult().getType() != conv.getResult().getType())
      return {};
    bool isMul = user.getKind() == nn::BinaryKind::mul, isAdd = user.getKind() == nn::BinaryKind::add;
    Value other = user.getLhs() == conv.getResult() ? user.getRhs() : user.getLhs();
    bool isNarrow = conv.getFilter().getType().getElementType() != conv.getResult().getType().getElementType();
    if ((!isMul && !isAdd) || (isMul && isNarrow))
      return {};
    OpBuilder builder(user);
    RankedTensorType type = conv.getResult().getType();
    Value factor = perChannel(builder, user.getLoc(), other, type.getDimSize(1), type.getRank());
    if (!factor)
      return {};
    return isMul ? scale(builder, conv, user, factor) : shift(builder, conv, user, factor);
  }

  nn::ConvOp scale(OpBuilder &builder, nn::ConvOp conv, nn::BinaryOp user, Value factor) {
    RankedTensorType filterType = conv.getFilter().getType();
    SmallVector<int64_t> column(filterType.getRank(), 1);
    column[0] = filterType.getDimSize(0);
    Value aligned = nn::ReshapeOp::create(builder, user.getLoc(), RankedTensorType::get(column, filterType.getElementType()), factor);
    Value filter = nn::BinaryOp::create(builder, user.getLoc(), filterType, nn::BinaryKind::mul, conv.getFilter(), aligned);
    Value bias = conv.getBias();
    if (bias)
      bias = nn::BinaryOp::create(builder, user.getLoc(), bias.getType(), nn::BinaryKind::mul, bias, factor);
    return replace(builder, conv, user, filter, bias);
  }

  nn::ConvOp shift(OpBuilder &builder, nn::ConvOp conv, nn::BinaryOp user, Value factor) {
    Value bias = conv.getBias();
    if (bias)
      bias = nn::BinaryOp::create(builder, user.getLoc(), bias.getType(), nn::BinaryKind::add, bias, factor);
    return replace(builder, conv, user, conv.getFilter(), bias ? bias : factor);
  }

  nn::ConvOp replace(OpBuilder &builder, nn::ConvOp conv, nn::BinaryOp user, Value filter, Value bias) {
    nn::ConvOp joined = nn::ConvOp::create(builder, builder.getFusedLoc({conv.getLoc(), user.getLoc()}), user.getResult().getType(), conv.getInput(), filter,
                                           bias, /*residual=*/Value(), conv.getStrides(), conv.getPadLow(), conv.getPadHigh(), conv.getDilations(), conv.getGroup());
    if (Attribute name = user->getAttr("nn.name")) // while a model is compressed
      joined->setAttr("nn.name", name);
    user.getResult().replaceAllUsesWith(joined.getResult());
    user.erase();
    conv.erase();
    return joined;
  }
};

} // namespace

std::unique_ptr<Pass> createFoldAffineIntoConv(const PassContext &) { return std::make_unique<FoldAffineIntoConv>(); }

} // namespace ingot
