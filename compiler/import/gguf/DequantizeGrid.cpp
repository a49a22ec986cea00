// The IQ types of 1 to 3 bits: super-blocks of 256 whose groups of 8 (or 4) elements are entries of a codebook, with signs and small scales beside.
#include "compiler/import/gguf/Dequantize.h"

#pragma STDC FP_CONTRACT OFF

namespace ingot {
namespace {

constexpr int kGroups = 32, kParts = 8; // groups of 8 elements, parts of 32

/// The magnitudes of the 3 levels of IQ2 and the 8 levels of each IQ3.
constexpr uint8_t kLevels2[3] = {8, 25, 43};
constexpr uint8_t kLevels3Xxs[8] = {4, 12, 20, 28, 36, 44, 52, 62};
constexpr uint8_t kLevels3S[8] = {1, 3, 5, 7, 9, 11, 13, 15};

/// Eight elements of an IQ2 codebook.
void putGroup(uint16_t entry, int signs, float step, float *out) {
  for (int i = 0; i < 8; ++i, entry /= 3) {
    float value = step * static_cast<float>(kLevels2[entry % 3]);
    out[i] = signs >> i & 1 ? -value : value;
  }
}

/// Four elements of an IQ3 codebook; `signs` begins with theirs.
void putQuad(uint16_t entry, const uint8_t *levels, int signs, float step, float *out) {
  for (int i = 0; i < 4; ++i, entry /= 8) {
    float value = step * static_cast<float>(levels[entry % 8]);
    out[i] = signs >> i & 1 ? -value : value;
  }
}

/// d | for each 32 elements four 8-bit indices and a word of four 7-bit signs and a 4-bit scale: d (0.5 + scale) / 4
void readIQ2_XXS(const uint8_t *block, float *out) {
  float d = loadHalf(block);
  for (int part = 0; part < kParts; ++part) {
    const uint8_t *at = block + 2 + 8 * part;
    uint32_t word = load32(at + 4);
    float step = d * (0.5f + static_cast<float>(word >> 28)) * 0.25f;
    for (int l = 0; l < 4; ++l)
      putGroup(kGridIq2Xxs[at[l]], allSigns(static_cast<int>(word >> 7 * l & 127)), step, out + 32 * part + 8 * l);
  }
}

/// A 4-bit scale for 16 elements, two a byte.
float nibbleStep(float d, const uint8_t *scales, int group) { return d * (0.5f + static_cast<float>(scales[group / 4] >> group % 4 / 2 * 4 & 15)) * 0.25f; }

/// d | 32 words of a 9-bit index and 7 signs | 8 bytes of scales
void readIQ2_XS(const uint8_t *block, float *out) {
  float d = loadHalf(block);
  for (int group = 0; group < kGroups; ++group) {
    int word = load16(block + 2 + 2 * group);
    putGroup(kGridIq2Xs[word & 511], allSigns(word >> 9), nibbleStep(d, block + 66, group), out + 8 * group);
  }
}

/// d | 32 bytes of low index bits | 32 bytes of signs | 8 bytes of high index pairs | 8 bytes of scales
void readIQ2_S(const uint8_t *block, float *out) {
  float d = loadHalf(block);
  for (int group = 0; group < kGroups; ++group) {
    int high = block[66 + group / 4] >> 2 * (group % 4) & 3;
    putGroup(kGridIq2S[block[2 + group] | high << 8], block[34 + group], nibbleStep(d, block + 74, group), out + 8 * group);
  }
}

/// d | 64 indices of 4 elements | 8 words of four 7-bit signs and a 4-bit scale: d (0.5 + scale) / 2
void readIQ3_XXS(const uint8_t *block, float *out) {
  float d = loadHalf(block);
  for (int quad = 0; quad < 2 * kGroups; ++quad) {
    uint32_t word = load32(block + 66 + 4 * (quad / 8));
    float step = d * (0.5f + static_cast<float>(word >> 28)) * 0.5f;
    int signs = allSigns(static_cast<int>(word >> 7 * (quad % 8 / 2) & 127));
    putQuad(kGridIq3Xxs[block[2 + quad]], kLevels3Xxs, signs >> 4 * (quad % 2), step, out + 4 * quad);
  }
}

/// d | 64 low index bytes | 8 bytes of ninth bits | 32 bytes of signs | 4 bytes of scales: d (1 + 2 scale)
void readIQ3_S(const uint8_t *block, float *out) {
  float d = loadHalf(block);
  for (int quad = 0; quad < 2 * kGroups; ++quad) {
    int ninth = block[66 + quad / 8] >> quad % 8 & 1;
    float step = d * static_cast<float>(1 + 2 * (block[106 + quad / 16] >> quad / 8 % 2 * 4 & 15));
    putQuad(kGridIq3S[block[2 + quad] | ninth << 8], kLevels3S, block[74 + quad / 2] >> 4 * (quad % 2), step, out + 4 * quad);
  }
}

/// Eight ternary digits of IQ1, moved by an eighth.
void putTernary(uint16_t entry, bool down, float step, float *out) {
  for (int i = 0; i < 8; ++i, entry /= 3)
    out[i] = step * (static_cast<float>(entry % 3 - 1) + (down ? -0.125f : 0.125f));
}

/// d | 32 low index bytes | 8 words: four 3-bit index tops, a 3-bit scale, the direction: d (2 scale + 1)
void readIQ1_S(const uint8_t *block, float *out) {
  float d = loadHalf(block);
  for (int group = 0; group < kGroups; ++group) {
    int word = load16(block + 34 + 2 * (group / 4));
    float step = d * static_cast<float>(2 * (word >> 12 & 7) + 1);
    putTernary(kGridIq1[block[2 + group] | (word >> 3 * (group % 4) & 7) << 8], word >> 15 != 0, step, out + 8 * group);
  }
}

/// 32 low index bytes | 16 bytes: a nibble a group of 3 index bits and the direction | 4 words: four 3-bit scales a word, one a 16 elements, and a
/// nibble of the f16 d on top of each
void readIQ1_M(const uint8_t *block, float *out) {
  const uint8_t *scales = block + 48;
  uint8_t half[2] = {static_cast<uint8_t>(scales[1] >> 4 | (scales[3] & 0xf0)), static_cast<uint8_t>(scales[5] >> 4 | (scales[7] & 0xf0))};
  float d = loadHalf(half);
  for (int group = 0; group < kGroups; ++group) {
    int nibble = block[32 + group / 2] >> 4 * (group % 2) & 15, pair = group / 2;
    float step = d * static_cast<float>(2 * (load16(scales + 2 * (pair / 4)) >> 3 * (pair % 4) & 7) + 1);
    putTernary(kGridIq1[block[group] | (nibble & 7) << 8], nibble >> 3 != 0, step, out + 8 * group);
  }
}

} // namespace

BlockFunction findGridBlock(GgufTypeId type) {
  switch (type) {
  case GgufTypeId::IQ2_XXS:
    return readIQ2_XXS;
  case GgufTypeId::IQ2_XS:
    return readIQ2_XS;
  case GgufTypeId::IQ2_S:
    return readIQ2_S;
  case GgufTypeId::IQ3_XXS:
    return readIQ3_XXS;
  case GgufTypeId::IQ3_S:
    return readIQ3_S;
  case GgufTypeId::IQ1_S:
    return readIQ1_S;
  case GgufTypeId::IQ1_M:
    return readIQ1_M;
  default:
    return nullptr;
  }
}

} // namespace ingot
