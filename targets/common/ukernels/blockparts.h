/* What convolutions by products of matrices share (qmatrix.h, convmatrix.c): where the places of a block of 32 by 32 go. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_BLOCKPARTS_H
#define INGOT_TARGETS_COMMON_UKERNELS_BLOCKPARTS_H

#include "targets/common/ukernels/amx.h"
#include "targets/common/ukernels/slices.h"

enum { IK_BLOCK_PARTS = 17 }; /* most rows of outputs that 32 places meet */

/* Places of a block in one row of outputs: a bit of `mask` each, place i at `at` + i. */
typedef struct { int64_t at; uint32_t mask; } ik_block_part;
typedef struct { int64_t parts; ik_block_part part[IK_BLOCK_PARTS]; } ik_block_places;

/* Of places [first, first + count), count <= 32, of lines `pitch` apart; lines without gaps are one. */
static ik_block_places ik_block_places_of(int64_t first, int64_t count, int64_t pitch, int64_t ow) {
  int64_t h = first / pitch, w = first % pitch;
  ik_block_places to;
  to.parts = 0;
  if (pitch == ow)
    pitch = ow = INT64_MAX, h = 0, w = first;
  for (int64_t i = 0; i < count; i += pitch - w, w = 0, ++h) {
    const int64_t left = ow - w < count - i ? ow - w : count - i;
    if (left > 0)
      to.part[to.parts++] = (ik_block_part){h * ow + w - i, (uint32_t)(((1ull << left) - 1) << i)};
  }
  return to;
}

#endif
