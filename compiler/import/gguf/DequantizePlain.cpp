// Plain floats and the first generation of blocks: 32 elements with one f16 scale `d`, some with a minimum `m`.
// A byte j of the 16 packed ones holds element j in its low nibble and element j + 16 in its high one.
#include "compiler/import/gguf/Dequantize.h"

#pragma STDC FP_CONTRACT OFF

namespace ingot {
namespace {

constexpr int kBlock = 32, kHalf = 16;

void readF32(const uint8_t *block, float *out) { *out = floatOfBits(load32(block)); }
void readF16(const uint8_t *block, float *out) { *out = loadHalf(block); }
void readBF16(const uint8_t *block, float *out) { *out = floatOfBits(static_cast<uint32_t>(load16(block)) << 16); }

/// d | 16 bytes: (q - 8) d
void readQ4_0(const uint8_t *block, float *out) {
  float d = loadHalf(block);
  for (int j = 0; j < kHalf; ++j) {
    out[j] = static_cast<float>((block[2 + j] & 15) - 8) * d;
    out[j + kHalf] = static_cast<float>((block[2 + j] >> 4) - 8) * d;
  }
}

/// d | m | 16 bytes: q d + m
void readQ4_1(const uint8_t *block, float *out) {
  float d = loadHalf(block), m = loadHalf(block + 2);
  for (int j = 0; j < kHalf; ++j) {
    out[j] = static_cast<float>(block[4 + j] & 15) * d + m;
    out[j + kHalf] = static_cast<float>(block[4 + j] >> 4) * d + m;
  }
}

/// The fifth bits: bit i of `high` belongs to element i.
int fifth(uint32_t high, int element) { return static_cast<int>(high >> element & 1) << 4; }

/// d | u32 of fifth bits | 16 bytes: (q - 16) d
void readQ5_0(const uint8_t *block, float *out) {
  float d = loadHalf(block);
  uint32_t high = load32(block + 2);
  for (int j = 0; j < kHalf; ++j) {
    out[j] = static_cast<float>(((block[6 + j] & 15) | fifth(high, j)) - 16) * d;
    out[j + kHalf] = static_cast<float>((block[6 + j] >> 4 | fifth(high, j + kHalf)) - 16) * d;
  }
}

/// d | m | u32 of fifth bits | 16 bytes: q d + m
void readQ5_1(const uint8_t *block, float *out) {
  float d = loadHalf(block), m = loadHalf(block + 2);
  uint32_t high = load32(block + 4);
  for (int j = 0; j < kHalf; ++j) {
    out[j] = static_cast<float>((block[8 + j] & 15) | fifth(high, j)) * d + m;
    out[j + kHalf] = static_cast<float>(block[8 + j] >> 4 | fifth(high, j + kHalf)) * d + m;
  }
}

/// d | 32 signed bytes: q d
void readQ8_0(const uint8_t *block, float *out) {
  float d = loadHalf(block);
  for (int j = 0; j < kBlock; ++j)
    out[j] = static_cast<float>(static_cast<int8_t>(block[2 + j])) * d;
}

} // namespace

BlockFunction findPlainBlock(GgufTypeId type) {
  switch (type) {
  case GgufTypeId::F32:
    return readF32;
  case GgufTypeId::F16:
    return readF16;
  case GgufTypeId::BF16:
    return readBF16;
  case GgufTypeId::Q4_0:
    return readQ4_0;
  case GgufTypeId::Q4_1:
    return readQ4_1;
  case GgufTypeId::Q5_0:
    return readQ5_0;
  case GgufTypeId::Q5_1:
    return readQ5_1;
  case GgufTypeId::Q8_0:
    return readQ8_0;
  default:
    return nullptr;
  }
}

namespace {

BlockFunction findBlock(GgufTypeId type) {
  for (BlockFunction (*find)(GgufTypeId) : {findPlainBlock, findSuperBlock, findTinyBlock, findGridBlock})
    if (BlockFunction read = find(type))
      return read;
  return nullptr;
}

} // namespace

bool canDequantize(const GgufType &type) { return findBlock(type.id) != nullptr; }

bool dequantizeRow(const GgufType &type, const void *bytes, float *out, int64_t count) {
  BlockFunction read = findBlock(type.id);
  if (!read)
    return false;
  const uint8_t *block = static_cast<const uint8_t *>(bytes);
  for (int64_t i = 0; i < count; i += type.elements, block += type.bytes)
    read(block, out + i);
  return true;
}

} // namespace ingot
