/* ik_qdwconv: quantised depthwise convolution over 1 or 2 axes with constant weights and scales. A band of input lines is copied into scratch
 * as bytes with the padding written out, then as words of IK_DOT neighbouring taps, one word an output column: word[group][row phase][line][OW].
 * So a tap row of all outputs of a band is one plain stretch of words, and planes of any width fill the vectors. The integer sums are exact:
 * the result is that of quantnd.c. w // [channels][KH * KW] of the type in the parameters, u8 not shifted; the table's zero is that of w's own type.
 * Parallel units: (n, channel, band). */
#include "targets/common/ukernels/lines.h"
#include "targets/common/ukernels/qdwrows.h"
#include "targets/common/ukernels/qlines.h"

typedef struct { int64_t groups, steps, ow; ik_lines l; } ik_qdw; /* groups of taps of a row; steps = groups * KH */

/* Bytes of one line in one column phase, with room for whole vectors. */
IK_INLINE int64_t ik_qdw_pitch(const ik_qdw *d) { return d->l.pitch + 32; }

/* bytes // [row phase][line][column phase][pitch] for output rows h0.. of the plane x. */
static void ik_qdw_bytes(uint8_t *bytes, const uint8_t *x, const uint8_t *end, const int64_t *p, const ik_qdw *d, int64_t h0, int64_t lines) {
  const int64_t ih = p[IK_CONV_IH], iw = p[IK_CONV_IW], sh = p[IK_CONV_SH], sw = p[IK_CONV_SW], pitch = ik_qdw_pitch(d), step = d->l.phasesW * pitch;
  const uint8_t border = (uint8_t)p[IK_CONV_COUNT + IK_Q_X_ZERO];
  for (int64_t f = 0; f < d->l.phasesW; ++f, bytes += pitch) {
    const ik_qspan span = ik_qline_span(f - p[IK_CONV_PW], d->l.pitch, sw, iw);
    for (int64_t phase = 0; phase < d->l.phasesH; ++phase) {
      uint8_t *to = bytes + phase * d->l.lines * step;
      int64_t h = h0 * sh + phase - p[IK_CONV_PH];
      for (int64_t j = 0; j < lines; ++j, to += step, h += sh) {
        const int64_t outside = h < 0 || h >= ih;
        ik_qline_bytes(to, outside ? x : x + h * iw + f - p[IK_CONV_PW], outside ? (ik_qspan){0, 0} : span, d->l.pitch, sw, border, end);
      }
    }
  }
}

/* words // [group][row phase][line][OW] from those bytes. Whole vectors: what they write too much is written again, or lies behind the last line. */
static void ik_qdw_words(int32_t *words, const uint8_t *bytes, const int64_t *p, const ik_qdw *d, int64_t lines) {
  for (int64_t group = 0; group < d->groups; ++group) {
    int64_t at[IK_DOT];
    for (int64_t t = 0; t < IK_DOT; ++t) {
      const int64_t tap = group * IK_DOT + t, column = tap < p[IK_CONV_KW] ? tap * p[IK_CONV_DW] : 0;
      at[t] = column % p[IK_CONV_SW] * ik_qdw_pitch(d) + column / p[IK_CONV_SW];
    }
    for (int64_t phase = 0; phase < d->l.phasesH; ++phase)
      for (int64_t j = 0; j < lines; ++j) {
        const int64_t line = phase * d->l.lines + j;
        const uint8_t *from = bytes + line * d->l.phasesW * ik_qdw_pitch(d);
        int32_t *to = words + (group * d->l.phasesH * d->l.lines + line) * d->ow;
        for (int64_t i = 0; i < d->ow; i += 16)
          *(ik_i32x16u *)(to + i) = ik_qline_word(from + i, at, ik_qflip(p + IK_CONV_COUNT));
      }
  }
}

/* Where the words of each step lie, and words of ones for its taps. */
static void ik_qdw_steps(int32_t *offsets, int32_t *ones, const int64_t *p, const ik_qdw *d) {
  for (int64_t group = 0; group < d->groups; ++group)
    for (int64_t kh = 0; kh < p[IK_CONV_KH]; ++kh) {
      const int64_t row = kh * p[IK_CONV_DH], left = p[IK_CONV_KW] - group * IK_DOT;
      const uint32_t all = IK_DOT == 4 ? 0x01010101u : 0x00010001u;
      *offsets++ = (int32_t)(((group * d->l.phasesH + row % p[IK_CONV_SH]) * d->l.lines + row / p[IK_CONV_SH]) * d->ow);
      *ones++ = (int32_t)(left < IK_DOT ? all & ((1u << (left * 32 / IK_DOT)) - 1) : all);
    }
}

/* The weights of one channel in the order of the steps, signed; returns their sum. */
static uint32_t ik_qdw_weights(int32_t *words, const uint8_t *w, const int64_t *p, const ik_qdw *d) {
  const uint8_t flip = p[IK_CONV_COUNT + IK_Q_W_UNSIGNED] ? 0x80 : 0;
  uint32_t sum = 0;
  for (int64_t group = 0; group < d->groups; ++group)
    for (int64_t kh = 0; kh < p[IK_CONV_KH]; ++kh) {
      uint32_t word = 0;
      for (int64_t t = 0; t < IK_DOT && group * IK_DOT + t < p[IK_CONV_KW]; ++t) {
        const int32_t byte = (int8_t)(w[kh * p[IK_CONV_KW] + group * IK_DOT + t] ^ flip);
        sum += (uint32_t)byte;
        word |= ((uint32_t)byte & (IK_DOT == 4 ? 0xffu : 0xffffu)) << (t * 32 / IK_DOT);
      }
      *words++ = (int32_t)word;
    }
  return sum;
}

/* y[0..count) of one channel: constant + sum over the steps of words * weights, less zero * sum of words, requantised. */
IK_INLINE void ik_qdw_outputs(uint8_t *y, const int32_t *words, int64_t count, int64_t steps, const ik_qdw_channel *c, ik_rounding rounding) {
  for (int64_t i = 0; i < count; i += 16) {
    ik_i32x16 sum = (ik_i32x16)c->constant;
    for (int64_t k = 0; k < steps; ++k)
      sum = ik_dot16(sum, *(const ik_i32x16u *)(words + c->offsets[k] + i), (ik_i32x16)c->weights[k]);
    if (c->zero) {
      ik_i32x16 all = (ik_i32x16)0;
      for (int64_t k = 0; k < steps; ++k)
        all = ik_dot16(all, *(const ik_i32x16u *)(words + c->offsets[k] + i), (ik_i32x16)c->ones[k]);
      sum = sum - all * c->zero;
    }
    ik_store_bytes(y + i, ik_requantize16(sum, c->m, rounding), count - i);
  }
}

#if IK_QDW_ROWS
static int ik_qdw_has_rows(const int64_t *p) {
  return p[IK_CONV_KH] == 3 && p[IK_CONV_KW] == 3 && p[IK_CONV_DH] == 1 && p[IK_CONV_DW] == 1 && p[IK_CONV_SH] == p[IK_CONV_SW] && p[IK_CONV_SH] <= 2;
}

/* As ik_qdw_band: the lines with the border written out in `bytes`, then their outputs. */
static void ik_qdw_direct(uint8_t *y, uint8_t *bytes, const uint8_t *x, const uint8_t *end, const int64_t *p, int64_t h0, int64_t h1, const ik_qdw_channel *c,
                          ik_rounding rounding) {
  const int64_t stride = p[IK_CONV_SH], ow = p[IK_CONV_OW], iw = p[IK_CONV_IW], pitch = (ow - 1) * stride + 3, top = h0 * stride - p[IK_CONV_PH];
  const ik_qspan span = ik_qline_span(-p[IK_CONV_PW], pitch, 1, iw);
  const uint8_t border = (uint8_t)p[IK_CONV_COUNT + IK_Q_X_ZERO];
  for (int64_t i = 0; i < span.low; i += 16)
    *(ik_u8x16u *)(bytes + i) = (ik_u8x16)border;
  for (int64_t j = 0; j < (h1 - h0 - 1) * stride + 3; ++j) {
    const int64_t h = top + j, isInside = h >= 0 && h < p[IK_CONV_IH], high = isInside ? span.high : span.low;
    const uint8_t *from = x + h * iw - p[IK_CONV_PW];
    uint8_t *line = bytes + j * pitch;
    if (isInside && end - from < high + 15)
      _Pragma("clang loop unroll(disable) vectorize(disable)") for (int64_t i = span.low; i < high; ++i)
        line[i] = from[i];
    else
      for (int64_t i = span.low; i < high; i += 16)
        *(ik_u8x16u *)(line + i) = *(const ik_u8x16u *)(from + i);
    /* The right border and the left one of the next line. */
    for (int64_t i = high; i < pitch + span.low; i += 16)
      *(ik_u8x16u *)(line + i) = (ik_u8x16)border;
  }
  const ik_qdw_lines lines = {pitch, h1 - h0, ow, ik_qflip(p + IK_CONV_COUNT)};
  ik_qdw_rows(y, bytes, &lines, c, rounding, stride);
}
#endif

/* Of one call. */
typedef struct {
#if IK_QDW_ROWS
  ik_qdw_window windows[IK_QDW_WINDOWS];
#endif
  int isSmall; /* planes go by the windows */
} ik_qdw_planes;

/* y // the output rows [h0, h1) of one channel of the plane x, with `words` as scratch. */
static void ik_qdw_band(uint8_t *y, int32_t *words, const uint8_t *x, const uint8_t *end, const int64_t *p, const ik_qdw *d, int64_t h0, int64_t h1,
                        const ik_qdw_channel *c, const ik_qdw_planes *planes) {
  const int64_t *q = p + IK_CONV_COUNT;
  const int64_t lines = h1 - h0 + (p[IK_CONV_KH] - 1) * p[IK_CONV_DH] / p[IK_CONV_SH];
  const ik_rounding rounding = ik_rounding_of(q[IK_Q_Y_ZERO], q[IK_Q_Y_UNSIGNED]);
#if IK_QDW_ROWS
  if (!c->zero && planes->isSmall) {
    ik_qdw_plane(y, x, planes->windows, h1 * d->ow, p[IK_CONV_KH], ik_qflip(q), c, rounding);
    return;
  }
  if (!c->zero && ik_qdw_has_rows(p)) {
    ik_qdw_direct(y, (uint8_t *)words, x, end, p, h0, h1, c, rounding);
    return;
  }
#else
  (void)planes;
#endif
  uint8_t *bytes = (uint8_t *)(words + d->groups * d->l.phasesH * d->l.lines * d->ow + 16);
  ik_qdw_bytes(bytes, x, end, p, d, h0, lines);
  ik_qdw_words(words, bytes, p, d, lines);
  if (d->steps == 3)
    ik_qdw_outputs(y, words, (h1 - h0) * d->ow, 3, c, rounding);
  else
    ik_qdw_outputs(y, words, (h1 - h0) * d->ow, d->steps, c, rounding);
}

IK_KERNEL(ik_qdwconv) {
  const uint8_t *x = buf[0], *w = buf[1];
  const int64_t *q = p + IK_CONV_COUNT;
  const int32_t *table = buf[2];
  const int64_t taps = p[IK_CONV_KH] * p[IK_CONV_KW], groups = (p[IK_CONV_KW] + IK_DOT - 1) / IK_DOT;
  const ik_qdw d = {groups, groups * p[IK_CONV_KH], p[IK_CONV_OW], ik_lines_of(p, p[IK_CONV_KC])};
  int32_t *words = (int32_t *)(((uintptr_t)buf[4] + 63) & ~(uintptr_t)63), offsets[IK_QDWCONV_TAPS], ones[IK_QDWCONV_TAPS], weights[IK_QDWCONV_TAPS];
  ik_qdw_planes planes;
  ik_qdw_steps(offsets, ones, p, &d);
#if IK_QDW_ROWS
  planes.isSmall = p[IK_CONV_KC] >= p[IK_CONV_OH] && ik_qdw_windows(planes.windows, p, (uint8_t)q[IK_Q_X_ZERO] ^ ik_qflip(q));
#else
  planes.isSmall = 0;
#endif
  const int64_t oh = p[IK_CONV_OH], band = p[IK_CONV_KC], bands = (oh + band - 1) / band, channels = p[IK_CONV_G] * p[IK_CONV_OC];
  const int64_t plane = p[IK_CONV_IH] * p[IK_CONV_IW], shift = q[IK_Q_W_UNSIGNED] ? 128 : 0;
  const uint32_t xZero = (uint32_t)(q[IK_Q_X_ZERO] + ik_qshift(q));
  const uint8_t *end = x + p[IK_CONV_N] * p[IK_CONV_G] * plane;
  ik_range range = ik_share(p[IK_CONV_N] * channels * bands, worker, workers);
  int64_t o = range.begin / bands, channel = o % channels, h0 = range.begin % bands * band;
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    const int64_t h1 = h0 + band < oh ? h0 + band : oh;
    const uint8_t *from = x + (p[IK_CONV_OC] == 1 ? o : o / p[IK_CONV_OC]) * plane;
    const uint32_t zero = (uint32_t)(table[IK_QTABLE_ZERO * channels + channel] - shift), sum = ik_qdw_weights(weights, w + channel * taps, p, &d);
    const ik_qdw_channel c = {offsets, ones, weights, (int32_t)((uint32_t)table[channel] - xZero * sum + zero * xZero * (uint32_t)taps), (int32_t)zero,
                              ik_splat16(ik_f32(table[IK_QTABLE_MULTIPLIER * channels + channel]))};
    ik_qdw_band((uint8_t *)buf[3] + (o * oh + h0) * d.ow, words, from, end, p, &d, h0, h1, &c, &planes);
    h0 = h1;
    if (h0 == oh)
      h0 = 0, ++o, channel = channel + 1 == channels ? 0 : channel + 1;
  }
}
