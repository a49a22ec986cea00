/* ik_qdwconv: quantised depthwise convolution over 1 or 2 axes with constant weights and scales. The lines hold x - xZero and the
 * weights w - wZero as f32: products of 9-bit numbers, at most 256 of them, sum exactly in f32, so this is the integer sum of
 * quantnd.c. w // [channels][KH * KW] of the type in the parameters, u8 not shifted; the table's zero is that of w's own type. */
#include "targets/common/ukernels/dwrows.h"
#include "targets/common/ukernels/quant.h"
#include "targets/common/ukernels/requantize.h"

/* line // [sw][width] of x - zero; zeros outside the input. `row` is null for a line of padding. */
static void ik_qdw_line(float *line, const uint8_t *row, const int64_t *p, ik_dw d, int64_t zero, int64_t isUnsigned) {
  for (int64_t f = 0; f < d.sw; ++f, line += d.width) {
    int64_t low = (p[IK_CONV_PW] - f + d.sw - 1) / d.sw, high = (p[IK_CONV_IW] + p[IK_CONV_PW] - f + d.sw - 1) / d.sw;
    low = !row ? d.width : low < 0 ? 0 : low > d.width ? d.width : low;
    high = high < low ? low : high > d.width ? d.width : high;
    for (int64_t j = 0; j < low; ++j)
      line[j] = 0.0f;
    const int64_t at = f - p[IK_CONV_PW];
    if (isUnsigned)
      for (int64_t j = low; j < high; ++j)
        line[j] = (float)((int32_t)row[at + j * d.sw] - (int32_t)zero);
    else
      for (int64_t j = low; j < high; ++j)
        line[j] = (float)((int32_t)(int8_t)row[at + j * d.sw] - (int32_t)zero);
    for (int64_t j = high; j < d.width; ++j)
      line[j] = 0.0f;
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
  ik_range range = ik_share(p[IK_CONV_N] * channels * bands, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t h0 = unit % bands * band, h1 = h0 + band < oh ? h0 + band : oh, o = unit / bands, channel = o % channels;
    const uint8_t *in = x + o / p[IK_CONV_OC] * ih * p[IK_CONV_IW];
    int64_t first = h0 * d.sh - p[IK_CONV_PH], count = (((h1 - h0 + 3) & ~(int64_t)3) - 1) * d.sh + (d.kh - 1) * d.dh + 1;
    for (int64_t r = 0; r < count; ++r) {
      int64_t h = first + r;
      ik_qdw_line(lines + r * d.sw * d.width, h >= 0 && h < ih ? in + h * p[IK_CONV_IW] : 0, p, d, q[IK_Q_X_ZERO], q[IK_Q_X_UNSIGNED]);
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
