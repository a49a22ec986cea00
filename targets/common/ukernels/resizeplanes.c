/* ik_resize2d_<type>: interpolation along two adjacent axes of [OUTER][H][W][INNER], H first; parameters in resize.h. An axis is one chain of
 * fused multiply-adds in tap order from 0; a tap of weight zero does not touch the sum. Rows of the input are joined into a line of f32.
 * With elements side by side (INNER of 16 or more, as in channels-last images) outputs are sums of pieces of the line; else 16 outputs of a
 * tap are permuted out of a window of the line that registers hold (ik_window16), where all windows fit them, or gathered one by one.
 * Parallel unit: one output row. */
#include "targets/common/ukernels/resizewindow.h"
#include "targets/common/ukernels/resize.h"

typedef struct {
  const int32_t *index; /* [taps][out] */
  const float *weight;
  float *line;          /* [in][inner], then IK_RESIZE_SLACK that may be read */
  int32_t *window;      /* [taps][windows]: where the window of 16 outputs begins */
  int64_t taps, out, inner, windows;
  float outside;
} ik_resize_line;

/* Where window b's outputs begin: the last one ends with the row. */
IK_INLINE int64_t ik_resize_at(const ik_resize_line *l, int64_t b) { return b * 16 + 16 <= l->out ? b * 16 : l->out - 16; }

/* Finds the windows, of taps that count, and returns the widest one's elements. */
static int64_t ik_resize_windows(const ik_resize_line *l) {
  int64_t widest = 0;
  for (int64_t b = 0; b < l->taps * l->windows; ++b) {
    const int64_t at = b / l->windows * l->out + ik_resize_at(l, b % l->windows);
    int32_t low = INT32_MAX, high = -1;
    for (int64_t i = at; i < at + 16; ++i)
      if (l->index[i] >= 0 && l->weight[i] != 0) {
        low = l->index[i] < low ? l->index[i] : low;
        high = l->index[i] > high ? l->index[i] : high;
      }
    l->window[b] = high < 0 ? 0 : low;
    widest = high - l->window[b] + 1 > widest ? high - l->window[b] + 1 : widest;
  }
  return widest;
}

IK_INLINE ik_f32x16 ik_resize_add16(ik_f32x16 weight, ik_f32x16 x, ik_f32x16 sum) { return ik_select16(weight != ik_splat16(0.0f), ik_fma16(weight, x, sum), sum); }

/* 16 outputs from their windows of at most `span` elements, a constant. */
IK_INLINE ik_f32x16 ik_resize_window(const ik_resize_line *l, int64_t b, int64_t taps, int span) {
  const int64_t at = ik_resize_at(l, b);
  ik_f32x16 sum = ik_splat16(0.0f);
  for (int64_t t = 0; t < taps; ++t) {
    const int32_t from = l->window[t * l->windows + b];
    const ik_i32x16 index = *(const ik_i32x16u *)(l->index + t * l->out + at) - from;
    sum = ik_resize_add16(ik_load16_f32(l->weight + t * l->out + at), ik_window16(l->line + from, index, span), sum);
  }
  return ik_select16(*(const ik_i32x16u *)(l->index + at) < 0, ik_splat16(l->outside), sum);
}

#define IK_RESIZE_2D(T, NAME)                                                                                                 \
  /* line = the row of the plane x that outputs o of the H axis read. */                                                      \
  static void ik_resize_join_##NAME(float *line, const T *x, const int32_t *index, const float *weight, int64_t o, const int64_t *p) { \
    const int64_t oh = p[IK_RESIZE_OH], n = p[IK_RESIZE_IW] * p[IK_RESIZE_INNER];                                             \
    const float start = index[o] < 0 ? ik_f32(p[IK_RESIZE_OUTSIDE]) : 0.0f;                                                   \
    int64_t t = 0, taps = index[o] < 0 ? 0 : p[IK_RESIZE_TAPSH];                                                              \
    if (taps == 2 && weight[o] != 0 && weight[oh + o] != 0) {                                                                 \
      const T *from = x + index[o] * n, *next = x + index[oh + o] * n;                                                        \
      const float w = weight[o], v = weight[oh + o];                                                                          \
      for (int64_t i = 0; i < n; ++i)                                                                                         \
        line[i] = __builtin_fmaf(v, (float)next[i], __builtin_fmaf(w, (float)from[i], 0.0f));                                 \
      return;                                                                                                                 \
    }                                                                                                                         \
    for (int64_t i = 0; i < n; ++i)                                                                                           \
      line[i] = start;                                                                                                        \
    for (; t < taps; ++t) {                                                                                                   \
      const float w = weight[t * oh + o];                                                                                     \
      const T *from = x + index[t * oh + o] * n;                                                                              \
      for (int64_t i = 0; i < n && w != 0; ++i)                                                                               \
        line[i] = __builtin_fmaf(w, (float)from[i], line[i]);                                                                 \
    }                                                                                                                         \
  }                                                                                                                           \
  /* One element an output: any table. */                                                                                     \
  static void ik_resize_gather_##NAME(T *to, const ik_resize_line *l) {                                                       \
    for (int64_t at = 0; at < l->out; at += IK_RESIZE_BLOCK) {                                                                \
      float sum[IK_RESIZE_BLOCK] = {0};                                                                                       \
      const int64_t n = l->out - at < IK_RESIZE_BLOCK ? l->out - at : IK_RESIZE_BLOCK;                                        \
      for (int64_t t = 0; t < l->taps; ++t) {                                                                                 \
        const int32_t *from = l->index + t * l->out + at;                                                                     \
        const float *w = l->weight + t * l->out + at;                                                                         \
        for (int64_t i = 0; i < n; ++i) {                                                                                     \
          const float next = __builtin_fmaf(w[i], l->line[from[i] < 0 ? 0 : from[i]], sum[i]);                                \
          sum[i] = w[i] != 0 ? next : sum[i];                                                                                 \
        }                                                                                                                     \
      }                                                                                                                       \
      for (int64_t i = 0; i < n; ++i)                                                                                         \
        to[at + i] = (T)(l->index[at + i] < 0 ? l->outside : sum[i]);                                                         \
    }                                                                                                                         \
  }                                                                                                                           \
  /* `inner` elements an output, 16 at once; the last 16 of them may repeat others. */                                        \
  IK_INLINE void ik_resize_piece_##NAME(T *to, const ik_resize_line *l, ik_f32x16 sum) {                                      \
    if (l->inner < 16)                                                                                                        \
      ik_store_part_##NAME(to, sum, l->inner);                                                                                \
    else                                                                                                                      \
      ik_store16_##NAME(to, sum);                                                                                             \
  }                                                                                                                           \
  static void ik_resize_pieces_##NAME(T *to, const ik_resize_line *l) {                                                       \
    const int64_t inner = l->inner, last = inner > 16 ? inner - 16 : 0;                                                       \
    for (int64_t o = 0; o < l->out; ++o, to += inner) {                                                                       \
      const int64_t taps = l->index[o] < 0 ? 0 : l->taps;                                                                     \
      const float w = l->weight[o], v = taps == 2 ? l->weight[l->out + o] : 0.0f;                                             \
      if (w != 0 && v != 0) {                                                                                                 \
        const float *from = l->line + l->index[o] * inner, *next = l->line + l->index[l->out + o] * inner;                    \
        const ik_f32x16 first = ik_splat16(w), second = ik_splat16(v);                                                        \
        for (int64_t c = 0; c < inner; c += 16) {                                                                             \
          const int64_t at = c < last ? c : last;                                                                             \
          ik_resize_piece_##NAME(to + at, l, ik_fma16(second, ik_load16_f32(next + at), ik_fma16(first, ik_load16_f32(from + at), ik_splat16(0.0f))));\
        }                                                                                                                     \
        continue;                                                                                                             \
      }                                                                                                                       \
      for (int64_t c = 0; c < inner; c += 16) {                                                                               \
        const int64_t at = c < last ? c : last;                                                                               \
        ik_f32x16 sum = ik_splat16(l->index[o] < 0 ? l->outside : 0.0f);                                                      \
        for (int64_t t = 0; t < taps; ++t)                                                                                    \
          if (l->weight[t * l->out + o] != 0)                                                                                 \
            sum = ik_fma16(ik_splat16(l->weight[t * l->out + o]), ik_load16_f32(l->line + l->index[t * l->out + o] * inner + at), sum);\
        ik_resize_piece_##NAME(to + at, l, sum);                                                                              \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  IK_INLINE void ik_resize_windowed_##NAME(T *to, const ik_resize_line *l, int64_t taps, int span) {                          \
    for (int64_t b = 0; b < l->windows; ++b)                                                                                  \
      ik_store16_##NAME(to + ik_resize_at(l, b), ik_resize_window(l, b, taps, span));                                         \
  }                                                                                                                           \
  static void ik_resize_pick_##NAME(T *to, const ik_resize_line *l, int64_t widest) {                                         \
    if (l->inner > 1)                                                                                                         \
      ik_resize_pieces_##NAME(to, l);                                                                                         \
    else if (widest <= IK_WINDOW / 2 && l->taps == 2)                                                                         \
      ik_resize_windowed_##NAME(to, l, 2, IK_WINDOW / 2);                                                                     \
    else if (widest <= IK_WINDOW && l->taps == 2)                                                                             \
      ik_resize_windowed_##NAME(to, l, 2, IK_WINDOW);                                                                         \
    else if (widest <= IK_WINDOW)                                                                                             \
      ik_resize_windowed_##NAME(to, l, l->taps, IK_WINDOW);                                                                   \
    else                                                                                                                      \
      ik_resize_gather_##NAME(to, l);                                                                                         \
  }                                                                                                                           \
  IK_KERNEL(ik_resize2d_##NAME) {                                                                                             \
    const int64_t ih = p[IK_RESIZE_IH], oh = p[IK_RESIZE_OH], inner = p[IK_RESIZE_INNER], rowIn = p[IK_RESIZE_IW] * inner, ow = p[IK_RESIZE_OW]; \
    float *line = (float *)(((uintptr_t)buf[6] + 63) & ~(uintptr_t)63);                                                       \
    const ik_resize_line l = {buf[3], buf[4], line, (int32_t *)(line + rowIn + IK_RESIZE_SLACK), p[IK_RESIZE_TAPSW], ow, inner, \
                              (ow + 15) / 16, ik_f32(p[IK_RESIZE_OUTSIDE])};                                                  \
    ik_range range = ik_share(p[IK_RESIZE_OUTER] * oh, worker, workers);                                                      \
    const int64_t widest = inner == 1 && ow >= 16 && IK_WINDOW > 0 ? ik_resize_windows(&l) : INT64_MAX;                           \
    for (int64_t row = range.begin; row < range.end; ++row) {                                                                 \
      ik_resize_join_##NAME(line, (const T *)buf[0] + row / oh * ih * rowIn, buf[1], buf[2], row % oh, p);                    \
      ik_resize_pick_##NAME((T *)buf[5] + row * ow * inner, &l, widest);                                                      \
    }                                                                                                                         \
  }

IK_RESIZE_2D(float, f32)
IK_RESIZE_2D(_Float16, f16)
