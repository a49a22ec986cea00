/* ik_block_quantize, ik_block_quantize16: rows of f32 activations to 8 bits or to two digits of 8, one scale for 32 of k; layout and rounding in
 * block.h. Parallel unit: 32 values. */
#include "targets/common/ukernels/block.h"
#include "targets/common/ukernels/steps.h"

/* One block: integers v (zeros where there is no number), their scale and sums. */
static void ik_put_block(uint8_t *out, const ik_i32x16 *v, float scale) {
  for (int h = 0; h < 2; ++h)
    *(ik_q8x16u *)(out + 16 * h) = __builtin_convertvector(v[h], ik_q8x16u);
  const int32_t low = __builtin_reduce_add(v[0]), sum = low + __builtin_reduce_add(v[1]);
  float *numbers = (float *)(out + IK_BLOCK);
  numbers[0] = scale;
  numbers[1] = scale * (float)sum;
  ((int32_t *)numbers)[2] = -8 * sum;
  ((int32_t *)numbers)[3] = -8 * low;
}

/* parts // 1 or 2 neighbouring blocks of `out`. */
IK_INLINE void ik_quantize32(uint8_t *out, const float *x, const int parts) {
  ik_i32x16 v[2], high[2];
  const float scale = ik_steps32(v, x, parts == 2 ? (float)IK_STEPS16 : 127.0f);
  for (int h = 0; h < 2 && parts == 2; ++h) {
    high[h] = ik_whole16(__builtin_convertvector(v[h], ik_f32x16) * ik_splat16(1.0f / (float)IK_DIGIT));
    v[h] = v[h] - high[h] * IK_DIGIT;
  }
  if (parts == 2)
    ik_put_block(out, high, scale * (float)IK_DIGIT);
  ik_put_block(out + (parts - 1) * IK_XBLOCK, v, scale);
}

IK_INLINE void ik_quantize_rows(void *const *buf, const int64_t *p, const int parts, ik_range range) {
  const int64_t rows = p[IK_XQUANT_M] * parts, depth = p[IK_XQUANT_K], blocks = depth / IK_BLOCK;
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t m = unit / blocks * parts, b = unit % blocks, first = m / IK_XGROUP * IK_XGROUP, width = rows - first < IK_XGROUP ? rows - first : IK_XGROUP;
    ik_quantize32((uint8_t *)buf[1] + (first * blocks + b * width + m - first) * IK_XBLOCK, (const float *)buf[0] + unit * IK_BLOCK, parts);
  }
}

#define IK_BLOCK_QUANTIZE(name, parts)                                                                             \
  IK_KERNEL(name);                                                                                                 \
  IK_KERNEL(name) { ik_quantize_rows(buf, p, parts, ik_share(p[IK_XQUANT_M] * (p[IK_XQUANT_K] / IK_BLOCK), worker, workers)); }
IK_BLOCK_QUANTIZE(ik_block_quantize, 1)
IK_BLOCK_QUANTIZE(ik_block_quantize16, 2)
