// Greedy arena packing in several orders, repaired towards the bound.
#include "passes/plan/Memory.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace ingot {
namespace {

int64_t aligned(int64_t bytes) { return (bytes + kBufferAlign - 1) / kBufferAlign * kBufferAlign; }

bool aliveTogether(const LiveBuffer &a, const LiveBuffer &b) { return a.first <= b.last && b.first <= a.last; }

/// Places buffers in the order given, each at the lowest gap that fits; returns the arena's bytes.
int64_t place(std::vector<LiveBuffer> &buffers, const std::vector<size_t> &order) {
  std::vector<size_t> placed; // by offset
  int64_t arena = 0;
  for (size_t i : order) {
    LiveBuffer &buffer = buffers[i];
    int64_t size = aligned(buffer.bytes), at = 0;
    for (size_t other : placed) {
      const LiveBuffer &neighbour = buffers[other];
      if (!aliveTogether(buffer, neighbour))
        continue;
      if (neighbour.offset >= at + size)
        break;
      at = std::max(at, neighbour.offset + aligned(neighbour.bytes));
    }
    buffer.offset = at;
    arena = std::max(arena, at + size);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), i, [&](size_t a, size_t b) { return buffers[a].offset < buffers[b].offset; }), i);
  }
  return arena;
}

/// Indices by ascending key, then by number.
template <typename Key> std::vector<size_t> orderBy(const std::vector<LiveBuffer> &buffers, Key key) {
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return std::pair(key(buffers[a]), a) < std::pair(key(buffers[b]), b); });
  return order;
}

/// The placed buffer that reaches highest moves to the front of the order.
void promoteTop(const std::vector<LiveBuffer> &buffers, std::vector<size_t> &order) {
  auto top = std::max_element(order.begin(), order.end(), [&](size_t a, size_t b) {
    return buffers[a].offset + aligned(buffers[a].bytes) < buffers[b].offset + aligned(buffers[b].bytes);
  });
  std::rotate(order.begin(), top, top + 1);
}

} // namespace

int64_t liveBytes(const std::vector<LiveBuffer> &buffers) {
  std::map<int64_t, int64_t> change; // of the bytes alive, by call
  for (const LiveBuffer &buffer : buffers) {
    change[buffer.first] += aligned(buffer.bytes);
    change[buffer.last + 1] -= aligned(buffer.bytes);
  }
  int64_t now = 0, most = 0;
  for (const auto &[call, bytes] : change)
    most = std::max(most, now += bytes);
  return most;
}

int64_t packArena(std::vector<LiveBuffer> &buffers) {
  constexpr size_t kMostSteps = 64, kMostVisits = 20'000'000; // repairs of an order; buffers looked at in all of them, about 20 ms
  size_t count = buffers.size(), steps = std::min(kMostSteps, kMostVisits / (count * count + 1));
  int64_t bound = liveBytes(buffers), best = -1;
  std::vector<LiveBuffer> kept;
  auto tryOrder = [&](std::vector<size_t> order) {
    for (size_t step = 0; step <= steps && best != bound; ++step) {
      int64_t arena = place(buffers, order);
      if (best < 0 || arena < best) {
        best = arena;
        kept = buffers;
      }
      promoteTop(buffers, order);
    }
  };
  tryOrder(orderBy(buffers, [](const LiveBuffer &b) { return std::pair(-b.bytes, b.first); }));
  if (best != bound && steps > 0) {
    tryOrder(orderBy(buffers, [](const LiveBuffer &b) { return std::pair(b.first - b.last, -b.bytes); }));
    tryOrder(orderBy(buffers, [](const LiveBuffer &b) { return std::pair(b.first, -b.bytes); }));
    tryOrder(orderBy(buffers, [](const LiveBuffer &b) { return std::pair(-b.last, -b.bytes); }));
  }
  buffers = std::move(kept);
  return best;
}

} // namespace ingot
