/* ik_matmulnd_<y>_<a>_<b>: batched matrix product in plain C for the types without a fast row: f64 (one fused multiply-add chain
 * over k) and 8-bit integers to i32 (exact modulo 2^32). Parameters in matmul.h, b unpacked; no epilogue. Parallel unit: one row. */
#include "targets/common/ukernels/matmul.h"
#include "targets/common/ukernels/ukernel.h"

#define IK_FMA(a, b, c) __builtin_fma(a, b, c)
#define IK_MAC(a, b, c) ((c) + (uint32_t)(a) * (uint32_t)(b))

#define IK_MATMULND(TY, TA, TB, WIDE, ACC, MAC, NAME)                                                                         \
  IK_KERNEL(ik_matmulnd_##NAME) {                                                                                             \
    const TA *a = buf[0];                                                                                                     \
    const TB *b = buf[1];                                                                                                     \
    TY *y = buf[2];                                                                                                           \
    const int64_t m = p[IK_MATMUL_M], n = p[IK_MATMUL_N], depth = p[IK_MATMUL_K], b1 = p[IK_MATMUL_B1], b2 = p[IK_MATMUL_B2]; \
    ik_range range = ik_share(p[IK_MATMUL_B0] * b1 * b2 * m, worker, workers);                                                \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      int64_t batch = unit / m, i2 = batch % b2, i1 = batch / b2 % b1, i0 = batch / (b1 * b2);                                \
      const TA *row = a + i0 * p[IK_MATMUL_AS0] + i1 * p[IK_MATMUL_AS1] + i2 * p[IK_MATMUL_AS2] + unit % m * depth;           \
      const TB *from = b + i0 * p[IK_MATMUL_BS0] + i1 * p[IK_MATMUL_BS1] + i2 * p[IK_MATMUL_BS2];                             \
      for (int64_t j = 0; j < n; ++j) {                                                                                       \
        ACC sum = 0;                                                                                                          \
        for (int64_t k = 0; k < depth; ++k)                                                                                   \
          sum = MAC((WIDE)row[k], (WIDE)from[k * n + j], sum);                                                                \
        y[unit * n + j] = (TY)sum;                                                                                            \
      }                                                                                                                       \
    }                                                                                                                         \
  }

IK_MATMULND(double, double, double, double, double, IK_FMA, f64)
IK_MATMULND(int32_t, int8_t, int8_t, int32_t, uint32_t, IK_MAC, i32_i8_i8)
IK_MATMULND(int32_t, int8_t, uint8_t, int32_t, uint32_t, IK_MAC, i32_i8_u8)
IK_MATMULND(int32_t, uint8_t, int8_t, int32_t, uint32_t, IK_MAC, i32_u8_i8)
IK_MATMULND(int32_t, uint8_t, uint8_t, int32_t, uint32_t, IK_MAC, i32_u8_u8)
