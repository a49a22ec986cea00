/* ik_convnd_<y>_<x>_<w>: convolution over 1 to 3 axes in plain C, for the types without a fast row: f64 (one fused multiply-add
 * chain over (ic, kd, kh, kw), bias last) and 8-bit integers to i32 (exact modulo 2^32). Parameters in conv.h, weights unpacked;
 * no epilogue but the bias. Parallel unit: one output element. */
#include "targets/common/ukernels/conv.h"
#include "targets/common/ukernels/ukernel.h"

#define IK_FMA(a, b, c) __builtin_fma(a, b, c)
#define IK_MAC(a, b, c) ((c) + (uint32_t)(a) * (uint32_t)(b))

#define IK_CONVND(TY, TX, TW, WIDE, ACC, MAC, NAME)                                                                           \
  static ACC       ik_convnd_point_##NAME(const TX *x, const TW *w, const int64_t *p, const int64_t *at) {                    \
    ACC sum = 0;                                                                                                              \
    for (int64_t c = 0; c < p[IK_CONV_IC]; ++c)                                                                               \
      for (int64_t kd = 0; kd < p[IK_CONV_KD]; ++kd)                                                                          \
        for (int64_t kh = 0; kh < p[IK_CONV_KH]; ++kh)                                                                        \
          for (int64_t kw = 0; kw < p[IK_CONV_KW]; ++kw, ++w) {                                                               \
            int64_t d = at[0] + kd * p[IK_CONV_DD], h = at[1] + kh * p[IK_CONV_DH], v = at[2] + kw * p[IK_CONV_DW];           \
            if (d >= 0 && h >= 0 && v >= 0 && d < p[IK_CONV_ID] && h < p[IK_CONV_IH] && v < p[IK_CONV_IW])                    \
              sum = MAC((WIDE)x[((c * p[IK_CONV_ID] + d) * p[IK_CONV_IH] + h) * p[IK_CONV_IW] + v], (WIDE)*w, sum);           \
          }                                                                                                                   \
    return sum;                                                                                                               \
  }                                                                                                                           \
  IK_KERNEL(ik_convnd_##NAME) {                                                                                               \
    const TX *x = buf[0];                                                                                                     \
    const TW *w = buf[1];                                                                                                     \
    const TY *bias = p[IK_CONV_BIAS] ? buf[2] : 0;                                                                            \
    TY *y = p[IK_CONV_BIAS] ? buf[3] : buf[2];                                                                                \
    const int64_t depth = p[IK_CONV_IC] * p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW];                                      \
    const int64_t plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW], area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW]; \
    const int64_t channels = p[IK_CONV_G] * p[IK_CONV_OC];                                                                    \
    ik_range range = ik_share(p[IK_CONV_N] * channels * area, worker, workers);                                               \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      int64_t pixel = unit % area, o = unit / area % channels, n = unit / (area * channels), g = o / p[IK_CONV_OC];           \
      int64_t at[3] = {pixel / (p[IK_CONV_OW] * p[IK_CONV_OH]) * p[IK_CONV_SD] - p[IK_CONV_PD],                               \
                       pixel / p[IK_CONV_OW] % p[IK_CONV_OH] * p[IK_CONV_SH] - p[IK_CONV_PH],                                 \
                       pixel % p[IK_CONV_OW] * p[IK_CONV_SW] - p[IK_CONV_PW]};                                                \
      ACC sum = ik_convnd_point_##NAME(x + (n * p[IK_CONV_G] + g) * p[IK_CONV_IC] * plane, w + o * depth, p, at);             \
      y[unit] = (TY)(bias ? sum + (ACC)bias[o] : sum);                                                                        \
    }                                                                                                                         \
  }

IK_CONVND(double, double, double, double, double, IK_FMA, f64)
IK_CONVND(int32_t, int8_t, int8_t, int32_t, uint32_t, IK_MAC, i32_i8_i8)
IK_CONVND(int32_t, int8_t, uint8_t, int32_t, uint32_t, IK_MAC, i32_i8_u8)
IK_CONVND(int32_t, uint8_t, int8_t, int32_t, uint32_t, IK_MAC, i32_u8_i8)
IK_CONVND(int32_t, uint8_t, uint8_t, int32_t, uint32_t, IK_MAC, i32_u8_u8)
