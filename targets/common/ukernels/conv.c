/* ik_conv_f32, ik_conv_f16, ik_conv_f32_f16: convolution over 1 to 3 axes, any groups, strides, dilations and padding; parameters in conv.h.
 * Output pixels go in tiles of at most 48, whose input columns (im2col) are packed k-block by k-block into scratch; output
 * channels in panels of 8. Along one axis with stride 1 f32 tiles that meet no padding read the input where it lies (linetile.h). Every output is one fused
 * multiply-add chain over k = (ic, kd, kh, kw), the bias is added last.
 * f16 is widened on load and rounded once on store; f32_f16 has f32 input, rounded to f16 on load, f16 weights and f32 output. Parallel units: (n, g, tile, panel). */
#include "targets/common/ukernels/convtile.h"
#include "targets/common/ukernels/linetile.h"

/* T: of x, bias, residual and y; W: of w; the other arguments name how x is loaded, w widened, y stored. */
#define IK_CONV_DEFINE(T, W, NAME, WEIGHTS, OUT)                                                                              \
  IK_CONV_PACK(T, NAME)                                                                                                       \
  IK_KERNEL(ik_conv_##NAME) {                                                                                                 \
    const T *x = buf[0];                                                                                                      \
    const W *w = buf[1];                                                                                                      \
    int next = 2;                                                                                                             \
    const T *bias = p[IK_CONV_BIAS] ? buf[next++] : 0, *residual = p[IK_CONV_RESIDUAL] ? buf[next++] : 0;                     \
    T *y = buf[next++];                                                                                                       \
    float *scratch = (float *)(((uintptr_t)buf[next] + 63) & ~(uintptr_t)63);                                                 \
    const int64_t taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], depth = p[IK_CONV_IC] * taps;                         \
    const int64_t area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW], plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW]; \
    const int64_t oc = p[IK_CONV_OC], panels = (oc + 7) / 8, vectors = (area + 15) / 16, tiles = (vectors + 2) / 3;           \
    const int64_t kc = p[IK_CONV_KC];                                                                                         \
    const int direct = sizeof(W) == sizeof(float) && ik_conv_is_pointwise(p) && panels <= 2;                                  \
    const T *end = x + p[IK_CONV_N] * p[IK_CONV_G] * p[IK_CONV_IC] * plane;                                                   \
    const ik_epilogue e = {p[IK_CONV_ACT], p[IK_CONV_RESIDUAL], ik_f32(p[IK_CONV_ALPHA]), ik_f32(p[IK_CONV_BETA])};           \
    float *tile = scratch, *room = tile + kc * 48 + 16, *sums = room + kc * 8;                                                \
    ik_range range = ik_share_slices(p[IK_CONV_N] * p[IK_CONV_G], vectors, tiles, panels, worker, workers);                   \
    const int isRow = sizeof(T) == sizeof(float) && sizeof(W) == sizeof(float) && ik_conv_is_row(p);                          \
    const int64_t reach = (p[IK_CONV_KW] - 1) * p[IK_CONV_DW];                                                                \
    int32_t offsets[IK_CONV_ROW_TAPS];                                                                                        \
    for (int64_t t = 0; isRow && t < p[IK_CONV_KW]; ++t)                                                                      \
      offsets[t] = (int32_t)(t * p[IK_CONV_DW]);                                                                              \
    const ik_walk walk = {offsets, p[IK_CONV_KW], p[IK_CONV_IC], plane};                                                      \
    ik_run runs[48];                                                                                                          \
    for (int64_t unit = range.begin; unit < range.end;) {                                                                     \
      int64_t panel0 = unit % panels, t = unit / panels % tiles, ng = unit / (panels * tiles), g = ng % p[IK_CONV_G];         \
      int64_t panel1 = panel0 + range.end - unit < panels ? panel0 + range.end - unit : panels;                               \
      const ik_slice slice = ik_slice_of(vectors, tiles, t);                                                                  \
      int64_t vecs = ik_tile_vecs(vectors, slice), first = slice.first * 16;                                                  \
      int64_t count = first + vecs * 16 <= area ? vecs * 16 : area - first;                                                   \
      const T *in = x + ng * p[IK_CONV_IC] * plane;                                                                           \
      int runCount = ik_conv_runs(p, first, count, runs);                                                                     \
      const int64_t left = first - p[IK_CONV_PW];                                                                             \
      const int inside = isRow && left >= 0 && left + vecs * 16 + reach <= p[IK_CONV_IW];                                     \
      const float *row = (const float *)(const void *)(in + (inside ? left : 0));                                             \
      const int64_t step = inside ? depth : kc;                                                                               \
      const int whole = direct && count == vecs * 16;                                                                         \
      const ik_places places = ik_places_of(count);                                                                           \
      for (int64_t k0 = 0; k0 < depth; k0 += step) {                                                                          \
        int64_t k1 = k0 + step < depth ? k0 + step : depth;                                                                   \
        const float *columns = whole ? (const float *)in + k0 * plane + first : tile;                                         \
        if (!whole && !inside)                                                                                                \
          ik_conv_pack_##NAME(tile, in, end, p, runs, runCount, k0, k1);                                                      \
        for (int64_t panel = panel0; panel < panel1; ++panel) {                                                               \
          float *c = depth > step ? sums + panel * 8 * 48 : sums;                                                             \
          int64_t rows = ik_conv_rows(p, panel), o = g * oc + panel * 8;                                                      \
          const float *weights = ik_conv_weights_##WEIGHTS(w, p, g, panel, k0, k1, depth, room);                              \
          const int64_t at = ((ng - g) * oc + o) * area + first, ld = whole ? plane : 48;                                     \
          const uintptr_t ahead = (uintptr_t)weights + (uintptr_t)depth * 32; /* the next panel's block lies far from this one's */ \
          const ik_out_##OUT out = {y + at, bias ? bias + o : 0, residual ? residual + at : 0, area, e, vecs, 1, &places};              \
          if (inside && ik_line_out_##OUT(&out, rows, weights, row, &walk))                                                   \
            continue;                                                                                                         \
          if (!inside && k1 == depth && ik_out_tile_##OUT(&out, rows, c, k0 == 0, weights, columns, ld, k1 - k0, ahead))      \
            continue;                                                                                                         \
          if (inside)                                                                                                         \
            ik_line_tile(c, weights, row, &walk, rows, vecs);                                                                 \
          else                                                                                                                \
            ik_tile_ahead(c, k0 == 0, weights, 1, 8, columns, ld, 16, k1 - k0, rows, vecs, 1, ahead, 32);                     \
          if (k1 == depth)                                                                                                    \
            ik_conv_finish_##OUT(c, out.y, out.bias, out.residual, rows, count, area, e);                                     \
        }                                                                                                                     \
      }                                                                                                                       \
      unit += panel1 - panel0;                                                                                                \
    }                                                                                                                         \
  }

IK_CONV_DEFINE(float, float, f32, f32, f32)
IK_CONV_DEFINE(_Float16, _Float16, f16, f16, f16)
IK_CONV_DEFINE(float, _Float16, f32_f16, f16, f32)
