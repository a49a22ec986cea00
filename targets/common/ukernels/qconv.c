/* ik_qconv: quantised convolution with constant weights and scales: acc = sum (x - xZero) (w - wZero[o]) + bias[o], exact; requantised
 * by requantize.h. Works as conv.c does: tiles of 48 pixels packed in scratch, panels of 8 output channels. The dot product is
 * the ISA's: vpdpbusd (unsigned activations), sdot (signed ones), pmaddwd on 16 bits, or plain C; integer sums are exact, so all agree.
 * With s = sum x' w over shifted activations x' = x + shift and z' = xZero + shift:
 * acc = s - z' sum(w) - wZero (sum(x') - K z') + bias. Parameters in quant.h. Parallel units: (n, g, tile, panel). */
#include "targets/common/ukernels/dot.h"
#include "targets/common/ukernels/quant.h"
#include "targets/common/ukernels/requantize.h"

#define IK_QTILE(R, V)                                                                                                        \
  IK_INLINE void ik_qtile_##R##x##V(int32_t *c, const int32_t *w, const int32_t *x, int64_t steps) {                          \
    ik_i32x16 a[R][V], b[V];                                                                                                  \
    IK_UNROLL for (int r = 0; r < R; ++r)                                                                                     \
      IK_UNROLL for (int v = 0; v < V; ++v) a[r][v] = (ik_i32x16)0;                                                           \
    for (int64_t k = 0; k < steps; ++k, w += 8, x += 48) {                                                                    \
      IK_UNROLL for (int v = 0; v < V; ++v) b[v] = *(const ik_i32x16u *)(x + v * 16);                                         \
      IK_UNROLL for (int r = 0; r < R; ++r)                                                                                   \
        IK_UNROLL for (int v = 0; v < V; ++v) a[r][v] = ik_dot16(a[r][v], b[v], w[r]);                                        \
    }                                                                                                                         \
    IK_UNROLL for (int r = 0; r < R; ++r)                                                                                     \
      IK_UNROLL for (int v = 0; v < V; ++v) *(ik_i32x16u *)(c + r * 48 + v * 16) = a[r][v];                                   \
  }
#if defined(__AVX512F__)
IK_QTILE(8, 3)
#else
IK_QTILE(4, 1)
#endif


/* c // [8][48]; vecs <= 3. */
static void ik_qtile(int32_t *c, const int32_t *w, const int32_t *x, int64_t steps, int64_t vecs) {
#if defined(__AVX512F__)
  (void)vecs;
  ik_qtile_8x3(c, w, x, steps);
#else
  for (int64_t v = 0; v < vecs; ++v)
    for (int64_t r = 0; r < 8; r += 4)
      ik_qtile_4x1(c + r * 48 + v * 16, w + r, x + v * 16, steps);
#endif
}

/* 48 bytes of one im2col row for pixels [first, first + count); places outside the input give `border`. */
static void ik_qconv_row(uint8_t *out, const uint8_t *x, const uint8_t *end, const int64_t *p, int64_t k, int64_t first, int64_t count, uint8_t border) {
  const int64_t taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], iw = p[IK_CONV_IW], ow = p[IK_CONV_OW], sw = p[IK_CONV_SW];
  const int64_t kd = k / (p[IK_CONV_KW] * p[IK_CONV_KH]) % p[IK_CONV_KD], kh = k / p[IK_CONV_KW] % p[IK_CONV_KH], kw = k % p[IK_CONV_KW];
  x += k / taps * p[IK_CONV_ID] * p[IK_CONV_IH] * iw;
  for (int64_t i = 0; i < count;) {
    int64_t line = (first + i) / ow, column = (first + i) % ow, n = ow - column < count - i ? ow - column : count - i;
    int64_t d = line / p[IK_CONV_OH] * p[IK_CONV_SD] - p[IK_CONV_PD] + kd * p[IK_CONV_DD];
    int64_t h = line % p[IK_CONV_OH] * p[IK_CONV_SH] - p[IK_CONV_PH] + kh * p[IK_CONV_DH], w = column * sw - p[IK_CONV_PW] + kw * p[IK_CONV_DW];
    const uint8_t *row = x + (d * p[IK_CONV_IH] + h) * iw;
    int inside = d >= 0 && h >= 0 && d < p[IK_CONV_ID] && h < p[IK_CONV_IH];
    if (inside && sw == 1 && w >= 0 && row + w + 48 <= end) {
      for (int v = 0; v < 3; ++v)
        *(ik_u8x16u *)(out + i + v * 16) = *(const ik_u8x16u *)(row + w + v * 16);
      for (int64_t j = iw - w < n ? (iw - w > 0 ? iw - w : 0) : n; j < n; ++j)
        out[i + j] = border;
    } else {
      for (int64_t j = 0; j < n; ++j) {
        int64_t at = w + j * sw;
        out[i + j] = inside && at >= 0 && at < iw ? row[at] : border;
      }
    }
    i += n;
  }
}

/* 16 pixels of 4 rows (128 bytes apart) to their places in one quad of the tile. Little-endian: byte r of a lane is row r. */
IK_INLINE void ik_qconv_interleave(ik_lane *tile, const uint8_t *rows, int i, uint8_t flip) {
  ik_i32x16 v[4];
  for (int r = 0; r < 4; ++r)
    v[r] = __builtin_convertvector(*(const ik_u8x16u *)(rows + r * 128) ^ (ik_u8x16)flip, ik_i32x16);
  int32_t *to = (int32_t *)tile + i;
#if IK_DOT == 4
  *(ik_i32x16u *)to = v[0] | (v[1] << 8) | (v[2] << 16) | (v[3] << 24);
#else
  *(ik_i32x16u *)to = v[0] | (v[1] << 16);
  *(ik_i32x16u *)(to + 48) = v[2] | (v[3] << 16);
#endif
}

/* tile // [steps][48][IK_DOT] from rows of x, shifted to the type the dot product takes. `rows` is room for [4][128] bytes. */
static void ik_qconv_pack(ik_lane *tile, uint8_t *rows, const uint8_t *x, const uint8_t *end, const int64_t *p, int64_t first, int64_t count) {
  const int64_t *q = p + IK_CONV_COUNT;
  const int64_t depth = p[IK_CONV_IC] * p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW];
  const uint8_t flip = (q[IK_Q_X_UNSIGNED] != 0) == IK_SIGNED_X ? 0x80 : 0;
  for (int64_t k = 0; k < depth; k += 4, tile += 48 * 4) {
    for (int64_t r = 0; r < 4; ++r)
      if (k + r < depth)
        ik_qconv_row(rows + r * 128, x, end, p, k + r, first, count, (uint8_t)q[IK_Q_X_ZERO]);
      else
        for (int i = 0; i < 48; ++i)
          rows[r * 128 + i] = flip;
    for (int i = 0; i < 48; i += 16)
      ik_qconv_interleave(tile, rows + i, i, flip);
  }
}

/* The panel for the dot product: packed bytes in place, or widened to 16 bits. w // [K/4][8][4]. */
static const int32_t *ik_qconv_weights(const int8_t *w, int16_t *room, int64_t quads) {
#if IK_DOT == 4
  (void)room, (void)quads;
  return (const int32_t *)w;
#else
  for (int64_t k = 0; k < quads; ++k)
    for (int half = 0; half < 2; ++half)
      for (int r = 0; r < 16; ++r)
        room[(k * 2 + half) * 16 + r] = w[k * 32 + r / 2 * 4 + half * 2 + r % 2];
  return (const int32_t *)room;
#endif
}

typedef struct { const int32_t *table; int64_t channels, xZero, depth; } ik_qterms;

/* y // 8 rows of `area` bytes at most. */
static void ik_qconv_finish(const int32_t *c, const int32_t *sums, uint8_t *y, int64_t o, int64_t rows, int64_t count, int64_t area, ik_qterms t,
                            const int64_t *q) {
  for (int64_t r = 0; r < rows; ++r, ++o, c += 48, y += area) {
    const int32_t *table = t.table + o;
    uint32_t zero = (uint32_t)table[IK_QTABLE_ZERO * t.channels], xZero = (uint32_t)t.xZero;
    uint32_t constant = (uint32_t)table[0] - xZero * (uint32_t)table[IK_QTABLE_SUM * t.channels] + zero * xZero * (uint32_t)t.depth;
    ik_f32x16 m = ik_splat16(ik_f32(table[IK_QTABLE_MULTIPLIER * t.channels]));
    for (int64_t i = 0; i < count; i += 16) {
      ik_i32x16 v = *(const ik_i32x16u *)(c + i) + (int32_t)constant;
      if (q[IK_Q_W_ZEROS])
        v = v - *(const ik_i32x16u *)(sums + i) * (int32_t)zero;
      ik_store_bytes(y + i, ik_requantize16(v, m, q[IK_Q_Y_ZERO], q[IK_Q_Y_UNSIGNED]), count - i);
    }
  }
}

IK_KERNEL(ik_qconv) {
  const uint8_t *x = buf[0];
  const int8_t *w = buf[1];
  const int64_t *q = p + IK_CONV_COUNT;
  uint8_t *y = buf[3];
  const int64_t plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW], area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW];
  const int64_t depth = p[IK_CONV_IC] * p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], quads = (depth + 3) / 4;
  const int64_t oc = p[IK_CONV_OC], panels = (oc + 7) / 8, vectors = (area + 15) / 16, tiles = (vectors + 2) / 3;
  const int64_t shift = q[IK_Q_X_UNSIGNED] ? (IK_SIGNED_X ? -128 : 0) : (IK_SIGNED_X ? 0 : 128);
  const ik_qterms terms = {buf[2], p[IK_CONV_G] * oc, q[IK_Q_X_ZERO] + shift, depth};
  ik_lane *tile = (ik_lane *)(((uintptr_t)buf[4] + 63) & ~(uintptr_t)63);
  int16_t *room = (int16_t *)tile + quads * 4 * 48;
  int32_t *c = (int32_t *)(room + quads * 4 * 8), *sums = c + 8 * 48;
  uint8_t *rows = (uint8_t *)(sums + 48);
  const uint8_t *end = x + p[IK_CONV_N] * p[IK_CONV_G] * p[IK_CONV_IC] * plane;
  ik_range range = ik_share(p[IK_CONV_N] * p[IK_CONV_G] * tiles * panels, worker, workers);
  for (int64_t unit = range.begin; unit < range.end;) {
    int64_t panel0 = unit % panels, t = unit / panels % tiles, ng = unit / (panels * tiles), g = ng % p[IK_CONV_G];
    int64_t panel1 = panel0 + range.end - unit < panels ? panel0 + range.end - unit : panels;
    int64_t v0 = t * vectors / tiles, vecs = (t + 1) * vectors / tiles - v0, first = v0 * 16;
    int64_t count = first + vecs * 16 <= area ? vecs * 16 : area - first;
    ik_qconv_pack(tile, rows, x + ng * p[IK_CONV_IC] * plane, end, p, first, count);
    for (int64_t v = 0; v < vecs && q[IK_Q_W_ZEROS]; ++v) {
      ik_i32x16 a = (ik_i32x16)0;
      for (int64_t k = 0; k < quads * 4 / IK_DOT; ++k)
        a = ik_dot16(a, *(const ik_i32x16u *)((const int32_t *)tile + k * 48 + v * 16), IK_DOT == 4 ? 0x01010101 : 0x00010001);
      *(ik_i32x16u *)(sums + v * 16) = a;
    }
    for (int64_t panel = panel0; panel < panel1; ++panel) {
      int64_t o = g * oc + panel * 8;
      const int32_t *weights = ik_qconv_weights(w + (g * panels + panel) * quads * 32, room, quads);
      ik_qtile(c, weights, (const int32_t *)tile, quads * 4 / IK_DOT, vecs);
      ik_qconv_finish(c, sums, y + ((ng - g) * oc + o) * area + first, o, oc - panel * 8 < 8 ? oc - panel * 8 : 8, count, area, terms, q);
    }
    unit += panel1 - panel0;
  }
}
