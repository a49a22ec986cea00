/* ik_nbits_float: the product with b-bit weights (nbits.h) for activations that stay in f32, one fused multiply-add chain over k per output. For few rows
 * of x the weights become f32 in registers; for more, pieces of a panel do in scratch. ik_nbits_rows: rows of the packed matrix in f32, exactly; an id outside [0, N) gives zeros.
 * Parallel units: one panel of 16 rows; one row. */
#include "targets/common/ukernels/blockfloat.h"
#include "targets/common/ukernels/blocktile.h"
#include "targets/common/ukernels/nbitshead.h"

/* room // [blocks * 32][16] values of blocks [first, first + blocks) of a panel. */
static void ik_nbits_widen(float *room, const uint8_t *panel, const int64_t *p, int64_t first, int64_t blocks) {
  const int64_t span = ik_nbits_span(p), bits = p[IK_NBITS_BITS], head = ik_nbits_head(p);
  for (int64_t b = first; b < first + blocks; ++b) {
    const uint8_t *group = panel + b / span * (head + span * bits * 64), *w = group + head + b % span * bits * 64;
    for (int h = 0; h < 2; ++h) {
      const ik_f32x16 zeros = ik_nbits_zeros(group, p[IK_NBITS_GROUP] ? 0 : h, p), scales = ik_nbits_scales(group, p[IK_NBITS_GROUP] ? 0 : h, p);
      for (int k = h * 16; k < h * 16 + 16; ++k, room += IK_PANEL)
        ik_store16_f32(room, (__builtin_convertvector(ik_nbits_integers(w, bits, k), ik_f32x16) - zeros) * scales);
    }
  }
}

#if IK_FLOAT_VECTORS
/* A quad of 16 rows: byte j of a word is element 4 quad + j. */
IK_INLINE ik_i32x16 ik_nbits_quad(const uint8_t *w, int64_t bits, int64_t quad) {
  const int64_t at = bits == 8 ? quad : bits == 4 ? quad % 4 : quad / 4, shift = bits == 8 ? 0 : bits == 4 ? quad / 4 * 4 : quad % 4 * 2;
  const ik_i32x16 words = *(const ik_i32x16nu *)(w + at * 64) >> (int32_t)shift;
  return bits == 8 ? words ^ (int32_t)0x80808080 : words & (bits == 4 ? 0x0f0f0f0f : 0x03030303);
}

/* 2^23 more than byte j of each word: what it is behind the exponent of 2^23. */
IK_INLINE ik_f32x16 ik_nbits_raised(ik_i32x16 words, int j) {
#if defined(__AVX512BW__)
  typedef char ik_i8x64n __attribute__((vector_size(64)));
  const ik_i32x16 places = {0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12}; /* in their 16 bytes */
  const ik_i8x64n last = (ik_i8x64n)__builtin_ia32_pshufb512((ik_i8x64n)words, (ik_i8x64n)(places + j));
  return (ik_f32x16)__builtin_ia32_selectb_512(0x1111111111111111ull, last, (ik_i8x64n)((ik_i32x16){0} + 0x4b000000));
#else
  return (ik_f32x16)((words >> j * 8 & 255) | 0x4b000000);
#endif
}

/* acc[r][v] for a quad of x in `rows` rows. `isWhole`: zero points are integers, 2^23 more here, so that the differences are exact either way. */
IK_INLINE void ik_nbits_quad_sums(const int rows, const int panels, const int isWhole, ik_f32x16 (*acc)[2], const ik_i32x16 *words, const float *x, int64_t ldx,
                                  const ik_f32x16 *zeros, const ik_f32x16 *scales) {
  IK_UNROLL for (int j = 0; j < 4; ++j) IK_UNROLL for (int v = 0; v < panels; ++v) {
    const ik_f32x16 q = isWhole ? ik_nbits_raised(words[v], j) : __builtin_convertvector(words[v] >> j * 8 & 255, ik_f32x16), w = (q - zeros[v]) * scales[v];
    IK_UNROLL for (int r = 0; r < rows; ++r) acc[r][v] = ik_fma16(ik_splat16(x[r * ldx + j]), w, acc[r][v]);
  }
}

/* acc[r][v] for half `h` of a block. */
IK_INLINE void ik_nbits_half_sums(const int rows, const int panels, const int isWhole, ik_f32x16 (*acc)[2], const uint8_t *group, const uint8_t *w, int64_t h,
                                  const float *x, const int64_t *p) {
  const int64_t bits = p[IK_NBITS_BITS], apart = ik_nbits_panel(p);
  ik_f32x16 zeros[2], scales[2];
  IK_UNROLL for (int v = 0; v < panels; ++v) {
    zeros[v] = ik_nbits_zeros(group + v * apart, p[IK_NBITS_GROUP] ? 0 : (int)h, p) + ik_splat16(isWhole ? 0x1p23f : 0.0f);
    scales[v] = ik_nbits_scales(group + v * apart, p[IK_NBITS_GROUP] ? 0 : (int)h, p);
  }
  _Pragma("clang loop unroll(disable)") for (int64_t quad = h * 4; quad < h * 4 + 4; ++quad, x += 4) {
    ik_i32x16 words[2];
    IK_UNROLL for (int v = 0; v < panels; ++v) words[v] = ik_nbits_quad(w + v * apart, bits, quad);
    ik_nbits_quad_sums(rows, panels, isWhole, acc, words, x, p[IK_NBITS_K], zeros, scales);
  }
}

/* y[r][v * 16 ..] for `rows` rows of x and `panels` panels, whose chains run side by side. */
IK_INLINE void ik_nbits_few(const int rows, const int panels, const int isWhole, float *y, int64_t count, const uint8_t *w, const float *x, const int64_t *p) {
  const int64_t span = ik_nbits_span(p), bytes = p[IK_NBITS_BITS] * 64, head = ik_nbits_head(p), apart = ik_nbits_panel(p), blocks = p[IK_NBITS_K] / IK_BLOCK;
  ik_f32x16 acc[3][2];
  IK_EACH_OF(rows, panels) acc[r][v] = ik_splat16(0.0f);
  for (int64_t first = 0; first < blocks; first += span) {
    const int64_t end = blocks - first < span ? blocks - first : span;
    const uint8_t *group = w;
    w += head;
    for (int64_t b = 0; b < end; ++b, w += bytes, x += IK_BLOCK) {
      IK_UNROLL for (int v = 0; v < panels; ++v)
        for (int64_t line = 0; line < bytes; line += 64) __builtin_prefetch(w + v * apart + line + IK_PREFETCH, 0, 2);
      ik_nbits_half_sums(rows, panels, isWhole, acc, group, w, 0, x, p);
      ik_nbits_half_sums(rows, panels, isWhole, acc, group, w, 1, x + IK_BLOCK / 2, p);
    }
  }
  IK_EACH_OF(rows, panels) ik_store_some_f32(y + r * p[IK_NBITS_N] + v * IK_PANEL, acc[r][v], count - v * IK_PANEL);
}

/* The panels of `range` for one to three rows of x. */
IK_INLINE void ik_nbits_few_panels(const int isWhole, float *y, const uint8_t *w, const float *x, const int64_t *p, ik_range range) {
  const int64_t rows = p[IK_NBITS_M], n = p[IK_NBITS_N], bytes = ik_nbits_panel(p);
  int64_t panel = range.begin;
#if defined(__AVX512F__) /* one chain of whole registers would wait for itself */
  for (; rows == 1 && panel + 2 <= range.end; panel += 2)
    ik_nbits_few(1, 2, isWhole, y + panel * IK_PANEL, n - panel * IK_PANEL, w + panel * bytes, x, p);
#endif
  for (; panel < range.end; ++panel) {
    float *to = y + panel * IK_PANEL;
    const int64_t count = n - panel * IK_PANEL;
    if (rows == 1)
      ik_nbits_few(1, 1, isWhole, to, count, w + panel * bytes, x, p);
    else if (rows == 2)
      ik_nbits_few(2, 1, isWhole, to, count, w + panel * bytes, x, p);
    else
      ik_nbits_few(3, 1, isWhole, to, count, w + panel * bytes, x, p);
  }
}
#endif

/* y[r][0 .. count) (+)= x[r] times the piece, for `rows` rows of x that are `ldx` apart. */
IK_INLINE void ik_nbits_piece(const int rows, float *y, int64_t ldy, int64_t count, int fresh, const float *room, const float *x, int64_t ldx, int64_t depth) {
  ik_f32x16 acc[8];
  IK_UNROLL for (int r = 0; r < rows; ++r)
    acc[r] = fresh ? ik_splat16(0.0f) : count >= IK_PANEL ? ik_load16_f32(y + r * ldy) : ik_load_part_f32(y + r * ldy, count);
  for (int64_t k = 0; k < depth; ++k)
    IK_UNROLL for (int r = 0; r < rows; ++r) acc[r] = ik_fma16(ik_splat16(x[r * ldx + k]), ik_load16_f32(room + k * IK_PANEL), acc[r]);
  IK_UNROLL for (int r = 0; r < rows; ++r) ik_store_some_f32(y + r * ldy, acc[r], count);
}

IK_KERNEL(ik_nbits_float);
IK_KERNEL(ik_nbits_float) {
  const int64_t rows = p[IK_NBITS_M], n = p[IK_NBITS_N], depth = p[IK_NBITS_K];
  float *room = (float *)(((uintptr_t)buf[3] + 63) & ~(uintptr_t)63);
  ik_range range = ik_share((n + IK_PANEL - 1) / IK_PANEL, worker, workers);
#if IK_FLOAT_VECTORS
  if (rows < 4) {
    if (p[IK_NBITS_ZERO] == 4)
      ik_nbits_few_panels(0, buf[2], buf[1], buf[0], p, range);
    else
      ik_nbits_few_panels(1, buf[2], buf[1], buf[0], p, range);
    return;
  }
#endif
  for (int64_t panel = range.begin; panel < range.end; ++panel)
    for (int64_t k = 0; k < depth; k += IK_NBITS_PIECE) {
      const int64_t piece = depth - k < IK_NBITS_PIECE ? depth - k : IK_NBITS_PIECE, count = n - panel * IK_PANEL;
      const float *x = (const float *)buf[0] + k;
      float *y = (float *)buf[2] + panel * IK_PANEL;
      int64_t m = 0;
      ik_nbits_widen(room, (const uint8_t *)buf[1] + panel * ik_nbits_panel(p), p, k / IK_BLOCK, piece / IK_BLOCK);
#if IK_FLOAT_VECTORS
      for (; m + 4 <= rows; m += 4)
        ik_nbits_piece(4, y + m * n, n, count, k == 0, room, x + m * depth, depth, piece);
#endif
      for (; m < rows; ++m)
        ik_nbits_piece(1, y + m * n, n, count, k == 0, room, x + m * depth, depth, piece);
    }
}

IK_KERNEL(ik_nbits_rows);
IK_KERNEL(ik_nbits_rows) {
  const int64_t depth = p[IK_NBITS_K], span = ik_nbits_span(p), bits = p[IK_NBITS_BITS], head = ik_nbits_head(p);
  ik_range range = ik_share(p[IK_NBITS_M], worker, workers);
  for (int64_t m = range.begin; m < range.end; ++m) {
    const int64_t id = ((const int32_t *)buf[1])[m], isRow = id >= 0 && id < p[IK_NBITS_N], row = isRow ? id : 0;
    const uint8_t *panel = (const uint8_t *)buf[0] + row / IK_PANEL * ik_nbits_panel(p);
    float *y = (float *)buf[2] + m * depth;
    for (int64_t k = 0; k < depth; ++k) {
      const int64_t b = k / IK_BLOCK;
      const uint8_t *group = panel + b / span * (head + span * bits * 64);
      const int h = p[IK_NBITS_GROUP] ? 0 : (int)(k % IK_BLOCK / 16), r = (int)(row % IK_PANEL);
      int32_t q = ik_nbits_integer(group + head + b % span * bits * 64, bits, r, (int)(k % IK_BLOCK));
      y[k] = isRow ? ((float)q - ik_nbits_zeros(group, h, p)[r]) * ik_nbits_scales(group, h, p)[r] : 0.0f;
    }
  }
}
