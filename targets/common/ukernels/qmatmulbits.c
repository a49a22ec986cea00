/* ik_qmatmul_bits: ik_qmatmul (qmatmul.c) with weights stored as a bit each and the values that are not zero. Rows of a become quads of the dot
 * product's type in scratch, tiles of 128; a lane is an output; each panel of 16 outputs is expanded in scratch once a tile. Terms and
 * the packed form in quant.h. Parallel units: (tile of rows, panel). */
#include "targets/common/ukernels/qexpand.h"

enum { IK_QSTEPS = 4 / IK_DOT }; /* lanes that a quad of a takes */

/* c[r][32] = a rows r of `quads` quads, lda lanes apart, by one panel w // [quads][32][4]. */
#define IK_QROWS_TILE(R, V)                                                                                                    \
  IK_INLINE void ik_qrows_##R##x##V(int32_t *c, const int32_t *a, int64_t lda, const int32_t *w, int64_t quads) {              \
    ik_i32x16 s[R][V], b[V];                                                                                                   \
    IK_UNROLL for (int r = 0; r < R; ++r)                                                                                      \
      IK_UNROLL for (int v = 0; v < V; ++v) s[r][v] = (ik_i32x16)0;                                                            \
    for (int64_t k = 0; k < quads; ++k, w += IK_QPANEL, a += IK_QSTEPS) {                                                      \
      IK_UNROLL for (int v = 0; v < V; ++v) b[v] = *(const ik_i32x16u *)(w + v * 16);                                          \
      IK_UNROLL for (int r = 0; r < R; ++r)                                                                                    \
        IK_UNROLL for (int v = 0; v < V; ++v)                                                                                  \
          s[r][v] = ik_dot_quad(s[r][v], (ik_i32x16)a[r * lda], (ik_i32x16)a[r * lda + IK_QSTEPS - 1], b[v]);                  \
    }                                                                                                                          \
    IK_UNROLL for (int r = 0; r < R; ++r)                                                                                      \
      IK_UNROLL for (int v = 0; v < V; ++v) *(ik_i32x16u *)(c + r * IK_QPANEL + v * 16) = s[r][v];                             \
  }
#if defined(__AVX512F__)
enum { IK_QGROUP = 8 };
IK_QROWS_TILE(8, 1)
#else
enum { IK_QGROUP = 4 };
IK_QROWS_TILE(4, 1)
#endif

/* One row: two chains of sums hide the dot product's latency. */
static void ik_qrow(int32_t *c, const int32_t *a, const int32_t *w, int64_t quads) {
  ik_i32x16 even = (ik_i32x16)0, odd = (ik_i32x16)0;
  for (int64_t k = 0; k < quads; ++k, w += IK_QPANEL, a += IK_QSTEPS) {
    ik_i32x16 *s = k % 2 ? &odd : &even;
    *s = ik_dot_quad(*s, (ik_i32x16)a[0], (ik_i32x16)a[IK_QSTEPS - 1], *(const ik_i32x16u *)w);
  }
  *(ik_i32x16u *)c = even + odd;
}

/* One row of a as quads; what lies beyond K is zero. Returns the sum of its values. */
static int32_t ik_qrow_pack(int32_t *to, const uint8_t *x, int64_t depth, uint8_t flip) {
  const int64_t quads = (depth + 3) / 4;
  ik_i32x16 sums = (ik_i32x16)0;
  for (int64_t k = 0; k < quads; ++k) {
    uint32_t quad = 0;
    if (k * 4 + 4 <= depth)
      __builtin_memcpy(&quad, x + k * 4, 4), quad ^= flip * 0x01010101u;
    else
      for (int64_t i = 0; k * 4 + i < depth; ++i)
        quad |= (uint32_t)(x[k * 4 + i] ^ flip) << (8 * i);
#if IK_DOT == 4
    to[k] = (int32_t)quad;
#else
    to[k * 2] = (int32_t)(quad & 0x00ff00ff), to[k * 2 + 1] = (int32_t)(quad >> 8 & 0x00ff00ff);
#endif
  }
  int64_t k = 0, lanes = quads * IK_QSTEPS;
  const ik_i32x16 ones = (ik_i32x16)(IK_DOT == 4 ? 0x01010101 : 0x00010001);
  for (; k + 16 <= lanes; k += 16)
    sums = ik_dot16(sums, *(const ik_i32x16u *)(to + k), ones);
  ik_i32x16 last = (ik_i32x16)0;
  for (int l = 0; k < lanes; ++k, ++l)
    last[l] = to[k];
  return __builtin_reduce_add(ik_dot16(sums, last, ones));
}

/* Rows first .. first + rows of the tile by one panel, to bytes. */
static void ik_qpanel(uint8_t *y, const int32_t *a, const int32_t *sums, int32_t *c, const int32_t *w, const int32_t *table, int64_t panel, int64_t rows,
                      const int64_t *p) {
  const int64_t *q = p + IK_MATMUL_COUNT;
  const int64_t n = p[IK_MATMUL_N], quads = (p[IK_MATMUL_K] + 3) / 4, lda = quads * IK_QSTEPS, j = panel * IK_QPANEL;
  const int64_t count = n - j < IK_QPANEL ? n - j : IK_QPANEL, xZero = q[IK_Q_X_ZERO] + ik_qshift(q);
  ik_i32x16 constant, zero;
  ik_f32x16 scale;
  for (int64_t l = 0; l < IK_QPANEL; ++l) {
    const int32_t *t = table + j + (l < count ? l : 0);
    uint32_t z = (uint32_t)t[IK_QTABLE_ZERO * n];
    zero[l] = (int32_t)z;
    constant[l] =
        (int32_t)((uint32_t)t[0] - (uint32_t)xZero * (uint32_t)t[IK_QTABLE_SUM * n] + z * (uint32_t)xZero * (uint32_t)p[IK_MATMUL_K]);
    scale[l] = ik_f32(t[IK_QTABLE_MULTIPLIER * n]);
  }
  for (int64_t r = 0, group; r < rows; r += group) {
    group = rows - r < IK_QGROUP ? 1 : IK_QGROUP;
    if (group == 1)
      ik_qrow(c, a + r * lda, w, quads);
    else
#if defined(__AVX512F__)
      ik_qrows_8x1(c, a + r * lda, lda, w, quads);
#else
      ik_qrows_4x1(c, a + r * lda, lda, w, quads);
#endif
    for (int64_t i = 0; i < group; ++i) {
      ik_i32x16 s = *(const ik_i32x16u *)(c + i * IK_QPANEL) + constant - zero * sums[r + i];
      ik_store_bytes(y + (r + i) * n + j, ik_requantize16(s, scale, ik_rounding_of(q[IK_Q_Y_ZERO], q[IK_Q_Y_UNSIGNED])), count);
    }
  }
}

IK_KERNEL(ik_qmatmul_bits) {
  const uint8_t *x = buf[0];
  uint8_t *y = buf[3];
  const int64_t m = p[IK_MATMUL_M], n = p[IK_MATMUL_N], depth = p[IK_MATMUL_K], quads = (depth + 3) / 4, panels = (n + IK_QPANEL - 1) / IK_QPANEL;
  const int64_t room = m < IK_QROWS ? m : IK_QROWS, tiles = (m + IK_QROWS - 1) / IK_QROWS;
  int32_t *a = (int32_t *)(((uintptr_t)buf[4] + 63) & ~(uintptr_t)63), *sums = a + room * quads * IK_QSTEPS, *c = sums + room;
  uint8_t *expanded = (uint8_t *)(((uintptr_t)(c + 8 * IK_QPANEL) + 63) & ~(uintptr_t)63);
  ik_range range = ik_share(tiles * panels, worker, workers);
  for (int64_t unit = range.begin; unit < range.end;) {
    int64_t first = unit / panels * IK_QROWS, rows = m - first < IK_QROWS ? m - first : IK_QROWS, panel = unit % panels;
    for (int64_t r = 0; r < rows; ++r)
      sums[r] = ik_qrow_pack(a + r * quads * IK_QSTEPS, x + (first + r) * depth, depth, ik_qflip(p + IK_MATMUL_COUNT));
    for (; panel < panels && unit < range.end; ++panel, ++unit) {
      ik_expand_panel(expanded, buf[1], panel, panels, quads, p[IK_MATMUL_COUNT + IK_Q_STORED]);
      ik_qpanel(y + first * n, a, sums, c, (const int32_t *)expanded, buf[2], panel, rows, p);
    }
  }
}
