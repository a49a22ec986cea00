/* ik_block_matmul_<format>, ik_block_matmul16_<format>: y[m][n] = sum over k of x[m][k] w[n][k] for w in a GGUF block format, packed, and activations in
 * 8 bits or in two digits of 8; layouts and the order of operations in block.h. One panel of 16 rows is multiplied with a tile of rows of x: 16 with
 * AMX (blockamx.h), 12 (or 8) with wide registers, else 4, then 2 and 1; every row of y is the same operations whatever the tile. A worker's panels are one stream. Parallel
 * unit: one panel. */
#include "targets/common/ukernels/blockamx.h"

#if IK_TILES_BF16
IK_INLINE void ik_block_expand(ik_amx_w *to, ik_block_format f, const uint8_t *w, const int64_t *p, int64_t b, int64_t count) {
  const uint8_t *head = w += ik_panel_bytes(f, b);
  (void)p;
  for (int64_t i = 0; i < count; ++i, ++to, w += ik_block_bytes(f)) {
    if (ik_block_head(f) && i % ik_block_super(f) == 0) {
      head = w;
      w += ik_block_head(f);
    }
    const ik_block_terms t = ik_block_terms_of(f, head, w + f.bits * 64);
    ik_store16_f32(to->d, t.d);
    ik_store16_f32(to->m, t.m);
    IK_UNROLL for (int h = 0; h < 2; ++h) ik_store16_f32(to->mins[h], ik_to_f32(t.min[h]));
    ik_amx_quads(to, f, w, t.scale);
  }
}
#endif
/* How many rows of x are done by tiles; blocks with two scales would need two products. */
IK_INLINE int64_t ik_block_tiled(int format, const int parts, void *const *buf, const int64_t *p, int64_t bytes, ik_range range) {
#if IK_TILES_BF16
  if (ik_block_info(format).family != IK_FAMILY_HALVES)
    return ik_amx_panels(ik_block_info(format), ik_block_expand, parts, buf, p, bytes, range);
#endif
  (void)format, (void)parts, (void)buf, (void)p, (void)bytes, (void)range;
  return 0;
}

#define IK_BLOCK_MATMUL(kernel, format, parts)                                                                     \
  IK_KERNEL(kernel);                                                                                               \
  IK_KERNEL(kernel) {                                                                                              \
    const int64_t panelBytes = ik_panel_bytes(ik_block_info(format), p[IK_BLOCKMM_K] / IK_BLOCK);                  \
    ik_range range = ik_share((p[IK_BLOCKMM_N] + IK_PANEL - 1) / IK_PANEL, worker, workers);                       \
    const int64_t first = ik_block_tiled(format, parts, buf, p, panelBytes, range);                                \
    for (int64_t panel = range.begin; panel < range.end && first < p[IK_BLOCKMM_M]; ++panel)                       \
      ik_block_panel(format, parts, buf[2], (const uint8_t *)buf[1] + panel * panelBytes, buf[0], p, first, panel * IK_PANEL); \
  }
#define IK_BLOCK_MATMULS(name, bits, offset, family)              \
  IK_BLOCK_MATMUL(ik_block_matmul_##name, IK_BLOCK_##name, 1)     \
  IK_BLOCK_MATMUL(ik_block_matmul16_##name, IK_BLOCK_##name, 2)
IK_BLOCK_TABLE(IK_BLOCK_MATMULS)
