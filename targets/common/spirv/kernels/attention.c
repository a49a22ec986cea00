/* ik_cached_attention_<type> for shaders: one query of one head an invocation, chunk by chunk with the scores of a chunk in local memory and the
 * running sums in y itself; the order of operations is that of sequence.h. */
#include "targets/common/ukernels/math.h"
#include "targets/common/ukernels/sequence.h"
#include "targets/common/ukernels/ukernel.h"
#include "targets/common/ukernels/slopes.h"

/* Element `at` of a row in the cache, and the row's length there. */
static inline float ik_cached_f16(const _Float16 *row, int64_t at, int64_t depth) { return (void)depth, (float)row[at]; }
static inline float ik_cached_f32(const float *row, int64_t at, int64_t depth) { return (void)depth, row[at]; }
static inline float ik_cached_q8(const int8_t *row, int64_t at, int64_t depth) {
  return (float)row[at] * (float)((const _Float16 *)(row + IK_CACHE_SCALES8(depth)))[at / 32];
}
#define IK_ROW_f16(depth) (depth)
#define IK_ROW_f32(depth) (depth)
#define IK_ROW_q8(depth) IK_CACHE_ROW8(depth)

/* SINKS, SEQUENCES: 1 where the kernel has them. */
#define IK_ATTENTION(T, TYPE, NAME, SINKS, SEQUENCES)                                                                         \
  IK_KERNEL(NAME) {                                                                                                           \
    const int64_t hq = p[IK_ATTENTION_HQ], hk = p[IK_ATTENTION_HK], depth = p[IK_ATTENTION_D], width = p[IK_ATTENTION_E];     \
    const int64_t length = p[IK_ATTENTION_T], window = p[IK_ATTENTION_WINDOW];                                                \
    const float cap = ik_f32(p[IK_ATTENTION_SOFTCAP]);                                                                        \
    ik_range range = ik_share(p[IK_ATTENTION_M] * hq, worker, workers);                                                       \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      const int64_t m = unit / hq, head = unit % hq / (hq / hk), place = SEQUENCES && p[IK_ATTENTION_PLACES] > 1 ? m : 0;     \
      const int64_t position = ((const int32_t *)buf[3])[place], sequence = SEQUENCES ? ((const int32_t *)buf[4])[place] : 0; \
      const int idle = SEQUENCES && (sequence < 0 || sequence >= p[IK_ATTENTION_S]);                                          \
      int64_t end = (position < 0 ? 0 : position) + m - place + 1, begin = 0;                                                 \
      end = end < length || p[IK_ATTENTION_RING] ? end : length;                                                              \
      begin = window > 0 && end > window ? end - window : 0;                                                                  \
      int64_t at = (position < 0 ? 0 : position) + m - place;                                                                 \
      if (p[IK_ATTENTION_PIECEWISE])                                                                                          \
        begin = (end - 1) / window * window;                                                                                  \
      if (p[IK_ATTENTION_WHOLE]) {                                                                                            \
        const int64_t last = position < 0 ? 0 : position < length ? position : length - 1;                                    \
        at = m < last ? m : last;                                                                                             \
        begin = window > 0 && at > window / 2 ? at - window / 2 : 0;                                                          \
        end = window > 0 && at + window / 2 < last ? at + window / 2 + 1 : last + 1;                                          \
      }                                                                                                                       \
      if (idle)                                                                                                               \
        begin = end = 0;                                                                                                      \
      const float *q = (const float *)buf[0] + unit * depth;                                                                  \
      const int64_t keyRow = IK_ROW_##TYPE(depth), valueRow = IK_ROW_##TYPE(width);                                           \
      const int64_t rows = ((idle ? 0 : sequence) * hk + head) * length;                                                      \
      const T *k = (const T *)buf[1] + rows * keyRow, *v = (const T *)buf[2] + rows * valueRow;                               \
      float *y = (float *)buf[4 + SEQUENCES + SINKS] + unit * width, sum = SINKS || idle;                                     \
      float top = SINKS ? ((const float *)buf[4 + SEQUENCES])[unit % hq] : -__builtin_inff();                                 \
      const float slope = p[IK_ATTENTION_BIAS] ? ik_attention_slope(p, unit % hq) : 0.0f;                                     \
      for (int64_t e = 0; e < width; ++e)                                                                                     \
        y[e] = 0.0f;                                                                                                          \
      for (int64_t chunk = begin / IK_ATTENTION_CHUNK * IK_ATTENTION_CHUNK; chunk < end; chunk += IK_ATTENTION_CHUNK) {       \
        const int64_t from = chunk > begin ? chunk : begin, to = chunk + IK_ATTENTION_CHUNK < end ? chunk + IK_ATTENTION_CHUNK : end; \
        float scores[IK_ATTENTION_CHUNK], lanes[16], before = top;                                                            \
        for (int64_t t = from; t < to; ++t) {                                                                                 \
          float s = 0.0f;                                                                                                     \
          for (int64_t d = 0; d < depth; ++d)                                                                                 \
            s = IKM_FMAF(q[d], ik_cached_##TYPE(k + (p[IK_ATTENTION_RING] ? t % length : t) * keyRow, d, depth), s);          \
          s = s * ik_f32(p[IK_ATTENTION_SCALE]);                                                                              \
          if (cap > 0.0f)                                                                                                     \
            s = ikm_tanh_f32(s / cap) * cap;                                                                                  \
          if (slope > 0.0f)                                                                                                   \
            s = IKM_FMAF(-slope, (float)(int32_t)(t > at ? t - at : at - t), s);                                              \
          scores[t - chunk] = s;                                                                                              \
          top = s > top ? s : top;                                                                                            \
        }                                                                                                                     \
        for (int l = 0; l < 16; ++l)                                                                                          \
          lanes[l] = 0.0f;                                                                                                    \
        for (int64_t t = from; t < to; ++t) {                                                                                 \
          float e = ikm_exp_f32(scores[t - chunk] - top);                                                                     \
          scores[t - chunk] = e;                                                                                              \
          lanes[t % 16] += e;                                                                                                 \
        }                                                                                                                     \
        for (int half = 8; half > 0; half /= 2)                                                                               \
          for (int l = 0; l < half; ++l)                                                                                      \
            lanes[l] += lanes[l + half];                                                                                      \
        const float shrink = ikm_exp_f32(before - top);                                                                       \
        sum = sum * shrink + lanes[0];                                                                                        \
        for (int64_t e = 0; e < width; ++e) {                                                                                 \
          float o = y[e] * shrink;                                                                                            \
          for (int64_t t = from; t < to; ++t)                                                                                 \
            o = IKM_FMAF(scores[t - chunk], ik_cached_##TYPE(v + (p[IK_ATTENTION_RING] ? t % length : t) * valueRow, e, width), o); \
          y[e] = o;                                                                                                           \
        }                                                                                                                     \
      }                                                                                                                       \
      for (int64_t e = 0; e < width; ++e)                                                                                     \
        y[e] = y[e] / sum;                                                                                                    \
    }                                                                                                                         \
  }
#define IK_ATTENTION_ALL(T, TYPE)                                      \
  IK_ATTENTION(T, TYPE, ik_cached_attention_##TYPE, 0, 0)              \
  IK_ATTENTION(T, TYPE, ik_cached_attention_sinks_##TYPE, 1, 0)        \
  IK_ATTENTION(T, TYPE, ik_cached_attention_sequences_##TYPE, 0, 1)    \
  IK_ATTENTION(T, TYPE, ik_cached_attention_sequences_sinks_##TYPE, 1, 1)
IK_ATTENTION_ALL(_Float16, f16)
IK_ATTENTION_ALL(float, f32)
IK_ATTENTION_ALL(int8_t, q8)
