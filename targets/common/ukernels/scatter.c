/* ik_scatter_elements_<type>, ik_scatter_nd_<type>: a copy of the input that updates meet in row-major order of the indices; parameters
 * in gather.h. Order decides the result where indices repeat, so worker 0 does it all. Plain writes (kind none) use the unsigned type
 * of the element's size. */
#include "targets/common/ukernels/gather.h"

#define IK_JOIN(T, WIDE_T, NAME)                                                                                              \
  static inline T ik_join_##NAME(int64_t kind, T old, T update) {                                                             \
    switch (kind) {                                                                                                           \
    case IK_SCATTER_ADD: return (T)((WIDE_T)old + (WIDE_T)update);                                                            \
    case IK_SCATTER_MUL: return (T)((WIDE_T)old * (WIDE_T)update);                                                            \
    case IK_SCATTER_MIN: return update < old || update != update ? update : old;                                              \
    case IK_SCATTER_MAX: return update > old || update != update ? update : old;                                              \
    default: return update;                                                                                                   \
    }                                                                                                                         \
  }

#define IK_SCATTER(T, WIDE_T, NAME)                                                                                           \
  IK_JOIN(T, WIDE_T, NAME)                                                                                                    \
  IK_KERNEL(ik_scatter_elements_##NAME) {                                                                                     \
    (void)workers;                                                                                                            \
    const T *updates = buf[2];                                                                                                \
    T *y = buf[3];                                                                                                            \
    if (worker != 0)                                                                                                          \
      return;                                                                                                                 \
    __builtin_memcpy(y, buf[0], (size_t)p[IK_ELEMENTS_TOTAL] * sizeof(T));                                                    \
    const int64_t rank = p[IK_ELEMENTS_RANK], wide = p[IK_ELEMENTS_WIDE], extent = p[IK_ELEMENTS_EXTENT];                     \
    const int64_t inner = rank ? p[IK_ELEMENTS_DIMS + rank - 1] : 1, step = rank ? p[IK_ELEMENTS_DIMS + 2 * rank - 1] : 0;    \
    for (int64_t row = 0, rows = ik_elements_rows(p); row < rows; ++row) {                                                    \
      int64_t base = ik_elements_base(p, row);                                                                                \
      for (int64_t i = 0, at = row * inner; i < inner; ++i, ++at) {                                                           \
        T *to = y + base + i * step + ik_index(buf[1], at, wide, extent) * p[IK_ELEMENTS_AXIS_STRIDE];                        \
        *to = ik_join_##NAME(p[IK_ELEMENTS_KIND], *to, updates[at]);                                                          \
      }                                                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  IK_KERNEL(ik_scatter_nd_##NAME) {                                                                                           \
    (void)workers;                                                                                                            \
    const T *updates = buf[2];                                                                                                \
    T *y = buf[3];                                                                                                            \
    if (worker != 0)                                                                                                          \
      return;                                                                                                                 \
    __builtin_memcpy(y, buf[0], (size_t)p[IK_TUPLES_TOTAL] * sizeof(T));                                                      \
    const int64_t slice = p[IK_TUPLES_SLICE];                                                                                 \
    for (int64_t tuple = 0; tuple < p[IK_TUPLES_BATCHES] * p[IK_TUPLES_TUPLES]; ++tuple) {                                    \
      T *to = y + ik_tuples_base(p, buf[1], tuple);                                                                           \
      for (int64_t i = 0; i < slice; ++i)                                                                                     \
        to[i] = ik_join_##NAME(p[IK_TUPLES_KIND], to[i], updates[tuple * slice + i]);                                         \
    }                                                                                                                         \
  }

IK_SCATTER(float, float, f32)
IK_SCATTER(double, double, f64)
IK_SCATTER(_Float16, float, f16)
IK_SCATTER(int8_t, uint32_t, i8)
IK_SCATTER(int16_t, uint32_t, i16)
IK_SCATTER(int32_t, uint32_t, i32)
IK_SCATTER(int64_t, uint64_t, i64)
IK_SCATTER(uint8_t, uint32_t, u8)
IK_SCATTER(uint16_t, uint32_t, u16)
IK_SCATTER(uint32_t, uint32_t, u32)
IK_SCATTER(uint64_t, uint64_t, u64)
