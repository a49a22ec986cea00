/* Tiles of the im2col matrix (conv.c, convpairs.c): where the pixels of a tile lie in the input, and packing rows k of the matrix for them. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_CONVTILE_H
#define INGOT_TARGETS_COMMON_UKERNELS_CONVTILE_H

#include "targets/common/ukernels/convparts.h"

/* A stretch of output pixels of one row: where it starts in the tile, and its first input row, line and column. */
typedef struct { int32_t at, count; int64_t d, h, w; } ik_run;

/* Splits pixels [first, first + count) into runs of one output row; returns how many. */
static int ik_conv_runs(const int64_t *p, int64_t first, int64_t count, ik_run *runs) {
  int n = 0;
  for (int64_t i = 0; i < count;) {
    int64_t pixel = first + i, ow = pixel % p[IK_CONV_OW], row = pixel / p[IK_CONV_OW];
    int64_t oh = row % p[IK_CONV_OH], od = row / p[IK_CONV_OH];
    int64_t left = p[IK_CONV_OW] - ow, c = left < count - i ? left : count - i;
    runs[n++] = (ik_run){(int32_t)i, (int32_t)c, od * p[IK_CONV_SD] - p[IK_CONV_PD], oh * p[IK_CONV_SH] - p[IK_CONV_PH],
                         ow * p[IK_CONV_SW] - p[IK_CONV_PW]};
    i += c;
  }
  return n;
}

/* 1: a kernel along W whose taps all lie in the input for all pixels of the run, which are whole vectors. */
IK_INLINE int ik_conv_is_inside(const int64_t *p, const ik_run *run) {
  const int64_t last = run->w + (run->count - 1) * p[IK_CONV_SW] + (p[IK_CONV_KW] - 1) * p[IK_CONV_DW];
  return p[IK_CONV_KD] * p[IK_CONV_KH] == 1 && run->count % 16 == 0 && run->d >= 0 && run->d < p[IK_CONV_ID] && run->h >= 0 && run->h < p[IK_CONV_IH] && run->w >= 0 &&
         last < p[IK_CONV_IW];
}

#define IK_CONV_PACK(T, NAME)                                                                                                 \
  /* tile // [rows][48]: `count` pixels of each plane from x on, and up to 15 others. `end`: one past the readable input. */   \
  static void ik_conv_copy_##NAME(float *tile, const T *x, const T *end, int64_t plane, int64_t rows, int64_t count) {        \
    for (; rows > 0; --rows, tile += 48, x += plane)                                                                          \
      for (int64_t i = 0; i < count; i += 16) {                                                                               \
        if (end - x >= i + 16)                                                                                                \
          ik_store16_f32(tile + i, ik_load16_##NAME(x + i));                                                                  \
        else                                                                                                                  \
          for (int64_t j = i; j < count; ++j)                                                                                 \
            tile[j] = ik_load1_##NAME(x + j);                                                                                 \
      }                                                                                                                       \
  }                                                                                                                           \
  /* `vecs` vectors of every `stride`th element from x on. */                                                                 \
  IK_INLINE void ik_conv_every_##NAME(float *out, const T *x, int64_t vecs, int64_t stride) {                                 \
    for (int64_t v = 0; v < vecs; ++v, x += 16 * stride)                                                                      \
      if (stride == 1)                                                                                                        \
        ik_store16_f32(out + v * 16, ik_load16_##NAME(x));                                                                    \
      else if (stride == 2)                                                                                                   \
        ik_store16_f32(out + v * 16, ik_even16(ik_load16_##NAME(x), ik_load16_##NAME(x + 15)));                               \
      else                                                                                                                    \
        for (int64_t i = 0; i < 16; ++i)                                                                                      \
          out[v * 16 + i] = ik_load1_##NAME(x + i * stride);                                                                  \
  }                                                                                                                           \
  /* tile // [k1 - k0][48] of a kernel along W whose pixels are whole vectors of one run, all taps inside; x: the first pixel in channel 0. */ \
  static void ik_conv_inside_##NAME(float *tile, const T *x, const int64_t *p, int64_t vecs, int64_t k0, int64_t k1) {        \
    const int64_t taps = p[IK_CONV_KW], plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW], stride = p[IK_CONV_SW];        \
    x += k0 / taps * plane;                                                                                                   \
    for (int64_t k = k0, tap = k0 % taps; k < k1; ++k, tile += 48) {                                                          \
      const T *from = x + tap * p[IK_CONV_DW];                                                                                \
      if (vecs == 3)                                                                                                          \
        ik_conv_every_##NAME(tile, from, 3, stride);                                                                          \
      else if (vecs == 2)                                                                                                     \
        ik_conv_every_##NAME(tile, from, 2, stride);                                                                          \
      else                                                                                                                    \
        ik_conv_every_##NAME(tile, from, 1, stride);                                                                          \
      if (++tap == taps)                                                                                                      \
        tap = 0, x += plane;                                                                                                  \
    }                                                                                                                         \
  }                                                                                                                           \
  /* tile // [k1 - k0][48]: rows k of the im2col matrix for the runs' pixels; x is the group's input. */                      \
  static void ik_conv_pack_##NAME(float *tile, const T *x, const T *end, const int64_t *p, const ik_run *runs, int count, int64_t k0, \
                                  int64_t k1) {                                                                               \
    if (ik_conv_is_pointwise(p)) {                                                                                            \
      const int64_t area = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW], first = (runs->d * p[IK_CONV_IH] + runs->h) * p[IK_CONV_IW] + runs->w; \
      ik_conv_copy_##NAME(tile, x + k0 * area + first, end, area, k1 - k0, runs[count - 1].at + runs[count - 1].count);       \
      return;                                                                                                                 \
    }                                                                                                                         \
    if (count == 1 && ik_conv_is_inside(p, runs)) {                                                                           \
      ik_conv_inside_##NAME(tile, x + (runs->d * p[IK_CONV_IH] + runs->h) * p[IK_CONV_IW] + runs->w, p, runs->count / 16, k0, k1); \
      return;                                                                                                                 \
    }                                                                                                                         \
    int64_t kw = k0 % p[IK_CONV_KW], kh = k0 / p[IK_CONV_KW] % p[IK_CONV_KH];                                                 \
    int64_t kd = k0 / (p[IK_CONV_KW] * p[IK_CONV_KH]) % p[IK_CONV_KD], c = k0 / (p[IK_CONV_KW] * p[IK_CONV_KH] * p[IK_CONV_KD]); \
    const int64_t ahead = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW];                                                      \
    const int far = ahead * (int64_t)sizeof(T) >= 128 * 1024; /* too far for the machine's own prefetcher, and worth the cost */ \
    for (int64_t k = k0; k < k1; ++k, tile += 48) {                                                                           \
      for (int r = 0; r < count; ++r) {                                                                                       \
        int64_t d = runs[r].d + kd * p[IK_CONV_DD], h = runs[r].h + kh * p[IK_CONV_DH];                                       \
        if (d < 0 || d >= p[IK_CONV_ID] || h < 0 || h >= p[IK_CONV_IH]) {                                                     \
          for (int64_t i = 0; i < runs[r].count; ++i)                                                                         \
            tile[runs[r].at + i] = 0.0f;                                                                                      \
          continue;                                                                                                           \
        }                                                                                                                     \
        const T *row = x + ((c * p[IK_CONV_ID] + d) * p[IK_CONV_IH] + h) * p[IK_CONV_IW];                                     \
        if (far && kw == 0) /* the same line of the next channel */                                                           \
          for (int64_t i = 0; i < runs[r].count * p[IK_CONV_SW]; i += 64 / (int64_t)sizeof(T))                                \
            __builtin_prefetch((const void *)((uintptr_t)(row + i) + (uintptr_t)((runs[r].w + ahead) * (int64_t)sizeof(T)))); \
        ik_conv_gather_##NAME(tile + runs[r].at, row, runs[r].w + kw * p[IK_CONV_DW], runs[r].count, p[IK_CONV_SW], p[IK_CONV_IW], end); \
      }                                                                                                                       \
      if (++kw == p[IK_CONV_KW]) {                                                                                            \
        kw = 0;                                                                                                               \
        if (++kh == p[IK_CONV_KH]) {                                                                                          \
          kh = 0;                                                                                                             \
          if (++kd == p[IK_CONV_KD])                                                                                          \
            kd = 0, ++c;                                                                                                      \
        }                                                                                                                     \
      }                                                                                                                       \
    }                                                                                                                         \
  }

#endif
