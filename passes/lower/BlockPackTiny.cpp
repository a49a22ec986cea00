// Readers of blocks of 4-bit floats and of one and two bits (BlockRead.h), from the layouts of the GGUF specification.
#include "passes/lower/BlockRead.h"

namespace ingot {

void readMXFP4(const uint8_t *from, int, StoredBlock &to) {
  to.scale[0] = static_cast<int8_t>(from[0]);
  for (int i = 0; i < 16; ++i) {
    to.q[i] = from[1 + i] & 15;
    to.q[i + 16] = from[1 + i] >> 4;
  }
}

void readNVFP4(const uint8_t *from, int part, StoredBlock &to) {
  constexpr uint8_t kNan = 0x7f; // counts as 0
  for (int h = 0; h < 2; ++h) {
    uint8_t scale = from[2 * part + h];
    to.scale[h] = static_cast<int8_t>(scale == kNan ? 0 : scale & 0x7f);
    const uint8_t *at = from + 4 + 8 * (2 * part + h);
    for (int i = 0; i < 8; ++i) {
      to.q[16 * h + i] = at[i] & 15;
      to.q[16 * h + i + 8] = at[i] >> 4;
    }
  }
}

void readQ1_0(const uint8_t *from, int part, StoredBlock &to) {
  to.d = loadBits16(from);
  for (int i = 0; i < 32; ++i)
    to.q[i] = from[2 + part * 4 + i / 8] >> i % 8 & 1;
}
void readQ2_0(const uint8_t *from, int part, StoredBlock &to) {
  to.d = loadBits16(from);
  for (int i = 0; i < 32; ++i)
    to.q[i] = from[2 + part * 8 + i / 4] >> 2 * (i % 4) & 3;
}
void readTQ2_0(const uint8_t *from, int part, StoredBlock &to) {
  to.d = loadBits16(from + 64);
  for (int i = 0; i < 32; ++i)
    to.q[i] = from[part / 4 * 32 + i] >> part % 4 * 2 & 3;
}

/// Element i of 256: digit by digit over bytes 0..31, then 32..47, then 48..51; a digit is the whole part of three times a byte's fraction.
static uint8_t trit(const uint8_t *from, int i) {
  constexpr int kPowers[5] = {1, 3, 9, 27, 81};
  int byte = i < 160 ? i % 32 : i < 240 ? 32 + i % 16 : 48 + i % 4, digit = i < 160 ? i / 32 : i < 240 ? (i - 160) / 16 : (i - 240) / 4;
  return static_cast<uint8_t>((from[byte] * kPowers[digit] & 255) * 3 >> 8);
}
void readTQ1_0(const uint8_t *from, int part, StoredBlock &to) {
  to.d = loadBits16(from + 52);
  for (int i = 0; i < 32; ++i)
    to.q[i] = trit(from, part * 32 + i);
}

} // namespace ingot
