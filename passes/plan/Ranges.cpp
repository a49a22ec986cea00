// Lists of byte ranges.
#include "passes/plan/Ranges.h"

#include <algorithm>

namespace ingot {

RangeList merged(RangeList list) {
  std::sort(list.begin(), list.end(), [](ByteRange a, ByteRange b) { return a.begin < b.begin; });
  RangeList result;
  for (ByteRange range : list) {
    if (range.begin >= range.end)
      continue;
    if (!result.empty() && range.begin <= result.back().end)
      result.back().end = std::max(result.back().end, range.end);
    else
      result.push_back(range);
  }
  return result;
}

RangeList without(const RangeList &list, const RangeList &other) {
  RangeList result;
  for (ByteRange range : list) {
    for (ByteRange hole : other) {
      if (hole.end <= range.begin || hole.begin >= range.end)
        continue;
      if (hole.begin > range.begin)
        result.push_back({range.begin, hole.begin});
      range.begin = std::min(hole.end, range.end);
    }
    if (range.begin < range.end)
      result.push_back(range);
  }
  return result;
}

RangeList pagesOf(const RangeList &list, int64_t end) {
  RangeList pages;
  for (ByteRange range : list)
    pages.push_back({std::max<int64_t>(range.begin / kPageBytes * kPageBytes - kAroundBytes, 0),
                     std::min((range.end + kPageBytes - 1) / kPageBytes * kPageBytes + kAroundBytes, end)});
  return merged(pages);
}

int64_t bytesOf(const RangeList &list) {
  int64_t sum = 0;
  for (ByteRange range : list)
    sum += range.end - range.begin;
  return sum;
}

} // namespace ingot
