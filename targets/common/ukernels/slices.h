/* Work in slices of nearly equal size, of which some are larger by one: their bounds, and shares of workers that weigh slices by their sizes. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_SLICES_H
#define INGOT_TARGETS_COMMON_UKERNELS_SLICES_H

#include "targets/common/ukernels/ukernel.h"

typedef struct { int64_t first, count; } ik_slice;

/* Slice i of `slices` of [0, size). */
static inline ik_slice ik_slice_of(int64_t size, int64_t slices, int64_t i) {
  const int64_t first = i * size / slices;
  return (ik_slice){first, (i + 1) * size / slices - first};
}

/* The unit [outer][slices][inner] in which element `at` of [outer][size][inner] lies. */
static inline int64_t ik_unit_at(int64_t at, int64_t size, int64_t slices, int64_t inner) {
  const int64_t left = at % (size * inner), i = ((left / inner + 1) * slices - 1) / size;
  const ik_slice slice = ik_slice_of(size, slices, i);
  return (at / (size * inner) * slices + i) * inner + (left - slice.first * inner) / slice.count;
}

/* A worker's units of [outer][slices][inner]: as many elements of [outer][size][inner] as the others have, but for one unit. */
static inline ik_range ik_share_slices(int64_t outer, int64_t size, int64_t slices, int64_t inner, int64_t worker, int64_t workers) {
#if defined(IK_ONE_UNIT)
  (void)size;
  return ik_share(outer * slices * inner, worker, workers);
#else
  const int64_t all = outer * size * inner;
  const ik_range share = ik_share(all, worker, workers);
  if (share.begin == share.end)
    return (ik_range){0, 0};
  return (ik_range){ik_unit_at(share.begin, size, slices, inner), share.end == all ? outer * slices * inner : ik_unit_at(share.end, size, slices, inner)};
#endif
}

#endif
