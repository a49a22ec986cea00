// Measures multiply-adds in registers and reads of memory that no cache holds, both with the widest vectors that this processor has.
#include "tools/ingot/MachineLimits.h"

#include "targets/common/Cores.h"
#include "tools/ingot/Command.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace ingot {
namespace {

typedef float F32x16 __attribute__((vector_size(64)));
typedef float F32x8 __attribute__((vector_size(32)));
typedef float F32x4 __attribute__((vector_size(16)));
constexpr int kChains = 12; // of dependent multiply-adds: more than a core has under way in any of its units
constexpr int64_t kRounds = 200000;

volatile float sink;

/// Multiply-adds of one pass.
template <typename Vector> __attribute__((always_inline)) inline int64_t multiplyAdds() {
  Vector sums[kChains], x, y;
  float zero = sink * 0;
  for (int lane = 0; lane < static_cast<int>(sizeof(Vector) / sizeof(float)); ++lane)
    x[lane] = 0.5f + zero, y[lane] = 0.25f + zero;
  for (Vector &sum : sums)
    sum = x;
  for (int64_t i = 0; i < kRounds; ++i)
#pragma clang loop unroll(full)
    for (int chain = 0; chain < kChains; ++chain)
      sums[chain] = __builtin_elementwise_fma(sums[chain], x, y);
  for (Vector &sum : sums)
    sink = sum[0];
  return kRounds * kChains * static_cast<int64_t>(sizeof(Vector) / sizeof(float));
}

/// Reads words of 64 bytes; returns something that depends on all.
template <typename Vector> __attribute__((always_inline)) inline float readAll(const char *from, size_t bytes) {
  Vector sums[4] = {};
  constexpr size_t kAhead = 4096; // asked for into the second cache: more lines are under way than the first one keeps track of
  for (size_t at = 0; at + 4 * sizeof(Vector) <= bytes; at += 4 * sizeof(Vector))
    for (int i = 0; i < 4; ++i) {
      __builtin_prefetch(from + at + kAhead + static_cast<size_t>(i) * sizeof(Vector), 0, 2);
      sums[i] += reinterpret_cast<const Vector *>(from + at)[i];
    }
  return sums[0][0] + sums[1][0] + sums[2][0] + sums[3][0];
}

struct Loops {
  int64_t (*multiply)();
  float (*read)(const char *, size_t);
};

#ifdef __x86_64__
__attribute__((target("avx512f"))) int64_t multiply512() { return multiplyAdds<F32x16>(); }
__attribute__((target("avx512f"))) float read512(const char *from, size_t bytes) { return readAll<F32x16>(from, bytes); }
__attribute__((target("avx2,fma"))) int64_t multiply256() { return multiplyAdds<F32x8>(); }
__attribute__((target("avx2,fma"))) float read256(const char *from, size_t bytes) { return readAll<F32x8>(from, bytes); }
Loops widest() {
  if (__builtin_cpu_supports("avx512f"))
    return {multiply512, read512};
  return {multiply256, read256}; // what every kernel for this architecture needs at least
}
#else
int64_t multiply128() { return multiplyAdds<F32x4>(); }
float read128(const char *from, size_t bytes) { return readAll<F32x4>(from, bytes); }
Loops widest() { return {multiply128, read128}; }
#endif

/// Seconds of the fastest of some passes in which all threads do work(thread) at once.
double best(int64_t threads, llvm::function_ref<void(int64_t)> work) {
  constexpr int kPasses = 5;
  double fastest = 1e9;
  std::vector<int> cores = allowedCores();
  for (int pass = 0; pass < kPasses; ++pass) {
    std::atomic<int64_t> waiting(threads);
    std::vector<double> begin(static_cast<size_t>(threads)), end(begin);
    std::vector<std::thread> team;
    for (int64_t i = 0; i < threads; ++i)
      team.emplace_back([&, i] {
        if (static_cast<size_t>(i) < cores.size())
          keepOnCore(pthread_self(), cores[static_cast<size_t>(i)]);
        for (--waiting; waiting > 0;)
          std::this_thread::yield();
        begin[static_cast<size_t>(i)] = secondsNow();
        work(i);
        end[static_cast<size_t>(i)] = secondsNow();
      });
    for (std::thread &thread : team)
      thread.join();
    fastest = std::min(fastest, *std::max_element(end.begin(), end.end()) - *std::min_element(begin.begin(), begin.end()));
  }
  return fastest;
}

} // namespace

MachineLimits measureLimits(int64_t threads) {
  Loops loops = widest();
  MachineLimits limits;
  int64_t count = 0;
  double seconds = best(threads, [&](int64_t thread) {
    int64_t done = loops.multiply();
    if (thread == 0)
      count = done;
  });
  limits.gops = 2.0 * static_cast<double>(count * threads) / seconds / 1e9;
  size_t memory = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  size_t part = std::min<size_t>(size_t(512) << 20, memory / 8) / static_cast<size_t>(threads) / 4096 * 4096, bytes = part * static_cast<size_t>(threads);
  void *buffer = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (buffer == MAP_FAILED)
    return limits;
  std::memset(buffer, 0, bytes); // pages that were never written are one page
  seconds = best(threads, [&](int64_t thread) { sink = loops.read(static_cast<const char *>(buffer) + static_cast<size_t>(thread) * part, part); });
  limits.gbs = static_cast<double>(bytes) / seconds / 1e9;
  munmap(buffer, bytes);
  return limits;
}

} // namespace ingot
