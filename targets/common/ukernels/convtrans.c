/* ik_convtrans_f32, ik_convtrans_f16: transposed convolution as stride^3 ordinary ones, each over the outputs of one phase and the taps
 * that meet it; geometry in convtrans.h. As in conv.c, pixels go in tiles of 48, channels in panels of 8; an output is one fused
 * multiply-add chain over (ic, kd, kh, kw), the bias is added last. Tiles of one row that meet no padding read the input where it lies
 * (linetile.h), where f32 filters are packed. The phases of W share a tile: with two, an output row is stored in
 * whole vectors. Parallel unit: a tile of one phase of D and H with all its panels. */
#include "targets/common/ukernels/convtrans.h"
#include "targets/common/ukernels/convparts.h"
#include "targets/common/ukernels/linetile.h"

/* A stretch of pixels of one row: place in the tile, input position of the tap with shift 0 (w: before the phase's own), first output. */
typedef struct { int64_t at, count, d, h, w, out; } ik_phase_run;
/* One phase: its axes, its place among the phases and the places of its rows. */
typedef struct { ik_phase axis[3]; int64_t r[3], depth, columns, pixels, tiles; } ik_phases;

static ik_phases ik_phases_of(const int64_t *p, int64_t number) {
  ik_phases s;
  s.r[2] = number % p[IK_CONV_SW];
  s.r[1] = number / p[IK_CONV_SW] % p[IK_CONV_SH];
  s.r[0] = number / p[IK_CONV_SW] / p[IK_CONV_SH];
  s.depth = p[IK_CONV_IC];
  for (int64_t a = 0; a < 3; ++a) {
    s.axis[a] = ik_phase_of(p, a, s.r[a]);
    s.depth *= s.axis[a].taps;
  }
  s.columns = (p[IK_CONV_OW] + p[IK_CONV_SW] - 1) / p[IK_CONV_SW]; /* of the longest phase of W: equal tiles for all */
  s.pixels = s.axis[0].count * s.axis[1].count * s.columns;
  s.tiles = (s.pixels + IK_CONV_TILE - 1) / IK_CONV_TILE;
  return s;
}

static int ik_phase_runs(const int64_t *p, const ik_phases *s, int64_t first, int64_t count, ik_phase_run *runs) {
  int n = 0;
  for (int64_t i = 0; i < count;) {
    int64_t pixel = first + i, w = pixel % s->columns, row = pixel / s->columns;
    int64_t h = row % s->axis[1].count, d = row / s->axis[1].count;
    int64_t left = s->columns - w, c = left < count - i ? left : count - i;
    int64_t od = s->axis[0].first + d * p[IK_CONV_SD], oh = s->axis[1].first + h * p[IK_CONV_SH];
    runs[n++] = (ik_phase_run){i, c, s->axis[0].q + d, s->axis[1].q + h, w, (od * p[IK_CONV_OH] + oh) * p[IK_CONV_OW] + w * p[IK_CONV_SW]};
    i += c;
  }
  return n;
}

/* Tap `t` of an axis reads this far before the phase's position. */
static int64_t ik_phase_shift(const int64_t *p, const ik_phases *s, int axis, int64_t t) {
  return ((s->axis[axis].tap + t * s->axis[axis].step) * p[IK_CONV_DD + axis] - s->r[axis]) / p[IK_CONV_SD + axis];
}

/* Walks (c, td, th, tw): where it is, the shift of each axis's first tap and what every further tap adds. */
typedef struct { int64_t c, t[3], shift[3], by[3]; } ik_phase_taps;

static ik_phase_taps ik_phase_taps_at(const int64_t *p, const ik_phases *s, int64_t k) {
  ik_phase_taps at;
  for (int a = 2; a >= 0; --a) {
    at.t[a] = k % s->axis[a].taps;
    k /= s->axis[a].taps;
    at.shift[a] = ik_phase_shift(p, s, a, 0);
    at.by[a] = s->axis[a].step * p[IK_CONV_DD + a] / p[IK_CONV_SD + a]; /* whole: the step is what makes it so */
  }
  at.c = k;
  return at;
}
/* The shift of the tap that it is at. */
static int64_t ik_phase_tap(const ik_phase_taps *at, int axis) { return at->shift[axis] + at->t[axis] * at->by[axis]; }
static void ik_phase_next(const ik_phases *s, ik_phase_taps *at) {
  for (int a = 2; a >= 0; --a) {
    if (++at->t[a] < s->axis[a].taps)
      return;
    at->t[a] = 0;
  }
  ++at->c;
}

/* Two phases of W with one tap each that reads the same column: one tile serves both. */
static int ik_phases_share(const int64_t *p, const ik_phases *a, const ik_phases *b) {
  return a->axis[2].taps == 1 && b->axis[2].taps == 1 && a->axis[2].q - ik_phase_shift(p, a, 2, 0) == b->axis[2].q - ik_phase_shift(p, b, 2, 0);
}

/* Where the taps of a phase read before its position, offsets // [taps]; 0: too many, or some lie outside of the input for a pixel of the run. */
static int ik_phase_inside(int32_t *offsets, const int64_t *p, const ik_phases *s, const ik_phase_run *run) {
  const int64_t taps = s->axis[0].taps * s->axis[1].taps * s->axis[2].taps;
  if (taps > IK_CONV_ROW_TAPS || p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW] > INT32_MAX)
    return 0;
  ik_phase_taps at = ik_phase_taps_at(p, s, 0);
  for (int64_t i = 0; i < taps; ++i, ik_phase_next(s, &at)) {
    const int64_t dd = ik_phase_tap(&at, 0), dh = ik_phase_tap(&at, 1), dw = ik_phase_tap(&at, 2);
    const int64_t d = run->d - dd, h = run->h - dh, w = s->axis[2].q + run->w - dw;
    if (d < 0 || d >= p[IK_CONV_ID] || h < 0 || h >= p[IK_CONV_IH] || w < 0 || w + run->count > p[IK_CONV_IW])
      return 0;
    offsets[i] = (int32_t)-((dd * p[IK_CONV_IH] + dh) * p[IK_CONV_IW] + dw);
  }
  return 1;
}

/* v[0], w[0], v[1], w[1] .. of two vectors, as the two vectors of 32 outputs. */
IK_INLINE ik_f32x16 ik_zip16_low(ik_f32x16 v, ik_f32x16 w) {
  return __builtin_shufflevector(v, w, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
IK_INLINE ik_f32x16 ik_zip16_high(ik_f32x16 v, ik_f32x16 w) {
  return __builtin_shufflevector(v, w, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

#define IK_CONVTRANS_DEFINE(T, NAME)                                                                                          \
  static void ik_convtrans_zero_##NAME(float *tile, int64_t n) {                                                              \
    for (int64_t i = 0; i < n; ++i)                                                                                           \
      tile[i] = 0.0f;                                                                                                         \
  }                                                                                                                           \
  /* tile // [k1 - k0][48]; x is the group's input, `end` one past the readable one. */                                       \
  static void ik_convtrans_pack_##NAME(float *tile, const T *x, const T *end, const int64_t *p, const ik_phases *s, const ik_phase_run *runs, \
                                       int count, int64_t k0, int64_t k1) {                                                   \
    const ik_phase *aw = &s->axis[2];                                                                                         \
    ik_phase_taps at = ik_phase_taps_at(p, s, k0);                                                                            \
    for (int64_t k = k0; k < k1; ++k, tile += IK_CONV_TILE, ik_phase_next(s, &at)) {                                          \
      const int64_t dd = ik_phase_tap(&at, 0), dh = ik_phase_tap(&at, 1), dw = ik_phase_tap(&at, 2);                          \
      for (int i = 0; i < count; ++i) {                                                                                       \
        int64_t d = runs[i].d - dd, h = runs[i].h - dh;                                                                       \
        if (d < 0 || d >= p[IK_CONV_ID] || h < 0 || h >= p[IK_CONV_IH])                                                       \
          ik_convtrans_zero_##NAME(tile + runs[i].at, runs[i].count);                                                         \
        else                                                                                                                  \
          ik_conv_gather_##NAME(tile + runs[i].at, x + ((at.c * p[IK_CONV_ID] + d) * p[IK_CONV_IH] + h) * p[IK_CONV_IW], \
                                aw->q + runs[i].w - dw, runs[i].count, 1, p[IK_CONV_IW], end);                                \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  /* The f32 panel [k1 - k0][8] of the phase: the packed weights themselves, or a copy in `room`. `w`: the phase's packed filter, or \
   * the whole filter. */                                                                                                     \
  static const float *ik_convtrans_panel_##NAME(float *room, const T *w, const int64_t *p, const ik_phases *s, int64_t g, int64_t panel, \
                                                int64_t k0, int64_t k1) {                                                     \
    const int64_t oc = p[IK_CONV_OC], panels = (oc + 7) / 8, taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW];            \
    const ik_phase *ad = &s->axis[0], *ah = &s->axis[1], *aw = &s->axis[2];                                                   \
    if (p[IK_CONV_PACKED]) {                                                                                                  \
      const T *from = w + ((g * panels + panel) * s->depth + k0) * 8;                                                         \
      if (sizeof(T) == sizeof(float))                                                                                         \
        return (const float *)from;                                                                                           \
      for (int64_t i = 0; i < (k1 - k0) * 8; ++i)                                                                             \
        room[i] = (float)from[i];                                                                                             \
      return room;                                                                                                            \
    }                                                                                                                         \
    for (int64_t k = k0; k < k1; ++k) {                                                                                       \
      int64_t tw = k % aw->taps, th = k / aw->taps % ah->taps, td = k / (aw->taps * ah->taps) % ad->taps;                     \
      int64_t c = k / (aw->taps * ah->taps * ad->taps);                                                                       \
      int64_t at = ((ad->tap + td * ad->step) * p[IK_CONV_KH] + ah->tap + th * ah->step) * p[IK_CONV_KW] + aw->tap + tw * aw->step; \
      for (int64_t r = 0; r < 8; ++r)                                                                                         \
        room[(k - k0) * 8 + r] = panel * 8 + r < oc ? (float)w[((g * p[IK_CONV_IC] + c) * oc + panel * 8 + r) * taps + at] : 0.0f; \
    }                                                                                                                         \
    return room;                                                                                                              \
  }                                                                                                                           \
  /* Stores one channel of a tile of phase `s`. */                                                                            \
  static void ik_convtrans_store_##NAME(T *y, const float *sums, float bias, const int64_t *p, const ik_phases *s, const ik_phase_run *runs, \
                                        int count) {                                                                          \
    const ik_phase *aw = &s->axis[2];                                                                                         \
    for (int i = 0; i < count; ++i) {                                                                                         \
      T *to = y + runs[i].out + aw->first;                                                                                    \
      const float *from = sums + runs[i].at;                                                                                  \
      for (int64_t j = 0; j < runs[i].count && runs[i].w + j < aw->count; ++j)                                                \
        to[j * p[IK_CONV_SW]] = (T)(from[j] + bias);                                                                          \
    }                                                                                                                         \
  }                                                                                                                           \
  /* Stores one channel of a tile whose two phases of W, the even columns' first, lie `apart`. */                             \
  static void ik_convtrans_zip_##NAME(T *y, const float *even, int64_t apart, float bias, const int64_t *p, const ik_phase_run *runs, int count) {\
    const ik_f32x16 b = ik_splat16(bias);                                                                                     \
    for (int i = 0; i < count; ++i) {                                                                                         \
      int64_t left = p[IK_CONV_OW] - runs[i].w * 2 < runs[i].count * 2 ? p[IK_CONV_OW] - runs[i].w * 2 : runs[i].count * 2;   \
      T *to = y + runs[i].out;                                                                                                \
      for (const float *from = even + runs[i].at; left > 0; left -= 32, from += 16, to += 32) {                               \
        ik_f32x16 v = ik_load16_f32(from) + b, w = ik_load16_f32(from + apart) + b, low = ik_zip16_low(v, w), high = ik_zip16_high(v, w);\
        if (left >= 16)                                                                                                       \
          ik_store16_##NAME(to, low);                                                                                         \
        else                                                                                                                  \
          ik_store_part_##NAME(to, low, left);                                                                                \
        if (left >= 32)                                                                                                       \
          ik_store16_##NAME(to + 16, high);                                                                                   \
        else if (left > 16)                                                                                                   \
          ik_store_part_##NAME(to + 16, high, left - 16);                                                                     \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  /* Sums of all panels of one phase for a tile; w: its packed filter, or the whole filter. `packed`: the tile in scratch is that of the \
   * phase before, which serves this one too. */                                                                              \
  static void ik_convtrans_sums_##NAME(float *sums, float *tile, int packed, const T *x, const T *end, const T *w, const int64_t *p, const ik_phases *s, \
                                       int64_t g, const ik_phase_run *runs, int n, int64_t vecs) {                            \
    const int64_t oc = p[IK_CONV_OC], panels = (oc + 7) / 8, kc = p[IK_CONV_KC], step = 8 * IK_CONV_TILE;                     \
    float *room = tile + kc * IK_CONV_TILE + 16;                                                                              \
    if (s->depth == 0)                                                                                                        \
      ik_convtrans_zero_##NAME(sums, panels * step);                                                                          \
    int32_t offsets[IK_CONV_ROW_TAPS];                                                                                        \
    if (s->depth > 0 && sizeof(T) == sizeof(float) && p[IK_CONV_PACKED] && n == 1 && runs->count == vecs * 16 && ik_phase_inside(offsets, p, s, runs)) { \
      const ik_walk walk = {offsets, s->depth / p[IK_CONV_IC], p[IK_CONV_IC], p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW]}; \
      const T *row = x + (runs->d * p[IK_CONV_IH] + runs->h) * p[IK_CONV_IW] + s->axis[2].q + runs->w;                        \
      for (int64_t panel = 0; panel < panels; ++panel)                                                                        \
        ik_line_tile(sums + panel * step, (const float *)(const void *)(w + (g * panels + panel) * s->depth * 8), (const float *)(const void *)row, &walk, \
                     oc - panel * 8 < 8 ? oc - panel * 8 : 8, vecs);                                                          \
      return;                                                                                                                 \
    }                                                                                                                         \
    for (int64_t k0 = 0; k0 < s->depth; k0 += kc) {                                                                           \
      int64_t k1 = k0 + kc < s->depth ? k0 + kc : s->depth;                                                                   \
      if (!packed || s->depth > kc)                                                                                           \
        ik_convtrans_pack_##NAME(tile, x, end, p, s, runs, n, k0, k1);                                                        \
      for (int64_t panel = 0; panel < panels; ++panel) {                                                                      \
        const float *from = ik_convtrans_panel_##NAME(room, w, p, s, g, panel, k0, k1);                                       \
        ik_tile(sums + panel * step, k0 == 0, from, 1, 8, tile, IK_CONV_TILE, 16, k1 - k0, oc - panel * 8 < 8 ? oc - panel * 8 : 8, vecs);\
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  /* Units [begin, end) of the phases of W from `phase`; w: their packed filters, or the whole filter. */                     \
  static void ik_convtrans_row_##NAME(const T *x, const T *w, const T *bias, T *y, float *tile, const int64_t *p, int64_t phase, int64_t begin, \
                                      int64_t end) {                                                                          \
    const int64_t oc = p[IK_CONV_OC], panels = (oc + 7) / 8, sw = p[IK_CONV_SW], step = panels * 8 * IK_CONV_TILE;            \
    const int64_t area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW], plane = p[IK_CONV_IC] * p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW];\
    const T *last = x + p[IK_CONV_N] * p[IK_CONV_G] * plane;                                                                  \
    float *sums = tile + p[IK_CONV_KC] * (IK_CONV_TILE + 8) + 16;                                                             \
    const ik_phases rows = ik_phases_of(p, phase);                                                                            \
    ik_phase_run runs[IK_CONV_TILE];                                                                                          \
    for (int64_t unit = begin; unit < end; ++unit) {                                                                          \
      int64_t ng = unit / rows.tiles, g = ng % p[IK_CONV_G], first = unit % rows.tiles * IK_CONV_TILE;                        \
      int64_t count = rows.pixels - first < IK_CONV_TILE ? rows.pixels - first : IK_CONV_TILE, vecs = (count + 15) / 16;      \
      int n = ik_phase_runs(p, &rows, first, count, runs);                                                                    \
      const T *filter = w;                                                                                                    \
      ik_phases before = rows;                                                                                                \
      for (int64_t r = 0; r < sw; ++r) {                                                                                      \
        ik_phases s = ik_phases_of(p, phase + r);                                                                             \
        float *to = sums + (sw == 2 ? s.axis[2].first * step : 0); /* the even columns' sums first */                         \
        ik_convtrans_sums_##NAME(to, tile, r > 0 && ik_phases_share(p, &before, &s), x + ng * plane, last, filter, p, &s, g, runs, n, vecs);\
        for (int64_t o = 0; o < oc && (sw != 2 || r == 1); ++o) {                                                             \
          T *out = y + (ng * oc + o) * area;                                                                                  \
          float b = bias ? (float)bias[g * oc + o] : 0.0f;                                                                    \
          if (sw == 2)                                                                                                        \
            ik_convtrans_zip_##NAME(out, sums + o * IK_CONV_TILE, step, b, p, runs, n);                                       \
          else                                                                                                                \
            ik_convtrans_store_##NAME(out, sums + o * IK_CONV_TILE, b, p, &s, runs, n);                                       \
        }                                                                                                                     \
        filter += p[IK_CONV_PACKED] ? p[IK_CONV_G] * panels * s.depth * 8 : 0;                                                \
        before = s;                                                                                                           \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  IK_KERNEL(ik_convtrans_##NAME) {                                                                                            \
    const T *x = buf[0], *w = buf[1], *bias = p[IK_CONV_BIAS] ? buf[2] : 0;                                                   \
    T *y = buf[2 + p[IK_CONV_BIAS]];                                                                                          \
    float *scratch = (float *)(((uintptr_t)buf[3 + p[IK_CONV_BIAS]] + 63) & ~(uintptr_t)63);                                  \
    const int64_t rows = p[IK_CONV_SD] * p[IK_CONV_SH], sw = p[IK_CONV_SW], batch = p[IK_CONV_N] * p[IK_CONV_G];              \
    int64_t total = 0, done = 0;                                                                                              \
    for (int64_t i = 0; i < rows; ++i)                                                                                        \
      total += batch * ik_phases_of(p, i * sw).tiles;                                                                         \
    ik_range range = ik_share(total, worker, workers);                                                                        \
    for (int64_t i = 0; i < rows; ++i) {                                                                                      \
      int64_t begin = range.begin - done, end = range.end - done, units = batch * ik_phases_of(p, i * sw).tiles;              \
      ik_convtrans_row_##NAME(x, w, bias, y, scratch, p, i * sw, begin > 0 ? begin : 0, end < units ? end : units);           \
      done += units;                                                                                                          \
      for (int64_t r = 0; r < sw && p[IK_CONV_PACKED]; ++r)                                                                   \
        w += p[IK_CONV_G] * ((p[IK_CONV_OC] + 7) / 8) * ik_phases_of(p, i * sw + r).depth * 8;                                \
    }                                                                                                                         \
  }

IK_CONVTRANS_DEFINE(float, f32)
IK_CONVTRANS_DEFINE(_Float16, f16)

/* The same for f64, output by output. */
static double ik_convtrans_point_f64(const double *x, const double *w, const int64_t *p, int64_t od, int64_t oh, int64_t ow) {
  const int64_t taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW];
  double sum = 0.0;
  for (int64_t c = 0; c < p[IK_CONV_IC]; ++c)
    for (int64_t k = 0; k < taps; ++k) {
      int64_t kd = k / p[IK_CONV_KW] / p[IK_CONV_KH], kh = k / p[IK_CONV_KW] % p[IK_CONV_KH], kw = k % p[IK_CONV_KW];
      int64_t d = od + p[IK_CONV_PD] - kd * p[IK_CONV_DD], h = oh + p[IK_CONV_PH] - kh * p[IK_CONV_DH], v = ow + p[IK_CONV_PW] - kw * p[IK_CONV_DW];
      int off = d < 0 || h < 0 || v < 0 || d % p[IK_CONV_SD] || h % p[IK_CONV_SH] || v % p[IK_CONV_SW];
      d /= p[IK_CONV_SD], h /= p[IK_CONV_SH], v /= p[IK_CONV_SW];
      if (!off && d < p[IK_CONV_ID] && h < p[IK_CONV_IH] && v < p[IK_CONV_IW])
        sum = __builtin_fma(w[c * p[IK_CONV_OC] * taps + k], x[c * plane + (d * p[IK_CONV_IH] + h) * p[IK_CONV_IW] + v], sum);
    }
  return sum;
}

IK_KERNEL(ik_convtrans_f64) {
  const double *x = buf[0], *w = buf[1], *bias = p[IK_CONV_BIAS] ? buf[2] : 0;
  double *y = buf[2 + p[IK_CONV_BIAS]];
  const int64_t area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW], plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW];
  const int64_t oc = p[IK_CONV_OC], ic = p[IK_CONV_IC], groups = p[IK_CONV_G], taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW];
  ik_range range = ik_share(p[IK_CONV_N] * groups * oc * area, worker, workers);
  for (int64_t i = range.begin; i < range.end; ++i) {
    int64_t ng = i / area / oc, o = i / area % oc, pixel = i % area, row = pixel / p[IK_CONV_OW];
    const double *from = w + (ng % groups * ic * oc + o) * taps;
    double sum = ik_convtrans_point_f64(x + ng * ic * plane, from, p, row / p[IK_CONV_OH], row % p[IK_CONV_OH], pixel % p[IK_CONV_OW]);
    y[i] = bias ? sum + bias[ng % groups * oc + o] : sum;
  }
}
