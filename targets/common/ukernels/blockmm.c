/* ik_block_matmul_<format>: y[m][n] = sum over k of x[m][k] w[n][k] for w in a GGUF block format, packed, and activations in 8 bits; layouts and
 * the order of operations in block.h. One panel of 16 rows is multiplied with a tile of rows of x: 12 (or 8) with wide registers, else 4, then
 * one by one; every row of y is the same operations whatever the tile. A worker's panels are one stream. Parallel unit: one panel. */
#include "targets/common/ukernels/blocktile.h"

/* All rows of x with one panel. */
IK_INLINE void ik_block_panel(int format, float *y, const uint8_t *w, const uint8_t *x, const int64_t *p, int64_t n0) {
  const int64_t rows = p[IK_BLOCKMM_M], n = p[IK_BLOCKMM_N], blocks = p[IK_BLOCKMM_K] / IK_BLOCK;
  const int64_t count = n - n0 < IK_PANEL ? n - n0 : IK_PANEL;
  const ik_block_format f = ik_block_info(format);
  int64_t m = 0;
#if defined(__AVX512F__)
  if (f.family == IK_FAMILY_K16 || f.family == IK_FAMILY_K16_MIN)
    for (; m + 8 <= rows; m += 8)
      ik_block_tile(f, 8, y + m * n + n0, n, count, w, x + m * blocks * IK_XBLOCK, IK_XGROUP, blocks, m == 0);
  else
    for (; m + 12 <= rows; m += 12)
      ik_block_tile(f, 12, y + m * n + n0, n, count, w, x + m * blocks * IK_XBLOCK, IK_XGROUP, blocks, m == 0);
#endif
  for (; m + 4 <= rows; m += 4)
    ik_block_tile(f, 4, y + m * n + n0, n, count, w, x + m * blocks * IK_XBLOCK, IK_XGROUP, blocks, m == 0);
  for (int64_t i = 0; m + i < rows; ++i)
    ik_block_tile(f, 1, y + (m + i) * n + n0, n, count, w, x + (m * blocks + i) * IK_XBLOCK, rows - m, blocks, 1);
}

#define IK_BLOCK_MATMUL(name, bits, offset, family)                                                                  \
  IK_KERNEL(ik_block_matmul_##name);                                                                                 \
  IK_KERNEL(ik_block_matmul_##name) {                                                                                \
    const int64_t panelBytes = ik_panel_bytes(ik_block_info(IK_BLOCK_##name), p[IK_BLOCKMM_K] / IK_BLOCK);           \
    ik_range range = ik_share((p[IK_BLOCKMM_N] + IK_PANEL - 1) / IK_PANEL, worker, workers);                         \
    for (int64_t panel = range.begin; panel < range.end; ++panel)                                                    \
      ik_block_panel(IK_BLOCK_##name, buf[2], (const uint8_t *)buf[1] + panel * panelBytes, buf[0], p, panel * IK_PANEL); \
  }
IK_BLOCK_TABLE(IK_BLOCK_MATMUL)
