/* ik_window16: 16 elements of a window that registers hold, for interpolated and nearest resizing. IK_WINDOW: the widest window that
 * is faster than reading elements one by one; 0: none is. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_RESIZEWINDOW_H
#define INGOT_TARGETS_COMMON_UKERNELS_RESIZEWINDOW_H

#include "targets/common/ukernels/micro.h"

typedef int32_t ik_i32x16u __attribute__((ext_vector_type(16), aligned(4)));

#if defined(__AVX512F__)
enum { IK_WINDOW = 32 };
#elif defined(__AVX2__) || (defined(__aarch64__) && defined(__ARM_NEON))
enum { IK_WINDOW = 16 };
#else
enum { IK_WINDOW = 0 };
#endif

/* from[index[i]] for indices below `span`, a constant of IK_WINDOW or half of it. Reads `span` elements. */
IK_INLINE ik_f32x16 ik_window16(const float *from, ik_i32x16 index, int span) {
#if defined(__AVX512F__)
  const ik_f32x16 low = ik_load16_f32(from);
  if (span <= 16)
    return __builtin_ia32_permvarsf512(low, index);
  return __builtin_ia32_vpermi2varps512(low, index, ik_load16_f32(from + 16));
#elif defined(__AVX2__)
  typedef float half __attribute__((ext_vector_type(8), aligned(4)));
  typedef int32_t lanes __attribute__((ext_vector_type(8)));
  ik_f32x16 y;
  for (int h = 0; h < 2; ++h) {
    const lanes at = h ? index.hi : index.lo;
    half v = __builtin_ia32_permvarsf256(*(const half *)from, at);
    if (span > 8) /* bit 3 of the index chooses the half of the window */
      v = (half)__builtin_ia32_blendvps256(v, __builtin_ia32_permvarsf256(*(const half *)(from + 8), at), (half)(at << 28));
    if (h)
      y.hi = v;
    else
      y.lo = v;
  }
  return y;
#elif defined(__aarch64__) && defined(__ARM_NEON)
  /* Bytes of a table of 8 or 16 floats. */
  const uint8_t *bytes = (const uint8_t *)from;
  ik_f32x16 y;
  IK_UNROLL for (int q = 0; q < 4; ++q) {
    const uint32x4_t at = {(uint32_t)index[q * 4], (uint32_t)index[q * 4 + 1], (uint32_t)index[q * 4 + 2], (uint32_t)index[q * 4 + 3]};
    const uint8x16_t byte = vreinterpretq_u8_u32(vmlaq_n_u32(vdupq_n_u32(0x03020100), at, 0x04040404));
    uint8x16_t v;
    if (span <= 8)
      v = vqtbl2q_u8(vld1q_u8_x2(bytes), byte);
    else
      v = vqtbl4q_u8(vld1q_u8_x4(bytes), byte);
    __builtin_memcpy((char *)&y + q * 16, &v, 16);
  }
  return y;
#else
  (void)from, (void)span;
  return (ik_f32x16)index;
#endif
}

#endif
