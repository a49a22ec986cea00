// Makes the innermost loop of a map as long as possible: drops dims of extent 1, merges dims that are one run for every operand.
//   dims [2, 3, 4] strides [12, 4, 1 | 12, 4, 1] -> dims [24] strides [1 | 1]
#include "passes/Passes.h"
#include "passes/lower/Map.h"

#include "dialects/nn/Nn.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_COLLAPSEMAPS
#include "passes/lower/Passes.h.inc"

namespace {

/// Dims and the strides of every operand, column by column.
struct Columns {
  SmallVector<int64_t> dims;
  SmallVector<SmallVector<int64_t>> strides; // [dim][operand]
};

bool isOneRun(ArrayRef<int64_t> outer, ArrayRef<int64_t> inner, int64_t innerExtent) {
  for (auto [o, i] : llvm::zip(outer, inner))
    if (o != i * innerExtent)
      return false;
  return true;
}

Columns collapse(const Columns &from) {
  Columns to;
  for (size_t d = 0; d < from.dims.size(); ++d) {
    if (from.dims[d] == 1)
      continue;
    if (!to.dims.empty() && isOneRun(to.strides.back(), from.strides[d], from.dims[d])) {
      to.dims.back() *= from.dims[d];
      to.strides.back() = from.strides[d];
      continue;
    }
    to.dims.push_back(from.dims[d]);
    to.strides.push_back(from.strides[d]);
  }
  if (to.dims.empty()) {
    to.dims.push_back(1);
    to.strides.push_back(SmallVector<int64_t>(from.strides.empty() ? 0 : from.strides[0].size(), 0));
  }
  return to;
}

struct CollapseMaps : impl::CollapseMapsBase<CollapseMaps> {
  void runOnOperation() override { getOperation().walk([](kernel::MapOp map) { collapseMap(map); }); }

  static void collapseMap(kernel::MapOp map) {
    size_t rank = map.getDims().size(), operands = map.getOffsets().size();
    Columns columns{SmallVector<int64_t>(map.getDims()), {}};
    for (size_t d = 0; d < rank; ++d) {
      SmallVector<int64_t> column;
      for (size_t i = 0; i < operands; ++i)
        column.push_back(map.getStrides()[i * rank + d]);
      columns.strides.push_back(column);
    }
    Columns merged = collapse(columns);
    if (merged.strides[0].empty())
      merged.strides[0].assign(operands, 0);
    SmallVector<int64_t> strides;
    for (size_t i = 0; i < operands; ++i)
      for (const SmallVector<int64_t> &column : merged.strides)
        strides.push_back(column[i]);
    map.setDims(merged.dims);
    map.setStrides(strides);
  }
};

} // namespace

std::unique_ptr<Pass> createCollapseMaps() { return std::make_unique<CollapseMaps>(); }

} // namespace ingot
