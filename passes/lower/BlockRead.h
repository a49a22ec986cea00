// Private to BlockPack*.cpp: what a stored block of GGUF is taken apart into before it goes into a panel.
#ifndef INGOT_PASSES_LOWER_BLOCKREAD_H
#define INGOT_PASSES_LOWER_BLOCKREAD_H

#include "passes/lower/BlockPack.h"

#include "targets/common/ukernels/block.h"

namespace ingot {

/// 32 k of one row: integers as packed, scale and minimum (f16 bits), and the sub-blocks' bytes. IK_FAMILY_POWER and _HALVES: `scale` alone.
struct StoredBlock {
  uint8_t q[IK_BLOCK];
  uint16_t d = 0, m = 0;
  int8_t scale[2] = {0, 0}, min[2] = {0, 0};
};
/// Reads 32 integers: part `part` (0 for blocks of 32) of the stored block at `from`.
using BlockReader = void (*)(const uint8_t *from, int part, StoredBlock &to);

inline uint16_t loadBits16(const uint8_t *p) { return static_cast<uint16_t>(p[0] | p[1] << 8); }

// BlockPackTiny.cpp: 4-bit floats, one and two bits.
void readMXFP4(const uint8_t *from, int part, StoredBlock &to);
void readNVFP4(const uint8_t *from, int part, StoredBlock &to);
void readQ1_0(const uint8_t *from, int part, StoredBlock &to);
void readQ2_0(const uint8_t *from, int part, StoredBlock &to);
void readTQ1_0(const uint8_t *from, int part, StoredBlock &to);
void readTQ2_0(const uint8_t *from, int part, StoredBlock &to);

// BlockPackGrid.cpp: indices of groups in a codebook become indices of numbers.
void readIQ1_S(const uint8_t *from, int part, StoredBlock &to);
void readIQ1_M(const uint8_t *from, int part, StoredBlock &to);
void readIQ2_XXS(const uint8_t *from, int part, StoredBlock &to);
void readIQ2_XS(const uint8_t *from, int part, StoredBlock &to);
void readIQ2_S(const uint8_t *from, int part, StoredBlock &to);
void readIQ3_XXS(const uint8_t *from, int part, StoredBlock &to);
void readIQ3_S(const uint8_t *from, int part, StoredBlock &to);

} // namespace ingot

#endif
