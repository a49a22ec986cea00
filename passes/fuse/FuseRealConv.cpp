// A convolution of dequantised integers whose result stays float becomes the integer convolution with a float result, and takes per-channel
// multiplies and adds behind it (batch normalisation) into its factors and shifts. So its weights stay 8 bits.
#include "compiler/reference/Tensor.h"
#include "passes/Constants.h"
#include "passes/Passes.h"
#include "passes/fuse/ByteSource.h"

#include "dialects/nn/Nn.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_FUSEREALCONV
#include "passes/fuse/Passes.h.inc"

namespace {

/// 255 * 255 * this many products fit 32 bits.
constexpr int64_t kMaxDepth = 33025;

/// What becomes of each output channel's sum.
struct Affine {
  SmallVector<float> factor, shift;
};

bool isDepthwise(nn::ConvOp conv) { return conv.getFilter().getType().getDimSize(1) == 1 && conv.getGroup() > 1; }

struct FuseRealConv : impl::FuseRealConvBase<FuseRealConv> {
  explicit FuseRealConv(const PassContext &context) : context(context) {}

  void runOnOperation() override {
    SmallVector<nn::ConvOp> convs;
    getOperation().walk([&](nn::ConvOp conv) { convs.push_back(conv); });
    for (nn::ConvOp conv : convs)
      fuse(conv);
  }

  void fuse(nn::ConvOp conv) {
    RankedTensorType filter = conv.getFilter().getType();
    int64_t channels = filter.getDimSize(0), depth = channels ? filter.getNumElements() / channels : 0;
    quant::DequantizeOp x = byteSource(conv.getInput(), 0), w = byteSource(conv.getFilter(), channels);
    if (!x || !w || !isa_and_nonnull<nn::WeightOp, nn::ConstantOp>(w.getInput().getDefiningOp()) || !conv.getResult().getType().getElementType().isF32() ||
        isDepthwise(conv) || depth == 0 || depth > kMaxDepth)
      return;
    std::optional<Affine> affine = affineOf(conv, x, w, channels);
    OpBuilder builder(conv);
    Value xZero = affine ? zeroOf(builder, x) : Value(), wZero = affine ? zeroOf(builder, w) : Value();
    if (!xZero || !wZero)
      return;
    SmallVector<Location> locations{conv.getLoc()};
    Operation *last = conv;
    while (nn::BinaryOp user = absorb(last, *affine))
      locations.push_back((last = user)->getLoc());
    builder.setInsertionPoint(last);
    Value result = quant::RealConvOp::create(builder, builder.getFusedLoc(locations), last->getResult(0).getType(), x.getInput(), xZero, w.getInput(), wZero,
                                             vector(builder, conv.getLoc(), affine->factor), vector(builder, conv.getLoc(), affine->shift),
                                             conv.getStrides(), conv.getPadLow(), conv.getPadHigh(), conv.getDilations(), conv.getGroup());
    last->getResult(0).replaceAllUsesWith(result);
    eraseUnused(last);
  }

  /// factor = xScale * wScale, shift = the bias; nullopt when one of them is no constant.
  std::optional<Affine> affineOf(nn::ConvOp conv, quant::DequantizeOp x, quant::DequantizeOp w, int64_t channels) {
    std::optional<Tensor> xs = constantOf(x.getScale(), context.store), ws = constantOf(w.getScale(), context.store);
    std::optional<Tensor> bias = conv.getBias() ? realOf(conv.getBias()) : Tensor(DType::F32, {channels});
    if (!xs || !ws || !bias)
      return std::nullopt;
    Affine affine;
    for (int64_t o = 0; o < channels; ++o) {
      affine.factor.push_back(static_cast<float>(xs->at(0)) * static_cast<float>(ws->at(ws->count() == 1 ? 0 : o)));
      affine.shift.push_back(static_cast<float>(bias->at(o)));
    }
    return affine;
  }

  /// A constant, or the dequantised one.
  std::optional<Tensor> realOf(Value value) {
    quant::DequantizeOp source = value.getDefiningOp<quant::DequantizeOp>();
    if (!source)
      return constantOf(value, context.store);
    std::optional<Tensor> stored = constantOf(source.getInput(), context.store), scale = constantOf(source.getScale(), context.store);
    std::optional<Tensor> zero = source.getZero() ? constantOf(source.getZero(), context.store) : Tensor::scalar(DType::I32, 0);
    if (!stored || !scale || !zero || source.getBlock() != 0)
      return std::nullopt;
    Tensor real(DType::F32, stored->shape());
    for (int64_t i = 0; i < real.count(); ++i) {
      double difference = stored->at(i) - zero->at(zero->count() == 1 ? 0 : i);
      real.set(i, static_cast<float>(static_cast<long double>(difference) * scale->at(scale->count() == 1 ? 0 : i)));
    }
    return real;
  }

  // mul(conv, s): factor * s, shift * s; add(conv, t): shift + t. The op that was taken in, or null.
  nn::BinaryOp absorb(Operation *last, Affine &affine) {
    nn::BinaryOp user = last->hasOneUse() ? dyn_cast<nn::BinaryOp>(*last->getUsers().begin()) : nn::BinaryOp();
    if (!user || user.getResult().getType() != last->getResult(0).getType())
      return {};
    bool isMul = user.getKind() == nn::BinaryKind::mul, isAdd = user.getKind() == nn::BinaryKind::add;
    Value other = user.getLhs() == last->getResult(0) ? user.getRhs() : user.getLhs();
    std::optional<Tensor> values = isMul || isAdd ? perChannel(other, user.getResult().getType()) : std::nullopt;
    if (!values)
      return {};
    for (size_t o = 0; o < affine.factor.size(); ++o) {
      float value = static_cast<float>(values->at(values->count() == 1 ? 0 : static_cast<int64_t>(o)));
      affine.factor[o] *= isMul ? value : 1.0f;
      affine.shift[o] = isMul ? affine.shift[o] * value : affine.shift[o] + value;
    }
    return user;
  }

  /// The constant, when it broadcasts to `to` // [N, O, spatial...] with one value a channel or one for all.
  std::optional<Tensor> perChannel(Value value, RankedTensorType to) {
    RankedTensorType type = cast<RankedTensorType>(value.getType());
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      if (type.getDimSize(axis) != 1 && axis + to.getRank() - type.getRank() != 1)
        return std::nullopt;
    return constantOf(value, context.store);
  }

  static Value vector(OpBuilder &builder, Location loc, ArrayRef<float> values) {
    RankedTensorType type = RankedTensorType::get({static_cast<int64_t>(values.size())}, builder.getF32Type());
    return nn::ConstantOp::create(builder, loc, type, DenseElementsAttr::get(type, values));
  }

  /// The constant zero point, 0 when absent; null when it is computed at run time.
  Value zeroOf(OpBuilder &builder, quant::DequantizeOp op) {
    if (op.getZero())
      return constantOf(op.getZero(), context.store) ? Value(op.getZero()) : Value();
    RankedTensorType type = RankedTensorType::get({}, op.getInput().getType().getElementType());
    return nn::ConstantOp::create(builder, op.getLoc(), type, cast<ElementsAttr>(builder.getZeroAttr(type)));
  }

  /// The chain that ends in `last`, and the dequantises that only it read.
  static void eraseUnused(Operation *last) {
    SmallVector<Operation *> worklist{last};
    while (!worklist.empty()) {
      Operation *op = worklist.pop_back_val();
      if (!op->use_empty() || !isa<nn::ConvOp, nn::BinaryOp, quant::DequantizeOp>(op))
        continue;
      for (Value operand : op->getOperands())
        if (Operation *source = operand.getDefiningOp(); source && !llvm::is_contained(worklist, source))
          worklist.push_back(source);
      op->erase();
    }
  }

  PassContext context;
};

} // namespace

std::unique_ptr<Pass> createFuseRealConv(const PassContext &context) { return std::make_unique<FuseRealConv>(context); }

} // namespace ingot
