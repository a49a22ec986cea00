/* ik_block_rows_<format>: rows of a packed matrix (block.h) back in f32, exactly; an id outside [0, N) gives row 0. One packed matrix serves an
 * embedding table and the output product that is tied to it. Parallel unit: one row. */
#include "targets/common/ukernels/block.h"
#include "targets/common/ukernels/micro.h"

/* The stored integer of row r, element k of a block, less the offset. */
IK_INLINE int32_t ik_block_integer(ik_block_format f, const uint8_t *w, int r, int k) {
  static const int8_t codebook[16] = {IK_CODEBOOK_VALUES};
  const int q = k / 4, at = r * 4 + k % 4;
  if (f.bits == 8)
    return (int8_t)w[q * 64 + at];
  const uint8_t *next = w + (f.bits >= 4 ? 256 : 128);
  int32_t v = f.bits >= 4 ? w[q % 4 * 64 + at] >> q / 4 * 4 & 15 : w[q / 4 * 64 + at] >> q % 4 * 2 & 3;
  if (f.bits == 6)
    v |= (next[q / 4 * 64 + at] >> q % 4 * 2 & 3) << 4;
  if (f.bits == 5 || f.bits == 3)
    v |= (next[at] >> q & 1) << (f.bits - 1);
  return f.offset == IK_CODEBOOK ? codebook[v] : v - f.offset;
}

IK_INLINE float ik_block_half(const uint8_t *p, int r) { return (float)((const _Float16 *)p)[r]; }

/* 32 values of row r. */
IK_INLINE void ik_block_row32(ik_block_format f, const uint8_t *head, const uint8_t *w, int r, float *y) {
  const uint8_t *tail = w + f.bits * 64;
  const int by16 = f.family == IK_FAMILY_K16 || f.family == IK_FAMILY_K16_MIN;
  for (int h = 0; h < 2; ++h) {
    float d = ik_block_half(ik_block_head(f) ? head : tail, r), m = 0.0f;
    if (ik_block_head(f))
      d = d * (float)(int8_t)tail[(by16 ? 16 * h : 0) + r];
    if (f.family == IK_FAMILY_MIN)
      m = ik_block_half(tail + 32, r);
    if (f.family == IK_FAMILY_K32_MIN || f.family == IK_FAMILY_K16_MIN)
      m = -(ik_block_half(head + 32, r) * (float)(int8_t)tail[(by16 ? 32 + 16 * h : 16) + r]);
    for (int k = h * 16; k < h * 16 + 16; ++k)
      y[k] = d * (float)ik_block_integer(f, w, r, k) + m;
  }
}

IK_INLINE int64_t ik_block_id(const void *ids, int64_t m, int64_t n) {
  int64_t id = ((const int32_t *)ids)[m];
  return id >= 0 && id < n ? id : 0;
}

IK_INLINE void ik_block_row(int format, const uint8_t *panel, int r, float *y, int64_t blocks) {
  const ik_block_format f = ik_block_info(format);
  const uint8_t *head = panel;
  for (int64_t b = 0; b < blocks; ++b, panel += ik_block_bytes(f)) {
    if (ik_block_head(f) && b % IK_SUPER == 0) {
      head = panel;
      panel += ik_block_head(f);
    }
    ik_block_row32(f, head, panel, r, y + b * IK_BLOCK);
  }
}

#define IK_BLOCK_ROWS(name, bits, offset, family)                                                                           \
  IK_KERNEL(ik_block_rows_##name);                                                                                          \
  IK_KERNEL(ik_block_rows_##name) {                                                                                         \
    const int64_t depth = p[IK_BLOCKMM_K], blocks = depth / IK_BLOCK, bytes = ik_panel_bytes(ik_block_info(IK_BLOCK_##name), blocks); \
    ik_range range = ik_share(p[IK_BLOCKMM_M], worker, workers);                                                            \
    for (int64_t m = range.begin; m < range.end; ++m) {                                                                     \
      int64_t id = ik_block_id(buf[1], m, p[IK_BLOCKMM_N]);                                                                 \
      ik_block_row(IK_BLOCK_##name, (const uint8_t *)buf[0] + id / IK_PANEL * bytes, (int)(id % IK_PANEL), (float *)buf[2] + m * depth, blocks); \
    }                                                                                                                       \
  }
IK_BLOCK_TABLE(IK_BLOCK_ROWS)

#define IK_FLOAT_ROWS(name, T, PANEL, WIDEN)                                                  \
  IK_KERNEL(ik_block_rows_##name);                                                            \
  IK_KERNEL(ik_block_rows_##name) {                                                           \
    const int64_t depth = p[IK_BLOCKMM_K];                                                    \
    ik_range range = ik_share(p[IK_BLOCKMM_M], worker, workers);                              \
    for (int64_t m = range.begin; m < range.end; ++m) {                                       \
      int64_t id = ik_block_id(buf[1], m, p[IK_BLOCKMM_N]);                                   \
      const T *w = (const T *)buf[0] + id / PANEL * PANEL * depth + id % PANEL;               \
      for (int64_t k = 0; k < depth; ++k)                                                     \
        ((float *)buf[2])[m * depth + k] = WIDEN(w[k * PANEL]);                               \
    }                                                                                         \
  }
IK_INLINE float ik_widen_bf16(uint16_t bits) { return ikm_from_bits_f32((uint32_t)bits << 16); }
IK_FLOAT_ROWS(f32, float, IK_PANEL, (float))
IK_FLOAT_ROWS(f16, _Float16, IK_PANEL_HALF, (float))
IK_FLOAT_ROWS(bf16, uint16_t, IK_PANEL_HALF, ik_widen_bf16)
