// What is known while importing: constants, and ops whose operands all are. Folding early is what makes shapes that exporters compute with
// Shape, Gather and Concat static.
#include "compiler/import/onnx/OnnxImporter.h"

#include "compiler/reference/Evaluate.h"

using namespace mlir;

namespace ingot {
namespace {

constexpr int64_t kMaxFoldOperands = 16 * 1024 * 1024; // bytes; a Gather from an embedding table may read this much
constexpr int kMaxSameDepth = 8;                         // operations in a row that two counts are compared by
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

/// A dequantised weight is not folded here: with its integers in sight, dequantise -> conv -> quantise can become the integer op.
bool worthFolding(Operation *op) {
  if (llvm::isa<quant::DequantizeOp>(op) || op->getNumRegions() != 0 || op->getNumResults() == 0 || llvm::isa<nn::ConstantOp, nn::WeightOp>(op) || isHeavy(op))
    return false;
  int64_t operands = 0;
  for (Value operand : op->getOperands()) {
    Operation *source = operand.getDefiningOp();
    if (!source || !llvm::isa<nn::ConstantOp, nn::WeightOp>(source))
      return false;
    operands += std::min(bytesOf(operand), 2 * kMaxFoldOperands);
    if (operands > kMaxFoldOperands)
      return false;
  }
  return llvm::all_of(op->getResults(), [](Value value) { return bytesOf(value) <= nn::ConstantOp::kMaxBytes; });
}

/// True when both are results of equal operations on values of which the same holds: one mask that is counted twice has one count.
bool isSame(Value a, Value b, int depth) {
  if (a == b)
    return true;
  Operation *first = a.getDefiningOp(), *second = b.getDefiningOp();
  if (depth == 0 || !first || !second || llvm::cast<OpResult>(a).getResultNumber() != llvm::cast<OpResult>(b).getResultNumber())
    return false;
  auto flags = OperationEquivalence::IgnoreLocations | OperationEquivalence::IgnoreDiscardableAttrs;
  auto operands = [&](Value x, Value y) { return success(isSame(x, y, depth - 1)); };
  return OperationEquivalence::isEquivalentTo(first, second, operands, nullptr, flags);
}

} // namespace

Value OnnxImporter::makeConstant(const Tensor &tensor, llvm::StringRef name, Location loc) {
  if (tensor.bytes() <= nn::ConstantOp::kMaxBytes)
    return nn::ConstantOp::create(builder, loc, tensor.mlirType(&context), tensor.toAttr(&context)).getResult();
  std::string kept = store.add(name, tensor);
  return nn::WeightOp::create(builder, loc, tensor.mlirType(&context), FlatSymbolRefAttr::get(&context, kept)).getResult();
}

std::optional<Tensor> OnnxImporter::valueOf(Value value) const {
  Operation *op = value ? value.getDefiningOp() : nullptr;
  if (auto constant = llvm::dyn_cast_or_null<nn::ConstantOp>(op))
    return Tensor::fromAttr(constant.getValue());
  if (auto weight = llvm::dyn_cast_or_null<nn::WeightOp>(op); weight && store.isPlain(weight.getSymbol()))
    return store.get(weight.getSymbol());
  return std::nullopt;
}

/// Output i of the current node has `count` entries on `axis`: cut to them when that is known, else remembered.
void OnnxImporter::limitExtent(int64_t i, int64_t axis, Value count) {
  Value &output = frame.outputs[i];
  std::optional<Tensor> known = valueOf(count);
  if (!known) {
    auto same = llvm::find_if(counts, [&](Value other) { return isSame(count, other, kMaxSameDepth); });
    if (same == counts.end())
      same = counts.insert(counts.end(), count);
    extents[output] = {axis, *same};
    mosts[*same] = llvm::cast<RankedTensorType>(output.getType()).getDimSize(axis);
    return;
  }
  RankedTensorType type = llvm::cast<RankedTensorType>(output.getType());
  llvm::SmallVector<int64_t> shape(type.getShape()), zeros(shape.size(), 0), ones(shape.size(), 1);
  shape[axis] = known->intAt(0);
  Operation *cut = nn::SliceOp::create(builder, output.getLoc(), RankedTensorType::get(shape, type.getElementType()), output, zeros, ones);
  llvm::SmallVector<Value> folded;
  output = fold(cut, folded) ? folded.front() : cut->getResult(0);
}

/// Replaces an op by its value. True when done; then `op` is gone.
bool OnnxImporter::fold(Operation *op, llvm::SmallVectorImpl<Value> &results) {
  if (!worthFolding(op))
    return false;
  llvm::SmallVector<Tensor> operands;
  for (Value operand : op->getOperands()) {
    std::optional<Tensor> tensor = valueOf(operand);
    if (!tensor)
      return false;
    operands.push_back(std::move(*tensor));
  }
  std::string why;
  llvm::FailureOr<llvm::SmallVector<Tensor, 2>> values = evaluate(op, operands, why);
  if (llvm::failed(values) || values->size() != op->getNumResults())
    return false;
  for (auto [value, expected] : llvm::zip(*values, op->getResultTypes()))
    if (value.mlirType(&context) != expected)
      return false;
  for (const Tensor &value : *values)
    results.push_back(makeConstant(value, "folded", op->getLoc()));
  op->erase();
  return true;
}

} // namespace ingot
