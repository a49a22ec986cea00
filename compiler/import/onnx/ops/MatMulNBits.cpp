// com.microsoft.MatMulNBits: a matrix product whose constant weights are b-bit integers in blocks along the reduction.
#include "compiler/import/onnx/OpHelpers.h"

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

/// Integers [K, N], one a byte.
static std::optional<Tensor> readIntegers(OnnxNode &node, const Packing &packing) {
  std::optional<Tensor> packed = node.constant(1);
  if (!packed || packed->dtype() != DType::U8 || packed->count() != packing.columns * packing.blocks() * packing.blockBytes()) {
    node.refuse(packed ? "the weights are not K x N packed bytes" : "the weights depend on run-time data");
    return std::nullopt;
  }
  Tensor integers(DType::U8, {packing.depth, packing.columns});
  llvm::MutableArrayRef<uint8_t> out = integers.mutableAs<uint8_t>();
  int64_t row = packing.blocks() * packing.blockBytes();
  for (int64_t n = 0; n < packing.columns; ++n)
    for (int64_t k = 0; k < packing.depth; ++k)
      out[k * packing.columns + n] = unpacked(packed->as<uint8_t>().slice(n * row, row), k, packing.bits);
  return integers;
}

/// Zero points [blocks, N]: packed like the weights (each column starts at a byte), or 2^(bits - 1) when absent.
static std::optional<Tensor> readZeros(OnnxNode &node, const Packing &packing) {
  Tensor zeros(DType::U8, {packing.blocks(), packing.columns});
  llvm::MutableArrayRef<uint8_t> out = zeros.mutableAs<uint8_t>();
  int64_t row = (packing.blocks() * packing.bits + 7) / 8;
  std::optional<Tensor> packed = node.hasInput(3) ? node.constant(3) : std::nullopt;
  if (node.hasInput(3) && (!packed || packed->dtype() != DType::U8 || packed->count() != packing.columns * row)) {
    node.refuse("zero points other than packed constant integers are not supported");
    return std::nullopt;
  }
  for (int64_t n = 0; n < packing.columns; ++n)
    for (int64_t b = 0; b < packing.blocks(); ++b)
      out[b * packing.columns + n] = packed ? unpacked(packed->as<uint8_t>().slice(n * row, row), b, packing.bits) : static_cast<uint8_t>(1 << (packing.bits - 1));
  return zeros;
}

static void importMatMulNBits(OnnxNode &node) {
  Value x = node.input(0), scales = node.input(2);
  if (node.hasInput(4))
    return node.refuse("g_idx is not supported");
  std::optional<Packing> packing = readPacking(node);
  if (!packing || !needRank(node, x, 1, 16, "A"))
    return;
  if (node.shape(x).back() != packing->depth || elementCount(node.shape(scales)) != packing->columns * packing->blocks())
    return node.refuse("A or the scales do not fit K and N");
  std::optional<Tensor> integers = readIntegers(node, *packing);
  std::optional<Tensor> zeros = integers ? readZeros(node, *packing) : std::nullopt;
  if (!zeros)
    return;
  // The scales come column by column, quant.dequantize has the blocks on axis 0.
  Value scale = node.transpose(node.reshape(node.cast(scales, DType::F32), {packing->columns, packing->blocks()}), {1, 0});
  Value weights = node.create<quant::DequantizeOp>({node.type(node.dtype(x), {packing->depth, packing->columns})}, node.constantOf(*integers), scale,
                                                  node.constantOf(*zeros), uint64_t(0), static_cast<uint64_t>(packing->block));
  Value y = node.ok() ? matmulAny(node, x, weights) : Value();
  if (node.hasInput(5) && node.ok())
    y = node.binary(nn::BinaryKind::add, y, node.input(5));
  node.setOutput(0, y);
}

void registerMatMulNBits(OnnxOpRegistry &registry) { addRows(registry, "com.microsoft", {{"MatMulNBits", 1, 3, importMatMulNBits}}); }

} // namespace ingot
