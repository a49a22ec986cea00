/* ik_top_k_<type>: the k largest or smallest elements along one axis and their i64 positions, sorted; parameters in order.h. Of equal
 * values the lower position comes first; NaN is above every number. A heap of k positions, worst on top, lives in the result; popping
 * it sorts it: n log k steps. Parallel unit: one line along the axis. */
#include "targets/common/ukernels/order.h"
#include "targets/common/ukernels/ukernel.h"

#define IK_TOPK(T, NAME)                                                                                                      \
  static inline int ik_topk_less_##NAME(T a, T b) { return b != b ? a == a : a < b; }                                         \
  /* True when the element at position a comes before the one at b in the result. */                                          \
  static inline int ik_topk_before_##NAME(const T *x, int64_t inner, int64_t smallest, int64_t a, int64_t b) {                \
    T l = x[a * inner], r = x[b * inner];                                                                                     \
    int below = ik_topk_less_##NAME(l, r), above = ik_topk_less_##NAME(r, l);                                                 \
    return below | above ? (smallest ? below : above) : a < b;                                                                \
  }                                                                                                                           \
  /* Lets `value` sink from the top of a heap of n positions, each inner apart. */                                            \
  static void ik_topk_sink_##NAME(const T *x, int64_t inner, int64_t smallest, int64_t *heap, int64_t at, int64_t n, int64_t value) { \
    for (int64_t child = 2 * at + 1; child < n; child = 2 * at + 1) {                                                         \
      if (child + 1 < n && ik_topk_before_##NAME(x, inner, smallest, heap[child * inner], heap[(child + 1) * inner]))         \
        ++child;                                                                                                              \
      if (!ik_topk_before_##NAME(x, inner, smallest, value, heap[child * inner]))                                             \
        break;                                                                                                                \
      heap[at * inner] = heap[child * inner];                                                                                 \
      at = child;                                                                                                             \
    }                                                                                                                         \
    heap[at * inner] = value;                                                                                                 \
  }                                                                                                                           \
  IK_KERNEL(ik_top_k_##NAME) {                                                                                                \
    const int64_t n = p[IK_TOPK_EXTENT], inner = p[IK_TOPK_INNER], k = p[IK_TOPK_K], smallest = p[IK_TOPK_SMALLEST];          \
    ik_range range = ik_share(k ? p[IK_TOPK_OUTER] * inner : 0, worker, workers);                                             \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      const int64_t outer = unit / inner, lane = unit % inner;                                                                \
      const T *x = (const T *)buf[0] + outer * n * inner + lane;                                                              \
      T *values = (T *)buf[1] + outer * k * inner + lane;                                                                     \
      int64_t *heap = (int64_t *)buf[2] + outer * k * inner + lane;                                                           \
      for (int64_t i = 0; i < k; ++i)                                                                                         \
        heap[i * inner] = i;                                                                                                  \
      for (int64_t i = k / 2 - 1; i >= 0; --i)                                                                                \
        ik_topk_sink_##NAME(x, inner, smallest, heap, i, k, heap[i * inner]);                                                 \
      for (int64_t i = k; i < n; ++i)                                                                                         \
        if (ik_topk_before_##NAME(x, inner, smallest, i, heap[0]))                                                            \
          ik_topk_sink_##NAME(x, inner, smallest, heap, 0, k, i);                                                             \
      for (int64_t last = k - 1; last > 0; --last) {                                                                          \
        int64_t moved = heap[last * inner];                                                                                   \
        heap[last * inner] = heap[0];                                                                                         \
        ik_topk_sink_##NAME(x, inner, smallest, heap, 0, last, moved);                                                        \
      }                                                                                                                       \
      for (int64_t i = 0; i < k; ++i)                                                                                         \
        values[i * inner] = x[heap[i * inner] * inner];                                                                       \
    }                                                                                                                         \
  }

IK_TOPK(float, f32)
IK_TOPK(double, f64)
IK_TOPK(_Float16, f16)
IK_TOPK(int8_t, i8)
IK_TOPK(int16_t, i16)
IK_TOPK(int32_t, i32)
IK_TOPK(int64_t, i64)
IK_TOPK(uint8_t, u8)
IK_TOPK(uint16_t, u16)
IK_TOPK(uint32_t, u32)
IK_TOPK(uint64_t, u64)
