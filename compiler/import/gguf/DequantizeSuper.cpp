// Super-blocks of 256 elements: sub-blocks of 16 or 32 with integer scales, whose own scale `d` (and `dmin` for minima) is one f16.
// All products are f32 in the order (d * scale) * q - (dmin * min).
#include "compiler/import/gguf/Dequantize.h"

#pragma STDC FP_CONTRACT OFF

namespace ingot {
namespace {

constexpr int kSuper = 256;

/// 16 bytes (low nibble scale, high nibble minimum, one a 16 elements) | 64 bytes of 2-bit q | d | dmin.
/// Each half of 32 q-bytes serves 128 elements: shift 0, 2, 4, 6 for successive groups of 32.
void readQ2_K(const uint8_t *block, float *out) {
  const uint8_t *q = block + 16;
  float d = loadHalf(block + 80), dmin = loadHalf(block + 82);
  for (int i = 0; i < kSuper; ++i) {
    int half = i / 128, group = i % 128 / 32;
    int scale = block[i / 16];
    int value = q[32 * half + i % 32] >> 2 * group & 3;
    out[i] = d * static_cast<float>(scale & 15) * static_cast<float>(value) - dmin * static_cast<float>(scale >> 4);
  }
}

/// 32 bytes of third bits (bit 4 half + group; a clear bit subtracts 4) | 64 bytes as in Q2_K | 12 bytes of 6-bit scales | d.
void readQ3_K(const uint8_t *block, float *out) {
  const uint8_t *q = block + 32, *packed = block + 96;
  float d = loadHalf(block + 108);
  for (int i = 0; i < kSuper; ++i) {
    int half = i / 128, group = i % 128 / 32, sub = i / 16;
    int low = sub < 8 ? packed[sub] & 15 : packed[sub - 8] >> 4;
    int high = packed[8 + sub % 4] >> 2 * (sub / 4) & 3;
    int value = q[32 * half + i % 32] >> 2 * group & 3;
    bool third = block[i % 32] >> (4 * half + group) & 1;
    out[i] = d * static_cast<float>((low | high << 4) - 32) * static_cast<float>(third ? value : value - 4);
  }
}

/// Scale and minimum of sub-block `j` of 8, 6 bits each, from the 12 packed bytes of Q4_K and Q5_K.
void scaleAndMin(const uint8_t *packed, int j, int &scale, int &min) {
  if (j < 4) {
    scale = packed[j] & 63;
    min = packed[j + 4] & 63;
    return;
  }
  scale = (packed[j + 4] & 15) | packed[j - 4] >> 6 << 4;
  min = packed[j + 4] >> 4 | packed[j] >> 6 << 4;
}

/// d | dmin | 12 bytes of scales and minima | 128 bytes: 32 a 64 elements, low nibbles first.
void readQ4_K(const uint8_t *block, float *out) {
  float d = loadHalf(block), dmin = loadHalf(block + 2);
  for (int j = 0; j < kSuper / 32; ++j) {
    int scale, min;
    scaleAndMin(block + 4, j, scale, min);
    float step = d * static_cast<float>(scale), base = dmin * static_cast<float>(min);
    const uint8_t *q = block + 16 + 32 * (j / 2);
    for (int l = 0; l < 32; ++l)
      out[32 * j + l] = step * static_cast<float>(q[l] >> 4 * (j % 2) & 15) - base;
  }
}

/// As Q4_K, with 32 bytes of fifth bits before the 128: bit j of byte l belongs to element l of sub-block j.
void readQ5_K(const uint8_t *block, float *out) {
  float d = loadHalf(block), dmin = loadHalf(block + 2);
  const uint8_t *high = block + 16;
  for (int j = 0; j < kSuper / 32; ++j) {
    int scale, min;
    scaleAndMin(block + 4, j, scale, min);
    float step = d * static_cast<float>(scale), base = dmin * static_cast<float>(min);
    const uint8_t *q = block + 48 + 32 * (j / 2);
    for (int l = 0; l < 32; ++l)
      out[32 * j + l] = step * static_cast<float>((q[l] >> 4 * (j % 2) & 15) | (high[l] >> j & 1) << 4) - base;
  }
}

/// 128 bytes of low nibbles | 64 bytes of high bit pairs | 16 signed scales, one a 16 elements | d: d scale (q - 32).
void readQ6_K(const uint8_t *block, float *out) {
  const int8_t *scales = reinterpret_cast<const int8_t *>(block + 192);
  float d = loadHalf(block + 208);
  for (int i = 0; i < kSuper; ++i) {
    int half = i / 128, group = i % 128 / 32, l = i % 32;
    const uint8_t *low = block + 64 * half, *high = block + 128 + 32 * half;
    int q = (low[l + 32 * (group % 2)] >> 4 * (group / 2) & 15) | (high[l] >> 2 * group & 3) << 4;
    out[i] = d * static_cast<float>(scales[i / 16]) * static_cast<float>(q - 32);
  }
}

/// d | u16 of high scale pairs | 4 bytes of low scale nibbles | 128 bytes: 16 a 32 elements, low nibbles first: d (scale - 32) codebook[q].
void readIQ4_XS(const uint8_t *block, float *out) {
  float d = loadHalf(block);
  int high = load16(block + 2);
  for (int j = 0; j < kSuper / 32; ++j) {
    int scale = (block[4 + j / 2] >> 4 * (j % 2) & 15) | (high >> 2 * j & 3) << 4;
    float step = d * static_cast<float>(scale - 32);
    const uint8_t *q = block + 8 + 16 * j;
    for (int l = 0; l < 32; ++l)
      out[32 * j + l] = step * static_cast<float>(kNonLinear4[q[l % 16] >> 4 * (l / 16) & 15]);
  }
}

} // namespace

BlockFunction findSuperBlock(GgufTypeId type) {
  switch (type) {
  case GgufTypeId::Q2_K:
    return readQ2_K;
  case GgufTypeId::Q3_K:
    return readQ3_K;
  case GgufTypeId::Q4_K:
    return readQ4_K;
  case GgufTypeId::Q5_K:
    return readQ5_K;
  case GgufTypeId::Q6_K:
    return readQ6_K;
  case GgufTypeId::IQ4_XS:
    return readIQ4_XS;
  default:
    return nullptr;
  }
}

} // namespace ingot
