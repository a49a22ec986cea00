// Products with block-quantised weights: activations quantised by the exact rule of dialects/quant/BlockOps.td, weights dequantised, sums in double.
#include "compiler/import/gguf/GgufTypes.h"
#include "compiler/reference/Rules.h"

#include "dialects/quant/BlockFormats.h"

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

constexpr int64_t kActivationBlock = 32;

/// Rows of weights as floats, one at a time.
class BlockRows {
public:
  static std::optional<BlockRows> create(llvm::StringRef format, const Tensor &weights, int64_t width, std::string &why) {
    const GgufType *type = findGgufType(format);
    if (!type || !canDequantize(*type)) {
      why = "the reference has no values for rows of " + format.str();
      return std::nullopt;
    }
    return BlockRows(*type, weights, width);
  }

  ArrayRef<float> row(int64_t index) {
    dequantizeRow(type, weights.data() + index * type.rowBytes(static_cast<int64_t>(values.size())), values.data(), static_cast<int64_t>(values.size()));
    return values;
  }

private:
  BlockRows(const GgufType &type, const Tensor &weights, int64_t width) : type(type), weights(weights), values(static_cast<size_t>(width)) {}

  const GgufType &type;
  const Tensor &weights;
  std::vector<float> values;
};

/// x [rows][width] as the product sees it: what the format leaves, or quantised in blocks and multiplied out, which is exact in double.
std::vector<double> activations(const Tensor &x, int64_t width, llvm::StringRef format, int64_t bits) {
  std::vector<double> seen = load<double>(x);
  if (!quant::findBlockFormat(format)->quantizesActivations)
    return seen;
  std::vector<float> row(static_cast<size_t>(width));
  for (int64_t begin = 0; begin < x.count(); begin += width) {
    for (int64_t k = 0; k < width; ++k)
      row[static_cast<size_t>(k)] = static_cast<float>(x.at(begin + k));
    for (int64_t k = 0; k < width; k += kActivationBlock) {
      int16_t q[kActivationBlock];
      float scale = quant::quantizeBlock(&row[static_cast<size_t>(k)], bits, q);
      for (int64_t i = 0; i < kActivationBlock; ++i)
        seen[static_cast<size_t>(begin + k + i)] = static_cast<double>(scale) * q[i];
    }
  }
  return seen;
}

double dot(const double *x, ArrayRef<float> w) {
  double sum = 0;
  for (size_t k = 0; k < w.size(); ++k)
    sum += x[k] * static_cast<double>(w[k]);
  return sum;
}

llvm::FailureOr<Results> blockMatmul(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto matmul = cast<quant::BlockMatmulOp>(op);
  int64_t width = operands[0].shape()[1], columns = operands[1].shape()[0];
  std::optional<BlockRows> rows = BlockRows::create(matmul.getFormat(), operands[1], width, why);
  if (!rows)
    return failure();
  std::vector<double> x = activations(operands[0], width, matmul.getFormat(), static_cast<int64_t>(matmul.getActivations()));
  Tensor result = resultOf(op);
  for (int64_t n = 0; n < columns; ++n) {
    ArrayRef<float> w = rows->row(n);
    for (int64_t m = 0; m < operands[0].shape()[0]; ++m)
      result.set(m * columns + n, dot(x.data() + m * width, w));
  }
  return one(result);
}

llvm::FailureOr<Results> blockRows(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto lookup = cast<quant::BlockRowsOp>(op);
  int64_t width = static_cast<int64_t>(lookup.getK());
  std::optional<BlockRows> rows = BlockRows::create(lookup.getFormat(), operands[0], width, why);
  if (!rows)
    return failure();
  Tensor result = resultOf(op);
  for (int64_t m = 0; m < operands[1].count(); ++m) {
    int64_t id = operands[1].intAt(m);
    ArrayRef<float> row = rows->row(id >= 0 && id < operands[0].shape()[0] ? id : 0);
    for (int64_t k = 0; k < width; ++k)
      result.set(m * width + k, static_cast<double>(row[static_cast<size_t>(k)]));
  }
  return one(result);
}

llvm::FailureOr<Results> blockMatmulExperts(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto matmul = cast<quant::BlockMatmulExpertsOp>(op);
  const Tensor &input = operands[0], &weights = operands[1], &experts = operands[2];
  int64_t width = input.shape()[2], columns = weights.shape()[1], slots = experts.shape()[1];
  std::optional<BlockRows> rows = BlockRows::create(matmul.getFormat(), weights, width, why);
  if (!rows)
    return failure();
  std::vector<double> x = activations(input, width, matmul.getFormat(), static_cast<int64_t>(matmul.getActivations()));
  Tensor result = resultOf(op);
  for (int64_t i = 0; i < experts.count(); ++i) {
    int64_t expert = experts.intAt(i), row = input.shape()[1] == 1 ? i / slots : i;
    if (expert < 0 || expert >= weights.shape()[0])
      expert = 0;
    for (int64_t n = 0; n < columns; ++n)
      result.set(i * columns + n, dot(x.data() + row * width, rows->row(expert * columns + n)));
  }
  return one(result);
}

} // namespace

void addBlocks(RuleTable &table) {
  table["quant.block_matmul"] = blockMatmul;
  table["quant.block_rows"] = blockRows;
  table["quant.block_matmul_experts"] = blockMatmulExperts;
}

} // namespace ingot::reference
