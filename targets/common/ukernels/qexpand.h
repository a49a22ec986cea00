/* Weights stored as a bit each and the values that are not zero (form "bits" of quant.h), back to a dense panel in scratch: eight at a time, by
 * a shuffle that a table of 256 rows gives. Reads stay inside of the stored bytes whatever the bits say. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_QEXPAND_H
#define INGOT_TARGETS_COMMON_UKERNELS_QEXPAND_H

#include "targets/common/ukernels/qdot.h"

#if defined(__SSSE3__)
typedef char ik_i8x16 __attribute__((vector_size(16)));
typedef uint64_t ik_u64x2 __attribute__((vector_size(16)));
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

/* Row m: for each bit of m the rank of its value, 0x80 (nothing) where the bit is not set. */
#define IK_RANK(M, I) ((M) >> (I) & 1 ? __builtin_popcount((M) & ((1 << (I)) - 1)) : 0x80)
#define IK_RANKS(M) {IK_RANK(M, 0), IK_RANK(M, 1), IK_RANK(M, 2), IK_RANK(M, 3), IK_RANK(M, 4), IK_RANK(M, 5), IK_RANK(M, 6), IK_RANK(M, 7)}
#define IK_RANKS4(M) IK_RANKS(M), IK_RANKS((M) + 1), IK_RANKS((M) + 2), IK_RANKS((M) + 3)
#define IK_RANKS16(M) IK_RANKS4(M), IK_RANKS4((M) + 4), IK_RANKS4((M) + 8), IK_RANKS4((M) + 12)
#define IK_RANKS64(M) IK_RANKS16(M), IK_RANKS16((M) + 16), IK_RANKS16((M) + 32), IK_RANKS16((M) + 48)
static const uint8_t ik_ranks[256][8] = {IK_RANKS64(0), IK_RANKS64(64), IK_RANKS64(128), IK_RANKS64(192)};

/* to[0 .. 7] from the values of the bits set in m; reads 8 bytes. */
IK_INLINE void ik_expand8(uint8_t *to, const uint8_t *values, uint8_t m) {
#if defined(__SSSE3__)
  ik_u64x2 v = {0, 0}, ranks = {0, 0};
  __builtin_memcpy(&v, values, 8), __builtin_memcpy(&ranks, ik_ranks[m], 8);
  v = (ik_u64x2)__builtin_ia32_pshufb128((ik_i8x16)v, (ik_i8x16)ranks);
  __builtin_memcpy(to, &v, 8);
#elif defined(__ARM_NEON)
  vst1_u8(to, vtbl1_u8(vld1_u8(values), vld1_u8(ik_ranks[m])));
#else
  for (int i = 0; i < 8; ++i)
    to[i] = ik_ranks[m][i] < 8 ? values[ik_ranks[m][i]] : 0;
#endif
}

/* bits // [words] of 64 weights each -> to // [words][64]. `left` values follow `values`, and IK_BITS_SLACK bytes. */
static void ik_expand(uint8_t *to, const uint8_t *bits, int64_t words, const uint8_t *values, int64_t left) {
  int64_t at = 0;
  for (int64_t i = 0; i < words; ++i, to += 64) {
    uint64_t m, c;
    __builtin_memcpy(&m, bits + i * 8, 8);
    c = m - (m >> 1 & 0x5555555555555555u); /* set bits of each byte, then of all bytes up to it */
    c = (c & 0x3333333333333333u) + (c >> 2 & 0x3333333333333333u);
    c = ((c + (c >> 4)) & 0x0f0f0f0f0f0f0f0fu) * 0x0101010101010101u;
    uint64_t before = c << 8;
    IK_UNROLL for (int j = 0; j < 8; ++j) ik_expand8(to + j * 8, values + at + (before >> (8 * j) & 255), (uint8_t)(m >> (8 * j)));
    at += (int64_t)(c >> 56);
    at = at < left ? at : left;
  }
}

/* Panel `panel` of `panels`, each `words` words, of weights w with `stored` values -> to. */
IK_INLINE void ik_expand_panel(uint8_t *to, const uint8_t *w, int64_t panel, int64_t panels, int64_t words, int64_t stored) {
  const uint8_t *bits = w + IK_BITS_AT(panels), *values = bits + panels * words * 8;
  int64_t begin = ((const uint32_t *)w)[panel];
  begin = begin < stored ? begin : stored;
  ik_expand(to, bits + panel * words * 8, words, values + begin, stored - begin);
}

#endif
