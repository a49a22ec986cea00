/* nn.arg_reduce over the middle of [outer, n, inner], parameters in argreduce.h. Of equal elements the first, or the last if asked.
 * Parallel unit: one result. */
#include "targets/common/ukernels/argreduce.h"
#include "targets/common/ukernels/ukernel.h"

#define IK_ARGREDUCE(T, NAME)                                                            \
  IK_KERNEL(ik_argreduce_##NAME);                                                        \
  IK_KERNEL(ik_argreduce_##NAME) {                                                       \
    const int64_t n = p[IK_ARG_N], inner = p[IK_ARG_INNER];                              \
    const int smallest = p[IK_ARG_SMALLEST] != 0, last = p[IK_ARG_LAST] != 0;            \
    ik_range range = ik_share(p[IK_ARG_OUTER] * inner, worker, workers);                 \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                         \
      const T *x = (const T *)buf[0] + unit / inner * n * inner + unit % inner;          \
      int64_t best = 0;                                                                  \
      for (int64_t i = 1; i < n; ++i) {                                                  \
        T v = x[i * inner], b = x[best * inner];                                         \
        best = (smallest ? v < b : v > b) || (last && v == b) ? i : best;                \
      }                                                                                  \
      ((int64_t *)buf[1])[unit] = best;                                                  \
    }                                                                                    \
  }

IK_ARGREDUCE(float, f32)
IK_ARGREDUCE(double, f64)
IK_ARGREDUCE(int8_t, i8)
IK_ARGREDUCE(uint8_t, u8)
IK_ARGREDUCE(int16_t, i16)
IK_ARGREDUCE(uint16_t, u16)
IK_ARGREDUCE(int32_t, i32)
IK_ARGREDUCE(uint32_t, u32)
IK_ARGREDUCE(int64_t, i64)
IK_ARGREDUCE(uint64_t, u64)
