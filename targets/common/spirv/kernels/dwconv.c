/* ik_dwconv_f32, ik_dwconv_f16 for shaders: one output an invocation, one fused chain over (kh, kw). Padding takes part as zeros, as
 * in ukernels/dwconv.c. Weights are [G * OC][KH * KW]. */
#include "targets/common/spirv/kernels/finish.h"
#include "targets/common/ukernels/conv.h"

#define IK_DWCONV_DEFINE(T, NAME)                                                                                             \
  IK_KERNEL(ik_dwconv_##NAME) {                                                                                               \
    const T *x = buf[0], *w = buf[1];                                                                                         \
    int next = 2;                                                                                                             \
    const T *bias = p[IK_CONV_BIAS] ? buf[next++] : 0, *residual = p[IK_CONV_RESIDUAL] ? buf[next++] : 0;                     \
    T *y = buf[next];                                                                                                         \
    const int64_t ow = p[IK_CONV_OW], area = p[IK_CONV_OH] * ow, channels = p[IK_CONV_G] * p[IK_CONV_OC];                     \
    const int64_t taps = p[IK_CONV_KH] * p[IK_CONV_KW], ih = p[IK_CONV_IH], iw = p[IK_CONV_IW];                               \
    ik_range range = ik_share(p[IK_CONV_N] * channels * area, worker, workers);                                               \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      int64_t o = unit / area, channel = o % channels;                                                                        \
      int64_t h0 = unit % area / ow * p[IK_CONV_SH] - p[IK_CONV_PH], w0 = unit % ow * p[IK_CONV_SW] - p[IK_CONV_PW];          \
      const T *plane = x + o / p[IK_CONV_OC] * ih * iw, *from = w + channel * taps;                                           \
      float sum = 0.0f;                                                                                                       \
      for (int64_t kh = 0; kh < p[IK_CONV_KH]; ++kh)                                                                          \
        for (int64_t kw = 0; kw < p[IK_CONV_KW]; ++kw) {                                                                      \
          int64_t h = h0 + kh * p[IK_CONV_DH], i = w0 + kw * p[IK_CONV_DW];                                                   \
          float v = 0.0f;                                                                                                     \
          if (h >= 0 && i >= 0 && h < ih && i < iw)                                                                           \
            v = (float)plane[h * iw + i];                                                                                     \
          sum = __builtin_fmaf((float)from[kh * p[IK_CONV_KW] + kw], v, sum);                                                 \
        }                                                                                                                     \
      y[unit] = IK_FINISH(T, sum, bias, bias[channel], residual, unit, p + IK_CONV_RESIDUAL);                                 \
    }                                                                                                                         \
  }

IK_DWCONV_DEFINE(float, f32)
IK_DWCONV_DEFINE(_Float16, f16)
