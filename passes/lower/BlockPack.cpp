// Packing of GGUF blocks into panels. A stored block is first read into `StoredBlock` (32 integers of one row and what scales them, the layouts of
// the GGUF specification), then spread over the planes and per-row bytes that all formats share.
#include "passes/lower/BlockRead.h"

#include <cstring>

namespace ingot {
namespace {

void nibbles(const uint8_t *from, StoredBlock &to) {
  for (int i = 0; i < 16; ++i) {
    to.q[i] = from[i] & 15;
    to.q[i + 16] = from[i] >> 4;
  }
}
void fifthBits(const uint8_t *from, StoredBlock &to) {
  uint32_t bits;
  std::memcpy(&bits, from, 4);
  for (int i = 0; i < 32; ++i)
    to.q[i] = static_cast<uint8_t>(to.q[i] | (bits >> i & 1) << 4);
}

void readQ8_0(const uint8_t *from, int, StoredBlock &to) {
  to.d = loadBits16(from);
  std::memcpy(to.q, from + 2, 32);
}
void readQ4_0(const uint8_t *from, int, StoredBlock &to) {
  to.d = loadBits16(from);
  nibbles(from + 2, to);
}
void readQ4_1(const uint8_t *from, int, StoredBlock &to) {
  to.d = loadBits16(from), to.m = loadBits16(from + 2);
  nibbles(from + 4, to);
}
void readQ5_0(const uint8_t *from, int, StoredBlock &to) {
  to.d = loadBits16(from);
  nibbles(from + 6, to);
  fifthBits(from + 2, to);
}
void readQ5_1(const uint8_t *from, int, StoredBlock &to) {
  to.d = loadBits16(from), to.m = loadBits16(from + 2);
  nibbles(from + 8, to);
  fifthBits(from + 4, to);
}

/// Two bits of 256 values: 32 bytes hold four parts of 128.
void pairs(const uint8_t *from, int part, StoredBlock &to) {
  for (int i = 0; i < 32; ++i)
    to.q[i] = from[part / 4 * 32 + i] >> part % 4 * 2 & 3;
}
void readQ2_K(const uint8_t *from, int part, StoredBlock &to) {
  to.d = loadBits16(from + 80), to.m = loadBits16(from + 82);
  for (int h = 0; h < 2; ++h) {
    to.scale[h] = from[part * 2 + h] & 15;
    to.min[h] = static_cast<int8_t>(from[part * 2 + h] >> 4);
  }
  pairs(from + 16, part, to);
}
void readQ3_K(const uint8_t *from, int part, StoredBlock &to) {
  const uint8_t *scales = from + 96;
  to.d = loadBits16(from + 108);
  pairs(from + 32, part, to);
  for (int i = 0; i < 32; ++i)
    to.q[i] = static_cast<uint8_t>(to.q[i] | (from[i] >> part & 1) << 2);
  for (int h = 0; h < 2; ++h) {
    int i = part * 2 + h, low = i < 8 ? scales[i] & 15 : scales[i - 8] >> 4, high = scales[8 + i % 4] >> 2 * (i / 4) & 3;
    to.scale[h] = static_cast<int8_t>((low | high << 4) - 32);
  }
}

/// The 6-bit scale and minimum of part j of Q4_K and Q5_K, from their 12 bytes.
void sixBits(const uint8_t *b, int j, StoredBlock &to) {
  to.scale[0] = static_cast<int8_t>(j < 4 ? b[j] & 63 : (b[j + 4] & 15) | b[j - 4] >> 6 << 4);
  to.min[0] = static_cast<int8_t>(j < 4 ? b[j + 4] & 63 : b[j + 4] >> 4 | b[j] >> 6 << 4);
}
/// Four bits of 256 values: 32 bytes hold a part in their low halves and the next in the high ones.
void halves(const uint8_t *from, int part, StoredBlock &to) {
  for (int i = 0; i < 32; ++i)
    to.q[i] = from[part / 2 * 32 + i] >> part % 2 * 4 & 15;
}
void readQ4_K(const uint8_t *from, int part, StoredBlock &to) {
  to.d = loadBits16(from), to.m = loadBits16(from + 2);
  sixBits(from + 4, part, to);
  halves(from + 16, part, to);
}
void readQ5_K(const uint8_t *from, int part, StoredBlock &to) {
  to.d = loadBits16(from), to.m = loadBits16(from + 2);
  sixBits(from + 4, part, to);
  halves(from + 48, part, to);
  for (int i = 0; i < 32; ++i)
    to.q[i] = static_cast<uint8_t>(to.q[i] | (from[16 + i] >> part & 1) << 4);
}
void readQ6_K(const uint8_t *from, int part, StoredBlock &to) {
  const uint8_t *low = from + part / 4 * 64 + part % 2 * 32, *high = from + 128 + part / 4 * 32;
  to.d = loadBits16(from + 208);
  for (int i = 0; i < 32; ++i)
    to.q[i] = static_cast<uint8_t>((low[i] >> part % 4 / 2 * 4 & 15) | (high[i] >> part % 4 * 2 & 3) << 4);
  for (int h = 0; h < 2; ++h)
    to.scale[h] = static_cast<int8_t>(from[192 + part * 2 + h]);
}
void readIQ4_XS(const uint8_t *from, int part, StoredBlock &to) {
  to.d = loadBits16(from);
  int low = from[4 + part / 2] >> part % 2 * 4 & 15, high = loadBits16(from + 2) >> 2 * part & 3;
  to.scale[0] = static_cast<int8_t>((low | high << 4) - 32);
  nibbles(from + 8 + part * 16, to);
}

struct Row {
  PackFormat format;
  BlockReader read;
};
const Row rows[] = {
    {{"q8_0", IK_BLOCK_q8_0, 32, 34, IK_PANEL}, readQ8_0},     {{"q4_0", IK_BLOCK_q4_0, 32, 18, IK_PANEL}, readQ4_0},
    {{"q4_1", IK_BLOCK_q4_1, 32, 20, IK_PANEL}, readQ4_1},     {{"q5_0", IK_BLOCK_q5_0, 32, 22, IK_PANEL}, readQ5_0},
    {{"q5_1", IK_BLOCK_q5_1, 32, 24, IK_PANEL}, readQ5_1},     {{"iq4_nl", IK_BLOCK_iq4_nl, 32, 18, IK_PANEL}, readQ4_0},
    {{"q2_k", IK_BLOCK_q2_k, 256, 84, IK_PANEL}, readQ2_K},    {{"q3_k", IK_BLOCK_q3_k, 256, 110, IK_PANEL}, readQ3_K},
    {{"q4_k", IK_BLOCK_q4_k, 256, 144, IK_PANEL}, readQ4_K},   {{"q5_k", IK_BLOCK_q5_k, 256, 176, IK_PANEL}, readQ5_K},
    {{"q6_k", IK_BLOCK_q6_k, 256, 210, IK_PANEL}, readQ6_K},   {{"iq4_xs", IK_BLOCK_iq4_xs, 256, 136, IK_PANEL}, readIQ4_XS},
    {{"mxfp4", IK_BLOCK_mxfp4, 32, 17, IK_PANEL}, readMXFP4},  {{"nvfp4", IK_BLOCK_nvfp4, 64, 36, IK_PANEL}, readNVFP4},
    {{"q1_0", IK_BLOCK_q1_0, 128, 18, IK_PANEL}, readQ1_0},    {{"q2_0", IK_BLOCK_q2_0, 64, 18, IK_PANEL}, readQ2_0},
    {{"tq1_0", IK_BLOCK_tq1_0, 256, 54, IK_PANEL}, readTQ1_0}, {{"tq2_0", IK_BLOCK_tq2_0, 256, 66, IK_PANEL}, readTQ2_0},
    {{"iq1_s", IK_BLOCK_iq1_s, 256, 50, IK_PANEL}, readIQ1_S}, {{"iq1_m", IK_BLOCK_iq1_m, 256, 56, IK_PANEL}, readIQ1_M},
    {{"iq2_xxs", IK_BLOCK_iq2_xxs, 256, 66, IK_PANEL}, readIQ2_XXS}, {{"iq2_xs", IK_BLOCK_iq2_xs, 256, 74, IK_PANEL}, readIQ2_XS},
    {{"iq2_s", IK_BLOCK_iq2_s, 256, 82, IK_PANEL}, readIQ2_S}, {{"iq3_xxs", IK_BLOCK_iq3_xxs, 256, 98, IK_PANEL}, readIQ3_XXS},
    {{"iq3_s", IK_BLOCK_iq3_s, 256, 110, IK_PANEL}, readIQ3_S},
    {{"f32", -1, 1, 4, IK_PANEL}, nullptr},                    {{"f16", -1, 1, 2, IK_PANEL_HALF}, nullptr},
    {{"bf16", -1, 1, 2, IK_PANEL_HALF}, nullptr},
};

/// Spreads row r's integers over the planes at `to`.
void spread(const StoredBlock &from, int bits, int r, uint8_t *to) {
  for (int q = 0; q < 8; ++q) {
    uint32_t word, low = bits >= 4 ? 0x0f0f0f0f : 0x03030303;
    std::memcpy(&word, from.q + q * 4, 4);
    auto put = [&](uint8_t *plane, uint32_t value) {
      uint32_t old;
      std::memcpy(&old, plane + r * 4, 4);
      old |= value;
      std::memcpy(plane + r * 4, &old, 4);
    };
    if (bits == 8) {
      put(to + q * 64, word);
      continue;
    }
    if (bits == 1) {
      put(to, (word & 0x01010101) << q);
      continue;
    }
    put(bits >= 4 ? to + q % 4 * 64 : to + q / 4 * 64, (word & low) << (bits >= 4 ? q / 4 * 4 : q % 4 * 2));
    uint32_t above = word >> (bits >= 4 ? 4 : 2);
    if (bits == 6)
      put(to + 256 + q / 4 * 64, (above & 0x03030303) << q % 4 * 2);
    if (bits == 5 || bits == 3)
      put(to + (bits == 5 ? 256 : 128), (above & 0x01010101) << q);
  }
}

/// The per-row bytes behind the planes, and those in front of blocks.
void placeTerms(const StoredBlock &from, const ik_block_format &f, int r, uint8_t *head, uint8_t *tail) {
  bool by16 = ik_block_by16(f), hasMin = f.family == IK_FAMILY_K32_MIN || f.family == IK_FAMILY_K16_MIN;
  bool bytesOnly = f.family == IK_FAMILY_POWER || f.family == IK_FAMILY_HALVES;
  uint8_t *d = ik_block_head(f) ? head : tail;
  if (!bytesOnly)
    std::memcpy(d + 2 * r, &from.d, 2);
  if (hasMin || f.family == IK_FAMILY_MIN)
    std::memcpy(d + 32 + 2 * r, &from.m, 2);
  if (ik_block_is_shared(f) || (!ik_block_head(f) && !bytesOnly))
    return;
  for (int h = 0; h < (by16 || f.family == IK_FAMILY_HALVES ? 2 : 1); ++h) {
    tail[16 * h + r] = static_cast<uint8_t>(from.scale[h]);
    if (hasMin)
      tail[(by16 ? 32 : 16) + 16 * h + r] = static_cast<uint8_t>(from.min[h]);
  }
}

/// One panel of `count` rows.
void packPanel(const Row &row, const uint8_t *from, int64_t rowBytes, int64_t count, int64_t blocks, uint8_t *to) {
  ik_block_format f = ik_block_info(row.format.kernel);
  int64_t parts = row.format.elements / IK_BLOCK;
  uint8_t *head = to;
  for (int64_t b = 0; b < blocks; ++b, to += ik_block_bytes(f)) {
    if (ik_block_head(f) && b % ik_block_super(f) == 0) {
      head = to;
      to += ik_block_head(f);
    }
    for (int64_t r = 0; r < count; ++r) {
      StoredBlock stored;
      row.read(from + r * rowBytes + b / parts * row.format.bytes, static_cast<int>(b % parts), stored);
      spread(stored, f.bits, static_cast<int>(r), to);
      placeTerms(stored, f, static_cast<int>(r), head, to + f.bits * 64);
    }
  }
}

/// [count][k] -> [k][panel].
template <typename T> void transposePanel(const char *from, int64_t k, int64_t count, int64_t panel, char *to) {
  for (int64_t r = 0; r < count; ++r)
    for (int64_t i = 0; i < k; ++i)
      std::memcpy(to + (i * panel + r) * sizeof(T), from + (r * k + i) * sizeof(T), sizeof(T));
}

} // namespace

int64_t PackFormat::packedBytes(int64_t n, int64_t k) const {
  int64_t panels = (n + panel - 1) / panel;
  return panels * (isFloat() ? k * panel * bytes : ik_panel_bytes(ik_block_info(kernel), k / IK_BLOCK));
}

void PackFormat::pack(const char *from, int64_t n, int64_t k, char *out) const {
  int64_t stride = packedBytes(panel, k), source = rowBytes(k);
  const Row *row = rows;
  while (row->format.name != name)
    ++row;
  for (int64_t first = 0; first < n; first += panel, from += panel * source, out += stride) {
    int64_t count = n - first < panel ? n - first : panel;
    if (!isFloat())
      packPanel(*row, reinterpret_cast<const uint8_t *>(from), source, count, k / IK_BLOCK, reinterpret_cast<uint8_t *>(out));
    else if (bytes == 4)
      transposePanel<uint32_t>(from, k, count, panel, out);
    else
      transposePanel<uint16_t>(from, k, count, panel, out);
  }
}

std::optional<PackFormat> findPackFormat(std::string_view name) {
  for (const Row &row : rows)
    if (row.format.name == name)
      return row.format;
  return std::nullopt;
}

} // namespace ingot
