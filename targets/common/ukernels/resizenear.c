/* ik_resize_near_b<bits>: nearest resize along two adjacent axes of [OUTER][H][W][INNER], a copy of elements of that many bits;
 * parameters in resize.h. Parallel unit: one output row; rows of one input row are copied from each other. */
#include "targets/common/ukernels/resize.h"
#include "targets/common/ukernels/ukernel.h"

#define IK_RESIZE_NEAR(T, NAME)                                                                                               \
  static void ik_resize_pick_##NAME(T *out, const T *row, const int32_t *index, const int64_t *p) {                           \
    const int64_t inner = p[IK_RESIZE_INNER], ow = p[IK_RESIZE_OW];                                                           \
    const T outside = (T)p[IK_RESIZE_OUTSIDE];                                                                                \
    for (int64_t o = 0; o < ow; ++o) {                                                                                        \
      if (inner == 1)                                                                                                         \
        out[o] = index[o] < 0 ? outside : row[index[o]];                                                                      \
      else if (index[o] >= 0)                                                                                                 \
        __builtin_memcpy(out + o * inner, row + index[o] * inner, (size_t)inner * sizeof(T));                                           \
      else                                                                                                                    \
        for (int64_t i = 0; i < inner; ++i)                                                                                   \
          out[o * inner + i] = outside;                                                                                       \
    }                                                                                                                         \
  }                                                                                                                           \
  IK_KERNEL(ik_resize_near_##NAME) {                                                                                          \
    const T *x = buf[0];                                                                                                      \
    const int32_t *indexH = buf[1], *indexW = buf[2];                                                                         \
    T *y = buf[3];                                                                                                            \
    const int64_t oh = p[IK_RESIZE_OH], rowIn = p[IK_RESIZE_IW] * p[IK_RESIZE_INNER], rowOut = p[IK_RESIZE_OW] * p[IK_RESIZE_INNER]; \
    ik_range range = ik_share(p[IK_RESIZE_OUTER] * oh, worker, workers);                                                      \
    for (int64_t row = range.begin; row < range.end; ++row) {                                                                 \
      const int64_t o = row % oh;                                                                                             \
      T *to = y + row * rowOut;                                                                                               \
      if (row > range.begin && o > 0 && indexH[o] == indexH[o - 1])                                                           \
        __builtin_memcpy(to, to - rowOut, (size_t)rowOut * sizeof(T));                                                                  \
      else if (indexH[o] >= 0)                                                                                                \
        ik_resize_pick_##NAME(to, x + (row / oh * p[IK_RESIZE_IH] + indexH[o]) * rowIn, indexW, p);                           \
      else                                                                                                                    \
        for (int64_t i = 0; i < rowOut; ++i)                                                                                  \
          to[i] = (T)p[IK_RESIZE_OUTSIDE];                                                                                    \
    }                                                                                                                         \
  }

IK_RESIZE_NEAR(uint8_t, b8)
IK_RESIZE_NEAR(uint16_t, b16)
IK_RESIZE_NEAR(uint32_t, b32)
IK_RESIZE_NEAR(uint64_t, b64)
