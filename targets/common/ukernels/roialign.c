/* ik_roi_align_<type>: samples on a grid over boxes, their means or maxima (nn.roi_align says every step); parameters in roialign.h. Channels lie
 * side by side, so that a sample is four rows of the image times weights. Parallel unit: one box. */
#include "targets/common/ukernels/roialign.h"
#include "targets/common/ukernels/math16.h"

IK_INLINE float ik_roi_fma_f32(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
IK_INLINE double ik_roi_fma_f64(double a, double b, double c) { return __builtin_fma(a, b, c); }

#define IK_ROI(T, NAME)                                                                                                       \
  typedef struct { T start, bin; int64_t samples, extent; } ik_roi_axis_##NAME;                                               \
  typedef struct { int64_t low, high; T rest, part; } ik_roi_place_##NAME;                                                    \
  IK_INLINE ik_roi_axis_##NAME ik_roi_over_##NAME(T low, T high, int64_t out, int64_t extent, const int64_t *p) {             \
    const T scale = ik_##NAME(p[IK_ROI_SCALE]), offset = ik_##NAME(p[IK_ROI_OFFSET]);                                         \
    const T start = low * scale - offset, end = high * scale - offset;                                                        \
    T size = end - start;                                                                                                     \
    if (p[IK_ROI_AT_LEAST_ONE] && size < 1)                                                                                   \
      size = 1;                                                                                                               \
    ik_roi_axis_##NAME a = {start, size / (T)out, p[IK_ROI_SAMPLES], extent};                                                 \
    if (a.samples == 0 && a.bin > 0) {                                                                                        \
      const T most = a.bin < IK_ROI_MOST_SAMPLES ? a.bin : IK_ROI_MOST_SAMPLES;                                               \
      a.samples = (int64_t)most + ((T)(int64_t)most < most);                                                                  \
    }                                                                                                                         \
    return a;                                                                                                                 \
  }                                                                                                                           \
  /* Where sample i of bin o lies; 0 outside of the image. */                                                                 \
  IK_INLINE int ik_roi_at_##NAME(const ik_roi_axis_##NAME *a, int64_t o, int64_t i, ik_roi_place_##NAME *place) {             \
    const T last = (T)(a->extent - 1);                                                                                        \
    T at = (a->start + (T)o * a->bin) + ((T)i + (T)0.5) * a->bin / (T)a->samples;                                             \
    if (!(at >= -1 && at <= (T)a->extent))                                                                                    \
      return 0;                                                                                                               \
    at = at < 0 ? 0 : at > last ? last : at;                                                                                  \
    place->low = (int64_t)at, place->high = place->low + 1 < a->extent ? place->low + 1 : a->extent - 1;                      \
    place->part = at - (T)place->low, place->rest = 1 - place->part;                                                          \
    return 1;                                                                                                                 \
  }                                                                                                                           \
  IK_INLINE T ik_roi_larger_##NAME(T y, T x) { return x > y || x != x ? x : y; }                                              \
  /* One sample of all channels into y. */                                                                                    \
  IK_INLINE void ik_roi_take_##NAME(T *restrict y, const T *image, ik_roi_place_##NAME v, ik_roi_place_##NAME h, const int64_t *p) { \
    const int64_t channels = p[IK_ROI_C], wide = p[IK_ROI_W] * channels;                                                      \
    const T *a = image + v.low * wide + h.low * channels, *b = image + v.low * wide + h.high * channels;                      \
    const T *c = image + v.high * wide + h.low * channels, *d = image + v.high * wide + h.high * channels;                    \
    const T wa = v.rest * h.rest, wb = v.rest * h.part, wc = v.part * h.rest, wd = v.part * h.part;                           \
    if (p[IK_ROI_MAXIMUM]) {                                                                                                  \
      for (int64_t i = 0; i < channels; ++i) {                                                                                \
        const T over = ik_roi_larger_##NAME(ik_roi_larger_##NAME(y[i], a[i] * wa), b[i] * wb);                                \
        y[i] = ik_roi_larger_##NAME(ik_roi_larger_##NAME(over, c[i] * wc), d[i] * wd);                                        \
      }                                                                                                                       \
      return;                                                                                                                 \
    }                                                                                                                         \
    for (int64_t i = 0; i < channels; ++i) {                                                                                  \
      const T over = ik_roi_fma_##NAME(b[i], wb, ik_roi_fma_##NAME(a[i], wa, y[i]));                                          \
      y[i] = ik_roi_fma_##NAME(d[i], wd, ik_roi_fma_##NAME(c[i], wc, over));                                                  \
    }                                                                                                                         \
  }                                                                                                                           \
  static void ik_roi_bin_##NAME(T *restrict y, const T *image, const ik_roi_axis_##NAME *down, const ik_roi_axis_##NAME *across, int64_t bin, const int64_t *p) { \
    const int64_t channels = p[IK_ROI_C], ow = p[IK_ROI_OW], all = (down->samples < 0 ? 0 : down->samples) * across->samples; \
    const T first = p[IK_ROI_MAXIMUM] && all > 0 ? -(T)__builtin_inff() : 0;                                                  \
    int64_t taken = 0;                                                                                                        \
    ik_roi_place_##NAME v, h;                                                                                                 \
    for (int64_t i = 0; i < channels; ++i)                                                                                    \
      y[i] = first;                                                                                                           \
    for (int64_t i = 0; i < down->samples; ++i)                                                                               \
      if (ik_roi_at_##NAME(down, bin / ow, i, &v))                                                                            \
        for (int64_t j = 0; j < across->samples; ++j)                                                                         \
          if (ik_roi_at_##NAME(across, bin % ow, j, &h)) {                                                                    \
            ik_roi_take_##NAME(y, image, v, h, p);                                                                            \
            ++taken;                                                                                                          \
          }                                                                                                                   \
    for (int64_t i = 0; i < channels && p[IK_ROI_MAXIMUM] && taken < all; ++i) /* a sample outside is 0 */                    \
      y[i] = ik_roi_larger_##NAME(y[i], 0);                                                                                   \
    const T share = 1 / (T)all;                                                                                               \
    const int exact = (all & (all - 1)) == 0;                                                                                 \
    for (int64_t i = 0; i < channels && !p[IK_ROI_MAXIMUM] && all > 1; ++i)                                                   \
      y[i] = exact ? y[i] * share : y[i] / (T)all;                                                                            \
  }                                                                                                                           \
  IK_KERNEL(ik_roi_align_##NAME) {                                                                                            \
    const int64_t n = p[IK_ROI_N], plane = p[IK_ROI_H] * p[IK_ROI_W] * p[IK_ROI_C], bins = p[IK_ROI_OH] * p[IK_ROI_OW];       \
    const int64_t rows = p[IK_ROI_COUNTED] ? *(const int64_t *)buf[3] : p[IK_ROI_R];                                          \
    T *y = buf[p[IK_ROI_COUNTED] ? 4 : 3];                                                                                    \
    ik_range range = ik_share(p[IK_ROI_R], worker, workers);                                                                  \
    for (int64_t row = range.begin; row < range.end; ++row) {                                                                 \
      T *to = y + row * bins * p[IK_ROI_C];                                                                                   \
      if (row >= rows) {                                                                                                      \
        __builtin_memset(to, 0, (size_t)(bins * p[IK_ROI_C]) * sizeof(T));                                                    \
        continue;                                                                                                             \
      }                                                                                                                       \
      const T *box = (const T *)buf[1] + row * 4;                                                                             \
      const ik_roi_axis_##NAME down = ik_roi_over_##NAME(box[1], box[3], p[IK_ROI_OH], p[IK_ROI_H], p);                       \
      const ik_roi_axis_##NAME across = ik_roi_over_##NAME(box[0], box[2], p[IK_ROI_OW], p[IK_ROI_W], p);                     \
      int64_t picture = ((const int64_t *)buf[2])[row];                                                                       \
      picture = picture < 0 ? 0 : picture > n - 1 ? n - 1 : picture;                                                          \
      for (int64_t bin = 0; bin < bins; ++bin)                                                                                \
        ik_roi_bin_##NAME(to + bin * p[IK_ROI_C], (const T *)buf[0] + picture * plane, &down, &across, bin, p);               \
    }                                                                                                                         \
  }

IK_ROI(float, f32)
IK_ROI(double, f64)
