/* ik_cached_attention_<type>: causal attention of a step's queries over a key/value cache, or rows of several sequences over theirs; parameters and the
 * order of operations in sequence.h.
 * Up to 64 queries that share a cache head (heads of a group side by side, then rows) walk its chunks together: keys are widened and transposed, values
 * widened, 48 positions at a time, and multiplied with the tiles of micro.h. Parallel unit: one query, cache heads outermost. */
#include "targets/common/ukernels/micro.h"
#include "targets/common/ukernels/sequence.h"
#include "targets/common/ukernels/slopes.h"
#include "targets/common/ukernels/squares.h"

#if defined(__AVX512F__)
IK_TILE(1, 2)
IK_TILE(2, 3)
IK_TILE(4, 2)
#endif

typedef struct {
  float *piece, *q, *s, *o, *top, *sum, *c;
  ik_range *sees; /* positions that a query sees */
} ik_attention_room;
/* One run of units: `count` queries from `first` (row * group + head in the group) with cache head `head`. */
typedef struct { int64_t head, first, count, position; } ik_queries;

static ik_attention_room ik_attention_split(void *scratch, const int64_t *p) {
  const int64_t d = p[IK_ATTENTION_D], wide = IK_ATTENTION_WIDE(p[IK_ATTENTION_E]);
  ik_attention_room r;
  r.piece = (float *)(((uintptr_t)scratch + 63) & ~(uintptr_t)63);
  r.s = r.piece + IK_ATTENTION_PIECE * (d > wide ? d : wide);
  r.o = r.s + IK_ATTENTION_TILE * IK_ATTENTION_CHUNK;
  r.c = r.o + IK_ATTENTION_TILE * IK_ATTENTION_SUMS(p[IK_ATTENTION_E]);
  r.top = r.c + 8 * 48;
  r.sum = r.top + IK_ATTENTION_TILE;
  r.sees = (ik_range *)(r.sum + IK_ATTENTION_TILE);
  r.q = (float *)(r.sees + IK_ATTENTION_TILE);
  return r;
}

/* Element of q and y, in queries, that query i of a run is. */
static int64_t ik_query_at(const int64_t *p, ik_queries u, int64_t i) {
  int64_t group = p[IK_ATTENTION_HQ] / p[IK_ATTENTION_HK], at = u.first + i;
  return at / group * p[IK_ATTENTION_HQ] + u.head * group + at % group;
}
/* The positions that query i sees. */
static ik_range ik_query_sees(const int64_t *p, ik_queries u, int64_t i) {
  const int64_t row = (u.first + i) / (p[IK_ATTENTION_HQ] / p[IK_ATTENTION_HK]), window = p[IK_ATTENTION_WINDOW], length = p[IK_ATTENTION_T];
  if (p[IK_ATTENTION_WHOLE]) {
    const int64_t last = u.position < length ? u.position : length - 1, at = row < last ? row : last;
    return window == 0 ? (ik_range){0, last + 1}
                       : (ik_range){at > window / 2 ? at - window / 2 : 0, at + window / 2 < last ? at + window / 2 + 1 : last + 1};
  }
  int64_t end = u.position + row + 1;
  end = end < length || p[IK_ATTENTION_RING] ? end : length;
  if (p[IK_ATTENTION_PIECEWISE])
    return (ik_range){(end - 1) / window * window, end};
  return (ik_range){window > 0 && end > window ? end - window : 0, end};
}
/* The cache row of a position. */
static int64_t ik_row_of(const int64_t *p, int64_t t) { return p[IK_ATTENTION_RING] ? t % p[IK_ATTENTION_T] : t; }
static ik_range ik_within(ik_range a, int64_t begin, int64_t end) {
  return (ik_range){a.begin > begin ? a.begin : begin, a.end < end ? a.end : end};
}

typedef _Float16 ik_f16x32 __attribute__((ext_vector_type(32)));
/* Both halves of a and b, lane by lane in turns; `half` 0 or 1 of each. */
IK_INLINE ik_f16x32 ik_zip32(ik_f16x32 a, ik_f16x32 b, int half) {
  if (half)
    return __builtin_shufflevector(a, b, 16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54, 23, 55, 24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30,
                                   62, 31, 63);
  return __builtin_shufflevector(a, b, 0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47);
}
/* to // rows of the transposed 16 x 16 square `from`, widened: four perfect shuffles of pairs of rows. */
IK_INLINE void ik_transpose16_f16(ik_f32x16 *to, const ik_f16x16 *from) {
  ik_f16x32 v[8];
  IK_UNROLL for (int i = 0; i < 8; ++i) v[i] = __builtin_shufflevector(from[i], from[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9,
                                                                       25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  IK_UNROLL for (int round = 0; round < 3; ++round) {
    ik_f16x32 next[8];
    IK_UNROLL for (int i = 0; i < 8; ++i) next[i] = ik_zip32(v[i / 2], v[i / 2 + 4], i % 2);
    IK_UNROLL for (int i = 0; i < 8; ++i) v[i] = next[i];
  }
  IK_UNROLL for (int i = 0; i < 8; ++i) {
    to[2 * i] = __builtin_convertvector((ik_f16x16)v[i].lo, ik_f32x16);
    to[2 * i + 1] = __builtin_convertvector((ik_f16x16)v[i].hi, ik_f32x16);
  }
}
IK_INLINE ik_f16x16 ik_narrow_load_f16(const _Float16 *p, int64_t n) {
  if (n >= 16)
    return *(const ik_f16x16u *)p;
  union { _Float16 t[16]; ik_f16x16 v; } u = {{0}};
  for (int64_t i = 0; i < n; ++i)
    u.t[i] = p[i];
  return u.v;
}
#define ik_narrow_load_f32 ik_load_some_f32

/* c // [rows][48] queries times a piece of keys. */
static void ik_attention_products(float *c, const float *q, const float *piece, int64_t depth, int64_t rows) {
#if defined(__AVX512F__)
  if (rows == 2) {
    ik_tile_2x3(c, 1, q, depth, 1, piece, IK_ATTENTION_PIECE, 16, depth, 0, 0, 0);
    return;
  }
#endif
  ik_tile(c, 1, q, depth, 1, piece, IK_ATTENTION_PIECE, 16, depth, rows, 3);
}

/* Scores of one chunk, whole vectors: scale and cap. */
static void ik_attention_scale(const float *c, float *s, int64_t rows, const int64_t *p) {
  const float cap = ik_f32(p[IK_ATTENTION_SOFTCAP]);
  for (int64_t r = 0; r < rows; ++r)
    for (int i = 0; i < 48; i += 16) {
      ik_f32x16 v = ik_load16_f32(c + r * 48 + i) * ik_splat16(ik_f32(p[IK_ATTENTION_SCALE]));
      if (cap > 0.0f)
        v = ik_tanh16(v / ik_splat16(cap)) * ik_splat16(cap);
      ik_store16_f32(s + r * IK_ATTENTION_CHUNK + i, v);
    }
}

static const ik_i32x16 ik_lane_numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* Takes what positions t .. t + 47 lose by their distance off the scores of `rows` queries from i on. */
static void ik_attention_distances(float *s, int64_t i, int64_t rows, int64_t t, const int64_t *p, ik_queries u) {
  const int64_t group = p[IK_ATTENTION_HQ] / p[IK_ATTENTION_HK], length = p[IK_ATTENTION_T], last = u.position < length ? u.position : length - 1;
  ik_f32x16 slope = ik_splat16(0.0f);
  for (int64_t r = 0; r < rows; ++r, s += IK_ATTENTION_CHUNK) {
    const int64_t row = (u.first + i + r) / group, at = p[IK_ATTENTION_WHOLE] ? (row < last ? row : last) : u.position + row;
    if (r == 0 || group > 1)
      slope = ik_splat16(ik_attention_slope(p, u.head * group + (u.first + i + r) % group));
    for (int j = 0; j < 48; j += 16) {
      const ik_f32x16 distance = __builtin_convertvector(__builtin_elementwise_abs(ik_lane_numbers + (int32_t)(t + j - at)), ik_f32x16);
      ik_store16_f32(s + j, ik_fma16(-slope, distance, ik_load16_f32(s + j)));
    }
  }
}

/* All lanes are NaN or none is. */
static float ik_max_lanes(ik_f32x16 v) {
  ik_f32x16 w = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  v = ik_select16(w > v, w, v);
  w = __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
  v = ik_select16(w > v, w, v);
  w = __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  v = ik_select16(w > v, w, v);
  return v[0] > v[1] ? v[0] : v[1];
}
static float ik_sum_lanes(ik_f32x16 v) {
  float l[16];
  ik_store16_f32(l, v);
  for (int half = 8; half > 0; half /= 2)
    for (int i = 0; i < half; ++i)
      l[i] += l[i + half];
  return l[0];
}

/* Scores s of the positions `seen` (in the chunk) to exponentials, in place; returns by what earlier sums shrink. */
static float ik_attention_exp(float *s, ik_range seen, float *top, float *sum) {
  const float before = *top;
  ik_f32x16 highest = ik_splat16(before), lanes = ik_splat16(0.0f);
  for (int64_t i = seen.begin / 16 * 16; i < seen.end; i += 16) {
    ik_i32x16 at = ik_lane_numbers + (int32_t)i, inside = (at >= (int32_t)seen.begin) & (at < (int32_t)seen.end);
    ik_f32x16 v = ik_load16_f32(s + i);
    highest = ik_select16(inside & (v > highest), v, highest);
  }
  *top = ik_max_lanes(highest);
  for (int64_t i = seen.begin / 16 * 16; i < seen.end; i += 16) {
    ik_i32x16 at = ik_lane_numbers + (int32_t)i, inside = (at >= (int32_t)seen.begin) & (at < (int32_t)seen.end);
    ik_f32x16 e = ik_select16(inside, ik_exp_negative16(ik_load16_f32(s + i) - ik_splat16(*top)), ik_splat16(0.0f));
    ik_store16_f32(s + i, e);
    lanes = lanes + e;
  }
  float shrink = ikm_exp_f32(before - *top);
  *sum = *sum * shrink + ik_sum_lanes(lanes);
  return shrink;
}

/* Sums of query i; its next 32 columns are 8 * 48 on. */
static float *ik_attention_sums(ik_attention_room r, const int64_t *p, int64_t i) {
  return r.o + i / 8 * 8 * IK_ATTENTION_SUMS(p[IK_ATTENTION_E]) + i % 8 * 48;
}

/* Where the sums of columns e .. e + 15 are, from those of column 0. */
IK_INLINE int64_t ik_sums_at(int64_t e) { return e / IK_ATTENTION_COLUMNS * 8 * 48 + e % IK_ATTENTION_COLUMNS; }

static void ik_attention_shrink(ik_attention_room r, const int64_t *p, ik_queries u, int64_t chunk) {
  for (int64_t i = 0; i < u.count; ++i) {
    ik_range seen = ik_within(r.sees[i], chunk, chunk + IK_ATTENTION_CHUNK);
    if (seen.begin >= seen.end)
      continue;
    ik_f32x16 shrink = ik_splat16(ik_attention_exp(r.s + i * IK_ATTENTION_CHUNK, (ik_range){seen.begin - chunk, seen.end - chunk}, r.top + i, r.sum + i));
    float *o = ik_attention_sums(r, p, i);
    for (int64_t e = 0; e < p[IK_ATTENTION_E]; e += IK_ATTENTION_COLUMNS, o += 8 * 48)
      for (int j = 0; j < IK_ATTENTION_COLUMNS; j += 16)
        ik_store16_f32(o + j, ik_load16_f32(o + j) * shrink);
  }
}

/* rows of o += p[t] v[t] for t in `range` (relative to the piece's values). */
static void ik_attention_add(float *o, const float *s, const float *values, ik_range range, int64_t rows, const int64_t *p) {
  const int64_t wide = IK_ATTENTION_WIDE(p[IK_ATTENTION_E]);
  if (range.begin >= range.end)
    return;
  for (int64_t e = 0; e < p[IK_ATTENTION_E]; e += IK_ATTENTION_COLUMNS, o += 8 * 48) {
    const float *w = s + range.begin, *x = values + range.begin * wide + e;
    const int64_t depth = range.end - range.begin;
#if defined(__AVX512F__)
    if (rows <= 4) {
      (rows == 1 ? ik_tile_1x2 : ik_tile_4x2)(o, 0, w, IK_ATTENTION_CHUNK, 1, x, wide, 16, depth, 0, 0, 0);
      continue;
    }
#endif
    ik_tile(o, 0, w, IK_ATTENTION_CHUNK, 1, x, wide, 16, depth, rows, 2);
  }
}

/* Exponentials times the values of positions `piece`: 8 queries together where all see a position, one by one before and behind. */
static void ik_attention_values(ik_attention_room r, const int64_t *p, ik_queries u, int64_t chunk, ik_range piece) {
  for (int64_t i = 0; i < u.count; i += 8) {
    int64_t rows = u.count - i < 8 ? u.count - i : 8;
    ik_range common = ik_within(r.sees[i], r.sees[i + rows - 1].begin, r.sees[i + rows - 1].end);
    common = ik_within(common, piece.begin, piece.end);
    if (common.begin > common.end)
      common.begin = common.end = piece.begin;
    const float *s = r.s + i * IK_ATTENTION_CHUNK + piece.begin - chunk;
    for (int64_t k = 0; k < rows; ++k) {
      ik_range seen = ik_within(r.sees[i + k], piece.begin, common.begin);
      ik_attention_add(ik_attention_sums(r, p, i + k), s + k * IK_ATTENTION_CHUNK, r.piece, (ik_range){seen.begin - piece.begin, seen.end - piece.begin}, 1, p);
    }
    ik_attention_add(ik_attention_sums(r, p, i), s, r.piece, (ik_range){common.begin - piece.begin, common.end - piece.begin}, rows, p);
    for (int64_t k = 0; k < rows; ++k) {
      ik_range seen = ik_within(r.sees[i + k], common.end, piece.end);
      ik_attention_add(ik_attention_sums(r, p, i + k), s + k * IK_ATTENTION_CHUNK, r.piece, (ik_range){seen.begin - piece.begin, seen.end - piece.begin}, 1, p);
    }
  }
}

/* `sinks` may be null. */
static void ik_attention_begin(ik_attention_room r, const int64_t *p, ik_queries u, const float *q, const float *sinks) {
  const int64_t depth = p[IK_ATTENTION_D], sums = (u.count + 7) / 8 * 8 * IK_ATTENTION_SUMS(p[IK_ATTENTION_E]);
  for (int64_t i = 0; i < u.count; ++i) {
    r.sees[i] = ik_query_sees(p, u, i);
    __builtin_memcpy(r.q + i * depth, q + ik_query_at(p, u, i) * depth, (size_t)depth * 4);
    r.top[i] = sinks ? sinks[ik_query_at(p, u, i) % p[IK_ATTENTION_HQ]] : -__builtin_inff(), r.sum[i] = sinks ? 1.0f : 0.0f;
  }
  for (int64_t i = 0; i < sums; ++i)
    r.o[i] = 0.0f;
}

static void ik_attention_end(ik_attention_room r, const int64_t *p, ik_queries u, float *y) {
  const int64_t width = p[IK_ATTENTION_E];
  for (int64_t i = 0; i < u.count; ++i) {
    const float *o = ik_attention_sums(r, p, i);
    float *to = y + ik_query_at(p, u, i) * width;
    for (int64_t e = 0; e < width; e += 16)
      ik_store_some_f32(to + e, ik_load16_f32(o + ik_sums_at(e)) / ik_splat16(r.sum[i]), width - e);
  }
}

/* 16 elements of cache row t from `at`: as they are transposed, and in f32. Where `whole` is not set, those past the row's `depth` are 0.
 * ik_cache_row: elements of a row in memory. */
#define IK_CACHE_PLAIN(T, NAME)                                                                                               \
  IK_INLINE int64_t ik_cache_row_##NAME(int64_t depth) { return depth; }                                                      \
  IK_INLINE ik_##NAME##x16 ik_cache_load_##NAME(const T *cache, int64_t t, int64_t at, int64_t depth, int whole) {            \
    return ik_narrow_load_##NAME(cache + t * depth + at, whole ? 16 : depth - at);                                            \
  }                                                                                                                           \
  IK_INLINE ik_f32x16 ik_cache_widen_##NAME(const T *cache, int64_t t, int64_t at, int64_t depth, int whole) {                \
    const T *from = cache + t * depth + at;                                                                                   \
    return whole || depth - at >= 16 ? ik_load16_##NAME(from) : ik_load_part_##NAME(from, depth - at);                        \
  }
IK_CACHE_PLAIN(_Float16, f16)
IK_CACHE_PLAIN(float, f32)
typedef int8_t ik_bytes16 __attribute__((ext_vector_type(16)));
typedef int8_t ik_bytes16u __attribute__((ext_vector_type(16), aligned(1)));
IK_INLINE int64_t ik_cache_row_q8(int64_t depth) { return IK_CACHE_ROW8(depth); }
IK_INLINE ik_f32x16 ik_cache_widen_q8(const int8_t *cache, int64_t t, int64_t at, int64_t depth, int whole) {
  const int8_t *row = cache + t * IK_CACHE_ROW8(depth);
  union { int8_t b[16]; ik_bytes16 v; } part = {{0}};
  if (whole || depth - at >= 16)
    part.v = *(const ik_bytes16u *)(row + at);
  else
    for (int64_t i = 0; i < depth - at; ++i)
      part.b[i] = row[at + i];
  return __builtin_convertvector(part.v, ik_f32x16) * ik_splat16((float)((const _Float16 *)(row + IK_CACHE_SCALES8(depth)))[at / 32]);
}
typedef ik_f16x16 IK_VECTOR_f16;
typedef ik_f32x16 IK_VECTOR_f32;
typedef ik_f32x16 IK_VECTOR_q8;
#define ik_cache_load_q8 ik_cache_widen_q8
#define ik_transpose16_q8 ik_transpose16_f32

/* R queries that see all of `count` positions: o[r][e ..] += s[r][t] v[t][e ..], 16 V columns, straight from the cache. */
#define IK_FEW(R, WIDTH, V, T, NAME)                                                                                          \
  IK_INLINE void ik_few_##R##_##WIDTH##_##NAME(float *o, const float *s, const T *v, int64_t width, int64_t e, int64_t count, int whole) { \
    ik_f32x16 a[R][V], b[V];                                                                                                  \
    IK_UNROLL for (int r = 0; r < R; ++r)                                                                                     \
      IK_UNROLL for (int c = 0; c < V; ++c) a[r][c] = ik_load16_f32(o + r * 48 + ik_sums_at(e + c * 16));                     \
    for (int64_t t = 0; t < count; ++t) {                                                                                     \
      const T *next = v + (t + IK_ATTENTION_PIECE) * ik_cache_row_##NAME(width) + e;                                          \
      IK_UNROLL for (int c = 0; c < V; ++c) b[c] = ik_cache_widen_##NAME(v, t, e + c * 16, width, whole);                     \
      IK_UNROLL for (int c = 0; c < V; c += (int)(4 / sizeof(T))) __builtin_prefetch(next + c * 16, 0, 2);                    \
      IK_UNROLL for (int r = 0; r < R; ++r) {                                                                                 \
        ik_f32x16 f = ik_splat16(s[r * IK_ATTENTION_CHUNK + t]);                                                              \
        IK_UNROLL for (int c = 0; c < V; ++c) a[r][c] = ik_fma16(f, b[c], a[r][c]);                                           \
      }                                                                                                                       \
    }                                                                                                                         \
    IK_UNROLL for (int r = 0; r < R; ++r)                                                                                     \
      IK_UNROLL for (int c = 0; c < V; ++c) ik_store16_f32(o + r * 48 + ik_sums_at(e + c * 16), a[r][c]);                     \
  }
/* Vectors of one pass of IK_FEW: its sums stay in registers. Queries of a pass: without vectors of floats one. */
#if defined(__AVX512F__)
enum { IK_FEW_ROWS = 4, IK_FEW_WIDE = 8, IK_FEW_WIDE4 = 4 };
#elif IK_FLOAT_VECTORS
enum { IK_FEW_ROWS = 4, IK_FEW_WIDE = 2, IK_FEW_WIDE4 = 1 };
#else
enum { IK_FEW_ROWS = 1 };
#endif
#if IK_FLOAT_VECTORS
#define IK_ROW_LOOP IK_UNROLL
#define IK_FEW_ALL(T, NAME)                                                                                                   \
  IK_FEW(1, wide, IK_FEW_WIDE, T, NAME) IK_FEW(2, wide, IK_FEW_WIDE, T, NAME) IK_FEW(4, wide, IK_FEW_WIDE4, T, NAME)          \
  IK_FEW(1, one, 1, T, NAME) IK_FEW(2, one, 1, T, NAME) IK_FEW(4, one, 1, T, NAME)                                            \
  /* As IK_FEW for 1 to 4 queries and all columns; sums of 4 are computed for 3. */                                           \
  static void ik_attention_few_##NAME(float *o, const float *s, const T *v, int64_t width, int64_t count, int64_t rows) {     \
    const int64_t wide = 16 * (rows > 2 ? IK_FEW_WIDE4 : IK_FEW_WIDE);                                                        \
    int64_t e = 0;                                                                                                            \
    for (; width - e >= wide; e += wide)                                                                                      \
      (rows == 1 ? ik_few_1_wide_##NAME : rows == 2 ? ik_few_2_wide_##NAME : ik_few_4_wide_##NAME)(o, s, v, width, e, count, 1); \
    for (; e < width; e += 16)                                                                                                \
      (rows == 1 ? ik_few_1_one_##NAME : rows == 2 ? ik_few_2_one_##NAME : ik_few_4_one_##NAME)(o, s, v, width, e, count, 0); \
  }
#else
/* Unrolled rows would be hundreds of scalars, over which a compiler takes minutes. */
#define IK_ROW_LOOP _Pragma("clang loop unroll(disable)")
#define IK_FEW_ALL(T, NAME)                                                                                                   \
  IK_FEW(1, one, 1, T, NAME)                                                                                                  \
  static void ik_attention_few_##NAME(float *o, const float *s, const T *v, int64_t width, int64_t count, int64_t rows) {     \
    (void)rows;                                                                                                               \
    for (int64_t e = 0; e < width; e += 16)                                                                                   \
      ik_few_1_one_##NAME(o, s, v, width, e, count, 0);                                                                       \
  }
#endif

#define IK_ATTENTION(T, NAME)                                                                                                 \
  IK_FEW_ALL(T, NAME)                                                                                                         \
  /* piece // rows d .. d + 15 of [D][48], keys of positions t .. t + 15, the one before `end` repeated; `whole`: nothing is cut. */ \
  IK_INLINE void ik_attention_square_##NAME(float *piece, const T *k, int64_t depth, int64_t d, int64_t t, int64_t end, int whole) { \
    IK_VECTOR_##NAME rows[16];                                                                                                \
    ik_f32x16 v[16];                                                                                                          \
    IK_ROW_LOOP for (int i = 0; i < 16; ++i)                                                                                  \
      rows[i] = ik_cache_load_##NAME(k, whole || t + i < end ? t + i : end - 1, d, depth, whole);                             \
    ik_transpose16_##NAME(v, rows);                                                                                           \
    for (int i = 0; i < 16; ++i)                                                                                              \
      if (whole || d + i < depth)                                                                                             \
        ik_store16_f32(piece + (d + i) * IK_ATTENTION_PIECE, v[i]);                                                           \
  }                                                                                                                           \
  /* piece // [D][48] keys of positions [t, end), the last one repeated. */                                                   \
  static void ik_attention_keys_##NAME(float *piece, const T *k, int64_t depth, int64_t t, int64_t end) {                     \
    const int64_t squareBytes = 16 * ik_cache_row_##NAME(depth) * (int64_t)sizeof(T) * 16 / depth;                            \
    for (int64_t j = 0; j < IK_ATTENTION_PIECE; j += 16) {                                                                    \
      const char *next = (const char *)(k + (t + j + IK_ATTENTION_PIECE) * ik_cache_row_##NAME(depth));                       \
      for (int64_t d = 0; d < depth; d += 16, next += squareBytes) {                                                          \
        for (int64_t b = 0; b < squareBytes; b += 64)                                                                         \
          __builtin_prefetch(next + b, 0, 2);                                                                                 \
        if (IK_FLOAT_VECTORS && depth - d >= 16 && t + j + 16 <= end)                                                         \
          ik_attention_square_##NAME(piece + j, k, depth, d, t + j, end, 1);                                                  \
        else                                                                                                                  \
          ik_attention_square_##NAME(piece + j, k, depth, d, t + j, end, 0);                                                  \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  /* piece // [positions][wide E] values of positions [t, end). */                                                            \
  static void ik_attention_widen_##NAME(float *piece, const T *v, int64_t width, int64_t t, int64_t end) {                    \
    for (; t < end; ++t, piece += IK_ATTENTION_WIDE(width)) {                                                                 \
      for (int64_t e = 0; e < width; e += 64 / (int64_t)sizeof(T))                                                            \
        __builtin_prefetch(v + (t + IK_ATTENTION_PIECE) * ik_cache_row_##NAME(width) + e, 0, 2);                              \
      for (int64_t e = 0; e < width; e += 16)                                                                                 \
        ik_store16_f32(piece + e, ik_cache_widen_##NAME(v, t, e, width, 0));                                                  \
    }                                                                                                                         \
  }                                                                                                                           \
  static void ik_attention_run_##NAME(ik_attention_room r, const T *k, const T *v, const int64_t *p, ik_queries u) {          \
    const int64_t depth = p[IK_ATTENTION_D], begin = r.sees[0].begin, end = r.sees[u.count - 1].end;                     \
    for (int64_t chunk = begin / IK_ATTENTION_CHUNK * IK_ATTENTION_CHUNK; chunk < end; chunk += IK_ATTENTION_CHUNK) {         \
      int64_t stop = chunk + IK_ATTENTION_CHUNK < end ? chunk + IK_ATTENTION_CHUNK : end;                                     \
      for (int64_t t = chunk; t < stop; t += IK_ATTENTION_PIECE) {                                                            \
        int64_t row = ik_row_of(p, t);                                                                                        \
        ik_attention_keys_##NAME(r.piece, k, depth, row, row + stop - t);                                                     \
        for (int64_t i = 0; i < u.count; i += 8) {                                                                            \
          int64_t rows = u.count - i < 8 ? u.count - i : 8;                                                                   \
          if (t >= r.sees[i + rows - 1].end || t + IK_ATTENTION_PIECE <= r.sees[i].begin)                                     \
            continue;                                                                                                         \
          ik_attention_products(r.c, r.q + i * depth, r.piece, depth, rows);                                                  \
          ik_attention_scale(r.c, r.s + i * IK_ATTENTION_CHUNK + t - chunk, rows, p);                                         \
          if (p[IK_ATTENTION_BIAS])                                                                                           \
            ik_attention_distances(r.s + i * IK_ATTENTION_CHUNK + t - chunk, i, rows, t, p, u);                               \
        }                                                                                                                     \
      }                                                                                                                       \
      ik_attention_shrink(r, p, u, chunk);                                                                                    \
      for (int64_t t = chunk; t < stop; t += IK_ATTENTION_PIECE) {                                                            \
        int64_t last = t + IK_ATTENTION_PIECE < stop ? t + IK_ATTENTION_PIECE : stop, row = ik_row_of(p, t);                  \
        if (p[IK_ATTENTION_M] == 1) {                                                                                         \
          const ik_range seen = ik_within(r.sees[0], t, last);                                                                \
          for (int64_t i = 0; i < u.count && seen.begin < seen.end; i += IK_FEW_ROWS)                                         \
            ik_attention_few_##NAME(ik_attention_sums(r, p, i), r.s + i * IK_ATTENTION_CHUNK + seen.begin - chunk,            \
                                    v + (row + seen.begin - t) * ik_cache_row_##NAME(p[IK_ATTENTION_E]), p[IK_ATTENTION_E],   \
                                    seen.end - seen.begin, u.count - i < IK_FEW_ROWS ? u.count - i : IK_FEW_ROWS);            \
          continue;                                                                                                           \
        }                                                                                                                     \
        ik_attention_widen_##NAME(r.piece, v, p[IK_ATTENTION_E], row, row + last - t);                                        \
        ik_attention_values(r, p, u, chunk, (ik_range){t, last});                                                             \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  static void ik_attention_all_##NAME(void *const *buf, const int64_t *p, int64_t worker, int64_t workers, const float *sinks, float *y, void *scratch) { \
    const int64_t hk = p[IK_ATTENTION_HK], perHead = p[IK_ATTENTION_M] * (p[IK_ATTENTION_HQ] / hk), position = *(const int32_t *)buf[3]; \
    const int64_t keys = p[IK_ATTENTION_T] * ik_cache_row_##NAME(p[IK_ATTENTION_D]), values = p[IK_ATTENTION_T] * ik_cache_row_##NAME(p[IK_ATTENTION_E]); \
    ik_attention_room room = ik_attention_split(scratch, p);                                                                  \
    ik_range range = ik_share(hk * perHead, worker, workers);                                                                 \
    for (int64_t unit = range.begin; unit < range.end;) {                                                                     \
      ik_queries u = {unit / perHead, unit % perHead, perHead - unit % perHead, position < 0 ? 0 : position};                 \
      u.count = u.count < range.end - unit ? u.count : range.end - unit;                                                      \
      u.count = u.count < IK_ATTENTION_TILE ? u.count : IK_ATTENTION_TILE;                                                    \
      ik_attention_begin(room, p, u, buf[0], sinks);                                                                          \
      ik_attention_run_##NAME(room, (const T *)buf[1] + u.head * keys, (const T *)buf[2] + u.head * values, p, u);            \
      ik_attention_end(room, p, u, y);                                                                                        \
      unit += u.count;                                                                                                        \
    }                                                                                                                         \
  }                                                                                                                           \
  IK_KERNEL(ik_cached_attention_##NAME);                                                                                      \
  IK_KERNEL(ik_cached_attention_##NAME) { ik_attention_all_##NAME(buf, p, worker, workers, 0, buf[4], buf[5]); }              \
  IK_KERNEL(ik_cached_attention_sinks_##NAME);                                                                                \
  IK_KERNEL(ik_cached_attention_sinks_##NAME) { ik_attention_all_##NAME(buf, p, worker, workers, buf[4], buf[5], buf[6]); }   \
  /* The rows of one place after those of another; the workers' shares move on each time, so that all have as much to do. */  \
  static void ik_attention_places_##NAME(void *const *buf, const int64_t *p, int64_t worker, int64_t workers, const float *sinks, float *y, void *scratch) { \
    const int64_t places = p[IK_ATTENTION_PLACES], queries = p[IK_ATTENTION_M] / places * p[IK_ATTENTION_HQ], cache = p[IK_ATTENTION_HK] * p[IK_ATTENTION_T]; \
    const int64_t keys = cache * ik_cache_row_##NAME(p[IK_ATTENTION_D]), values = cache * ik_cache_row_##NAME(p[IK_ATTENTION_E]); \
    int64_t one[IK_ATTENTION_COUNT];                                                                                          \
    __builtin_memcpy(one, p, sizeof one);                                                                                     \
    one[IK_ATTENTION_M] = p[IK_ATTENTION_M] / places;                                                                         \
    for (int64_t place = 0; place < places; ++place, y += queries * p[IK_ATTENTION_E]) {                                      \
      const int64_t sequence = ((const int32_t *)buf[4])[place], turn = (worker + place) % workers;                           \
      if (sequence < 0 || sequence >= p[IK_ATTENTION_S]) {                                                                    \
        const ik_range share = ik_share(queries * p[IK_ATTENTION_E], turn, workers);                                          \
        for (int64_t i = share.begin; i < share.end; ++i)                                                                     \
          y[i] = 0.0f;                                                                                                        \
        continue;                                                                                                             \
      }                                                                                                                       \
      void *const part[] = {(float *)buf[0] + place * queries * p[IK_ATTENTION_D], (T *)buf[1] + sequence * keys, (T *)buf[2] + sequence * values, \
                            (int32_t *)buf[3] + place};                                                                       \
      ik_attention_all_##NAME(part, one, turn, workers, sinks, y, scratch);                                                   \
    }                                                                                                                         \
  }                                                                                                                           \
  IK_KERNEL(ik_cached_attention_sequences_##NAME);                                                                            \
  IK_KERNEL(ik_cached_attention_sequences_##NAME) { ik_attention_places_##NAME(buf, p, worker, workers, 0, buf[5], buf[6]); } \
  IK_KERNEL(ik_cached_attention_sequences_sinks_##NAME);                                                                      \
  IK_KERNEL(ik_cached_attention_sequences_sinks_##NAME) { ik_attention_places_##NAME(buf, p, worker, workers, buf[5], buf[6], buf[7]); }
IK_ATTENTION(_Float16, f16)
IK_ATTENTION(float, f32)
IK_ATTENTION(int8_t, q8)
