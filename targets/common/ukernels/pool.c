/* ik_pool2d_f32, ik_pool2d_f16: max and average pooling over 1 or 2 axes; parameters in pool.h. A band of output rows copies its
 * input lines into scratch with the border written out (-inf or 0) and columns split into SW phases, so that every tap is a
 * plain vector load. Taps go in (kh, kw) order; an average is the sum divided by the count. NaN wins a maximum. Parallel units: (plane, band). */
#include "targets/common/ukernels/micro.h"
#include "targets/common/ukernels/pool.h"

/* Taps of a window starting at `at` (border included in the coordinates) that count. */
static int64_t ik_pool_taps(int64_t at, int64_t kernel, int64_t dilation, int64_t low, int64_t extent, int64_t high, int64_t countPad) {
  int64_t n = 0, begin = countPad ? -low : 0, end = countPad ? extent + high : extent;
  for (int64_t k = 0; k < kernel; ++k)
    n += at + k * dilation >= begin && at + k * dilation < end;
  return n;
}

/* 16 maxima over kernelH x kernelW taps. */
IK_INLINE ik_f32x16 ik_pool_maxima(const float *in, int64_t kernelH, int64_t kernelW, const int64_t *p, int64_t strideW, int64_t width) {
  ik_f32x16 a = ik_splat16(-__builtin_inff());
  for (int64_t kh = 0; kh < kernelH; ++kh)
    for (int64_t kw = 0; kw < kernelW; ++kw) {
      int64_t at = kw * p[IK_POOL_DW];
      ik_f32x16 x = ik_load16_f32(in + kh * p[IK_POOL_DH] * strideW * width + at % strideW * width + at / strideW);
      a = ik_select16((x > a) | (x != x), x, a);
    }
  return a;
}
/* 16 outputs of one row. */
IK_INLINE ik_f32x16 ik_pool_row(const float *in, const int64_t *p, int64_t kernelW, int64_t strideW, int64_t width) {
  const int64_t line = strideW * width;
  if (p[IK_POOL_KIND] == IK_POOL_MAX)
    return ik_pool_maxima(in, p[IK_POOL_KH], kernelW, p, strideW, width);
  ik_f32x16 a = ik_splat16(0.0f);
  for (int64_t kh = 0; kh < p[IK_POOL_KH]; ++kh)
    for (int64_t kw = 0; kw < kernelW; ++kw) {
      int64_t at = kw * p[IK_POOL_DW];
      a = a + ik_load16_f32(in + kh * p[IK_POOL_DH] * line + at % strideW * width + at / strideW);
    }
  return a;
}
/* Large maxima go along the lines first. */
static int ik_pool_is_flat(const int64_t *p) { return p[IK_POOL_KIND] == IK_POOL_MAX && p[IK_POOL_KH] > 1 && p[IK_POOL_KH] * p[IK_POOL_KW] > 9; }
static ik_f32x16 ik_pool_row16(const float *in, const int64_t *p, int64_t width) {
  if (ik_pool_is_flat(p))
    return ik_pool_maxima(in, p[IK_POOL_KH], 1, p, p[IK_POOL_SW], width);
  if (p[IK_POOL_KW] == 2 && p[IK_POOL_SW] == 2)
    return ik_pool_row(in, p, 2, 2, width);
  if (p[IK_POOL_KW] == 3 && p[IK_POOL_SW] == 2)
    return ik_pool_row(in, p, 3, 2, width);
  if (p[IK_POOL_KW] == 3 && p[IK_POOL_SW] == 1)
    return ik_pool_row(in, p, 3, 1, width);
  return ik_pool_row(in, p, p[IK_POOL_KW], p[IK_POOL_SW], width);
}

/* The columns of phase f that lie in the input: [low, high) of `width`. */
typedef struct { int64_t low, high; } ik_pool_span;
enum { IK_POOL_SPANS = 4 }; /* phases whose spans are computed once */
static ik_pool_span ik_pool_span_of(const int64_t *p, int64_t f, int64_t width) {
  const int64_t sw = p[IK_POOL_SW], pad = p[IK_POOL_PW];
  int64_t low = (pad - f + sw - 1) / sw, high = (p[IK_POOL_IW] + pad - f + sw - 1) / sw;
  low = low < 0 ? 0 : low > width ? width : low;
  return (ik_pool_span){low, high < low ? low : high > width ? width : high};
}

#define IK_POOL_DEFINE(T, NAME)                                                                                               \
  static void ik_pool_line_##NAME(float *line, const T *row, const T *end, const int64_t *p, const ik_pool_span *spans, int64_t width, float border) { \
    const int64_t sw = p[IK_POOL_SW];                                                                                         \
    const ik_f32x16 fill = ik_splat16(border);                                                                                \
    for (int64_t f = 0; f < sw; ++f, line += width) {                                                                         \
      const ik_pool_span span = f < IK_POOL_SPANS ? spans[f] : ik_pool_span_of(p, f, width);                                  \
      const int64_t low = row ? span.low : width, high = row ? span.high : width;                                             \
      const T *from = row + f - p[IK_POOL_PW];                                                                                \
      /* Whole vectors: what they write too much is written again, or lies behind the last line. */                           \
      for (int64_t j = 0; j < low; j += 16)                                                                                   \
        ik_store16_f32(line + j, fill);                                                                                       \
      int64_t j = low;                                                                                                        \
      for (; sw <= 2 && j < high && end - from >= (j + 16) * sw; j += 16)                                                     \
        ik_store16_f32(line + j, sw == 1 ? ik_load16_##NAME(from + j) : ik_even16(ik_load16_##NAME(from + 2 * j), ik_load16_##NAME(from + 2 * j + 15))); \
      _Pragma("clang loop unroll(disable) vectorize(disable)") for (; j < high; ++j) line[j] = (float)from[j * sw];           \
      for (int64_t j = high; j < width; j += 16)                                                                              \
        ik_store16_f32(line + j, fill);                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  /* Maxima along each of `count` lines, in place at the line's start: with large windows the columns then need KH taps alone. Order\
   * and so bits stay: the first of equal values wins, and the last NaN. */                                                   \
  static void ik_pool_flatten_##NAME(float *lines, const int64_t *p, int64_t width, int64_t count) {                          \
    for (int64_t r = 0; r < count; ++r, lines += p[IK_POOL_SW] * width)                                                       \
      for (int64_t i = 0; i < p[IK_POOL_OW]; i += 16)                                                                         \
        ik_store16_f32(lines + i, ik_pool_maxima(lines + i, 1, p[IK_POOL_KW], p, p[IK_POOL_SW], width));                      \
  }                                                                                                                           \
  static void ik_pool_band_##NAME(const float *lines, T *y, const float *columns, const int64_t *p, int64_t width, int64_t h0, int64_t h1) { \
    const int64_t ow = p[IK_POOL_OW];                                                                                         \
    for (int64_t h = h0; h < h1; ++h) {                                                                                       \
      const float *in = lines + (h - h0) * p[IK_POOL_SH] * p[IK_POOL_SW] * width;                                             \
      float rows = (float)ik_pool_taps(h * p[IK_POOL_SH] - p[IK_POOL_PH], p[IK_POOL_KH], p[IK_POOL_DH], p[IK_POOL_PH], p[IK_POOL_IH], \
                                       p[IK_POOL_QH], p[IK_POOL_COUNT_PAD]);                                                  \
      for (int64_t i = 0; i < ow; i += 16) {                                                                                  \
        i = i + 16 > ow && ow >= 16 ? ow - 16 : i; /* the last 16 overlap: equal values twice */                              \
        ik_f32x16 v = ik_pool_row16(in + i, p, width);                                                                        \
        if (p[IK_POOL_KIND] == IK_POOL_AVERAGE)                                                                               \
          v = v / (ik_load16_f32(columns + i) * ik_splat16(rows));                                                            \
        if (ow - i >= 16)                                                                                                     \
          ik_store16_##NAME(y + h * ow + i, v);                                                                               \
        else                                                                                                                  \
          ik_store_part_##NAME(y + h * ow + i, v, ow - i);                                                                    \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  IK_KERNEL(ik_pool2d_##NAME) {                                                                                               \
    const T *x = buf[0];                                                                                                      \
    T *y = buf[1];                                                                                                            \
    const int64_t ow = p[IK_POOL_OW], oh = p[IK_POOL_OH], ih = p[IK_POOL_IH], iw = p[IK_POOL_IW], sh = p[IK_POOL_SH];         \
    const int64_t width = IK_POOL_WIDTH(ow, p[IK_POOL_KW], p[IK_POOL_DW], p[IK_POOL_SW]), padded = (ow + 15) / 16 * 16;       \
    float *columns = (float *)(((uintptr_t)buf[2] + 63) & ~(uintptr_t)63), *lines = columns + padded;                         \
    const float border = p[IK_POOL_KIND] == IK_POOL_MAX ? -__builtin_inff() : 0.0f;                                           \
    const T *end = x + p[IK_POOL_PLANES] * ih * iw;                                                                           \
    ik_pool_span spans[IK_POOL_SPANS];                                                                                        \
    for (int64_t f = 0; f < IK_POOL_SPANS && f < p[IK_POOL_SW]; ++f)                                                          \
      spans[f] = ik_pool_span_of(p, f, width);                                                                                \
    for (int64_t i = 0; i < padded; ++i)                                                                                      \
      columns[i] = (float)ik_pool_taps(i * p[IK_POOL_SW] - p[IK_POOL_PW], p[IK_POOL_KW], p[IK_POOL_DW], p[IK_POOL_PW], iw, p[IK_POOL_QW], \
                                       p[IK_POOL_COUNT_PAD]);                                                                 \
    const int64_t band = p[IK_POOL_BAND], bands = (oh + band - 1) / band;                                                     \
    ik_range range = ik_share(p[IK_POOL_PLANES] * bands, worker, workers);                                                    \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      int64_t h0 = unit % bands * band, h1 = h0 + band < oh ? h0 + band : oh, plane = unit / bands;                           \
      int64_t first = h0 * sh - p[IK_POOL_PH], count = (h1 - h0 - 1) * sh + (p[IK_POOL_KH] - 1) * p[IK_POOL_DH] + 1;          \
      for (int64_t r = 0; r < count; ++r) {                                                                                   \
        int64_t h = first + r;                                                                                                \
        ik_pool_line_##NAME(lines + r * p[IK_POOL_SW] * width, h >= 0 && h < ih ? x + (plane * ih + h) * iw : 0, end, p, spans, width, border); \
      }                                                                                                                       \
      if (ik_pool_is_flat(p))                                                                                                 \
        ik_pool_flatten_##NAME(lines, p, width, count);                                                                       \
      ik_pool_band_##NAME(lines, y + plane * oh * ow, columns, p, width, h0, h1);                                             \
    }                                                                                                                         \
  }

IK_POOL_DEFINE(float, f32)
IK_POOL_DEFINE(_Float16, f16)
