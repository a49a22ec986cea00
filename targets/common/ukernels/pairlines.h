/* Lines of a band as pairs of channels (convpairs.c, convchannelspairs.c); the geometry is lines.h, rounding narrow.h. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_PAIRLINES_H
#define INGOT_TARGETS_COMMON_UKERNELS_PAIRLINES_H

#include "targets/common/ukernels/lineparts.h"
#include "targets/common/ukernels/pairs.h"

IK_LINES_PACK(float, f32)

/* pairs // [ceil(IC / 2)][l->channel] of the lines of rows h0.., by way of `lines` // [2][l->channel]. */
static void ik_pair_lines(uint32_t *pairs, float *lines, const float *x, const float *end, const int64_t *p, const ik_lines *l, int64_t h0) {
  const int64_t plane = p[IK_CONV_IH] * p[IK_CONV_IW];
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
