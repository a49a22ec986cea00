/* ik_block_quantize: rows of f32 activations to 8 bits, one scale for 32 of k; layout and rounding in block.h. Parallel unit: 32 values. */
#include "targets/common/ukernels/block.h"
#include "targets/common/ukernels/micro.h"

typedef int8_t ik_q8x16u __attribute__((ext_vector_type(16), aligned(1)));

/* Largest magnitude; a NaN wins. */
IK_INLINE float ik_amax32(const float *x) {
  ik_f32x16 a = ik_abs16(ik_load16_f32(x)), b = ik_abs16(ik_load16_f32(x + 16)), v = ik_select16((a > b) | (a != a), a, b);
  float top = 0.0f;
  for (int i = 0; i < 16; ++i)
    top = v[i] > top || v[i] != v[i] ? v[i] : top;
  return top;
}
IK_INLINE int32_t ik_sum16_i32(ik_i32x16 v) {
  int32_t sum = 0;
  for (int i = 0; i < 16; ++i)
    sum += v[i];
  return sum;
}

static void ik_quantize32(uint8_t *out, const float *x) {
  const float amax = ik_amax32(x), limit = 0x1p-100f;
  const int finite = amax <= 3.40282347e38f;
  const ik_f32x16 inverse = ik_splat16(finite && amax >= limit ? 127.0f / amax : 0.0f), magic = ik_splat16(IKM_ROUND_F32);
  ik_i32x16 v[2];
  for (int h = 0; h < 2; ++h) {
    v[h] = (ik_i32x16)(ik_load16_f32(x + 16 * h) * inverse + magic) - (ik_i32x16)magic;
    v[h] = finite ? v[h] : (ik_i32x16)0;
    *(ik_q8x16u *)(out + 16 * h) = __builtin_convertvector(v[h], ik_q8x16u);
  }
  const int32_t low = ik_sum16_i32(v[0]), sum = low + ik_sum16_i32(v[1]);
  float *numbers = (float *)(out + IK_BLOCK);
  numbers[0] = finite ? (amax >= limit ? amax / 127.0f : 0.0f) : __builtin_nanf("");
  numbers[1] = numbers[0] * (float)sum;
  ((int32_t *)numbers)[2] = -8 * sum;
  ((int32_t *)numbers)[3] = -8 * low;
}

IK_KERNEL(ik_block_quantize);
IK_KERNEL(ik_block_quantize) {
  const int64_t rows = p[IK_XQUANT_M], depth = p[IK_XQUANT_K], blocks = depth / IK_BLOCK;
  ik_range range = ik_share(rows * blocks, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t m = unit / blocks, b = unit % blocks, first = m / IK_XGROUP * IK_XGROUP, width = rows - first < IK_XGROUP ? rows - first : IK_XGROUP;
    ik_quantize32((uint8_t *)buf[1] + (first * blocks + b * width + m - first) * IK_XBLOCK, (const float *)buf[0] + m * depth + b * IK_BLOCK);
  }
}
