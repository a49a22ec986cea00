// Constant 8-bit weights of integer products in the packed forms of targets/common/ukernels/quant.h: dense panels, 4x1 blocks, a bit a weight.
// Plain C++ with no MLIR: recipes call it while the container is written, and tests call it alone.
#ifndef INGOT_PASSES_LOWER_SPARSEPACK_H
#define INGOT_PASSES_LOWER_SPARSEPACK_H

#include <cstdint>

namespace ingot {

/// Weights of `outputs` by `depth` inputs as they lie in a tensor; u8 ones count 128 less.
struct ByteMatrix {
  const char *data;
  int64_t outputs, depth;
  int64_t outputStride, depthStride; // in bytes
  bool isUnsigned;

  int8_t at(int64_t o, int64_t k) const {
    int value = static_cast<unsigned char>(data[o * outputStride + k * depthStride]);
    return static_cast<int8_t>(isUnsigned ? value - 128 : value);
  }
  int64_t quads() const { return (depth + 3) / 4; }
};

/// What is left to store when zeros are left out.
struct StoredCounts {
  int64_t values = 0; // that are not zero
  int64_t quads = 0;  // four inputs of an output, not all zero
};
StoredCounts countStored(const ByteMatrix &weights);

/// Panels of outputs, of one group each: `panel` outputs by quads, a quad in 4 bytes. The groups of a product: one.
struct PanelShape {
  int64_t groups, channels, depth, panel; // channels: outputs of a group

  int64_t perGroup() const { return (channels + panel - 1) / panel; }
  int64_t panels() const { return groups * perGroup(); }
  int64_t panelBytes() const { return (depth + 3) / 4 * panel * 4; }
  int64_t denseBytes() const { return panels() * panelBytes(); }
};

/// Each fills `out`, zero before. out // [panels][quads][panel][4]
void packDensePanels(const ByteMatrix &weights, const PanelShape &shape, char *out);
/// out // IK_BITS_BYTES(panels, panelBytes, stored.values)
void packBits(const ByteMatrix &weights, const PanelShape &shape, char *out);
/// `stored` is countStored's; out // IK_QUADS_BYTES(outputs, stored.quads).
void packQuads4x1(const ByteMatrix &weights, const StoredCounts &stored, char *out);

} // namespace ingot

#endif
