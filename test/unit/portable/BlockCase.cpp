// Writers of GGUF blocks, from the layouts in the GGUF specification: logical integers and scales in, bytes out. The opposite direction of the
// packer's readers, so that an error in one is not repeated in the other. Blocks of codebooks and of few bits are random bytes, their values
// the importer's.
#include "test/unit/portable/BlockCase.h"

#include "compiler/import/gguf/Dequantize.h"

#include <cmath>

namespace {

/// 256 logical integers, sub-block scales and minima (16 at most) and the block's two floats.
struct Logical {
  int q[256], scale[16], min[16];
  _Float16 d, m;
};
struct Format {
  const char *name;
  int elements, bytes, low, high;     // range of the stored integers
  int subBlock, scaleLow, scaleHigh;  // 0: no sub-blocks
  bool hasMin;
  void (*write)(const Logical &, uint8_t *);
};

void put16(uint8_t *to, _Float16 v) { std::memcpy(to, &v, 2); }

/// Byte j of 16: elements j and j + 16.
void putNibbles(const int *q, uint8_t *to) {
  for (int j = 0; j < 16; ++j)
    to[j] = static_cast<uint8_t>((q[j] & 15) + (q[j + 16] & 15) * 16);
}
void putFifth(const int *q, uint8_t *to) {
  for (int j = 0; j < 32; ++j)
    to[j / 8] = static_cast<uint8_t>(to[j / 8] + (q[j] / 16) * (1 << j % 8));
}
void writeQ8_0(const Logical &l, uint8_t *to) {
  put16(to, l.d);
  for (int j = 0; j < 32; ++j)
    to[2 + j] = static_cast<uint8_t>(l.q[j]);
}
void writeQ4_0(const Logical &l, uint8_t *to) { put16(to, l.d), putNibbles(l.q, to + 2); }
void writeQ4_1(const Logical &l, uint8_t *to) { put16(to, l.d), put16(to + 2, l.m), putNibbles(l.q, to + 4); }
void writeQ5_0(const Logical &l, uint8_t *to) { put16(to, l.d), putFifth(l.q, to + 2), putNibbles(l.q, to + 6); }
void writeQ5_1(const Logical &l, uint8_t *to) { put16(to, l.d), put16(to + 2, l.m), putFifth(l.q, to + 4), putNibbles(l.q, to + 8); }

/// Element 128 h + 32 g + l of two bits: byte 32 h + l, bits 2 g.
void putPairs(const int *q, uint8_t *to) {
  for (int i = 0; i < 256; ++i)
    to[i / 128 * 32 + i % 32] = static_cast<uint8_t>(to[i / 128 * 32 + i % 32] + (q[i] & 3) * (1 << i % 128 / 32 * 2));
}
void writeQ2_K(const Logical &l, uint8_t *to) {
  for (int s = 0; s < 16; ++s)
    to[s] = static_cast<uint8_t>(l.scale[s] + 16 * l.min[s]);
  putPairs(l.q, to + 16);
  put16(to + 80, l.d), put16(to + 82, l.m);
}
void writeQ3_K(const Logical &l, uint8_t *to) {
  for (int i = 0; i < 256; ++i)
    to[i % 32] = static_cast<uint8_t>(to[i % 32] + (l.q[i] / 4) * (1 << i / 32));
  putPairs(l.q, to + 32);
  for (int s = 0; s < 16; ++s) {
    int v = l.scale[s] + 32;
    to[96 + s % 8] = static_cast<uint8_t>(to[96 + s % 8] + (v & 15) * (s < 8 ? 1 : 16));
    to[104 + s % 4] = static_cast<uint8_t>(to[104 + s % 4] + (v >> 4) * (1 << 2 * (s / 4)));
  }
  put16(to + 108, l.d);
}
/// 8 scales and minima of 6 bits in 12 bytes.
void putSix(const Logical &l, uint8_t *to) {
  for (int j = 0; j < 4; ++j) {
    to[j] = static_cast<uint8_t>(l.scale[j] + (l.scale[j + 4] >> 4) * 64);
    to[j + 4] = static_cast<uint8_t>(l.min[j] + (l.min[j + 4] >> 4) * 64);
    to[j + 8] = static_cast<uint8_t>((l.scale[j + 4] & 15) + (l.min[j + 4] & 15) * 16);
  }
}
/// Elements 64 g + l and 64 g + 32 + l: byte 32 g + l.
void putHalves(const int *q, uint8_t *to) {
  for (int i = 0; i < 256; ++i)
    to[i / 64 * 32 + i % 32] = static_cast<uint8_t>(to[i / 64 * 32 + i % 32] + (q[i] & 15) * (i % 64 < 32 ? 1 : 16));
}
void writeQ4_K(const Logical &l, uint8_t *to) { put16(to, l.d), put16(to + 2, l.m), putSix(l, to + 4), putHalves(l.q, to + 16); }
void writeQ5_K(const Logical &l, uint8_t *to) {
  put16(to, l.d), put16(to + 2, l.m), putSix(l, to + 4), putHalves(l.q, to + 48);
  for (int i = 0; i < 256; ++i)
    to[16 + i % 32] = static_cast<uint8_t>(to[16 + i % 32] + (l.q[i] / 16) * (1 << i / 32));
}
void writeQ6_K(const Logical &l, uint8_t *to) {
  for (int i = 0; i < 256; ++i) {
    int h = i / 128, quarter = i % 128 / 32, at = i % 32;
    uint8_t &low = to[h * 64 + quarter % 2 * 32 + at], &high = to[128 + h * 32 + at];
    low = static_cast<uint8_t>(low + (l.q[i] & 15) * (quarter < 2 ? 1 : 16));
    high = static_cast<uint8_t>(high + l.q[i] / 16 * (1 << 2 * quarter));
  }
  for (int s = 0; s < 16; ++s)
    to[192 + s] = static_cast<uint8_t>(l.scale[s]);
  put16(to + 208, l.d);
}
void writeIQ4_XS(const Logical &l, uint8_t *to) {
  put16(to, l.d);
  for (int s = 0; s < 8; ++s) {
    int v = l.scale[s] + 32;
    to[2 + s / 4] = static_cast<uint8_t>(to[2 + s / 4] + (v >> 4) * (1 << 2 * (s % 4)));
    to[4 + s / 2] = static_cast<uint8_t>(to[4 + s / 2] + (v & 15) * (s % 2 ? 16 : 1));
    putNibbles(l.q + 32 * s, to + 8 + 16 * s);
  }
}

const Format formats[] = {
    {"q8_0", 32, 34, -128, 127, 0, 0, 0, false, writeQ8_0},   {"q4_0", 32, 18, 0, 15, 0, 0, 0, false, writeQ4_0},
    {"q4_1", 32, 20, 0, 15, 0, 0, 0, true, writeQ4_1},        {"q5_0", 32, 22, 0, 31, 0, 0, 0, false, writeQ5_0},
    {"q5_1", 32, 24, 0, 31, 0, 0, 0, true, writeQ5_1},        {"iq4_nl", 32, 18, 0, 15, 0, 0, 0, false, writeQ4_0},
    {"q2_k", 256, 84, 0, 3, 16, 0, 15, true, writeQ2_K},      {"q3_k", 256, 110, 0, 7, 16, -32, 31, false, writeQ3_K},
    {"q4_k", 256, 144, 0, 15, 32, 0, 63, true, writeQ4_K},    {"q5_k", 256, 176, 0, 31, 32, 0, 63, true, writeQ5_K},
    {"q6_k", 256, 210, 0, 63, 16, -128, 127, false, writeQ6_K}, {"iq4_xs", 256, 136, 0, 15, 32, -32, 31, false, writeIQ4_XS},
};

double integerOf(const Format &f, int q) {
  static const int codebook[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  std::string name = f.name;
  if (name == "iq4_nl" || name == "iq4_xs")
    return codebook[q];
  return q - (name == "q4_0" ? 8 : name == "q5_0" ? 16 : name == "q6_k" ? 32 : name == "q3_k" ? 4 : 0);
}

double valueOf(const Format &f, const Logical &l, int i) {
  double v = double(l.d) * integerOf(f, l.q[i]) * (f.subBlock ? l.scale[i / f.subBlock] : 1);
  if (f.hasMin)
    v += f.subBlock ? -double(l.m) * l.min[i / f.subBlock] : double(l.m);
  return v;
}

} // namespace

namespace {

/// A format whose blocks may be any bytes but for an f16 d in `dBytes` (IQ1_M: 0 nibbles in the tops of 4 words; -1: none).
struct AnyBytes {
  const char *name;
  ingot::GgufTypeId type;
  int elements, bytes, d;
};
constexpr int kNoD = -1, kSpreadD = -2;
const AnyBytes anyBytes[] = {
    {"mxfp4", ingot::GgufTypeId::MXFP4, 32, 17, kNoD},    {"nvfp4", ingot::GgufTypeId::NVFP4, 64, 36, kNoD},
    {"q1_0", ingot::GgufTypeId::Q1_0, 128, 18, 0},        {"q2_0", ingot::GgufTypeId::Q2_0, 64, 18, 0},
    {"tq1_0", ingot::GgufTypeId::TQ1_0, 256, 54, 52},     {"tq2_0", ingot::GgufTypeId::TQ2_0, 256, 66, 64},
    {"iq1_s", ingot::GgufTypeId::IQ1_S, 256, 50, 0},      {"iq1_m", ingot::GgufTypeId::IQ1_M, 256, 56, kSpreadD},
    {"iq2_xxs", ingot::GgufTypeId::IQ2_XXS, 256, 66, 0},  {"iq2_xs", ingot::GgufTypeId::IQ2_XS, 256, 74, 0},
    {"iq2_s", ingot::GgufTypeId::IQ2_S, 256, 82, 0},      {"iq3_xxs", ingot::GgufTypeId::IQ3_XXS, 256, 98, 0},
    {"iq3_s", ingot::GgufTypeId::IQ3_S, 256, 110, 0},
};
const AnyBytes *anyBytesOf(const std::string &name) {
  for (const AnyBytes &f : anyBytes)
    if (f.name == name)
      return &f;
  return nullptr;
}

BlockCase randomBytes(Random &random, const AnyBytes &f, int64_t n, int64_t k) {
  BlockCase c{f.name, n, k, std::vector<char>(static_cast<size_t>(n * k / f.elements * f.bytes)), {}};
  ingot::BlockFunction read = ingot::findGridBlock(f.type) ? ingot::findGridBlock(f.type) : ingot::findTinyBlock(f.type);
  uint8_t *to = reinterpret_cast<uint8_t *>(c.bytes.data());
  for (int64_t block = 0; block < n * k / f.elements; ++block, to += f.bytes) {
    for (int i = 0; i < f.bytes; ++i)
      to[i] = static_cast<uint8_t>(random.integer(0, 255));
    if (f.d >= 0)
      put16(to + f.d, static_cast<_Float16>(random.uniform(-0.1, 0.1)));
    if (f.d == kSpreadD)
      to[55] = static_cast<uint8_t>(to[55] % 16 + 0x20); // exponents around 2^-7
    if (f.type == ingot::GgufTypeId::MXFP4)
      to[0] = static_cast<uint8_t>(random.integer(0, 130));
    float values[256];
    read(to, values);
    c.values.insert(c.values.end(), values, values + f.elements);
  }
  return c;
}

} // namespace

const std::vector<std::string> &blockFormatNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Format &f : formats)
      list.push_back(f.name);
    for (const AnyBytes &f : anyBytes)
      list.push_back(f.name);
    return list;
  }();
  return names;
}

static const Format &formatOf(const std::string &name) {
  for (const Format &f : formats)
    if (f.name == name)
      return f;
  return formats[0];
}

int64_t blockElements(const std::string &format) { return anyBytesOf(format) ? anyBytesOf(format)->elements : formatOf(format).elements; }

BlockCase randomBlocks(Random &random, const std::string &format, int64_t n, int64_t k) {
  if (const AnyBytes *any = anyBytesOf(format))
    return randomBytes(random, *any, n, k);
  const Format &f = formatOf(format);
  BlockCase c{format, n, k, std::vector<char>(static_cast<size_t>(n * k / f.elements * f.bytes)), {}};
  uint8_t *to = reinterpret_cast<uint8_t *>(c.bytes.data());
  for (int64_t block = 0; block < n * k / f.elements; ++block, to += f.bytes) {
    Logical l;
    l.d = static_cast<_Float16>(random.uniform(-0.1, 0.1)), l.m = static_cast<_Float16>(random.uniform(-0.1, 0.1));
    for (int &q : l.q)
      q = static_cast<int>(random.integer(f.low, f.high));
    for (int s = 0; s < 16; ++s) {
      l.scale[s] = static_cast<int>(random.integer(f.scaleLow, f.scaleHigh));
      l.min[s] = static_cast<int>(random.integer(0, f.scaleHigh));
    }
    f.write(l, to);
    for (int i = 0; i < f.elements; ++i)
      c.values.push_back(valueOf(f, l, i));
  }
  return c;
}
