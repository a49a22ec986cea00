// Blocks to floats, written from the formats' definitions (gguf.md and ggml-quants in the GGUF project). A product and the sum that follows it are
// separate statements, so that no compiler joins them: every element must come out bit for bit.
#include "dialects/quant/BlockFormats.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

namespace ingot::quant {
namespace {

float bitsToFloat(uint32_t bits) { return llvm::bit_cast<float>(bits); }
uint16_t read16(const uint8_t *at) { return llvm::support::endian::read16le(at); }

/// IEEE half precision, exact.
float half(const uint8_t *at) {
  uint32_t bits = read16(at), sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent == 31)
    return bitsToFloat(sign | 0x7f800000u | fraction << 13);
  if (exponent == 0) {
    float value = std::ldexp(static_cast<float>(fraction), -24);
    return sign ? -value : value;
  }
  return bitsToFloat(sign | (exponent + 112) << 23 | fraction << 13);
}

void dequantize_f32(const uint8_t *block, float *out) { *out = bitsToFloat(llvm::support::endian::read32le(block)); }
void dequantize_f16(const uint8_t *block, float *out) { *out = half(block); }
void dequantize_bf16(const uint8_t *block, float *out) { *out = bitsToFloat(static_cast<uint32_t>(read16(block)) << 16); }

// f16 d; 16 bytes: low nibbles are elements 0..15, high nibbles 16..31.
void dequantize_q4_0(const uint8_t *block, float *out) {
  float d = half(block);
  for (int j = 0; j < 16; ++j) {
    out[j] = static_cast<float>((block[2 + j] & 15) - 8) * d;
    out[j + 16] = static_cast<float>((block[2 + j] >> 4) - 8) * d;
  }
}

// f16 d; u32 of fifth bits; nibbles as q4_0.
void dequantize_q5_0(const uint8_t *block, float *out) {
  float d = half(block);
  uint32_t high = llvm::support::endian::read32le(block + 2);
  for (int j = 0; j < 16; ++j) {
    int low = (block[6 + j] & 15) | static_cast<int>(high >> j & 1) << 4, up = block[6 + j] >> 4 | static_cast<int>(high >> (j + 16) & 1) << 4;
    out[j] = static_cast<float>(low - 16) * d;
    out[j + 16] = static_cast<float>(up - 16) * d;
  }
}

// f16 d; 32 signed bytes.
void dequantize_q8_0(const uint8_t *block, float *out) {
  float d = half(block);
  for (int j = 0; j < 32; ++j)
    out[j] = static_cast<float>(static_cast<int8_t>(block[2 + j])) * d;
}

/// The 6-bit scale and minimum of sub-block j of q4_k: 12 bytes, the last four sub-blocks' upper bits in the first eight bytes.
std::pair<uint8_t, uint8_t> scaleAndMin(const uint8_t *packed, int j) {
  if (j < 4)
    return {packed[j] & 63, packed[j + 4] & 63};
  return {(packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4, packed[j + 4] >> 4 | (packed[j] >> 6) << 4};
}

// f16 d, dmin; 12 bytes of scales; for each 64 elements 32 bytes: low nibbles, then high nibbles.
void dequantize_q4_k(const uint8_t *block, float *out) {
  float d = half(block), dmin = half(block + 2);
  for (int j = 0; j < 8; ++j) {
    auto [scale, minimum] = scaleAndMin(block + 4, j);
    float factor = d * static_cast<float>(scale), offset = dmin * static_cast<float>(minimum);
    const uint8_t *nibbles = block + 16 + j / 2 * 32;
    for (int i = 0; i < 32; ++i) {
      float product = factor * static_cast<float>(j % 2 ? nibbles[i] >> 4 : nibbles[i] & 15);
      out[32 * j + i] = product - offset;
    }
  }
}

// 128 bytes of low nibbles, 64 of upper bit pairs, 16 signed scales, f16 d. For each 128 elements: quarter c of 32 has its nibbles in bytes 32 (c % 2) ..,
// low for c < 2, and its bit pairs at 2c.
void dequantize_q6_k(const uint8_t *block, float *out) {
  float d = half(block + 208);
  for (int i = 0; i < 256; ++i) {
    int part = i / 128, quarter = i % 128 / 32, at = i % 32;
    uint8_t nibbles = block[part * 64 + quarter % 2 * 32 + at], pairs = block[128 + part * 32 + at];
    int q = (quarter < 2 ? nibbles & 15 : nibbles >> 4) | (pairs >> 2 * quarter & 3) << 4;
    float factor = d * static_cast<float>(static_cast<int8_t>(block[192 + i / 16]));
    out[i] = factor * static_cast<float>(q - 32);
  }
}

} // namespace

std::optional<int64_t> BlockFormat::elementsIn(int64_t rowBytes) const {
  int64_t count = 0;
  if (rowBytes < 0 || rowBytes % bytes != 0 || llvm::MulOverflow(rowBytes / bytes, elements, count))
    return std::nullopt;
  return count;
}

std::optional<int64_t> BlockFormat::bytesOf(int64_t count) const {
  int64_t size = 0;
  if (count < 0 || count % elements != 0 || llvm::MulOverflow(count / elements, bytes, size))
    return std::nullopt;
  return size;
}

llvm::ArrayRef<BlockFormat> blockFormats() {
  static const BlockFormat formats[] = {
#define BLOCK_FORMAT(name, elements, bytes, quantizesActivations) {#name, elements, bytes, quantizesActivations != 0, dequantize_##name},
#include "dialects/quant/BlockFormats.def"
#undef BLOCK_FORMAT
  };
  return formats;
}

const BlockFormat *findBlockFormat(llvm::StringRef name) {
  const BlockFormat *found = llvm::find_if(blockFormats(), [&](const BlockFormat &format) { return format.name == name; });
  return found == blockFormats().end() ? nullptr : found;
}

void dequantizeRow(const BlockFormat &format, const uint8_t *row, float *out, int64_t count) {
  for (int64_t at = 0; at < count; at += format.elements, row += format.bytes)
    format.dequantize(row, out + at);
}

float quantizeBlock(const float *x, int8_t *q) {
  float largest = 0;
  for (int i = 0; i < 32; ++i)
    largest = std::max(largest, std::fabs(x[i]));
  float inverse = largest == 0 ? 0 : 127.0f / largest;
  for (int i = 0; i < 32; ++i) {
    float product = x[i] * inverse;
    float clamped = std::isnan(product) ? 0.0f : std::min(std::max(std::nearbyint(product), -127.0f), 127.0f);
    q[i] = static_cast<int8_t>(clamped);
  }
  return largest / 127.0f;
}

} // namespace ingot::quant
