// Gathers and scatters. An index that is negative counts from the end; one that is still out of range is clamped, as on the device.
#include "compiler/reference/Rules.h"

#include <cmath>

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

using nn::ScatterKind;

int64_t resolve(int64_t index, int64_t extent) {
  index = index < 0 ? index + extent : index;
  return std::min(std::max<int64_t>(index, 0), extent - 1);
}

bool readsNothing(const Tensor &input, const Tensor &indices) { return input.count() == 0 && indices.count() != 0; }

llvm::LogicalResult refuseEmpty(std::string &why) { return refuse(why, "an empty tensor cannot be indexed"); }

AxisTable wholeAxis(int64_t extent, int64_t stride) {
  AxisTable table;
  for (int64_t c = 0; c < extent; ++c)
    table.push_back(c * stride);
  return table;
}

llvm::FailureOr<Results> gather(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  const Tensor &input = operands[0], &indices = operands[1];
  int64_t axis = static_cast<int64_t>(cast<nn::GatherOp>(op).getAxis());
  Tensor result = resultOf(op);
  if (result.count() != 0 && input.count() == 0)
    return refuseEmpty(why);
  std::vector<int64_t> strides = stridesOf(input.shape());
  std::vector<AxisTable> tables;
  for (int64_t i = 0; i < input.rank(); ++i) {
    if (i != axis) {
      tables.push_back(wholeAxis(input.shape()[i], strides[i]));
      continue;
    }
    AxisTable table;
    for (int64_t k = 0; k < indices.count(); ++k)
      table.push_back(resolve(indices.intAt(k), input.shape()[axis]) * strides[axis]);
    tables.push_back(std::move(table));
  }
  if (result.count() != 0)
    copyElements(input, combine(tables), result);
  return one(result);
}

/// For each element of `indices`, the offset in a tensor of `shape` that has the same coordinates but the index on `axis`.
std::vector<int64_t> elementOffsets(const Tensor &indices, ArrayRef<int64_t> shape, int64_t axis) {
  std::vector<int64_t> strides = stridesOf(shape);
  std::vector<AxisTable> tables;
  for (int64_t i = 0; i < indices.rank(); ++i)
    tables.push_back(wholeAxis(indices.shape()[i], i == axis ? 0 : strides[i]));
  std::vector<int64_t> offsets = combine(tables);
  for (size_t i = 0; i < offsets.size(); ++i)
    offsets[i] += resolve(indices.intAt(static_cast<int64_t>(i)), shape[axis]) * strides[axis];
  return offsets;
}

llvm::FailureOr<Results> gatherElements(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  if (readsNothing(operands[0], operands[1]))
    return refuseEmpty(why);
  Tensor result = resultOf(op);
  int64_t axis = static_cast<int64_t>(cast<nn::GatherElementsOp>(op).getAxis());
  copyElements(operands[0], elementOffsets(operands[1], operands[0].shape(), axis), result);
  return one(result);
}

/// For each index tuple [.., k] and each element of the slice it picks: the offset in a tensor of `shape`. The tuple indexes the
/// axes after the first `batch`, which it shares with `indices`.
std::vector<int64_t> tupleOffsets(const Tensor &indices, ArrayRef<int64_t> shape, int64_t batch) {
  std::vector<int64_t> strides = stridesOf(shape);
  int64_t k = indices.shape().back();
  std::vector<AxisTable> leading, trailing;
  for (int64_t i = 0; i + 1 < indices.rank(); ++i)
    leading.push_back(wholeAxis(indices.shape()[i], i < batch ? strides[i] : 0));
  for (size_t i = static_cast<size_t>(batch + k); i < shape.size(); ++i)
    trailing.push_back(wholeAxis(shape[i], strides[i]));
  std::vector<int64_t> slice = combine(trailing), offsets;
  int64_t tuple = 0;
  for (int64_t base : combine(leading)) {
    for (int64_t j = 0; j < k; ++j)
      base += resolve(indices.intAt(tuple * k + j), shape[batch + j]) * strides[batch + j];
    for (int64_t within : slice)
      offsets.push_back(base + within);
    ++tuple;
  }
  return offsets;
}

llvm::FailureOr<Results> gatherNd(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  Tensor result = resultOf(op);
  if (operands[0].count() == 0 && result.count() != 0)
    return refuseEmpty(why);
  if (result.count() != 0)
    copyElements(operands[0], tupleOffsets(operands[1], operands[0].shape(), static_cast<int64_t>(cast<nn::GatherNdOp>(op).getBatchDims())),
                 result);
  return one(result);
}

template <typename T> T join(ScatterKind kind, T old, T update) {
  switch (kind) {
  case ScatterKind::none: return update;
  case ScatterKind::add: return static_cast<T>(old + update);
  case ScatterKind::mul: return static_cast<T>(old * update);
  case ScatterKind::min: return update < old || update != update ? update : old;
  case ScatterKind::max: return update > old || update != update ? update : old;
  }
  return update;
}

/// Signed lanes add and multiply modulo 2^64.
template <> int64_t join(ScatterKind kind, int64_t old, int64_t update) {
  if (kind == ScatterKind::min || kind == ScatterKind::max)
    return kind == ScatterKind::min ? std::min(old, update) : std::max(old, update);
  return static_cast<int64_t>(join<uint64_t>(kind, static_cast<uint64_t>(old), static_cast<uint64_t>(update)));
}

/// A copy of `input` whose elements at `offsets` meet the updates in order.
Tensor scatter(ScatterKind kind, const Tensor &input, ArrayRef<int64_t> offsets, const Tensor &updates) {
  Tensor result = input;
  withLane(input.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for (size_t i = 0; i < offsets.size(); ++i) {
      int64_t update = static_cast<int64_t>(i);
      if (kind == ScatterKind::none)
        copyElement(updates, update, result, offsets[i]);
      else
        put<T>(result, offsets[i], join<T>(kind, get<T>(result, offsets[i]), get<T>(updates, update)));
    }
  });
  return result;
}

llvm::FailureOr<Results> scatterElements(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto scatterOp = cast<nn::ScatterElementsOp>(op);
  if (readsNothing(operands[0], operands[1]))
    return refuseEmpty(why);
  int64_t axis = static_cast<int64_t>(scatterOp.getAxis());
  return one(scatter(scatterOp.getKind(), operands[0], elementOffsets(operands[1], operands[0].shape(), axis), operands[2]));
}

llvm::FailureOr<Results> scatterNd(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  if (operands[0].count() == 0 && operands[2].count() != 0)
    return refuseEmpty(why);
  if (operands[2].count() == 0)
    return one(operands[0]);
  return one(scatter(cast<nn::ScatterNdOp>(op).getKind(), operands[0], tupleOffsets(operands[1], operands[0].shape(), 0), operands[2]));
}

} // namespace

void addIndex(RuleTable &table) {
  table["nn.gather"] = gather;
  table["nn.gather_elements"] = gatherElements;
  table["nn.gather_nd"] = gatherNd;
  table["nn.scatter_elements"] = scatterElements;
  table["nn.scatter_nd"] = scatterNd;
}

} // namespace ingot::reference
