/* Lines of a band as pairs of channels (convpairs.c, convchannelspairs.c); the geometry is lines.h, rounding narrow.h. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_PAIRLINES_H
#define INGOT_TARGETS_COMMON_UKERNELS_PAIRLINES_H

#include "targets/common/ukernels/lineparts.h"
#include "targets/common/ukernels/pairs.h"

IK_LINES_PACK(float, f32)

#if defined(__AVX512F__)
/* words // [pitch] of rows a and b of `iw` columns, b may be null, from column `from` on: columns outside are 0. Whole vectors. */
IK_INLINE void ik_pair_row(uint32_t *words, const float *a, const float *b, int64_t from, int64_t iw, int64_t pitch) {
  const ik_f32x16 zero = ik_splat16(0.0f);
  for (int64_t i = 0; i < pitch; i += 16) {
    const int64_t before = -from - i, left = iw - from - i;
    uint32_t mask = left >= 16 ? 0xffffu : left > 0 ? (1u << left) - 1 : 0;
    mask &= before <= 0 ? 0xffffu : before < 16 ? 0xffffu << before : 0;
    const ik_f32x16 low = __builtin_ia32_loadups512_mask((const float *)((uintptr_t)a + (uintptr_t)(from + i) * sizeof(float)), zero, (uint16_t)mask);
    const ik_f32x16 high = b ? __builtin_ia32_loadups512_mask((const float *)((uintptr_t)b + (uintptr_t)(from + i) * sizeof(float)), zero, (uint16_t)mask) : zero;
    ik_store16_u32(words + i, ik_pair16(low, high));
  }
}
#endif

/* pairs // [ceil(IC / 2)][l->channel] of the lines of rows h0.., by way of `lines` // [2][l->channel]. */
static void ik_pair_lines(uint32_t *pairs, float *lines, const float *x, const float *end, const int64_t *p, const ik_lines *l, int64_t h0) {
  const int64_t ih = p[IK_CONV_IH], iw = p[IK_CONV_IW], plane = ih * iw;
#if defined(__AVX512F__)
  if (p[IK_CONV_SW] == 1 && p[IK_CONV_SH] == 1) {
    for (int64_t c = 0; c < p[IK_CONV_IC]; c += 2, x += 2 * plane, pairs += l->channel)
      for (int64_t j = 0; j < l->lines; ++j) {
        const int64_t h = h0 + j - p[IK_CONV_PH];
        const float *row = x + h * iw;
        uint32_t *to = pairs + j * l->pitch;
        if (h >= 0 && h < ih)
          ik_pair_row(to, row, c + 1 < p[IK_CONV_IC] ? row + plane : 0, -p[IK_CONV_PW], iw, l->pitch);
        else
          for (int64_t i = 0; i < l->pitch; i += 16)
            ik_store16_u32(to + i, (ik_u32x16)0u);
      }
    ik_store16_u32(pairs, (ik_u32x16)0u);
    return;
  }
#endif
  for (int64_t c = 0; c < p[IK_CONV_IC]; c += 2, x += 2 * plane) {
    float *second = ik_lines_channel_f32(lines, x, end, p, l, h0);
    if (c + 1 < p[IK_CONV_IC])
      ik_lines_channel_f32(second, x + plane, end, p, l, h0);
    else
      for (int64_t i = 0; i < l->channel; i += 16)
        ik_store16_f32(second + i, ik_splat16(0.0f));
    for (int64_t i = 0; i < l->channel; i += 16)
      ik_store16_u32(pairs + i, ik_pair16(ik_load16_f32(lines + i), ik_load16_f32(second + i)));
    pairs += l->channel;
  }
  ik_store16_u32(pairs, (ik_u32x16)0u); /* the last vector of the last tap reads on */
}

#endif
