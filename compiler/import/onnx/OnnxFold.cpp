// What is known while importing: constants, and ops whose operands all are. Folding early is what makes shapes that exporters compute with
// Shape, Gather and Concat static.
#include "compiler/import/onnx/OnnxImporter.h"

#include "compiler/reference/Evaluate.h"

using namespace mlir;

namespace ingot {
namespace {

constexpr int64_t kMaxFoldOperands = 16 * 1024 * 1024; // bytes; a Gather from an embedding table may read this much
constexpr int64_t kMaxFoldWork = int64_t(1) << 30;     // result elements x operand elements of ops that may touch all pairs

int64_t bytesOf(Value value) {
  auto type = llvm::dyn_cast<RankedTensorType>(value.getType());
  std::optional<DType> element = type ? toDType(type.getElementType()) : std::nullopt;
  std::optional<int64_t> count = type ? elementCount(type.getShape()) : std::nullopt;
  return element && count && *count <= kMaxOnnxElements ? *count * byteWidth(*element) : kMaxOnnxElements;
}

/// Folding must not cost more than compiling: an op that reads many elements for each of its results is folded only when small.
bool isHeavy(Operation *op) {
  if (!llvm::isa<nn::ConvOp, nn::ConvTransposeOp, nn::MatmulOp, nn::PoolOp, nn::RnnOp, quant::LstmOp>(op))
    return false;
  int64_t largest = 1;
  for (Value operand : op->getOperands())
    largest = std::max(largest, bytesOf(operand));
  for (Value result : op->getResults())
    if (bytesOf(result) > kMaxFoldWork / largest)
      return true;
  return false;
}

bool isConstant(Value value) { return llvm::isa_and_nonnull<nn::ConstantOp, nn::WeightOp>(value.getDefiningOp()); }

/// A dequantised constant stays an op: with its integers in sight, dequantise -> conv -> quantise can become the integer op. Where it is as small as a
/// shape, what is computed of it and of constants alone is known all the same: tools that quantise every operation do so with those that compute shapes.
quant::DequantizeOp knownDequantize(Value value) {
  constexpr int64_t kMostExtents = 8;
  quant::DequantizeOp op = value.getDefiningOp<quant::DequantizeOp>();
  bool isSmall = op && elementCount(op.getResult().getType().getShape()).value_or(kMostExtents + 1) <= kMostExtents;
  return isSmall && llvm::all_of(op->getOperands(), isConstant) ? op : quant::DequantizeOp();
}

bool worthFolding(Operation *op) {
  if (llvm::isa<quant::DequantizeOp>(op) || op->getNumRegions() != 0 || op->getNumResults() == 0 || llvm::isa<nn::ConstantOp, nn::WeightOp>(op) || isHeavy(op))
    return false;
  int64_t operands = 0;
  for (Value operand : op->getOperands()) {
    if (!isConstant(operand) && !knownDequantize(operand))
      return false;
    operands += std::min(bytesOf(operand), 2 * kMaxFoldOperands);
    if (operands > kMaxFoldOperands)
      return false;
  }
  return llvm::all_of(op->getResults(), [](Value value) { return bytesOf(value) <= nn::ConstantOp::kMaxBytes; });
}

} // namespace

Value OnnxImporter::makeConstant(const Tensor &tensor, llvm::StringRef name, Location loc) {
  if (tensor.bytes() <= nn::ConstantOp::kMaxBytes)
    return nn::ConstantOp::create(builder, loc, tensor.mlirType(&context), tensor.toAttr(&context)).getResult();
  std::string kept = store.addShared(name, tensor);
  return nn::WeightOp::create(builder, loc, tensor.mlirType(&context), FlatSymbolRefAttr::get(&context, kept)).getResult();
}

std::optional<Tensor> OnnxImporter::valueOf(Value value) const {
  Operation *op = value ? value.getDefiningOp() : nullptr;
  if (auto constant = llvm::dyn_cast_or_null<nn::ConstantOp>(op))
    return Tensor::fromAttr(constant.getValue());
  if (auto weight = llvm::dyn_cast_or_null<nn::WeightOp>(op); weight && store.isPlain(weight.getSymbol()))
    return store.get(weight.getSymbol());
  if (quant::DequantizeOp dequantize = value ? knownDequantize(value) : quant::DequantizeOp()) {
    std::optional<llvm::SmallVector<Tensor, 2>> made = evaluated(dequantize);
    return made ? std::optional<Tensor>((*made)[0]) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<llvm::SmallVector<Tensor, 2>> OnnxImporter::evaluated(Operation *op) const {
  llvm::SmallVector<Tensor> operands;
  for (Value operand : op->getOperands()) {
    std::optional<Tensor> tensor = valueOf(operand);
    if (!tensor)
      return std::nullopt;
    operands.push_back(std::move(*tensor));
  }
  std::string why;
  llvm::FailureOr<llvm::SmallVector<Tensor, 2>> values = evaluate(op, operands, why);
  if (llvm::failed(values) || values->size() != op->getNumResults())
    return std::nullopt;
  for (auto [value, expected] : llvm::zip(*values, op->getResultTypes()))
    if (value.mlirType(&context) != expected)
      return std::nullopt;
  return *values;
}

/// Replaces an op by its value. True when done; then `op` is gone.
bool OnnxImporter::fold(Operation *op, llvm::SmallVectorImpl<Value> &results) {
  std::optional<llvm::SmallVector<Tensor, 2>> values = worthFolding(op) ? evaluated(op) : std::nullopt;
  if (!values)
    return false;
  for (const Tensor &value : *values)
    results.push_back(makeConstant(value, "folded", op->getLoc()));
  op->erase();
  return true;
}

} // namespace ingot
