/* ik_qdwconv for shaders: one output an invocation, integer sums (those of ukernels/qdwconv.c are exact, so they agree). */
#include "targets/common/ukernels/quant.h"
#include "targets/common/ukernels/requantize.h"

IK_KERNEL(ik_qdwconv) {
  const int64_t *q = p + IK_CONV_COUNT;
  const int32_t *table = buf[2];
  uint8_t *y = buf[3];
  const int64_t ow = p[IK_CONV_OW], area = p[IK_CONV_OH] * ow, channels = p[IK_CONV_G] * p[IK_CONV_OC];
  const int64_t taps = p[IK_CONV_KH] * p[IK_CONV_KW], ih = p[IK_CONV_IH], iw = p[IK_CONV_IW];
  ik_range range = ik_share(p[IK_CONV_N] * channels * area, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t o = unit / area, channel = o % channels;
    int64_t h0 = unit % area / ow * p[IK_CONV_SH] - p[IK_CONV_PH], w0 = unit % ow * p[IK_CONV_SW] - p[IK_CONV_PW];
    const int32_t wZero = table[IK_QTABLE_ZERO * channels + channel];
    int32_t sum = table[channel];
    for (int64_t kh = 0; kh < p[IK_CONV_KH]; ++kh)
      for (int64_t kw = 0; kw < p[IK_CONV_KW]; ++kw) {
        int64_t h = h0 + kh * p[IK_CONV_DH], i = w0 + kw * p[IK_CONV_DW];
        if (h < 0 || i < 0 || h >= ih || i >= iw)
          continue;
        sum += (ik_byte(buf[0], o / p[IK_CONV_OC] * ih * iw + h * iw + i, q[IK_Q_X_UNSIGNED]) - (int32_t)q[IK_Q_X_ZERO]) *
               (ik_byte(buf[1], channel * taps + kh * p[IK_CONV_KW] + kw, q[IK_Q_W_UNSIGNED]) - wZero);
      }
    y[unit] = ik_requantize(sum, ik_f32(table[IK_QTABLE_MULTIPLIER * channels + channel]), q[IK_Q_Y_ZERO], q[IK_Q_Y_UNSIGNED]);
  }
}
