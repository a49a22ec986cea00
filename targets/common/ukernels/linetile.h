/* Tiles of 8 output channels by 48 places whose taps are loads at fixed distances from each place: lines in scratch (convlines.c), or a row of the input
 * where it lies (conv.c). */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_LINETILE_H
#define INGOT_TARGETS_COMMON_UKERNELS_LINETILE_H

#include "targets/common/ukernels/lines.h"
#include "targets/common/ukernels/tileout.h"

/* Chains over k = (channel, tap) for the places from x; c // [8][48] takes them. */
#define IK_LINE_TILE(R, V)                                                                                                    \
  IK_INLINE void ik_line_sums_##R##x##V(ik_f32x16 (*a)[V], const float *w, const float *x, const ik_walk *walk) {             \
    ik_f32x16 b[V];                                                                                                           \
    IK_EACH_OF(R, V) a[r][v] = ik_splat16(0.0f);                                                                              \
    for (int64_t channel = 0; channel < walk->channels; ++channel, x += walk->next)                                           \
      for (int64_t t = 0; t < walk->taps; ++t, w += 8) {                                                                      \
        const float *from = x + walk->offsets[t];                                                                             \
        IK_UNROLL for (int v = 0; v < V; ++v) b[v] = ik_load16_f32(from + v * 16);                                            \
        IK_UNROLL for (int r = 0; r < R; ++r) {                                                                               \
          ik_f32x16 f = ik_splat16(w[r]);                                                                                     \
          IK_UNROLL for (int v = 0; v < V; ++v) a[r][v] = ik_fma16(f, b[v], a[r][v]);                                         \
        }                                                                                                                     \
      }                                                                                                                       \
  }                                                                                                                           \
  IK_INLINE void ik_line_tile_##R##x##V(float *c, const float *w, const float *x, const ik_walk *walk) {                      \
    ik_f32x16 a[R][V];                                                                                                        \
    ik_line_sums_##R##x##V(a, w, x, walk);                                                                                    \
    IK_EACH_OF(R, V) ik_store16_f32(c + r * 48 + v * 16, a[r][v]);                                                            \
  }
IK_LINE_TILE(1, 1)
#if IK_FLOAT_VECTORS
IK_LINE_TILE(1, 3)
IK_LINE_TILE(4, 1)
#endif
#if defined(__AVX512F__)
IK_LINE_TILE(2, 3)
IK_LINE_TILE(4, 3)
IK_LINE_TILE(8, 1)
IK_LINE_TILE(8, 2)
IK_LINE_TILE(8, 3)
#endif

/* `rows` <= 8 and `vecs` <= 3 of the above; more rows than asked for may be written. */
static void ik_line_tile(float *c, const float *w, const float *x, const ik_walk *walk, int64_t rows, int64_t vecs) {
#if !IK_FLOAT_VECTORS
  for (int64_t v = 0; v < vecs; ++v)
    for (int64_t r = 0; r < rows; ++r)
      ik_line_tile_1x1(c + r * 48 + v * 16, w + r, x + v * 16, walk);
#else
  if (rows == 1 && vecs == 3) {
    ik_line_tile_1x3(c, w, x, walk);
    return;
  }
#if defined(__AVX512F__)
  if (rows > 4 && vecs == 3)
    ik_line_tile_8x3(c, w, x, walk);
  else if (rows > 4 && vecs == 2)
    ik_line_tile_8x2(c, w, x, walk);
  else if (rows > 4)
    ik_line_tile_8x1(c, w, x, walk);
  else if (rows > 2 && vecs == 3)
    ik_line_tile_4x3(c, w, x, walk);
  else if (rows == 2 && vecs == 3)
    ik_line_tile_2x3(c, w, x, walk);
  else
#endif
    for (int64_t v = 0; v < vecs; ++v) {
      if (rows == 1)
        ik_line_tile_1x1(c + v * 16, w, x + v * 16, walk);
      else
        for (int64_t r = 0; r < rows; r += 4)
          ik_line_tile_4x1(c + r * 48 + v * 16, w + r, x + v * 16, walk);
    }
#endif
}

/* The same for a tile that ends in registers; 0: nothing is done. */
#if IK_TILE_OUT
#define IK_LINE_OUT(NAME, V)                                                                                                  \
  IK_INLINE void ik_line_out_##NAME##_##V(const ik_out_##NAME *o, const float *w, const float *x, const ik_walk *walk) {      \
    ik_f32x16 a[8][V];                                                                                                        \
    ik_line_sums_8x##V(a, w, x, walk);                                                                                        \
    ik_out_sums_##NAME##_##V(a, o);                                                                                           \
  }
#else
#define IK_LINE_OUT(NAME, V) \
  IK_INLINE void ik_line_out_##NAME##_##V(const ik_out_##NAME *o, const float *w, const float *x, const ik_walk *walk) { (void)o, (void)w, (void)x, (void)walk; }
#endif
#define IK_LINE_OUTS(NAME)                                                                                                    \
  IK_LINE_OUT(NAME, 1)                                                                                                        \
  IK_LINE_OUT(NAME, 2)                                                                                                        \
  IK_LINE_OUT(NAME, 3)                                                                                                        \
  IK_INLINE int ik_line_out_##NAME(const ik_out_##NAME *o, int64_t rows, const float *w, const float *x, const ik_walk *walk) { \
    if (!ik_out_ends(rows, o->e))                                                                                             \
      return 0;                                                                                                               \
    if (o->vecs == 3)                                                                                                         \
      ik_line_out_##NAME##_3(o, w, x, walk);                                                                                  \
    else if (o->vecs == 2)                                                                                                    \
      ik_line_out_##NAME##_2(o, w, x, walk);                                                                                  \
    else                                                                                                                      \
      ik_line_out_##NAME##_1(o, w, x, walk);                                                                                  \
    return 1;                                                                                                                 \
  }
IK_LINE_OUTS(f32)
IK_LINE_OUTS(f16)

#endif
