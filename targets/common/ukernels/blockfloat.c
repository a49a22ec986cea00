/* ik_block_matmul_f32, _f16, _bf16: y[m][n] = sum over k of x[m][k] w[n][k], packed weights in panels of 16 (f32) or 32 rows (block.h), one fused
 * multiply-add chain over k per output. One row of x reads its panels as one prefetched stream; more rows take pieces of a panel
 * widened in scratch with the tiles of micro.h. Parallel unit: 48 or 32 rows of w (16 with one row of x and f32). */
#include "targets/common/ukernels/blockfloat.h"

/* c // [rows][48] sums of one group of columns to y. */
IK_INLINE void ik_float_store(const float *c, float *y, int64_t ldy, int64_t rows, int64_t count) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < count; i += 16)
      ik_store_some_f32(y + r * ldy + i, ik_load16_f32(c + r * 48 + i), count - i);
}

/* VECS vectors of 16 rows of w a parallel unit with many rows of x. */
#define IK_FLOAT_MATMUL(name, T, PANEL, VECS)                                                                                 \
  /* room // [VECS][depth][16] of rows [unit * VECS * 16 ..), k of [k0, k0 + depth), widened; rows past the last panel repeat it. */ \
  static void ik_float_widen_##name(float *room, const T *w, const int64_t *p, int64_t unit, int64_t k0, int64_t depth) {     \
    const int64_t panels = (p[IK_BLOCKMM_N] + PANEL - 1) / PANEL;                                                             \
    for (int64_t v = 0; v < VECS; ++v) {                                                                                      \
      int64_t at = (unit * VECS + v) * 16, panel = at / PANEL < panels ? at / PANEL : panels - 1;                             \
      const T *from = w + (panel * p[IK_BLOCKMM_K] + k0) * PANEL + at % PANEL;                                                \
      for (int64_t k = 0; k < depth; ++k)                                                                                     \
        ik_store16_f32(room + (v * depth + k) * 16, ik_load16_##name(from + k * PANEL));                                      \
    }                                                                                                                         \
  }                                                                                                                           \
  IK_INLINE void ik_float_many_##name(const float *x, const T *w, float *y, const int64_t *p, int64_t unit, float *room) {    \
    const int64_t rows = p[IK_BLOCKMM_M], n = p[IK_BLOCKMM_N], depth = p[IK_BLOCKMM_K], j = unit * VECS * 16;                 \
    const int64_t count = n - j < VECS * 16 ? n - j : VECS * 16;                                                              \
    float *c = room + IK_FLOAT_PIECE * 48;                                                                                    \
    for (int64_t k0 = 0; k0 < depth; k0 += IK_FLOAT_PIECE) {                                                                  \
      int64_t piece = depth - k0 < IK_FLOAT_PIECE ? depth - k0 : IK_FLOAT_PIECE;                                              \
      ik_float_widen_##name(room, w, p, unit, k0, piece);                                                                     \
      for (int64_t m = 0; m < rows;) {                                                                                        \
        int64_t step = rows - m >= 8 ? 8 : rows - m >= 4 ? 4 : 1;                                                             \
        for (int64_t r = 0; r < step && k0; ++r)                                                                              \
          for (int64_t i = 0; i < count; ++i)                                                                                 \
            c[r * 48 + i] = y[(m + r) * n + j + i];                                                                           \
        ik_tile(c, k0 == 0, x + m * depth + k0, depth, 1, room, 16, piece * 16, piece, step, VECS);                           \
        ik_float_store(c, y + m * n + j, n, step, count);                                                                     \
        m += step;                                                                                                            \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  IK_KERNEL(ik_block_matmul_##name);                                                                                          \
  IK_KERNEL(ik_block_matmul_##name) {                                                                                         \
    const int64_t rows = p[IK_BLOCKMM_M], n = p[IK_BLOCKMM_N], depth = p[IK_BLOCKMM_K], width = rows == 1 ? PANEL : VECS * 16;  \
    float *room = (float *)(((uintptr_t)buf[3] + 63) & ~(uintptr_t)63);                                                       \
    ik_range range = ik_share((n + width - 1) / width, worker, workers);                                                      \
    for (int64_t unit = range.begin; unit < range.end; ++unit)                                                                \
      if (rows == 1)                                                                                                          \
        ik_float_one_##name(buf[0], (const T *)buf[1] + unit * PANEL * depth, (float *)buf[2] + unit * PANEL, depth, n - unit * PANEL); \
      else                                                                                                                    \
        ik_float_many_##name(buf[0], buf[1], buf[2], p, unit, room);                                                          \
  }
IK_FLOAT_MATMUL(f32, float, IK_PANEL, 3)
IK_FLOAT_MATMUL(f16, _Float16, IK_PANEL_HALF, 2)
IK_FLOAT_MATMUL(bf16, uint16_t, IK_PANEL_HALF, 2)
