/* Convolutions for shaders: one output pixel of up to four channels of a panel an invocation, so that each input value is loaded once for
 * four products. The sums are those of ukernels/conv.c: one fused chain over k = (ic, kd, kh, kw), bias last. */
#ifndef INGOT_TARGETS_COMMON_SPIRV_KERNELS_CONVPIXEL_H
#define INGOT_TARGETS_COMMON_SPIRV_KERNELS_CONVPIXEL_H

#include "targets/common/spirv/kernels/finish.h"
#include "targets/common/ukernels/conv.h"

enum { IK_CONV_SIDE = 4 }; /* channels of an invocation; divides IK_CONV_PANEL */

#define IK_CONV_DEFINE(T, NAME)                                                                                               \
  IK_KERNEL(NAME) {                                                                                                 \
    const T *x = buf[0], *w = buf[1];                                                                                         \
    int next = 2;                                                                                                             \
    const T *bias = p[IK_CONV_BIAS] ? buf[next++] : 0, *residual = p[IK_CONV_RESIDUAL] ? buf[next++] : 0;                     \
    T *y = buf[next];                                                                                                         \
    const int64_t taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], depth = p[IK_CONV_IC] * taps, oc = p[IK_CONV_OC];     \
    const int64_t area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW], plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW]; \
    const int64_t panels = (oc + 7) / 8, sides = (oc + IK_CONV_SIDE - 1) / IK_CONV_SIDE;                                      \
    ik_range range = ik_share(p[IK_CONV_N] * p[IK_CONV_G] * sides * area, worker, workers);                                   \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      int64_t pixel = unit % area, o = unit / area % sides * IK_CONV_SIDE, ng = unit / (area * sides), g = ng % p[IK_CONV_G]; \
      int64_t d0 = pixel / (p[IK_CONV_OW] * p[IK_CONV_OH]) * p[IK_CONV_SD] - p[IK_CONV_PD];                                   \
      int64_t h0 = pixel / p[IK_CONV_OW] % p[IK_CONV_OH] * p[IK_CONV_SH] - p[IK_CONV_PH];                                     \
      int64_t w0 = pixel % p[IK_CONV_OW] * p[IK_CONV_SW] - p[IK_CONV_PW];                                                     \
      const T *from = p[IK_CONV_PACKED] ? w + (g * panels + o / 8) * depth * 8 + o % 8 : w + (g * oc + o) * depth;            \
      const int64_t across = p[IK_CONV_PACKED] ? 1 : depth, along = p[IK_CONV_PACKED] ? 8 : 1;                                \
      /* Channels past the last repeat it where the weights are not padded. */                                                \
      const int64_t s1 = o + 1 < oc ? across : 0, s2 = o + 2 < oc ? across * 2 : 0, s3 = o + 3 < oc ? across * 3 : 0;         \
      float a0 = 0.0f, a1 = 0.0f, a2 = 0.0f, a3 = 0.0f;                                                                       \
      for (int64_t c = 0; c < p[IK_CONV_IC]; ++c)                                                                             \
        for (int64_t kd = 0; kd < p[IK_CONV_KD]; ++kd)                                                                        \
          for (int64_t kh = 0; kh < p[IK_CONV_KH]; ++kh)                                                                      \
            for (int64_t kw = 0; kw < p[IK_CONV_KW]; ++kw) {                                                                  \
              int64_t d = d0 + kd * p[IK_CONV_DD], h = h0 + kh * p[IK_CONV_DH], i = w0 + kw * p[IK_CONV_DW];                  \
              int64_t k = ((c * p[IK_CONV_KD] + kd) * p[IK_CONV_KH] + kh) * p[IK_CONV_KW] + kw;                               \
              float v = 0.0f;                                                                                                 \
              if (d >= 0 && h >= 0 && i >= 0 && d < p[IK_CONV_ID] && h < p[IK_CONV_IH] && i < p[IK_CONV_IW])                  \
                v = (float)x[(ng * p[IK_CONV_IC] + c) * plane + (d * p[IK_CONV_IH] + h) * p[IK_CONV_IW] + i];                 \
              a0 = __builtin_fmaf((float)from[k * along], v, a0);                                                             \
              a1 = __builtin_fmaf((float)from[k * along + s1], v, a1);                                                        \
              a2 = __builtin_fmaf((float)from[k * along + s2], v, a2);                                                        \
              a3 = __builtin_fmaf((float)from[k * along + s3], v, a3);                                                        \
            }                                                                                                                 \
      int64_t channel = g * oc + o, at = ((ng - g) * oc + channel) * area + pixel;                                            \
      y[at] = IK_FINISH(T, a0, bias, bias[channel], residual, at, p + IK_CONV_RESIDUAL);                                      \
      if (o + 1 < oc)                                                                                                         \
        y[at + area] = IK_FINISH(T, a1, bias, bias[channel + 1], residual, at + area, p + IK_CONV_RESIDUAL);                  \
      if (o + 2 < oc)                                                                                                         \
        y[at + 2 * area] = IK_FINISH(T, a2, bias, bias[channel + 2], residual, at + 2 * area, p + IK_CONV_RESIDUAL);          \
      if (o + 3 < oc)                                                                                                         \
        y[at + 3 * area] = IK_FINISH(T, a3, bias, bias[channel + 3], residual, at + 3 * area, p + IK_CONV_RESIDUAL);          \
    }                                                                                                                         \
  }

#endif
