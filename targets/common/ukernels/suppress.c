/* ik_suppress_boxes: non-maximum suppression of f32 boxes (nn.suppress_boxes); parameters in order.h. A line of the result holds first the boxes above
 * the lowest score, sorted on a heap, then in front those that are kept: m boxes of which k are kept take m log m + m k steps. Parallel unit: one class. */
#include "targets/common/ukernels/order.h"
#include "targets/common/ukernels/ukernel.h"

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

static inline float ik_suppress_side(float low, float otherLow, float high, float otherHigh) {
  float side = (high < otherHigh ? high : otherHigh) - (low > otherLow ? low : otherLow);
  return side > 0 ? side : 0;
}

/* True when boxes a and b (y0, x0, y1, x1) overlap by more than the threshold's share of what both cover. */
static inline int ik_suppress_overlaps(const float *a, const float *b, float threshold) {
  float common = ik_suppress_side(a[0], b[0], a[2], b[2]) * ik_suppress_side(a[1], b[1], a[3], b[3]);
  if (!(common > 0) && threshold >= 0) /* most pairs, for the price of no division */
    return 0;
  float both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common;
  return common / both > threshold;
}

IK_KERNEL(ik_suppress_boxes) {
  const int64_t classes = p[IK_SUPPRESS_CLASSES], n = p[IK_SUPPRESS_BOXES], most = p[IK_SUPPRESS_MOST];
  const float threshold = *(const float *)buf[2], low = *(const float *)buf[3];
  ik_range range = ik_share(p[IK_SUPPRESS_BATCHES] * classes, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    const float *boxes = (const float *)buf[0] + unit / classes * n * 4, *scores = (const float *)buf[1] + unit * n;
    int64_t *line = (int64_t *)buf[4] + unit * n, above = 0, kept = 0;
    for (int64_t i = 0; i < n; ++i)
      if (scores[i] > low)
        line[above++] = i;
    ik_suppress_sort(scores, line, above);
    for (int64_t i = 0; i < above && kept < most; ++i) {
      int64_t box = line[i], other = 0;
      while (other < kept && !ik_suppress_overlaps(boxes + 4 * box, boxes + 4 * line[other], threshold))
        ++other;
      if (other == kept)
        line[kept++] = box;
    }
    for (int64_t i = kept; i < n; ++i)
      line[i] = 0;
    ((int64_t *)buf[5])[unit] = kept;
  }
}
