/* ik_qconvlines: ik_qconv (qconv.c) over lines as convlines.c does it: a band of input lines is copied into scratch once, as words of 4
 * channels (2 where the dot product takes 16 bits) shifted to what the dot product wants, with the padding written out; then every tap is a
 * plain load. w is [G][panels][ceil(IC/4)][taps][8][4]. The integer sums are exact, so the result is that of ik_qconv. Parameters in
 * quant.h. Parallel units: (n, g, band, panel). */
#include "targets/common/ukernels/qbands.h"
#include "targets/common/ukernels/qtile.h"
#include "targets/common/ukernels/slices.h"

/* c // [8][48] = sums over the walk for the places from x; w // [channels][taps][8]. */
#define IK_QLINE_TILE(R, V, E)                                                                                                \
  IK_INLINE void ik_qline_tile_##R##x##V##_##E(int32_t *c, const int32_t *w, int64_t step, const int32_t *x, const ik_walk *walk, \
                                               const ik_qstore *store) {                                                      \
    ik_i32x8 one = (ik_i32x8)0;                                                                                               \
    ik_i32x16 a[R][V], b[V];                                                                                                  \
    IK_UNROLL for (int r = 0; r < R; ++r) IK_UNROLL for (int v = 0; v < V; ++v) a[r][v] = (ik_i32x16)0;                       \
    for (int64_t channel = 0; channel < walk->channels; ++channel, x += walk->next)                                          \
      for (int64_t t = 0; t < walk->taps; ++t, w += step) {                                                                   \
        const int32_t *from = x + walk->offsets[t];                                                                           \
        ik_qfetch(w, R);                                                                                                      \
        IK_UNROLL for (int v = 0; v < V; ++v) b[v] = *(const ik_i32x16u *)(from + v * 16);                                    \
        IK_UNROLL for (int r = 0; r < R; ++r) IK_UNROLL for (int v = 0; v < V; ++v) a[r][v] = ik_dot16(a[r][v], b[v], (ik_i32x16)w[r]); \
        if (E)                                                                                                                \
          one = ik_dot8(one, from[V * 16], w);                                                                                \
      }                                                                                                                       \
    (void)store, (void)one;                                                                                                   \
    IK_QTILE_END(R, V, E)                                                                                                     \
  }
IK_QLINE_TILE(1, 1, 0)
IK_QLINE_TILE(4, 1, 0)
#if defined(__AVX512F__)
IK_QLINE_TILE(4, 3, 0)
IK_QLINE_TILE(8, 1, 0)
IK_QLINE_TILE(8, 2, 0)
IK_QLINE_TILE(8, 3, 0)
IK_QLINE_TILE(8, 3, 1)
#endif

/* `rows` <= 8 and `vecs` <= 3 of the above; more rows than asked for may be written. With `store` their bytes; four `vecs` are 48 places and one more. */
static void ik_qline_tile(int32_t *c, const int32_t *w, const int32_t *x, const ik_walk *walk, int64_t rows, int64_t vecs, const ik_qstore *store) {
#if defined(__AVX512F__)
  if (vecs == 4) {
    ik_qline_tile_8x3_1(c, w, 8, x, walk, store);
    return;
  }
  if (rows > 4 || vecs == 3) {
    if (vecs == 1)
      ik_qline_tile_8x1_0(c, w, 8, x, walk, store);
    else if (vecs == 2)
      ik_qline_tile_8x2_0(c, w, 8, x, walk, store);
    else if (rows > 4)
      ik_qline_tile_8x3_0(c, w, 8, x, walk, store);
    else
      ik_qline_tile_4x3_0(c, w, 8, x, walk, store);
    return;
  }
#endif
  for (int64_t v = 0; v < vecs; ++v)
    for (int64_t r = 0; r < rows; r += 4)
      ik_qline_tile_4x1_0(c + r * 48 + v * 16, w + r, 8, x + v * 16, walk, store);
}

/* The geometry of lines (lines.h), and of gapless ones: a copy of each line for every tap of a row, OW places from line to line. */
static ik_lines ik_qlines_of(const int64_t *p) {
  ik_lines l = ik_lines_of(p, p[IK_CONV_KC]);
  if (p[IK_CONV_COUNT + IK_Q_GAPLESS]) {
    l.pitch = p[IK_CONV_OW], l.phasesW = p[IK_CONV_KW];
    l.channel = l.phasesH * l.phasesW * l.lines * l.pitch;
  }
  return l;
}
static void ik_qlines_offsets(int32_t *offsets, const int64_t *p, const ik_lines *l) {
  if (!p[IK_CONV_COUNT + IK_Q_GAPLESS]) {
    ik_lines_offsets(offsets, p, l);
    return;
  }
  for (int64_t kh = 0; kh < p[IK_CONV_KH]; ++kh)
    for (int64_t kw = 0; kw < p[IK_CONV_KW]; ++kw) {
      int64_t a = kh * p[IK_CONV_DH], copy = a % p[IK_CONV_SH] * l->phasesW + kw;
      *offsets++ = (int32_t)((copy * l->lines + a / p[IK_CONV_SH]) * l->pitch);
    }
}

#if IK_DOT == 2
/* A panel in 16-bit words: room // [channels / 2][taps][8][2], w // [channels / 4][taps][8][4]. */
static void ik_qlines_widen(int16_t *room, const int8_t *w, int64_t quads, int64_t taps) {
  for (int64_t c = 0; c < quads; ++c)
    for (int64_t half = 0; half < 2; ++half)
      for (int64_t t = 0; t < taps; ++t)
        for (int r = 0; r < 16; ++r)
          *room++ = w[((c * taps + t) * 8 + r / 2) * 4 + half * 2 + r % 2];
}
#endif

/* Places of the band whose first row is y's and whose outputs are `size`, `pitch` from row to row. */
typedef struct { uint8_t *y; int64_t pitch, size; } ik_qband;

/* Bytes // [8][48] of the places [first, first + count) of a band to their rows. What whole vectors write past a row is written again by what
 * follows; nothing is past the band. */
static void ik_qlines_spread(const uint8_t *bytes, ik_qband to, int64_t rows, int64_t first, int64_t count, const int64_t *p) {
  const int64_t ow = p[IK_CONV_OW], area = p[IK_CONV_OH] * ow;
  for (int64_t i = 0; i < count;) {
    const int64_t h = (first + i) / to.pitch, w = (first + i) % to.pitch, left = ow - w < count - i ? ow - w : count - i, at = h * ow + w;
    for (int64_t j = 0; j < left; j += 16)
      if (at + j + 16 <= to.size)
        for (int64_t r = 0; r < rows; ++r)
          *(ik_u8x16u *)(to.y + r * area + at + j) = *(const ik_u8x16u *)(bytes + r * 48 + i + j);
      else
        for (int64_t r = 0; r < rows; ++r)
          ik_store_part_bytes(to.y + r * area + at + j, *(const ik_u8x16u *)(bytes + r * 48 + i + j), left - j);
    i += to.pitch - w;
  }
}

/* A tile of `rows` channels from o and the places [first, first + count) of the band. `room` // i32 [8][48] sums, sums of pixels behind them. */
static void ik_qlines_tile(int32_t *room, const int32_t *w, const int32_t *x, const ik_walk *walk, ik_qband to, int64_t o, int64_t rows, int64_t first,
                           int64_t count, ik_qterms t, const int64_t *p) {
  const int64_t *q = p + IK_CONV_COUNT;
  const int64_t vecs = (count + 15) / 16, isSpread = to.pitch != p[IK_CONV_OW], area = isSpread ? 48 : p[IK_CONV_OH] * p[IK_CONV_OW];
  const int64_t written = isSpread ? vecs * 16 : count;
  uint8_t bytes[8 * 48 + 16], *y = isSpread ? bytes : to.y + first;
  if (vecs == 4 || ik_qtile_stores(rows, written, vecs, q)) {
    const ik_qstore store = ik_qstore_of(y, area, o, t, q);
    ik_qline_tile(room, w, x, walk, rows, vecs, &store);
  } else {
    ik_qline_tile(room, w, x, walk, rows, vecs, 0);
    ik_qconv_finish(room, room + 8 * 48, y, o, rows, written, area, t, q);
  }
  if (isSpread)
    ik_qlines_spread(bytes, to, rows, first, count, p);
}

IK_KERNEL(ik_qconvlines) {
  const uint8_t *x = buf[0];
  const int8_t *w = buf[1];
  const int64_t *q = p + IK_CONV_COUNT;
  uint8_t *y = buf[3];
  const ik_lines l = ik_qlines_of(p);
  int32_t offsets[IK_CONVLINES_TAPS];
  ik_qlines_offsets(offsets, p, &l);
  const int64_t taps = p[IK_CONV_KH] * p[IK_CONV_KW], quads = (p[IK_CONV_IC] + 3) / 4, oc = p[IK_CONV_OC], panels = (oc + 7) / 8, band = p[IK_CONV_KC];
  const ik_walk walk = {offsets, taps, quads * 4 / IK_DOT, l.channel};
  int32_t *words = (int32_t *)(((uintptr_t)buf[4] + 63) & ~(uintptr_t)63), *c = words + walk.channels * l.channel + 16;
  int16_t *room = (int16_t *)(c + 9 * 48);
  int32_t *input = (int32_t *)(room + (IK_DOT == 4 ? 0 : quads * 4 * taps * 8));
  const ik_qterms terms = {buf[2], p[IK_CONV_G] * oc, q[IK_Q_X_ZERO] + ik_qshift(q), p[IK_CONV_IC] * taps};
  const int64_t oh = p[IK_CONV_OH], ow = p[IK_CONV_OW], bands = (oh + band - 1) / band, plane = p[IK_CONV_IC] * p[IK_CONV_IH] * p[IK_CONV_IW];
  const uint8_t *end = x + p[IK_CONV_N] * p[IK_CONV_G] * plane;
  const int32_t ones[4] = {IK_DOT == 4 ? 0x01010101 : 0x00010001, 0, 0, 0};
  ik_range range = ik_share_slices(p[IK_CONV_N] * p[IK_CONV_G], oh, bands, panels, worker, workers);
  for (int64_t unit = range.begin; unit < range.end;) {
    const ik_slice rows = ik_slice_of(oh, bands, unit / panels % bands);
    int64_t panel0 = unit % panels, ng = unit / (panels * bands), g = ng % p[IK_CONV_G];
    int64_t count = panel0 + range.end - unit < panels ? range.end - unit : panels - panel0;
    int64_t places = (rows.count - 1) * l.pitch + ow, plus = l.pitch == ow && ik_qtile_plus(places, oc, q);
    int64_t vectors = plus ? places / 16 : (places + 15) / 16, tiles = (vectors + 2) / 3;
    ik_qlines_pack(words, input, x + ng * plane, end, p, &l, rows.first);
    for (int64_t i = 0; i < tiles * count; ++i) {
      /* 16-bit levels widen a panel once for all tiles, so they go panel by panel. */
      int64_t t = IK_DOT == 4 ? i / count : i % tiles, panel = panel0 + (IK_DOT == 4 ? i % count : i / tiles);
      const ik_slice slice = ik_slice_of(vectors, tiles, t);
      int64_t vecs = slice.count, first = slice.first * 16, o = g * oc + panel * 8, left = oc - panel * 8 < 8 ? oc - panel * 8 : 8;
      const int8_t *from = w + (g * panels + panel) * quads * taps * 32;
      const int32_t *weights = (const int32_t *)from;
#if IK_DOT == 2
      weights = (const int32_t *)room;
      if (t == 0)
        ik_qlines_widen(room, from, quads, taps);
#endif
      for (int64_t v = 0; v < vecs && q[IK_Q_W_ZEROS] && (IK_DOT == 2 || panel == panel0); ++v)
        ik_qline_tile_1x1_0(c + 8 * 48 + v * 16, ones, 0, words + first + v * 16, &walk, 0);
      const ik_qband to = {y + ((ng - g) * oc + o) * oh * ow + rows.first * ow, l.pitch, rows.count * ow};
      ik_qlines_tile(c, weights, words + first, &walk, to, o, left, first,
                     t + 1 < tiles ? vecs * 16 : places - first, terms, p);
    }
    unit += count;
  }
}
