// Readers of IQ1, IQ2 and IQ3 (BlockRead.h): the index of a group of 8 or 4 numbers becomes that many indices of single numbers in the tables of
// targets/common/ukernels/block.h, exactly; why not the groups themselves is said there. A part is 4 groups of 8.
#include "compiler/import/gguf/IqGrids.h"
#include "passes/lower/BlockRead.h"

namespace ingot {
namespace {

uint32_t loadBits32(const uint8_t *p) { return loadBits16(p) | static_cast<uint32_t>(loadBits16(p + 2)) << 16; }
/// A stored scale s that stands for s + 1/2 or 2 s + 1.
int8_t odd(uint32_t s) { return static_cast<int8_t>(2 * s + 1); }

/// Eight numbers of 3 levels; those marked in `second` are in the table's second three.
void putThrees(uint16_t entry, int second, uint8_t *q) {
  for (int i = 0; i < 8; ++i, entry /= 3)
    q[i] = static_cast<uint8_t>(entry % 3 + (second >> i & 1) * 3);
}
/// Four numbers of 8 levels.
void putEights(uint16_t entry, int signs, uint8_t *q) {
  for (int i = 0; i < 4; ++i, entry /= 8)
    q[i] = static_cast<uint8_t>(entry % 8 + (signs >> i & 1) * 8);
}
void putScales(const uint8_t *scales, int part, StoredBlock &to) {
  to.scale[0] = odd(scales[part] & 15);
  to.scale[1] = odd(scales[part] >> 4);
}

} // namespace

void readIQ1_S(const uint8_t *from, int part, StoredBlock &to) {
  int word = loadBits16(from + 34 + 2 * part);
  to.d = loadBits16(from);
  to.scale[0] = odd(word >> 12 & 7);
  for (int l = 0; l < 4; ++l)
    putThrees(kGridIq1[from[2 + 4 * part + l] | (word >> 3 * l & 7) << 8], word >> 15 ? 255 : 0, to.q + 8 * l);
}

void readIQ1_M(const uint8_t *from, int part, StoredBlock &to) {
  const uint8_t *scales = from + 48;
  to.d = static_cast<uint16_t>(scales[1] >> 4 | (scales[3] & 0xf0) | scales[5] >> 4 << 8 | (scales[7] & 0xf0) << 8);
  for (int h = 0; h < 2; ++h) {
    int pair = 2 * part + h;
    to.scale[h] = odd(loadBits16(scales + 2 * (pair / 4)) >> 3 * (pair % 4) & 7);
  }
  for (int l = 0; l < 4; ++l) {
    int group = 4 * part + l, nibble = from[32 + group / 2] >> 4 * (group % 2) & 15;
    putThrees(kGridIq1[from[group] | (nibble & 7) << 8], nibble >> 3 ? 255 : 0, to.q + 8 * l);
  }
}

void readIQ2_XXS(const uint8_t *from, int part, StoredBlock &to) {
  const uint8_t *at = from + 2 + 8 * part;
  uint32_t word = loadBits32(at + 4);
  to.d = loadBits16(from);
  to.scale[0] = odd(word >> 28);
  for (int l = 0; l < 4; ++l)
    putThrees(kGridIq2Xxs[at[l]], allSigns(static_cast<int>(word >> 7 * l & 127)), to.q + 8 * l);
}

void readIQ2_XS(const uint8_t *from, int part, StoredBlock &to) {
  to.d = loadBits16(from);
  putScales(from + 66, part, to);
  for (int l = 0; l < 4; ++l) {
    int word = loadBits16(from + 2 + 8 * part + 2 * l);
    putThrees(kGridIq2Xs[word & 511], allSigns(word >> 9), to.q + 8 * l);
  }
}

void readIQ2_S(const uint8_t *from, int part, StoredBlock &to) {
  to.d = loadBits16(from);
  putScales(from + 74, part, to);
  for (int l = 0; l < 4; ++l)
    putThrees(kGridIq2S[from[2 + 4 * part + l] | (from[66 + part] >> 2 * l & 3) << 8], from[34 + 4 * part + l], to.q + 8 * l);
}

void readIQ3_XXS(const uint8_t *from, int part, StoredBlock &to) {
  uint32_t word = loadBits32(from + 66 + 4 * part);
  to.d = loadBits16(from);
  to.scale[0] = odd(word >> 28);
  for (int l = 0; l < 8; ++l)
    putEights(kGridIq3Xxs[from[2 + 8 * part + l]], allSigns(static_cast<int>(word >> 7 * (l / 2) & 127)) >> 4 * (l % 2), to.q + 4 * l);
}

void readIQ3_S(const uint8_t *from, int part, StoredBlock &to) {
  to.d = loadBits16(from);
  to.scale[0] = odd(from[106 + part / 2] >> 4 * (part % 2) & 15);
  for (int l = 0; l < 8; ++l)
    putEights(kGridIq3S[from[2 + 8 * part + l] | (from[66 + part] >> l & 1) << 8], from[74 + 4 * part + l / 2] >> 4 * (l % 2), to.q + 4 * l);
}

} // namespace ingot
