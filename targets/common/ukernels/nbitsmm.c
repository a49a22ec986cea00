/* ik_nbits_matmul_<form>: y[m][n] = sum over k of x[m][k] w[n][k] for w of 2, 4 or 8 bits in blocks of 16, 32 or a multiple, and activations in 8 bits;
 * layout and the order of operations in nbits.h, the integer sums are those of blocktile.h, or with 16 rows of x and more of AMX (blockamx.h). Parallel unit: one panel of 16 rows. */
#include "targets/common/ukernels/blockamx.h"
#include "targets/common/ukernels/nbitshead.h"

/* One group's part of what multiplies x, for both halves. */
typedef struct {
  ik_f32x16 d[2], m[2];
} ik_nbits_terms;

IK_INLINE ik_nbits_terms ik_nbits_terms_of(const int bits, const int hasZeros, const int byHalf, const uint8_t *head, const int64_t *p) {
  ik_nbits_terms t;
  IK_UNROLL for (int h = 0; h < 2; ++h) {
    t.d[h] = h && !byHalf ? t.d[0] : ik_nbits_scales(head, h, p);
    t.m[h] = ik_splat16(0.0f);
    if (hasZeros && (byHalf || h == 0))
      t.m[h] = -(t.d[h] * (ik_nbits_zeros(head, h, p) - ik_splat16(bits == 8 ? 128.0f : 0.0f)));
  }
  return t;
}

/* What the integer sums see of the weights: with zeros these are terms of their own, as minima are. */
IK_INLINE ik_block_format ik_nbits_format(const int bits, const int hasZeros, const int byHalf) {
  const ik_block_format f = {bits, bits == 8 || hasZeros ? 0 : 1 << (bits - 1), byHalf ? IK_FAMILY_K16 : hasZeros ? IK_FAMILY_MIN : IK_FAMILY_PLAIN};
  return f;
}

/* Adds half h (h < 0: all) of a block of 32 to the accumulators. */
IK_INLINE void ik_nbits_add(ik_block_format f, const int rows, const int hasZeros, int h, ik_f32x16 *acc, const uint8_t *w, const uint8_t *x, int64_t blocks,
                            ik_nbits_terms t) {
  ik_i32x16 sums[12];
  const int byHalf = h >= 0, at = byHalf ? h : 0;
  IK_UNROLL for (int r = 0; r < rows; ++r) sums[r] = ik_dot_start(f, ik_x_row(x, r, blocks), at);
  ik_quad_sums(f, rows, sums, w, x, blocks, byHalf ? h * 4 : 0, byHalf ? 4 : 8);
  IK_UNROLL for (int r = 0; r < rows; ++r) {
    const uint8_t *row = ik_x_row(x, r, blocks);
    const float scale = ik_x_float(row, IK_X_SCALE);
    acc[r] = ik_fma16(ik_to_f32(sums[r]), t.d[at] * ik_splat16(scale), acc[r]);
    if (!hasZeros)
      continue;
    float sum = ik_x_float(row, IK_X_SCALED_SUM);
    if (byHalf) {
      int32_t low8 = ik_x_int(row, IK_X_LOW8);
      sum = scale * (float)(-(h ? ik_x_int(row, IK_X_SUM8) - low8 : low8) >> 3);
    }
    acc[r] = ik_fma16(t.m[at], ik_splat16(sum), acc[r]);
  }
}

/* As ik_block_tile; `span` blocks of 32 share their scales. */
IK_INLINE void ik_nbits_tile(const int bits, const int hasZeros, const int byHalf, const int rows, float *y, int64_t count, const uint8_t *w, const uint8_t *x,
                             int64_t width, const int64_t *p, int64_t span, int isFirst) {
  const ik_block_format f = ik_nbits_format(bits, hasZeros, byHalf);
  const int64_t blocks = p[IK_NBITS_K] / IK_BLOCK, head = ik_nbits_head(p), ldy = p[IK_NBITS_N];
  ik_f32x16 acc[12];
  IK_UNROLL for (int r = 0; r < rows; ++r) acc[r] = ik_splat16(0.0f);
  for (int64_t first = 0; first < blocks; first += span) {
    const ik_nbits_terms t = ik_nbits_terms_of(bits, hasZeros, byHalf, w, p);
    const int64_t end = blocks - first < span ? blocks - first : span;
    if (rows == 1 || isFirst)
      __builtin_prefetch(w + IK_PREFETCH, 0, 2);
    w += head;
    for (int64_t b = 0; b < end; ++b, w += bits * 64, x += width * IK_XBLOCK) {
      if (rows == 1 || isFirst)
        IK_UNROLL for (int line = 0; line < bits * 64; line += 64) __builtin_prefetch(w + IK_PREFETCH + line, 0, 2);
      if (byHalf)
        IK_UNROLL for (int h = 0; h < 2; ++h) ik_nbits_add(f, rows, hasZeros, h, acc, w, x, blocks, t);
      else
        ik_nbits_add(f, rows, hasZeros, -1, acc, w, x, blocks, t);
    }
  }
  IK_UNROLL for (int r = 0; r < rows; ++r) ik_store_some_f32(y + r * ldy, acc[r], count);
}

/* The rows of x from m on with the panel whose first row is n0. */
IK_INLINE void ik_nbits_rows_of(const int bits, const int hasZeros, const int byHalf, float *y, const uint8_t *w, const uint8_t *x, const int64_t *p,
                                int64_t m, int64_t n0, int64_t span) {
  const int64_t rows = p[IK_NBITS_M], n = p[IK_NBITS_N], step = p[IK_NBITS_K] / IK_BLOCK * IK_XBLOCK, first = m;
#if defined(__AVX512F__)
  if (!byHalf)
    for (; m + 12 <= rows; m += 12)
      ik_nbits_tile(bits, hasZeros, byHalf, 12, y + m * n + n0, n - n0, w, x + m * step, IK_XGROUP, p, span, m == first);
#endif
  for (; m + 4 <= rows; m += 4)
    ik_nbits_tile(bits, hasZeros, byHalf, 4, y + m * n + n0, n - n0, w, x + m * step, IK_XGROUP, p, span, m == first);
  for (int64_t i = 0; m + i < rows; ++i)
    ik_nbits_tile(bits, hasZeros, byHalf, 1, y + (m + i) * n + n0, n - n0, w, x + m * step + i * IK_XBLOCK, rows - m, p, span, 1);
}

/* Scales of every block of 32 by a constant, which keeps the accumulators of a tile in registers. */
IK_INLINE void ik_nbits_panel_rows(const int bits, const int hasZeros, const int byHalf, float *y, const uint8_t *w, const uint8_t *x, const int64_t *p,
                                   int64_t m, int64_t n0) {
  if (byHalf || p[IK_NBITS_GROUP] == 1)
    ik_nbits_rows_of(bits, hasZeros, byHalf, y, w, x, p, m, n0, 1);
  else
    ik_nbits_rows_of(bits, hasZeros, byHalf, y, w, x, p, m, n0, p[IK_NBITS_GROUP]);
}

#if IK_TILES_BF16
IK_INLINE void ik_nbits_expand(ik_amx_w *to, ik_block_format f, const uint8_t *panel, const int64_t *p, int64_t b, int64_t count) {
  const int64_t span = ik_nbits_span(p), head = ik_nbits_head(p), bytes = f.bits * 64;
  const ik_i32x16 none[2] = {(ik_i32x16)0, (ik_i32x16)0};
  for (const int64_t end = b + count; b < end; ++b, ++to) {
    const uint8_t *group = panel + b / span * (head + span * bytes);
    const ik_nbits_terms t = ik_nbits_terms_of(f.bits, f.family == IK_FAMILY_MIN, 0, group, p);
    ik_store16_f32(to->d, t.d[0]);
    ik_store16_f32(to->m, t.m[0]);
    ik_amx_quads(to, f, group + head + b % span * bytes, none);
  }
}
#endif
/* How many rows of x are done by tiles; blocks of 16 would need two products. */
IK_INLINE int64_t ik_nbits_tiled(const int bits, const int hasZeros, const int byHalf, void *const *buf, const int64_t *p, ik_range range) {
#if IK_TILES_BF16
  if (!byHalf)
    return ik_amx_panels(ik_nbits_format(bits, hasZeros, byHalf), ik_nbits_expand, 1, buf, p, ik_nbits_panel(p), range);
#endif
  (void)bits, (void)hasZeros, (void)byHalf, (void)buf, (void)p, (void)range;
  return 0;
}

#define IK_NBITS_MATMUL(form, bits, hasZeros, byHalf)                                                                              \
  IK_KERNEL(ik_nbits_matmul_##form);                                                                                               \
  IK_KERNEL(ik_nbits_matmul_##form) {                                                                                              \
    ik_range range = ik_share((p[IK_NBITS_N] + IK_PANEL - 1) / IK_PANEL, worker, workers);                                         \
    const int64_t first = ik_nbits_tiled(bits, hasZeros, byHalf, buf, p, range);                                                   \
    for (int64_t panel = range.begin; panel < range.end && first < p[IK_NBITS_M]; ++panel)                                         \
      ik_nbits_panel_rows(bits, hasZeros, byHalf, buf[2], (const uint8_t *)buf[1] + panel * ik_nbits_panel(p), buf[0], p, first, panel * IK_PANEL); \
  }
IK_NBITS_TABLE(IK_NBITS_MATMUL)
