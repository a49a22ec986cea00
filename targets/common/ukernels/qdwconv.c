/* ik_qdwconv: quantised depthwise convolution over 1 or 2 axes with constant weights and scales. The lines hold x - xZero and the
 * weights w - wZero as f32: products of 9-bit numbers, at most 256 of them, sum exactly in f32, so this is the integer sum of
 * quantnd.c. w // [channels][KH * KW] of the type in the parameters, u8 not shifted; the table's zero is that of w's own type. */
#include "targets/common/ukernels/dwrows.h"
#include "targets/common/ukernels/quant.h"
#include "targets/common/ukernels/requantize.h"

/* 16 bytes as f32: byte ^ flip, less `zero`. */
IK_INLINE ik_f32x16 ik_qdw16(ik_u8x16 v, uint8_t flip, int32_t zero) {
  return __builtin_convertvector(__builtin_convertvector(v ^ flip, ik_i32x16) - zero, ik_f32x16);
}

/* line // [sw][width] of x - zero; zeros outside the input. `row` is null for a line of padding, `end` one past the readable input. Signed bytes are flipped to unsigned ones
 * that are 128 more. Whole vectors: what they write too much is written again, or lies behind the last line. */
static void ik_qdw_line(float *line, const uint8_t *row, const uint8_t *end, const int64_t *p, ik_dw d, int64_t zero, int64_t isUnsigned) {
  const uint8_t flip = isUnsigned ? 0 : 128;
  const int32_t less = (int32_t)zero + flip;
  for (int64_t f = 0; f < d.sw; ++f, line += d.width) {
    int64_t low = (p[IK_CONV_PW] - f + d.sw - 1) / d.sw, high = (p[IK_CONV_IW] + p[IK_CONV_PW] - f + d.sw - 1) / d.sw;
    low = !row ? d.width : low < 0 ? 0 : low > d.width ? d.width : low;
    high = high < low ? low : high > d.width ? d.width : high;
    for (int64_t j = 0; j < low; j += 16)
      ik_store16_f32(line + j, ik_splat16(0.0f));
    const uint8_t *from = row ? row + f - p[IK_CONV_PW] : row;
    for (int64_t j = low; j < high; j += 16) {
      const int64_t at = j + 16 > high && high - low >= 16 ? high - 16 : j, count = high - at < 16 ? high - at : 16;
      ik_u8x16 v = (ik_u8x16)0;
      if (d.sw == 1 && end - (from + at) >= 16)
        v = *(const ik_u8x16u *)(from + at);
      else if (d.sw == 2 && end - (from + at * 2) >= 31)
        v = __builtin_shufflevector((ik_u8x16) * (const ik_u8x16u *)(from + at * 2), (ik_u8x16) * (const ik_u8x16u *)(from + at * 2 + 15), 0, 2, 4, 6, 8, 10,
                                    12, 14, 17, 19, 21, 23, 25, 27, 29, 31);
      else
        for (int64_t l = 0; l < count; ++l)
          v[l] = from[(at + l) * d.sw];
      ik_store16_f32(line + at, ik_qdw16(v, flip, less));
    }
    for (int64_t j = high; j < d.width; j += 16)
      ik_store16_f32(line + j, ik_splat16(0.0f));
  }
}

IK_KERNEL(ik_qdwconv) {
  const uint8_t *x = buf[0];
  const int64_t *q = p + IK_CONV_COUNT;
  const int32_t *table = buf[2];
  uint8_t *y = buf[3];
  float *lines = (float *)(((uintptr_t)buf[4] + 63) & ~(uintptr_t)63), weights[IK_QDWCONV_TAPS];
  const ik_dw d = {p[IK_CONV_KH], p[IK_CONV_KW], p[IK_CONV_SH], p[IK_CONV_SW], p[IK_CONV_DH], p[IK_CONV_DW],
                   IK_DWCONV_WIDTH(p[IK_CONV_OW], p[IK_CONV_KW], p[IK_CONV_DW], p[IK_CONV_SW])};
  const int64_t oh = p[IK_CONV_OH], ow = p[IK_CONV_OW], band = p[IK_CONV_KC], bands = (oh + band - 1) / band, ih = p[IK_CONV_IH];
  const int64_t channels = p[IK_CONV_G] * p[IK_CONV_OC], taps = d.kh * d.kw;
  const uint8_t *end = x + p[IK_CONV_N] * p[IK_CONV_G] * ih * p[IK_CONV_IW];
  ik_range range = ik_share(p[IK_CONV_N] * channels * bands, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t h0 = unit % bands * band, h1 = h0 + band < oh ? h0 + band : oh, o = unit / bands, channel = o % channels;
    const uint8_t *in = x + o / p[IK_CONV_OC] * ih * p[IK_CONV_IW];
    int64_t first = h0 * d.sh - p[IK_CONV_PH], count = (((h1 - h0 + 3) & ~(int64_t)3) - 1) * d.sh + (d.kh - 1) * d.dh + 1;
    for (int64_t r = 0; r < count; ++r) {
      int64_t h = first + r;
      ik_qdw_line(lines + r * d.sw * d.width, h >= 0 && h < ih ? in + h * p[IK_CONV_IW] : 0, end, p, d, q[IK_Q_X_ZERO], q[IK_Q_X_UNSIGNED]);
    }
    for (int64_t k = 0; k < taps; ++k)
      weights[k] = (float)(ik_byte(buf[1], channel * taps + k, q[IK_Q_W_UNSIGNED]) - table[IK_QTABLE_ZERO * channels + channel]);
    const ik_f32x16 m = ik_splat16(ik_f32(table[IK_QTABLE_MULTIPLIER * channels + channel]));
    for (int64_t h = h0; h < h1; h += 4)
      for (int64_t i = 0; i < ow; i += 16) {
        i = i + 16 > ow && ow >= 16 ? ow - 16 : i; /* the last 16 overlap: equal values twice */
        ik_f32x16 c[4];
        ik_dw_rows(c, lines + (h - h0) * d.sh * d.sw * d.width + i, weights, d);
        for (int64_t r = 0; r < 4 && h + r < h1; ++r)
          ik_store_bytes(y + (o * oh + h + r) * ow + i,
                         ik_requantize16(__builtin_convertvector(c[r], ik_i32x16) + table[channel], m, q[IK_Q_Y_ZERO], q[IK_Q_Y_UNSIGNED]), ow - i);
      }
  }
}
