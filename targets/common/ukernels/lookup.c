/* ik_lookup_8: y[i] = table[x[i]], with bytes as they are: quant.lookup's tables of signed bytes come turned by half. Buffers: x, table // [256], y. Parameter: the count.
 * Parallel units: 64 bytes. */
#include "targets/common/ukernels/micro.h"

enum { IK_LOOKUP_UNIT = 64 };

#if defined(__AVX512BW__)
typedef char ik_lookup64 __attribute__((vector_size(64)));
typedef uint8_t ik_lookup64u __attribute__((ext_vector_type(64), aligned(1)));
/* Sixteen bytes of the table at once: a shuffle gives 0 where its index is above 127, to where the saturating sum takes all that are not in that sixteenth. */
IK_INLINE ik_lookup64 ik_lookup_64(ik_lookup64 x, const ik_lookup64 *table) {
  typedef uint8_t u8x64 __attribute__((ext_vector_type(64)));
  ik_lookup64 y = (ik_lookup64){};
  IK_UNROLL for (int h = 0; h < 16; ++h) {
    const u8x64 within = __builtin_elementwise_add_sat((u8x64)x ^ (u8x64)(uint8_t)(16 * h), (u8x64)(uint8_t)0x70);
    y |= (ik_lookup64)__builtin_ia32_pshufb512(table[h], (ik_lookup64)within);
  }
  return y;
}
#endif

IK_KERNEL(ik_lookup_8) {
  const uint8_t *x = buf[0], *table = buf[1];
  uint8_t *y = buf[2];
  const ik_range range = ik_share((p[0] + IK_LOOKUP_UNIT - 1) / IK_LOOKUP_UNIT, worker, workers);
  int64_t i = range.begin * IK_LOOKUP_UNIT;
  const int64_t end = range.end * IK_LOOKUP_UNIT < p[0] ? range.end * IK_LOOKUP_UNIT : p[0];
#if defined(__AVX512BW__)
  typedef char sixteen __attribute__((vector_size(16), aligned(1)));
  ik_lookup64 parts[16];
  IK_UNROLL for (int h = 0; h < 16; ++h) {
    const sixteen part = *(const sixteen *)(table + 16 * h);
    parts[h] = __builtin_shufflevector(part, part, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5,
                                       6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  }
  for (; i + 64 <= end; i += 64)
    *(ik_lookup64u *)(y + i) = (ik_lookup64u)ik_lookup_64((ik_lookup64)*(const ik_lookup64u *)(x + i), parts);
#endif
  for (; i < end; ++i)
    y[i] = table[x[i]];
}
