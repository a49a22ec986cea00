/* AMX tiles (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18): products of 8 or 16 rows by
 * up to 48 columns, of 16 by 16, and in blocks of 32 by 32. Kernels that use them ask the system for leave at each call (no state is kept; it takes 70 ns)
 * and go their other way where it is refused. Sums of integers are the same either way; those of bf16 are not (narrow.h): a level's own, here in pairs of k
 * whose products are added in the order of the hardware. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_AMX_H
#define INGOT_TARGETS_COMMON_UKERNELS_AMX_H

#include "targets/common/ukernels/micro.h"

#if defined(__AMX_BF16__)
#define IK_TILES_BF16 1
#else
#define IK_TILES_BF16 0
#endif

/* Both sides of a product of words in blocks of `words` by taps: left // panels of 16 rows, `leftNext` bytes from one to the next, [blocks][taps][16][words];
 * right // rows `rightRow` bytes apart, a tap's `offsets` words from the start of a block. Memory to ask for: `fetch` cache lines a step from `ahead` on. */
typedef struct {
  const void *left, *right, *ahead;
  int64_t leftNext, rightRow, words, blocks, fetch;
  const int32_t *offsets;
  int64_t taps;
} ik_blocks;

#if defined(__AMX_INT8__)
typedef struct {
  uint8_t palette, startRow, reserved[14];
  uint16_t bytes[16]; /* of a row */
  uint8_t rows[16];
} ik_tile_config;

/* Linux gives a process the tiles' state when it asks: arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA). */
IK_INLINE int ik_tiles_leave(void) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(158L), "D"(0x1023L), "S"(18L) : "rcx", "r11", "memory");
  return result == 0;
}

/* False where the system has no tiles for the process. */
IK_INLINE int ik_tiles_set(const ik_tile_config *c) {
  if (!ik_tiles_leave())
    return 0;
  __builtin_ia32_tile_loadconfig(c);
  return 1;
}

/* For sums of `rows` rows over `steps` words: registers 0 to 2 are sums of rows by 16; 3 the left side, rows of 16 words; 4 and 5 the right side, 16 rows of 16 words;
 * 6 and 7 both sides' last steps % 16 words. False as ik_tiles_set. */
__attribute__((unused)) static int ik_tiles_begin(int64_t steps, int64_t rows) {
  ik_tile_config c = {.palette = 1};
  for (int i = 0; i < 8; ++i) {
    c.bytes[i] = (uint16_t)(i == 6 ? steps % 16 * 4 : i == 7 && steps % 16 == 0 ? 0 : 64);
    c.rows[i] = (uint8_t)(i == 6 && steps % 16 == 0 ? 0 : i == 7 ? steps % 16 : i == 4 || i == 5 ? 16 : rows);
  }
  return ik_tiles_set(&c);
}
/* The same for sums of 16 rows over `words` words: registers 0 and 1 are sums of 16 rows by 16; 2 and 3 the left side, 16 rows of `words` words; 4 to 7
 * the right side, `words` rows of 16. */
__attribute__((unused)) static int ik_tiles_begin16(int words) {
  ik_tile_config c = {.palette = 1};
  for (int i = 0; i < 8; ++i) {
    c.bytes[i] = (uint16_t)(i / 2 == 1 ? words * 4 : 64);
    c.rows[i] = (uint8_t)(i < 4 ? 16 : words);
  }
  return ik_tiles_set(&c);
}
IK_INLINE void ik_tiles_end(void) { __builtin_ia32_tilerelease(); }

/* Both sides of a product of words: left // rows `leftRow` bytes apart, right // rows `rightRow` bytes apart of up to three times 16 words `rightNext` bytes
 * apart. With `taps` it is summed over them: the left side's are `leftTap` bytes apart, the right side's `offsets` words from its start. Memory to
 * ask for: `fetch` cache lines per 16 steps from `ahead` on. */
typedef struct {
  const void *left, *right, *ahead;
  int64_t leftRow, leftTap, rightRow, rightNext, steps, fetch;
  const int32_t *offsets;
  int64_t taps;
} ik_tiles_sides;

/* c // [rows][48] words = the product in `vecs` x 16 columns, added to c unless `fresh`. DOT: what a word's parts are. */
#define IK_TILES_STEP(DOT, A, B0, B1)                                                                                         \
  {                                                                                                                           \
    __builtin_ia32_tileloadd64(A, left, (size_t)s->leftRow);                                                                  \
    __builtin_ia32_tileloadd64(B0, right, (size_t)s->rightRow);                                                               \
    DOT(0, A, B0);                                                                                                            \
    if (vecs > 1) {                                                                                                           \
      __builtin_ia32_tileloadd64(B1, right + s->rightNext, (size_t)s->rightRow);                                              \
      DOT(1, A, B1);                                                                                                          \
    }                                                                                                                         \
    if (vecs > 2) {                                                                                                           \
      __builtin_ia32_tileloadd64(B0, right + 2 * s->rightNext, (size_t)s->rightRow);                                          \
      DOT(2, A, B0);                                                                                                          \
    }                                                                                                                         \
  }
#define IK_TILES_PRODUCT(NAME, DOT)                                                                                           \
  __attribute__((unused)) static void ik_tiles_##NAME(void *c, int fresh, const ik_tiles_sides *s, int64_t vecs) {            \
    if (fresh) {                                                                                                              \
      __builtin_ia32_tilezero(0);                                                                                             \
      __builtin_ia32_tilezero(1);                                                                                             \
      __builtin_ia32_tilezero(2);                                                                                             \
    } else {                                                                                                                  \
      __builtin_ia32_tileloadd64(0, c, 192);                                                                                  \
      __builtin_ia32_tileloadd64(1, (char *)c + 64, 192);                                                                     \
      __builtin_ia32_tileloadd64(2, (char *)c + 128, 192);                                                                    \
    }                                                                                                                         \
    const char *ahead = s->ahead;                                                                                             \
    for (int64_t tap = 0; tap < s->taps; ++tap) {                                                                             \
      const char *left = (const char *)s->left + tap * s->leftTap, *right = (const char *)s->right + s->offsets[tap] * (int64_t)4; \
      for (int64_t i = 0; i < s->steps / 16; ++i, left += 64, right += 16 * s->rightRow) {                                    \
        IK_TILES_STEP(DOT, 3, 4, 5)                                                                                           \
        for (int64_t line = 0; line < s->fetch; ++line, ahead += 64)                                                          \
          __builtin_prefetch(ahead, 0, 2);                                                                                    \
      }                                                                                                                       \
      if (s->steps % 16)                                                                                                      \
        IK_TILES_STEP(DOT, 6, 7, 7)                                                                                           \
    }                                                                                                                         \
    __builtin_ia32_tilestored64(0, c, 192);                                                                                   \
    if (vecs > 1)                                                                                                             \
      __builtin_ia32_tilestored64(1, (char *)c + 64, 192);                                                                    \
    if (vecs > 2)                                                                                                             \
      __builtin_ia32_tilestored64(2, (char *)c + 128, 192);                                                                   \
  }
IK_TILES_PRODUCT(u8_i8, __builtin_ia32_tdpbusd)
IK_TILES_PRODUCT(bf16, __builtin_ia32_tdpbf16ps)

/* For ik_tiles_square_*: as ik_blocks_begin with whole registers. c // [32][48] words = the product of 32 rows by `vecs` <= 2 x 16 columns; steps % 16 is 0. */
#define IK_TILES_SQUARE(NAME, DOT)                                                                                            \
  __attribute__((unused)) static void ik_tiles_square_##NAME(void *c, const ik_tiles_sides *s, int64_t vecs) {                \
    const char *left = s->left, *right = s->right, *ahead = s->ahead;                                                         \
    __builtin_ia32_tilezero(0);                                                                                               \
    __builtin_ia32_tilezero(1);                                                                                               \
    __builtin_ia32_tilezero(2);                                                                                               \
    __builtin_ia32_tilezero(3);                                                                                               \
    for (int64_t i = 0; i < s->steps; i += 16, left += 64, right += 16 * s->rightRow) {                                       \
      __builtin_ia32_tileloadd64(6, right, (size_t)s->rightRow);                                                              \
      __builtin_ia32_tileloadd64(4, left, (size_t)s->leftRow);                                                                \
      DOT(0, 4, 6);                                                                                                           \
      __builtin_ia32_tileloadd64(5, left + 16 * s->leftRow, (size_t)s->leftRow);                                              \
      DOT(2, 5, 6);                                                                                                           \
      if (vecs > 1) {                                                                                                         \
        __builtin_ia32_tileloadd64(7, right + s->rightNext, (size_t)s->rightRow);                                             \
        DOT(1, 4, 7);                                                                                                         \
        DOT(3, 5, 7);                                                                                                         \
      }                                                                                                                       \
      for (int64_t line = 0; line < s->fetch; ++line, ahead += 64)                                                            \
        __builtin_prefetch(ahead, 0, 2);                                                                                      \
    }                                                                                                                         \
    __builtin_ia32_tilestored64(0, c, 192);                                                                                   \
    __builtin_ia32_tilestored64(2, (char *)c + 16 * 192, 192);                                                                \
    if (vecs > 1) {                                                                                                           \
      __builtin_ia32_tilestored64(1, (char *)c + 64, 192);                                                                    \
      __builtin_ia32_tilestored64(3, (char *)c + 16 * 192 + 64, 192);                                                         \
    }                                                                                                                         \
  }
IK_TILES_SQUARE(bf16, __builtin_ia32_tdpbf16ps)

/* to // [8][words] of from // `words` times 8, `next` words apart: a panel of 8 rows of weights as the left side. */
__attribute__((unused)) static void ik_tiles_turn(uint32_t *to, const uint32_t *from, int64_t words, int64_t next) {
  typedef uint32_t eight __attribute__((ext_vector_type(8)));
  typedef uint32_t eightu __attribute__((ext_vector_type(8), aligned(4)));
  int64_t s = 0;
  for (; s + 8 <= words; s += 8, from += 8 * next) {
    eight v[8], t[8];
    IK_UNROLL for (int i = 0; i < 8; ++i) v[i] = *(const eightu *)(from + i * next);
    IK_UNROLL for (int i = 0; i < 8; i += 2) {
      t[i] = __builtin_shufflevector(v[i], v[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
      t[i + 1] = __builtin_shufflevector(v[i], v[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    IK_UNROLL for (int i = 0; i < 8; i += 4) IK_UNROLL for (int j = 0; j < 2; ++j) {
      v[i + j] = __builtin_shufflevector(t[i + j], t[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      v[i + j + 2] = __builtin_shufflevector(t[i + j], t[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
    IK_UNROLL for (int j = 0; j < 4; ++j) {
      *(eightu *)(to + j * words + s) = __builtin_shufflevector(v[j], v[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
      *(eightu *)(to + (j + 4) * words + s) = __builtin_shufflevector(v[j], v[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
  }
  for (; s < words; ++s, from += next)
    for (int r = 0; r < 8; ++r)
      to[r * words + s] = from[r];
}
/* Panels of weights // [words][taps][8] as the left side, in `room` // [taps][8][words]. */
__attribute__((unused)) static void ik_tiles_panel(uint32_t *room, const void *weights, int64_t words, int64_t taps) {
  for (int64_t t = 0; t < taps; ++t)
    ik_tiles_turn(room + t * 8 * words, (const uint32_t *)weights + t * 8, words, taps * 8);
}

/* For ik_blocks_* of so many words: registers 0 to 3 are sums, 4 and 5 the left side, 16 rows of words, 6 and 7 the right one, rows of 16. */
__attribute__((unused)) static int ik_blocks_begin(int64_t words) {
  ik_tile_config c = {.palette = 1};
  for (int i = 0; i < 8; ++i)
    c.bytes[i] = (uint16_t)(i == 4 || i == 5 ? words * 4 : 64), c.rows[i] = (uint8_t)(i > 5 ? words : 16);
  return ik_tiles_set(&c);
}

/* c // [32][32] words = the product of R x 16 rows by V x 16 columns over b's walk; the rest of c stays. Each step asks for `fetch` cache lines from
 * `ahead` on, and does EACH(other): what else there is to do while the matrices are multiplied. */
#define IK_BLOCKS_PRODUCT(NAME, DOT, OTHER, EACH, R, V)                                                                       \
  static void ik_blocks_##NAME##_##R##x##V(void *c, const ik_blocks *b, OTHER *other) {                                       \
    const char *left = b->left, *right = b->right, *ahead = b->ahead;                                                         \
    const int64_t words = b->words, rightRow = b->rightRow, leftNext = b->leftNext, taps = b->taps, fetch = b->fetch;         \
    const int32_t *const offsets = b->offsets;                                                                                \
    __builtin_ia32_tilezero(0);                                                                                               \
    __builtin_ia32_tilezero(1);                                                                                               \
    __builtin_ia32_tilezero(2);                                                                                               \
    __builtin_ia32_tilezero(3);                                                                                               \
    for (int64_t block = 0; block < b->blocks; ++block, right += words * rightRow)                                            \
      for (int64_t tap = 0; tap < taps; ++tap, left += 64 * words) {                                                          \
        const char *at = right + offsets[tap] * (int64_t)4;                                                                   \
        __builtin_ia32_tileloadd64(4, left, (size_t)words * 4);                                                               \
        __builtin_ia32_tileloadd64(6, at, (size_t)rightRow);                                                                  \
        DOT(0, 4, 6);                                                                                                         \
        if (V > 1) {                                                                                                          \
          __builtin_ia32_tileloadd64(7, at + 64, (size_t)rightRow);                                                           \
          DOT(1, 4, 7);                                                                                                       \
        }                                                                                                                     \
        if (R > 1) {                                                                                                          \
          __builtin_ia32_tileloadd64(5, left + leftNext, (size_t)words * 4);                                                  \
          DOT(2, 5, 6);                                                                                                       \
          if (V > 1)                                                                                                          \
            DOT(3, 5, 7);                                                                                                     \
        }                                                                                                                     \
        for (int64_t i = 0; i < fetch; ++i, ahead += 64)                                                                      \
          __builtin_prefetch(ahead, 0, 2);                                                                                    \
        EACH(other);                                                                                                          \
      }                                                                                                                       \
    __builtin_ia32_tilestored64(0, c, 128);                                                                                   \
    if (V > 1)                                                                                                                \
      __builtin_ia32_tilestored64(1, (char *)c + 64, 128);                                                                    \
    if (R > 1)                                                                                                                \
      __builtin_ia32_tilestored64(2, (char *)c + 2048, 128);                                                                  \
    if (R > 1 && V > 1)                                                                                                       \
      __builtin_ia32_tilestored64(3, (char *)c + 2112, 128);                                                                  \
  }
#else
IK_INLINE int ik_tiles_begin(int64_t steps, int64_t rows) { return (void)steps, (void)rows, 0; }
IK_INLINE int ik_blocks_begin(int64_t words) { return (void)words, 0; }
IK_INLINE void ik_tiles_end(void) {}
#endif

#endif
