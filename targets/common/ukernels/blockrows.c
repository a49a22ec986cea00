/* ik_block_rows_<format>: rows of a packed matrix (block.h) back in f32, exactly; an id outside [0, N) gives row 0. One packed matrix serves an
 * embedding table and the output product that is tied to it. Parallel unit: one row. */
#include "targets/common/ukernels/block.h"
#include "targets/common/ukernels/micro.h"

/* The stored integer of row r, element i of quad q of a block, less the offset. */
IK_INLINE int32_t ik_block_integer(ik_block_format f, const uint8_t *w, int r, int q, int i) {
  const int at = r * 4 + i;
  if (f.bits == 8)
    return (int8_t)w[q * 64 + at];
  if (f.bits == 1)
    return 2 * (w[at] >> q & 1) - f.offset;
  const uint8_t *next = w + (f.bits >= 4 ? 256 : 128);
  int32_t v = f.bits >= 4 ? w[q % 4 * 64 + at] >> q / 4 * 4 & 15 : w[q / 4 * 64 + at] >> q % 4 * 2 & 3;
  if (f.bits == 6)
    v |= (next[q / 4 * 64 + at] >> q % 4 * 2 & 3) << 4;
  if (f.bits == 5 || f.bits == 3)
    v |= (next[at] >> q & 1) << (f.bits - 1);
  return ik_block_has_codebook(f) ? ik_codebook_values(f.offset)[v] : v - f.offset;
}

IK_INLINE float ik_block_half(const uint8_t *p, int r) { return (float)((const _Float16 *)p)[r]; }

/* Scale of half h of row r. */
IK_INLINE float ik_block_scale(ik_block_format f, const uint8_t *head, const uint8_t *tail, int r, int h) {
  if (f.family == IK_FAMILY_POWER)
    return ikm_from_bits_f32((uint32_t)ik_power_bits(tail[r]));
  if (f.family == IK_FAMILY_HALVES)
    return (float)ik_e4m3(tail[16 * h + r]) * 0x1p-10f;
  const float d = ik_block_half(ik_block_head(f) ? head : tail, r) * ik_block_factor(f);
  return ik_block_head(f) && !ik_block_is_shared(f) ? d * (float)(int8_t)tail[(ik_block_by16(f) ? 16 * h : 0) + r] : d;
}

/* 32 values of row r. */
IK_INLINE void ik_block_row32(ik_block_format f, const uint8_t *head, const uint8_t *w, int r, float *y) {
  const uint8_t *tail = w + f.bits * 64;
  for (int h = 0; h < 2; ++h) {
    float d = ik_block_scale(f, head, tail, r, h), m = 0.0f;
    if (f.family == IK_FAMILY_MIN)
      m = ik_block_half(tail + 32, r);
    if (f.family == IK_FAMILY_K32_MIN || f.family == IK_FAMILY_K16_MIN)
      m = -(ik_block_half(head + 32, r) * (float)(int8_t)tail[(ik_block_by16(f) ? 32 + 16 * h : 16) + r]);
    for (int q = h * 4; q < h * 4 + 4; ++q)
      for (int i = 0; i < 4; ++i)
        y[q * 4 + i] = d * (float)ik_block_integer(f, w, r, q, i) + m;
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
    if (ik_block_head(f) && b % ik_block_super(f) == 0) {
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
