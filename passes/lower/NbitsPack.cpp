// Packing of b-bit weights into panels: for each panel and group the scales, the zero points, then the bit planes of the group's blocks of 32.
#include "passes/lower/NbitsPack.h"

#include <algorithm>
#include <cstring>

namespace ingot {
namespace {

/// Stores row r's number of a head: f32, f16 or a byte.
void putNumber(uint8_t *to, int64_t bytes, int64_t r, float value) {
  if (bytes == 4) {
    std::memcpy(to + 4 * r, &value, 4);
  } else if (bytes == 2) {
    _Float16 narrow = static_cast<_Float16>(value);
    std::memcpy(to + 2 * r, &narrow, 2);
  } else if (bytes == 1) {
    to[r] = static_cast<uint8_t>(value);
  }
}

/// Scales and zero points of row `row` (r of the panel) for the group that starts at element k0.
void putHead(const NbitsShape &s, const NbitsScales &from, int64_t row, int64_t r, int64_t k0, uint8_t *head) {
  int64_t halves = s.block == 16 ? 2 : 1;
  for (int64_t h = 0; h < halves; ++h) {
    int64_t block = k0 / s.block + h;
    if (block >= s.blocks)
      return;
    size_t at = static_cast<size_t>(row * s.blocks + block);
    putNumber(head + h * IK_PANEL * s.scaleBytes, s.scaleBytes, r, from.scales[at]);
    if (s.zeroBytes)
      putNumber(head + IK_PANEL * (halves * s.scaleBytes + h * s.zeroBytes), s.zeroBytes, r, from.zeros[at]);
  }
}

/// Row r's 32 integers from element k0 on, into the planes at `to`.
void putIntegers(const NbitsShape &s, const uint8_t *row, int64_t r, int64_t k0, uint8_t *to) {
  int64_t stored = std::min<int64_t>(IK_BLOCK, s.blocks * s.block - k0);
  for (int64_t k = 0; k < stored; ++k) {
    unsigned value = nbitsAt(row, k0 + k, s.bits);
    int64_t quad = k / 4, at = r * 4 + k % 4;
    if (s.bits == 8)
      to[quad * 64 + at] = static_cast<uint8_t>(value ^ 128);
    else if (s.bits == 4)
      to[quad % 4 * 64 + at] |= static_cast<uint8_t>(value << quad / 4 * 4);
    else
      to[quad / 4 * 64 + at] |= static_cast<uint8_t>(value << quad % 4 * 2);
  }
}

} // namespace

std::array<int64_t, IK_NBITS_COUNT> NbitsShape::params(int64_t m) const { return {m, n, k, bits, block / IK_BLOCK, scaleBytes, zeroBytes}; }

int64_t NbitsShape::packedBytes() const { return (n + IK_PANEL - 1) / IK_PANEL * ik_nbits_panel(params(0).data()); }

void packNbits(const NbitsShape &shape, const uint8_t *rows, const NbitsScales &scales, uint8_t *out) {
  std::array<int64_t, IK_NBITS_COUNT> p = shape.params(0);
  int64_t group = ik_nbits_span(p.data()) * IK_BLOCK;
  for (int64_t first = 0; first < shape.n; first += IK_PANEL) {
    int64_t count = std::min<int64_t>(IK_PANEL, shape.n - first);
    for (int64_t k0 = 0; k0 < shape.k; k0 += group) {
      for (int64_t r = 0; r < count; ++r)
        putHead(shape, scales, first + r, r, k0, out);
      out += ik_nbits_head(p.data());
      for (int64_t k = k0; k < std::min(k0 + group, shape.k); k += IK_BLOCK, out += shape.bits * 64)
        for (int64_t r = 0; r < count; ++r)
          putIntegers(shape, rows + (first + r) * shape.rowBytes(), r, k, out);
    }
  }
}

} // namespace ingot
