/* ik_cumulate_<type>: running sums and products along one axis; parameters in order.h. f32 and f64 run in double, f16 in f32, and round
 * once an element; integers are modulo 2^bits, so that unsigned types serve signed ones. Parallel unit: one line along the axis. */
#include "targets/common/ukernels/math16.h"
#include "targets/common/ukernels/order.h"
#include "targets/common/ukernels/ukernel.h"

enum { IK_CUMULATE_LINES = 16 };

#define IK_CUMULATE(T, ACC, NAME)                                                                                                                      \
  /* `lines` neighbours, so that registers hold one step of each. */                                                                                   \
  IK_INLINE void ik_cumulate_lines_##NAME(const int lines, const T *x, T *y, const int64_t *p) {                                                       \
    const int64_t n = p[IK_CUMULATE_EXTENT], inner = p[IK_CUMULATE_INNER];                                                                             \
    const int isProduct = p[IK_CUMULATE_PRODUCT] != 0, isExclusive = p[IK_CUMULATE_EXCLUSIVE] != 0, isReverse = p[IK_CUMULATE_REVERSE] != 0;           \
    ACC total[IK_CUMULATE_LINES];                                                                                                                      \
    for (int l = 0; l < lines; ++l)                                                                                                                    \
      total[l] = isProduct ? 1 : 0;                                                                                                                    \
    for (int64_t i = 0; i < n; ++i) {                                                                                                                  \
      const int64_t at = (isReverse ? n - 1 - i : i) * inner;                                                                                          \
      for (int l = 0; l < lines; ++l) {                                                                                                                \
        const ACC value = (ACC)x[at + l], next = isProduct ? total[l] * value : total[l] + value;                                                      \
        y[at + l] = (T)(isExclusive ? total[l] : next);                                                                                                \
        total[l] = next;                                                                                                                               \
      }                                                                                                                                                \
    }                                                                                                                                                  \
  }                                                                                                                                                    \
  IK_KERNEL(ik_cumulate_##NAME) {                                                                                                                      \
    const int64_t n = p[IK_CUMULATE_EXTENT], inner = p[IK_CUMULATE_INNER];                                                                             \
    ik_range range = ik_share(p[IK_CUMULATE_OUTER] * inner, worker, workers);                                                                          \
    for (int64_t unit = range.begin; unit < range.end;) {                                                                                              \
      const int64_t column = unit % inner, first = unit / inner * n * inner + column;                                                                  \
      const int isWide = column + IK_CUMULATE_LINES <= inner && unit + IK_CUMULATE_LINES <= range.end;                                                 \
      if (isWide)                                                                                                                                      \
        ik_cumulate_lines_##NAME(IK_CUMULATE_LINES, (const T *)buf[0] + first, (T *)buf[1] + first, p);                                                \
      else                                                                                                                                             \
        ik_cumulate_lines_##NAME(1, (const T *)buf[0] + first, (T *)buf[1] + first, p);                                                                \
      unit += isWide ? IK_CUMULATE_LINES : 1;                                                                                                          \
    }                                                                                                                                                  \
  }

IK_CUMULATE(float, double, f32)
IK_CUMULATE(double, double, f64)
IK_CUMULATE(_Float16, float, f16)
IK_CUMULATE(uint8_t, uint32_t, u8)
IK_CUMULATE(uint16_t, uint32_t, u16)
IK_CUMULATE(uint32_t, uint32_t, u32)
IK_CUMULATE(uint64_t, uint64_t, u64)
