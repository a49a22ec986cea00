/* The loops of qconv.c, qconvbits.c, qconvreal.c and iconv.c: tiles of 48 pixels packed in scratch (qtile.h), panels of 8 output channels // [K/4][8][4] by each.
 * Parallel units: (n, g, tile, panel). */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_QPANELS_H
#define INGOT_TARGETS_COMMON_UKERNELS_QPANELS_H

#include "targets/common/ukernels/qexpand.h"
#include "targets/common/ukernels/qtile.h"
#include "targets/common/ukernels/slices.h"

/* `last`: the words of the one place more of IK_QTILE(R, V, 1). */
#define IK_QTILE(R, V, E)                                                                                                     \
  IK_INLINE void ik_qtile_##R##x##V##_##E(int32_t *c, const int32_t *w, const int32_t *x, int64_t steps, const int32_t *last, const ik_qstore *store) { \
    ik_i32x8 one = (ik_i32x8)0;                                                                                               \
    ik_i32x16 a[R][V], b[V];                                                                                                  \
    IK_UNROLL for (int r = 0; r < R; ++r)                                                                                     \
      IK_UNROLL for (int v = 0; v < V; ++v) a[r][v] = (ik_i32x16)0;                                                           \
    for (int64_t k = 0; k < steps; ++k, w += 8, x += 48) {                                                                    \
      ik_qfetch(w, R);                                                                                                        \
      IK_UNROLL for (int v = 0; v < V; ++v) b[v] = *(const ik_i32x16u *)(x + v * 16);                                         \
      IK_UNROLL for (int r = 0; r < R; ++r)                                                                                   \
        IK_UNROLL for (int v = 0; v < V; ++v) a[r][v] = ik_dot16(a[r][v], b[v], (ik_i32x16)w[r]);                             \
      if (E)                                                                                                                  \
        one = ik_dot8(one, last[k], w);                                                                                       \
    }                                                                                                                         \
    (void)store, (void)last, (void)one;                                                                                       \
    IK_QTILE_END(R, V, E)                                                                                                     \
  }
#if defined(__AVX512F__)
IK_QTILE(8, 1, 0)
IK_QTILE(8, 2, 0)
IK_QTILE(8, 3, 0)
IK_QTILE(8, 3, 1)
#elif defined(__ARM_FEATURE_DOTPROD)
/* The weights of four rows in one load, multiplied lane by lane. */
IK_INLINE void ik_qtile_4x1_0(int32_t *c, const int32_t *w, const int32_t *x, int64_t steps, const int32_t *last, const ik_qstore *store) {
  (void)last, (void)store;
  int32x4_t a[4][4];
  int8x16_t b[4];
  IK_UNROLL for (int r = 0; r < 4; ++r) IK_UNROLL for (int v = 0; v < 4; ++v) a[r][v] = vdupq_n_s32(0);
  IK_BY_FOUR for (int64_t k = 0; k < steps; ++k, w += 8, x += 48) {
    const int8x16_t f = vreinterpretq_s8_s32(vld1q_s32(w));
    IK_UNROLL for (int v = 0; v < 4; ++v) b[v] = vreinterpretq_s8_s32(vld1q_s32(x + v * 4));
    IK_UNROLL for (int v = 0; v < 4; ++v) a[0][v] = vdotq_laneq_s32(a[0][v], b[v], f, 0);
    IK_UNROLL for (int v = 0; v < 4; ++v) a[1][v] = vdotq_laneq_s32(a[1][v], b[v], f, 1);
    IK_UNROLL for (int v = 0; v < 4; ++v) a[2][v] = vdotq_laneq_s32(a[2][v], b[v], f, 2);
    IK_UNROLL for (int v = 0; v < 4; ++v) a[3][v] = vdotq_laneq_s32(a[3][v], b[v], f, 3);
  }
  IK_UNROLL for (int r = 0; r < 4; ++r) IK_UNROLL for (int v = 0; v < 4; ++v) vst1q_s32(c + r * 48 + v * 4, a[r][v]);
}
#else
IK_QTILE(4, 1, 0)
#endif

/* c // [8][48], or with `store` its bytes; vecs <= 3. With `last` 48 places and one more. */
static void ik_qtile(int32_t *c, const int32_t *w, const int32_t *x, int64_t steps, int64_t vecs, const int32_t *last, const ik_qstore *store) {
#if defined(__AVX512F__)
  if (last)
    ik_qtile_8x3_1(c, w, x, steps, last, store);
  else if (vecs == 1)
    ik_qtile_8x1_0(c, w, x, steps, last, store);
  else if (vecs == 2)
    ik_qtile_8x2_0(c, w, x, steps, last, store);
  else
    ik_qtile_8x3_0(c, w, x, steps, last, store);
#else
  for (int64_t v = 0; v < vecs; ++v)
    for (int64_t r = 0; r < 8; r += 4)
      ik_qtile_4x1_0(c + r * 48 + v * 16, w + r, x + v * 16, steps, last, store);
#endif
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
        room[(k * 2 + half) * 16 + r] = w[k * 32 + r / 2 * 4 + half + r % 2 * 2];
  return (const int32_t *)room;
#endif
}

/* Float results: y // 8 rows of `area` at most = act(fma(acc, factor, shift)). */
__attribute__((unused)) static void ik_qconv_finish_real(const int32_t *c, const int32_t *sums, float *y, int64_t o, int64_t rows, int64_t count, int64_t area,
                                                         ik_qterms t, const int64_t *p) {
  const ik_epilogue e = {p[IK_CONV_ACT], IK_RESIDUAL_NONE, ik_f32(p[IK_CONV_ALPHA]), ik_f32(p[IK_CONV_BETA])};
  for (int64_t r = 0; r < rows; ++r, ++o, c += 48, y += area) {
    const ik_qoutput output = ik_qoutput_of(o, &t);
    ik_f32x16 factor = ik_splat16(ik_f32(t.table[IK_QTABLE_MULTIPLIER * t.channels + o])), shift = ik_splat16(ik_f32(t.table[IK_QTABLE_SHIFT * t.channels + o]));
    for (int64_t i = 0; i < count; i += 16) {
      ik_f32x16 acc = __builtin_convertvector(ik_qoutput16(c + i, sums + i, output, p[IK_CONV_COUNT + IK_Q_W_ZEROS] != 0), ik_f32x16);
      ik_f32x16 v = ik_finish16(ik_fma16(acc, factor, shift), ik_splat16(0.0f), e);
      if (count - i >= 16)
        ik_store16_f32(y + i, v);
      else
        ik_store_part_f32(y + i, v, count - i);
    }
  }
}

/* The sums themselves: y // 8 rows of `area` at most. */
__attribute__((unused)) static void ik_qconv_finish_sums(const int32_t *c, const int32_t *sums, int32_t *y, int64_t o, int64_t rows, int64_t count, int64_t area,
                                                         ik_qterms t, int hasZeros) {
  for (int64_t r = 0; r < rows; ++r, ++o, c += 48, y += area) {
    const ik_qoutput output = ik_qoutput_of(o, &t);
    for (int64_t i = 0; i < count; i += 16) {
      const ik_i32x16 acc = ik_qoutput16(c + i, sums + i, output, hasZeros);
      if (count - i >= 16)
        *(ik_i32x16u *)(y + i) = acc;
      else
        for (int64_t j = i; j < count; ++j)
          y[j] = acc[j - i];
    }
  }
}

/* The words of one pixel // [quads], in the room of a widened panel, which the levels with whole quads do not need. */
static const int32_t *ik_qconv_pack_one(int16_t *room, uint8_t *rows, const uint8_t *x, const uint8_t *end, const int64_t *p, int64_t pixel) {
  const int64_t depth = p[IK_CONV_IC] * p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW];
  const uint8_t flip = ik_qflip(p + IK_CONV_COUNT), border = (uint8_t)p[IK_CONV_COUNT + IK_Q_X_ZERO];
  const int isFlat = ik_qconv_is_flat(p);
  uint8_t *to = (uint8_t *)room;
  for (int64_t k = 0; k < (depth + 3) / 4 * 4; ++k)
    if (k < depth && isFlat) {
      to[k] = x[k * plane + pixel] ^ flip;
    } else if (k < depth) {
      ik_qconv_row(rows, x, end, p, k, pixel, 1, border);
      to[k] = rows[0] ^ flip;
    } else {
      to[k] = 0;
    }
  return (const int32_t *)room;
}

enum { IK_QCONV_TO_BYTES, IK_QCONV_TO_REAL, IK_QCONV_TO_SUMS }; /* what ik_qconv_run makes of its sums */
IK_INLINE void ik_qconv_run(void *const *buf, const int64_t *p, int64_t worker, int64_t workers, int isBits, int result) {
  const uint8_t *x = buf[0];
  const int8_t *w = buf[1];
  const int64_t *q = p + IK_CONV_COUNT;
  const int64_t plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW], area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW];
  const int64_t depth = p[IK_CONV_IC] * p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], quads = (depth + 3) / 4;
  const int64_t oc = p[IK_CONV_OC], panels = (oc + 7) / 8, plus = result == IK_QCONV_TO_BYTES && ik_qtile_plus(area, oc, q);
  const int64_t vectors = plus ? area / 16 : (area + 15) / 16, tiles = (vectors + 2) / 3;
  const ik_qterms terms = {buf[2], p[IK_CONV_G] * oc, q[IK_Q_X_ZERO] + ik_qshift(q), depth};
  ik_lane *tile = (ik_lane *)(((uintptr_t)buf[4] + 63) & ~(uintptr_t)63);
  int16_t *room = (int16_t *)tile + quads * 4 * 48;
  int32_t *c = (int32_t *)(room + quads * 4 * 8), *sums = c + 8 * 48;
  uint8_t *rows = (uint8_t *)(sums + 48), *expanded = (uint8_t *)(((uintptr_t)(rows + 4 * 128) + 63) & ~(uintptr_t)63);
  const uint8_t *end = x + p[IK_CONV_N] * p[IK_CONV_G] * p[IK_CONV_IC] * plane;
  ik_range range = ik_share_slices(p[IK_CONV_N] * p[IK_CONV_G], vectors, tiles, panels, worker, workers);
  for (int64_t unit = range.begin; unit < range.end;) {
    int64_t panel0 = unit % panels, t = unit / panels % tiles, ng = unit / (panels * tiles), g = ng % p[IK_CONV_G];
    int64_t panel1 = panel0 + range.end - unit < panels ? panel0 + range.end - unit : panels;
    const ik_slice slice = ik_slice_of(vectors, tiles, t);
    int64_t vecs = slice.count, first = slice.first * 16;
    int64_t count = first + vecs * 16 <= area ? vecs * 16 : area - first;
    ik_qconv_pack(tile, rows, x + ng * p[IK_CONV_IC] * plane, end, p, first, count);
    const int32_t *last = plus && t == tiles - 1 ? ik_qconv_pack_one(room, rows, x + ng * p[IK_CONV_IC] * plane, end, p, area - 1) : 0;
    for (int64_t v = 0; v < vecs && q[IK_Q_W_ZEROS]; ++v) {
      ik_i32x16 a = (ik_i32x16)0;
      for (int64_t k = 0; k < quads * 4 / IK_DOT; ++k)
        a = ik_dot16(a, *(const ik_i32x16u *)((const int32_t *)tile + k * 48 + v * 16), (ik_i32x16)(IK_DOT == 4 ? 0x01010101 : 0x00010001));
      *(ik_i32x16u *)(sums + v * 16) = a;
    }
    for (int64_t panel = panel0; panel < panel1; ++panel) {
      int64_t o = g * oc + panel * 8;
      if (isBits)
        ik_expand_panel(expanded, buf[1], g * panels + panel, p[IK_CONV_G] * panels, IK_BITS_WORDS(quads * 32), q[IK_Q_STORED]);
      const int32_t *weights = ik_qconv_weights(isBits ? (const int8_t *)expanded : w + (g * panels + panel) * quads * 32, room, quads);
      const int64_t at = ((ng - g) * oc + o) * area + first, rows8 = oc - panel * 8 < 8 ? oc - panel * 8 : 8;
      if (result == IK_QCONV_TO_BYTES && ik_qtile_stores(rows8, count, vecs, q)) {
        const ik_qstore store = ik_qstore_of((uint8_t *)buf[3] + at, area, o, terms, q);
        ik_qtile(c, weights, (const int32_t *)tile, quads * 4 / IK_DOT, vecs, last, &store);
        continue;
      }
      ik_qtile(c, weights, (const int32_t *)tile, quads * 4 / IK_DOT, vecs, 0, 0);
      if (result == IK_QCONV_TO_REAL)
        ik_qconv_finish_real(c, sums, (float *)buf[3] + at, o, rows8, count, area, terms, p);
      else if (result == IK_QCONV_TO_SUMS)
        ik_qconv_finish_sums(c, sums, (int32_t *)buf[3] + at, o, rows8, count, area, terms, q[IK_Q_W_ZEROS] != 0);
      else
        ik_qconv_finish(c, sums, (uint8_t *)buf[3] + at, o, rows8, count, area, terms, q);
    }
    unit += panel1 - panel0;
  }
}

#endif
