/* Depthwise 3x3 of 8-bit values straight from padded lines of bytes, where one instruction puts bytes in any order within 16 of them: words of 4
 * neighbouring bytes are made in registers, and rows of outputs share the words of their lines. The sums are exact: those of qdwconv.c. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_QDWROWS_H
#define INGOT_TARGETS_COMMON_UKERNELS_QDWROWS_H

#include "targets/common/ukernels/qdot.h"

/* A channel's taps [group][kh] and what its sums need to become bytes. */
typedef struct { const int32_t *offsets, *ones, *weights; int32_t constant, zero; ik_f32x16 m; } ik_qdw_channel;

#if defined(__AVX512VNNI__)
#define IK_QDW_ROWS 1
typedef uint8_t ik_u8x64 __attribute__((ext_vector_type(64)));
typedef char ik_c8x64 __attribute__((vector_size(64)));

/* Lines of bytes `pitch` apart, shifted by an exclusive or with `flip`; `stride` is that of columns and rows. */
typedef struct { int64_t pitch, rows, ow; uint8_t flip; } ik_qdw_lines;

/* 16 words of 4 bytes, those of word 4 j from at[j] on, `stride` bytes from word to word. */
IK_INLINE ik_i32x16 ik_qdw_gather(const uint8_t *const at[4], int stride, uint8_t flip) {
  static const uint8_t kOrder[2][16] = {{0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6}, {0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9}};
  union { ik_u8x16 part[4]; ik_u8x64 all; } order, bytes;
  IK_UNROLL for (int j = 0; j < 4; ++j) order.part[j] = *(const ik_u8x16u *)kOrder[stride - 1], bytes.part[j] = *(const ik_u8x16u *)at[j];
  return (ik_i32x16)(__builtin_ia32_pshufb512((ik_c8x64)bytes.all, (ik_c8x64)order.all) ^ (ik_c8x64)(ik_u8x64)flip);
}
/* Of one line from `from` on. */
IK_INLINE ik_i32x16 ik_qdw_line(const uint8_t *from, int stride, uint8_t flip) {
  const uint8_t *const at[4] = {from, from + 4 * stride, from + 8 * stride, from + 12 * stride};
  return ik_qdw_gather(at, stride, flip);
}
IK_INLINE ik_i32x16 ik_qdw_bytes16(ik_i32x16 a, ik_i32x16 b, ik_i32x16 c, const ik_qdw_channel *ch, ik_rounding rounding) {
  ik_i32x16 sum = ik_dot16((ik_i32x16)ch->constant, a, (ik_i32x16)ch->weights[0]);
  sum = ik_dot16(ik_dot16(sum, b, (ik_i32x16)ch->weights[1]), c, (ik_i32x16)ch->weights[2]);
  return ik_requantize16(sum, ch->m, rounding);
}

/* y // [rows][ow], ow > 8: columns by 16, the last ones again where they overlap. Rows of fewer than 16 end in what the next row writes again. */
IK_INLINE void ik_qdw_wide(uint8_t *y, const uint8_t *bytes, const ik_qdw_lines *l, const ik_qdw_channel *ch, ik_rounding rounding, int stride) {
  const int64_t ow = l->ow, pitch = l->pitch, rows = l->rows;
  const uint8_t flip = l->flip;
  for (int64_t i = 0; i < ow; i += 16) {
    i = i + 16 > ow && ow >= 16 ? ow - 16 : i;
    const uint8_t *from = bytes + i * stride;
    uint8_t *to = y + i;
    ik_i32x16 a = ik_qdw_line(from, stride, flip), b = stride == 1 ? ik_qdw_line(from + pitch, stride, flip) : a;
    from += stride == 1 ? 2 * pitch : pitch;
    for (int64_t r = 0; r < rows; ++r, to += ow, from += stride * pitch) {
      b = stride == 1 ? b : ik_qdw_line(from, stride, flip);
      const ik_i32x16 c = ik_qdw_line(from + (stride - 1) * pitch, stride, flip);
      ik_store_bytes(to, ik_qdw_bytes16(a, b, c, ch, rounding), (rows - r) * ow - i);
      a = stride == 1 ? b : c;
      b = c;
    }
  }
}
/* y // [rows][ow], ow <= 8: two rows a vector. */
IK_INLINE void ik_qdw_narrow(uint8_t *y, const uint8_t *bytes, const ik_qdw_lines *l, const ik_qdw_channel *ch, ik_rounding rounding, int stride) {
  for (int64_t r = 0; r < l->rows; r += 2) {
    ik_i32x16 line[3];
    IK_UNROLL for (int k = 0; k < 3; ++k) {
      const uint8_t *first = bytes + (r * stride + k) * l->pitch, *second = r + 1 < l->rows ? first + stride * l->pitch : first;
      const uint8_t *const at[4] = {first, first + 4 * stride, second, second + 4 * stride};
      line[k] = ik_qdw_gather(at, stride, l->flip);
    }
    const ik_u8x16 out = __builtin_convertvector(ik_qdw_bytes16(line[0], line[1], line[2], ch, rounding), ik_u8x16);
    const int64_t left = (l->rows - r) * l->ow, more = left - l->ow;
    ik_store_part_bytes(y + r * l->ow, out, left < 8 ? left : 8);
    if (more)
      ik_store_part_bytes(y + (r + 1) * l->ow, __builtin_shufflevector(out, out, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15), more < 8 ? more : 8);
  }
}

/* The outputs of a band of one channel. */
static void ik_qdw_rows(uint8_t *y, const uint8_t *bytes, const ik_qdw_lines *l, const ik_qdw_channel *ch, ik_rounding rounding, int64_t stride) {
  if (l->ow <= 8 && stride == 1)
    ik_qdw_narrow(y, bytes, l, ch, rounding, 1);
  else if (l->ow <= 8)
    ik_qdw_narrow(y, bytes, l, ch, rounding, 2);
  else if (stride == 1)
    ik_qdw_wide(y, bytes, l, ch, rounding, 1);
  else
    ik_qdw_wide(y, bytes, l, ch, rounding, 2);
}
#else
#define IK_QDW_ROWS 0
#endif

#endif
