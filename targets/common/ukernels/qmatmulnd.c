/* ik_qmatmulnd: the quantised matrix product, any 8-bit types, scales and zeros read from tensors. acc = sum (a - aZero) (b - bZero) + bias
 * modulo 2^32. Parallel unit: 16 columns of a row. Parameters in quant.h. */
#include "targets/common/ukernels/quant.h"
#include "targets/common/ukernels/requantize.h"

/* Elements i .. i + count of an 8-bit tensor, count <= 16; the other lanes are 0. */
IK_INLINE ik_i32x16 ik_bytes16(const void *p, int64_t i, int64_t count, int64_t isUnsigned) {
  ik_u8x16 b = (ik_u8x16)0;
  if (count == 16)
    b = *(const ik_u8x16u *)((const uint8_t *)p + i);
  else
    for (int64_t l = 0; l < count; ++l)
      b[l] = ((const uint8_t *)p)[i + l];
  ik_i32x16 v = __builtin_convertvector(b, ik_i32x16);
  return isUnsigned ? v : (v << 24) >> 24;
}

IK_KERNEL(ik_qmatmulnd) {
  const int64_t *q = p + IK_MATMUL_COUNT;
  const float *aScale = buf[1], *bScale = buf[4], *yScale = buf[6];
  const int32_t *bias = p[IK_MATMUL_BIAS] ? buf[8] : 0;
  uint8_t *y = p[IK_MATMUL_BIAS] ? buf[9] : buf[8];
  const int32_t yZero = ik_byte(buf[7], 0, q[IK_Q_Y_UNSIGNED]);
  const int64_t m = p[IK_MATMUL_M], n = p[IK_MATMUL_N], depth = p[IK_MATMUL_K], b1 = p[IK_MATMUL_B1], b2 = p[IK_MATMUL_B2];
  const int64_t blocks = (n + 15) / 16;
  ik_range range = ik_share(p[IK_MATMUL_B0] * b1 * b2 * m * blocks, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t j = unit % blocks * 16, i = unit / blocks % m, batch = unit / (blocks * m), i2 = batch % b2, i1 = batch / b2 % b1, i0 = batch / (b1 * b2);
    int64_t a = i0 * p[IK_MATMUL_AS0] + i1 * p[IK_MATMUL_AS1] + i2 * p[IK_MATMUL_AS2] + i * depth, count = n - j < 16 ? n - j : 16;
    int64_t b = i0 * p[IK_MATMUL_BS0] + i1 * p[IK_MATMUL_BS1] + i2 * p[IK_MATMUL_BS2] + j;
    int32_t aZero = ik_byte(buf[2], q[IK_Q_ZEROS_PER_ROW] ? i : 0, q[IK_Q_X_UNSIGNED]);
    ik_i32x16 bZero = (ik_i32x16)0, sum = (ik_i32x16)0;
    ik_f32x16 scale = ik_splat16(0.0f);
    for (int64_t l = 0; l < count; ++l) {
      bZero[l] = ik_byte(buf[5], q[IK_Q_ZEROS_PER_CHANNEL] ? j + l : 0, q[IK_Q_W_UNSIGNED]);
      scale[l] = aScale[q[IK_Q_SCALES_PER_ROW] ? i : 0] * bScale[q[IK_Q_SCALES_PER_CHANNEL] ? j + l : 0] / yScale[0];
      sum[l] = bias ? bias[j + l] : 0;
    }
    for (int64_t k = 0; k < depth; ++k)
      sum = sum + (ik_byte(buf[0], a + k, q[IK_Q_X_UNSIGNED]) - aZero) * (ik_bytes16(buf[3], b + k * n, count, q[IK_Q_W_UNSIGNED]) - bZero);
    ik_store_bytes(y + (batch * m + i) * n + j, ik_requantize16(sum, scale, ik_rounding_of(yZero, q[IK_Q_Y_UNSIGNED])), count);
  }
}
