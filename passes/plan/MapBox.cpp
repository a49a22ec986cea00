// Maps: unit dims, the dims' order and what can be walked as one dim do not matter to what a map computes.
#include "passes/plan/MapBox.h"

using namespace mlir;

namespace ingot {
namespace {

/// The least extent worth splitting among workers at an outer dimension; below it an inner dimension with more points is split.
constexpr int64_t splitExtent = 16;

/// Merges dim d+1 into d when every operand walks both as one.
bool mergeable(const MapBox &box, size_t d) {
  return llvm::all_of(box.strides, [&](ArrayRef<int64_t> s) { return s[d] == s[d + 1] * box.dims[d + 1]; });
}

size_t splitDim(const MapBox &box) {
  size_t best = 0;
  for (size_t d = 0; d < box.dims.size(); ++d) {
    if (box.dims[d] >= splitExtent)
      return d;
    if (box.dims[d] > box.dims[best])
      best = d;
  }
  return best;
}

/// The function's numbers as they stand.
MapBox plainBox(kernel::FuncOp func) {
  size_t rank = func.getDims().size();
  MapBox box;
  box.dims.assign(func.getDims().begin(), func.getDims().end());
  box.offsets.assign(func.getOffsets().begin(), func.getOffsets().end());
  for (size_t j = 0; j < box.offsets.size(); ++j)
    box.strides.emplace_back(func.getStrides().slice(j * rank, rank));
  box.split = static_cast<size_t>(*func.getSplit());
  return box;
}

} // namespace

llvm::SmallVector<int64_t> MapBox::numbers() const {
  SmallVector<int64_t> all(dims);
  llvm::append_range(all, offsets);
  for (const SmallVector<int64_t> &list : strides)
    llvm::append_range(all, list);
  return all;
}

MapBox normaliseMap(kernel::FuncOp func) {
  if (func.getSplitAttr())
    return plainBox(func);
  ArrayRef<int64_t> dims = func.getDims(), strides = func.getStrides();
  size_t operands = func.getOffsets().size(), rank = dims.size();
  SmallVector<size_t> order;
  for (size_t d = 0; d < rank; ++d)
    if (dims[d] != 1)
      order.push_back(d);
  auto resultStride = [&](size_t d) { return std::abs(strides[(operands - 1) * rank + d]); };
  llvm::sort(order, [&](size_t x, size_t y) { return std::pair(-resultStride(x), x) < std::pair(-resultStride(y), y); });
  MapBox box;
  box.offsets.assign(func.getOffsets().begin(), func.getOffsets().end());
  box.strides.resize(operands);
  for (size_t d : order) {
    box.dims.push_back(dims[d]);
    for (size_t j = 0; j < operands; ++j)
      box.strides[j].push_back(strides[j * rank + d]);
  }
  for (size_t d = 0; d + 1 < box.dims.size();) {
    if (!mergeable(box, d)) {
      ++d;
      continue;
    }
    box.dims[d] *= box.dims[d + 1];
    box.dims.erase(box.dims.begin() + d + 1);
    for (auto &s : box.strides)
      s.erase(s.begin() + d);
  }
  if (box.dims.empty()) {
    box.dims.push_back(1);
    for (auto &s : box.strides)
      s.push_back(0);
  }
  box.split = splitDim(box);
  return box;
}

} // namespace ingot
