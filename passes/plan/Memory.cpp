// Greedy-by-size arena packing.
#include "passes/plan/Memory.h"

#include <algorithm>
#include <numeric>

namespace ingot {

int64_t packArena(std::vector<LiveBuffer> &buffers) {
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](size_t a, size_t b) { return std::pair(-buffers[a].bytes, a) < std::pair(-buffers[b].bytes, b); });
  std::vector<size_t> placed; // by offset
  int64_t arena = 0;
  for (size_t i : order) {
    LiveBuffer &buffer = buffers[i];
    int64_t size = (buffer.bytes + kBufferAlign - 1) / kBufferAlign * kBufferAlign;
    int64_t at = 0;
    for (size_t other : placed) {
      const LiveBuffer &neighbour = buffers[other];
      bool aliveTogether = buffer.first <= neighbour.last && neighbour.first <= buffer.last;
      if (!aliveTogether)
        continue;
      if (neighbour.offset >= at + size)
        break;
      int64_t end = neighbour.offset + (neighbour.bytes + kBufferAlign - 1) / kBufferAlign * kBufferAlign;
      at = std::max(at, end);
    }
    buffer.offset = at;
    arena = std::max(arena, at + size);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), i, [&](size_t a, size_t b) { return buffers[a].offset < buffers[b].offset; }), i);
  }
  return arena;
}

} // namespace ingot
