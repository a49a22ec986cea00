/* How much scratch the kernels take that read rows where they lie (rowtiles.h), shared by C and the lowering: masks of ceil(ow / 16) tiles, then
 * lines of elements. k: taps of a row. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_ROWTILES_SIZE_H
#define INGOT_TARGETS_COMMON_UKERNELS_ROWTILES_SIZE_H

enum { IK_RT_COLUMNS = 448, IK_RT_LINES = 13 };
/* Elements from a row's left padding to what the last tile's loads reach. */
#define IK_RT_LINE(ow, k, dilation, stride) (((ow) + 15) * (stride) + ((k) - 1) * (dilation) + 16 * (stride))
#define IK_RT_SCRATCH(ow, k, dilation, stride) \
  (((ow) + 15) / 16 * IK_RT_COLUMNS + 4 * IK_RT_LINES * IK_RT_LINE(ow, k, dilation, stride) + 64)

#endif
