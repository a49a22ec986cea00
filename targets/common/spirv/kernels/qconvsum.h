/* The integer sum of one output of a quantised convolution, for shaders (qconv.c, qconvreal.c). */
#ifndef INGOT_TARGETS_COMMON_SPIRV_KERNELS_QCONVSUM_H
#define INGOT_TARGETS_COMMON_SPIRV_KERNELS_QCONVSUM_H

#include "targets/common/ukernels/quant.h"
#include "targets/common/ukernels/requantize.h"

/* bias + sum (x - xZero) (w - wZero) modulo 2^32 of output `unit`, one of channel `channel`; w is [G][panels][ceil(K/4)][8][4], signed. */
IK_INLINE int32_t ik_qconv_sum(void *const *buf, const int64_t *p, int64_t unit, int64_t *channel) {
  const int64_t *q = p + IK_CONV_COUNT;
  const int8_t *w = buf[1];
  const int32_t *table = buf[2];
  const int64_t taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], depth = p[IK_CONV_IC] * taps, quads = (depth + 3) / 4, oc = p[IK_CONV_OC];
  const int64_t area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW], plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW];
  const int64_t panels = (oc + 7) / 8, channels = p[IK_CONV_G] * oc;
  const int32_t xZero = (int32_t)q[IK_Q_X_ZERO];
  int64_t pixel = unit % area, ng = unit / (area * oc), o = unit / area % oc, g = ng % p[IK_CONV_G];
  *channel = g * oc + o;
  int64_t d0 = pixel / (p[IK_CONV_OW] * p[IK_CONV_OH]) * p[IK_CONV_SD] - p[IK_CONV_PD];
  int64_t h0 = pixel / p[IK_CONV_OW] % p[IK_CONV_OH] * p[IK_CONV_SH] - p[IK_CONV_PH], w0 = pixel % p[IK_CONV_OW] * p[IK_CONV_SW] - p[IK_CONV_PW];
  const int8_t *from = w + (g * panels + o / 8) * quads * 32 + o % 8 * 4;
  const int32_t wZero = q[IK_Q_W_ZEROS] ? table[IK_QTABLE_ZERO * channels + *channel] : 0;
  int32_t sum = table[*channel];
  for (int64_t c = 0; c < p[IK_CONV_IC]; ++c)
    for (int64_t kd = 0; kd < p[IK_CONV_KD]; ++kd)
      for (int64_t kh = 0; kh < p[IK_CONV_KH]; ++kh)
        for (int64_t kw = 0; kw < p[IK_CONV_KW]; ++kw) {
          int64_t d = d0 + kd * p[IK_CONV_DD], h = h0 + kh * p[IK_CONV_DH], i = w0 + kw * p[IK_CONV_DW];
          if (d < 0 || h < 0 || i < 0 || d >= p[IK_CONV_ID] || h >= p[IK_CONV_IH] || i >= p[IK_CONV_IW])
            continue;
          int64_t k = ((c * p[IK_CONV_KD] + kd) * p[IK_CONV_KH] + kh) * p[IK_CONV_KW] + kw;
          int64_t at = (ng * p[IK_CONV_IC] + c) * plane + (d * p[IK_CONV_IH] + h) * p[IK_CONV_IW] + i;
          sum += (ik_byte(buf[0], at, q[IK_Q_X_UNSIGNED]) - xZero) * ((int32_t)from[k / 4 * 32 + k % 4] - wZero);
        }
  return sum;
}

/* Outputs in all. */
IK_INLINE int64_t ik_qconv_units(const int64_t *p) {
  return p[IK_CONV_N] * p[IK_CONV_G] * p[IK_CONV_OC] * p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW];
}

#endif
