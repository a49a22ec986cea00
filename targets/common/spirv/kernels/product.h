/* One output of the products with packed weights (block.h), for the shaders of blockmm.c, blockfloat.c and blockexperts.c. Words of four
 * bytes are loaded and taken apart: the four k of one row of a panel are neighbours. */
#ifndef INGOT_TARGETS_COMMON_SPIRV_KERNELS_PRODUCT_H
#define INGOT_TARGETS_COMMON_SPIRV_KERNELS_PRODUCT_H

#include "targets/common/ukernels/block.h"
#include "targets/common/ukernels/math.h"
#include "targets/common/ukernels/ukernel.h"

#define IK_FLAT static inline __attribute__((always_inline))

IK_FLAT uint32_t ik_word(const uint8_t *p, int64_t at) { return *(const uint32_t *)(p + at); }

/* The stored integers of quad q of row r of a block as four bytes, before the offset. */
IK_FLAT uint32_t ik_stored(ik_block_format f, const uint8_t *w, int r, int q) {
  const int at = r * 4;
  if (f.bits == 8)
    return ik_word(w, q * 64 + at);
  if (f.bits == 1)
    return (ik_word(w, at) >> q & 0x01010101u) << 1;
  uint32_t v = f.bits >= 4 ? ik_word(w, q % 4 * 64 + at) >> q / 4 * 4 & 0x0f0f0f0fu : ik_word(w, q / 4 * 64 + at) >> q % 4 * 2 & 0x03030303u;
  const int plane = f.bits >= 4 ? 256 : 128;
  if (f.bits == 6)
    v |= (ik_word(w, plane + q / 4 * 64 + at) >> q % 4 * 2 & 0x03030303u) << 4;
  if (f.bits == 5 || f.bits == 3)
    v |= (ik_word(w, plane + at) >> q & 0x01010101u) << (f.bits - 1);
  return v;
}

/* Exact sum over quads [first, end) of (stored - offset) * activation. */
IK_FLAT int32_t ik_quads(ik_block_format f, const uint8_t *w, const uint8_t *x, int r, int first, int end) {
  int32_t sum = 0;
  for (int q = first; q < end; ++q) {
    uint32_t stored = ik_stored(f, w, r, q), active = ik_word(x, q * 4);
    for (int i = 0; i < 4; ++i) {
      int32_t v = f.bits == 8 ? (int32_t)(stored << (24 - 8 * i)) >> 24 : (int32_t)(stored >> (8 * i) & 255u);
      v = ik_block_has_codebook(f) ? ik_codebook_values(f.offset)[v & 15] : v - f.offset;
      sum += v * ((int32_t)(active << (24 - 8 * i)) >> 24);
    }
  }
  return sum;
}

IK_FLAT float ik_half(const uint8_t *p, int r) { return (float)((const _Float16 *)p)[r]; }
IK_FLAT float ik_signed(const uint8_t *p, int r) { return (float)(int8_t)p[r]; }

/* One block's part of the accumulator. */
IK_FLAT float ik_add_block(ik_block_format f, float acc, const uint8_t *head, const uint8_t *w, const uint8_t *x, int r) {
  const uint8_t *tail = w + f.bits * 64;
  const float scale = ikm_from_bits_f32(ik_word(x, 32));
  if (f.family == IK_FAMILY_HALVES) {
    acc = IKM_FMAF((float)ik_quads(f, w, x, r, 0, 4), (float)ik_e4m3(tail[r]) * 0x1p-10f * scale, acc);
    return IKM_FMAF((float)ik_quads(f, w, x, r, 4, 8), (float)ik_e4m3(tail[16 + r]) * 0x1p-10f * scale, acc);
  }
  float d = f.family == IK_FAMILY_POWER ? ikm_from_bits_f32((uint32_t)ik_power_bits(tail[r])) : ik_half(ik_block_head(f) ? head : tail, r) * ik_block_factor(f);
  if (ik_block_by16(f)) {
    int32_t sum = ik_quads(f, w, x, r, 0, 4) * (int8_t)tail[r] + ik_quads(f, w, x, r, 4, 8) * (int8_t)tail[16 + r];
    acc = IKM_FMAF((float)sum, d * scale, acc);
  } else {
    if (f.family == IK_FAMILY_K32 || f.family == IK_FAMILY_K32_MIN)
      d = d * ik_signed(tail, r);
    acc = IKM_FMAF((float)ik_quads(f, w, x, r, 0, 8), d * scale, acc);
  }
  if (f.family == IK_FAMILY_MIN)
    acc = IKM_FMAF(ik_half(tail + 32, r), ikm_from_bits_f32(ik_word(x, 36)), acc);
  if (f.family == IK_FAMILY_K32_MIN)
    acc = IKM_FMAF(-(ik_half(head + 32, r) * ik_signed(tail + 16, r)), ikm_from_bits_f32(ik_word(x, 36)), acc);
  if (f.family == IK_FAMILY_K16_MIN) {
    int32_t low8 = (int32_t)ik_word(x, 44), high8 = (int32_t)ik_word(x, 40) - low8;
    acc = IKM_FMAF((float)((int8_t)tail[32 + r] * (low8 >> 3) + (int8_t)tail[48 + r] * (high8 >> 3)), ik_half(head + 32, r) * scale, acc);
  }
  return acc;
}

/* Row r of the panel with row `row` of `rows` rows of activations. */
IK_FLAT float ik_block_row_output(ik_block_format f, const uint8_t *panel, int r, const uint8_t *x, int64_t row, int64_t rows, int64_t blocks) {
  const int64_t first = row / IK_XGROUP * IK_XGROUP, width = rows - first < IK_XGROUP ? rows - first : IK_XGROUP;
  const int64_t bytes = ik_block_bytes(f), head = ik_block_head(f);
  x += (first * blocks + row - first) * IK_XBLOCK;
  float acc = 0.0f;
  for (int64_t b = 0; b < blocks; ++b) {
    const int64_t super = head ? b / ik_block_super(f) : 0, heads = head ? super + 1 : 0;
    acc = ik_add_block(f, acc, panel + super * (head + ik_block_super(f) * bytes), panel + heads * head + b * bytes, x + b * width * IK_XBLOCK, r);
  }
  return acc;
}

/* The same with rows of `parts` rows of activations. */
IK_FLAT float ik_block_output(ik_block_format f, int parts, const uint8_t *panel, int r, const uint8_t *x, int64_t row, int64_t rows, int64_t blocks) {
  float sum = ik_block_row_output(f, panel, r, x, row * parts, rows * parts, blocks);
  return parts == 2 ? sum + ik_block_row_output(f, panel, r, x, row * 2 + 1, rows * 2, blocks) : sum;
}

/* Floats: w // the panel's row, `step` elements from one k to the next. */
IK_FLAT float ik_widen_f32(float w) { return w; }
IK_FLAT float ik_widen_f16(_Float16 w) { return (float)w; }
IK_FLAT float ik_widen_bf16(uint16_t w) { return ikm_from_bits_f32((uint32_t)w << 16); }
#define IK_FLOAT_OUTPUT(name, T)                                                                        \
  IK_FLAT float ik_float_output_##name(const T *w, int64_t step, const float *x, int64_t depth) {       \
    float acc = 0.0f;                                                                                   \
    for (int64_t k = 0; k < depth; ++k)                                                                 \
      acc = IKM_FMAF(x[k], ik_widen_##name(w[k * step]), acc);                                          \
    return acc;                                                                                         \
  }
IK_FLOAT_OUTPUT(f32, float)
IK_FLOAT_OUTPUT(f16, _Float16)
IK_FLOAT_OUTPUT(bf16, uint16_t)

#endif
