/* ik_block_experts_<format>: y[m][s][n] = sum over k of x[m][s][k] w[e][n][k] with e = experts[m][s]: the products of a mixture of experts. x is
 * activations of M * S rows, or of M rows that all slots share (floats: x f32); an expert outside [0, E) means expert 0. The operations of a row are
 * those of ik_block_matmul_<format>. A worker takes its panels of every chosen expert in the order of memory, and multiplies each with the rows that
 * chose the expert: weights are read once, whatever the number of rows. Parallel unit: one panel of every expert. */
#include "targets/common/ukernels/blockfloat.h"
#include "targets/common/ukernels/blocktile.h"

/* Place of row `row` of `rows` in the activations, and the width of its group. */
IK_INLINE const uint8_t *ik_x_find(const uint8_t *x, int64_t row, int64_t rows, int64_t blocks, int64_t *width) {
  int64_t first = row / IK_XGROUP * IK_XGROUP;
  *width = rows - first < IK_XGROUP ? rows - first : IK_XGROUP;
  return x + (first * blocks + row - first) * IK_XBLOCK;
}

IK_INLINE int64_t ik_expert(const void *experts, int64_t at, int64_t count) {
  int64_t e = ((const int32_t *)experts)[at];
  return e >= 0 && e < count ? e : 0;
}

static int ik_is_chosen(const void *experts, int64_t e, const int64_t *p) {
  for (int64_t pair = 0; pair < p[IK_EXPERTS_M] * p[IK_EXPERTS_SLOTS]; ++pair)
    if (ik_expert(experts, pair, p[IK_EXPERTS_E]) == e)
      return 1;
  return 0;
}

#define IK_EXPERTS_LOOP(PANEL, PANEL_BYTES, PRODUCT)                                                                          \
  const int64_t n = p[IK_EXPERTS_N], depth = p[IK_EXPERTS_K], slots = p[IK_EXPERTS_SLOTS], pairs = p[IK_EXPERTS_M] * slots;  \
  const int64_t panels = (n + PANEL - 1) / PANEL, panelBytes = PANEL_BYTES;                                                   \
  ik_range range = ik_share(panels, worker, workers);                                                                         \
  for (int64_t e = 0; e < p[IK_EXPERTS_E]; ++e) {                                                                             \
    if (!ik_is_chosen(buf[2], e, p))                                                                                          \
      continue;                                                                                                               \
    for (int64_t panel = range.begin; panel < range.end; ++panel)                                                             \
      for (int64_t pair = 0; pair < pairs; ++pair) {                                                                          \
        if (ik_expert(buf[2], pair, p[IK_EXPERTS_E]) != e)                                                                    \
          continue;                                                                                                           \
        const int64_t row = p[IK_EXPERTS_SHARED] ? pair / slots : pair, count = n - panel * PANEL;                            \
        const uint8_t *w = (const uint8_t *)buf[1] + (e * panels + panel) * panelBytes;                                       \
        float *y = (float *)buf[3] + pair * n + panel * PANEL;                                                                \
        PRODUCT;                                                                                                              \
      }                                                                                                                       \
  }

#define IK_BLOCK_EXPERTS(name, bits, offset, family)                                                                          \
  IK_KERNEL(ik_block_experts_##name);                                                                                         \
  IK_KERNEL(ik_block_experts_##name) {                                                                                        \
    const int64_t rows = p[IK_EXPERTS_M] * (p[IK_EXPERTS_SHARED] ? 1 : p[IK_EXPERTS_SLOTS]), blocks = p[IK_EXPERTS_K] / IK_BLOCK; \
    IK_EXPERTS_LOOP(IK_PANEL, ik_panel_bytes(ik_block_info(IK_BLOCK_##name), depth / IK_BLOCK), {                             \
      int64_t width;                                                                                                          \
      const uint8_t *x = ik_x_find(buf[0], row, rows, blocks, &width);                                                        \
      ik_block_tile(ik_block_info(IK_BLOCK_##name), 1, y, n, count < IK_PANEL ? count : IK_PANEL, w, x, width, blocks, 1);       \
    })                                                                                                                        \
  }
IK_BLOCK_TABLE(IK_BLOCK_EXPERTS)

#define IK_FLOAT_EXPERTS(name, T, PANEL)                                                                                      \
  IK_KERNEL(ik_block_experts_##name);                                                                                         \
  IK_KERNEL(ik_block_experts_##name) {                                                                                        \
    IK_EXPERTS_LOOP(PANEL, depth * PANEL * (int64_t)sizeof(T),                                                                \
                    ik_float_one_##name((const float *)buf[0] + row * depth, (const T *)w, y, depth, count))                  \
  }
IK_FLOAT_EXPERTS(f32, float, IK_PANEL)
IK_FLOAT_EXPERTS(f16, _Float16, IK_PANEL_HALF)
IK_FLOAT_EXPERTS(bf16, uint16_t, IK_PANEL_HALF)
