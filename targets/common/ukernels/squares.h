/* Squares of 16 x 16 words, transposed in registers: four perfect shuffles of pairs of rows. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_SQUARES_H
#define INGOT_TARGETS_COMMON_UKERNELS_SQUARES_H

#include "targets/common/ukernels/micro.h"

IK_INLINE void ik_zip16(ik_f32x16 *to, ik_f32x16 a, ik_f32x16 b) {
  to[0] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  to[1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
IK_INLINE void ik_transpose16_f32(ik_f32x16 *to, const ik_f32x16 *from) {
  ik_f32x16 v[16];
  IK_UNROLL for (int i = 0; i < 16; ++i) v[i] = from[i];
  IK_UNROLL for (int round = 0; round < 4; ++round) {
    ik_f32x16 next[16];
    IK_UNROLL for (int i = 0; i < 8; ++i) ik_zip16(next + 2 * i, v[i], v[i + 8]);
    IK_UNROLL for (int i = 0; i < 16; ++i) v[i] = next[i];
  }
  IK_UNROLL for (int i = 0; i < 16; ++i) to[i] = v[i];
}

#endif
