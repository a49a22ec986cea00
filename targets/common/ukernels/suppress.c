/* ik_suppress_boxes: non-maximum suppression of f32 boxes (nn.suppress_boxes); parameters in order.h. A line of the result holds first the boxes above
 * the lowest score, sorted on a heap, then in front those that are kept: m boxes of which k are kept take m log m + m k steps, 16 of those that are kept at once. Parallel unit: one class. */
#include "targets/common/ukernels/order.h"
#include "targets/common/ukernels/micro.h"

/* True when box a is walked before box b. */
static inline int ik_suppress_before(const float *scores, int64_t a, int64_t b) { return scores[a] > scores[b] || (scores[a] == scores[b] && a < b); }

/* Lets `value` sink from place `at` of a heap of n boxes, the last to be walked on top. */
static void ik_suppress_sink(const float *scores, int64_t *heap, int64_t at, int64_t n, int64_t value) {
  for (int64_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
    if (child + 1 < n && ik_suppress_before(scores, heap[child], heap[child + 1]))
      ++child;
    if (!ik_suppress_before(scores, value, heap[child]))
      break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = value;
}

static void ik_suppress_sort(const float *scores, int64_t *boxes, int64_t n) {
  for (int64_t i = n / 2 - 1; i >= 0; --i)
    ik_suppress_sink(scores, boxes, i, n, boxes[i]);
  for (int64_t last = n - 1; last > 0; --last) {
    int64_t moved = boxes[last];
    boxes[last] = boxes[0];
    ik_suppress_sink(scores, boxes, 0, last, moved);
  }
}

typedef float ik_suppress_lanes[16];
/* 16 boxes that are kept, and their areas; NaN where there is none yet, so that it overlaps nothing. */
typedef struct { ik_suppress_lanes y0, x0, y1, x1, area; } ik_suppress_sixteen;

static void ik_suppress_keep(ik_suppress_sixteen *kept, int64_t i, const float *box) {
  ik_suppress_sixteen *of = kept + i / 16;
  if (i % 16 == 0)
    for (int lane = 0; lane < 16; ++lane)
      of->y0[lane] = of->x0[lane] = of->y1[lane] = of->x1[lane] = of->area[lane] = __builtin_nanf("");
  of->y0[i % 16] = box[0], of->x0[i % 16] = box[1], of->y1[i % 16] = box[2], of->x1[i % 16] = box[3];
  of->area[i % 16] = (box[2] - box[0]) * (box[3] - box[1]);
}

IK_INLINE ik_f32x16 ik_suppress_side(float low, ik_f32x16 otherLow, float high, ik_f32x16 otherHigh) {
  const ik_f32x16 a = ik_splat16(low), b = ik_splat16(high), zero = ik_splat16(0.0f);
  const ik_f32x16 side = ik_select16(b < otherHigh, b, otherHigh) - ik_select16(a > otherLow, a, otherLow);
  return ik_select16(side > zero, side, zero);
}

/* True when the box (y0, x0, y1, x1) and one of the sixteen overlap by more than the threshold's share of what both cover. */
IK_INLINE int ik_suppress_overlaps(const float *a, const ik_suppress_sixteen *b, float threshold) {
  const ik_f32x16 common = ik_suppress_side(a[0], ik_load16_f32(b->y0), a[2], ik_load16_f32(b->y1)) *
                           ik_suppress_side(a[1], ik_load16_f32(b->x0), a[3], ik_load16_f32(b->x1));
  if (threshold >= 0 && !__builtin_reduce_or((ik_i32x16)(common > ik_splat16(0.0f)))) /* most pairs, for the price of no division */
    return 0;
  const ik_f32x16 both = (ik_splat16((a[2] - a[0]) * (a[3] - a[1])) + ik_load16_f32(b->area)) - common;
  return __builtin_reduce_or((ik_i32x16)(common / both > ik_splat16(threshold))) != 0;
}

IK_KERNEL(ik_suppress_boxes) {
  const int64_t classes = p[IK_SUPPRESS_CLASSES], n = p[IK_SUPPRESS_BOXES], most = p[IK_SUPPRESS_MOST];
  const float threshold = *(const float *)buf[2], low = *(const float *)buf[3];
  ik_suppress_sixteen *those = buf[6];
  ik_range range = ik_share(p[IK_SUPPRESS_BATCHES] * classes, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    const float *boxes = (const float *)buf[0] + unit / classes * n * 4, *scores = (const float *)buf[1] + unit * n;
    int64_t *line = (int64_t *)buf[4] + unit * n, above = 0, kept = 0;
    for (int64_t i = 0; i < n; ++i)
      if (scores[i] > low)
        line[above++] = i;
    ik_suppress_sort(scores, line, above);
    for (int64_t i = 0; i < above && kept < most; ++i) {
      const int64_t box = line[i], groups = (kept + 15) / 16;
      int64_t other = 0;
      while (other < groups && !ik_suppress_overlaps(boxes + 4 * box, those + other, threshold))
        ++other;
      if (other < groups)
        continue;
      ik_suppress_keep(those, kept, boxes + 4 * box);
      line[kept++] = box;
    }
    for (int64_t i = kept; i < n; ++i)
      line[i] = 0;
    ((int64_t *)buf[5])[unit] = kept;
  }
}
