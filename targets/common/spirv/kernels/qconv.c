/* ik_qconv for shaders: one output pixel of one channel an invocation, integer sums as in ukernels/quantnd.c and so equal to every
 * other form: acc = sum (x - xZero) (w - wZero) + bias modulo 2^32. */
#include "targets/common/spirv/kernels/qconvsum.h"

IK_KERNEL(ik_qconv) {
  const int64_t *q = p + IK_CONV_COUNT;
  const int32_t *table = buf[2];
  uint8_t *y = buf[3];
  const int64_t channels = p[IK_CONV_G] * p[IK_CONV_OC];
  ik_range range = ik_share(ik_qconv_units(p), worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t channel;
    const int32_t sum = ik_qconv_sum(buf, p, unit, &channel);
    y[unit] = ik_requantize(sum, ik_f32(table[IK_QTABLE_MULTIPLIER * channels + channel]), q[IK_Q_Y_ZERO], q[IK_Q_Y_UNSIGNED]);
  }
}
