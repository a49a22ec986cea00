/* ik_rope: rotary positions from a table of cosines and sines; ik_cache_append: rows of a step into a key or value cache, in place. Parameters in
 * sequence.h. Parallel unit: one head of one row. */
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

IK_KERNEL(ik_rope);
IK_KERNEL(ik_rope) {
  const int64_t heads = p[IK_ROPE_H], depth = p[IK_ROPE_D], turned = p[IK_ROPE_R], pairs = turned / 2, position = ik_position(buf[2]);
  ik_range range = ik_share(p[IK_ROPE_M] * heads, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t t = position + unit / heads < p[IK_ROPE_T] ? position + unit / heads : p[IK_ROPE_T] - 1;
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
      const float *from = (const float *)buf[1] + unit * depth;                                                     \
      T *to = (T *)buf[3] + (h * length + t) * depth;                                                               \
      for (int64_t i = 0; i < depth; ++i)                                                                           \
        to[i] = (T)from[i];                                                                                         \
    }                                                                                                               \
  }
IK_CACHE_APPEND(_Float16, f16)
IK_CACHE_APPEND(float, f32)

/* `count` <= 32 elements and their scale. */
static void ik_store_row8(int8_t *to, _Float16 *scale, const float *from, int64_t count) {
  float x[32] = {0};
  ik_i32x16 v[2];
  __builtin_memcpy(x, from, (size_t)count * sizeof(float));
  *scale = (_Float16)ik_steps32(v, x, 127.0f);
  for (int64_t i = 0; i < count; ++i)
    to[i] = (int8_t)v[i / 16][i % 16];
}

IK_KERNEL(ik_cache_append_q8);
IK_KERNEL(ik_cache_append_q8) {
  const int64_t heads = p[IK_APPEND_H], length = p[IK_APPEND_T], depth = p[IK_APPEND_D], position = ik_position(buf[2]);
  ik_range range = ik_share(p[IK_APPEND_M] * heads, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t t = position + unit / heads, h = unit % heads;
    if (p[IK_APPEND_RING])
      t %= length;
    if (t >= length)
      return;
    const float *from = (const float *)buf[1] + unit * depth;
    int8_t *to = (int8_t *)buf[3] + (h * length + t) * IK_CACHE_ROW8(depth);
    for (int64_t i = 0; i < depth; i += 32)
      ik_store_row8(to + i, (_Float16 *)(to + IK_CACHE_SCALES8(depth)) + i / 32, from + i, depth - i < 32 ? depth - i : 32);
  }
}
