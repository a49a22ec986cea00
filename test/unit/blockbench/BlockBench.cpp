// block-bench [FORMAT...]: one worker's speed of the block products on 2048 x 2048 matrices, as a share of the machine's: decode (one row of
// activations, 512 MiB of weights streamed) against reading, prefill (128 rows) against fused multiply-adds or 8-bit dot products; and attention.
// Times are of the thread's CPU time, so that other programs disturb less.
#include "passes/lower/BlockPack.h"
#include "passes/lower/NbitsPack.h"
#include "targets/common/ukernels/block.h"
#include "targets/common/ukernels/sequence.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <sys/mman.h>
#include <vector>

using Kernel = void(void *const *, const int64_t *, int64_t, int64_t);
#define DECLARE(name, bits, offset, family) extern "C" Kernel ik_block_matmul_##name;
IK_BLOCK_TABLE(DECLARE)
DECLARE(f32, , , )
DECLARE(f16, , , )
DECLARE(bf16, , , )
#define DECLARE_NBITS(form, bits, zeros, halves) extern "C" Kernel ik_nbits_matmul_##form;
IK_NBITS_TABLE(DECLARE_NBITS)
extern "C" Kernel ik_block_quantize, ik_cached_attention_f16;

namespace {

#define ROW(name, bits, offset, family) {#name, ik_block_matmul_##name},
const struct {
  const char *name;
  Kernel *kernel;
} table[] = {IK_BLOCK_TABLE(ROW) ROW(f32, , , ) ROW(f16, , , ) ROW(bf16, , , )};

#define NBITS_ROW(form, bits, zeros, halves) {"n" #form, ik_nbits_matmul_##form, bits, zeros, halves != 0},
const struct {
  std::string name;
  Kernel *kernel;
  int64_t bits, zeros;
  bool halves;
} nbitsTable[] = {IK_NBITS_TABLE(NBITS_ROW)};

constexpr int64_t side = 2048, streamBytes = int64_t(1) << 29;

double seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}
/// Least time of several calls.
template <typename Call> double best(int times, Call call) {
  double least = 1e9;
  for (int i = 0; i < times; ++i) {
    double begin = seconds();
    call();
    least = std::min(least, seconds() - begin);
  }
  return least;
}

typedef int Vector __attribute__((vector_size(64)));
double readRate(const char *memory) {
  Vector sum = {};
  double time = best(5, [&] {
    for (int64_t i = 0; i < streamBytes; i += 64) {
      __builtin_prefetch(memory + i + 8192, 0, 0);
      sum ^= *reinterpret_cast<const Vector *>(memory + i);
    }
  });
  __asm__ volatile("" ::"m"(sum));
  return double(streamBytes) / time * 1e-9;
}

/// 8-bit multiply-adds a second in G, where the machine has an instruction we know; else 0.
double dotRate() {
#if defined(__AVX512VNNI__)
  Vector a[12] = {}, x = {}, y = {};
  constexpr int rounds = 1000000;
  double time = best(5, [&] {
    for (int i = 0; i < rounds; ++i)
      for (Vector &sum : a)
        __asm__ volatile("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(y));
  });
  return 12.0 * rounds * 64 / time * 1e-9;
#else
  return 0;
#endif
}

struct Machine {
  char *memory;
  double read, dot;
};

/// One kernel on matrices of `bytes` bytes; `p` holds its parameters but M.
struct Product {
  std::string name;
  Kernel *kernel;
  bool isFloat;
  int64_t bytes;
  std::vector<int64_t> p;
};

void benchProduct(const Product &format, const Machine &machine) {
  int64_t bytes = format.bytes, copies = streamBytes / bytes, rows = 128, quantize[] = {rows, side};
  for (int64_t i = 0; i < streamBytes; ++i)
    machine.memory[i] = static_cast<char>(((i * 2654435761u >> 13) & 0x0b) | 0x30); // no float of any width is tiny
  std::vector<float> x(rows * side, 0.5f), y(rows * side);
  std::vector<char> blocks(rows * side / IK_BLOCK * IK_XBLOCK), scratch(std::max<int64_t>(IK_FLOAT_SCRATCH, IK_BLOCKMM_SCRATCH(rows, 1, side)));
  void *from[] = {x.data(), blocks.data()};
  ik_block_quantize(from, quantize, 0, 1);
  auto product = [&](int64_t m, int64_t copy) {
    std::vector<int64_t> p = format.p;
    p[0] = m;
    void *buffers[] = {format.isFloat ? static_cast<void *>(x.data()) : blocks.data(), machine.memory + copy * bytes, y.data(), scratch.data()};
    format.kernel(buffers, p.data(), 0, 1);
  };
  double decode = best(3, [&] {
    for (int64_t copy = 0; copy < copies; ++copy)
      product(1, copy);
  });
  int64_t copy = 0;
  double prefill = best(8, [&] { product(rows, copy++ % copies); }), few = best(8, [&] { product(12, copy++ % copies); });
  double rate = double(copies * bytes) / decode * 1e-9, macs = double(side) * side * 1e-9;
  std::printf("%-10s decode %5.1f GB/s %3.0f %% %4.0f GMAC/s   prefill 128 %4.0f  12 %4.0f GMAC/s", format.name.c_str(), rate, 100 * rate / machine.read,
              double(copies) * macs / decode, 128 * macs / prefill, 12 * macs / few);
  std::printf(machine.dot > 0 && !format.isFloat ? "  %3.0f %% of the dot products\n" : "\n", 100 * 128 * macs / prefill / machine.dot);
}

/// Every format; b-bit weights in blocks of 32 and 128 with f32 scales, those with zero points as bytes.
std::vector<Product> products() {
  std::vector<Product> list;
  for (const auto &row : table) {
    ingot::PackFormat format = *ingot::findPackFormat(row.name);
    list.push_back({row.name, row.kernel, format.isFloat(), format.packedBytes(side, side), {0, side, side}});
  }
  for (const auto &row : nbitsTable)
    for (int64_t block : {16, 32, 128}) {
      if (row.halves != (block == 16))
        continue;
      ingot::NbitsShape shape{side, side, row.bits, block, side / block, 4, row.zeros};
      auto p = shape.params(0);
      list.push_back({row.name + ("-" + std::to_string(block)), row.kernel, false, shape.packedBytes(), {p.begin(), p.end()}});
    }
  return list;
}

/// 32 heads on 8 cache heads of 64.
void benchAttention(int64_t rows, int64_t context) {
  const int64_t d = 64, hq = 32, hk = 8;
  float scale = 0.125f;
  uint32_t bits;
  std::memcpy(&bits, &scale, 4);
  int32_t position = static_cast<int32_t>(context - rows);
  std::vector<float> q(rows * hq * d, 0.1f), y(q.size());
  std::vector<_Float16> cache(2 * hk * context * d, static_cast<_Float16>(0.1f));
  std::vector<char> scratch(IK_ATTENTION_SCRATCH(d, d));
  const int64_t p[] = {rows, hq, hk, context, d, d, 0, bits, 0, 0, 0, 0, 0};
  void *buffers[] = {q.data(), cache.data(), cache.data() + hk * context * d, &position, y.data(), scratch.data()};
  double time = best(6, [&] { ik_cached_attention_f16(buffers, p, 0, 1); });
  std::printf("attention rows %3d context %4d: %8.1f us, %5.1f GMAC/s, cache at %4.1f GB/s\n", int(rows), int(context), time * 1e6,
              double(rows * hq * d * 2) * double(context) / time * 1e-9, double(cache.size() * 2) / time * 1e-9);
}

} // namespace

int main(int argc, char **argv) {
  void *memory = mmap(nullptr, streamBytes + 8192 + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return 1;
  madvise(memory, streamBytes, MADV_HUGEPAGE);
  std::memset(memory, 1, streamBytes);
  Machine machine{static_cast<char *>(memory), readRate(static_cast<char *>(memory)), dotRate()};
  std::printf("one core reads %.1f GB/s and makes %.0f G 8-bit multiply-adds a second\n", machine.read, machine.dot);
  for (const Product &product : products())
    if (argc == 1 || std::find(argv + 1, argv + argc, product.name) != argv + argc)
      benchProduct(product, machine);
  for (int64_t rows : {1, 128})
    for (int64_t context : {512, 4096})
      benchAttention(rows, context);
  return 0;
}
