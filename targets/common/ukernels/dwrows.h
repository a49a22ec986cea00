/* The inner loop of the depthwise convolutions (dwconv.c): four output rows by 16 columns from f32 lines whose padding is
 * written out and whose columns are split into SW phases. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_DWROWS_H
#define INGOT_TARGETS_COMMON_UKERNELS_DWROWS_H

#include "targets/common/ukernels/conv.h"
#include "targets/common/ukernels/micro.h"

typedef struct { int64_t kh, kw, sh, sw, dh, dw, width; } ik_dw; /* width: floats of one phase row */

/* c[r] = 16 outputs of row r: `in` is the first row's first line at this column. Kernels of 3 or 5 taps a row unroll; 9: 3 x 3 with stride 1,
 * whose rows share loads. */
#define IK_DW_ROWS(KW)                                                                                                        \
  IK_INLINE void ik_dw_rows_##KW(ik_f32x16 *c, const float *in, const float *w, ik_dw d, int64_t taps) {                      \
    ik_f32x16 a[4];                                                                                                           \
    const int64_t line = d.sw * d.width, step = line * d.sh;                                                                  \
    IK_UNROLL for (int r = 0; r < 4; ++r) a[r] = ik_splat16(0.0f);                                                            \
    IK_DW_LINES(KW) for (int64_t kh = 0; kh < d.kh; ++kh) {                                                                   \
      const float *row = in + kh * d.dh * line;                                                                               \
      IK_DW_LOOP(KW) for (int64_t kw = 0; kw < taps; ++kw) {                                                                  \
        ik_f32x16 f = ik_splat16(w[kh * taps + kw]);                                                                          \
        const float *from = row + (kw * d.dw) % d.sw * d.width + (kw * d.dw) / d.sw;                                          \
        IK_UNROLL for (int r = 0; r < 4; ++r) a[r] = ik_fma16(f, ik_load16_f32(from + r * step), a[r]);                       \
      }                                                                                                                       \
    }                                                                                                                         \
    IK_UNROLL for (int r = 0; r < 4; ++r) c[r] = a[r];                                                                        \
  }
#define IK_DW_LOOP(KW) IK_DW_LOOP_##KW
#define IK_DW_LOOP_3 IK_UNROLL
#define IK_DW_LOOP_5 IK_UNROLL
#define IK_DW_LOOP_0
#define IK_DW_LOOP_9 IK_UNROLL
#define IK_DW_LINES(KW) IK_DW_LINES_##KW
#define IK_DW_LINES_0
#define IK_DW_LINES_3
#define IK_DW_LINES_5
#define IK_DW_LINES_9 IK_UNROLL
IK_DW_ROWS(3)
IK_DW_ROWS(5)
IK_DW_ROWS(9)
IK_DW_ROWS(0)

static void ik_dw_rows(ik_f32x16 *c, const float *in, const float *w, ik_dw d) {
  if (d.kw == 3 && d.kh == 3 && d.dw == 1 && d.dh == 1 && d.sw == 1 && d.sh == 1) {
    d = (ik_dw){3, 3, 1, 1, 1, 1, d.width};
    ik_dw_rows_9(c, in, w, d, 3);
  } else if (d.kw == 3 && d.dw == 1 && d.sw == 1) {
    d.dw = 1, d.sw = 1;
    ik_dw_rows_3(c, in, w, d, 3);
  } else if (d.kw == 3 && d.dw == 1 && d.sw == 2) {
    d.dw = 1, d.sw = 2;
    ik_dw_rows_3(c, in, w, d, 3);
  } else if (d.kw == 5 && d.dw == 1 && d.sw == 1) {
    d.dw = 1, d.sw = 1;
    ik_dw_rows_5(c, in, w, d, 5);
  } else {
    ik_dw_rows_0(c, in, w, d, d.kw);
  }
}

#endif
