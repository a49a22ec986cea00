// Shares of work in slices (slices.h): the workers' units follow each other without a gap, and no worker has more elements than its part and those of
// the units that are cut at its ends.
#include "test/unit/kernels/Shapes.h"
#include "targets/common/ukernels/slices.h"

#include <cstdlib>

namespace {

/// Elements of units [0, end) of [outer][slices][inner].
int64_t elementsBefore(int64_t end, int64_t size, int64_t slices, int64_t inner) {
  int64_t i = end / inner % slices;
  return end / (inner * slices) * size * inner + ik_slice_of(size, slices, i).first * inner + end % inner * ik_slice_of(size, slices, i).count;
}

bool isFair(int64_t outer, int64_t size, int64_t slices, int64_t inner, int64_t workers) {
  int64_t next = 0, all = outer * size * inner, largest = (size + slices - 1) / slices;
  for (int64_t worker = 0; worker < workers; ++worker) {
    ik_range range = ik_share_slices(outer, size, slices, inner, worker, workers);
    if (range.begin == range.end)
      continue;
    if (range.begin != next)
      return false;
    next = range.end;
    int64_t elements = elementsBefore(range.end, size, slices, inner) - elementsBefore(range.begin, size, slices, inner);
    if (std::llabs(elements - all / workers) > largest)
      return false;
  }
  return next == outer * slices * inner;
}

} // namespace

int testSlices() {
  Random random;
  int failures = 0;
  for (int i = 0; i < 2000; ++i) {
    int64_t size = random.range(1, 60), outer = random.range(1, 4), slices = random.range(1, size), inner = random.range(1, 30), workers = random.range(1, 9);
    if (isFair(outer, size, slices, inner, workers))
      continue;
    ++failures;
    std::printf("FAIL slices: %lld x %lld in %lld x %lld, %lld workers\n", static_cast<long long>(outer), static_cast<long long>(size),
                static_cast<long long>(slices), static_cast<long long>(inner), static_cast<long long>(workers));
  }
  return failures;
}
