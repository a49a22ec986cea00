// Private to Dequantize*.cpp: little-endian loads from unaligned blocks, and the functions of the families.
#ifndef INGOT_COMPILER_IMPORT_GGUF_DEQUANTIZE_H
#define INGOT_COMPILER_IMPORT_GGUF_DEQUANTIZE_H

#include "compiler/import/gguf/GgufTypes.h"
#include "compiler/import/gguf/IqGrids.h"

#include <cstring>

namespace ingot {

/// One block at `block` to `out`, which has room for the type's elements.
using BlockFunction = void (*)(const uint8_t *block, float *out);

inline uint16_t load16(const uint8_t *at) { return static_cast<uint16_t>(at[0] | at[1] << 8); }
inline uint32_t load32(const uint8_t *at) { return load16(at) | static_cast<uint32_t>(load16(at + 2)) << 16; }

inline float floatOfBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// An IEEE half at `at`, widened exactly.
inline float loadHalf(const uint8_t *at) {
  uint32_t bits = load16(at);
  uint32_t sign = (bits & 0x8000u) << 16;
  uint32_t exponent = bits >> 10 & 31;
  uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 31)
    return floatOfBits(sign | 0x7f800000u | mantissa << 13);
  if (exponent != 0)
    return floatOfBits(sign | (exponent + 112) << 23 | mantissa << 13); // 112: the difference of the two biases
  float value = static_cast<float>(mantissa) * 0x1p-24f;
  return sign ? -value : value;
}

/// The functions of a family, or null when the type is not of it.
BlockFunction findPlainBlock(GgufTypeId type);  // F32 F16 BF16 and the 32-element types of 4, 5 and 8 bits
BlockFunction findSuperBlock(GgufTypeId type);  // Q2_K .. Q6_K, IQ4_XS
BlockFunction findTinyBlock(GgufTypeId type);   // ternary, one and two bits, 4-bit floats, IQ4_NL
BlockFunction findGridBlock(GgufTypeId type);   // IQ1, IQ2, IQ3: indices into codebooks

/// The sixteen values that a nibble stands for in IQ4_NL and IQ4_XS.
extern const int8_t kNonLinear4[16];

} // namespace ingot

#endif
