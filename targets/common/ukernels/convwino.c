/* ik_convwino_f32, ik_convwino_f16: convolution 3x3 with stride 1 in Winograd's form F(4x4, 3x3) (A. Lavin and S. Gray, "Fast Algorithms for Convolutional
 * Neural Networks", 2015): 36 products for 16 outputs of a channel instead of 144. A block of tiles, one a lane, transforms its input to
 * V = B'dB for all channels; products of each of the 36 points are sums over channels as in matmul.c; outputs are A'(UV)A. The filter
 * comes transformed, w // [G][ceil(OC/8)][36][IC][8] with U = G g G' rounded once. Every operation runs in one order, so all targets and
 * all numbers of workers give the same bits; against the direct sum the result differs by rounding (a few times more of it), and a NaN
 * or infinity spoils its whole tile. f16 is widened on load and rounded once on store, its transformed filter is f32. Parallel unit: one row of
 * tiles (n, g, row) or one part of it; a worker's rows go in blocks. */
#include "targets/common/ukernels/convparts.h"
#include "targets/common/ukernels/convwino.h"

/* A block: its tiles and where they are. */
typedef struct { int64_t row, rows, column, width, pitch, vecs; } ik_block_of_tiles;

/* B' of six values; 4.. and 5.. are the coefficients of the transform for the points 0, 1, -1, 2, -2. */
IK_INLINE void ik_wino_into(ik_f32x16 *v, ik_f32x16 d0, ik_f32x16 d1, ik_f32x16 d2, ik_f32x16 d3, ik_f32x16 d4, ik_f32x16 d5) {
  const ik_f32x16 four = ik_splat16(4.0f), five = ik_splat16(-5.0f), two = ik_splat16(2.0f);
  ik_f32x16 even = ik_fma16(-four, d2, d4), odd = ik_fma16(-four, d1, d3), even2 = d4 - d2, odd2 = d3 - d1;
  v[0] = ik_fma16(four, d0, ik_fma16(five, d2, d4));
  v[1] = even + odd;
  v[2] = even - odd;
  v[3] = ik_fma16(two, odd2, even2);
  v[4] = ik_fma16(-two, odd2, even2);
  v[5] = ik_fma16(four, d1, ik_fma16(five, d3, d5));
}

/* A' of six values. */
IK_INLINE void ik_wino_out(ik_f32x16 *y, ik_f32x16 m0, ik_f32x16 m1, ik_f32x16 m2, ik_f32x16 m3, ik_f32x16 m4, ik_f32x16 m5) {
  ik_f32x16 a = m1 + m2, b = m1 - m2, c = m3 + m4, d = m3 - m4;
  y[0] = m0 + (a + c);
  y[1] = ik_fma16(ik_splat16(2.0f), d, b);
  y[2] = ik_fma16(ik_splat16(4.0f), c, a);
  y[3] = ik_fma16(ik_splat16(8.0f), d, b) + m5;
}

/* Elements 1, 3, .. 31 of two neighbours; the even ones. */
IK_INLINE ik_f32x16 ik_wino_odd(ik_f32x16 a, ik_f32x16 b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
IK_INLINE ik_f32x16 ik_wino_even(ik_f32x16 a, ik_f32x16 b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
IK_INLINE ik_f32x16 ik_wino_zip(ik_f32x16 a, ik_f32x16 b, int high) {
  return high ? __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
              : __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

/* v // [36][..][48] of one channel, `step` from point to point, from its phases: 16 tiles. */
static void ik_wino_input(float *v, int64_t step, const float *phases, int64_t pitch, int64_t apart) {
  ik_f32x16 rows[6][6];
  IK_UNROLL for (int j = 0; j < 6; ++j) {
    const float *from = phases + j % 4 * apart + j / 4;
    ik_f32x16 c[6];
    ik_wino_into(c, ik_load16_f32(from), ik_load16_f32(from + apart * 4), ik_load16_f32(from + apart * 8), ik_load16_f32(from + apart * 12),
                 ik_load16_f32(from + pitch), ik_load16_f32(from + apart * 4 + pitch));
    IK_UNROLL for (int i = 0; i < 6; ++i) rows[i][j] = c[i];
  }
  IK_UNROLL for (int i = 0; i < 6; ++i) {
    ik_f32x16 c[6];
    ik_wino_into(c, rows[i][0], rows[i][1], rows[i][2], rows[i][3], rows[i][4], rows[i][5]);
    IK_UNROLL for (int j = 0; j < 6; ++j) ik_store16_f32(v + (i * 6 + j) * step, c[j]);
  }
}

/* lines // [4][64 * 3]: the four rows of outputs of 16 tiles of one channel, side by side, from m // [36][8][48]. */
static void ik_wino_output(float *lines, const float *m, ik_f32x16 bias, ik_epilogue e) {
  ik_f32x16 columns[4][6];
  IK_UNROLL for (int j = 0; j < 6; ++j) {
    ik_f32x16 c[4];
    const float *from = m + j * 8 * 48;
    ik_wino_out(c, ik_load16_f32(from), ik_load16_f32(from + 6 * 384), ik_load16_f32(from + 12 * 384), ik_load16_f32(from + 18 * 384),
                ik_load16_f32(from + 24 * 384), ik_load16_f32(from + 30 * 384));
    IK_UNROLL for (int i = 0; i < 4; ++i) columns[i][j] = c[i];
  }
  for (int i = 0; i < 4; ++i) {
    ik_f32x16 c[4], zero = ik_splat16(0.0f);
    ik_wino_out(c, columns[i][0], columns[i][1], columns[i][2], columns[i][3], columns[i][4], columns[i][5]);
    for (int j = 0; j < 4; ++j)
      c[j] = ik_finish16(c[j] + bias, zero, e);
    ik_f32x16 e0 = ik_wino_zip(c[0], c[2], 0), o0 = ik_wino_zip(c[1], c[3], 0), e1 = ik_wino_zip(c[0], c[2], 1), o1 = ik_wino_zip(c[1], c[3], 1);
    ik_store16_f32(lines + i * 192, ik_wino_zip(e0, o0, 0));
    ik_store16_f32(lines + i * 192 + 16, ik_wino_zip(e0, o0, 1));
    ik_store16_f32(lines + i * 192 + 32, ik_wino_zip(e1, o1, 0));
    ik_store16_f32(lines + i * 192 + 48, ik_wino_zip(e1, o1, 1));
  }
}

/* T: of x, bias, residual and y. */
#define IK_WINO_DEFINE(T, NAME)                                                                                               \
  /* One line of a channel, and a hint for the same line of the next one: too far for the machine's own prefetcher. */        \
  IK_INLINE void ik_wino_line_##NAME(float *line, const T *row, int64_t w, int64_t count, int64_t ih, int64_t iw, const T *end) { \
    for (int64_t i = 0; i < count; i += 16)                                                                                   \
      __builtin_prefetch((const void *)((uintptr_t)row + (uintptr_t)((ih * iw + w + i) * (int64_t)sizeof(T))));               \
    ik_conv_gather_##NAME(line, row, w, count, 1, iw, end);                                                                   \
  }                                                                                                                           \
  /* The lines of one channel that a block reads, split by row % 4 and column % 4: phases // [4][4][rows + 1][pitch], `apart` from phase to phase. */ \
  static void ik_wino_pack_##NAME(float *phases, float *line, const T *x, const T *end, const int64_t *p, const ik_block_of_tiles *b, int64_t apart) { \
    const int64_t ih = p[IK_CONV_IH], iw = p[IK_CONV_IW], count = b->width * 4 + 2;                                           \
    for (int64_t r = 0; r < b->rows * 4 + 2; ++r) {                                                                           \
      const int64_t h = b->row * 4 + r - p[IK_CONV_PH];                                                                       \
      if (h < 0 || h >= ih)                                                                                                   \
        for (int64_t i = 0; i < count; i += 16)                                                                               \
          ik_store16_f32(line + i, ik_splat16(0.0f));                                                                         \
      else                                                                                                                    \
        ik_wino_line_##NAME(line, x + h * iw, b->column * 4 - p[IK_CONV_PW], count, ih, iw, end);                             \
      float *to = phases + r % 4 * 4 * apart + r / 4 * b->pitch;                                                              \
      for (int64_t t = 0; t <= b->width; t += 16) {                                                                           \
        ik_f32x16 v0 = ik_load16_f32(line + t * 4), v1 = ik_load16_f32(line + t * 4 + 16), v2 = ik_load16_f32(line + t * 4 + 32); \
        ik_f32x16 v3 = ik_load16_f32(line + t * 4 + 48), e0 = ik_wino_even(v0, v1), e1 = ik_wino_even(v2, v3), o0 = ik_wino_odd(v0, v1), o1 = ik_wino_odd(v2, v3); \
        ik_store16_f32(to + t, ik_wino_even(e0, e1));                                                                         \
        ik_store16_f32(to + t + apart, ik_wino_even(o0, o1));                                                                 \
        ik_store16_f32(to + t + apart * 2, ik_wino_odd(e0, e1));                                                              \
        ik_store16_f32(to + t + apart * 3, ik_wino_odd(o0, o1));                                                              \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  /* y, residual // one channel's plane: the block's outputs from their lines. */                                             \
  static void ik_wino_store_##NAME(T *y, const T *residual, const float *lines, const int64_t *p, const ik_block_of_tiles *b, ik_epilogue e) { \
    const int64_t ow = p[IK_CONV_OW], count = ow - b->column * 4 < b->width * 4 ? ow - b->column * 4 : b->width * 4;          \
    for (int64_t r = 0; r < b->rows * 4 && b->row * 4 + r < p[IK_CONV_OH]; ++r) {                                             \
      const float *from = lines + r % 4 * 192 + r / 4 * b->pitch * 4;                                                         \
      const int64_t at = (b->row * 4 + r) * ow + b->column * 4;                                                               \
      for (int64_t i = 0; i < count; i += 16) {                                                                               \
        ik_f32x16 v = ik_load16_f32(from + i);                                                                                \
        const int64_t left = count - i;                                                                                       \
        if (residual)                                                                                                         \
          v = ik_finish16(v, left < 16 ? ik_load_part_##NAME(residual + at + i, left) : ik_load16_##NAME(residual + at + i), e); \
        if (left < 16)                                                                                                        \
          ik_store_part_##NAME(y + at + i, v, left);                                                                          \
        else                                                                                                                  \
          ik_store16_##NAME(y + at + i, v);                                                                                   \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  /* Panels of 8 output channels of a block whose transform is in v. */                                                       \
  static void ik_wino_panels_##NAME(T *y, const T *residual, const T *bias, const float *w, const float *v, float *m, float *lines, const int64_t *p, \
                             const ik_block_of_tiles *b) {                                                                    \
    const int64_t ic = p[IK_CONV_IC], oc = p[IK_CONV_OC], area = p[IK_CONV_OH] * p[IK_CONV_OW];                               \
    const ik_epilogue e = {p[IK_CONV_ACT], p[IK_CONV_RESIDUAL], ik_f32(p[IK_CONV_ALPHA]), ik_f32(p[IK_CONV_BETA])}, none = {0, 0, 0.0f, 0.0f}; \
    for (int64_t o = 0; o < oc; o += 8) {                                                                                     \
      const int64_t rows = oc - o < 8 ? oc - o : 8;                                                                           \
      for (int64_t point = 0; point < IK_WINO_POINTS; ++point, w += ic * 8)                                                   \
        ik_tile(m + point * 8 * 48, 1, w, 1, 8, v + point * ic * 48, 48, 16, ic, rows, b->vecs);                              \
      for (int64_t r = 0; r < rows; ++r) {                                                                                    \
        const ik_f32x16 add = ik_splat16(bias ? (float)bias[o + r] : 0.0f);                                                   \
        for (int64_t i = 0; i < b->vecs; ++i)                                                                                 \
          ik_wino_output(lines + i * 64, m + r * 48 + i * 16, add, residual ? none : e);                                      \
        ik_wino_store_##NAME(y + (o + r) * area, residual ? residual + (o + r) * area : 0, lines, p, b, e);                   \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  IK_KERNEL(ik_convwino_##NAME) {                                                                                             \
    const T *x = buf[0];                                                                                                      \
    const float *w = buf[1];                                                                                                  \
    int next = 2;                                                                                                             \
    const T *bias = p[IK_CONV_BIAS] ? buf[next++] : 0, *residual = p[IK_CONV_RESIDUAL] ? buf[next++] : 0;                     \
    T *y = buf[next++];                                                                                                       \
    float *v = (float *)(((uintptr_t)buf[next] + 63) & ~(uintptr_t)63);                                                       \
    const int64_t ic = p[IK_CONV_IC], oc = p[IK_CONV_OC], plane = p[IK_CONV_IH] * p[IK_CONV_IW], area = p[IK_CONV_OH] * p[IK_CONV_OW]; \
    const int64_t places = IK_WINO_PLACES(ic), tw = IK_WINO_TILES(p[IK_CONV_OW]), th = IK_WINO_TILES(p[IK_CONV_OH]);          \
    const int64_t width = IK_WINO_WIDTH(places, tw), rows = IK_WINO_ROWS(places, tw, th), parts = (tw + width - 1) / width;   \
    const int64_t apart = IK_WINO_PHASE(rows, width);                                                                         \
    float *m = v + 36 * 48 * ic, *phases = m + 36 * 48 * 8, *in = phases + 16 * apart + 32, *lines = in + 5 * 64;             \
    const T *end = x + p[IK_CONV_N] * p[IK_CONV_G] * ic * plane;                                                              \
    ik_range range = ik_share(p[IK_CONV_N] * p[IK_CONV_G] * th * parts, worker, workers);                                     \
    for (int64_t unit = range.begin; unit < range.end;) {                                                                     \
      const int64_t column = unit % parts * width, row = unit / parts % th, ng = unit / (parts * th), g = ng % p[IK_CONV_G];  \
      /* A block is a part of one row, or rows: those to the end of the plane or of the share, in blocks of nearly equal height. */ \
      const int64_t left = th - row < range.end - unit ? th - row : range.end - unit, blocks = (left + rows - 1) / rows;      \
      ik_block_of_tiles b = {row, (left + blocks - 1) / blocks, column, tw - column < width ? tw - column : width, 0, 0};     \
      b.pitch = b.width + 1;                                                                                                  \
      b.vecs = ((b.rows - 1) * b.pitch + b.width + 15) / 16;                                                                  \
      for (int64_t c = 0; c < ic; ++c) {                                                                                      \
        ik_wino_pack_##NAME(phases, in, x + (ng * ic + c) * plane, end, p, &b, apart);                                        \
        for (int64_t i = 0; i < b.vecs; ++i)                                                                                  \
          ik_wino_input(v + c * 48 + i * 16, ic * 48, phases + i * 16, b.pitch, apart);                                       \
      }                                                                                                                       \
      ik_wino_panels_##NAME(y + ng * oc * area, residual ? residual + ng * oc * area : 0, bias ? bias + g * oc : 0, w + g * ((oc + 7) / 8) * 36 * ic * 8, v, m, \
                            lines, p, &b);                                                                                    \
      unit += b.rows;                                                                                                         \
    }                                                                                                                         \
  }

IK_KERNEL(ik_convwino_f32);
IK_KERNEL(ik_convwino_f16);
IK_WINO_DEFINE(float, f32)
IK_WINO_DEFINE(_Float16, f16)
