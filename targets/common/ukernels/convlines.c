/* ik_convlines_f32, ik_convlines_f16, ik_convlines_f32_f16: convolution over 1 or 2 axes, any groups, strides, dilations and padding; parameters in conv.h,
 * arithmetic and bits those of ik_conv_*. A band of output rows copies its input lines into scratch once, with the padding written out,
 * split into the strides' phases and at one pitch. Then pixel (h, w) of the band is place h * pitch + w, and every tap is a plain
 * vector load at a fixed distance from it, so nothing is repeated for the taps. Places between the rows are computed and dropped.
 * Output channels go in panels of 8. Parallel units: (n, g, band, panel). */
#include "targets/common/ukernels/lineparts.h"
#include "targets/common/ukernels/linetile.h"

/* T: of x, bias, residual and y; W: of w; the other arguments name how x is loaded, w widened, y stored. */
#define IK_CONVLINES_DEFINE(T, W, NAME, WEIGHTS, OUT)                                                                         \
  IK_LINES_PACK(T, NAME)                                                                                                      \
  /* The lines of all channels; x is the group's input. */                                                                    \
  static void ik_lines_pack_##NAME(float *lines, const T *x, const T *end, const int64_t *p, const ik_lines *l, int64_t h0) { \
    for (int64_t c = 0; c < p[IK_CONV_IC]; ++c, x += p[IK_CONV_IH] * p[IK_CONV_IW])                                           \
      lines = ik_lines_channel_##NAME(lines, x, end, p, l, h0, 0);                                                            \
    ik_store16_f32(lines, ik_splat16(0.0f)); /* the last vector of the last tap reads on */                                   \
  }                                                                                                                           \
  IK_KERNEL(ik_convlines_##NAME) {                                                                                            \
    const T *x = buf[0];                                                                                                      \
    const W *w = buf[1];                                                                                                      \
    int next = 2;                                                                                                             \
    const T *bias = p[IK_CONV_BIAS] ? buf[next++] : 0, *residual = p[IK_CONV_RESIDUAL] ? buf[next++] : 0;                     \
    T *y = buf[next++];                                                                                                       \
    float *lines = (float *)(((uintptr_t)buf[next] + 63) & ~(uintptr_t)63);                                                   \
    const ik_lines l = ik_lines_of(p, p[IK_CONV_KC]);                                                                          \
    float *c = lines + p[IK_CONV_IC] * l.channel + 16, *room = c + 8 * 48;                                                    \
    int32_t offsets[IK_CONVLINES_TAPS];                                                                                       \
    ik_lines_offsets(offsets, p, &l);                                                                                         \
    const ik_walk walk = {offsets, p[IK_CONV_KH] * p[IK_CONV_KW], p[IK_CONV_IC], l.channel};                                  \
    const int64_t depth = walk.taps * walk.channels, oc = p[IK_CONV_OC], panels = (oc + 7) / 8, band = p[IK_CONV_KC];         \
    const int64_t oh = p[IK_CONV_OH], ow = p[IK_CONV_OW], bands = (oh + band - 1) / band, plane = p[IK_CONV_IC] * p[IK_CONV_IH] * p[IK_CONV_IW]; \
    const T *end = x + p[IK_CONV_N] * p[IK_CONV_G] * plane;                                                                   \
    const ik_epilogue e = {p[IK_CONV_ACT], p[IK_CONV_RESIDUAL], ik_f32(p[IK_CONV_ALPHA]), ik_f32(p[IK_CONV_BETA])};           \
    /* Weights that the cache does not keep are read once a band, panel by panel; others once a tile. */                      \
    const int panelFirst = sizeof(W) != sizeof(float) || !p[IK_CONV_PACKED] || depth * oc > 64 * 1024;                        \
    ik_range range = ik_share_slices(p[IK_CONV_N] * p[IK_CONV_G], oh, bands, panels, worker, workers);                        \
    for (int64_t unit = range.begin; unit < range.end;) {                                                                     \
      const ik_slice rows = ik_slice_of(oh, bands, unit / panels % bands);                                                    \
      int64_t panel0 = unit % panels, ng = unit / (panels * bands), g = ng % p[IK_CONV_G];                                    \
      int64_t count = panel0 + range.end - unit < panels ? range.end - unit : panels - panel0;                                \
      int64_t places = (rows.count - 1) * l.pitch + ow, vectors = (places + 15) / 16, tiles = (vectors + 2) / 3, last = -1;   \
      const float *weights = 0;                                                                                               \
      ik_lines_pack_##NAME(lines, x + ng * plane, end, p, &l, rows.first);                                                    \
      for (int64_t i = 0; i < tiles * count; ++i) {                                                                           \
        int64_t t = panelFirst ? i % tiles : i / count, panel = panel0 + (panelFirst ? i / tiles : i % count);                \
        const ik_slice slice = ik_slice_of(vectors, tiles, t);                                                                \
        int64_t vecs = ik_tile_vecs(vectors, slice), first = slice.first * 16;                                                \
        if (panel != last)                                                                                                    \
          weights = ik_conv_weights_##WEIGHTS(w, p, g, panel, 0, depth, depth, room);                                         \
        last = panel;                                                                                                         \
        const int64_t left = ik_conv_rows(p, panel), o = g * oc + panel * 8, at = ((ng - g) * oc + o) * oh * ow + rows.first * ow; \
        const ik_places to = ik_places_between(first, vecs, rows.count, ow, l.pitch);                                         \
        const ik_out_##OUT out = {y + at, bias ? bias + o : 0, residual ? residual + at : 0, oh * ow, e, vecs, 2, &to};       \
        if (l.pitch >= IK_PLACES_PITCH && ik_line_out_##OUT(&out, left, weights, lines + first, &walk))                       \
          continue;                                                                                                           \
        ik_line_tile(c, weights, lines + first, &walk, left, vecs);                                                           \
        ik_lines_finish_##OUT(c, out.y, out.bias, out.residual, left, first, first + vecs * 16 < places ? vecs * 16 : places - first, l.pitch, p, e); \
      }                                                                                                                       \
      unit += count;                                                                                                          \
    }                                                                                                                         \
  }

IK_LINES_FINISH(float, f32)
IK_LINES_FINISH(_Float16, f16)
IK_CONVLINES_DEFINE(float, float, f32, f32, f32)
IK_CONVLINES_DEFINE(_Float16, _Float16, f16, f16, f16)
IK_CONVLINES_DEFINE(float, _Float16, f32_f16, f16, f32)
