/* Geometry of a transposed convolution split into phases, shared by the kernels and the lowering. Outputs o with (o + pad) % stride == r
 * form phase r of an axis: there o = first + stride * j, and its taps are k = tap + step * t, which read input q + j - shift.
 * Parameters and buffers are those of conv.h (IK_CONV_IC, IK_CONV_OC: channels of a group; filter [G * IC][OC][KD][KH][KW]). */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_CONVTRANS_H
#define INGOT_TARGETS_COMMON_UKERNELS_CONVTRANS_H

#include "targets/common/ukernels/conv.h"

#include <stdint.h>

typedef struct { int64_t first, count, q, tap, step, taps; } ik_phase;

/* Phase r of axis 0, 1 or 2 (D, H, W). */
static inline ik_phase ik_phase_of(const int64_t *p, int64_t axis, int64_t r) {
  const int64_t stride = p[IK_CONV_SD + axis], pad = p[IK_CONV_PD + axis], dilation = p[IK_CONV_DD + axis];
  ik_phase phase = {((r - pad) % stride + stride) % stride, 0, 0, 0, 1, 0};
  if (phase.first < p[IK_CONV_OD + axis])
    phase.count = (p[IK_CONV_OD + axis] - phase.first + stride - 1) / stride;
  phase.q = (phase.first + pad - r) / stride;
  while (phase.step * dilation % stride != 0)
    ++phase.step;
  for (int64_t k = p[IK_CONV_KD + axis] - 1; k >= 0; --k)
    if (k * dilation % stride == r) {
      phase.tap = k;
      ++phase.taps;
    }
  return phase;
}

/* Packed filters: phases in order (rd, rh, rw), each [G][ceil(OC/8)][K][8] with K = (ic, taps of D, H, W). Scratch: tile [kc][48] +
 * panel [kc][8] + accumulators [panels][8][48] f32, of both phases of W where there are two: IK_CONV_SCRATCH(kc, panels * 2). */

#endif
