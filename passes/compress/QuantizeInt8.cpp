// Puts quantise / dequantise around convolutions and matrix products with constant weights; the fuse phase makes integer ops of them.
//   conv(x, w, b) -> clip -> y    becomes    dequantize(quantize(x)), dequantize(w8), dequantize(b32) -> conv -> clip -> quantize
#include "passes/Constants.h"
#include "passes/Passes.h"
#include "passes/compress/Compress.h"
#include "passes/compress/Names.h"
#include "passes/compress/math/Int8.h"
#include "passes/compress/math/Ranges.h"

#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_QUANTIZEINT8
#include "passes/compress/Passes.h.inc"

namespace {

/// A convolution or product that can run in integers.
struct Layer {
  Operation *op;         // nn.conv or nn.matmul
  Value input;           // its activation operand
  Tensor weights;        // f32
  std::optional<Tensor> bias; // f32 [channels]
  Operation *biasAdd;    // of a product: the nn.binary add that holds the bias, or null
  Value result;          // where the result is quantised: after bias and activation
};

bool onlyMoves(Operation *op) {
  if (nn::PoolOp pool = dyn_cast_or_null<nn::PoolOp>(op))
    return pool.getKind() == nn::PoolKind::max && !pool.getIndices();
  return isa_and_nonnull<nn::ReshapeOp, nn::TransposeOp, nn::SliceOp>(op);
}

bool isF32(Value value) { return cast<RankedTensorType>(value.getType()).getElementType().isF32(); }

/// The one op that reads `value`, if it is an OpT.
template <typename OpT> OpT soleReader(Value value) { return value.hasOneUse() ? dyn_cast<OpT>(*value.getUsers().begin()) : OpT(); }

struct QuantizeInt8 : impl::QuantizeInt8Base<QuantizeInt8> {
  explicit QuantizeInt8(const PassContext &context) : context(context) {}

  void runOnOperation() override {
    if (!context.store)
      return;
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<nn::ConvOp, nn::MatmulOp>(op))
        ops.push_back(op);
    });
    SmallVector<Layer> layers;
    for (Operation *op : ops)
      if (std::optional<Layer> layer = layerOf(op)) {
        markInput(layer->input);
        marked.insert(layer->result);
        layers.push_back(std::move(*layer));
      }
    for (const Layer &layer : layers)
      quantizeWeights(layer);
    for (Value value : marked)
      quantizeValue(value);
  }

private:
  static std::optional<Layer> refuse(Operation *op, StringRef why) {
    op->emitRemark() << "kept in f32: " << why;
    return std::nullopt;
  }

  std::optional<Layer> layerOf(Operation *op) {
    nn::MatmulOp matmul = dyn_cast<nn::MatmulOp>(op);
    if (!isF32(op->getResult(0)))
      return refuse(op, "it does not compute in f32");
    std::optional<Tensor> weights = constantOf(op->getOperand(1), context.store);
    if (!weights || (matmul && weights->rank() != 2))
      return refuse(op, "its weights are not constant");
    Layer layer{op, op->getOperand(0), std::move(*weights), std::nullopt, nullptr, op->getResult(0)};
    if (!takeBias(layer))
      return refuse(op, "its bias is not constant");
    nn::UnaryOp unary = soleReader<nn::UnaryOp>(layer.result);
    if (unary && (unary.getKind() == nn::UnaryKind::clip || unary.getKind() == nn::UnaryKind::relu))
      layer.result = unary.getResult();
    if (!rangeOf(layer.result) || !inputValue(layer.input))
      return refuse(op, "its input or result has no name in the model, or was not calibrated");
    return layer;
  }

  /// The bias of a convolution, or of the add behind a product. False when there is one that is not constant.
  bool takeBias(Layer &layer) {
    if (nn::ConvOp conv = dyn_cast<nn::ConvOp>(layer.op)) {
      if (conv.getBias())
        layer.bias = constantOf(conv.getBias(), context.store);
      return !conv.getBias() || layer.bias;
    }
    nn::BinaryOp add = soleReader<nn::BinaryOp>(layer.result);
    if (!add || add.getKind() != nn::BinaryKind::add || add.getResult().getType() != layer.result.getType())
      return true;
    Value other = add.getLhs() == layer.result ? add.getRhs() : add.getLhs();
    ArrayRef<int64_t> shape = cast<RankedTensorType>(other.getType()).getShape();
    int64_t channels = layer.weights.shape()[1];
    std::optional<Tensor> bias = !shape.empty() && shape.back() == channels ? constantOf(other, context.store) : std::nullopt;
    if (!bias || bias->count() != channels)
      return true;
    layer.bias = std::move(bias);
    layer.biasAdd = add;
    layer.result = add.getResult();
    return true;
  }

  static std::optional<Range> rangeOf(Value value) {
    DenseF32ArrayAttr range = dyn_cast_or_null<DenseF32ArrayAttr>(valueAttr(value, kRangeAttr));
    if (!range || range.size() != 2 || nameOf(value).empty())
      return std::nullopt;
    return Range{range[0], range[1]};
  }

  /// The value whose integers reach `value` through ops that only move: the first marked one, else `value` itself. Null: not calibrated.
  Value inputValue(Value value) {
    for (Value source = value;; source = source.getDefiningOp()->getOperand(0)) {
      if (marked.contains(source))
        return source;
      if (!source.getDefiningOp() || !onlyMoves(source.getDefiningOp()))
        return rangeOf(value) ? value : rangeOf(source) ? source : Value();
    }
  }
  void markInput(Value value) { marked.insert(inputValue(value)); }

  /// The model's name of the op's result, or of the result with its bias when one node of the model does both.
  static std::string layerName(const Layer &layer) {
    StringRef own = nameOf(layer.op->getResult(0));
    return (own.empty() ? nameOf(layer.biasAdd ? layer.biasAdd->getResult(0) : layer.result) : own).str();
  }

  // w -> dequantize(w8), b -> dequantize(b32)
  void quantizeWeights(const Layer &layer) {
    bool isConv = isa<nn::ConvOp>(layer.op);
    int64_t channels = layer.weights.shape()[isConv ? 0 : 1];
    ChannelLayout layout{channels, isConv ? layer.weights.count() / std::max<int64_t>(channels, 1) : 1};
    float inputScale = byteParams(*rangeOf(inputValue(layer.input))).scale;
    std::vector<float> least;
    if (layer.bias)
      least = leastScales(layer.bias->as<float>().data(), channels, inputScale);
    bool search = context.compress && context.compress->quantize.leastSquares;
    Int8Weights w = quantizeChannels(layer.weights.as<float>().data(), layer.weights.count(), layout, least, search);
    OpBuilder builder(layer.op);
    std::string name = layerName(layer);
    Tensor bytes(DType::I8, layer.weights.shape()), scales(DType::F32, {channels});
    llvm::copy(w.values, bytes.mutableAs<int8_t>().begin());
    llvm::copy(w.scales, scales.mutableAs<float>().begin());
    layer.op->setOperand(1, dequantized(builder, layer.op->getOperand(1), bytes, scales, isConv ? 0 : 1, name + ".int8"));
    if (layer.bias)
      setBias(layer, w.scales, inputScale, name);
    note(layer, w, name);
  }

  void setBias(const Layer &layer, const std::vector<float> &scales, float inputScale, StringRef name) {
    int64_t channels = scales.size();
    Tensor bias(DType::I32, layer.bias->shape()), biasScales(DType::F32, {channels});
    llvm::copy(quantizeBias(layer.bias->as<float>().data(), channels, inputScale, scales), bias.mutableAs<int32_t>().begin());
    for (int64_t c = 0; c < channels; ++c)
      biasScales.mutableAs<float>()[c] = inputScale * scales[c];
    Operation *holder = layer.biasAdd ? layer.biasAdd : layer.op;
    unsigned operand = !layer.biasAdd ? 2 : constantOf(holder->getOperand(1), context.store) ? 1 : 0;
    OpBuilder builder(holder);
    holder->setOperand(operand, dequantized(builder, holder->getOperand(operand), bias, biasScales, layer.bias->rank() - 1, (name + ".bias").str()));
  }

  Value dequantized(OpBuilder &builder, Value real, const Tensor &integers, const Tensor &scales, int64_t axis, const std::string &name) {
    Value stored = makeConstant(builder, real.getLoc(), integers, *context.store, name);
    Value scale = makeConstant(builder, real.getLoc(), scales, *context.store, name + ".scale");
    return quant::DequantizeOp::create(builder, real.getLoc(), real.getType(), stored, scale, Value(), axis);
  }

  void note(const Layer &layer, const Int8Weights &w, StringRef name) {
    if (!context.compress)
      return;
    int64_t count = layer.weights.count(), biases = layer.bias ? layer.bias->count() : 0, scales = w.scales.size();
    int64_t zeros = llvm::count(w.values, 0);
    context.compress->layers.push_back({name.str(), "int8", 4 * (count + biases), count + 4 * (biases + scales),
                                        w.error, count ? 1 - static_cast<double>(zeros) / static_cast<double>(count) : 1});
  }

  // v -> dequantize(quantize(v)), one dequantise a reader, so that each can fuse with what reads it
  void quantizeValue(Value value) {
    ByteParams params = byteParams(*rangeOf(value));
    OpBuilder builder(value.getContext());
    builder.setInsertionPointAfterValue(value);
    Location loc = value.getLoc();
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : value.getUses())
      uses.push_back(&use);
    Value scale = makeConstant(builder, loc, Tensor::scalar(DType::F32, params.scale), *context.store, "scale");
    Value zero = makeConstant(builder, loc, Tensor::scalar(DType::U8, params.zero), *context.store, "zero");
    RankedTensorType real = cast<RankedTensorType>(value.getType());
    RankedTensorType bytes = RankedTensorType::get(real.getShape(), toMlir(DType::U8, value.getContext()));
    Value stored = quant::QuantizeOp::create(builder, loc, bytes, value, scale, zero, /*axis=*/0);
    for (OpOperand *use : uses) {
      OpBuilder atReader(use->getOwner());
      use->set(quant::DequantizeOp::create(atReader, loc, real, stored, scale, zero, /*axis=*/0));
    }
  }

  PassContext context;
  llvm::SetVector<Value> marked; // values that become bytes, in program order
};

} // namespace

std::unique_ptr<Pass> createQuantizeInt8(const PassContext &context) { return std::make_unique<QuantizeInt8>(context); }

} // namespace ingot
