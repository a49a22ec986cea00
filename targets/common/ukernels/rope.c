/* ik_rope: rotary positions from a table of cosines and sines; ik_cache_append: rows of a step into a key or value cache, or those of their sequences, in
 * place. Parameters in sequence.h. Parallel unit: one head of one row; one head where rows have places of their own, since two may be the same. */
#include "targets/common/ukernels/math.h"
#include "targets/common/ukernels/sequence.h"
#include "targets/common/ukernels/steps.h"
#include "targets/common/ukernels/ukernel.h"

static int64_t ik_position(const void *p) {
  int64_t position = *(const int32_t *)p;
  return position < 0 ? 0 : position;
}

/* One pair: a' = a c - b s, b' = a s + b c. */
static void ik_turn(float *a, float *b, float x, float y, float c, float s) {
  *a = IKM_FMAF(x, c, -(y * s));
  *b = IKM_FMAF(x, s, y * c);
}

/* `each`: a position a row. */
static inline __attribute__((always_inline)) void ik_rope_rows(void *const *buf, const int64_t *p, int64_t worker, int64_t workers, int each) {
  const int64_t heads = p[IK_ROPE_H], depth = p[IK_ROPE_D], turned = p[IK_ROPE_R], pairs = turned / 2, first = each ? 0 : ik_position(buf[2]);
  ik_range range = ik_share(p[IK_ROPE_M] * heads, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t row = unit / heads, position = each ? ik_position((const int32_t *)buf[2] + row) : first + row;
    int64_t t = position < p[IK_ROPE_T] ? position : p[IK_ROPE_T] - 1;
    const float *x = (const float *)buf[0] + unit * depth, *cosines = (const float *)buf[1] + t * turned, *sines = cosines + pairs;
    float *y = (float *)buf[3] + unit * depth;
    if (p[IK_ROPE_HALVES])
      for (int64_t i = 0; i < pairs; ++i)
        ik_turn(y + i, y + pairs + i, x[i], x[pairs + i], cosines[i], sines[i]);
    else
      for (int64_t i = 0; i < pairs; ++i)
        ik_turn(y + 2 * i, y + 2 * i + 1, x[2 * i], x[2 * i + 1], cosines[i], sines[i]);
    for (int64_t i = turned; i < depth; ++i)
      y[i] = x[i];
  }
}

IK_KERNEL(ik_rope);
IK_KERNEL(ik_rope) { ik_rope_rows(buf, p, worker, workers, 0); }
IK_KERNEL(ik_rope_each);
IK_KERNEL(ik_rope_each) { ik_rope_rows(buf, p, worker, workers, 1); }

/* ik_put_<type>: one row into a cache; `at` counts the rows before it. */
#define IK_PUT(T, NAME)                                                                       \
  static inline void ik_put_##NAME(T *cache, int64_t at, const float *from, int64_t depth) { \
    for (int64_t i = 0; i < depth; ++i)                                                       \
      cache[at * depth + i] = (T)from[i];                                                     \
  }
IK_PUT(_Float16, f16)
IK_PUT(float, f32)

/* `count` <= 32 elements and their scale. */
static void ik_store_row8(int8_t *to, _Float16 *scale, const float *from, int64_t count) {
  float x[32] = {0};
  ik_i32x16 v[2];
  __builtin_memcpy(x, from, (size_t)count * sizeof(float));
  *scale = (_Float16)ik_steps32(v, x, 127.0f);
  for (int64_t i = 0; i < count; ++i)
    to[i] = (int8_t)v[i / 16][i % 16];
}
static inline void ik_put_q8(int8_t *cache, int64_t at, const float *from, int64_t depth) {
  int8_t *to = cache + at * IK_CACHE_ROW8(depth);
  for (int64_t i = 0; i < depth; i += 32)
    ik_store_row8(to + i, (_Float16 *)(to + IK_CACHE_SCALES8(depth)) + i / 32, from + i, depth - i < 32 ? depth - i : 32);
}

#define IK_CACHE_APPEND(T, NAME)                                                                                    \
  IK_KERNEL(ik_cache_append_##NAME);                                                                                \
  IK_KERNEL(ik_cache_append_##NAME) {                                                                               \
    const int64_t heads = p[IK_APPEND_H], length = p[IK_APPEND_T], depth = p[IK_APPEND_D], position = ik_position(buf[2]); \
    ik_range range = ik_share(p[IK_APPEND_M] * heads, worker, workers);                                             \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                    \
      int64_t t = position + unit / heads, h = unit % heads;                                                        \
      if (p[IK_APPEND_RING])                                                                                        \
        t %= length;                                                                                                \
      if (t >= length)                                                                                              \
        return;                                                                                                     \
      ik_put_##NAME((T *)buf[3], h * length + t, (const float *)buf[1] + unit * depth, depth);                      \
    }                                                                                                               \
  }                                                                                                                 \
  IK_KERNEL(ik_cache_append_sequences_##NAME);                                                                      \
  IK_KERNEL(ik_cache_append_sequences_##NAME) {                                                                     \
    const int64_t heads = p[IK_APPEND_H], length = p[IK_APPEND_T], depth = p[IK_APPEND_D], each = p[IK_APPEND_PLACES] > 1; \
    ik_range range = ik_share(each ? heads : p[IK_APPEND_M] * heads, worker, workers);                              \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                    \
      const int64_t h = unit % heads, begin = unit / heads, end = each ? p[IK_APPEND_M] : begin + 1;                \
      for (int64_t m = begin; m < end; ++m) {                                                                       \
        const int64_t place = each ? m : 0, sequence = ((const int32_t *)buf[3])[place];                            \
        int64_t t = ik_position((const int32_t *)buf[2] + place) + m - place;                                       \
        if (p[IK_APPEND_RING])                                                                                      \
          t %= length;                                                                                              \
        if (t < length && sequence >= 0 && sequence < p[IK_APPEND_S])                                               \
          ik_put_##NAME((T *)buf[4], (sequence * heads + h) * length + t, (const float *)buf[1] + (m * heads + h) * depth, depth); \
      }                                                                                                             \
    }                                                                                                               \
  }
IK_CACHE_APPEND(_Float16, f16)
IK_CACHE_APPEND(float, f32)
IK_CACHE_APPEND(int8_t, q8)
