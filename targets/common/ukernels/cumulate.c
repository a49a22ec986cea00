/* ik_cumulate_<type>: running sums and products along one axis; parameters in order.h. f32 and f64 run in double, f16 in f32, and round
 * once an element; integers are modulo 2^bits, so that unsigned types serve signed ones. Parallel unit: one line along the axis. */
#include "targets/common/ukernels/order.h"
#include "targets/common/ukernels/ukernel.h"

#define IK_CUMULATE(T, ACC, NAME)                                                                                             \
  IK_KERNEL(ik_cumulate_##NAME) {                                                                                             \
    const int64_t n = p[IK_CUMULATE_EXTENT], inner = p[IK_CUMULATE_INNER];                                                    \
    ik_range range = ik_share(p[IK_CUMULATE_OUTER] * inner, worker, workers);                                                 \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      const int64_t first = unit / inner * n * inner + unit % inner;                                                          \
      const T *x = (const T *)buf[0] + first;                                                                                 \
      T *y = (T *)buf[1] + first;                                                                                             \
      ACC total = p[IK_CUMULATE_PRODUCT] ? 1 : 0;                                                                             \
      for (int64_t i = 0; i < n; ++i) {                                                                                       \
        int64_t at = (p[IK_CUMULATE_REVERSE] ? n - 1 - i : i) * inner;                                                        \
        ACC next = p[IK_CUMULATE_PRODUCT] ? total * (ACC)x[at] : total + (ACC)x[at];                                          \
        y[at] = (T)(p[IK_CUMULATE_EXCLUSIVE] ? total : next);                                                                 \
        total = next;                                                                                                         \
      }                                                                                                                       \
    }                                                                                                                         \
  }

IK_CUMULATE(float, double, f32)
IK_CUMULATE(double, double, f64)
IK_CUMULATE(_Float16, float, f16)
IK_CUMULATE(uint8_t, uint32_t, u8)
IK_CUMULATE(uint16_t, uint32_t, u16)
IK_CUMULATE(uint32_t, uint32_t, u32)
IK_CUMULATE(uint64_t, uint64_t, u64)
