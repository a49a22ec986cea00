// Matrix products: MatMul, Gemm, MatMulInteger, QLinearMatMul.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;

static void importMatMul(OnnxNode &node) { node.setOutput(0, matmulAny(node, node.input(0), node.input(1))); }

static void importGemm(OnnxNode &node) {
  Value a = node.input(0), b = node.input(1);
  if (!needRank(node, a, 2, 2, "A") || !needRank(node, b, 2, 2, "B"))
    return;
  if (node.intAttr("transA", 0))
    a = transposeLast(node, a);
  if (node.intAttr("transB", 0))
    b = transposeLast(node, b);
  double alpha = node.floatAttr("alpha", 1), beta = node.floatAttr("beta", 1);
  Value y = scaled(node, matmulAny(node, a, b), alpha);
  if (node.hasInput(2) && beta != 0 && node.ok()) {
    Ints shape = node.shape(y).vec();
    y = node.binary(BinaryKind::add, y, scaled(node, node.input(2), beta));
    if (node.ok() && node.shape(y) != llvm::ArrayRef<int64_t>(shape))
      return node.refuse("the operand 'C' does not broadcast to the product");
  }
  node.setOutput(0, y);
}

static void importMatMulInteger(OnnxNode &node) {
  Value az = node.hasInput(2) ? node.input(2) : Value(), bz = node.hasInput(3) ? node.input(3) : Value();
  node.setOutput(0, integerProduct(node, node.input(0), node.input(1), az, bz));
}

/// Scalars lose their extents; [M] of the left operand becomes [M, 1].
static Value parameter(OnnxNode &node, int64_t i, bool rows) {
  Value value = node.input(i);
  if (elementCount(node.shape(value)) == 1)
    return node.reshape(value, {});
  return rows && rankOf(node, value) == 1 ? unsqueeze(node, value, 1) : value;
}

static void importQLinearMatMul(OnnxNode &node) {
  Value a = node.input(0), b = node.input(3);
  if (!needRank(node, a, 2, 16, "A") || !needRank(node, b, 2, 16, "B"))
    return;
  Value as = parameter(node, 1, true), az = parameter(node, 2, true), bs = parameter(node, 4, false), bz = parameter(node, 5, false);
  Value ys = parameter(node, 6, true), yz = parameter(node, 7, true);
  Value product = node.matmul(a, b);
  if (!node.ok())
    return;
  if (rankOf(node, ys) != 0 || rankOf(node, yz) != 0)
    return node.refuse("the result's scale or zero point is no scalar");
  Type type = node.type(node.dtype(yz), node.shape(product));
  node.setOutput(0, node.create<quant::MatmulOp>({type}, a, node.cast(as, DType::F32), az, b, node.cast(bs, DType::F32), bz,
                                                 node.cast(ys, DType::F32), yz, Value()));
}

void registerMatmul(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"MatMul", 1, 2, importMatMul}, {"Gemm", 1, 2, importGemm}, {"MatMulInteger", 10, 2, importMatMulInteger},
                         {"QLinearMatMul", 10, 8, importQLinearMatMul}});
}

} // namespace ingot
