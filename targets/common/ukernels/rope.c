/* ik_rope: rotary positions from a table of cosines and sines; ik_cache_append: rows of a step into a key or value cache, in place. Parameters in
 * sequence.h. Parallel unit: one head of one row. */
#include "targets/common/ukernels/math.h"
#include "targets/common/ukernels/sequence.h"
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
