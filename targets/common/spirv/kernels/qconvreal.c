/* ik_qconvreal for shaders: one output pixel of one channel an invocation; the arithmetic of ukernels/qconvreal.c. */
#include "targets/common/spirv/kernels/finish.h"
#include "targets/common/spirv/kernels/qconvsum.h"

IK_KERNEL(ik_qconvreal) {
  const int32_t *table = buf[2];
  float *y = buf[3];
  const int64_t channels = p[IK_CONV_G] * p[IK_CONV_OC];
  ik_range range = ik_share(ik_qconv_units(p), worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t channel;
    const float acc = (float)ik_qconv_sum(buf, p, unit, &channel);
    const float factor = ik_f32(table[IK_QTABLE_MULTIPLIER * channels + channel]), shift = ik_f32(table[IK_QTABLE_SHIFT * channels + channel]);
    y[unit] = ik_finish(__builtin_fmaf(acc, factor, shift), 0.0f, p + IK_CONV_RESIDUAL);
  }
}
