/* ik_block_quantize, ik_block_quantize16 for shaders: 32 values of one row an invocation, as ukernels/blockquant.c rounds them; layout in block.h. */
#include "targets/common/ukernels/block.h"
#include "targets/common/ukernels/math.h"
#include "targets/common/ukernels/ukernel.h"

static inline int32_t ik_whole(float v) { return (int32_t)(ikm_bits_f32(v + IKM_ROUND_F32) - ikm_bits_f32(IKM_ROUND_F32)); }

enum { IK_ALL, IK_HIGH_DIGIT, IK_LOW_DIGIT };

/* One block of the integers x * inverse, or of one digit of theirs. */
static inline void ik_put_block(int32_t *out, const float *x, float inverse, int finite, float scale, int digit) {
  int32_t low = 0, sum = 0;
  for (int q = 0; q < IK_BLOCK / 4; ++q) {
    uint32_t word = 0;
    for (int i = 0; i < 4; ++i) {
      int32_t v = finite ? ik_whole(x[q * 4 + i] * inverse) : 0, high = ik_whole((float)v * (1.0f / (float)IK_DIGIT));
      v = digit == IK_ALL ? v : digit == IK_HIGH_DIGIT ? high : v - high * IK_DIGIT;
      word |= ((uint32_t)v & 255u) << (8 * i);
      sum += v;
    }
    out[q] = (int32_t)word;
    low = q == 3 ? sum : low;
  }
  out[8] = (int32_t)ikm_bits_f32(scale);
  out[9] = (int32_t)ikm_bits_f32(scale * (float)sum);
  out[10] = -8 * sum;
  out[11] = -8 * low;
}

static inline void ik_quantize_rows(void *const *buf, const int64_t *p, const int parts, ik_range range) {
  const int64_t rows = p[IK_XQUANT_M] * parts, depth = p[IK_XQUANT_K], blocks = depth / IK_BLOCK;
  const float steps = parts == 2 ? (float)IK_STEPS16 : 127.0f;
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t m = unit / blocks * parts, b = unit % blocks, first = m / IK_XGROUP * IK_XGROUP, width = rows - first < IK_XGROUP ? rows - first : IK_XGROUP;
    const float *x = (const float *)buf[0] + unit * IK_BLOCK;
    int32_t *out = (int32_t *)buf[1] + (first * blocks + b * width + m - first) * (IK_XBLOCK / 4);
    float amax = 0.0f;
    for (int k = 0; k < IK_BLOCK; ++k) {
      float a = __builtin_fabsf(x[k]);
      amax = a > amax || a != a ? a : amax;
    }
    const int finite = amax <= 3.40282347e38f, counts = finite && amax >= 0x1p-100f;
    const float inverse = counts ? steps / amax : 0.0f, scale = finite ? (counts ? amax / steps : 0.0f) : __builtin_nanf("");
    if (parts == 2)
      ik_put_block(out, x, inverse, finite, scale * (float)IK_DIGIT, IK_HIGH_DIGIT);
    ik_put_block(out + (parts - 1) * (IK_XBLOCK / 4), x, inverse, finite, scale, parts == 2 ? IK_LOW_DIGIT : IK_ALL);
  }
}

IK_KERNEL(ik_block_quantize) { ik_quantize_rows(buf, p, 1, ik_share(p[IK_XQUANT_M] * (p[IK_XQUANT_K] / IK_BLOCK), worker, workers)); }
IK_KERNEL(ik_block_quantize16) { ik_quantize_rows(buf, p, 2, ik_share(p[IK_XQUANT_M] * (p[IK_XQUANT_K] / IK_BLOCK), worker, workers)); }
