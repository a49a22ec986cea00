/* Tiles of 8 rows that end in registers: bias, residual, activation and store without a way through memory, for ISAs whose registers hold a whole
 * tile and whose stores take masks. The same operations in the same order as ik_conv_finish (convparts.h). Time of models to theirs without, Zen 5:
 * small convolutional ones 0.87 to 0.95. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_TILEOUT_H
#define INGOT_TARGETS_COMMON_UKERNELS_TILEOUT_H

#include "targets/common/ukernels/micro.h"

/* Where the lanes of a tile's vectors go: up to two stretches each, of lanes `lanes`, lane 0 at `at` (which may lie before the first one). */
typedef struct { int64_t at[3][2]; uint16_t lanes[3][2]; } ik_places;

/* `count` outputs side by side: one stretch. */
IK_INLINE ik_places ik_places_of(int64_t count) {
  ik_places to = {{{0}}, {{0}}};
  for (int64_t v = 0; v * 16 < count; ++v) {
    to.at[v][0] = v * 16;
    to.lanes[v][0] = count - v * 16 >= 16 ? 0xffff : (uint16_t)((1u << (count - v * 16)) - 1);
  }
  return to;
}

enum { IK_PLACES_PITCH = 16 }; /* least distance of rows: a vector meets two of them at most */

/* Places first .. of a band of `rows` rows of `width` outputs that lie `pitch` apart: two stretches. */
IK_INLINE ik_places ik_places_between(int64_t first, int64_t vecs, int64_t rows, int64_t width, int64_t pitch) {
  ik_places to = {{{0}}, {{0}}};
  int64_t h = first / pitch, w = first % pitch;
  for (int64_t v = 0; v < vecs; ++v, w += 16) {
    if (w >= pitch)
      w -= pitch, ++h;
    const int64_t here = width - w, next = pitch - w, end = next + width;
    to.at[v][0] = h * width + w, to.at[v][1] = (h + 1) * width - next;
    to.lanes[v][0] = h >= rows || here <= 0 ? 0 : here >= 16 ? 0xffff : (uint16_t)((1u << here) - 1);
    to.lanes[v][1] = h + 1 >= rows || next >= 16 ? 0 : (uint16_t)((0xffffu << next) & (end >= 16 ? 0xffffu : (1u << end) - 1));
  }
  return to;
}

#define IK_OUT(T, NAME) \
  /* The rows of a tile of `vecs` vectors: y, residual // [8] of `area`, bias // [8]. */ \
  typedef struct { T *y; const T *bias, *residual; int64_t area; ik_epilogue e; int64_t vecs, stretches; const ik_places *to; } ik_out_##NAME;
IK_OUT(float, f32)
IK_OUT(_Float16, f16)

#if defined(__AVX512BW__) && defined(__AVX512VL__)
#define IK_TILE_OUT 1
typedef int16_t ik_i16x16 __attribute__((ext_vector_type(16)));
/* Lanes of the vector that begins `at` elements behind p. */
IK_INLINE ik_f32x16 ik_load_lanes_f32(const float *p, int64_t at, uint16_t lanes) {
  return __builtin_ia32_loadups512_mask((const float *)((uintptr_t)p + (uintptr_t)at * sizeof *p), ik_splat16(0.0f), lanes);
}
IK_INLINE void ik_store_lanes_f32(float *p, int64_t at, ik_f32x16 v, uint16_t lanes) {
  __builtin_ia32_storeups512_mask((float *)((uintptr_t)p + (uintptr_t)at * sizeof *p), v, lanes);
}
IK_INLINE ik_f32x16 ik_load_lanes_f16(const _Float16 *p, int64_t at, uint16_t lanes) {
  const void *from = (const void *)((uintptr_t)p + (uintptr_t)at * sizeof *p);
  return __builtin_convertvector((ik_f16x16)__builtin_ia32_loaddquhi256_mask(from, (ik_i16x16)0, lanes), ik_f32x16);
}
IK_INLINE void ik_store_lanes_f16(_Float16 *p, int64_t at, ik_f32x16 v, uint16_t lanes) {
  __builtin_ia32_storedquhi256_mask((void *)((uintptr_t)p + (uintptr_t)at * sizeof *p), (ik_i16x16)__builtin_convertvector(v, ik_f16x16), lanes);
}
#else
#define IK_TILE_OUT 0
#endif

/* 1: a tile of these rows can end in registers, with an activation that needs no more of them than the tile leaves. */
IK_INLINE int ik_out_ends(int64_t rows, ik_epilogue e) {
  return IK_TILE_OUT && rows == 8 && (e.act == IK_ACT_NONE || e.act == IK_ACT_RELU || e.act == IK_ACT_CLIP);
}

#if IK_TILE_OUT
#define IK_OUT_SUMS(NAME, V)                                                                                                  \
  /* Adds the residual's lanes. */                                                                                            \
  IK_INLINE void ik_out_residual_##NAME##_##V(ik_f32x16 (*a)[V], const ik_out_##NAME *o) {                                    \
    for (int64_t s = 0; s < o->stretches; ++s)                                                                                \
      IK_EACH_OF(8, V) {                                                                                                      \
        const ik_f32x16 sum = a[r][v] + ik_load_lanes_##NAME(o->residual + r * o->area, o->to->at[v][s], o->to->lanes[v][s]); \
        a[r][v] = (ik_f32x16)__builtin_ia32_selectps_512(o->to->lanes[v][s], sum, a[r][v]);                                   \
      }                                                                                                                       \
  }                                                                                                                           \
  /* a // [8][V] sums, finished and stored. */                                                                                \
  IK_INLINE void ik_out_sums_##NAME##_##V(ik_f32x16 (*a)[V], const ik_out_##NAME *o) {                                        \
    const ik_f32x16 zero = ik_splat16(0.0f);                                                                                  \
    if (o->bias)                                                                                                              \
      IK_EACH_OF(8, V) a[r][v] = a[r][v] + ik_splat16((float)o->bias[r]);                                                     \
    if (o->e.residual == IK_RESIDUAL_BEFORE)                                                                                  \
      ik_out_residual_##NAME##_##V(a, o);                                                                                     \
    if (o->e.act == IK_ACT_RELU)                                                                                              \
      IK_EACH_OF(8, V) a[r][v] = ik_select16(a[r][v] < zero, zero, a[r][v]);                                                  \
    else if (o->e.act == IK_ACT_CLIP)                                                                                         \
      IK_EACH_OF(8, V) a[r][v] = ik_clamp16(a[r][v], o->e.alpha, o->e.beta);                                                  \
    if (o->e.residual == IK_RESIDUAL_AFTER)                                                                                   \
      ik_out_residual_##NAME##_##V(a, o);                                                                                     \
    for (int64_t s = 0; s < o->stretches; ++s)                                                                                \
      IK_EACH_OF(8, V) ik_store_lanes_##NAME(o->y + r * o->area, o->to->at[v][s], a[r][v], o->to->lanes[v][s]);               \
  }                                                                                                                           \
  /* ik_tile_8xV (micro.h) with weights and columns side by side. */                                                          \
  IK_INLINE void ik_out_tile_##NAME##_##V(const ik_out_##NAME *o, const float *c, int fresh, const float *w, const float *x, int64_t ldk, int64_t depth, \
                                          uintptr_t next) {                                                                   \
    ik_f32x16 a[8][V];                                                                                                        \
    IK_EACH_OF(8, V) a[r][v] = fresh ? ik_splat16(0.0f) : ik_load16_f32(c + r * 48 + v * 16);                                 \
    ik_tile_sums_8x##V(a, w, 1, 8, x, ldk, 16, depth, 1, next, 32);                                                           \
    ik_out_sums_##NAME##_##V(a, o);                                                                                           \
  }
#define IK_OUT_TILE(NAME)                                                                                                     \
  IK_OUT_SUMS(NAME, 1)                                                                                                        \
  IK_OUT_SUMS(NAME, 2)                                                                                                        \
  IK_OUT_SUMS(NAME, 3)                                                                                                        \
  /* Sums over k of weights w // [depth][8] and columns x, from those in c // [8][48] on unless `fresh`; next: as in ik_tile_ahead; 0: nothing is done. */ \
  IK_INLINE int ik_out_tile_##NAME(const ik_out_##NAME *o, int64_t rows, const float *c, int fresh, const float *w, const float *x, int64_t ldk, int64_t depth, \
                                   uintptr_t next) {                                                                          \
    if (!ik_out_ends(rows, o->e))                                                                                             \
      return 0;                                                                                                               \
    if (o->vecs == 3)                                                                                                         \
      ik_out_tile_##NAME##_3(o, c, fresh, w, x, ldk, depth, next);                                                           \
    else if (o->vecs == 2)                                                                                                    \
      ik_out_tile_##NAME##_2(o, c, fresh, w, x, ldk, depth, next);                                                           \
    else                                                                                                                      \
      ik_out_tile_##NAME##_1(o, c, fresh, w, x, ldk, depth, next);                                                           \
    return 1;                                                                                                                 \
  }
#else
#define IK_OUT_TILE(NAME) \
  IK_INLINE int ik_out_tile_##NAME(const ik_out_##NAME *o, int64_t rows, const float *c, int fresh, const float *w, const float *x, int64_t ldk, int64_t depth, \
                                   uintptr_t next) { \
    (void)o, (void)rows, (void)c, (void)fresh, (void)w, (void)x, (void)ldk, (void)depth, (void)next;                         \
    return 0; \
  }
#endif
IK_OUT_TILE(f32)
IK_OUT_TILE(f16)

#endif
