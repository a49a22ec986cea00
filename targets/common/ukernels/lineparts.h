/* Lines of a band in scratch, and storing what was computed of them (convlines.c, convpairs.c); the geometry is lines.h. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_LINEPARTS_H
#define INGOT_TARGETS_COMMON_UKERNELS_LINEPARTS_H

#include "targets/common/ukernels/convparts.h"
#include "targets/common/ukernels/lines.h"

#define IK_LINES_PACK(T, NAME)                                                                                                \
  /* The lines of output rows h0.. of one channel x; what a line writes too much is written again, or lies behind the last one. Those outside of the \
   * input are zero, or stay as they are if nobody reads them. Returns the end. */                                            \
  static float *ik_lines_channel_##NAME(float *lines, const T *x, const T *end, const int64_t *p, const ik_lines *l, int64_t h0, int inside) { \
    const int64_t ih = p[IK_CONV_IH], iw = p[IK_CONV_IW], sh = p[IK_CONV_SH], sw = p[IK_CONV_SW];                             \
    for (int64_t fh = 0; fh < l->phasesH; ++fh)                                                                               \
      for (int64_t fw = 0; fw < l->phasesW; ++fw)                                                                             \
        for (int64_t j = 0; j < l->lines; ++j, lines += l->pitch) {                                                           \
          const int64_t h = (h0 + j) * sh + fh - p[IK_CONV_PH], w = fw - p[IK_CONV_PW];                                       \
          if (h >= 0 && h < ih)                                                                                               \
            ik_conv_gather_##NAME(lines, x + h * iw, w, l->pitch, sw, iw, end);                                               \
          else if (!inside)                                                                                                   \
            for (int64_t i = 0; i < l->pitch; i += 16)                                                                        \
              ik_store16_f32(lines + i, ik_splat16(0.0f));                                                                    \
        }                                                                                                                     \
    return lines;                                                                                                             \
  }

#define IK_LINES_FINISH(T, NAME)                                                                                              \
  /* Places [first, first + count) of the band, whose first row is y's: without a residual the tail is applied before the places \
   * between the rows are dropped, in whole vectors. */                                                                       \
  static void ik_lines_finish_##NAME(float *c, T *y, const T *bias, const T *residual, int64_t rows, int64_t first, int64_t count, \
                                     int64_t pitch, const int64_t *p, ik_epilogue e) {                                        \
    const int64_t ow = p[IK_CONV_OW], area = p[IK_CONV_OH] * ow;                                                              \
    const ik_f32x16 zero = ik_splat16(0.0f);                                                                                  \
    const ik_epilogue none = {0, 0, 0.0f, 0.0f};                                                                              \
    if (!residual)                                                                                                            \
      for (int64_t r = 0; r < rows; ++r)                                                                                      \
        for (int64_t i = 0; i < count; i += 16) {                                                                             \
          ik_f32x16 v = ik_load16_f32(c + r * 48 + i);                                                                        \
          ik_store16_f32(c + r * 48 + i, ik_finish16(bias ? v + ik_splat16((float)bias[r]) : v, zero, e));                    \
        }                                                                                                                     \
    for (int64_t i = 0; i < count;) {                                                                                         \
      int64_t h = (first + i) / pitch, w = (first + i) % pitch, left = ow - w < count - i ? ow - w : count - i;               \
      if (left > 0)                                                                                                           \
        ik_conv_finish_##NAME(c + i, y + h * ow + w, residual ? bias : 0, residual ? residual + h * ow + w : 0, rows, left, area, \
                              residual ? e : none);                                                                           \
      i += pitch - w;                                                                                                         \
    }                                                                                                                         \
  }

#endif
