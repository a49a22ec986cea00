/* ik_dwconv_direct_f32: ik_dwconv_f32 (dwconv.c, its portable twin: the same buffers, parameters and bits) for 3x3 and 5x5 taps, stride 1 with
 * one dilation for both axes or stride 2 without, one output a channel. Input rows are read where they lie (rowtiles.h). Parallel units:
 * (n, channel, band). */
#include "targets/common/ukernels/conv.h"
#include "targets/common/ukernels/rowtiles.h"

IK_KERNEL(ik_dwconv_f32);
#if !IK_FLOAT_VECTORS || defined(IK_ONE_UNIT)
/* Vectors in the core's own registers, or one output of a shader: nothing to gain. */
IK_KERNEL(ik_dwconv_direct_f32) { ik_dwconv_f32(buf, p, worker, workers); }
#else

IK_ROW_TILES(float, f32)

/* sums[r]: 16 outputs of each row. line[l]: where the columns' first load of that input row is. */
IK_INLINE void ik_dd_tile(const int k, const int s, const int inner, const float *const *line, const ik_rt_columns *c, const ik_f32x16 *w,
                          int64_t dilation, ik_f32x16 *sums) {
  IK_UNROLL for (int r = 0; r < IK_RT_ROWS; ++r) sums[r] = ik_splat16(0.0f);
  IK_UNROLL for (int l = 0; l < (IK_RT_ROWS - 1) * s + k; ++l) {
    ik_f32x16 v[5];
    ik_rt_taps_f32(k, s, inner, line[l], c, dilation, 0.0f, v);
    IK_UNROLL for (int x = 0; x < k; ++x)
      IK_UNROLL for (int r = 0; r < IK_RT_ROWS; ++r)
        if (l >= r * s && l < r * s + k)
          sums[r] = ik_fma16(w[(l - r * s) * k + x], v[x], sums[r]);
  }
}

/* Tiles of 16 columns of IK_RT_ROWS rows from `line` to `to`. `part`: columns if they are fewer than 16. */
IK_INLINE void ik_dd_store(const int k, const int s, const int inner, const float *const *line, const ik_rt_columns *c, const ik_f32x16 *w,
                           ik_f32x16 bias, float low, float high, int64_t dilation, int64_t part, float *const *to) {
  ik_f32x16 sums[IK_RT_ROWS];
  ik_dd_tile(k, s, inner, line, c, w, dilation, sums);
  IK_UNROLL for (int r = 0; r < IK_RT_ROWS; ++r) {
    const ik_f32x16 v = ik_clamp16(sums[r] + bias, low, high);
    if (!inner && part)
      ik_store_part_f32(to[r], v, part);
    else
      ik_store16_f32(to[r] + c->at, v);
  }
}

/* Output rows h, h + dilation, .. below h1 of one channel. */
IK_INLINE void ik_dd_rows(const int k, const int s, const ik_rt *d, const ik_rt_columns *columns, const float *plane, const ik_f32x16 *w, ik_f32x16 bias,
                          float low, float high, float *y, int64_t h, int64_t h1) {
  const int64_t dilation = d->dilation, tiles = d->tiles, first = d->first, last = d->last, part = d->ow < 16 ? d->ow : 0;
  for (; h < h1; h += IK_RT_ROWS * dilation) {
    const float *line[IK_RT_MOST_LINES];
    float *to[IK_RT_ROWS];
    IK_UNROLL for (int l = 0; l < (IK_RT_ROWS - 1) * s + k; ++l) line[l] = ik_rt_line_f32(d, plane, h * s - d->above + l * dilation, l);
    IK_UNROLL for (int r = 0; r < IK_RT_ROWS; ++r) to[r] = h + r * dilation < h1 ? y + (h + r * dilation) * d->ow : (float *)d->spare;
    for (int64_t t = first; t < last; ++t)
      ik_dd_store(k, s, 1, line, columns + t, w, bias, low, high, dilation, part, to);
    for (int64_t t = first ? 0 : last; t < tiles; t = t + 1 == first ? last : t + 1)
      ik_dd_store(k, s, 0, line, columns + t, w, bias, low, high, dilation, part, to);
  }
}

typedef void ik_dd_band(const ik_rt *d, const ik_rt_columns *columns, const float *plane, const float *w, float bias, float low, float high, float *y,
                        int64_t h0, int64_t h1);
#define IK_DD_BAND(K, S)                                                                                                      \
  static void ik_dd_band_##K##_##S(const ik_rt *d, const ik_rt_columns *columns, const float *plane, const float *w, float bias, float low, \
                                   float high, float *y, int64_t h0, int64_t h1) {                                            \
    ik_f32x16 weights[K * K];                                                                                                 \
    IK_UNROLL for (int i = 0; i < K * K; ++i) weights[i] = ik_splat16(w[i]);                                                  \
    for (int64_t h = h0; h < h1 && h < h0 + d->dilation; ++h)                                                                 \
      ik_dd_rows(K, S, d, columns, plane, weights, ik_splat16(bias), low, high, y, h, h1);                                    \
  }
IK_DD_BAND(3, 1)
IK_DD_BAND(3, 2)
IK_DD_BAND(5, 1)
IK_DD_BAND(5, 2)

/* What the clamp does not do: other activations, the residual. */
static void ik_dd_finish(float *y, const float *residual, int64_t count, ik_epilogue e) {
  const ik_f32x16 zero = ik_splat16(0.0f);
  const int64_t whole = count & ~(int64_t)15, left = count - whole;
  for (int64_t i = 0; i < whole; i += 16)
    ik_store16_f32(y + i, ik_finish16(ik_load16_f32(y + i), residual ? ik_load16_f32(residual + i) : zero, e));
  if (left)
    ik_store_part_f32(y + whole, ik_finish16(ik_load_part_f32(y + whole, left), residual ? ik_load_part_f32(residual + whole, left) : zero, e), left);
}

IK_KERNEL(ik_dwconv_direct_f32) {
  int next = 2;
  const float *x = buf[0], *w = buf[1], *bias = p[IK_CONV_BIAS] ? buf[next++] : 0, *residual = p[IK_CONV_RESIDUAL] ? buf[next++] : 0;
  float *y = buf[next++];
  const ik_epilogue e = {p[IK_CONV_ACT], p[IK_CONV_RESIDUAL], ik_f32(p[IK_CONV_ALPHA]), ik_f32(p[IK_CONV_BETA])};
  const int clamps = !e.residual && e.act <= IK_ACT_CLIP;
  const float low = clamps && e.act == IK_ACT_CLIP ? e.alpha : clamps && e.act == IK_ACT_RELU ? 0.0f : -__builtin_inff();
  const float high = clamps && e.act == IK_ACT_CLIP ? e.beta : __builtin_inff();
  const int64_t k = p[IK_CONV_KH], s = p[IK_CONV_SH], ow = p[IK_CONV_OW], oh = p[IK_CONV_OH], channels = p[IK_CONV_G];
  const int64_t band = p[IK_CONV_KC], bands = (oh + band - 1) / band, planeFloats = p[IK_CONV_IH] * p[IK_CONV_IW];
  ik_rt d = {.iw = p[IK_CONV_IW], .ih = p[IK_CONV_IH], .ow = ow, .pad = p[IK_CONV_PW], .above = p[IK_CONV_PH], .dilation = p[IK_CONV_DH],
             .begin = buf[0], .end = (const char *)(x + p[IK_CONV_N] * channels * planeFloats)};
  const ik_rt_columns *columns = ik_rt_begin_f32(&d, buf[next], k, s, 0.0f);
  ik_dd_band *run = k == 3 ? s == 1 ? ik_dd_band_3_1 : ik_dd_band_3_2 : s == 1 ? ik_dd_band_5_1 : ik_dd_band_5_2;
  const ik_range range = ik_share(p[IK_CONV_N] * channels * bands, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    const int64_t h0 = unit % bands * band, h1 = h0 + band < oh ? h0 + band : oh, o = unit / bands, channel = o % channels, at = (o * oh + h0) * ow;
    run(&d, columns, x + o * planeFloats, w + channel * k * k, bias ? bias[channel] : -0.0f, low, high, y + o * oh * ow, h0, h1);
    if (!clamps)
      ik_dd_finish(y + at, residual ? residual + at : 0, (h1 - h0) * ow, e);
  }
}

#endif
