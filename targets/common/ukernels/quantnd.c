/* ik_qconvnd: the quantised convolution in plain C, any 8-bit types, scales and zeros read from tensors; it says what the fast rows must
 * compute. acc = sum (x - xZero) (w - wZero) + bias modulo 2^32; padding counts as xZero. Parallel unit: one output element. Parameters in
 * quant.h. */
#include "targets/common/ukernels/quant.h"
#include "targets/common/ukernels/requantize.h"

IK_KERNEL(ik_qconvnd) {
  const int64_t *q = p + IK_CONV_COUNT;
  const float *xScale = buf[1], *wScale = buf[4], *yScale = buf[6];
  const int32_t *bias = p[IK_CONV_BIAS] ? buf[8] : 0;
  uint8_t *y = p[IK_CONV_BIAS] ? buf[9] : buf[8];
  const int32_t xZero = ik_byte(buf[2], 0, q[IK_Q_X_UNSIGNED]), yZero = ik_byte(buf[7], 0, q[IK_Q_Y_UNSIGNED]);
  const int64_t taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], depth = p[IK_CONV_IC] * taps;
  const int64_t plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW], area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW];
  const int64_t channels = p[IK_CONV_G] * p[IK_CONV_OC];
  ik_range range = ik_share(p[IK_CONV_N] * channels * area, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t pixel = unit % area, o = unit / area % channels, n = unit / (area * channels);
    int64_t first = (n * p[IK_CONV_G] + o / p[IK_CONV_OC]) * p[IK_CONV_IC] * plane;
    int64_t d0 = pixel / (p[IK_CONV_OW] * p[IK_CONV_OH]) * p[IK_CONV_SD] - p[IK_CONV_PD];
    int64_t h0 = pixel / p[IK_CONV_OW] % p[IK_CONV_OH] * p[IK_CONV_SH] - p[IK_CONV_PH], w0 = pixel % p[IK_CONV_OW] * p[IK_CONV_SW] - p[IK_CONV_PW];
    int32_t wZero = ik_byte(buf[5], q[IK_Q_ZEROS_PER_CHANNEL] ? o : 0, q[IK_Q_W_UNSIGNED]);
    uint32_t sum = bias ? (uint32_t)bias[o] : 0;
    for (int64_t k = 0; k < depth; ++k) {
      int64_t d = d0 + k / (p[IK_CONV_KW] * p[IK_CONV_KH]) % p[IK_CONV_KD] * p[IK_CONV_DD];
      int64_t h = h0 + k / p[IK_CONV_KW] % p[IK_CONV_KH] * p[IK_CONV_DH], w = w0 + k % p[IK_CONV_KW] * p[IK_CONV_DW];
      if (d < 0 || h < 0 || w < 0 || d >= p[IK_CONV_ID] || h >= p[IK_CONV_IH] || w >= p[IK_CONV_IW])
        continue;
      int64_t at = first + k / taps * plane + (d * p[IK_CONV_IH] + h) * p[IK_CONV_IW] + w;
      sum += (uint32_t)(ik_byte(buf[0], at, q[IK_Q_X_UNSIGNED]) - xZero) * (uint32_t)(ik_byte(buf[3], o * depth + k, q[IK_Q_W_UNSIGNED]) - wZero);
    }
    float m = xScale[0] * wScale[q[IK_Q_SCALES_PER_CHANNEL] ? o : 0] / yScale[0];
    y[unit] = ik_requantize((int32_t)sum, m, yZero, q[IK_Q_Y_UNSIGNED]);
  }
}
