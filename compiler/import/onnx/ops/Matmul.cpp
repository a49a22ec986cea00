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

/// A zero point as i32 that broadcasts over the product: scalar as [1], [M] as [M, 1] (rows) or [N]; null when it is absent.
static Value zeroPoint(OnnxNode &node, int64_t i, bool rows) {
  if (!node.hasInput(i))
    return {};
  Value zero = node.cast(node.input(i), DType::I32);
  if (!node.ok() || elementCount(node.shape(zero)) == 1)
    return node.ok() ? node.reshape(zero, {1}) : Value();
  return rows && rankOf(node, zero) == 1 ? unsqueeze(node, zero, 1) : zero;
}

/// sum (a - az)(b - bz) = sum a b - bz sum a - az sum b + K az bz, all in i32.
static void importMatMulInteger(OnnxNode &node) {
  Value a = node.input(0), b = node.input(1);
  if (!needRank(node, a, 2, 16, "A") || !needRank(node, b, 2, 16, "B"))
    return;
  int64_t rankA = rankOf(node, a), rankB = rankOf(node, b), depth = node.shape(a).back();
  Value az = zeroPoint(node, 2, true), bz = zeroPoint(node, 3, false), y = node.matmul(a, b);
  if (bz && node.ok()) {
    Value sums = node.reduce(nn::ReduceKind::sum, node.cast(a, DType::I32), {rankA - 1});
    y = node.binary(BinaryKind::sub, y, node.binary(BinaryKind::mul, sums, bz));
  }
  if (az && node.ok()) {
    Value sums = node.reduce(nn::ReduceKind::sum, node.cast(b, DType::I32), {rankB - 2});
    y = node.binary(BinaryKind::sub, y, node.binary(BinaryKind::mul, sums, az));
  }
  if (az && bz && node.ok()) {
    Value product = node.binary(BinaryKind::mul, az, bz);
    y = node.binary(BinaryKind::add, y, node.binary(BinaryKind::mul, product, node.scalar(DType::I32, static_cast<double>(depth))));
  }
  node.setOutput(0, y);
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
  addRows(registry, "", {{"MatMul", 1, 2, importMatMul}, {"Gemm", 7, 2, importGemm}, {"MatMulInteger", 10, 2, importMatMulInteger},
                         {"QLinearMatMul", 10, 8, importQLinearMatMul}});
}

} // namespace ingot
