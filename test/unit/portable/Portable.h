// What the tests of the portable kernels share: checks that count failures, a fixed random generator, and calls of a kernel with several
// worker counts that must all give the same bytes.
#ifndef INGOT_TEST_UNIT_PORTABLE_PORTABLE_H
#define INGOT_TEST_UNIT_PORTABLE_PORTABLE_H

#include <algorithm>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

extern int failures;

inline void check(bool ok, const char *format, ...) {
  if (ok)
    return;
  if (++failures <= 40) {
    va_list args;
    va_start(args, format);
    std::printf("FAILED: ");
    std::vprintf(format, args);
    std::printf("\n");
    va_end(args);
  }
}

/// xorshift64*: the same numbers everywhere.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed * 0x9e3779b97f4a7c15u + 1) {}
  uint64_t next() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1du;
  }
  double uniform(double low, double high) { return low + (high - low) * static_cast<double>(next() >> 11) * 0x1p-53; }
  int64_t integer(int64_t low, int64_t high) { return low + static_cast<int64_t>(next() % static_cast<uint64_t>(high - low + 1)); }

private:
  uint64_t state;
};

using Kernel = void (*)(void *const *, const int64_t *, int64_t, int64_t);

template <typename T> std::vector<T> randomVector(Random &random, int64_t n, double low = -2, double high = 2) {
  std::vector<T> v(static_cast<size_t>(n));
  for (T &x : v)
    x = static_cast<T>(random.uniform(low, high));
  return v;
}

/// Runs the kernel with 1, 2, 3 and 7 workers; `result` (outBytes bytes) must come out the same each time. Scratch of scratchBytes per worker is
/// appended to the buffers.
inline void runKernel(const char *name, Kernel kernel, std::vector<const void *> inputs, std::vector<void *> results, std::vector<int64_t> bytes,
                      std::vector<int64_t> params, int64_t scratchBytes = 0) {
  std::vector<std::vector<char>> first;
  for (int64_t workers : {1, 2, 3, 7}) {
    for (size_t r = 0; r < results.size(); ++r)
      std::memset(results[r], 0xee, static_cast<size_t>(bytes[r]));
    for (int64_t w = workers - 1; w >= 0; --w) {
      std::vector<char> scratch(static_cast<size_t>(scratchBytes) + 64);
      std::vector<void *> buffers;
      for (const void *input : inputs)
        buffers.push_back(const_cast<void *>(input));
      buffers.insert(buffers.end(), results.begin(), results.end());
      buffers.push_back(scratch.data());
      kernel(buffers.data(), params.data(), w, workers);
    }
    for (size_t r = 0; r < results.size(); ++r) {
      const char *begin = static_cast<const char *>(results[r]);
      if (workers == 1)
        first.emplace_back(begin, begin + bytes[r]);
      check(std::memcmp(first[r].data(), begin, static_cast<size_t>(bytes[r])) == 0, "%s: result %zu differs with %d workers", name, r, int(workers));
    }
  }
}

#endif
