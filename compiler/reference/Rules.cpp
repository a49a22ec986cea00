// The tools that the rules share (see Rules.h).
#include "compiler/reference/Rules.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

#include <cstring>

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {

Tensor resultOf(Operation *op, unsigned index) {
  auto type = cast<RankedTensorType>(op->getResult(index).getType());
  return Tensor(toDType(type.getElementType()).value_or(DType::F32), type.getShape());
}

Results one(Tensor tensor) {
  Results results;
  results.push_back(std::move(tensor));
  return results;
}

llvm::LogicalResult refuse(std::string &why, const llvm::Twine &reason) {
  why = reason.str();
  return failure();
}

std::vector<int64_t> stridesOf(ArrayRef<int64_t> shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

std::vector<int64_t> combine(ArrayRef<AxisTable> tables) {
  std::vector<int64_t> offsets{0};
  for (const AxisTable &table : tables) {
    std::vector<int64_t> next;
    next.reserve(offsets.size() * table.size());
    for (int64_t base : offsets)
      for (int64_t step : table)
        next.push_back(base == kOutside || step == kOutside ? kOutside : base + step);
    offsets = std::move(next);
  }
  return offsets;
}

std::vector<int64_t> broadcastOffsets(ArrayRef<int64_t> shape, ArrayRef<int64_t> result) {
  std::vector<int64_t> strides = stridesOf(shape);
  std::vector<AxisTable> tables;
  size_t lead = result.size() - shape.size();
  for (size_t i = 0; i < result.size(); ++i) {
    AxisTable table(static_cast<size_t>(result[i]), 0);
    if (i >= lead && shape[i - lead] != 1)
      for (size_t c = 0; c < table.size(); ++c)
        table[c] = static_cast<int64_t>(c) * strides[i - lead];
    tables.push_back(std::move(table));
  }
  return combine(tables);
}

Groups groupBy(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes) {
  std::vector<int64_t> strides = stridesOf(shape);
  std::vector<AxisTable> kept, grouped;
  Groups groups;
  groups.count = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    AxisTable table(static_cast<size_t>(shape[i]));
    for (size_t c = 0; c < table.size(); ++c)
      table[c] = static_cast<int64_t>(c) * strides[i];
    bool inGroup = llvm::is_contained(axes, static_cast<int64_t>(i));
    (inGroup ? groups.size : groups.count) *= shape[i];
    (inGroup ? grouped : kept).push_back(std::move(table));
  }
  kept.insert(kept.end(), grouped.begin(), grouped.end());
  groups.offsets = combine(kept);
  return groups;
}

void copyElement(const Tensor &from, int64_t at, Tensor &to, int64_t index) {
  int64_t width = byteWidth(to.dtype());
  std::memcpy(to.mutableData() + index * width, from.data() + at * width, static_cast<size_t>(width));
}

void copyElements(const Tensor &from, ArrayRef<int64_t> offsets, Tensor &to) {
  int64_t width = byteWidth(to.dtype());
  char *out = to.mutableData();
  for (size_t i = 0; i < offsets.size(); ++i)
    if (offsets[i] != kOutside)
      std::memcpy(out + static_cast<int64_t>(i) * width, from.data() + offsets[i] * width, static_cast<size_t>(width));
}

} // namespace ingot::reference
