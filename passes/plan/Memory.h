// Arena packing: intervals of life and sizes in, offsets out. No MLIR here.
#ifndef INGOT_PASSES_PLAN_MEMORY_H
#define INGOT_PASSES_PLAN_MEMORY_H

#include <cstdint>
#include <vector>

namespace ingot {

constexpr int64_t kBufferAlign = 64; // a cache line, and the widest vector register

/// A buffer that lives from call `first` to call `last`, both included.
struct LiveBuffer {
  int64_t bytes;
  int64_t first, last;
  int64_t offset = -1; // set by packArena
};

/// The most bytes, each buffer's rounded up to kBufferAlign, that are alive in one call: no arena can be smaller.
int64_t liveBytes(const std::vector<LiveBuffer> &buffers);

/// Gives every buffer an offset such that buffers alive together do not overlap; returns the arena's bytes. Each goes to the lowest gap that fits, the
/// largest first (greedy by size; Pisarchyk & Lee, "Efficient memory management for deep neural net inference", 2020). Where that misses liveBytes, other
/// orders are tried, and in each the buffer that reaches highest is placed first the next time, up to a fixed amount of work.
int64_t packArena(std::vector<LiveBuffer> &buffers);

} // namespace ingot

#endif
