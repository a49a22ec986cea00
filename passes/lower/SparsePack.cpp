// Packing of 8-bit weights with and without their zeros.
#include "passes/lower/SparsePack.h"

#include "targets/common/ukernels/quant.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace ingot {
namespace {

/// Quad k of output o; beyond the depth there are zeros.
uint32_t quadAt(const ByteMatrix &weights, int64_t o, int64_t k) {
  int8_t bytes[4] = {0, 0, 0, 0};
  for (int64_t i = 0; i < std::min<int64_t>(4, weights.depth - k * 4); ++i)
    bytes[i] = weights.at(o, k * 4 + i);
  uint32_t quad;
  std::memcpy(&quad, bytes, 4);
  return quad;
}

} // namespace

StoredCounts countStored(const ByteMatrix &weights) {
  StoredCounts counts;
  for (int64_t o = 0; o < weights.outputs; ++o)
    for (int64_t k = 0; k < weights.quads(); ++k) {
      uint32_t quad = quadAt(weights, o, k);
      counts.quads += quad != 0;
      for (; quad; quad >>= 8)
        counts.values += (quad & 255) != 0;
    }
  return counts;
}

void packDensePanels(const ByteMatrix &weights, const PanelShape &shape, char *out) {
  for (int64_t o = 0; o < weights.outputs; ++o) {
    int64_t channel = o % shape.channels, panel = o / shape.channels * shape.perGroup() + channel / shape.panel;
    for (int64_t k = 0; k < weights.quads(); ++k) {
      uint32_t quad = quadAt(weights, o, k);
      std::memcpy(out + panel * shape.panelBytes() + (k * shape.panel + channel % shape.panel) * 4, &quad, 4);
    }
  }
}

void packBits(const ByteMatrix &weights, const PanelShape &shape, char *out) {
  std::vector<char> dense(static_cast<size_t>(shape.denseBytes()));
  packDensePanels(weights, shape, dense.data());
  int64_t words = IK_BITS_WORDS(shape.panelBytes());
  char *bits = out + IK_BITS_AT(shape.panels()), *values = bits + shape.panels() * words * 8;
  uint32_t count = 0;
  for (int64_t panel = 0; panel < shape.panels(); ++panel, bits += words * 8) {
    std::memcpy(out + panel * 4, &count, 4);
    for (int64_t i = 0; i < shape.panelBytes(); ++i) {
      char value = dense[static_cast<size_t>(panel * shape.panelBytes() + i)];
      if (!value)
        continue;
      bits[i / 8] = static_cast<char>(bits[i / 8] | 1 << i % 8);
      values[count++] = value;
    }
  }
}

void packQuads4x1(const ByteMatrix &weights, const StoredCounts &stored, char *out) {
  char *quads = out + IK_QUADS_AT(weights.outputs), *places = quads + 4 * stored.quads;
  uint32_t count = 0;
  for (int64_t o = 0; o < weights.outputs; ++o) {
    std::memcpy(out + o * 4, &count, 4);
    for (int64_t k = 0; k < weights.quads(); ++k) {
      uint32_t quad = quadAt(weights, o, k);
      uint16_t place = static_cast<uint16_t>(k);
      if (!quad)
        continue;
      std::memcpy(quads + 4 * static_cast<int64_t>(count), &quad, 4);
      std::memcpy(places + 2 * static_cast<int64_t>(count), &place, 2);
      ++count;
    }
  }
  std::memcpy(out + weights.outputs * 4, &count, 4);
}

} // namespace ingot
