/* What the convolution kernels with panels of 8 output channels share (conv.c, convlines.c, convpairs.c): reading a line of pixels, the
 * panels of weights, storing a tile. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_CONVPARTS_H
#define INGOT_TARGETS_COMMON_UKERNELS_CONVPARTS_H

#include "targets/common/ukernels/conv.h"
#include "targets/common/ukernels/micro.h"
#include "targets/common/ukernels/narrow.h"
#include "targets/common/ukernels/slices.h"

/* Output channels of a panel. */
IK_INLINE int64_t ik_conv_rows(const int64_t *p, int64_t panel) {
  const int64_t left = p[IK_CONV_OC] - panel * 8;
  return p[IK_CONV_FULL] || left > 8 ? 8 : left;
}

/* Vectors of one of the (vectors + 2) / 3 tiles: slice.count, so said that a call's constants show which counts there are. */
IK_INLINE int64_t ik_tile_vecs(int64_t vectors, ik_slice slice) { return vectors == 1 ? 1 : vectors % 3 == 0 || slice.count == 3 ? 3 : 2; }

#define IK_CONV_GATHER(T, NAME)                                                                                              \
  /* out[0..count) = row[w + i * stride], zero outside [0, width); writes at most 15 more. `end`: one past the readable input. */\
  IK_INLINE void ik_conv_gather_##NAME(float *out, const T *row, int64_t w, int64_t count, int64_t stride, int64_t width, const T *end) {\
    const int64_t before = w < 0 ? (stride - 1 - w) / stride : 0, inside = w < width ? (width - w + stride - 1) / stride : 0; \
    const int64_t low = before < count ? before : count, high = inside < low ? low : inside < count ? inside : count;         \
    const int64_t steps = (high - low + 15) / 16 * 16, at = w + low * stride;                                                 \
    const T *from = row + at;                                                                                                 \
    for (int64_t i = 0; i < low; i += 16)                                                                                     \
      ik_store16_f32(out + i, ik_splat16(0.0f));                                                                              \
    if (stride == 1 && steps <= end - from) {                                                                                 \
      for (int64_t i = 0; i < steps; i += 16)                                                                                 \
        ik_store16_f32(out + low + i, ik_load16_##NAME(from + i));                                                            \
    } else if (stride == 2 && steps * 2 <= end - from + 1) {                                                                      \
      for (int64_t i = 0; i < steps; i += 16)                                                                                 \
        ik_store16_f32(out + low + i, ik_even16(ik_load16_##NAME(from + i * 2), ik_load16_##NAME(from + i * 2 + 15)));        \
    } else {                                                                                                                  \
      for (int64_t i = 0; i < high - low; ++i)                                                                                \
        out[low + i] = ik_load1_##NAME(from + i * stride);                                                                    \
    }                                                                                                                         \
    for (int64_t i = high; i < count; i += 16)                                                                                \
      ik_store16_f32(out + i, ik_splat16(0.0f));                                                                              \
  }

#define IK_CONV_PARTS(T, NAME)                                                                                               \
  /* The f32 panel [k1 - k0][8] of channels 8 panel.. of group g: the packed weights themselves, or a copy in `room`. */       \
  __attribute__((unused)) static const float *ik_conv_weights_##NAME(const T *w, const int64_t *p, int64_t g, int64_t panel, int64_t k0, int64_t k1, int64_t depth, \
                                             float *room) {                                                                   \
    int64_t panels = (p[IK_CONV_OC] + 7) / 8;                                                                                 \
    if (p[IK_CONV_PACKED]) {                                                                                                  \
      const T *from = w + ((g * panels + panel) * depth + k0) * 8;                                                            \
      if (sizeof(T) == sizeof(float))                                                                                         \
        return (const float *)from;                                                                                           \
      const int64_t count = (k1 - k0) * 8, whole = count & ~(int64_t)15;                                                      \
      for (int64_t i = 0; i < whole; i += 16) {                                                                               \
        __builtin_prefetch((const void *)((uintptr_t)(from + i) + (uintptr_t)(depth * 8 * (int64_t)sizeof(T)))); /* the next panel's block */ \
        ik_store16_f32(room + i, ik_load16_##NAME(from + i));                                                                 \
      }                                                                                                                       \
      for (int64_t i = whole; i < count; ++i)                                                                                 \
        room[i] = (float)from[i];                                                                                             \
      return room;                                                                                                            \
    }                                                                                                                         \
    for (int64_t r = 0; r < 8; ++r)                                                                                           \
      for (int64_t k = k0; k < k1; ++k)                                                                                       \
        room[(k - k0) * 8 + r] = panel * 8 + r < p[IK_CONV_OC] ? (float)w[(g * p[IK_CONV_OC] + panel * 8 + r) * depth + k] : 0.0f; \
    return room;                                                                                                              \
  }                                                                                                                           \
  /* y // rows of `area`: bias, residual, activation, store of rows x count accumulators. */                                  \
  __attribute__((unused)) static void ik_conv_finish_##NAME(const float *c, T *y, const T *bias, const T *residual, int64_t rows, int64_t count, int64_t area, \
                                    ik_epilogue e) {                                                                          \
    for (int64_t r = 0; r < rows; ++r, c += 48, y += area) {                                                                  \
      ik_f32x16 b = ik_splat16(bias ? (float)bias[r] : 0.0f), zero = ik_splat16(0.0f);                                        \
      for (int64_t i = 0; i < count; i += 16) {                                                                               \
        ik_f32x16 v = ik_load16_f32(c + i);                                                                                   \
        if (bias)                                                                                                             \
          v = v + b;                                                                                                          \
        const T *from = residual ? residual + r * area + i : 0;                                                               \
        if (count - i >= 16)                                                                                                  \
          ik_store16_##NAME(y + i, ik_finish16(v, from ? ik_load16_##NAME(from) : zero, e));                                  \
        else                                                                                                                  \
          ik_store_part_##NAME(y + i, ik_finish16(v, from ? ik_load_part_##NAME(from, count - i) : zero, e), count - i);      \
      }                                                                                                                       \
    }                                                                                                                         \
  }

IK_CONV_GATHER(float, f32)
IK_CONV_GATHER(_Float16, f16)
IK_CONV_GATHER(float, f32_f16)
IK_CONV_PARTS(float, f32)
IK_CONV_PARTS(_Float16, f16)

#endif
