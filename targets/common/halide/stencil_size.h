/* How much scratch the stencils take, shared by C and the lowering. */
#ifndef INGOT_TARGETS_COMMON_HALIDE_STENCIL_SIZE_H
#define INGOT_TARGETS_COMMON_HALIDE_STENCIL_SIZE_H

#include <stdint.h>

enum {
  IK_HL_PLANES = 4,      /* planes padded together: the generators' parameter */
  IK_HL_ROWS = 8,        /* rows and columns of a tile at most */
  IK_HL_LANES = 16,
  IK_HL_TOGETHER = 24576 /* bytes that planes padded together take at most; half of an L1 cache of 48 KiB */
};
/* One axis of a stencil: extents, stride, elements from a window's first to behind its last, low padding. */
typedef struct { int64_t in, out, stride, span, pad; } ik_hl_axis;

/* Elements of the axis with its border, for outputs in whole tiles. */
static inline int64_t ik_hl_extent(ik_hl_axis a, int64_t tile) {
  const int64_t wanted = ((a.out + tile - 1) / tile * tile - 1) * a.stride + a.span, given = a.in + a.pad;
  return wanted > given ? wanted : given;
}
/* Bytes of the padded rows that `band` output rows need. */
static inline int64_t ik_hl_plane_bytes(ik_hl_axis h, ik_hl_axis w, int64_t band) {
  const int64_t most = (band - 1) * h.stride + h.span;
  h.out = band < h.out ? band : h.out;
  h.in = h.in < most ? h.in : most;
  return 4 * ik_hl_extent(h, IK_HL_ROWS) * (ik_hl_extent(w, IK_HL_LANES) + IK_HL_LANES);
}
/* True when offsets within a plane, with its border, fit 32 bits. */
static inline int ik_hl_fits(ik_hl_axis h, ik_hl_axis w, int64_t band) {
  const int64_t most = 1 << 28;
  return h.in < most && w.in < most && h.out < most && w.out < most && h.pad < most && w.pad < most && h.span < most && w.span < most &&
         h.in * w.in < most && h.out * w.out < most && ik_hl_plane_bytes(h, w, band) < 4 * most;
}
/* Planes that one call takes: one if they have bands or are too large to be padded together. */
static inline int64_t ik_hl_together(ik_hl_axis h, ik_hl_axis w, int64_t band) {
  const int64_t bytes = ik_hl_plane_bytes(h, w, band);
  return band < h.out || bytes * IK_HL_PLANES > IK_HL_TOGETHER ? 1 : 1024;
}
/* Bytes of scratch of a stencil of one or two stages. */
static inline int64_t ik_hl_scratch(ik_hl_axis h, ik_hl_axis w, int64_t band) {
  return (ik_hl_together(h, w, band) > 1 ? IK_HL_PLANES : 1) * 2 * ik_hl_plane_bytes(h, w, band) + 256;
}

#endif
