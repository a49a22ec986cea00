/* ik_block_experts_<format> for shaders: one output of one slot an invocation, with the expert that the slot chose; see ukernels/blockexperts.c. */
#include "targets/common/spirv/kernels/product.h"

IK_FLAT int64_t ik_expert(const void *experts, int64_t at, int64_t count) {
  int64_t e = ((const int32_t *)experts)[at];
  return e >= 0 && e < count ? e : 0;
}

IK_FLAT void ik_expert_product(int format, int parts, void *const *buf, const int64_t *p, int64_t worker, int64_t workers) {
  const ik_block_format f = ik_block_info(format);
  const int64_t n = p[IK_EXPERTS_N], slots = p[IK_EXPERTS_SLOTS], blocks = p[IK_EXPERTS_K] / IK_BLOCK, panels = (n + IK_PANEL - 1) / IK_PANEL;
  const int64_t rows = p[IK_EXPERTS_M] * (p[IK_EXPERTS_SHARED] ? 1 : slots);
  ik_range range = ik_share(p[IK_EXPERTS_M] * slots * n, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    const int64_t pair = unit / n, e = ik_expert(buf[2], pair, p[IK_EXPERTS_E]);
    const uint8_t *panel = (const uint8_t *)buf[1] + (e * panels + unit % n / IK_PANEL) * ik_panel_bytes(f, blocks);
    ((float *)buf[3])[unit] = ik_block_output(f, parts, panel, (int)(unit % n % IK_PANEL), buf[0], p[IK_EXPERTS_SHARED] ? pair / slots : pair, rows, blocks);
  }
}
#define IK_BLOCK_EXPERTS(name, bits, offset, family) \
  IK_KERNEL(ik_block_experts_##name) { ik_expert_product(IK_BLOCK_##name, 1, buf, p, worker, workers); } \
  IK_KERNEL(ik_block_experts16_##name) { ik_expert_product(IK_BLOCK_##name, 2, buf, p, worker, workers); }
IK_BLOCK_TABLE(IK_BLOCK_EXPERTS)

#define IK_FLOAT_EXPERTS(name, T, PANEL)                                                                                      \
  IK_KERNEL(ik_block_experts_##name) {                                                                                        \
    const int64_t n = p[IK_EXPERTS_N], depth = p[IK_EXPERTS_K], slots = p[IK_EXPERTS_SLOTS], panels = (n + PANEL - 1) / PANEL; \
    ik_range range = ik_share(p[IK_EXPERTS_M] * slots * n, worker, workers);                                                  \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      const int64_t pair = unit / n, row = p[IK_EXPERTS_SHARED] ? pair / slots : pair, e = ik_expert(buf[2], pair, p[IK_EXPERTS_E]); \
      const T *w = (const T *)buf[1] + (e * panels + unit % n / PANEL) * PANEL * depth + unit % n % PANEL;                    \
      ((float *)buf[3])[unit] = ik_float_output_##name(w, PANEL, (const float *)buf[0] + row * depth, depth);                 \
    }                                                                                                                         \
  }
IK_FLOAT_EXPERTS(f32, float, IK_PANEL)
IK_FLOAT_EXPERTS(f16, _Float16, IK_PANEL_HALF)
IK_FLOAT_EXPERTS(bf16, uint16_t, IK_PANEL_HALF)
