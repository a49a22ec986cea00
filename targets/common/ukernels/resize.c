/* ik_resize_axis_<in>_<out>: interpolation along one axis; parameters in resize.h.
 * Floats: one fused multiply-add chain in tap order from 0. Integers and f64 multiply and add in double, as the reference does, and
 * integers are truncated. Parallel unit: one output row. */
#include "targets/common/ukernels/micro.h"
#include "targets/common/ukernels/resize.h"

IK_INLINE float ik_resize_add_f32(float w, float x, float sum) { return __builtin_fmaf(w, x, sum); }
IK_INLINE double ik_resize_add_f64(double w, double x, double sum) { return sum + w * x; }
/* Truncates; what no 64-bit integer holds gives 0. */
IK_INLINE int64_t ik_resize_whole(double v) { return v > -0x1p62 && v < 0x1p62 ? (int64_t)v : 0; }

#define IK_RESIZE_AXIS(NAME, IN, OUT, ACC, MATH, PUT)                                                                         \
  IK_KERNEL(ik_resize_axis_##NAME) {                                                                                          \
    const IN *x = buf[0];                                                                                                     \
    const int32_t *index = buf[1];                                                                                            \
    const ACC *weight = buf[2];                                                                                               \
    OUT *y = buf[3];                                                                                                          \
    const int64_t in = p[IK_RESIZE_IH], out = p[IK_RESIZE_OH], inner = p[IK_RESIZE_INNER];                                    \
    ik_range range = ik_share(p[IK_RESIZE_OUTER] * out, worker, workers);                                                     \
    for (int64_t row = range.begin; row < range.end; ++row) {                                                                 \
      const int64_t o = row % out;                                                                                            \
      const IN *plane = x + row / out * in * inner;                                                                           \
      const int outside = index[o] < 0;                                                                                       \
      for (int64_t at = 0; at < inner; at += IK_RESIZE_BLOCK) {                                                               \
        ACC sum[IK_RESIZE_BLOCK];                                                                                             \
        const int64_t n = inner - at < IK_RESIZE_BLOCK ? inner - at : IK_RESIZE_BLOCK;                                        \
        for (int64_t i = 0; i < n; ++i)                                                                                       \
          sum[i] = outside ? ik_##MATH(p[IK_RESIZE_OUTSIDE]) : 0;                                                             \
        for (int64_t t = 0; t < p[IK_RESIZE_TAPSH] && !outside; ++t) {                                                        \
          const ACC w = weight[t * out + o];                                                                                  \
          const IN *from = plane + index[t * out + o] * inner + at;                                                           \
          for (int64_t i = 0; i < n && w != 0; ++i)                                                                           \
            sum[i] = ik_resize_add_##MATH(w, (ACC)from[i], sum[i]);                                                           \
        }                                                                                                                     \
        for (int64_t i = 0; i < n; ++i)                                                                                       \
          y[row * inner + at + i] = (OUT)PUT(sum[i]);                                                                         \
      }                                                                                                                       \
    }                                                                                                                         \
  }

IK_RESIZE_AXIS(f32_f32, float, float, float, f32, )
IK_RESIZE_AXIS(f16_f16, _Float16, _Float16, float, f32, )
IK_RESIZE_AXIS(f16_f32, _Float16, float, float, f32, )
IK_RESIZE_AXIS(f32_f16, float, _Float16, float, f32, )
IK_RESIZE_AXIS(f64_f64, double, double, double, f64, )
IK_RESIZE_AXIS(u8_u8, uint8_t, uint8_t, double, f64, ik_resize_whole)
IK_RESIZE_AXIS(u8_f64, uint8_t, double, double, f64, )
IK_RESIZE_AXIS(f64_u8, double, uint8_t, double, f64, ik_resize_whole)
IK_RESIZE_AXIS(i8_i8, int8_t, int8_t, double, f64, ik_resize_whole)
IK_RESIZE_AXIS(i8_f64, int8_t, double, double, f64, )
IK_RESIZE_AXIS(f64_i8, double, int8_t, double, f64, ik_resize_whole)
IK_RESIZE_AXIS(i32_i32, int32_t, int32_t, double, f64, ik_resize_whole)
IK_RESIZE_AXIS(i32_f64, int32_t, double, double, f64, )
IK_RESIZE_AXIS(f64_i32, double, int32_t, double, f64, ik_resize_whole)
