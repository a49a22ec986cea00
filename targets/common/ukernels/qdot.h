/* The dot product for kernels whose activations lie as quads: 4 k of a place in one lane of bytes, or k 0 and 2, k 1 and 3 in two lanes of 16 bits. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_QDOT_H
#define INGOT_TARGETS_COMMON_UKERNELS_QDOT_H

#include "targets/common/ukernels/dot.h"
#include "targets/common/ukernels/quant.h"
#include "targets/common/ukernels/requantize.h"

/* Quads of 8-bit weights, 4 k a lane, against quads of activations: x0, and with 16 bits its odd k in x1. */
IK_INLINE ik_i32x16 ik_dot_quad(ik_i32x16 a, ik_i32x16 x0, ik_i32x16 x1, ik_i32x16 w) {
#if IK_DOT == 4
  (void)x1;
  return ik_dot16(a, x0, w);
#else
  ik_i16x32 h = (ik_i16x32)w;
  return ik_dot16(ik_dot16(a, x0, (ik_i32x16)((h << 8) >> 8)), x1, (ik_i32x16)(h >> 8));
#endif
}

/* Weights are read once a tile, often from the memory: tiles of whole panels of 8 rows ask for those of a page ahead, which no machine guesses. */
IK_INLINE void ik_qfetch(const int32_t *w, int rows) {
  if (rows == 8)
    __builtin_prefetch((const void *)((uintptr_t)w + 4096), 0, 2);
}

/* What turns a byte of x into the dot product's type (an exclusive or), and what that adds to its value. */
IK_INLINE uint8_t ik_qflip(const int64_t *q) { return (q[IK_Q_X_UNSIGNED] != 0) == IK_SIGNED_X ? 0x80 : 0; }
IK_INLINE int64_t ik_qshift(const int64_t *q) { return q[IK_Q_X_UNSIGNED] ? (IK_SIGNED_X ? -128 : 0) : (IK_SIGNED_X ? 0 : 128); }

#endif
