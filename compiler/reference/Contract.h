// Private to the reference evaluator: matrix products and convolutions on plain vectors, shared by nn and quant.
// T is double, or uint64_t for integers (signed values sign-extended; exact modulo 2^64).
#ifndef INGOT_COMPILER_REFERENCE_CONTRACT_H
#define INGOT_COMPILER_REFERENCE_CONTRACT_H

#include "llvm/ADT/ArrayRef.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace ingot::reference {

/// Geometry of a convolution; one or two spatial axes are given extents of 1 in front.
struct ConvShape {
  using Axes = std::array<int64_t, 3>;
  int64_t batch = 1, inChannels = 1, outChannels = 1, group = 1;
  Axes in{1, 1, 1}, out{1, 1, 1}, kernel{1, 1, 1}, stride{1, 1, 1}, padLow{0, 0, 0}, dilation{1, 1, 1};
  int64_t inPlane() const { return in[0] * in[1] * in[2]; }
  int64_t outPlane() const { return out[0] * out[1] * out[2]; }
  int64_t kernelPlane() const { return kernel[0] * kernel[1] * kernel[2]; }
};

/// nullopt for anything but 1 to 3 spatial axes.
std::optional<ConvShape> convShape(llvm::ArrayRef<int64_t> input, llvm::ArrayRef<int64_t> filter, llvm::ArrayRef<int64_t> result,
                                   llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> padLow, llvm::ArrayRef<int64_t> dilations,
                                   uint64_t group);

/// x [N, C, in...] and w [O, C/group, kernel...] give [N, O, out...].
template <typename T> std::vector<T> convolve(const ConvShape &shape, const std::vector<T> &x, const std::vector<T> &w);
/// x [N, C, in...] and w [C, O/group, kernel...] give [N, O, out...].
template <typename T> std::vector<T> convolveTransposed(const ConvShape &shape, const std::vector<T> &x, const std::vector<T> &w);
/// Batched [.., M, K] times [.., K, N]; batch axes broadcast to the result's.
template <typename T>
std::vector<T> multiply(llvm::ArrayRef<int64_t> lhsShape, const std::vector<T> &lhs, llvm::ArrayRef<int64_t> rhsShape, const std::vector<T> &rhs,
                        llvm::ArrayRef<int64_t> resultShape);

} // namespace ingot::reference

#endif
