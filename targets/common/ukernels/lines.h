/* Geometry of a convolution over lines (convlines.c, qconvlines.c): how a band of input lines lies in scratch, and where its taps are. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_LINES_H
#define INGOT_TARGETS_COMMON_UKERNELS_LINES_H

#include "targets/common/ukernels/conv.h"
#include "targets/common/ukernels/ukernel.h"

/* The way of k = (channel, tap) through scratch: `offsets` of the taps, `next` from channel to channel. */
typedef struct { const int32_t *offsets; int64_t taps, channels, next; } ik_walk;

/* How a band of `rows` output rows lies in scratch. */
typedef struct { int64_t pitch, lines, phasesH, phasesW, channel; } ik_lines;

static inline ik_lines ik_lines_of(const int64_t *p, int64_t rows) {
  ik_lines l;
  l.pitch = IK_CONVLINES_PITCH(p[IK_CONV_OW], p[IK_CONV_KW], p[IK_CONV_DW], p[IK_CONV_SW]);
  l.lines = IK_CONVLINES_LINES(rows, p[IK_CONV_KH], p[IK_CONV_DH], p[IK_CONV_SH]);
  l.phasesH = IK_CONVLINES_PHASES(p[IK_CONV_KH], p[IK_CONV_DH], p[IK_CONV_SH]);
  l.phasesW = IK_CONVLINES_PHASES(p[IK_CONV_KW], p[IK_CONV_DW], p[IK_CONV_SW]);
  l.channel = l.phasesH * l.phasesW * l.lines * l.pitch;
  return l;
}

__attribute__((unused)) static void ik_lines_offsets(int32_t *offsets, const int64_t *p, const ik_lines *l) {
  for (int64_t kh = 0; kh < p[IK_CONV_KH]; ++kh)
    for (int64_t kw = 0; kw < p[IK_CONV_KW]; ++kw) {
      int64_t a = kh * p[IK_CONV_DH], b = kw * p[IK_CONV_DW], phase = a % p[IK_CONV_SH] * l->phasesW + b % p[IK_CONV_SW];
      *offsets++ = (int32_t)((phase * l->lines + a / p[IK_CONV_SH]) * l->pitch + b / p[IK_CONV_SW]);
    }
}

#endif
