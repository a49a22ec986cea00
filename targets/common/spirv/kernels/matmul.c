/* ik_matmul_f32, ik_matmul_f16 for shaders: up to four rows of one column an invocation, neighbours share the rows of a and read
 * neighbouring columns of b. One fused chain over k per output, as in ukernels/matmul.c. */
#include "targets/common/spirv/kernels/finish.h"
#include "targets/common/ukernels/matmul.h"

enum { IK_MATMUL_SIDE = 4 }; /* rows of an invocation */

#define IK_MATMUL_DEFINE(T, NAME)                                                                                             \
  IK_KERNEL(ik_matmul_##NAME) {                                                                                               \
    const T *a = buf[0], *b = buf[1];                                                                                         \
    int next = 2;                                                                                                             \
    const T *bias = p[IK_MATMUL_BIAS] ? buf[next++] : 0, *residual = p[IK_MATMUL_RESIDUAL] ? buf[next++] : 0;                 \
    T *y = buf[next];                                                                                                         \
    const int64_t m = p[IK_MATMUL_M], n = p[IK_MATMUL_N], depth = p[IK_MATMUL_K], b1 = p[IK_MATMUL_B1], b2 = p[IK_MATMUL_B2]; \
    const int64_t sides = (m + IK_MATMUL_SIDE - 1) / IK_MATMUL_SIDE;                                                          \
    ik_range range = ik_share(p[IK_MATMUL_B0] * b1 * b2 * sides * n, worker, workers);                                        \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      int64_t j = unit % n, i = unit / n % sides * IK_MATMUL_SIDE, batch = unit / (n * sides);                                \
      int64_t i2 = batch % b2, i1 = batch / b2 % b1, i0 = batch / (b2 * b1);                                                  \
      const T *row = a + i0 * p[IK_MATMUL_AS0] + i1 * p[IK_MATMUL_AS1] + i2 * p[IK_MATMUL_AS2] + i * depth;                   \
      const T *column = b + i0 * p[IK_MATMUL_BS0] + i1 * p[IK_MATMUL_BS1] + i2 * p[IK_MATMUL_BS2] +                           \
                        (p[IK_MATMUL_PACKED] ? j / 16 * depth * 16 + j % 16 : j);                                             \
      const int64_t step = p[IK_MATMUL_PACKED] ? 16 : n;                                                                      \
      /* Rows past the last repeat the first. */                                                                              \
      const int64_t r1 = i + 1 < m ? depth : 0, r2 = i + 2 < m ? depth * 2 : 0, r3 = i + 3 < m ? depth * 3 : 0;               \
      float c0 = 0.0f, c1 = 0.0f, c2 = 0.0f, c3 = 0.0f;                                                                       \
      for (int64_t k = 0; k < depth; ++k) {                                                                                   \
        float v = (float)column[k * step];                                                                                    \
        c0 = __builtin_fmaf((float)row[k], v, c0);                                                                            \
        if (m > 1)                                                                                                            \
          c1 = __builtin_fmaf((float)row[k + r1], v, c1);                                                                     \
        if (m > 2)                                                                                                            \
          c2 = __builtin_fmaf((float)row[k + r2], v, c2);                                                                     \
        if (m > 3)                                                                                                            \
          c3 = __builtin_fmaf((float)row[k + r3], v, c3);                                                                     \
      }                                                                                                                       \
      int64_t at = (batch * m + i) * n + j;                                                                                   \
      y[at] = IK_FINISH(T, c0, bias, bias[j], residual, at, p + IK_MATMUL_RESIDUAL);                                          \
      if (i + 1 < m)                                                                                                          \
        y[at + n] = IK_FINISH(T, c1, bias, bias[j], residual, at + n, p + IK_MATMUL_RESIDUAL);                                \
      if (i + 2 < m)                                                                                                          \
        y[at + 2 * n] = IK_FINISH(T, c2, bias, bias[j], residual, at + 2 * n, p + IK_MATMUL_RESIDUAL);                        \
      if (i + 3 < m)                                                                                                          \
        y[at + 3 * n] = IK_FINISH(T, c3, bias, bias[j], residual, at + 3 * n, p + IK_MATMUL_RESIDUAL);                        \
    }                                                                                                                         \
  }

IK_MATMUL_DEFINE(float, f32)
IK_MATMUL_DEFINE(_Float16, f16)
