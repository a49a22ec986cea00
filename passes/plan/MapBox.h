// A kernel.func's iteration space in its plainest form, from which loops are made and by which maps of different extents are compared.
#ifndef INGOT_PASSES_PLAN_MAPBOX_H
#define INGOT_PASSES_PLAN_MAPBOX_H

#include "dialects/kernel/Kernel.h"

namespace ingot {

/// A number of a kernel.func that is read from the call's parameters: the first such number of dims, offsets and strides is parameter 0, and so on.
constexpr int64_t kRunTimeNumber = INT64_MIN;

/// kernel.func normalised: unit dims dropped, dims ordered by the result's stride and merged where all operands allow it.
struct MapBox {
  llvm::SmallVector<int64_t> dims;                    // at least one
  llvm::SmallVector<int64_t> offsets;                 // [operand], the result last
  llvm::SmallVector<llvm::SmallVector<int64_t>> strides; // [operand][dim]
  size_t split = 0;                                   // the dim whose points the workers share

  /// dims, offsets, strides in this order.
  llvm::SmallVector<int64_t> numbers() const;
};

/// A function with run-time numbers is in this form already and says which dim is split (`split`).
MapBox normaliseMap(kernel::FuncOp func);

} // namespace ingot

#endif
