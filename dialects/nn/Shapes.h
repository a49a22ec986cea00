// Shape rules that verifiers of several ops share.
#ifndef INGOT_DIALECTS_NN_SHAPES_H
#define INGOT_DIALECTS_NN_SHAPES_H

#include "dialects/nn/Nn.h"

#include <initializer_list>

namespace ingot::nn {

/// True when the shapes broadcast (NumPy, right-aligned) to `result`; with `exactly` no axis of the result may be wider than all of them.
inline bool broadcastsTo(std::initializer_list<llvm::ArrayRef<int64_t>> shapes, llvm::ArrayRef<int64_t> result, bool exactly = true) {
  for (llvm::ArrayRef<int64_t> shape : shapes)
    if (shape.size() > result.size())
      return false;
  for (size_t i = 0; i < result.size(); ++i) {
    bool reached = !exactly || result[result.size() - 1 - i] == 1;
    for (llvm::ArrayRef<int64_t> shape : shapes) {
      if (i >= shape.size())
        continue;
      int64_t extent = shape[shape.size() - 1 - i], want = result[result.size() - 1 - i];
      if (extent != want && extent != 1)
        return false;
      reached |= extent == want;
    }
    if (!reached)
      return false;
  }
  return true;
}

/// Sorted, unique, in range.
inline bool areAxes(llvm::ArrayRef<int64_t> axes, int64_t rank) {
  for (size_t i = 0; i < axes.size(); ++i)
    if (axes[i] < 0 || axes[i] >= rank || (i > 0 && axes[i] <= axes[i - 1]))
      return false;
  return true;
}

/// What is wrong with a convolution's shapes and attributes by rules J1 to J3; empty when nothing is.
std::string convolutionFault(llvm::ArrayRef<int64_t> input, llvm::ArrayRef<int64_t> filter, llvm::ArrayRef<int64_t> result, llvm::ArrayRef<int64_t> strides,
                             llvm::ArrayRef<int64_t> padLow, llvm::ArrayRef<int64_t> padHigh, llvm::ArrayRef<int64_t> dilations, int64_t group);

/// Bytes of a cache row of `width` elements in 8 bits (nn.cache_append).
inline int64_t cachedRowBytes(int64_t width) { return (width + 1) / 2 * 2 + (width + 31) / 32 * 2; }

} // namespace ingot::nn

#endif
