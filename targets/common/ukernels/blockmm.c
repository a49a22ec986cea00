/* ik_block_matmul_<format>: y[m][n] = sum over k of x[m][k] w[n][k] for w in a GGUF block format, packed, and activations in 8 bits; layouts and
 * the order of operations in block.h. One panel of 16 rows is multiplied with a tile of rows of x: 12 (or 8) with wide registers, else 4, then
 * one by one; every row of y is the same operations whatever the tile. A worker's panels are one stream. Parallel unit: one panel. */
#include "targets/common/ukernels/blocktile.h"

#define IK_BLOCK_MATMUL(name, bits, offset, family)                                                                  \
  IK_KERNEL(ik_block_matmul_##name);                                                                                 \
  IK_KERNEL(ik_block_matmul_##name) {                                                                                \
    const int64_t panelBytes = ik_panel_bytes(ik_block_info(IK_BLOCK_##name), p[IK_BLOCKMM_K] / IK_BLOCK);           \
    ik_range range = ik_share((p[IK_BLOCKMM_N] + IK_PANEL - 1) / IK_PANEL, worker, workers);                         \
    for (int64_t panel = range.begin; panel < range.end; ++panel)                                                    \
      ik_block_panel(IK_BLOCK_##name, buf[2], (const uint8_t *)buf[1] + panel * panelBytes, buf[0], p, panel * IK_PANEL); \
  }
IK_BLOCK_TABLE(IK_BLOCK_MATMUL)
