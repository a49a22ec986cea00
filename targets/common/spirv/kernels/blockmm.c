/* ik_block_matmul_<format> for shaders: one output an invocation; layouts and the order of operations in block.h. */
#include "targets/common/spirv/kernels/product.h"

IK_FLAT void ik_block_product(int format, int parts, void *const *buf, const int64_t *p, int64_t worker, int64_t workers) {
  const ik_block_format f = ik_block_info(format);
  const int64_t rows = p[IK_BLOCKMM_M], n = p[IK_BLOCKMM_N], blocks = p[IK_BLOCKMM_K] / IK_BLOCK;
  ik_range range = ik_share(rows * n, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    const uint8_t *panel = (const uint8_t *)buf[1] + unit % n / IK_PANEL * ik_panel_bytes(f, blocks);
    ((float *)buf[2])[unit] = ik_block_output(f, parts, panel, (int)(unit % n % IK_PANEL), buf[0], unit / n, rows, blocks);
  }
}

#define IK_BLOCK_MATMUL(name, bits, offset, family) \
  IK_KERNEL(ik_block_matmul_##name) { ik_block_product(IK_BLOCK_##name, 1, buf, p, worker, workers); } \
  IK_KERNEL(ik_block_matmul16_##name) { ik_block_product(IK_BLOCK_##name, 2, buf, p, worker, workers); }
IK_BLOCK_TABLE(IK_BLOCK_MATMUL)
