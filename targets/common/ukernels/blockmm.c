/* ik_block_matmul_<format>, ik_block_matmul16_<format>: y[m][n] = sum over k of x[m][k] w[n][k] for w in a GGUF block format, packed, and activations in
 * 8 bits or in two digits of 8; layouts and the order of operations in block.h. One panel of 16 rows is multiplied with a tile of rows of x: 16 with
 * AMX (blockamx.h), 12 (or 8) with wide registers, else 4, then 2 and 1; every row of y is the same operations whatever the tile. A worker's panels are one stream. Parallel
 * unit: one panel. */
#include "targets/common/ukernels/blockamx.h"

#define IK_BLOCK_MATMUL(kernel, format, parts)                                                                     \
  IK_KERNEL(kernel);                                                                                               \
  IK_KERNEL(kernel) {                                                                                              \
    const int64_t panelBytes = ik_panel_bytes(ik_block_info(format), p[IK_BLOCKMM_K] / IK_BLOCK);                  \
    ik_range range = ik_share((p[IK_BLOCKMM_N] + IK_PANEL - 1) / IK_PANEL, worker, workers);                       \
    const int64_t first = ik_amx_panels(format, parts, buf, p, range);                                             \
    for (int64_t panel = range.begin; panel < range.end && first < p[IK_BLOCKMM_M]; ++panel)                       \
      ik_block_panel(format, parts, buf[2], (const uint8_t *)buf[1] + panel * panelBytes, buf[0], p, first, panel * IK_PANEL); \
  }
#define IK_BLOCK_MATMULS(name, bits, offset, family)              \
  IK_BLOCK_MATMUL(ik_block_matmul_##name, IK_BLOCK_##name, 1)     \
  IK_BLOCK_MATMUL(ik_block_matmul16_##name, IK_BLOCK_##name, 2)
IK_BLOCK_TABLE(IK_BLOCK_MATMULS)
