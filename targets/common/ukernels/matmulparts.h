/* What the float matrix products share (matmul.c, matmulpairs.c): where a batch lies, and storing a tile. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_MATMULPARTS_H
#define INGOT_TARGETS_COMMON_UKERNELS_MATMULPARTS_H

#include "targets/common/ukernels/matmul.h"
#include "targets/common/ukernels/micro.h"

typedef struct { int64_t a, b; } ik_matmul_offsets;

static ik_matmul_offsets ik_matmul_batch(const int64_t *p, int64_t batch) {
  int64_t i2 = batch % p[IK_MATMUL_B2], i1 = batch / p[IK_MATMUL_B2] % p[IK_MATMUL_B1], i0 = batch / (p[IK_MATMUL_B2] * p[IK_MATMUL_B1]);
  return (ik_matmul_offsets){i0 * p[IK_MATMUL_AS0] + i1 * p[IK_MATMUL_AS1] + i2 * p[IK_MATMUL_AS2],
                             i0 * p[IK_MATMUL_BS0] + i1 * p[IK_MATMUL_BS1] + i2 * p[IK_MATMUL_BS2]};
}

#define IK_MATMUL_FINISH(T, NAME)                                                                                             \
  /* y // rows of n: bias, residual, activation, store of rows x count accumulators. */                                       \
  static void ik_matmul_finish_##NAME(const float *c, T *y, const T *bias, const T *residual, int64_t rows, int64_t count, int64_t n, \
                                      ik_epilogue e) {                                                                        \
    const ik_f32x16 zero = ik_splat16(0.0f);                                                                                  \
    for (int64_t r = 0; r < rows; ++r, c += 48, y += n)                                                                       \
      for (int64_t i = 0; i < count; i += 16) {                                                                               \
        int64_t left = count - i;                                                                                             \
        ik_f32x16 v = ik_load16_f32(c + i);                                                                                   \
        if (bias)                                                                                                             \
          v = v + (left >= 16 ? ik_load16_##NAME(bias + i) : ik_load_part_##NAME(bias + i, left));                            \
        const T *from = residual ? residual + r * n + i : 0;                                                                  \
        if (left >= 16)                                                                                                       \
          ik_store16_##NAME(y + i, ik_finish16(v, from ? ik_load16_##NAME(from) : zero, e));                                  \
        else                                                                                                                  \
          ik_store_part_##NAME(y + i, ik_finish16(v, from ? ik_load_part_##NAME(from, left) : zero, e), left);                \
      }                                                                                                                       \
  }

#endif
