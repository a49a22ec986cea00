/* ik_block_experts_<format>: y[m][s][n] = sum over k of x[m][s][k] w[e][n][k] with e = experts[m][s]: the products of a mixture of experts. x is
 * activations of M * S rows, or of M rows that all slots share (floats: x f32); an expert outside [0, E) means expert 0. The operations of a row are
 * those of ik_block_matmul_<format>. A worker takes its panels of every chosen expert in the order of memory, for up to 24 rows that chose it, whose
 * activations are first put side by side in scratch. Parallel unit: one panel of every expert. */
#include "targets/common/ukernels/blockfloat.h"
#include "targets/common/ukernels/blocktile.h"

IK_INLINE int64_t ik_expert(const void *experts, int64_t at, int64_t count) {
  int64_t e = ((const int32_t *)experts)[at];
  return e >= 0 && e < count ? e : 0;
}

/* The next pairs from *pair on that chose expert e, at most `most`; returns how many. */
static int64_t ik_experts_batch(int64_t *batch, int64_t most, int64_t *pair, const void *experts, int64_t e, const int64_t *p) {
  int64_t count = 0;
  for (; *pair < p[IK_EXPERTS_M] * p[IK_EXPERTS_SLOTS] && count < most; ++*pair)
    if (ik_expert(experts, *pair, p[IK_EXPERTS_E]) == e)
      batch[count++] = *pair;
  return count;
}
IK_INLINE int64_t ik_experts_row(int64_t pair, const int64_t *p) { return p[IK_EXPERTS_SHARED] ? pair / p[IK_EXPERTS_SLOTS] : pair; }

/* room // the batch's activations in groups of 4, as if they were a matrix of `count` rows; `parts` of them a row. */
static void ik_experts_gather(uint8_t *room, const uint8_t *x, const int64_t *batch, int64_t count, const int64_t *p, int64_t parts) {
  const int64_t rows = p[IK_EXPERTS_M] * (p[IK_EXPERTS_SHARED] ? 1 : p[IK_EXPERTS_SLOTS]) * parts, blocks = p[IK_EXPERTS_K] / IK_BLOCK;
  for (int64_t i = 0; i < count * parts; ++i) {
    int64_t row = ik_experts_row(batch[i / parts], p) * parts + i % parts, from = row / IK_XGROUP * IK_XGROUP, to = i / IK_XGROUP * IK_XGROUP;
    int64_t fromWidth = rows - from < IK_XGROUP ? rows - from : IK_XGROUP, toWidth = count * parts - to < IK_XGROUP ? count * parts - to : IK_XGROUP;
    for (int64_t b = 0; b < blocks; ++b)
      __builtin_memcpy(room + (to * blocks + b * toWidth + i - to) * IK_XBLOCK, x + (from * blocks + b * fromWidth + row - from) * IK_XBLOCK, IK_XBLOCK);
  }
}

/* One panel's results of the batch to their places: `count` <= 16 columns of y, whose rows have n. */
static void ik_experts_scatter(float *y, const float *c, const int64_t *batch, int64_t rows, int64_t n, int64_t count) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < count; ++j)
      y[batch[i] * n + j] = c[i * IK_PANEL + j];
}

#define IK_BLOCK_EXPERTS(kernel, format, parts)                                                                               \
  IK_KERNEL(kernel);                                                                                                          \
  IK_KERNEL(kernel) {                                                                                                         \
    const int64_t n = p[IK_EXPERTS_N], panels = (n + IK_PANEL - 1) / IK_PANEL, blocks = p[IK_EXPERTS_K] / IK_BLOCK;           \
    const int64_t panelBytes = ik_panel_bytes(ik_block_info(format), blocks);                                                 \
    float *c = (float *)(((uintptr_t)buf[4] + 63) & ~(uintptr_t)63);                                                          \
    uint8_t *room = (uint8_t *)(c + IK_EXPERTS_BATCH * IK_PANEL);                                                             \
    ik_range range = ik_share(panels, worker, workers);                                                                       \
    for (int64_t e = 0; e < p[IK_EXPERTS_E]; ++e) {                                                                           \
      int64_t batch[IK_EXPERTS_BATCH], pair = 0, rows;                                                                        \
      while ((rows = ik_experts_batch(batch, IK_EXPERTS_BATCH / parts, &pair, buf[2], e, p)) > 0) {                           \
        const int64_t product[IK_BLOCKMM_COUNT] = {rows, IK_PANEL, p[IK_EXPERTS_K]};                                          \
        ik_experts_gather(room, buf[0], batch, rows, p, parts);                                                               \
        for (int64_t panel = range.begin; panel < range.end; ++panel) {                                                       \
          ik_block_panel(format, parts, c, (const uint8_t *)buf[1] + (e * panels + panel) * panelBytes, room, product, 0, 0);    \
          int64_t left = n - panel * IK_PANEL;                                                                                \
          ik_experts_scatter((float *)buf[3] + panel * IK_PANEL, c, batch, rows, n, left < IK_PANEL ? left : IK_PANEL);       \
        }                                                                                                                     \
      }                                                                                                                       \
    }                                                                                                                         \
  }
#define IK_BLOCK_EXPERTS_BOTH(name, bits, offset, family)          \
  IK_BLOCK_EXPERTS(ik_block_experts_##name, IK_BLOCK_##name, 1)    \
  IK_BLOCK_EXPERTS(ik_block_experts16_##name, IK_BLOCK_##name, 2)
IK_BLOCK_TABLE(IK_BLOCK_EXPERTS_BOTH)

#define IK_FLOAT_EXPERTS(name, T, PANEL)                                                                                      \
  IK_KERNEL(ik_block_experts_##name);                                                                                         \
  IK_KERNEL(ik_block_experts_##name) {                                                                                        \
    const int64_t n = p[IK_EXPERTS_N], depth = p[IK_EXPERTS_K], panels = (n + PANEL - 1) / PANEL;                             \
    ik_range range = ik_share(panels, worker, workers);                                                                       \
    for (int64_t e = 0; e < p[IK_EXPERTS_E]; ++e) {                                                                           \
      int64_t batch[IK_EXPERTS_BATCH], pair = 0, rows;                                                                        \
      while ((rows = ik_experts_batch(batch, IK_EXPERTS_BATCH, &pair, buf[2], e, p)) > 0)                                     \
        for (int64_t panel = range.begin; panel < range.end; ++panel)                                                         \
          for (int64_t i = 0; i < rows; ++i)                                                                                  \
            ik_float_one_##name((const float *)buf[0] + ik_experts_row(batch[i], p) * depth, (const T *)buf[1] + (e * panels + panel) * PANEL * depth, \
                                (float *)buf[3] + batch[i] * n + panel * PANEL, depth, n - panel * PANEL);                    \
    }                                                                                                                         \
  }
IK_FLOAT_EXPERTS(f32, float, IK_PANEL)
IK_FLOAT_EXPERTS(f16, _Float16, IK_PANEL_HALF)
IK_FLOAT_EXPERTS(bf16, uint16_t, IK_PANEL_HALF)
