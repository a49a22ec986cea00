// From weights of b bits as ONNX's MatMulNBits stores them to the panels of targets/common/ukernels/nbits.h. Plain C++ with no MLIR: recipes call it
// while the container is written, and tests call it alone.
#ifndef INGOT_PASSES_LOWER_NBITSPACK_H
#define INGOT_PASSES_LOWER_NBITSPACK_H

#include "targets/common/ukernels/nbits.h"

#include <array>
#include <cstdint>
#include <vector>

namespace ingot {

/// A matrix [n][k] of integers of `bits` (2, 4 or 8) bits, `block` (16, or a multiple of 32) of them on one scale; `blocks` blocks are stored for a row,
/// elements of k past them count as 0.
struct NbitsShape {
  int64_t n = 0, k = 0, bits = 4, block = 32, blocks = 0;
  int64_t scaleBytes = 4; // 2 when every scale is an f16 number
  int64_t zeroBytes = 0;  // 0 none, 1 bytes, 4 floats

  int64_t rowBytes() const { return blocks * (block * bits / 8); }
  /// Parameters of the kernels for `m` rows of activations.
  std::array<int64_t, IK_NBITS_COUNT> params(int64_t m) const;
  int64_t packedBytes() const;
};

/// What a file stores beside the integers: scales [n][blocks], and zero points of the same shape (empty when there are none).
struct NbitsScales {
  std::vector<float> scales, zeros;
};

/// `rows` [n][rowBytes()] (element i of a block at bit i * bits) -> `out` [packedBytes()], which is zero before.
void packNbits(const NbitsShape &shape, const uint8_t *rows, const NbitsScales &scales, uint8_t *out);

/// The integer at `index` of a row of packed integers.
inline uint8_t nbitsAt(const uint8_t *bytes, int64_t index, int64_t bits) {
  return static_cast<uint8_t>(bytes[index * bits / 8] >> index * bits % 8 & ((1 << bits) - 1));
}

} // namespace ingot

#endif
