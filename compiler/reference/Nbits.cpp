// Products with and rows of b-bit weights (dialects/quant/NbitsOps.td): values by their definition, activations quantised by the exact rule, sums in double.
#include "compiler/reference/Rules.h"

#include "dialects/quant/BlockFormats.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

constexpr int64_t kActivationBlock = 32;

/// Weights of one op; the verifier has checked that the sizes agree.
struct Stored {
  const Tensor &integers, &scales, *zeros;
  int64_t bits, block, blocks;

  unsigned bitsAt(const Tensor &from, int64_t byte, int64_t index) const {
    int64_t bit = index * bits;
    return static_cast<unsigned>(from.intAt(byte + bit / 8)) >> (bit % 8) & ((1u << bits) - 1);
  }

  /// The value of row n, element k.
  float value(int64_t n, int64_t k) const {
    int64_t b = k / block, at = n * blocks + b;
    if (b >= blocks)
      return 0;
    float zero = static_cast<float>(1 << (bits - 1));
    if (zeros && isFloat(zeros->dtype()))
      zero = static_cast<float>(zeros->at(at));
    else if (zeros)
      zero = static_cast<float>(bitsAt(*zeros, n * static_cast<int64_t>(llvm::divideCeil(blocks * bits, 8)), b));
    float q = static_cast<float>(bitsAt(integers, at * (block * bits / 8), k % block));
    return (q - zero) * static_cast<float>(scales.at(at));
  }

  std::vector<float> row(int64_t n, int64_t width) const {
    std::vector<float> values(static_cast<size_t>(width));
    for (int64_t k = 0; k < width; ++k)
      values[static_cast<size_t>(k)] = value(n, k);
    return values;
  }
};

/// Replaces x by what 8-bit blocks hold of it.
void quantizeRows(std::vector<double> &x) {
  for (size_t at = 0; at < x.size(); at += kActivationBlock) {
    float values[kActivationBlock];
    int16_t q[kActivationBlock];
    for (size_t i = 0; i < kActivationBlock; ++i)
      values[i] = static_cast<float>(x[at + i]);
    double scale = quant::quantizeBlock(values, 8, q);
    for (size_t i = 0; i < kActivationBlock; ++i)
      x[at + i] = scale * q[i];
  }
}

llvm::FailureOr<Results> nbitsMatmul(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  auto matmul = cast<quant::NbitsMatmulOp>(op);
  int64_t rows = operands[0].shape()[0], width = operands[0].shape()[1], columns = operands[1].shape()[0];
  Stored stored{operands[1], operands[2], operands.size() > 3 ? &operands[3] : nullptr, int64_t(matmul.getBits()), int64_t(matmul.getBlock()),
                operands[1].shape()[1]};
  std::vector<double> x = load<double>(operands[0]);
  if (matmul.getActivations() == 8)
    quantizeRows(x);
  Tensor result = resultOf(op);
  for (int64_t n = 0; n < columns; ++n) {
    std::vector<float> w = stored.row(n, width);
    for (int64_t m = 0; m < rows; ++m) {
      double sum = 0;
      for (int64_t k = 0; k < width; ++k)
        sum += x[static_cast<size_t>(m * width + k)] * static_cast<double>(w[static_cast<size_t>(k)]);
      result.set(m * columns + n, sum);
    }
  }
  return one(result);
}

llvm::FailureOr<Results> nbitsRows(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  auto lookup = cast<quant::NbitsRowsOp>(op);
  int64_t width = lookup.getK();
  Stored stored{operands[0], operands[1], operands.size() > 3 ? &operands[3] : nullptr, int64_t(lookup.getBits()), int64_t(lookup.getBlock()),
                operands[0].shape()[1]};
  Tensor result = resultOf(op);
  for (int64_t m = 0; m < operands[2].count(); ++m) {
    int64_t id = operands[2].intAt(m);
    bool isRow = id >= 0 && id < operands[0].shape()[0];
    for (int64_t k = 0; k < width; ++k)
      result.set(m * width + k, isRow ? static_cast<double>(stored.value(id, k)) : 0.0);
  }
  return one(result);
}

} // namespace

void addNbits(RuleTable &table) {
  table["quant.nbits_matmul"] = nbitsMatmul;
  table["quant.nbits_rows"] = nbitsRows;
}

} // namespace ingot::reference
