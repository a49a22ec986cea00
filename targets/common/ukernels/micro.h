/* The inner product of conv.c and matmul.c: up to 8 rows by 48 columns of accumulators in registers, one fused multiply-add
 * per k in k order. Also 16-lane loads, stores and the epilogue. The tiling follows the registers of the ISA; it never changes
 * a result, because no sum is split. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_MICRO_H
#define INGOT_TARGETS_COMMON_UKERNELS_MICRO_H

#include "targets/common/ukernels/epilogue.h"
#include "targets/common/ukernels/math16.h"

typedef float ik_f32x16u __attribute__((ext_vector_type(16), aligned(4)));
typedef _Float16 ik_f16x16 __attribute__((ext_vector_type(16)));
typedef _Float16 ik_f16x16u __attribute__((ext_vector_type(16), aligned(2)));

IK_INLINE ik_f32x16 ik_load16_f32(const float *p) { return *(const ik_f32x16u *)p; }
IK_INLINE void ik_store16_f32(float *p, ik_f32x16 v) { *(ik_f32x16u *)p = v; }
#if IK_FLOAT_VECTORS
IK_INLINE ik_f32x16 ik_load16_f16(const _Float16 *p) { return __builtin_convertvector((ik_f16x16)*(const ik_f16x16u *)p, ik_f32x16); }
IK_INLINE void ik_store16_f16(_Float16 *p, ik_f32x16 v) { *(ik_f16x16u *)p = __builtin_convertvector(v, ik_f16x16); }
#else
static __attribute__((noinline, unused)) void ik_lanes_widen(float *to, const _Float16 *from) {
  _Pragma("clang loop unroll(disable) vectorize(disable)") for (int i = 0; i < 16; ++i) to[i] = (float)from[i];
}
static __attribute__((noinline, unused)) void ik_lanes_narrow(_Float16 *to, const float *from) {
  _Pragma("clang loop unroll(disable) vectorize(disable)") for (int i = 0; i < 16; ++i) to[i] = (_Float16)from[i];
}
IK_INLINE ik_f32x16 ik_load16_f16(const _Float16 *p) {
  ik_f32x16 v;
  ik_lanes_widen((float *)&v, p);
  return v;
}
IK_INLINE void ik_store16_f16(_Float16 *p, ik_f32x16 v) { ik_lanes_narrow(p, (const float *)&v); }
#endif

/* Elements 0, 2, .. 30 behind a pointer, from the vectors at it and 15 further: nothing past the last one is read. */
IK_INLINE ik_f32x16 ik_even16(ik_f32x16 at0, ik_f32x16 at15) {
  return __builtin_shufflevector(at0, at15, 0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31);
}

/* The first n < 16 lanes; the others read as zero. */
IK_INLINE ik_f32x16 ik_load_part_f32(const float *p, int64_t n) {
#if defined(__AVX512F__)
  return __builtin_ia32_loadups512_mask(p, ik_splat16(0.0f), (uint16_t)((1u << n) - 1));
#else
  float t[16] = {0};
  for (int64_t i = 0; i < n; ++i)
    t[i] = p[i];
  return ik_load16_f32(t);
#endif
}
/* The first n lanes, at least one. */
IK_INLINE ik_f32x16 ik_load_some_f32(const float *p, int64_t n) { return n >= 16 ? ik_load16_f32(p) : ik_load_part_f32(p, n); }
IK_INLINE ik_f32x16 ik_load_part_f16(const _Float16 *p, int64_t n) {
  _Float16 t[16] = {0};
  for (int64_t i = 0; i < n; ++i)
    t[i] = p[i];
  return ik_load16_f16(t);
}
IK_INLINE void ik_store_part_f32(float *p, ik_f32x16 v, int64_t n) {
#if defined(__AVX512F__)
  __builtin_ia32_storeups512_mask(p, v, (uint16_t)((1u << n) - 1));
#else
  float t[16];
  ik_store16_f32(t, v);
  if (n >= 8) { /* two pieces that overlap */
    __builtin_memcpy(p, t, 32);
    __builtin_memcpy(p + n - 8, t + n - 8, 32);
  } else if (n >= 4) {
    __builtin_memcpy(p, t, 16);
    __builtin_memcpy(p + n - 4, t + n - 4, 16);
  } else {
    for (int64_t i = 0; i < n; ++i)
      p[i] = t[i];
  }
#endif
}
/* At most 16 of them; none if n <= 0. */
IK_INLINE void ik_store_some_f32(float *p, ik_f32x16 v, int64_t n) {
  if (n >= 16)
    ik_store16_f32(p, v);
  else if (n > 0)
    ik_store_part_f32(p, v, n);
}
IK_INLINE void ik_store_part_f16(_Float16 *p, ik_f32x16 v, int64_t n) {
  _Float16 t[16];
  ik_store16_f16(t, v);
  for (int64_t i = 0; i < n; ++i)
    p[i] = t[i];
}

IK_INLINE ik_f32x16 ik_activate16(ik_f32x16 x, int64_t kind, float alpha, float beta) {
  const ik_f32x16 zero = ik_splat16(0.0f);
  switch (kind) {
  case IK_ACT_RELU: return ik_select16(x < zero, zero, x);
  case IK_ACT_CLIP: return ik_clamp16(x, alpha, beta);
  case IK_ACT_LEAKY_RELU: return ik_select16(x < zero, x * ik_splat16(alpha), x);
  case IK_ACT_SIGMOID: return ik_sigmoid16(x);
  case IK_ACT_SILU: return x * ik_sigmoid16(x);
  case IK_ACT_HARD_SIGMOID: return ik_clamp16(ik_fma16(ik_splat16(alpha), x, ik_splat16(beta)), 0.0f, 1.0f);
  case IK_ACT_HARD_SWISH: return x * ik_clamp16(ik_fma16(ik_splat16(1.0f / 6.0f), x, ik_splat16(0.5f)), 0.0f, 1.0f);
  case IK_ACT_TANH: return ik_tanh16(x);
  default: return x;
  }
}
typedef struct { int64_t act, residual; float alpha, beta; } ik_epilogue;
#if IK_FLOAT_VECTORS
IK_INLINE
#else
static __attribute__((noinline, unused))
#endif
ik_f32x16 ik_finish16(ik_f32x16 v, ik_f32x16 residual, ik_epilogue e) {
  if (e.residual == IK_RESIDUAL_BEFORE)
    v = v + residual;
  v = ik_activate16(v, e.act, e.alpha, e.beta);
  return e.residual == IK_RESIDUAL_AFTER ? v + residual : v;
}

/* c[r][16 v] = (fresh ? 0 : c) + sum over k of w[r * ldr + k * ldw] * x[k * ldk + v * ldv ..]; c has rows of 48. `fetch`, a
 * constant, asks for `next` and each k for `stride` bytes further: what the next call reads, where the machine cannot guess it or would be waited for. */
#define IK_UNROLL _Pragma("clang loop unroll(full)")
#define IK_BY_FOUR _Pragma("clang loop unroll_count(4)") /* what a step spends on addresses and the count is spent every fourth step */
#define IK_EACH_OF(R, V) IK_UNROLL for (int r = 0; r < R; ++r) IK_UNROLL for (int v = 0; v < V; ++v)
#define IK_TILE(R, V)                                                                                                         \
  IK_INLINE void ik_tile_sums_##R##x##V(ik_f32x16 (*a)[V], const float *w, int64_t ldr, int64_t ldw, const float *x, int64_t ldk, int64_t ldv, int64_t depth, \
                                        int fetch, uintptr_t next, int64_t stride) {                                                           \
    ik_f32x16 b[V];                                                                                                           \
    for (int64_t k = 0; k < depth; ++k) {                                                                                     \
      if (fetch)                                                                                                              \
        __builtin_prefetch((const void *)(next + (uintptr_t)(k * stride)), 0, 2);                                             \
      IK_UNROLL for (int v = 0; v < V; ++v) b[v] = ik_load16_f32(x + v * ldv);                                                \
      IK_UNROLL for (int r = 0; r < R; ++r) {                                                                                 \
        ik_f32x16 f = ik_splat16(w[r * ldr]);                                                                                 \
        IK_UNROLL for (int v = 0; v < V; ++v) a[r][v] = ik_fma16(f, b[v], a[r][v]);                                           \
      }                                                                                                                       \
      w += ldw;                                                                                                               \
      x += ldk;                                                                                                               \
    }                                                                                                                         \
  }                                                                                                                           \
  IK_INLINE void ik_tile_##R##x##V(float *c, int fresh, const float *w, int64_t ldr, int64_t ldw, const float *x, int64_t ldk, \
                                   int64_t ldv, int64_t depth, int fetch, uintptr_t next, int64_t stride) {                                    \
    ik_f32x16 a[R][V];                                                                                                        \
    IK_EACH_OF(R, V) a[r][v] = fresh ? ik_splat16(0.0f) : ik_load16_f32(c + r * 48 + v * 16);                                 \
    ik_tile_sums_##R##x##V(a, w, ldr, ldw, x, ldk, ldv, depth, fetch, next, stride);                                          \
    IK_EACH_OF(R, V) ik_store16_f32(c + r * 48 + v * 16, a[r][v]);                                                            \
  }
IK_TILE(1, 1)
#if IK_FLOAT_VECTORS
IK_TILE(1, 3)
IK_TILE(4, 1)
#endif
#if defined(__AVX512F__)
#define IK_TILE_WIDE 1 /* registers hold 8 rows of three vectors: a tile is one walk over k */
IK_TILE(4, 3)
IK_TILE(8, 1)
IK_TILE(8, 2)
IK_TILE(8, 3)
#else
#define IK_TILE_WIDE 0
#endif

#if defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
/* ik_tile_4x1 with the weights of its rows side by side: one load of them, multiplied lane by lane. */
IK_INLINE void ik_tile_4x1_lanes(float *c, int fresh, const float *w, int64_t ldw, const float *x, int64_t ldk, int64_t depth) {
  float32x4_t a[4][4], b[4];
  IK_UNROLL for (int r = 0; r < 4; ++r)
    IK_UNROLL for (int v = 0; v < 4; ++v) a[r][v] = fresh ? vdupq_n_f32(0.0f) : vld1q_f32(c + r * 48 + v * 4);
  IK_BY_FOUR for (int64_t k = 0; k < depth; ++k, w += ldw, x += ldk) {
    const float32x4_t f = vld1q_f32(w);
    IK_UNROLL for (int v = 0; v < 4; ++v) b[v] = vld1q_f32(x + v * 4);
    IK_UNROLL for (int v = 0; v < 4; ++v) a[0][v] = vfmaq_laneq_f32(a[0][v], b[v], f, 0);
    IK_UNROLL for (int v = 0; v < 4; ++v) a[1][v] = vfmaq_laneq_f32(a[1][v], b[v], f, 1);
    IK_UNROLL for (int v = 0; v < 4; ++v) a[2][v] = vfmaq_laneq_f32(a[2][v], b[v], f, 2);
    IK_UNROLL for (int v = 0; v < 4; ++v) a[3][v] = vfmaq_laneq_f32(a[3][v], b[v], f, 3);
  }
  IK_UNROLL for (int r = 0; r < 4; ++r)
    IK_UNROLL for (int v = 0; v < 4; ++v) vst1q_f32(c + r * 48 + v * 4, a[r][v]);
}
#define IK_TILE_LANES 1
#else
#define IK_TILE_LANES 0
#endif

/* `rows` <= 8 and `vecs` <= 3 of the above; rows are computed in whole fours or eights (c has room for 8). */
IK_INLINE void ik_tile_ahead(float *c, int fresh, const float *w, int64_t ldr, int64_t ldw, const float *x, int64_t ldk, int64_t ldv, int64_t depth,
                             int64_t rows, int64_t vecs, int fetch, uintptr_t next, int64_t stride) {
#if !IK_FLOAT_VECTORS
  /* One row of 16: its sums fill the registers. */
  for (int64_t v = 0; v < vecs; ++v)
    for (int64_t r = 0; r < rows; ++r)
      ik_tile_1x1(c + r * 48 + v * 16, fresh, w + r * ldr, ldr, ldw, x + v * ldv, ldk, ldv, depth, fetch, next, stride);
#else
  if (rows == 1 && vecs == 3) {
    ik_tile_1x3(c, fresh, w, ldr, ldw, x, ldk, ldv, depth, fetch, next, stride);
    return;
  }
#if defined(__AVX512F__)
  if (rows > 4 && vecs == 3)
    ik_tile_8x3(c, fresh, w, ldr, ldw, x, ldk, ldv, depth, fetch, next, stride);
  else if (rows > 4 && vecs == 2)
    ik_tile_8x2(c, fresh, w, ldr, ldw, x, ldk, ldv, depth, fetch, next, stride);
  else if (rows > 4)
    ik_tile_8x1(c, fresh, w, ldr, ldw, x, ldk, ldv, depth, fetch, next, stride);
  else if (rows > 1 && vecs == 3)
    ik_tile_4x3(c, fresh, w, ldr, ldw, x, ldk, ldv, depth, fetch, next, stride);
  else
#endif
    for (int64_t v = 0; v < vecs; ++v) {
      if (rows == 1)
        ik_tile_1x1(c + v * 16, fresh, w, ldr, ldw, x + v * ldv, ldk, ldv, depth, fetch, next, stride);
#if IK_TILE_LANES
      else if (ldr == 1)
        for (int64_t r = 0; r < rows; r += 4)
          ik_tile_4x1_lanes(c + r * 48 + v * 16, fresh, w + r, ldw, x + v * ldv, ldk, depth);
#endif
      else
        for (int64_t r = 0; r < rows; r += 4)
          ik_tile_4x1(c + r * 48 + v * 16, fresh, w + r * ldr, ldr, ldw, x + v * ldv, ldk, ldv, depth, fetch, next, stride);
    }
#endif
}

IK_INLINE void ik_tile(float *c, int fresh, const float *w, int64_t ldr, int64_t ldw, const float *x, int64_t ldk, int64_t ldv, int64_t depth,
                       int64_t rows, int64_t vecs) {
  ik_tile_ahead(c, fresh, w, ldr, ldw, x, ldk, ldv, depth, rows, vecs, 0, 0, 0);
}

#endif
