// Ternary and 1- to 2-bit blocks, blocks of 4-bit floats, and the 4-bit type with a codebook.
#include "compiler/import/gguf/Dequantize.h"

#include <cmath>

#pragma STDC FP_CONTRACT OFF

namespace ingot {

const int8_t kNonLinear4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

namespace {

/// Twice the value of an E2M1 float.
constexpr int8_t kDoubleE2M1[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/// Digit `n` (0 the most significant) of a byte that holds a base-3 fraction.
int trit(uint8_t byte, int n) {
  constexpr int kPowers[5] = {1, 3, 9, 27, 81};
  return (byte * kPowers[n] & 255) * 3 >> 8;
}

/// Writes digits 0 .. digits-1 of `count` bytes, digit by digit; returns the place after them.
float *readTrits(const uint8_t *bytes, int count, int digits, float d, float *out) {
  for (int n = 0; n < digits; ++n)
    for (int j = 0; j < count; ++j)
      *out++ = static_cast<float>(trit(bytes[j], n) - 1) * d;
  return out;
}

/// 48 bytes of five trits | 4 bytes of four | d: (trit - 1) d; order: digit by digit over bytes 0..31, then 32..47, then the last 4.
void readTQ1_0(const uint8_t *block, float *out) {
  float d = loadHalf(block + 52);
  out = readTrits(block, 32, 5, d, out);
  out = readTrits(block + 32, 16, 5, d, out);
  readTrits(block + 48, 4, 4, d, out);
}

/// 64 bytes of 2-bit q, each half of 32 bytes serves 128 elements as in Q2_K | d: (q - 1) d
void readTQ2_0(const uint8_t *block, float *out) {
  float d = loadHalf(block + 64);
  for (int i = 0; i < 256; ++i)
    out[i] = static_cast<float>((block[32 * (i / 128) + i % 32] >> 2 * (i % 128 / 32) & 3) - 1) * d;
}

/// d | 16 bytes, least significant bit first: a set bit is d, a clear one -d
void readQ1_0(const uint8_t *block, float *out) {
  float d = loadHalf(block);
  for (int i = 0; i < 128; ++i)
    out[i] = block[2 + i / 8] >> i % 8 & 1 ? d : -d;
}

/// d | 16 bytes, least significant pair first: (q - 1) d
void readQ2_0(const uint8_t *block, float *out) {
  float d = loadHalf(block);
  for (int i = 0; i < 64; ++i)
    out[i] = static_cast<float>((block[2 + i / 4] >> 2 * (i % 4) & 3) - 1) * d;
}

/// d | 16 bytes as in Q4_0: d codebook[q]
void readIQ4_NL(const uint8_t *block, float *out) {
  float d = loadHalf(block);
  for (int i = 0; i < 32; ++i)
    out[i] = d * static_cast<float>(kNonLinear4[block[2 + i % 16] >> 4 * (i / 16) & 15]);
}

/// An exponent byte e | 16 bytes as in Q4_0 of E2M1 floats: 2^(e - 127) value; the table holds the doubles, so 2^(e - 128).
void readMXFP4(const uint8_t *block, float *out) {
  float d = std::ldexp(1.0f, block[0] - 128);
  for (int i = 0; i < 32; ++i)
    out[i] = d * static_cast<float>(kDoubleE2M1[block[1 + i % 16] >> 4 * (i / 16) & 15]);
}

/// An unsigned E4M3 byte, halved; 0 and NaN (0x7f) are 0.
float halfOfE4M3(uint8_t byte) {
  if (byte == 0 || byte == 0x7f)
    return 0;
  int exponent = byte >> 3 & 15, mantissa = byte & 7;
  float value = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -9) : std::ldexp(1.0f + static_cast<float>(mantissa) / 8.0f, exponent - 7);
  return value * 0.5f;
}

/// 4 scale bytes, one a 16 elements | 8 bytes of E2M1 floats a 16: byte j holds elements j and j + 8.
void readNVFP4(const uint8_t *block, float *out) {
  for (int i = 0; i < 64; ++i) {
    int sub = i / 16, at = i % 16;
    out[i] = halfOfE4M3(block[sub]) * static_cast<float>(kDoubleE2M1[block[4 + 8 * sub + at % 8] >> 4 * (at / 8) & 15]);
  }
}

} // namespace

BlockFunction findTinyBlock(GgufTypeId type) {
  switch (type) {
  case GgufTypeId::TQ1_0:
    return readTQ1_0;
  case GgufTypeId::TQ2_0:
    return readTQ2_0;
  case GgufTypeId::Q1_0:
    return readQ1_0;
  case GgufTypeId::Q2_0:
    return readQ2_0;
  case GgufTypeId::IQ4_NL:
    return readIQ4_NL;
  case GgufTypeId::MXFP4:
    return readMXFP4;
  case GgufTypeId::NVFP4:
    return readNVFP4;
  default:
    return nullptr;
  }
}

} // namespace ingot
