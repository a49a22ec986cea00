// com.microsoft.MatMulNBits: a matrix product whose constant weights are b-bit integers in blocks along the reduction. Weights of 2, 4 and 8 bits keep the
// file's bytes (quant.nbits_matmul); other widths are taken apart and dequantised. accuracy_level 1 to 3 asks for activations that are not quantised;
// 4, and 0, which leaves the choice open, take 8-bit activations.
#include "compiler/import/onnx/NbitsOperands.h"

using namespace mlir;

namespace ingot {

namespace {

/// What the attributes say. Weights [n][blocks][block bytes], within a block element i at bit i * bits, low bits first.
struct Packing {
  int64_t depth = 0, columns = 0, bits = 4, block = 32;
  int64_t blocks() const { return (depth + block - 1) / block; }
  int64_t blockBytes() const { return block * bits / 8; }
};

/// The `bits` bits from bit `index * bits` on.
uint8_t unpacked(llvm::ArrayRef<uint8_t> bytes, int64_t index, int64_t bits) {
  int64_t bit = index * bits;
  unsigned word = bytes[bit / 8];
  if (bit / 8 + 1 < static_cast<int64_t>(bytes.size()))
    word |= static_cast<unsigned>(bytes[bit / 8 + 1]) << 8;
  return static_cast<uint8_t>((word >> (bit % 8)) & ((1u << bits) - 1));
}

} // namespace

static std::optional<Packing> readPacking(OnnxNode &node) {
  constexpr int64_t kMost = int64_t(1) << 31; // of K and N
  Packing packing{node.intAttr("K", 0), node.intAttr("N", 0), node.intAttr("bits", 4), node.intAttr("block_size", 32)};
  bool isLegal = packing.depth > 0 && packing.depth < kMost && packing.columns > 0 && packing.columns < kMost && packing.bits >= 2 && packing.bits <= 8 &&
                 packing.block >= 16 && packing.block <= 65536 && (packing.block & (packing.block - 1)) == 0;
  if (isLegal)
    return packing;
  node.refuse("K, N, bits or block_size are out of range");
  return std::nullopt;
}

/// Integers [K, N], one a byte, from checked weights.
static Tensor readIntegers(const Tensor &packed, const Packing &packing) {
  Tensor integers(DType::U8, {packing.depth, packing.columns});
  llvm::MutableArrayRef<uint8_t> out = integers.mutableAs<uint8_t>();
  int64_t row = packing.blocks() * packing.blockBytes();
  for (int64_t n = 0; n < packing.columns; ++n)
    for (int64_t k = 0; k < packing.depth; ++k)
      out[k * packing.columns + n] = unpacked(packed.as<uint8_t>().slice(n * row, row), k, packing.bits);
  return integers;
}

/// Zero points [blocks, N]: packed like the weights (each column starts at a byte), or 2^(bits - 1) when absent.
static std::optional<Tensor> readZeros(OnnxNode &node, const Packing &packing) {
  Tensor zeros(DType::U8, {packing.blocks(), packing.columns});
  llvm::MutableArrayRef<uint8_t> out = zeros.mutableAs<uint8_t>();
  int64_t row = (packing.blocks() * packing.bits + 7) / 8;
  std::optional<Tensor> packed = node.hasInput(3) ? node.constant(3) : std::nullopt;
  if (node.hasInput(3) && (!packed || packed->dtype() != DType::U8 || packed->count() != packing.columns * row)) {
    node.refuse("zero points other than packed constant integers are not supported with weights of 3, 5, 6 or 7 bits");
    return std::nullopt;
  }
  for (int64_t n = 0; n < packing.columns; ++n)
    for (int64_t b = 0; b < packing.blocks(); ++b)
      out[b * packing.columns + n] = packed ? unpacked(packed->as<uint8_t>().slice(n * row, row), b, packing.bits) : static_cast<uint8_t>(1 << (packing.bits - 1));
  return zeros;
}

/// The product with dequantised weights of 3, 5, 6 or 7 bits, which have no packed kernels.
static Value oddProduct(OnnxNode &node, const Tensor &packed, const Packing &packing) {
  std::optional<Tensor> zeros = readZeros(node, packing);
  if (!zeros)
    return {};
  // The scales come column by column, quant.dequantize has the blocks on axis 0.
  Value x = node.input(0), scale = node.transpose(node.reshape(node.cast(node.input(2), DType::F32), {packing.columns, packing.blocks()}), {1, 0});
  Value weights = node.create<quant::DequantizeOp>({node.type(node.dtype(x), {packing.depth, packing.columns})}, node.constantOf(readIntegers(packed, packing)),
                                                  scale, node.constantOf(*zeros), uint64_t(0), static_cast<uint64_t>(packing.block));
  return node.ok() ? matmulAny(node, x, weights) : Value();
}

/// x [..., K] -> f32 [M, K'], K' the next multiple of 32.
static Value paddedRows(OnnxNode &node, Value x, int64_t depth) {
  constexpr int64_t kActivationBlock = 32;
  int64_t rows = elementCount(node.shape(x)).value_or(0) / depth, missing = (kActivationBlock - depth % kActivationBlock) % kActivationBlock;
  Value flat = node.reshape(node.cast(x, DType::F32), {rows, depth});
  return missing ? padConstant(node, flat, {0, 0}, {0, missing}, Value()) : flat;
}

static void importMatMulNBits(OnnxNode &node) {
  Value x = node.input(0);
  if (node.hasInput(4))
    return node.refuse("g_idx, which permutes the inputs among the blocks, is not supported; export without act-order");
  std::optional<Packing> packing = readPacking(node);
  if (!packing || !needRank(node, x, 1, 16, "A"))
    return;
  if (node.shape(x).back() != packing->depth)
    return node.refuse("the last extent of A is not K");
  NbitsOperands operands{packing->columns, packing->blocks(), packing->blockBytes(), packing->bits};
  if (!operands.read(node, 1, 2, 3))
    return;
  Value y;
  if (packing->bits != 2 && packing->bits != 4 && packing->bits != 8) {
    y = oddProduct(node, *node.constant(operands.weights), *packing);
  } else {
    int64_t level = node.intAttr("accuracy_level", 0), activations = level >= 1 && level <= 3 ? 32 : 8;
    Value rows = paddedRows(node, x, packing->depth);
    if (!node.ok())
      return;
    y = node.create<quant::NbitsMatmulOp>({node.type(DType::F32, {node.shape(rows)[0], packing->columns})}, rows, operands.weights, operands.scales,
                                          operands.zeros, static_cast<uint64_t>(packing->bits), static_cast<uint64_t>(packing->block),
                                          static_cast<uint64_t>(activations));
    Ints shape = node.shape(x).drop_back().vec();
    shape.push_back(packing->columns);
    y = node.ok() ? node.cast(node.reshape(y, shape), node.dtype(x)) : Value();
  }
  if (node.hasInput(5) && node.ok())
    y = node.binary(nn::BinaryKind::add, y, node.input(5));
  node.setOutput(0, y);
}

void registerMatMulNBits(OnnxOpRegistry &registry) { addRows(registry, "com.microsoft", {{"MatMulNBits", 1, 3, importMatMulNBits}}); }

} // namespace ingot
