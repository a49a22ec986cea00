/* Lines of bytes and the words that dot products take, for quantised convolutions over lines (qconvlines.c, qdwconv.c). */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_QLINES_H
#define INGOT_TARGETS_COMMON_UKERNELS_QLINES_H

#include "targets/common/ukernels/qdot.h"

/* The columns of a line that lie in the input: [low, high) of `count`, column i at w + i * stride of a row of `width`. */
typedef struct { int64_t low, high; } ik_qspan;
IK_INLINE ik_qspan ik_qline_span(int64_t w, int64_t count, int64_t stride, int64_t width) {
  const int64_t before = w < 0 ? (stride - 1 - w) / stride : 0, inside = w < width ? (width - w + stride - 1) / stride : 0;
  const int64_t low = before < count ? before : count;
  return (ik_qspan){low, inside < low ? low : inside < count ? inside : count};
}

/* out[0..count) = from[i * stride] in the span, `border` outside; writes at most 15 bytes more. `end`: one past the readable input. */
IK_INLINE void ik_qline_bytes(uint8_t *out, const uint8_t *from, ik_qspan s, int64_t count, int64_t stride, uint8_t border, const uint8_t *end) {
  for (int64_t i = 0; i < s.low; i += 16)
    *(ik_u8x16u *)(out + i) = (ik_u8x16)border;
  if (stride == 1 && end - from >= s.high + 15) {
    for (int64_t i = s.low; i < s.high; i += 16)
      *(ik_u8x16u *)(out + i) = *(const ik_u8x16u *)(from + i);
  } else if (stride == 2 && end - from >= s.high * 2 + 29) {
    for (int64_t i = s.low; i < s.high; i += 16)
      *(ik_u8x16u *)(out + i) = __builtin_shufflevector((ik_u8x16) * (const ik_u8x16u *)(from + i * 2), (ik_u8x16) * (const ik_u8x16u *)(from + i * 2 + 15), 0, 2,
                                                        4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31);
  } else {
    _Pragma("clang loop unroll(disable) vectorize(disable)") for (int64_t i = s.low; i < s.high; ++i) out[i] = from[i * stride];
  }
  for (int64_t i = s.high; i < count; i += 16)
    *(ik_u8x16u *)(out + i) = (ik_u8x16)border;
}

/* 16 words of IK_DOT bytes each: byte r of them lies at[r] behind `from`, exclusive or `flip`. */
IK_INLINE ik_i32x16 ik_qline_word(const uint8_t *from, const int64_t *at, uint8_t flip) {
  ik_i32x16 word = (ik_i32x16)0;
  IK_UNROLL for (int r = 0; r < IK_DOT; ++r)
    word = word | (__builtin_convertvector((ik_u8x16) * (const ik_u8x16u *)(from + at[r]), ik_i32x16) << (r * 32 / IK_DOT));
  return word ^ (int32_t)(flip * (IK_DOT == 4 ? 0x01010101u : 0x00010001u));
}

#endif
