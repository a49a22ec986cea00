// Joins the batch axes of a matrix product.
#include "passes/lower/MatmulShape.h"

#include <algorithm>

namespace ingot {
namespace {

struct Axis {
  int64_t extent, a, b; // strides in elements; 0 broadcasts
};

/// Leading axes from the innermost outwards, extents of 1 left out, neighbours with one stride pattern joined.
llvm::SmallVector<Axis> batchAxes(llvm::ArrayRef<int64_t> lhs, llvm::ArrayRef<int64_t> rhs) {
  llvm::SmallVector<Axis> axes;
  size_t count = std::max(lhs.size(), rhs.size()) - 2;
  int64_t aStride = lhs[lhs.size() - 1] * lhs[lhs.size() - 2], bStride = rhs[rhs.size() - 1] * rhs[rhs.size() - 2];
  for (size_t i = 0; i < count; ++i) {
    int64_t a = i + 2 < lhs.size() ? lhs[lhs.size() - 3 - i] : 1, b = i + 2 < rhs.size() ? rhs[rhs.size() - 3 - i] : 1;
    Axis axis{a == 1 ? b : a, a == 1 ? 0 : aStride, b == 1 ? 0 : bStride};
    aStride *= a;
    bStride *= b;
    if (axis.extent == 1)
      continue;
    if (!axes.empty()) {
      Axis &last = axes.back();
      if (last.a * last.extent == axis.a && last.b * last.extent == axis.b) {
        last.extent *= axis.extent;
        continue;
      }
    }
    axes.push_back(axis);
  }
  return axes;
}

} // namespace

std::optional<MatmulShape> matmulShape(mlir::RankedTensorType lhs, mlir::RankedTensorType rhs) {
  llvm::ArrayRef<int64_t> a = lhs.getShape(), b = rhs.getShape();
  llvm::SmallVector<Axis> axes = batchAxes(a, b);
  MatmulShape shape{llvm::SmallVector<int64_t>(IK_MATMUL_COUNT, 0)};
  shape[IK_MATMUL_M] = a[a.size() - 2];
  shape[IK_MATMUL_K] = a.back();
  shape[IK_MATMUL_N] = b.back();
  if (!axes.empty() && axes[0].b == 0 && axes[0].a == shape[IK_MATMUL_M] * shape[IK_MATMUL_K]) {
    shape[IK_MATMUL_M] *= axes[0].extent;
    axes.erase(axes.begin());
  }
  if (axes.size() > 3)
    return std::nullopt;
  for (int64_t i = 0; i < 3; ++i) {
    bool given = i < static_cast<int64_t>(axes.size());
    shape[IK_MATMUL_B2 - i] = given ? axes[i].extent : 1;
    shape[IK_MATMUL_AS2 - i] = given ? axes[i].a : 0;
    shape[IK_MATMUL_BS2 - i] = given ? axes[i].b : 0;
  }
  return shape;
}

} // namespace ingot
