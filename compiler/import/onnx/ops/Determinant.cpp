// Det: Gaussian elimination with the largest pivot of each column, unrolled; all matrices of a batch go step by step together.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;

constexpr int64_t kMaxMatrix = 64; // each row is some 15 operations

/// matrix[B, m, n] without its rows before `row` and its columns before `column`; `rows` and `columns` of them.
static Value block(OnnxNode &node, Value matrix, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  return node.slice(matrix, {0, row, column}, {node.shape(matrix)[0], rows, columns}, {1, 1, 1});
}

/// Takes one row and one column off: multiplies `product` [B, 1, 1] with the pivot, whose sign turns when rows change places.
static Value eliminate(OnnxNode &node, Value matrix, Value &product) {
  int64_t batch = node.shape(matrix)[0], m = node.shape(matrix)[1];
  DType type = node.dtype(matrix);
  Value column = node.unary(nn::UnaryKind::abs, block(node, matrix, 0, m, 0, 1));
  Value place = node.create<nn::ArgReduceOp>({node.type(DType::I64, {batch, 1, 1})}, column, uint64_t(1), false, false);
  Value pivotRow = node.create<nn::GatherElementsOp>({node.type(type, {batch, 1, m})}, matrix, node.broadcast(place, {batch, 1, m}), uint64_t(1));
  if (!node.ok())
    return {};
  Value below = node.slice(iota(node, m, 1, 3), {0, 1, 0}, {1, m - 1, 1}, {1, 1, 1});
  Value rest = node.select(node.binary(BinaryKind::equal, below, place), block(node, matrix, 0, 1, 0, m), block(node, matrix, 1, m - 1, 0, m));
  Value pivot = block(node, pivotRow, 0, 1, 0, 1), zero = node.scalar(type, 0);
  Value stays = node.binary(BinaryKind::equal, place, node.scalar(DType::I64, 0));
  product = node.binary(BinaryKind::mul, product, node.select(stays, pivot, node.unary(nn::UnaryKind::neg, pivot)));
  Value divisor = node.select(node.binary(BinaryKind::equal, pivot, zero), node.scalar(type, 1), pivot);
  if (!node.ok())
    return {};
  Value factors = node.binary(BinaryKind::div, block(node, rest, 0, m - 1, 0, 1), divisor);
  return node.binary(BinaryKind::sub, block(node, rest, 0, m - 1, 1, m - 1), node.binary(BinaryKind::mul, factors, block(node, pivotRow, 0, 1, 1, m - 1)));
}

static void importDet(OnnxNode &node) {
  Value x = node.input(0);
  int64_t rank = rankOf(node, x);
  Ints shape = node.shape(x).vec();
  if (rank < 2 || shape[rank - 1] != shape[rank - 2] || shape[rank - 1] < 1 || shape[rank - 1] > kMaxMatrix)
    return node.refuse("the last two axes are no square of 1 to 64");
  int64_t n = shape.back();
  shape.resize(rank - 2);
  std::optional<int64_t> batch = elementCount(shape);
  if (!batch || *batch < 1)
    return node.refuse("there are no matrices");
  Value matrix = node.reshape(x, {*batch, n, n}), product = splat(node, node.dtype(x), {*batch, 1, 1}, 1);
  for (int64_t left = n; left > 1 && node.ok(); --left)
    matrix = eliminate(node, matrix, product);
  if (node.ok())
    node.setOutput(0, node.reshape(node.binary(BinaryKind::mul, product, matrix), shape));
}

void registerDeterminant(OnnxOpRegistry &registry) { addRows(registry, "", {{"Det", 11, 1, importDet}}); }

} // namespace ingot
