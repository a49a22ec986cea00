// Checks the constant operands of block-quantised operators.
#include "compiler/import/onnx/NbitsOperands.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ingot {

static bool isShortFloat(DType type) { return type == DType::F32 || type == DType::F16 || type == DType::BF16; }

/// The operand as it stands when it is constant; null and refused otherwise.
static Value constantOperand(OnnxNode &node, int64_t i, llvm::StringRef what) {
  if (std::optional<Tensor> tensor = node.constant(i))
    return isa<nn::ConstantOp, nn::WeightOp>(node.input(i).getDefiningOp()) ? node.input(i) : node.constantOf(*tensor);
  node.refuse((what + " depend on run-time data").str());
  return {};
}

bool NbitsOperands::read(OnnxNode &node, int64_t w, int64_t s, int64_t z) {
  weights = constantOperand(node, w, "the weights");
  scales = node.ok() ? constantOperand(node, s, "the scales") : Value();
  zeros = node.ok() && node.hasInput(z) ? constantOperand(node, z, "the zero points") : Value();
  if (!node.ok())
    return false;
  int64_t count = rows * blocks, zeroBytes = rows * static_cast<int64_t>(llvm::divideCeil(blocks * bits, 8));
  if (node.dtype(weights) != DType::U8 || elementCount(node.shape(weights)) != count * blockBytes)
    node.refuse("the weights are not N x K packed bytes");
  else if (!isShortFloat(node.dtype(scales)) || elementCount(node.shape(scales)) != count)
    node.refuse("the scales are not one float a block");
  else if (zeros && !(node.dtype(zeros) == DType::U8 && elementCount(node.shape(zeros)) == zeroBytes) &&
           !(isShortFloat(node.dtype(zeros)) && elementCount(node.shape(zeros)) == count))
    node.refuse("the zero points are neither packed bytes nor one float a block");
  else if (node.shape(weights) != llvm::ArrayRef<int64_t>({rows, blocks, blockBytes}))
    weights = node.constantOf(node.constant(weights)->reshaped({rows, blocks, blockBytes}));
  return node.ok();
}

bool NbitsOperands::take(OnnxNode &node, const Tensor &packed, Value scale, std::optional<Tensor> zero) {
  weights = node.constantOf(packed.reshaped({rows, blocks, blockBytes}));
  scales = scale;
  zeros = zero ? node.constantOf(*zero) : Value();
  if (!isShortFloat(node.dtype(scales)) || elementCount(node.shape(scales)) != rows * blocks)
    node.refuse("the scales are not one float a block");
  return node.ok();
}

} // namespace ingot
