/* ik_dwconv_direct_f32: ik_dwconv_f32 (dwconv.c, its portable twin: the same buffers, parameters and bits) for 3x3 and 5x5 taps, stride 1 with
 * one dilation for both axes or stride 2 without, one output a channel. Input rows are read where they lie: vectors that reach beyond a row go
 * through masks, which are made once a call, and rows above and below the plane are one line of zeros in scratch. A tile is IK_DD_ROWS output
 * rows `dilation` apart by 16 columns, so that neighbouring rows share loads. Parallel units: (n, channel, band). */
#include "targets/common/ukernels/conv.h"
#include "targets/common/ukernels/micro.h"

IK_KERNEL(ik_dwconv_f32);
#if !IK_FLOAT_VECTORS || defined(IK_ONE_UNIT)
/* Vectors in the core's own registers, or one output of a shader: nothing to gain. */
IK_KERNEL(ik_dwconv_direct_f32) { ik_dwconv_f32(buf, p, worker, workers); }
#else

enum {
#if defined(__AVX512F__)
  IK_DD_ROWS = 4,
  IK_DD_COPIES = 0, /* lanes that a mask leaves out are not read */
#else
  IK_DD_ROWS = 2,
  IK_DD_COPIES = 1,
#endif
  IK_DD_LINES = (IK_DD_ROWS - 1) * 2 + 5,
  IK_DD_LOADS = 6
};

/* 16 columns of outputs: the first, and the lanes of each load that lie within a row. */
#if defined(__AVX512F__)
typedef uint16_t ik_dd_lanes;
#else
typedef ik_i32x16 ik_dd_lanes;
#endif
typedef struct { ik_dd_lanes lanes[IK_DD_LOADS]; int64_t at; } ik_dd_columns;
_Static_assert(sizeof(ik_dd_columns) <= IK_DWDIRECT_COLUMNS, "conv.h");

IK_INLINE ik_f32x16 ik_dd_load(const float *p, int inner, ik_dd_lanes lanes) {
#if defined(__AVX512F__)
  return inner ? ik_load16_f32(p) : __builtin_ia32_loadups512_mask(p, ik_splat16(0.0f), lanes);
#else
  return inner ? ik_load16_f32(p) : (ik_f32x16)((ik_i32x16)ik_load16_f32(p) & lanes);
#endif
}

/* Lanes i with 0 <= from + i < width. */
static ik_dd_lanes ik_dd_within(int64_t from, int64_t width) {
  ik_dd_lanes lanes = {0};
  for (int i = 0; i < 16; ++i)
    if (from + i >= 0 && from + i < width)
#if defined(__AVX512F__)
      lanes |= (ik_dd_lanes)(1u << i);
#else
      lanes[i] = -1;
#endif
  return lanes;
}

/* What does not change within a call. All loads of the tiles from `first` to before `last` lie within a row. `line`: floats of a line in scratch,
 * which begins `pad` before its row. */
typedef struct {
  int64_t iw, ih, ow, pad, above, dilation, tiles, first, last, line;
  const float *begin, *end;
  float *zeros, *copies, *spare;
} ik_dd;

/* sums[r]: 16 outputs of each row. line[l]: where the columns' first load of that input row is. */
IK_INLINE void ik_dd_tile(const int k, const int s, const int inner, const float *const *line, const ik_dd_columns *c, const ik_f32x16 *w,
                          int64_t dilation, ik_f32x16 *sums) {
  IK_UNROLL for (int r = 0; r < IK_DD_ROWS; ++r) sums[r] = ik_splat16(0.0f);
  IK_UNROLL for (int l = 0; l < (IK_DD_ROWS - 1) * s + k; ++l) {
    const float *p = line[l] + c->at * s;
    ik_f32x16 v[5];
    IK_UNROLL for (int x = 0; x < k; x += s) {
      const ik_f32x16 first = ik_dd_load(p + x * dilation, inner, c->lanes[x]);
      v[x] = first;
      if (s == 2) {
        const ik_f32x16 second = ik_dd_load(p + x + 16, inner, c->lanes[x + 1]);
        v[x] = __builtin_shufflevector(first, second, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        if (x + 1 < k)
          v[x + 1] = __builtin_shufflevector(first, second, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
      }
    }
    IK_UNROLL for (int x = 0; x < k; ++x)
      IK_UNROLL for (int r = 0; r < IK_DD_ROWS; ++r)
        if (l >= r * s && l < r * s + k)
          sums[r] = ik_fma16(w[(l - r * s) * k + x], v[x], sums[r]);
  }
}

/* The input row `at` of a plane for loads of whole vectors. Rows from whose loads something outside of the tensor would be read are copied. */
static const float *ik_dd_line(const ik_dd *d, const float *plane, int64_t at, int l) {
  if (at < 0 || at >= d->ih)
    return d->zeros;
  const float *row = plane + at * d->iw;
  if (IK_DD_COPIES && (row - d->begin < d->pad || d->end - row < d->line - d->pad)) {
    float *copy = d->copies + l * d->line;
    for (int64_t i = 0; i < d->iw; ++i)
      copy[d->pad + i] = row[i];
    return copy;
  }
  return row - d->pad;
}

/* Tiles of 16 columns of IK_DD_ROWS rows from `line` to `to`. `part`: columns if they are fewer than 16. */
IK_INLINE void ik_dd_columns_of(const int k, const int s, const int inner, const float *const *line, const ik_dd_columns *c, const ik_f32x16 *w,
                                ik_f32x16 bias, float low, float high, int64_t dilation, int64_t part, float *const *to) {
  ik_f32x16 sums[IK_DD_ROWS];
  ik_dd_tile(k, s, inner, line, c, w, dilation, sums);
  IK_UNROLL for (int r = 0; r < IK_DD_ROWS; ++r) {
    const ik_f32x16 v = ik_clamp16(sums[r] + bias, low, high);
    if (!inner && part)
      ik_store_part_f32(to[r], v, part);
    else
      ik_store16_f32(to[r] + c->at, v);
  }
}

/* Output rows h, h + dilation, .. below h1 of one channel. */
IK_INLINE void ik_dd_rows(const int k, const int s, const ik_dd *d, const ik_dd_columns *columns, const float *plane, const ik_f32x16 *w, ik_f32x16 bias,
                          float low, float high, float *y, int64_t h, int64_t h1) {
  const int64_t dilation = d->dilation, tiles = d->tiles, first = d->first, last = d->last, part = d->ow < 16 ? d->ow : 0;
  for (; h < h1; h += IK_DD_ROWS * dilation) {
    const float *line[IK_DD_LINES];
    float *to[IK_DD_ROWS];
    IK_UNROLL for (int l = 0; l < (IK_DD_ROWS - 1) * s + k; ++l) line[l] = ik_dd_line(d, plane, h * s - d->above + l * dilation, l);
    IK_UNROLL for (int r = 0; r < IK_DD_ROWS; ++r) to[r] = h + r * dilation < h1 ? y + (h + r * dilation) * d->ow : d->spare;
    for (int64_t t = first; t < last; ++t)
      ik_dd_columns_of(k, s, 1, line, columns + t, w, bias, low, high, dilation, part, to);
    for (int64_t t = first ? 0 : last; t < tiles; t = t + 1 == first ? last : t + 1)
      ik_dd_columns_of(k, s, 0, line, columns + t, w, bias, low, high, dilation, part, to);
  }
}

typedef void ik_dd_band(const ik_dd *d, const ik_dd_columns *columns, const float *plane, const float *w, float bias, float low, float high, float *y,
                        int64_t h0, int64_t h1);
#define IK_DD_BAND(K, S)                                                                                                      \
  static void ik_dd_band_##K##_##S(const ik_dd *d, const ik_dd_columns *columns, const float *plane, const float *w, float bias, float low, \
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

/* Tiles of 16 columns; the last one of a row that is longer ends with the row: equal values twice. */
static void ik_dd_tiles(ik_dd_columns *columns, ik_dd *d, int64_t k, int64_t s) {
  for (int64_t t = 0; t < d->tiles; ++t) {
    ik_dd_columns *c = columns + t;
    c->at = t * 16 + 16 > d->ow && t ? d->ow - 16 : t * 16;
    const int64_t from = c->at * s - d->pad;
    d->first += d->ow >= 16 && from < 0;
    d->last += d->ow >= 16 && (from < 0 || from + (k - 1) * d->dilation + 16 * s <= d->iw);
    for (int64_t x = 0; x < k; x += s)
      for (int64_t half = 0; half < s; ++half)
        c->lanes[x + half] = ik_dd_within(from + x * d->dilation + half * 16, d->iw);
  }
}

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
  ik_dd_columns *columns = (ik_dd_columns *)(((uintptr_t)buf[next] + 63) & ~(uintptr_t)63);
  const ik_epilogue e = {p[IK_CONV_ACT], p[IK_CONV_RESIDUAL], ik_f32(p[IK_CONV_ALPHA]), ik_f32(p[IK_CONV_BETA])};
  const int clamps = !e.residual && e.act <= IK_ACT_CLIP;
  const float low = clamps && e.act == IK_ACT_CLIP ? e.alpha : clamps && e.act == IK_ACT_RELU ? 0.0f : -__builtin_inff();
  const float high = clamps && e.act == IK_ACT_CLIP ? e.beta : __builtin_inff();
  const int64_t k = p[IK_CONV_KH], s = p[IK_CONV_SH], ow = p[IK_CONV_OW], oh = p[IK_CONV_OH], channels = p[IK_CONV_G];
  const int64_t band = p[IK_CONV_KC], bands = (oh + band - 1) / band, planeFloats = p[IK_CONV_IH] * p[IK_CONV_IW], tiles = (ow + 15) / 16;
  float *lines = (float *)(columns + tiles);
  ik_dd d = {p[IK_CONV_IW], p[IK_CONV_IH], ow, p[IK_CONV_PW], p[IK_CONV_PH], p[IK_CONV_DH], tiles, 0, 0, IK_DWDIRECT_LINE(ow, k, p[IK_CONV_DH], s),
             x, x + p[IK_CONV_N] * channels * planeFloats, lines, 0, 0};
  d.spare = lines + d.line;
  d.copies = lines + 2 * d.line;
  for (int64_t i = 0; i < d.line; ++i)
    lines[i] = 0.0f;
  ik_dd_tiles(columns, &d, k, s);
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
