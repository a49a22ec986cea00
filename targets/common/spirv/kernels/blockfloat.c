/* ik_block_matmul_f32, _f16, _bf16 for shaders: one output an invocation; panels of 16 or 32 rows as in block.h. */
#include "targets/common/spirv/kernels/product.h"

#define IK_FLOAT_MATMUL(name, T, PANEL)                                                                                       \
  IK_KERNEL(ik_block_matmul_##name) {                                                                                         \
    const int64_t n = p[IK_BLOCKMM_N], depth = p[IK_BLOCKMM_K];                                                               \
    ik_range range = ik_share(p[IK_BLOCKMM_M] * n, worker, workers);                                                          \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      const T *w = (const T *)buf[1] + unit % n / PANEL * PANEL * depth + unit % n % PANEL;                                   \
      ((float *)buf[2])[unit] = ik_float_output_##name(w, PANEL, (const float *)buf[0] + unit / n * depth, depth);            \
    }                                                                                                                         \
  }
IK_FLOAT_MATMUL(f32, float, IK_PANEL)
IK_FLOAT_MATMUL(f16, _Float16, IK_PANEL_HALF)
IK_FLOAT_MATMUL(bf16, uint16_t, IK_PANEL_HALF)
