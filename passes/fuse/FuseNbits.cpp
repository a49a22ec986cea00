// matmul(x, dequantize(weights in blocks)) -> quant.nbits_matmul(x, weights): what tools write as MatMulNBits, or as a DequantizeLinear with block_size in
// front of a MatMul. The values and the order of the sums stay, so the bits do; the weights stay in their 2, 4 or 8 bits.
#include "passes/Passes.h"
#include "passes/fuse/Remark.h"

#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_FUSENBITS
#include "passes/fuse/Passes.h.inc"

namespace {

/// How the dequantised matrix lies in its file: [K, N], or [N, K] and transposed.
struct Layout {
  int64_t k, n, block, bits;
  int64_t isTransposed, isSigned; // 0 or 1

  int64_t blocks() const { return k / block; }
  /// Where the element of row n and number i of `extent` (K, or its blocks) lies.
  int64_t at(int64_t row, int64_t i, int64_t extent) const { return isTransposed ? row * extent + i : i * n + row; }
  /// What makes a signed integer one of nbits_matmul's.
  int64_t offset() const { return isSigned ? int64_t(1) << (bits - 1) : 0; }
};

/// Integers [N, blocks, block * bits / 8], element i of a block at bit i * bits.
Tensor packRows(const Tensor &from, Layout layout) {
  Tensor rows(DType::U8, {layout.n, layout.blocks(), layout.block * layout.bits / 8});
  MutableArrayRef<uint8_t> bytes = rows.mutableAs<uint8_t>();
  for (int64_t n = 0; n < layout.n; ++n)
    for (int64_t k = 0; k < layout.k; ++k) {
      uint64_t value = static_cast<uint64_t>(from.intAt(layout.at(n, k, layout.k)) + layout.offset()), bit = static_cast<uint64_t>((n * layout.k + k) * layout.bits);
      bytes[bit / 8] |= static_cast<uint8_t>(value << bit % 8);
    }
  return rows;
}

/// One number a block as [N * blocks] floats, `offset` more each.
Tensor turnBlocks(const Tensor &from, Layout layout, int64_t offset) {
  Tensor numbers(DType::F32, {layout.n * layout.blocks()});
  for (int64_t i = 0; i < numbers.count(); ++i)
    numbers.set(i, from.at(layout.at(i / layout.blocks(), i % layout.blocks(), layout.blocks())) + static_cast<double>(offset));
  return numbers;
}

/// 0 for each block.
Tensor zeroBlocks(const Tensor &, Layout layout) { return Tensor(DType::F32, {layout.n * layout.blocks()}); }

struct FuseNbits : impl::FuseNbitsBase<FuseNbits> {
  explicit FuseNbits(const PassContext &context) : context(context) {}

  void runOnOperation() override {
    if (!context.store)
      return;
    SmallVector<nn::MatmulOp> ops;
    getOperation().walk([&](nn::MatmulOp op) { ops.push_back(op); });
    DenseMap<Operation *, SmallVector<Value, 3>> made; // by dequantise: weights, scales, zero points
    for (nn::MatmulOp op : ops)
      fuse(op, made);
  }

  /// The layout when nbits_matmul can hold the operand.
  static std::optional<Layout> layoutOf(nn::MatmulOp op, quant::DequantizeOp source, bool isTransposed) {
    RankedTensorType type = source.getInput().getType();
    IntegerType element = dyn_cast<IntegerType>(type.getElementType());
    int64_t axis = isTransposed ? 1 : 0, block = static_cast<int64_t>(source.getBlock());
    auto fixed = [](Value value) { return !value || isa_and_nonnull<nn::WeightOp, nn::ConstantOp>(value.getDefiningOp()); };
    auto real = [](Value value) { return cast<RankedTensorType>(value.getType()).getElementType().isF32(); };
    if (!element || type.getRank() != 2 || block == 0 || static_cast<int64_t>(source.getAxis()) != axis || !real(op.getLhs()) || !real(source.getScale()) ||
        !real(op.getResult()) || !fixed(source.getInput()) || !fixed(source.getScale()) || !fixed(source.getZero()))
      return std::nullopt;
    Layout layout{type.getDimSize(axis), type.getDimSize(1 - axis), block, element.getWidth(), isTransposed, !element.isUnsigned()};
    bool fits = (layout.bits == 2 || layout.bits == 4 || layout.bits == 8) && (block == 16 || block % 32 == 0) && layout.k % block == 0 && layout.k % 32 == 0 &&
                layout.k > 0 && layout.n > 0;
    if (fits)
      return layout;
    notFused(op, "a product with weights in blocks", "the block is no 16 or multiple of 32 that divides the depth, or the integers have not 2, 4 or 8 bits");
    return std::nullopt;
  }

  void fuse(nn::MatmulOp op, DenseMap<Operation *, SmallVector<Value, 3>> &made) {
    nn::TransposeOp transpose = op.getRhs().getDefiningOp<nn::TransposeOp>();
    quant::DequantizeOp source = (transpose ? transpose.getInput() : op.getRhs()).getDefiningOp<quant::DequantizeOp>();
    std::optional<Layout> layout = source ? layoutOf(op, source, transpose != nullptr) : std::nullopt;
    if (!layout)
      return;
    SmallVector<Value, 3> &weights = made[source];
    if (weights.empty())
      weights = pack(source, *layout);
    OpBuilder builder(op);
    RankedTensorType result = op.getResult().getType();
    Type f32 = builder.getF32Type();
    int64_t rows = 1;
    for (int64_t extent : result.getShape().drop_back())
      rows *= extent;
    Value x = nn::ReshapeOp::create(builder, op.getLoc(), RankedTensorType::get({rows, layout->k}, f32), op.getLhs());
    Value y = quant::NbitsMatmulOp::create(builder, op.getLoc(), RankedTensorType::get({rows, layout->n}, f32), x, weights[0], weights[1],
                                           weights.size() > 2 ? weights[2] : Value(), layout->bits, layout->block, 32);
    op.getResult().replaceAllUsesWith(nn::ReshapeOp::create(builder, op.getLoc(), result, y).getResult());
    op.erase();
  }

  SmallVector<Value, 3> pack(quant::DequantizeOp source, Layout layout) {
    SmallVector<Value, 3> values{
        weight(source, source.getInput(), DType::U8, {layout.n, layout.blocks(), layout.block * layout.bits / 8}, "rows of blocks",
               calling(packRows, layout)),
        weight(source, source.getScale(), DType::F32, {layout.n * layout.blocks()}, "scales of rows", calling(turnBlocks, layout, 0))};
    if (source.getZero())
      values.push_back(weight(source, source.getZero(), DType::F32, {layout.n * layout.blocks()}, "zero points of rows",
                              calling(turnBlocks, layout, layout.offset())));
    else if (!layout.isSigned) // nbits_matmul's own zero point is that of signed integers
      values.push_back(weight(source, source.getScale(), DType::F32, {layout.n * layout.blocks()}, "no zero points",
                              calling(zeroBlocks, layout)));
    return values;
  }

  /// A weight that a recipe makes of the constant `from`.
  Value weight(quant::DequantizeOp source, Value from, DType type, ArrayRef<int64_t> shape, StringRef doc, Making make) {
    nn::WeightOp named = from.getDefiningOp<nn::WeightOp>();
    Recipe recipe;
    recipe.inputs.push_back(named ? named.getSymbol().str() : context.store->addShared("constant", Tensor::fromAttr(from.getDefiningOp<nn::ConstantOp>().getValue())));
    recipe.doc = doc.str();
    recipe.make = std::move(make);
    std::string name = context.store->addRecipe(recipe.inputs[0] + ".rows", type, shape, std::move(recipe));
    OpBuilder builder(source);
    return nn::WeightOp::create(builder, source.getLoc(), RankedTensorType::get(shape, toMlir(type, &getContext())), FlatSymbolRefAttr::get(&getContext(), name));
  }

  PassContext context;
};

} // namespace

std::unique_ptr<Pass> createFuseNbits(const PassContext &context) { return std::make_unique<FuseNbits>(context); }

} // namespace ingot
