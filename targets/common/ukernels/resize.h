/* Parameters of the resize kernels (resize.c, resizeplanes.c, resizenear.c), shared by C and the lowering. The tensor is [OUTER][H][W][INNER]. A table of
 * an axis is taps-major, [taps][out]: input indices (i32; -1 in the first: outside, takes OUTSIDE) and weights (0: no such tap).
 * Buffers: nearest: x, index h, index w, y; axis: x, index h, weights h, y; 2d: x, index h, weights h, index w, weights w, y, scratch. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_RESIZE_H
#define INGOT_TARGETS_COMMON_UKERNELS_RESIZE_H

enum {
  IK_RESIZE_OUTER, IK_RESIZE_IH, IK_RESIZE_OH, IK_RESIZE_TAPSH,
  IK_RESIZE_IW, IK_RESIZE_OW, IK_RESIZE_TAPSW, /* axis kernels: 1 */
  IK_RESIZE_INNER,
  IK_RESIZE_OUTSIDE,                           /* extrapolation value: bits of the type (nearest), of f32 or f64 (others) */
  IK_RESIZE_COUNT
};
enum {
  IK_RESIZE_BLOCK = 64, /* sums at once */
  IK_RESIZE_SLACK = 32  /* f32 behind a line */
};
/* Scratch of ik_resize2d_*: one line of `n` f32 with slack, and the windows of an axis. */
#define IK_RESIZE_SCRATCH(n, taps, out) (4 * ((n) + IK_RESIZE_SLACK + (taps) * (((out) + 15) / 16)) + 64)

#endif
