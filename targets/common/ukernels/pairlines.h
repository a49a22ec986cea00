/* Lines of a band as pairs of channels (convpairs.c, convchannelspairs.c); the geometry is lines.h, rounding narrow.h. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_PAIRLINES_H
#define INGOT_TARGETS_COMMON_UKERNELS_PAIRLINES_H

#include "targets/common/ukernels/lineparts.h"
#include "targets/common/ukernels/pairs.h"

IK_LINES_PACK(float, f32)

#if defined(__AVX512F__)
/* Columns of a row of `iw` from `from` on; those outside are 0. */
IK_INLINE ik_f32x16 ik_pair_within(const float *row, int64_t from, int64_t iw) {
  const int64_t left = iw - from;
  const uint32_t mask = (left >= 16 ? 0xffffu : left > 0 ? (1u << left) - 1 : 0) & (from >= 0 ? 0xffffu : from > -16 ? 0xffffu << -from : 0);
  return __builtin_ia32_loadups512_mask((const float *)((uintptr_t)row + (uintptr_t)from * sizeof(float)), ik_splat16(0.0f), (uint16_t)mask);
}
IK_INLINE ik_f32x16 ik_pair_from(const float *row, int64_t from, int64_t stride, int64_t iw) {
  return stride == 1 ? ik_pair_within(row, from, iw) : ik_even16(ik_pair_within(row, from, iw), ik_pair_within(row, from + 15, iw));
}
/* pairs // [l->channel] of the lines of one pair of channels: x and `second`, which may be null; stride is the columns', 1 or 2. */
IK_INLINE void ik_pair_channel(uint32_t *pairs, const float *x, const float *second, const int64_t *p, const ik_lines *l, int64_t h0, int64_t stride) {
  const int64_t ih = p[IK_CONV_IH], iw = p[IK_CONV_IW];
  for (int64_t phase = 0; phase < l->phasesH * l->phasesW; ++phase)
    for (int64_t j = 0; j < l->lines; ++j, pairs += l->pitch) {
      const int64_t h = (h0 + j) * p[IK_CONV_SH] + phase / l->phasesW - p[IK_CONV_PH], w = phase % l->phasesW - p[IK_CONV_PW];
      const int64_t width = h >= 0 && h < ih ? iw : 0;
      for (int64_t i = 0; i < l->pitch; i += 16)
        ik_store16_u32(pairs + i, ik_pair16(ik_pair_from(x + h * iw, w + i * stride, stride, width),
                                            second ? ik_pair_from(second + h * iw, w + i * stride, stride, width) : ik_splat16(0.0f)));
    }
}
#endif

/* pairs // [ceil(IC / 2)][l->channel] of the lines of rows h0.., by way of `lines` // [2][l->channel]. */
static void ik_pair_lines(uint32_t *pairs, float *lines, const float *x, const float *end, const int64_t *p, const ik_lines *l, int64_t h0) {
  const int64_t plane = p[IK_CONV_IH] * p[IK_CONV_IW];
#if defined(__AVX512F__)
  if (p[IK_CONV_SW] <= 2) {
    for (int64_t c = 0; c < p[IK_CONV_IC]; c += 2, x += 2 * plane, pairs += l->channel)
      if (p[IK_CONV_SW] == 1)
        ik_pair_channel(pairs, x, c + 1 < p[IK_CONV_IC] ? x + plane : 0, p, l, h0, 1);
      else
        ik_pair_channel(pairs, x, c + 1 < p[IK_CONV_IC] ? x + plane : 0, p, l, h0, 2);
    ik_store16_u32(pairs, (ik_u32x16)0u); /* the last vector of the last tap reads on */
    return;
  }
#endif
  for (int64_t c = 0; c < p[IK_CONV_IC]; c += 2, x += 2 * plane) {
    float *second = ik_lines_channel_f32(lines, x, end, p, l, h0, 0);
    if (c + 1 < p[IK_CONV_IC])
      ik_lines_channel_f32(second, x + plane, end, p, l, h0, 0);
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
