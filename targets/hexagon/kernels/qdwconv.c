/* ik_qdwconv with HVX: the lines hold x - xZero in 16 bits, 64 columns times one weight in 32-bit sums at once. Same parameters, operands and
 * results as targets/common/ukernels/qdwconv.c, which the level without HVX compiles. Scratch: [rows in][sw][width] of 16 bits, in half of
 * the room that f32 lines take. Parallel units: (n, channel, band). */
#if !defined(__HVX__)
#include "targets/common/ukernels/qdwconv.c"
#else
#include "targets/hexagon/kernels/hvx.h"

typedef struct { int32_t kh, kw, sh, sw, dh, dw, ih, iw, oh, ow, ph, pw, width; } hx_dw;
typedef struct { const uint8_t *begin, *end; int32_t zero; int64_t isUnsigned; } hx_source;

/* 128 bytes at p as 16-bit numbers less the zero, columns 0..63 and 64..127; only bytes of x are read. */
IK_INLINE HVX_VectorPair hx_widen(const uint8_t *p, const hx_source *x) {
  HVX_Vector v;
  if (p >= x->begin && p + 128 <= x->end) {
    v = hx_load(p);
  } else {
    union { HVX_Vector v; uint8_t b[128]; } t = {Q6_V_vzero()};
    for (int32_t i = 0; i < 128; ++i)
      if (p + i >= x->begin && p + i < x->end)
        t.b[i] = p[i];
    v = t.v;
  }
  HVX_VectorPair w = x->isUnsigned ? Q6_Wuh_vunpack_Vub(v) : Q6_Wh_vunpack_Vb(v);
  const HVX_Vector zero = Q6_Vh_vsplat_R(x->zero);
  return Q6_W_vcombine_VV(Q6_Vh_vsub_VhVh(Q6_V_hi_W(w), zero), Q6_Vh_vsub_VhVh(Q6_V_lo_W(w), zero));
}

/* Columns [low, high) of phase f of a line; at + j * sw is where column j lies in the row. */
static void hx_columns(int16_t *line, const uint8_t *row, int32_t low, int32_t high, int32_t step, const hx_source *x) {
  if (step > 2) {
    for (int32_t j = low; j < high; ++j)
      line[j] = (int16_t)((x->isUnsigned ? (int32_t)row[j * step] : (int32_t)(int8_t)row[j * step]) - x->zero);
    return;
  }
  for (int32_t j = low; j < high;) {
    HVX_VectorPair w = hx_widen(row + j * step, x);
    HVX_Vector v = Q6_V_lo_W(w);
    if (step == 2)
      v = Q6_Vh_vpacke_VwVw(Q6_V_hi_W(w), Q6_V_lo_W(w));
    int32_t n = high - j < 64 ? high - j : 64;
    hx_store((uint8_t *)(line + j), v, 2 * n);
    j += n;
  }
}

/* line // [sw][width]; zeros outside the input. `row` is null for a line of padding. */
static void hx_line(int16_t *line, const uint8_t *row, const hx_dw *d, const hx_source *x) {
  for (int32_t f = 0; f < d->sw; ++f, line += d->width) {
    int32_t low = (d->pw - f + d->sw - 1) / d->sw, high = (d->iw + d->pw - f + d->sw - 1) / d->sw;
    low = !row ? d->width : low < 0 ? 0 : low > d->width ? d->width : low;
    high = high < low ? low : high > d->width ? d->width : high;
    for (int32_t j = 0; j < low; ++j)
      line[j] = 0;
    if (low < high)
      hx_columns(line, row + f - d->pw, low, high, d->sw, x);
    for (int32_t j = high; j < d->width; ++j)
      line[j] = 0;
  }
}

/* 64 sums of output columns from `in`, the first tap's column: even ones in the low vector. Reads past a line stay in the scratch. */
IK_INLINE HVX_VectorPair hx_taps(const int16_t *in, const int32_t *w, const hx_dw *d) {
  HVX_VectorPair sum = Q6_W_vcombine_VV(Q6_V_vzero(), Q6_V_vzero());
  for (int32_t kh = 0; kh < d->kh; ++kh) {
    const int16_t *row = in + kh * d->dh * d->sw * d->width;
    for (int32_t kw = 0, phase = 0, column = 0; kw < d->kw; ++kw) {
      sum = Q6_Ww_vmpyacc_WwVhRh(sum, hx_load(row + phase * d->width + column), *w++);
      for (phase += d->dw; phase >= d->sw; phase -= d->sw)
        ++column;
    }
  }
  return sum;
}

typedef struct { int32_t bias, bits, zero; int64_t isUnsigned; } hx_channel;

static void hx_rows(const int16_t *lines, const int32_t *w, uint8_t *y, int32_t rows, const hx_dw *d, hx_channel c) {
  for (int32_t r = 0; r < rows; ++r, lines += d->sh * d->sw * d->width, y += d->ow)
    for (int32_t i = 0; i < d->ow; i += 64) {
      HVX_VectorPair sum = hx_taps(lines + i, w, d);
      hx_w even = hx_requantize((hx_w)Q6_V_lo_W(sum) + c.bias, hx_splat(c.bits), hx_is_plain(c.bits), c.zero, c.isUnsigned);
      hx_w odd = hx_requantize((hx_w)Q6_V_hi_W(sum) + c.bias, hx_splat(c.bits), hx_is_plain(c.bits), c.zero, c.isUnsigned);
      HVX_Vector halves = Q6_Vh_vsat_VwVw((HVX_Vector)odd, (HVX_Vector)even);
      hx_store(y + i, hx_bytes(halves, halves, c.isUnsigned), d->ow - i < 64 ? d->ow - i : 64);
    }
}

IK_KERNEL(ik_qdwconv) {
  const int64_t *q = p + IK_CONV_COUNT;
  const int32_t *table = buf[2];
  const hx_dw d = {(int32_t)p[IK_CONV_KH], (int32_t)p[IK_CONV_KW], (int32_t)p[IK_CONV_SH], (int32_t)p[IK_CONV_SW], (int32_t)p[IK_CONV_DH],
                   (int32_t)p[IK_CONV_DW], (int32_t)p[IK_CONV_IH], (int32_t)p[IK_CONV_IW], (int32_t)p[IK_CONV_OH], (int32_t)p[IK_CONV_OW],
                   (int32_t)p[IK_CONV_PH], (int32_t)p[IK_CONV_PW],
                   (int32_t)IK_DWCONV_WIDTH(p[IK_CONV_OW], p[IK_CONV_KW], p[IK_CONV_DW], p[IK_CONV_SW])};
  const int32_t inputs = (int32_t)p[IK_CONV_G], each = (int32_t)p[IK_CONV_OC], channels = inputs * each, band = (int32_t)p[IK_CONV_KC];
  const int32_t bands = (d.oh + band - 1) / band, plane = d.ih * d.iw, taps = d.kh * d.kw;
  const hx_source x = {buf[0], (const uint8_t *)buf[0] + (int32_t)p[IK_CONV_N] * inputs * plane, (int32_t)q[IK_Q_X_ZERO], q[IK_Q_X_UNSIGNED]};
  int16_t *lines = (int16_t *)(((uintptr_t)buf[4] + 63) & ~(uintptr_t)63);
  int32_t weights[IK_QDWCONV_TAPS];
  ik_range range = ik_share(p[IK_CONV_N] * channels * bands, worker, workers);
  for (int32_t unit = (int32_t)range.begin; unit < (int32_t)range.end; ++unit) {
    const int32_t h0 = unit % bands * band, h1 = h0 + band < d.oh ? h0 + band : d.oh, o = unit / bands, channel = o % channels;
    const int32_t first = h0 * d.sh - d.ph, count = (h1 - h0 - 1) * d.sh + (d.kh - 1) * d.dh + 1;
    for (int32_t r = 0; r < count; ++r) {
      int32_t h = first + r;
      hx_line(lines + r * d.sw * d.width, h >= 0 && h < d.ih ? x.begin + o / each * plane + h * d.iw : 0, &d, &x);
    }
    for (int32_t k = 0; k < taps; ++k) {
      int32_t w = ik_byte(buf[1], channel * taps + k, q[IK_Q_W_UNSIGNED]) - table[IK_QTABLE_ZERO * channels + channel];
      weights[k] = (w & 0xffff) | (int32_t)((uint32_t)w << 16);
    }
    const hx_channel c = {table[channel], table[IK_QTABLE_MULTIPLIER * channels + channel], (int32_t)q[IK_Q_Y_ZERO], q[IK_Q_Y_UNSIGNED]};
    hx_rows(lines, weights, (uint8_t *)buf[3] + (o * d.oh + h0) * d.ow, h1 - h0, &d, c);
  }
}
#endif
