/* Rows of planes read where they lie by vectors of 16 columns (dwdirect.c, pooldirect.c). Loads that reach beyond a row go through masks, which
 * are made once a call; a row above or below the plane is one line of border values in scratch. A tile is 16 columns of IK_RT_ROWS output rows
 * `dilation` apart, so that neighbouring rows share loads. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_ROWTILES_H
#define INGOT_TARGETS_COMMON_UKERNELS_ROWTILES_H

#include "targets/common/ukernels/micro.h"
#include "targets/common/ukernels/rowtiles_size.h"

enum {
#if defined(__AVX512F__)
  IK_RT_ROWS = 4,
  IK_RT_COPIES = 0, /* lanes that a mask leaves out are not read */
#else
  IK_RT_ROWS = 2,
  IK_RT_COPIES = 1,
#endif
  IK_RT_LOADS = 6, /* of one row: five taps with stride 1, three pairs with stride 2 */
  IK_RT_MOST_LINES = (IK_RT_ROWS - 1) * 2 + 5
};

#if defined(__AVX512F__)
typedef uint16_t ik_rt_lanes;
#else
typedef ik_i32x16 ik_rt_lanes;
#endif
/* 16 columns of outputs: the first, and the lanes of each load that lie within a row. */
typedef struct { ik_rt_lanes lanes[IK_RT_LOADS]; int64_t at; } ik_rt_columns;
/* What does not change within a call. All loads of the tiles from `first` to before `last` lie within a row. `line`: elements of a line in
 * scratch, which begins `pad` before its row. [begin, end) is the input; scratch has the border line, one for rows that are not, and copies. */
typedef struct {
  int64_t iw, ih, ow, pad, above, dilation, tiles, first, last, line;
  const char *begin, *end;
  char *border, *spare, *copies;
} ik_rt;

_Static_assert(sizeof(ik_rt_columns) <= IK_RT_COLUMNS && IK_RT_MOST_LINES + 2 <= IK_RT_LINES, "rowtiles_size.h");

/* Lanes i with 0 <= from + i < width. */
static ik_rt_lanes ik_rt_within(int64_t from, int64_t width) {
  ik_rt_lanes lanes = {0};
  for (int i = 0; i < 16; ++i)
    if (from + i >= 0 && from + i < width)
#if defined(__AVX512F__)
      lanes |= (ik_rt_lanes)(1u << i);
#else
      lanes[i] = -1;
#endif
  return lanes;
}

/* Tiles of 16 columns; the last one of a row that is longer ends with the row: equal values twice. */
__attribute__((unused)) static void ik_rt_tiles(ik_rt_columns *columns, ik_rt *d, int64_t k, int64_t s) {
  for (int64_t t = 0; t < d->tiles; ++t) {
    ik_rt_columns *c = columns + t;
    c->at = t * 16 + 16 > d->ow && t ? d->ow - 16 : t * 16;
    const int64_t from = c->at * s - d->pad;
    d->first += d->ow >= 16 && from < 0;
    d->last += d->ow >= 16 && (from < 0 || from + (k - 1) * d->dilation + 16 * s <= d->iw);
    for (int64_t x = 0; x < k; x += s)
      for (int64_t half = 0; half < s; ++half)
        c->lanes[x + half] = ik_rt_within(from + x * d->dilation + half * 16, d->iw);
  }
}

IK_INLINE ik_f32x16 ik_rt_load_f32(const float *p, int inner, ik_rt_lanes lanes, float border) {
#if defined(__AVX512F__)
  return inner ? ik_load16_f32(p) : __builtin_ia32_loadups512_mask(p, ik_splat16(border), lanes);
#else
  return inner ? ik_load16_f32(p) : ik_select16(lanes, ik_load16_f32(p), ik_splat16(border));
#endif
}
IK_INLINE ik_f32x16 ik_rt_load_f16(const _Float16 *p, int inner, ik_rt_lanes lanes, float border) {
#if defined(__AVX512F__)
  typedef short ik_i16x16 __attribute__((ext_vector_type(16)));
  const ik_f16x16 fill = (ik_f16x16)(_Float16)border;
  return inner ? ik_load16_f16(p)
               : __builtin_convertvector((ik_f16x16)__builtin_ia32_loaddquhi256_mask((const ik_i16x16 *)p, (ik_i16x16)fill, lanes), ik_f32x16);
#else
  return inner ? ik_load16_f16(p) : ik_select16(lanes, ik_load16_f16(p), ik_splat16(border));
#endif
}

#define IK_ROW_TILES(T, NAME)                                                                                                 \
  /* v[x]: the inputs of tap x of 16 columns, whose first load of this row is at `line`. */                                   \
  IK_INLINE void ik_rt_taps_##NAME(const int k, const int s, const int inner, const T *line, const ik_rt_columns *c, int64_t dilation, float border, \
                                   ik_f32x16 *v) {                                                                            \
    const T *p = line + c->at * s;                                                                                            \
    IK_UNROLL for (int x = 0; x < k; x += s) {                                                                                \
      const ik_f32x16 first = ik_rt_load_##NAME(p + x * dilation, inner, c->lanes[x], border);                                \
      v[x] = first;                                                                                                           \
      if (s == 2) {                                                                                                           \
        const ik_f32x16 second = ik_rt_load_##NAME(p + x + 16, inner, c->lanes[x + 1], border);                               \
        v[x] = __builtin_shufflevector(first, second, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);             \
        if (x + 1 < k)                                                                                                        \
          v[x + 1] = __builtin_shufflevector(first, second, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);       \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  /* The input row `at` of a plane for loads of whole vectors. Rows from whose loads something outside of the tensor would be read are copied. */ \
  static const T *ik_rt_line_##NAME(const ik_rt *d, const T *plane, int64_t at, int l) {                                      \
    if (at < 0 || at >= d->ih)                                                                                                \
      return (const T *)d->border;                                                                                            \
    const T *row = plane + at * d->iw;                                                                                        \
    if (IK_RT_COPIES && (row - (const T *)d->begin < d->pad || (const T *)d->end - row < d->line - d->pad)) {                 \
      T *copy = (T *)d->copies + l * d->line;                                                                                 \
      for (int64_t i = 0; i < d->iw; ++i)                                                                                     \
        copy[d->pad + i] = row[i];                                                                                            \
      return copy;                                                                                                            \
    }                                                                                                                         \
    return row - d->pad;                                                                                                      \
  }                                                                                                                           \
  /* Fills the border line and makes the tiles. `scratch` is the caller's: masks, then lines. */                              \
  static ik_rt_columns *ik_rt_begin_##NAME(ik_rt *d, void *scratch, int64_t k, int64_t s, float border) {                     \
    ik_rt_columns *columns = (ik_rt_columns *)(((uintptr_t)scratch + 63) & ~(uintptr_t)63);                                   \
    d->tiles = (d->ow + 15) / 16, d->first = d->last = 0, d->line = IK_RT_LINE(d->ow, k, d->dilation, s);                     \
    T *lines = (T *)(columns + d->tiles);                                                                                     \
    d->border = (char *)lines, d->spare = (char *)(lines + d->line), d->copies = (char *)(lines + 2 * d->line);               \
    for (int64_t i = 0; i < d->line; ++i)                                                                                     \
      lines[i] = (T)border;                                                                                                   \
    ik_rt_tiles(columns, d, k, s);                                                                                            \
    return columns;                                                                                                           \
  }

#endif
