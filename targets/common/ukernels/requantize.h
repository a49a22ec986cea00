/* From an int32 accumulator to an 8-bit result, the one rule of all quantised kernels: f32(acc) * m, clamp to [qmin - z, qmax - z],
 * round half to even, + z. The rounding adds 1.5 * 2^23: exact for the clamped range. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_REQUANTIZE_H
#define INGOT_TARGETS_COMMON_UKERNELS_REQUANTIZE_H

#include "targets/common/ukernels/micro.h"

typedef uint8_t ik_u8x16 __attribute__((ext_vector_type(16)));
typedef uint8_t ik_u8x16u __attribute__((ext_vector_type(16), aligned(1)));

/* The rule's numbers for one result type: made once, since stores of bytes may change what parameters are read from. */
typedef struct { ik_f32x16 low, high; ik_i32x16 back; } ik_rounding;
IK_INLINE ik_rounding ik_rounding_of(int64_t zero, int64_t isUnsigned) {
  const int64_t least = isUnsigned ? 0 : -128;
  return (ik_rounding){ik_splat16((float)(least - zero)), ik_splat16((float)(least + 255 - zero)), (ik_i32x16)(int32_t)(zero - 0x4b400000)};
}
IK_INLINE ik_i32x16 ik_round16(ik_f32x16 v, ik_rounding r) {
  v = ik_select16(v < r.low, r.low, v);
  v = ik_select16(v > r.high, r.high, v);
  return (ik_i32x16)(v + ik_splat16(12582912.0f)) + r.back;
}
IK_INLINE ik_i32x16 ik_requantize16(ik_i32x16 acc, ik_f32x16 m, ik_rounding r) { return ik_round16(__builtin_convertvector(acc, ik_f32x16) * m, r); }
/* The first n of 16 bytes, all when n > 16. */
IK_INLINE void ik_store_part_bytes(uint8_t *y, ik_u8x16 b, int64_t n) {
  if (n >= 16) {
    *(ik_u8x16u *)y = b;
    return;
  }
  union { ik_u8x16 v; uint64_t w[2]; } t = {b};
  uint64_t left = t.w[0];
  if (n & 8)
    __builtin_memcpy(y, &left, 8), y += 8, left = t.w[1];
  if (n & 4)
    __builtin_memcpy(y, &left, 4), y += 4, left >>= 32;
  if (n & 2)
    __builtin_memcpy(y, &left, 2), y += 2, left >>= 16;
  if (n & 1)
    *y = (uint8_t)left;
}
IK_INLINE void ik_store_bytes(uint8_t *y, ik_i32x16 v, int64_t n) { ik_store_part_bytes(y, __builtin_convertvector(v, ik_u8x16), n); }
static inline uint8_t ik_requantize(int32_t acc, float m, int64_t zero, int64_t isUnsigned) {
  float low = (float)((isUnsigned ? 0 : -128) - zero), high = (float)((isUnsigned ? 255 : 127) - zero), v = (float)acc * m;
  v = v < low ? low : v;
  v = v > high ? high : v;
  union { float f; int32_t i; } r = {v + 12582912.0f};
  return (uint8_t)(r.i - 0x4b400000 + (int32_t)zero);
}
/* Element i of an 8-bit tensor. */
static inline int32_t ik_byte(const void *p, int64_t i, int64_t isUnsigned) {
  return isUnsigned ? (int32_t)((const uint8_t *)p)[i] : (int32_t)((const int8_t *)p)[i];
}

#endif
