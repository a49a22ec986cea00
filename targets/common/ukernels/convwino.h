/* Geometry of ik_convwino_f32 (convwino.c), shared by C and the lowering; parameters and buffers are those of conv.h, the filter apart. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_CONVWINO_H
#define INGOT_TARGETS_COMMON_UKERNELS_CONVWINO_H

#include "targets/common/ukernels/conv.h"

enum {
  IK_WINO_OUT = 4,    /* outputs of a tile along an axis */
  IK_WINO_POINTS = 36 /* products of a tile: (4 + 3 - 1)^2 */
};
/* Places of a block at most: its transformed input, [36][channels][places] f32, is to stay in the second cache. */
#define IK_WINO_PLACES(ic) 48
/* Tiles of a row, and how many of them, and of rows, one block takes: whole rows side by side, one place apart, or a part of one row. */
#define IK_WINO_TILES(o) (((o) + 3) / 4)
#define IK_WINO_WIDTH(places, tw) ((tw) < (places) ? (tw) : (places))
#define IK_WINO_ROWS(places, tw, th) ((places) + 1 <= (tw) ? 1 : ((places) + 1) / ((tw) + 1) == 0 ? 1 : ((places) + 1) / ((tw) + 1) < (th) ? ((places) + 1) / ((tw) + 1) : (th))
/* Scratch, f32: the input's transform [36][ic][48], products [36][8][48], 16 phases of one channel, the lines in and out. */
#define IK_WINO_PHASE(rows, width) (((rows) + 1) * ((width) + 1) + 16)
#define IK_WINO_SCRATCH(ic, rows, width) (4 * (36 * 48 * ((ic) + 8) + 16 * IK_WINO_PHASE(rows, width) + 32 + 8 * 4 * 64 + 64))

#endif
