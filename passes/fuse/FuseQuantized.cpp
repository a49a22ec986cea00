// dequantise -> conv / matmul / add -> (clip) -> quantise becomes the integer op with requantisation.
//   quantize(conv(dequantize(x), dequantize(w), dequantize(b))) -> quant.conv(x, w, b)
//   quantize(add(dequantize(a), dequantize(b))) -> quant.add(a, b)
#include "compiler/reference/Tensor.h"
#include "passes/Constants.h"
#include "passes/Passes.h"
#include "passes/fuse/ByteSource.h"
#include "passes/fuse/Remark.h"

#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cmath>

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_FUSEQUANTIZED
#include "passes/fuse/Passes.h.inc"

namespace {

/// What stands between the op and its quantise.
struct Tail {
  quant::QuantizeOp quantize;
  nn::UnaryOp clip; // may be null
};

std::optional<Tail> tailOf(Operation *op) {
  Tail tail;
  if (!op->hasOneUse())
    return std::nullopt;
  Operation *user = *op->getUsers().begin();
  if (nn::UnaryOp unary = dyn_cast<nn::UnaryOp>(user); unary && unary->hasOneUse()) {
    if (unary.getKind() != nn::UnaryKind::clip && unary.getKind() != nn::UnaryKind::relu)
      return std::nullopt;
    tail.clip = unary;
    user = *unary->getUsers().begin();
  }
  tail.quantize = dyn_cast<quant::QuantizeOp>(user);
  bool isPlain = tail.quantize && tail.quantize.getBlock() == 0 && isByte(tail.quantize.getResult()) &&
                 tail.quantize.getScale().getType().getNumElements() == 1 && tail.quantize.getScale().getType().getElementType().isF32();
  if (!isPlain)
    return std::nullopt;
  return tail;
}

struct FuseQuantized : impl::FuseQuantizedBase<FuseQuantized> {
  explicit FuseQuantized(const PassContext &context) : context(context) {}

  void runOnOperation() override {
    SmallVector<nn::ConvOp> convs;
    SmallVector<nn::MatmulOp> matmuls;
    SmallVector<nn::BinaryOp> sums;
    getOperation().walk([&](Operation *op) {
      if (nn::ConvOp conv = dyn_cast<nn::ConvOp>(op))
        convs.push_back(conv);
      if (nn::MatmulOp matmul = dyn_cast<nn::MatmulOp>(op))
        matmuls.push_back(matmul);
      if (nn::BinaryOp binary = dyn_cast<nn::BinaryOp>(op); binary && binary.getKind() == nn::BinaryKind::add)
        sums.push_back(binary);
    });
    for (nn::ConvOp conv : convs)
      fuseConv(conv);
    for (nn::MatmulOp matmul : matmuls)
      fuseMatmul(matmul);
    for (nn::BinaryOp sum : sums)
      fuseSum(sum);
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      eraseUnused(function);
  }

  void fuseConv(nn::ConvOp conv) {
    std::optional<Tail> tail = tailOf(conv);
    int64_t channels = conv.getFilter().getType().getDimSize(0);
    quant::DequantizeOp x = byteSource(conv.getInput(), 0), w = byteSource(conv.getFilter(), channels);
    if (x && w && !tail)
      return notFused(conv, "quantised convolution", "nothing quantises the result, or it has another reader");
    if (!tail || !x || !w)
      return;
    Value bias;
    if (conv.getBias() && !(bias = integerBias(conv.getBias(), x, w, conv.getFilter().getType().getNumElements() / channels)))
      return notFused(conv, "quantised convolution", "the bias is not int32 with the scale of input times filter, or leaves no room for the sum in 32 bits");
    OpBuilder builder(tail->quantize);
    quant::QuantizeOp q = tail->quantize;
    Value result = quant::ConvOp::create(builder, builder.getFusedLoc({conv.getLoc(), q.getLoc()}), q.getResult().getType(), x.getInput(), x.getScale(),
                                         zeroOf(builder, x), w.getInput(), w.getScale(), zeroOf(builder, w), q.getScale(), zeroOf(builder, q), bias,
                                         conv.getStrides(), conv.getPadLow(), conv.getPadHigh(), conv.getDilations(), conv.getGroup());
    finish(builder, *tail, result);
  }

  void fuseMatmul(nn::MatmulOp matmul) {
    RankedTensorType weights = matmul.getRhs().getType();
    quant::DequantizeOp a = byteSource(matmul.getLhs(), 0);
    quant::DequantizeOp b = byteSource(matmul.getRhs(), weights.getRank() == 2 ? weights.getDimSize(1) : 0, /*axis=*/1);
    Value bias;
    nn::BinaryOp add = a && b ? biasAdd(matmul, a, b, bias) : nn::BinaryOp();
    std::optional<Tail> tail = tailOf(add ? add.getOperation() : matmul.getOperation());
    if (a && b && !tail)
      return notFused(matmul, "quantised matrix product", "nothing quantises the result, or it has another reader");
    if (!tail || !a || !b)
      return;
    OpBuilder builder(tail->quantize);
    quant::QuantizeOp q = tail->quantize;
    Value result = quant::MatmulOp::create(builder, builder.getFusedLoc({matmul.getLoc(), q.getLoc()}), q.getResult().getType(), a.getInput(), a.getScale(),
                                           zeroOf(builder, a), b.getInput(), b.getScale(), zeroOf(builder, b), q.getScale(), zeroOf(builder, q), bias ? flat(builder, bias) : Value());
    finish(builder, *tail, result);
  }

  void fuseSum(nn::BinaryOp sum) {
    std::optional<Tail> tail = tailOf(sum);
    quant::DequantizeOp a = byteSource(sum.getLhs(), 0), b = byteSource(sum.getRhs(), 0);
    if (!tail || !a || !b || sum.getLhs().getType() != sum.getType() || sum.getRhs().getType() != sum.getType() || !sum.getType().getElementType().isF32())
      return;
    OpBuilder builder(tail->quantize);
    quant::QuantizeOp q = tail->quantize;
    Value result = quant::AddOp::create(builder, builder.getFusedLoc({sum.getLoc(), q.getLoc()}), q.getResult().getType(), a.getInput(), a.getScale(),
                                        zeroOf(builder, a), b.getInput(), b.getScale(), zeroOf(builder, b), q.getScale(), zeroOf(builder, q));
    finish(builder, *tail, result);
  }

  /// The add of an integer bias with one value a column, if that is what reads the product; `bias` is then its i32. Null: there is none.
  nn::BinaryOp biasAdd(nn::MatmulOp matmul, quant::DequantizeOp a, quant::DequantizeOp b, Value &bias) {
    nn::BinaryOp add = matmul->hasOneUse() ? dyn_cast<nn::BinaryOp>(*matmul->getUsers().begin()) : nn::BinaryOp();
    if (!add || add.getKind() != nn::BinaryKind::add || add.getResult().getType() != matmul.getResult().getType())
      return {};
    Value other = add.getLhs() == matmul.getResult() ? add.getRhs() : add.getLhs();
    ArrayRef<int64_t> shape = cast<RankedTensorType>(other.getType()).getShape();
    int64_t columns = matmul.getResult().getType().getShape().back();
    if (shape.empty() || shape.back() != columns || cast<RankedTensorType>(other.getType()).getNumElements() != columns)
      return {};
    bias = integerBias(other, a, b, matmul.getLhs().getType().getShape().back());
    return bias ? add : nn::BinaryOp();
  }

  /// [1, N] -> [N].
  static Value flat(OpBuilder &builder, Value bias) {
    RankedTensorType type = cast<RankedTensorType>(bias.getType());
    if (type.getRank() == 1)
      return bias;
    return nn::ReshapeOp::create(builder, bias.getLoc(), RankedTensorType::get({type.getNumElements()}, type.getElementType()), bias);
  }

  // quantize(clip(v)) = clip(quantize(v)) with quantised bounds: rounding is monotone
  void finish(OpBuilder &builder, Tail &tail, Value result) {
    if (tail.clip) {
      std::optional<Tensor> scale = constantOf(tail.quantize.getScale(), context.store);
      std::optional<Tensor> zero = tail.quantize.getZero() ? constantOf(tail.quantize.getZero(), context.store) : Tensor::scalar(DType::I32, 0);
      if (!scale || !zero)
        return result.getDefiningOp()->erase();
      bool isUnsigned = cast<RankedTensorType>(result.getType()).getElementType().isUnsignedInteger();
      double low = isUnsigned ? 0 : -128, high = isUnsigned ? 255 : 127;
      auto quantised = [&](double bound) {
        float steps = std::nearbyintf(static_cast<float>(bound) / static_cast<float>(scale->at(0)));
        return std::clamp<double>(steps + static_cast<double>(zero->at(0)), low, high);
      };
      bool isRelu = tail.clip.getKind() == nn::UnaryKind::relu;
      double from = quantised(isRelu ? 0 : tail.clip.getAlpha().convertToDouble());
      double to = isRelu ? high : quantised(tail.clip.getBeta().convertToDouble());
      if (from > low || to < high)
        result = nn::UnaryOp::create(builder, tail.clip.getLoc(), result.getType(), nn::UnaryKind::clip, result, llvm::APFloat(from), llvm::APFloat(to));
    }
    tail.quantize.getResult().replaceAllUsesWith(result);
    tail.quantize.erase();
  }

  static void eraseUnused(func::FuncOp function) {
    if (function.isExternal())
      return;
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
      if (isa<nn::NnDialect, quant::QuantDialect>(op.getDialect()) && op.getNumResults() != 0 && op.use_empty())
        op.erase();
  }

  /// The i32 behind dequantize(b) when its scale is xScale * wScale (each product rounded to f32), its zero is 0 and sums of `depth` products of bytes that
  /// begin with it stay within 32 bits: tools give channels of tiny weights the largest number there is.
  Value integerBias(Value bias, quant::DequantizeOp x, quant::DequantizeOp w, int64_t depth) {
    quant::DequantizeOp source = bias.getDefiningOp<quant::DequantizeOp>();
    if (!source || !source.getInput().getType().getElementType().isInteger(32))
      return {};
    std::optional<Tensor> bs = constantOf(source.getScale(), context.store), xs = constantOf(x.getScale(), context.store),
                          ws = constantOf(w.getScale(), context.store), b = constantOf(source.getInput(), context.store);
    if (!bs || !xs || !ws || !b || (source.getZero() && !isZero(source.getZero())))
      return {};
    constexpr int64_t kMost = INT32_MAX, kProduct = 255 * 255;
    for (int64_t i = 0, room = std::max(kMost - std::min(depth, kMost) * kProduct, kMost / 2); i < b->count(); ++i)
      if (std::abs(b->intAt(i)) > room)
        return {};
    int64_t count = std::max(bs->count(), ws->count());
    for (int64_t i = 0; i < count; ++i) {
      float product = static_cast<float>(xs->at(0)) * static_cast<float>(ws->at(ws->count() == 1 ? 0 : i));
      float have = static_cast<float>(bs->at(bs->count() == 1 ? 0 : i));
      if (std::fabs(have - product) > 1e-6f * std::fabs(product))
        return {};
    }
    return source.getInput();
  }

  bool isZero(Value value) {
    std::optional<Tensor> zero = constantOf(value, context.store);
    for (int64_t i = 0; zero && i < zero->count(); ++i)
      if (zero->at(i) != 0)
        return false;
    return zero.has_value();
  }

  /// The zero point, or zeros of the stored type and the scale's shape when it is absent.
  template <typename OpT> Value zeroOf(OpBuilder &builder, OpT op) {
    if (op.getZero())
      return op.getZero();
    Value stored = std::is_same_v<OpT, quant::QuantizeOp> ? Value(op.getResult()) : Value(op.getInput());
    RankedTensorType type = RankedTensorType::get(op.getScale().getType().getShape(), cast<RankedTensorType>(stored.getType()).getElementType());
    return nn::ConstantOp::create(builder, op.getLoc(), type, cast<ElementsAttr>(builder.getZeroAttr(type)));
  }

  PassContext context;
};

} // namespace

std::unique_ptr<Pass> createFuseQuantized(const PassContext &context) { return std::make_unique<FuseQuantized>(context); }

} // namespace ingot
