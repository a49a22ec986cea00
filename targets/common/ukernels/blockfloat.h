/* One row of activations with one panel of f32, f16 or bf16 weights (block.h): one fused multiply-add chain over k per output, the panel read as one
 * prefetched stream. Shared by blockfloat.c and blockexperts.c. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_BLOCKFLOAT_H
#define INGOT_TARGETS_COMMON_UKERNELS_BLOCKFLOAT_H

#include "targets/common/ukernels/block.h"
#include "targets/common/ukernels/narrow.h"

typedef uint16_t ik_u16x16u __attribute__((ext_vector_type(16), aligned(2)));
IK_INLINE ik_f32x16 ik_load16_bf16(const uint16_t *p) {
  return (ik_f32x16)(__builtin_convertvector((ik_u16x16)*(const ik_u16x16u *)p, ik_i32x16) << 16);
}

/* y // `count` columns, at most PANEL are written. */
#define IK_FLOAT_ONE(name, T, PANEL)                                                                                          \
  static inline void ik_float_one_##name(const float *x, const T *w, float *y, int64_t depth, int64_t count) {                       \
    ik_f32x16 acc[PANEL / 16];                                                                                                \
    IK_UNROLL for (int v = 0; v < PANEL / 16; ++v) acc[v] = ik_splat16(0.0f);                                                 \
    for (int64_t k = 0; k < depth; ++k, w += PANEL) {                                                                         \
      __builtin_prefetch((const char *)w + 8192, 0, 2);                                                                       \
      IK_UNROLL for (int v = 0; v < PANEL / 16; ++v) acc[v] = ik_fma16(ik_splat16(x[k]), ik_load16_##name(w + v * 16), acc[v]); \
    }                                                                                                                         \
    IK_UNROLL for (int v = 0; v < PANEL / 16; ++v) ik_store_some_f32(y + v * 16, acc[v], count - v * 16);                     \
  }
IK_FLOAT_ONE(f32, float, IK_PANEL)
IK_FLOAT_ONE(f16, _Float16, IK_PANEL_HALF)
IK_FLOAT_ONE(bf16, uint16_t, IK_PANEL_HALF)

#endif
