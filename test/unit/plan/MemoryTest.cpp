// packArena on made-up programs: buffers that are alive together never overlap, and the arena is within 1.1 of the bound liveBytes; also where the largest
// buffers first alone miss that.
#include "passes/plan/Memory.h"

#include <algorithm>
#include <cstdio>

using namespace ingot;

namespace {

int failures = 0;

void check(bool good, const char *what, int number) {
  if (!good)
    std::printf("FAIL %s, program %d\n", what, number);
  failures += !good;
}

struct Random {
  uint64_t state = 1;
  int64_t range(int64_t low, int64_t high) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return low + static_cast<int64_t>(state >> 33) % (high - low + 1);
  }
};

bool overlap(const LiveBuffer &a, const LiveBuffer &b) {
  bool together = a.first <= b.last && b.first <= a.last;
  return together && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

/// Packs; returns the arena's bytes as a multiple of the bound.
double pack(std::vector<LiveBuffer> buffers, int number) {
  int64_t arena = packArena(buffers), bound = liveBytes(buffers);
  for (size_t i = 0; i < buffers.size(); ++i) {
    check(buffers[i].offset >= 0 && buffers[i].offset % kBufferAlign == 0 && buffers[i].offset + buffers[i].bytes <= arena, "a place outside of the arena", number);
    for (size_t j = 0; j < i; ++j)
      check(!overlap(buffers[i], buffers[j]), "two buffers overlap", number);
  }
  check(arena >= bound, "less than the bound", number);
  return static_cast<double>(arena) / static_cast<double>(std::max<int64_t>(bound, 1));
}

/// A network of `calls`: each makes a value that the next reads, some are read again later; sizes shrink and grow as pooling and upsampling do.
std::vector<LiveBuffer> network(Random &random, int64_t calls) {
  std::vector<LiveBuffer> buffers;
  int64_t size = 64 * random.range(1, 1000);
  for (int64_t i = 0; i < calls; ++i) {
    int64_t reach = random.range(0, 5) ? 1 : random.range(1, calls / 2);
    buffers.push_back({std::max<int64_t>(1, size * random.range(3, 5) / 4 - random.range(0, 63)), i, std::min(calls - 1, i + reach)});
    size = std::clamp<int64_t>(random.range(0, 4) ? size : random.range(0, 1) ? size * 2 : size / 2, 64, 1 << 20);
  }
  return buffers;
}

} // namespace

int main() {
  check(pack({}, -1) == 0, "no buffers, no bytes", -1);
  Random random;
  double worst = 0;
  for (int number = 0; number < 200; ++number) {
    double ratio = pack(network(random, random.range(2, 120)), number);
    check(ratio <= 1.1, "within 1.1 of the bound", number);
    worst = std::max(worst, ratio);
  }
  std::printf("plan-test: at most %.4f of the bound, %d failures\n", worst, failures);
  return failures != 0;
}
