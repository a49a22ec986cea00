// The GGUF block kernels (packing, quantised activations, products, rows) against double precision, and equal bits for every number of rows.
#include "passes/lower/BlockPack.h"
#include "targets/common/ukernels/block.h"
#include "test/unit/portable/BlockCase.h"

#include <cmath>

#define BLOCK_KERNEL(name) extern "C" void name(void *const *, const int64_t *, int64_t, int64_t);
#define BLOCK_KERNELS(name) BLOCK_KERNEL(ik_block_matmul_##name) BLOCK_KERNEL(ik_block_rows_##name) BLOCK_KERNEL(ik_block_experts_##name)
#define BLOCK_FORMAT_KERNELS(name, bits, offset, family) \
  BLOCK_KERNELS(name) BLOCK_KERNEL(ik_block_matmul16_##name) BLOCK_KERNEL(ik_block_experts16_##name)
IK_BLOCK_TABLE(BLOCK_FORMAT_KERNELS)
BLOCK_KERNELS(f32)
BLOCK_KERNELS(f16)
BLOCK_KERNELS(bf16)
BLOCK_KERNEL(ik_block_quantize)
BLOCK_KERNEL(ik_block_quantize16)

namespace {

/// For activations of 8 bits and, from index 1, of 16; floats take them as they are.
struct Kernels {
  const char *name;
  Kernel rows, matmul[2], experts[2];
};
#define BLOCK_ROW(name, bits, offset, family) \
  {#name, ik_block_rows_##name, {ik_block_matmul_##name, ik_block_matmul16_##name}, {ik_block_experts_##name, ik_block_experts16_##name}},
#define FLOAT_ROW(name) {#name, ik_block_rows_##name, {ik_block_matmul_##name, ik_block_matmul_##name}, {ik_block_experts_##name, ik_block_experts_##name}}
const Kernels table[] = {IK_BLOCK_TABLE(BLOCK_ROW) FLOAT_ROW(f32), FLOAT_ROW(f16), FLOAT_ROW(bf16)};

const Kernels &kernelsOf(const std::string &format) {
  for (const Kernels &k : table)
    if (k.name == format)
      return k;
  return table[0];
}

/// The packed matrix, 64 bytes of canary behind it.
std::vector<char> pack(const BlockCase &c) {
  ingot::PackFormat format = *ingot::findPackFormat(c.format);
  int64_t size = format.packedBytes(c.n, c.k);
  std::vector<char> out(static_cast<size_t>(size + 64));
  std::memset(out.data() + size, 0x5a, 64);
  format.pack(c.bytes.data(), c.n, c.k, out.data());
  for (int i = 0; i < 64; ++i)
    check(out[static_cast<size_t>(size + i)] == 0x5a, "%s: packing writes past the end", c.format.c_str());
  return out;
}

/// The activations as the kernel rounds them, and the bytes it makes of them.
struct Activations {
  std::vector<double> values;
  std::vector<char> bytes;
};
Activations quantize(const std::vector<float> &x, int64_t m, int64_t k, int wide) {
  Activations a{{}, std::vector<char>(static_cast<size_t>((1 + wide) * m * k / IK_BLOCK * IK_XBLOCK))};
  runKernel("block_quantize", wide ? ik_block_quantize16 : ik_block_quantize, {x.data()}, {a.bytes.data()}, {int64_t(a.bytes.size())}, {m, k});
  const float steps = wide ? 32512.0f : 127.0f;
  for (size_t at = 0; at < x.size(); at += 32) {
    float amax = 0;
    for (int i = 0; i < 32; ++i)
      amax = std::max(amax, std::fabs(x[at + size_t(i)]));
    for (int i = 0; i < 32; ++i)
      a.values.push_back(amax == 0 ? 0 : std::nearbyint(x[at + size_t(i)] * (steps / amax)) * double(amax / steps));
  }
  return a;
}

/// Largest |y - sum x w| over sum |x w|.
double worstError(const std::vector<float> &y, const std::vector<double> &x, const BlockCase &c, int64_t m) {
  double worst = 0;
  for (int64_t i = 0; i < m * c.n; ++i) {
    double sum = 0, size = 1e-30;
    for (int64_t k = 0; k < c.k; ++k) {
      double product = x[size_t(i / c.n * c.k + k)] * c.values[size_t(i % c.n * c.k + k)];
      sum += product, size += std::fabs(product);
    }
    worst = std::max(worst, std::fabs(double(y[size_t(i)]) - sum) / size);
  }
  return worst;
}

std::vector<float> multiply(const BlockCase &c, const std::vector<char> &w, const std::vector<float> &x, const std::vector<char> &xBlocks, int64_t m,
                            int wide) {
  std::vector<float> y(static_cast<size_t>(m * c.n));
  bool isFloat = ingot::findPackFormat(c.format)->isFloat();
  runKernel(c.format.c_str(), kernelsOf(c.format).matmul[wide], {isFloat ? static_cast<const void *>(x.data()) : xBlocks.data(), w.data()}, {y.data()},
            {m * c.n * 4}, {m, c.n, c.k}, std::max<int64_t>(IK_FLOAT_SCRATCH, IK_BLOCKMM_SCRATCH(m, 1 + wide, c.k)));
  return y;
}

void testMatmul(Random &random, const BlockCase &c, int64_t m, int wide) {
  std::vector<char> w = pack(c);
  std::vector<float> x = randomVector<float>(random, m * c.k);
  std::fill(x.begin(), x.begin() + std::min<int64_t>(32, c.k), 0.0f);
  bool isFloat = ingot::findPackFormat(c.format)->isFloat();
  Activations a = isFloat ? Activations{std::vector<double>(x.begin(), x.end()), {}} : quantize(x, m, c.k, wide);
  std::vector<float> y = multiply(c, w, x, a.bytes, m, wide);
  double error = worstError(y, a.values, c, m), bound = double(isFloat ? c.k : c.k / 32 * 2 + 4) * 0x1p-24;
  check(error <= bound, "%s [%d, %d] m %d: error %g", c.format.c_str(), int(c.n), int(c.k), int(m), error);
  for (int64_t row : {int64_t(0), m - 1}) {
    std::vector<float> one(x.begin() + row * c.k, x.begin() + (row + 1) * c.k);
    std::vector<float> alone = multiply(c, w, one, isFloat ? std::vector<char>() : quantize(one, 1, c.k, wide).bytes, 1, wide);
    check(std::memcmp(alone.data(), y.data() + row * c.n, size_t(c.n) * 4) == 0, "%s: row %d of %d differs from the row alone", c.format.c_str(), int(row),
          int(m));
  }
}

/// Experts are matrices of `each` rows; every chosen pair must have the bits of the product with that matrix alone.
void testExperts(Random &random, const BlockCase &c, int64_t m, bool shared, int wide) {
  const int64_t experts = 3, slots = 2, each = c.n / experts, rows = shared ? m : m * slots;
  ingot::PackFormat format = *ingot::findPackFormat(c.format);
  int64_t size = format.packedBytes(each, c.k);
  std::vector<char> w(static_cast<size_t>(experts * size));
  for (int64_t e = 0; e < experts; ++e)
    format.pack(c.bytes.data() + e * each * format.rowBytes(c.k), each, c.k, w.data() + e * size);
  std::vector<float> x = randomVector<float>(random, rows * c.k), y(static_cast<size_t>(m * slots * each)), alone(static_cast<size_t>(each));
  std::vector<int32_t> chosen;
  for (int64_t i = 0; i < m * slots; ++i)
    chosen.push_back(int32_t(random.integer(-1, experts)));
  std::vector<char> blocks = format.isFloat() ? std::vector<char>() : quantize(x, rows, c.k, wide).bytes;
  runKernel(c.format.c_str(), kernelsOf(c.format).experts[wide], {format.isFloat() ? static_cast<const void *>(x.data()) : blocks.data(), w.data(), chosen.data()},
            {y.data()}, {int64_t(y.size() * 4)}, {m, slots, shared, experts, each, c.k}, IK_EXPERTS_SCRATCH(c.k));
  for (int64_t i = 0; i < m * slots; ++i) {
    int64_t row = shared ? i / slots : i, e = chosen[size_t(i)] >= 0 && chosen[size_t(i)] < experts ? chosen[size_t(i)] : 0;
    std::vector<float> one(x.begin() + row * c.k, x.begin() + (row + 1) * c.k);
    std::vector<char> oneBlock = format.isFloat() ? std::vector<char>() : quantize(one, 1, c.k, wide).bytes;
    runKernel(c.format.c_str(), kernelsOf(c.format).matmul[wide],
              {format.isFloat() ? static_cast<const void *>(one.data()) : oneBlock.data(), w.data() + e * size}, {alone.data()}, {each * 4}, {1, each, c.k},
              IK_FLOAT_SCRATCH);
    check(std::memcmp(alone.data(), y.data() + i * each, size_t(each) * 4) == 0, "block_experts %s: pair %d", c.format.c_str(), int(i));
  }
}

void testRows(Random &random, const BlockCase &c) {
  std::vector<char> w = pack(c);
  std::vector<int32_t> ids{-1, int32_t(c.n), int32_t(c.n - 1)};
  while (ids.size() < 20)
    ids.push_back(int32_t(random.integer(0, c.n - 1)));
  std::vector<float> y(ids.size() * size_t(c.k));
  runKernel(c.format.c_str(), kernelsOf(c.format).rows, {w.data(), ids.data()}, {y.data()}, {int64_t(y.size() * 4)}, {int64_t(ids.size()), c.n, c.k});
  for (size_t i = 0; i < y.size(); ++i) {
    int64_t id = ids[i / size_t(c.k)], row = id >= 0 && id < c.n ? id : 0;
    check(y[i] == float(c.values[size_t(row * c.k) + i % size_t(c.k)]), "block_rows %s: element %d", c.format.c_str(), int(i));
  }
}

/// Values that the float format holds exactly.
BlockCase floatCase(Random &random, const std::string &format, int64_t n, int64_t k) {
  BlockCase c{format, n, k, {}, {}};
  for (int64_t i = 0; i < n * k; ++i) {
    float v = float(random.uniform(-2, 2));
    uint32_t bits;
    std::memcpy(&bits, &v, 4);
    bits = format == "bf16" ? bits & 0xffff0000u : bits;
    std::memcpy(&v, &bits, 4);
    _Float16 half = static_cast<_Float16>(v);
    v = format == "f16" ? float(half) : v;
    const char *from = format == "f32" ? reinterpret_cast<char *>(&v) : format == "f16" ? reinterpret_cast<char *>(&half) : reinterpret_cast<char *>(&bits) + 2;
    c.bytes.insert(c.bytes.end(), from, from + (format == "f32" ? 4 : 2));
    c.values.push_back(v);
  }
  return c;
}

/// NaN and infinite activations give NaN, tiny ones zero.
void testSpecialActivations() {
  std::vector<float> x(96, 1.0f);
  x[3] = __builtin_nanf(""), x[40] = __builtin_inff();
  std::fill(x.begin() + 64, x.end(), 1e-35f);
  for (int rows = 1; rows <= 2; ++rows) {
    std::vector<char> bytes(size_t(3 * rows) * IK_XBLOCK);
    runKernel("block_quantize", rows == 1 ? ik_block_quantize : ik_block_quantize16, {x.data()}, {bytes.data()}, {int64_t(bytes.size())}, {1, 96});
    for (int i = 0; i < 3 * rows; ++i) {
      float scale;
      std::memcpy(&scale, bytes.data() + i * IK_XBLOCK + 32, 4);
      check(i / rows < 2 ? std::isnan(scale) : scale == 0, "block_quantize: scale %g of block %d of %d rows", scale, i, rows);
    }
  }
}

/// The matrix of the shared test vectors, when they are at hand: its rows must come out bit for bit.
void testVectors(const std::string &folder, const std::string &format) {
  std::string upper = format;
  for (char &c : upper)
    c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  auto read = [&](const std::string &name) {
    std::vector<char> bytes;
    if (std::FILE *file = std::fopen((folder + "/" + upper + name).c_str(), "rb")) {
      char buffer[4096];
      for (size_t got; (got = std::fread(buffer, 1, sizeof buffer, file)) > 0;)
        bytes.insert(bytes.end(), buffer, buffer + got);
      std::fclose(file);
    }
    return bytes;
  };
  std::vector<char> values = read(".dequant_f32.bin");
  BlockCase c{format, 16, int64_t(values.size() / 64), read(".blocks.bin"), {}};
  check(!c.bytes.empty() && c.k % 256 == 0, "no test vectors of %s in %s", upper.c_str(), folder.c_str());
  std::vector<float> want(values.size() / 4);
  std::memcpy(want.data(), values.data(), values.size());
  c.values.assign(want.begin(), want.end());
  Random random(5);
  if (!c.bytes.empty())
    testRows(random, c);
}

} // namespace

void testBlock(const char *vectors) {
  Random random(31);
  testSpecialActivations();
  for (const Kernels &kernels : table) {
    std::string format = kernels.name;
    bool isFloat = ingot::findPackFormat(format)->isFloat();
    for (int64_t m : {1, 2, 5, 12, 31}) {
      int64_t n = random.integer(1, 70), unit = isFloat ? 7 : blockElements(format), k = unit * random.integer(1, isFloat ? 90 : 3);
      BlockCase c = isFloat ? floatCase(random, format, n, k) : randomBlocks(random, format, n, k);
      testRows(random, c);
      for (int wide = 0; wide < (isFloat ? 1 : 2); ++wide) {
        testMatmul(random, c, m, wide);
        if (n >= 3)
          testExperts(random, c, m, m % 2, wide);
      }
    }
    if (vectors && format != "f32")
      testVectors(vectors, format);
  }
}
