// See AttentionParts.h.
#include "compiler/import/onnx/AttentionParts.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;

Value splitHeads(OnnxNode &node, Value x, int64_t heads) {
  if (!node.ok() || rankOf(node, x) == 4)
    return node.ok() ? x : Value();
  llvm::ArrayRef<int64_t> s = node.shape(x);
  if (s.size() != 3 || heads < 1 || s[2] % heads != 0) {
    node.refuse("the hidden size does not divide into heads");
    return {};
  }
  return node.transpose(node.reshape(x, {s[0], s[1], heads, s[2] / heads}), {0, 2, 1, 3});
}

Value joinHeads(OnnxNode &node, Value x) {
  if (!node.ok())
    return {};
  Ints s = node.shape(x).vec();
  return node.reshape(node.transpose(x, {0, 2, 1, 3}), {s[0], s[2], s[1] * s[3]});
}

Value repeatHeads(OnnxNode &node, Value x, int64_t n) {
  if (n == 1 || !node.ok())
    return x;
  Ints s = node.shape(x).vec();
  Value wide = node.broadcast(node.reshape(x, {s[0], s[1], 1, s[2], s[3]}), {s[0], s[1], n, s[2], s[3]});
  return node.reshape(wide, {s[0], s[1] * n, s[2], s[3]});
}

Value addTo(OnnxNode &node, Value bias, Value more) { return bias && node.ok() ? node.binary(BinaryKind::add, bias, more) : more; }

Value biasWhere(OnnxNode &node, Value allowed, DType type, double masked) {
  return node.select(allowed, node.scalar(type, 0), node.scalar(type, masked));
}

Value slicedLast(OnnxNode &node, Value x, int64_t start, int64_t size, int64_t step) {
  if (!node.ok())
    return {};
  Ints starts(rankOf(node, x), 0), steps(starts.size(), 1), sizes = node.shape(x).vec();
  starts.back() = start;
  steps.back() = step;
  sizes.back() = size;
  return node.slice(x, starts, sizes, steps);
}

Value rotateHeads(OnnxNode &node, Value heads, Value cosine, Value sine, bool interleaved) {
  if (!node.ok())
    return {};
  int64_t size = node.shape(heads)[3], half = node.shape(cosine).back(), rotated = 2 * half, step = interleaved ? 2 : 1;
  if (rotated > size)
    return node.refuse("the tables turn more elements than a head has"), Value();
  Value a = slicedLast(node, heads, 0, half, step), b = slicedLast(node, heads, interleaved ? 1 : half, half, step);
  Value real = node.binary(BinaryKind::sub, node.binary(BinaryKind::mul, cosine, a), node.binary(BinaryKind::mul, sine, b));
  Value imaginary = node.binary(BinaryKind::add, node.binary(BinaryKind::mul, sine, a), node.binary(BinaryKind::mul, cosine, b));
  if (!node.ok())
    return {};
  Ints shape = node.shape(heads).vec();
  shape[3] = rotated;
  Value y = interleaved ? node.reshape(node.concat({unsqueeze(node, real, 4), unsqueeze(node, imaginary, 4)}, 4), shape)
                        : node.concat({real, imaginary}, 3);
  return rotated < size && node.ok() ? node.concat({y, slicedLast(node, heads, rotated, size - rotated)}, 3) : y;
}

} // namespace ingot
