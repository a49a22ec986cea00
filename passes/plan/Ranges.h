// Lists of byte ranges of the weights segment: union, difference and pages. No MLIR here.
#ifndef INGOT_PASSES_PLAN_RANGES_H
#define INGOT_PASSES_PLAN_RANGES_H

#include <cstdint>
#include <vector>

namespace ingot {

/// The largest page of a device: a segment of a container begins at a multiple of it.
constexpr int64_t kPageBytes = 16384;
/// What a system maps beside a page that is touched (Linux: fault_around_bytes).
constexpr int64_t kAroundBytes = 65536;

struct ByteRange {
  int64_t begin, end;
};
using RangeList = std::vector<ByteRange>;

/// In order, disjoint, none empty; ranges that touch become one.
RangeList merged(RangeList list);
/// What of `list` is in none of `other`; both in order and disjoint.
RangeList without(const RangeList &list, const RangeList &other);
/// The pages that come into memory when the ranges are read, up to `end`; in order and disjoint.
RangeList pagesOf(const RangeList &list, int64_t end);
/// The sum of the ranges' bytes.
int64_t bytesOf(const RangeList &list);

} // namespace ingot

#endif
