/* ik_pool2d_f32, ik_pool2d_f16 for shaders: one output an invocation, taps in (kh, kw) order, values as in ukernels/pool.c: padding is
 * -inf for a maximum and 0 for a sum, NaN wins a maximum, an average divides by rows times columns of the counted taps. */
#include "targets/common/ukernels/pool.h"
#include "targets/common/ukernels/ukernel.h"

static inline int64_t ik_pool_taps(int64_t at, int64_t kernel, int64_t dilation, int64_t low, int64_t extent, int64_t high, int64_t countPad) {
  int64_t n = 0, begin = countPad ? -low : 0, end = countPad ? extent + high : extent;
  for (int64_t k = 0; k < kernel; ++k)
    n += at + k * dilation >= begin && at + k * dilation < end;
  return n;
}

#define IK_POOL_DEFINE(T, NAME)                                                                                               \
  IK_KERNEL(ik_pool2d_##NAME) {                                                                                               \
    const T *x = buf[0];                                                                                                      \
    T *y = buf[1];                                                                                                            \
    const int64_t ow = p[IK_POOL_OW], area = p[IK_POOL_OH] * ow, ih = p[IK_POOL_IH], iw = p[IK_POOL_IW];                      \
    const int isMax = p[IK_POOL_KIND] == IK_POOL_MAX;                                                                         \
    ik_range range = ik_share(p[IK_POOL_PLANES] * area, worker, workers);                                                     \
    for (int64_t unit = range.begin; unit < range.end; ++unit) {                                                              \
      int64_t h0 = unit % area / ow * p[IK_POOL_SH] - p[IK_POOL_PH], w0 = unit % ow * p[IK_POOL_SW] - p[IK_POOL_PW];          \
      const T *plane = x + unit / area * ih * iw;                                                                             \
      float a = isMax ? -__builtin_inff() : 0.0f;                                                                             \
      for (int64_t kh = 0; kh < p[IK_POOL_KH]; ++kh)                                                                          \
        for (int64_t kw = 0; kw < p[IK_POOL_KW]; ++kw) {                                                                      \
          int64_t h = h0 + kh * p[IK_POOL_DH], i = w0 + kw * p[IK_POOL_DW];                                                   \
          float v = isMax ? -__builtin_inff() : 0.0f;                                                                         \
          if (h >= 0 && i >= 0 && h < ih && i < iw)                                                                           \
            v = (float)plane[h * iw + i];                                                                                     \
          a = !isMax ? a + v : v > a || v != v ? v : a;                                                                       \
        }                                                                                                                     \
      if (p[IK_POOL_KIND] == IK_POOL_AVERAGE) {                                                                               \
        float rows = (float)ik_pool_taps(h0, p[IK_POOL_KH], p[IK_POOL_DH], p[IK_POOL_PH], ih, p[IK_POOL_QH], p[IK_POOL_COUNT_PAD]); \
        float columns = (float)ik_pool_taps(w0, p[IK_POOL_KW], p[IK_POOL_DW], p[IK_POOL_PW], iw, p[IK_POOL_QW], p[IK_POOL_COUNT_PAD]); \
        a = a / (columns * rows);                                                                                             \
      }                                                                                                                       \
      y[unit] = (T)a;                                                                                                         \
    }                                                                                                                         \
  }

IK_POOL_DEFINE(float, f32)
IK_POOL_DEFINE(_Float16, f16)
