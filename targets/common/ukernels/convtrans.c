/* ik_convtrans_f32, ik_convtrans_f16: transposed convolution as stride^3 ordinary ones, each over the outputs of one phase and the taps
 * that meet it; geometry in convtrans.h. As in conv.c, pixels go in tiles of 48, channels in panels of 8; an output is one fused
 * multiply-add chain over (ic, kd, kh, kw), the bias is added last. Parallel unit: a tile of one phase with all its panels. */
#include "targets/common/ukernels/convtrans.h"
#include "targets/common/ukernels/micro.h"

/* A stretch of a phase's pixels in one row: place in the tile, input position of its tap with shift 0, place of its first output. */
typedef struct { int64_t at, count, d, h, w, out; } ik_phase_run;
/* One phase: its axes, its place among the units and in the packed filter. */
typedef struct { ik_phase axis[3]; int64_t r[3], depth, pixels, tiles; } ik_phases;

static ik_phases ik_phases_of(const int64_t *p, int64_t number) {
  ik_phases s;
  s.r[2] = number % p[IK_CONV_SW];
  s.r[1] = number / p[IK_CONV_SW] % p[IK_CONV_SH];
  s.r[0] = number / p[IK_CONV_SW] / p[IK_CONV_SH];
  s.depth = p[IK_CONV_IC];
  s.pixels = 1;
  for (int64_t a = 0; a < 3; ++a) {
    s.axis[a] = ik_phase_of(p, a, s.r[a]);
    s.depth *= s.axis[a].taps;
    s.pixels *= s.axis[a].count;
  }
  s.tiles = (s.pixels + IK_CONV_TILE - 1) / IK_CONV_TILE;
  return s;
}

static int ik_phase_runs(const int64_t *p, const ik_phases *s, int64_t first, int64_t count, ik_phase_run *runs) {
  int n = 0;
  for (int64_t i = 0; i < count;) {
    int64_t pixel = first + i, w = pixel % s->axis[2].count, row = pixel / s->axis[2].count;
    int64_t h = row % s->axis[1].count, d = row / s->axis[1].count;
    int64_t left = s->axis[2].count - w, c = left < count - i ? left : count - i;
    int64_t od = s->axis[0].first + d * p[IK_CONV_SD], oh = s->axis[1].first + h * p[IK_CONV_SH], ow = s->axis[2].first + w * p[IK_CONV_SW];
    runs[n++] = (ik_phase_run){i, c, s->axis[0].q + d, s->axis[1].q + h, s->axis[2].q + w, (od * p[IK_CONV_OH] + oh) * p[IK_CONV_OW] + ow};
    i += c;
  }
  return n;
}

#define IK_CONVTRANS_DEFINE(T, NAME)                                                                                          \
  /* out[0..count) = row[w..), zero outside [0, width). */                                                                    \
  static void ik_convtrans_copy_##NAME(float *out, const T *row, int64_t w, int64_t count, int64_t width) {                   \
    int64_t low = w < 0 ? -w : 0, high = width - w < count ? width - w : count;                                               \
    low = low < count ? low : count;                                                                                          \
    high = high > low ? high : low;                                                                                           \
    for (int64_t i = 0; i < low; ++i)                                                                                         \
      out[i] = 0.0f;                                                                                                          \
    for (int64_t i = low; i < high; ++i)                                                                                      \
      out[i] = (float)row[w + i];                                                                                             \
    for (int64_t i = high; i < count; ++i)                                                                                    \
      out[i] = 0.0f;                                                                                                          \
  }                                                                                                                           \
  static void ik_convtrans_zero_##NAME(float *tile, int64_t n) {                                                              \
    for (int64_t i = 0; i < n; ++i)                                                                                           \
      tile[i] = 0.0f;                                                                                                         \
  }                                                                                                                           \
  /* tile // [k1 - k0][48]; x is the group's input. */                                                                        \
  static void ik_convtrans_pack_##NAME(float *tile, const T *x, const int64_t *p, const ik_phases *s, const ik_phase_run *runs, int count, \
                                       int64_t k0, int64_t k1) {                                                              \
    const ik_phase *ad = &s->axis[0], *ah = &s->axis[1], *aw = &s->axis[2];                                                   \
    for (int64_t k = k0; k < k1; ++k, tile += IK_CONV_TILE) {                                                                 \
      int64_t tw = k % aw->taps, th = k / aw->taps % ah->taps, td = k / (aw->taps * ah->taps) % ad->taps;                     \
      int64_t c = k / (aw->taps * ah->taps * ad->taps);                                                                       \
      int64_t dd = ((ad->tap + td * ad->step) * p[IK_CONV_DD] - s->r[0]) / p[IK_CONV_SD];                                     \
      int64_t dh = ((ah->tap + th * ah->step) * p[IK_CONV_DH] - s->r[1]) / p[IK_CONV_SH];                                     \
      int64_t dw = ((aw->tap + tw * aw->step) * p[IK_CONV_DW] - s->r[2]) / p[IK_CONV_SW];                                     \
      for (int i = 0; i < count; ++i) {                                                                                       \
        int64_t d = runs[i].d - dd, h = runs[i].h - dh;                                                                       \
        if (d < 0 || d >= p[IK_CONV_ID] || h < 0 || h >= p[IK_CONV_IH])                                                       \
          ik_convtrans_zero_##NAME(tile + runs[i].at, runs[i].count);                                                         \
        else                                                                                                                  \
          ik_convtrans_copy_##NAME(tile + runs[i].at, x + ((c * p[IK_CONV_ID] + d) * p[IK_CONV_IH] + h) * p[IK_CONV_IW],      \
                                   runs[i].w - dw, runs[i].count, p[IK_CONV_IW]);                                             \
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
  /* Stores one channel of a tile. */                                                                                         \
  static void ik_convtrans_store_##NAME(T *y, const float *sums, float bias, const int64_t *p, const ik_phase_run *runs, int count) { \
    for (int i = 0; i < count; ++i) {                                                                                         \
      T *to = y + runs[i].out;                                                                                                \
      const float *from = sums + runs[i].at;                                                                                  \
      for (int64_t j = 0; j < runs[i].count; ++j)                                                                             \
        to[j * p[IK_CONV_SW]] = (T)(from[j] + bias);                                                                          \
    }                                                                                                                         \
  }                                                                                                                           \
  /* Units [begin, end) of one phase; w as in ik_convtrans_panel. */                                                          \
  static void ik_convtrans_phase_##NAME(const T *x, const T *w, const T *bias, T *y, float *scratch, const int64_t *p, const ik_phases *s, \
                                        int64_t begin, int64_t end) {                                                         \
    const int64_t oc = p[IK_CONV_OC], panels = (oc + 7) / 8, kc = p[IK_CONV_KC], step = 8 * IK_CONV_TILE;                       \
    const int64_t area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW], plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW]; \
    float *tile = scratch, *room = tile + kc * IK_CONV_TILE + 16, *sums = room + kc * 8;                                      \
    ik_phase_run runs[IK_CONV_TILE];                                                                                          \
    for (int64_t unit = begin; unit < end; ++unit) {                                                                          \
      int64_t ng = unit / s->tiles, g = ng % p[IK_CONV_G], first = unit % s->tiles * IK_CONV_TILE;                            \
      int64_t count = s->pixels - first < IK_CONV_TILE ? s->pixels - first : IK_CONV_TILE, vecs = (count + 15) / 16;          \
      int n = ik_phase_runs(p, s, first, count, runs);                                                                        \
      if (s->depth == 0)                                                                                                      \
        ik_convtrans_zero_##NAME(sums, panels * step);                                                                          \
      for (int64_t k0 = 0; k0 < s->depth; k0 += kc) {                                                                         \
        int64_t k1 = k0 + kc < s->depth ? k0 + kc : s->depth;                                                                 \
        ik_convtrans_pack_##NAME(tile, x + ng * p[IK_CONV_IC] * plane, p, s, runs, n, k0, k1);                                \
        for (int64_t panel = 0; panel < panels; ++panel) {                                                                    \
          const float *from = ik_convtrans_panel_##NAME(room, w, p, s, g, panel, k0, k1);                                     \
          ik_tile(sums + panel * step, k0 == 0, from, 1, 8, tile, IK_CONV_TILE, 16, k1 - k0, oc - panel * 8 < 8 ? oc - panel * 8 : 8, vecs); \
        }                                                                                                                     \
      }                                                                                                                       \
      for (int64_t o = 0; o < oc; ++o)                                                                                        \
        ik_convtrans_store_##NAME(y + (ng * oc + o) * area, sums + o * IK_CONV_TILE, bias ? (float)bias[g * oc + o] : 0.0f, p, \
                                 runs, n);                                                                                    \
    }                                                                                                                         \
  }                                                                                                                           \
  IK_KERNEL(ik_convtrans_##NAME) {                                                                                            \
    const T *x = buf[0], *w = buf[1], *bias = p[IK_CONV_BIAS] ? buf[2] : 0;                                                   \
    T *y = buf[2 + p[IK_CONV_BIAS]];                                                                                          \
    float *scratch = (float *)(((uintptr_t)buf[3 + p[IK_CONV_BIAS]] + 63) & ~(uintptr_t)63);                                  \
    const int64_t phases = p[IK_CONV_SD] * p[IK_CONV_SH] * p[IK_CONV_SW], batch = p[IK_CONV_N] * p[IK_CONV_G];                \
    int64_t total = 0, done = 0;                                                                                              \
    for (int64_t i = 0; i < phases; ++i)                                                                                      \
      total += batch * ik_phases_of(p, i).tiles;                                                                              \
    ik_range range = ik_share(total, worker, workers);                                                                        \
    for (int64_t i = 0; i < phases; ++i) {                                                                                    \
      ik_phases s = ik_phases_of(p, i);                                                                                       \
      int64_t begin = range.begin - done, end = range.end - done, units = batch * s.tiles;                                    \
      ik_convtrans_phase_##NAME(x, w, bias, y, scratch, p, &s, begin > 0 ? begin : 0, end < units ? end : units);             \
      done += units;                                                                                                          \
      w += p[IK_CONV_PACKED] ? p[IK_CONV_G] * ((p[IK_CONV_OC] + 7) / 8) * s.depth * 8 : 0;                                    \
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
