/* ik_dwconv_f32, ik_dwconv_f16: depthwise convolution over 1 or 2 axes (one input channel a group, OC outputs each); parameters in
 * conv.h, weights unpacked [G * OC][KH * KW]. A band of output rows copies its input lines into scratch, with the padding written
 * out and the columns split into SW phases (phase[f][j] = line[j * SW + f - PW]), so that every tap of every stride is a plain
 * vector load along the width. One fused multiply-add chain over (kh, kw) per output. Parallel units: (n, channel, band). */
#include "targets/common/ukernels/dwrows.h"

#define IK_DWCONV_DEFINE(T, NAME)                                                                                             \
  /* line // [sw][width] from one input row, or zeros when there is none. */                                                  \
  static void ik_dw_line_##NAME(float *line, const T *row, const int64_t *p, ik_dw d) {                                       \
    const int64_t iw = p[IK_CONV_IW], pad = p[IK_CONV_PW];                                                                    \
    if (!row) {                                                                                                               \
      for (int64_t j = 0; j < d.sw * d.width; ++j)                                                                            \
        line[j] = 0.0f;                                                                                                       \
      return;                                                                                                                 \
    }                                                                                                                         \
    for (int64_t f = 0; f < d.sw; ++f, line += d.width) {                                                                     \
      int64_t low = (pad - f + d.sw - 1) / d.sw, high = (iw + pad - f + d.sw - 1) / d.sw;                                     \
      low = low < 0 ? 0 : low > d.width ? d.width : low;                                                                      \
      high = high < low ? low : high > d.width ? d.width : high;                                                              \
      const T *from = row + f - pad;                                                                                          \
      /* Whole vectors: what they write too much is written again, or lies behind the last line. */                           \
      for (int64_t j = 0; j < low; j += 16)                                                                                   \
        ik_store16_f32(line + j, ik_splat16(0.0f));                                                                           \
      if (d.sw == 1 && high - low < 16) {                                                                                     \
        ik_store16_f32(line + low, ik_load_part_##NAME(from + low, high - low));                                              \
      } else if (d.sw <= 2 && high - low >= 16) {                                                                             \
        for (int64_t j = low; j < high; j += 16) {                                                                            \
          const int64_t at = j + 16 > high ? high - 16 : j;                                                                   \
          const T *x = from + at * d.sw;                                                                                      \
          ik_store16_f32(line + at, d.sw == 1 ? ik_load16_##NAME(x) : ik_even16(ik_load16_##NAME(x), ik_load16_##NAME(x + 15)));\
        }                                                                                                                     \
      } else {                                                                                                                \
        for (int64_t j = low; j < high; ++j)                                                                                  \
          line[j] = (float)from[j * d.sw];                                                                                    \
      }                                                                                                                       \
      for (int64_t j = high; j < d.width; j += 16)                                                                            \
        ik_store16_f32(line + j, ik_splat16(0.0f));                                                                           \
    }                                                                                                                         \
  }                                                                                                                           \
  /* Output rows [h0, h1) of one channel from the band's lines. */                                                            \
  static void ik_dw_band_##NAME(const float *lines, const float *w, T *y, const T *residual, float bias, int hasBias, const int64_t *p, \
                                ik_dw d, int64_t h0, int64_t h1, ik_epilogue e) {                                             \
    const int64_t ow = p[IK_CONV_OW];                                                                                         \
    ik_f32x16 c[4], zero = ik_splat16(0.0f), b = ik_splat16(bias);                                                            \
    for (int64_t h = h0; h < h1; h += 4)                                                                                      \
      for (int64_t i = 0; i < ow; i += 16) {                                                                                  \
        i = i + 16 > ow && ow >= 16 ? ow - 16 : i; /* the last 16 overlap: equal values twice */                              \
        ik_dw_rows(c, lines + (h - h0) * d.sh * d.sw * d.width + i, w, d);                                                    \
        for (int64_t r = 0; r < 4 && h + r < h1; ++r) {                                                                       \
          ik_f32x16 v = hasBias ? c[r] + b : c[r];                                                                            \
          int64_t at = (h + r) * ow + i;                                                                                      \
          if (ow - i >= 16)                                                                                                   \
            ik_store16_##NAME(y + at, ik_finish16(v, residual ? ik_load16_##NAME(residual + at) : zero, e));                  \
          else                                                                                                                \
            ik_store_part_##NAME(y + at, ik_finish16(v, residual ? ik_load_part_##NAME(residual + at, ow - i) : zero, e), ow - i); \
        }                                                                                                                     \
      }                                                                                                                       \
  }                                                                                                                           \
  IK_KERNEL(ik_dwconv_##NAME) {                                                                                               \
    const T *x = buf[0], *w = buf[1];                                                                                         \
    int next = 2;                                                                                                             \
    const T *bias = p[IK_CONV_BIAS] ? buf[next++] : 0, *residual = p[IK_CONV_RESIDUAL] ? buf[next++] : 0;                      \
    T *y = buf[next++];                                                                                                       \
    float *lines = (float *)(((uintptr_t)buf[next] + 63) & ~(uintptr_t)63);                                                   \
    const ik_dw d = {p[IK_CONV_KH], p[IK_CONV_KW], p[IK_CONV_SH], p[IK_CONV_SW], p[IK_CONV_DH], p[IK_CONV_DW],                \
                     IK_DWCONV_WIDTH(p[IK_CONV_OW], p[IK_CONV_KW], p[IK_CONV_DW], p[IK_CONV_SW])};                            \
    const ik_epilogue e = {p[IK_CONV_ACT], p[IK_CONV_RESIDUAL], ik_f32(p[IK_CONV_ALPHA]), ik_f32(p[IK_CONV_BETA])};           \
    const int64_t oh = p[IK_CONV_OH], band = p[IK_CONV_KC], bands = (oh + band - 1) / band, area = oh * p[IK_CONV_OW];        \
    const int64_t ih = p[IK_CONV_IH], channels = p[IK_CONV_G] * p[IK_CONV_OC], taps = d.kh * d.kw;                            \
    float weights[IK_DWCONV_TAPS];                                                                                            \
    ik_range range = ik_share(p[IK_CONV_N] * channels * bands, worker, workers);                                              \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      int64_t h0 = unit % bands * band, h1 = h0 + band < oh ? h0 + band : oh, o = unit / bands, channel = o % channels;       \
      const T *in = x + o / p[IK_CONV_OC] * ih * p[IK_CONV_IW];                                                               \
      int64_t first = h0 * d.sh - p[IK_CONV_PH], count = (((h1 - h0 + 3) & ~(int64_t)3) - 1) * d.sh + (d.kh - 1) * d.dh + 1;  \
      for (int64_t r = 0; r < count; ++r) {                                                                                   \
        int64_t h = first + r;                                                                                                \
        ik_dw_line_##NAME(lines + r * d.sw * d.width, h >= 0 && h < ih ? in + h * p[IK_CONV_IW] : 0, p, d);                   \
      }                                                                                                                       \
      for (int64_t k = 0; k < taps; ++k)                                                                                      \
        weights[k] = (float)w[channel * taps + k];                                                                            \
      ik_dw_band_##NAME(lines, weights, y + o * area, residual ? residual + o * area : 0, bias ? (float)bias[channel] : 0.0f, \
                        bias != 0, p, d, h0, h1, e);                                                                          \
    }                                                                                                                         \
  }

IK_DWCONV_DEFINE(float, f32)
IK_DWCONV_DEFINE(_Float16, f16)
