/* ik_gated_delta: the gated delta rule, row after row, on matrices that the state keeps. Parameters in sequence.h, the formula in nn.gated_delta.
 * Parallel unit: some columns of one head's matrix over all rows of the step. One walk over them writes what a row leaves, and reads them with the key and the
 * query of the next; for more than a few rows they lie side by side in scratch meanwhile, since in the matrix they would take but a few sets of the first cache. */
#include "targets/common/ukernels/micro.h"
#include "targets/common/ukernels/sequence.h"

/* Vectors of columns: their sums with key and query take half of the registers. */
#if defined(__AVX512F__)
enum { IK_DELTA_V = 4 };
#else
enum { IK_DELTA_V = 2 };
#endif
/* Rows of a step in place: those of a shader all, which has no scratch. */
#if defined(IK_ONE_UNIT)
#define IK_DELTA_IN_PLACE INT64_MAX
#else
#define IK_DELTA_IN_PLACE 2
#endif
enum { IK_DELTA_LANES = 16, IK_DELTA_COLUMNS = IK_DELTA_V * IK_DELTA_LANES };
_Static_assert(IK_DELTA_COLUMNS <= IK_DELTA_MOST_COLUMNS, "the scratch holds all columns of a unit");

/* What a row writes into a matrix: every column's share of its key, after the decay. */
typedef struct {
  const float *key;
  float decay, share[IK_DELTA_COLUMNS];
} ik_delta_write;
/* What a row reads from it: the sums with its key and its query. */
typedef struct {
  const float *key, *query;
  float keys[IK_DELTA_COLUMNS], queries[IK_DELTA_COLUMNS];
} ik_delta_read;

static inline float ik_delta_dot(const float *a, const float *b, int64_t length) {
  float lanes[IK_DELTA_LANES] = {0};
  int64_t n = 0;
  for (; n + IK_DELTA_LANES <= length; n += IK_DELTA_LANES)
    for (int l = 0; l < IK_DELTA_LANES; ++l)
      lanes[l] = IKM_FMAF(a[n + l], b[n + l], lanes[l]);
  for (int64_t l = 0; n + l < length; ++l)
    lanes[l] = IKM_FMAF(a[n + l], b[n + l], lanes[l]);
  for (int half = IK_DELTA_LANES / 2; half > 0; half /= 2)
    for (int l = 0; l < half; ++l)
      lanes[l] += lanes[l + half];
  return lanes[0];
}

/* The inverse of a length, which is at least epsilon, times `factor`. */
static inline float ik_delta_inverse(float square, double epsilon, double factor) {
  const double root = __builtin_elementwise_sqrt((double)square);
  return (float)(1 / ((root > epsilon ? root : epsilon) * factor));
}

#if IK_FLOAT_VECTORS
/* All columns of a unit of a matrix s [length][stride], written, read, or both in that order. */
IK_INLINE void ik_delta_whole(float *restrict s, int64_t length, int64_t stride, const ik_delta_write *write, ik_delta_read *read) {
  const ik_f32x16 zero = ik_splat16(0.0f), decay = write ? ik_splat16(write->decay) : zero;
  ik_f32x16 share[IK_DELTA_V], keys[IK_DELTA_V], queries[IK_DELTA_V];
  IK_UNROLL for (int v = 0; v < IK_DELTA_V; ++v) {
    share[v] = write ? ik_load16_f32(write->share + IK_DELTA_LANES * v) : zero;
    keys[v] = queries[v] = zero;
  }
  for (int64_t n = 0; n < length; ++n) {
    const ik_f32x16 put = write ? ik_splat16(write->key[n]) : zero, key = read ? ik_splat16(read->key[n]) : zero, query = read ? ik_splat16(read->query[n]) : zero;
    IK_UNROLL for (int v = 0; v < IK_DELTA_V; ++v) {
      ik_f32x16 value = ik_load16_f32(s + n * stride + IK_DELTA_LANES * v);
      if (write)
        ik_store16_f32(s + n * stride + IK_DELTA_LANES * v, value = ik_fma16(put, share[v], value * decay));
      if (read)
        keys[v] = ik_fma16(value, key, keys[v]), queries[v] = ik_fma16(value, query, queries[v]);
    }
  }
  IK_UNROLL for (int v = 0; v < (read ? IK_DELTA_V : 0); ++v) {
    ik_store16_f32(read->keys + IK_DELTA_LANES * v, keys[v]);
    ik_store16_f32(read->queries + IK_DELTA_LANES * v, queries[v]);
  }
}
#endif

/* The same of `count` columns. */
IK_INLINE void ik_delta_part(float *restrict s, int64_t length, int64_t stride, int64_t count, const ik_delta_write *write, ik_delta_read *read) {
  for (int64_t i = 0; read && i < count; ++i)
    read->keys[i] = read->queries[i] = 0;
  for (int64_t n = 0; n < length; ++n)
    for (int64_t i = 0; i < count; ++i) {
      float value = s[n * stride + i];
      if (write)
        s[n * stride + i] = value = IKM_FMAF(write->key[n], write->share[i], value * write->decay);
      if (read)
        read->keys[i] = IKM_FMAF(value, read->key[n], read->keys[i]), read->queries[i] = IKM_FMAF(value, read->query[n], read->queries[i]);
    }
}

IK_INLINE void ik_delta_walk(float *restrict s, int64_t length, int64_t stride, int64_t count, const ik_delta_write *write, ik_delta_read *read) {
#if IK_FLOAT_VECTORS
  if (count == IK_DELTA_COLUMNS) {
    ik_delta_whole(s, length, stride, write, read);
    return;
  }
#endif
  ik_delta_part(s, length, stride, count, write, read);
}

/* Columns of one head: the matrix s [N][stride], whose column 0 is `column` of the head's. */
typedef struct {
  float *s;
  int64_t stride, head, column, count;
} ik_delta_unit;

/* Rows begin .. end - 1 follow each other in one sequence. */
static void ik_delta_step(void *const *buf, const int64_t *p, ik_delta_unit unit, int64_t begin, int64_t end) {
  const int64_t heads = p[IK_DELTA_H], width = p[IK_DELTA_P], length = p[IK_DELTA_N], groups = p[IK_DELTA_G], all = heads * width + 2 * groups * length;
  const int64_t group = p[IK_DELTA_CYCLIC] ? unit.head % groups : unit.head / (heads / groups), at = unit.head * width + unit.column;
  const double epsilon = ik_f64(p[IK_DELTA_EPSILON]), root = __builtin_elementwise_sqrt((double)length);
  ik_delta_read read;
  ik_delta_write write;
  for (int64_t m = begin; m < end; ++m) {
    const float *row = (const float *)buf[1] + m * all, *query = row + group * length, *key = query + groups * length, *x = row + 2 * groups * length + at;
    const float decay = ((const float *)buf[2])[m * heads + unit.head], beta = ((const float *)buf[3])[m * heads + unit.head];
    float *y = (float *)buf[8] + m * heads * width + at;
    if (m == begin) {
      read.key = key, read.query = query;
      ik_delta_walk(unit.s, length, unit.stride, unit.count, 0, &read);
    }
    const float toKey = ik_delta_inverse(ik_delta_dot(key, key, length), epsilon, 1), toQuery = ik_delta_inverse(ik_delta_dot(query, query, length), epsilon, root);
    const float both = ik_delta_dot(key, query, length), had = -(decay * toKey), takes = beta * toKey;
    write.key = key, write.decay = decay;
    for (int64_t i = 0; i < unit.count; ++i) {
      write.share[i] = takes * IKM_FMAF(had, read.keys[i], x[i]);
      y[i] = toQuery * IKM_FMAF(write.share[i], both, decay * read.queries[i]);
    }
    read.key = key + all, read.query = query + all;
    if (m + 1 < end)
      ik_delta_walk(unit.s, length, unit.stride, unit.count, &write, &read);
    else
      ik_delta_walk(unit.s, length, unit.stride, unit.count, &write, 0);
  }
}

static void ik_delta_copy(float *restrict to, int64_t apart, const float *restrict from, int64_t stride, int64_t rows, int64_t count) {
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t i = 0; i < count; ++i)
      to[n * apart + i] = from[n * stride + i];
}

/* The same from the state's matrix, which a text that begins finds empty, and back. */
static void ik_delta_sequence(void *const *buf, const int64_t *p, ik_delta_unit unit, int64_t begin, int64_t end) {
  const int64_t width = p[IK_DELTA_P], length = p[IK_DELTA_N], sequence = ((const int32_t *)buf[5])[begin];
  float *state = (float *)buf[7] + ((sequence * p[IK_DELTA_H] + unit.head) * length) * width + unit.column;
  if (((const int32_t *)buf[4])[begin] <= 0)
    for (int64_t n = 0; n < length; ++n)
      for (int64_t i = 0; i < unit.count; ++i)
        state[n * width + i] = 0;
  if (end - begin <= IK_DELTA_IN_PLACE) {
    unit.s = state, unit.stride = width;
    ik_delta_step(buf, p, unit, begin, end);
    return;
  }
  unit.s = (float *)buf[9], unit.stride = IK_DELTA_COLUMNS;
  ik_delta_copy(unit.s, unit.stride, state, width, length, unit.count);
  ik_delta_step(buf, p, unit, begin, end);
  ik_delta_copy(state, width, unit.s, unit.stride, length, unit.count);
}

IK_KERNEL(ik_gated_delta);
IK_KERNEL(ik_gated_delta) {
  const int64_t rows = p[IK_DELTA_M], heads = p[IK_DELTA_H], width = p[IK_DELTA_P], each = p[IK_DELTA_PLACES] > 1;
  const int64_t parts = (width + IK_DELTA_COLUMNS - 1) / IK_DELTA_COLUMNS;
  const int32_t given = *(const int32_t *)buf[6];
  const int64_t limit = given < 0 ? 0 : given < rows ? given : rows;
  const ik_range range = ik_share(heads * parts, worker, workers);
  for (int64_t i = range.begin; i < range.end; ++i) {
    ik_delta_unit unit = {0, 0, i / parts, i % parts * IK_DELTA_COLUMNS, 0};
    unit.count = width - unit.column < IK_DELTA_COLUMNS ? width - unit.column : IK_DELTA_COLUMNS;
    for (int64_t first = 0; first < (each ? rows : 1); ++first) {
      const int64_t sequence = ((const int32_t *)buf[5])[first], last = each ? first + 1 : rows;
      const int64_t end = sequence < 0 || sequence >= p[IK_DELTA_S] || limit < first ? first : limit < last ? limit : last;
      if (end > first)
        ik_delta_sequence(buf, p, unit, first, end);
      for (int64_t m = end; m < last; ++m)
        for (int64_t column = 0; column < unit.count; ++column)
          ((float *)buf[8])[(m * heads + unit.head) * width + unit.column + column] = 0;
    }
  }
}
