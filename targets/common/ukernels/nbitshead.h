/* What a group of packed b-bit weights (nbits.h) carries in front of its integers, as 16 rows side by side. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_NBITSHEAD_H
#define INGOT_TARGETS_COMMON_UKERNELS_NBITSHEAD_H

#include "targets/common/ukernels/micro.h"
#include "targets/common/ukernels/nbits.h"

typedef uint8_t ik_u8x16n __attribute__((ext_vector_type(16)));
typedef uint8_t ik_u8x16nu __attribute__((ext_vector_type(16), aligned(1)));

/* Scales of the group's half `h` (0 but for blocks of 16). */
IK_INLINE ik_f32x16 ik_nbits_scales(const uint8_t *head, int h, const int64_t *p) {
  const uint8_t *at = head + h * IK_PANEL * p[IK_NBITS_SCALE];
  return p[IK_NBITS_SCALE] == 2 ? ik_load16_f16((const _Float16 *)at) : ik_load16_f32((const float *)at);
}

/* Zero points of half `h`; 2^(b-1) where there are none. */
IK_INLINE ik_f32x16 ik_nbits_zeros(const uint8_t *head, int h, const int64_t *p) {
  const uint8_t *at = head + IK_PANEL * (ik_nbits_halves(p) * p[IK_NBITS_SCALE] + h * p[IK_NBITS_ZERO]);
  if (p[IK_NBITS_ZERO] == 4)
    return ik_load16_f32((const float *)at);
  if (p[IK_NBITS_ZERO] == 1)
    return __builtin_convertvector((ik_u8x16n)*(const ik_u8x16nu *)at, ik_f32x16);
  return ik_splat16((float)(1 << (p[IK_NBITS_BITS] - 1)));
}

/* The integer of row r, element k of a block of 32. */
IK_INLINE int32_t ik_nbits_integer(const uint8_t *w, int64_t bits, int r, int k) {
  const int q = k / 4, at = r * 4 + k % 4;
  if (bits == 8)
    return (int8_t)w[q * 64 + at] + 128;
  return bits == 4 ? w[q % 4 * 64 + at] >> q / 4 * 4 & 15 : w[q / 4 * 64 + at] >> q % 4 * 2 & 3;
}

typedef int32_t ik_i32x16nu __attribute__((ext_vector_type(16), aligned(1)));
/* The integers of 16 rows: four elements of a row lie in one word. */
IK_INLINE ik_i32x16 ik_nbits_integers(const uint8_t *w, int64_t bits, int k) {
  const int q = k / 4, at = bits == 8 ? q : bits == 4 ? q % 4 : q / 4, shift = bits == 8 ? 0 : bits == 4 ? q / 4 * 4 : q % 4 * 2;
  const ik_i32x16 words = *(const ik_i32x16nu *)(w + at * 64);
  return (words >> (k % 4 * 8 + shift) & ((1 << bits) - 1)) ^ (bits == 8 ? 128 : 0);
}

#endif
