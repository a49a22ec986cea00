// From rows of GGUF blocks, as a file stores them, to the panels of targets/common/ukernels/block.h. Plain C++ with no MLIR: recipes call it
// while the container is written, one tensor at a time, and tests call it alone.
#ifndef INGOT_PASSES_LOWER_BLOCKPACK_H
#define INGOT_PASSES_LOWER_BLOCKPACK_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace ingot {

/// A format of quant.block_matmul ("q4_0", "f16") and how its blocks are stored and packed.
struct PackFormat {
  std::string_view name;
  int kernel = -1;           // IK_BLOCK_<name>, -1 for f32, f16 and bf16
  int64_t elements, bytes;   // of one stored block
  int64_t panel;             // rows of a packed panel
  bool isFloat() const { return kernel < 0; }
  /// Elements of k that a row must be a multiple of.
  int64_t rowBytes(int64_t k) const { return k / elements * bytes; }
  /// Bytes of the packed matrix [n][k], the last panel padded; k is a multiple of `elements`.
  int64_t packedBytes(int64_t n, int64_t k) const;
  /// `rows` [n][rowBytes(k)] -> `out` [packedBytes(n, k)], which is zero before.
  void pack(const char *rows, int64_t n, int64_t k, char *out) const;
};

/// nullopt for a name that has no kernels.
std::optional<PackFormat> findPackFormat(std::string_view name);

} // namespace ingot

#endif
