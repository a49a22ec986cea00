/* ik_pool2d_direct_f32, ik_pool2d_direct_f16: maxima of ik_pool2d_f32 and _f16 (pool.c, their portable twins: the same buffers, parameters and
 * bits) for 2x2 and 3x3 windows, stride 1 or 2, no dilation. Input rows are read where they lie (rowtiles.h); columns are joined first, once for
 * all rows of outputs that share an input row. Parallel units: (plane, band). */
#include "targets/common/ukernels/pool.h"
#include "targets/common/ukernels/rowtiles.h"

IK_KERNEL(ik_pool2d_f32);
IK_KERNEL(ik_pool2d_f16);
#if !IK_FLOAT_VECTORS || defined(IK_ONE_UNIT)
/* Vectors in the core's own registers, or one output of a shader: nothing to gain. */
IK_KERNEL(ik_pool2d_direct_f32) { ik_pool2d_f32(buf, p, worker, workers); }
IK_KERNEL(ik_pool2d_direct_f16) { ik_pool2d_f16(buf, p, worker, workers); }
#else

/* The first of equal values wins, and the last NaN. */
IK_INLINE ik_f32x16 ik_pd_larger(ik_f32x16 a, ik_f32x16 x) { return ik_select16((x > a) | (x != x), x, a); }

#define IK_POOLDIRECT_DEFINE(T, NAME)                                                                                         \
  IK_ROW_TILES(T, NAME)                                                                                                       \
  IK_INLINE void ik_pd_tile_##NAME(const int k, const int s, const int inner, const T *const *line, const ik_rt_columns *c, int64_t part, T *const *to) { \
    ik_f32x16 best[IK_RT_ROWS];                                                                                               \
    IK_UNROLL for (int l = 0; l < (IK_RT_ROWS - 1) * s + k; ++l) {                                                            \
      ik_f32x16 v[5], along;                                                                                                  \
      ik_rt_taps_##NAME(k, s, inner, line[l], c, 1, -__builtin_inff(), v);                                                    \
      along = v[0];                                                                                                           \
      IK_UNROLL for (int x = 1; x < k; ++x) along = ik_pd_larger(along, v[x]);                                                \
      IK_UNROLL for (int r = 0; r < IK_RT_ROWS; ++r)                                                                          \
        if (l >= r * s && l < r * s + k)                                                                                      \
          best[r] = l == r * s ? along : ik_pd_larger(best[r], along);                                                        \
    }                                                                                                                         \
    IK_UNROLL for (int r = 0; r < IK_RT_ROWS; ++r) {                                                                          \
      if (!inner && part)                                                                                                     \
        ik_store_part_##NAME(to[r], best[r], part);                                                                           \
      else                                                                                                                    \
        ik_store16_##NAME(to[r] + c->at, best[r]);                                                                            \
    }                                                                                                                         \
  }                                                                                                                           \
  /* Output rows [h, h1) of one plane. */                                                                                     \
  IK_INLINE void ik_pd_rows_##NAME(const int k, const int s, const ik_rt *d, const ik_rt_columns *columns, const T *plane, T *y, int64_t h, int64_t h1) { \
    const int64_t tiles = d->tiles, first = d->first, last = d->last, part = d->ow < 16 ? d->ow : 0;                          \
    for (; h < h1; h += IK_RT_ROWS) {                                                                                         \
      const T *line[IK_RT_MOST_LINES];                                                                                        \
      T *to[IK_RT_ROWS];                                                                                                      \
      IK_UNROLL for (int l = 0; l < (IK_RT_ROWS - 1) * s + k; ++l) line[l] = ik_rt_line_##NAME(d, plane, h * s - d->above + l, l); \
      IK_UNROLL for (int r = 0; r < IK_RT_ROWS; ++r) to[r] = h + r < h1 ? y + (h + r) * d->ow : (T *)d->spare;                \
      for (int64_t t = first; t < last; ++t)                                                                                  \
        ik_pd_tile_##NAME(k, s, 1, line, columns + t, part, to);                                                              \
      for (int64_t t = first ? 0 : last; t < tiles; t = t + 1 == first ? last : t + 1)                                        \
        ik_pd_tile_##NAME(k, s, 0, line, columns + t, part, to);                                                              \
    }                                                                                                                         \
  }                                                                                                                           \
  IK_KERNEL(ik_pool2d_direct_##NAME) {                                                                                        \
    const T *x = buf[0];                                                                                                      \
    T *y = buf[1];                                                                                                            \
    const int64_t k = p[IK_POOL_KH], s = p[IK_POOL_SH], oh = p[IK_POOL_OH], ow = p[IK_POOL_OW], floats = p[IK_POOL_IH] * p[IK_POOL_IW]; \
    const int64_t band = p[IK_POOL_BAND], bands = (oh + band - 1) / band;                                                     \
    ik_rt d = {.iw = p[IK_POOL_IW], .ih = p[IK_POOL_IH], .ow = ow, .pad = p[IK_POOL_PW], .above = p[IK_POOL_PH], .dilation = 1, \
               .begin = buf[0], .end = (const char *)(x + p[IK_POOL_PLANES] * floats)};                                       \
    const ik_rt_columns *columns = ik_rt_begin_##NAME(&d, buf[2], k, s, -__builtin_inff());                                   \
    const ik_range range = ik_share(p[IK_POOL_PLANES] * bands, worker, workers);                                              \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      const int64_t h0 = unit % bands * band, h1 = h0 + band < oh ? h0 + band : oh, plane = unit / bands;                     \
      const T *in = x + plane * floats;                                                                                       \
      T *out = y + plane * oh * ow;                                                                                           \
      if (k == 3 && s == 2)                                                                                                   \
        ik_pd_rows_##NAME(3, 2, &d, columns, in, out, h0, h1);                                                                \
      else if (k == 2 && s == 2)                                                                                              \
        ik_pd_rows_##NAME(2, 2, &d, columns, in, out, h0, h1);                                                                \
      else if (k == 3)                                                                                                        \
        ik_pd_rows_##NAME(3, 1, &d, columns, in, out, h0, h1);                                                                \
      else                                                                                                                    \
        ik_pd_rows_##NAME(2, 1, &d, columns, in, out, h0, h1);                                                                \
    }                                                                                                                         \
  }

IK_POOLDIRECT_DEFINE(float, f32)
IK_POOLDIRECT_DEFINE(_Float16, f16)

#endif
