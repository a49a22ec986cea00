/* One panel of packed weights (16 rows, all of k) with `rows` rows of quantised activations: the inner loop of blockmm.c and blockexperts.c.
 * The order of operations is block.h's; `rows` is a constant, so that the accumulators stay in registers. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_BLOCKTILE_H
#define INGOT_TARGETS_COMMON_UKERNELS_BLOCKTILE_H

#include "targets/common/ukernels/blockdot.h"

IK_INLINE int32_t ik_x_int(const uint8_t *x, int at) { return *(const int32_t *)(x + at); }
IK_INLINE float ik_x_float(const uint8_t *x, int at) { return *(const float *)(x + at); }
enum { IK_X_SCALE = 32, IK_X_SCALED_SUM = 36, IK_X_SUM8 = 40, IK_X_LOW8 = 44 };

IK_INLINE ik_i32x16 ik_load16_i8(const uint8_t *p) { return __builtin_convertvector((ik_i8x16)*(const ik_i8x16u *)p, ik_i32x16); }
IK_INLINE ik_f32x16 ik_to_f32(ik_i32x16 v) { return __builtin_convertvector(v, ik_f32x16); }

/* What a panel's 16 rows need of one block of 32 k beside its integers. */
typedef struct {
  ik_f32x16 d, m;             /* scale and minimum to multiply with x's scale and scaled sum; dmin with minima of 16; the halves' scales */
  ik_i32x16 scale[2], min[2]; /* of the halves, for sub-blocks of 16 */
} ik_block_terms;

IK_INLINE ik_i32x16 ik_load16_u8(const uint8_t *p) { return __builtin_convertvector((ik_u8x16)*(const ik_u8x16b *)p, ik_i32x16); }
/* ik_e4m3 / 1024 and 2^(e - 128) of 16 bytes. */
IK_INLINE ik_f32x16 ik_load16_e4m3(const uint8_t *p) {
  ik_i32x16 v = ik_load16_u8(p), normal = ((v & 7) + 8) << (((v >> 3) - 1) & 31), small = v < 8;
  return ik_to_f32((small & v) | (~small & normal)) * ik_splat16(0x1p-10f);
}
IK_INLINE ik_f32x16 ik_load16_power(const uint8_t *p) {
  ik_i32x16 e = ik_load16_u8(p), normal = (e - 1) << 23, denormal = (ik_i32x16)0x200000 << (e & 1), small = e < 2;
  return (ik_f32x16)((small & denormal) | (~small & normal));
}

IK_INLINE ik_f32x16 ik_block_d(ik_block_format f, const uint8_t *head, const uint8_t *tail) {
  if (f.family == IK_FAMILY_POWER)
    return ik_load16_power(tail);
  if (f.family == IK_FAMILY_HALVES)
    return ik_load16_e4m3(tail);
  ik_f32x16 d = ik_load16_f16((const _Float16 *)(ik_block_head(f) ? head : tail));
  return ik_block_factor(f) == 1.0f ? d : d * ik_splat16(ik_block_factor(f));
}

IK_INLINE ik_block_terms ik_block_terms_of(ik_block_format f, const uint8_t *head, const uint8_t *tail) {
  ik_block_terms t;
  t.m = ik_splat16(0.0f);
  t.scale[0] = t.scale[1] = t.min[0] = t.min[1] = (ik_i32x16)0;
  t.d = ik_block_d(f, head, tail);
  if (f.family == IK_FAMILY_HALVES)
    t.m = ik_load16_e4m3(tail + 16);
  if (f.family == IK_FAMILY_MIN)
    t.m = ik_load16_f16((const _Float16 *)(tail + 32));
  if (f.family == IK_FAMILY_K32_MIN || f.family == IK_FAMILY_K16_MIN)
    t.m = ik_load16_f16((const _Float16 *)(head + 32));
  if (f.family == IK_FAMILY_K32 || f.family == IK_FAMILY_K32_MIN)
    t.d = t.d * ik_to_f32(ik_load16_i8(tail));
  if (f.family == IK_FAMILY_K32_MIN)
    t.m = -(t.m * ik_to_f32(ik_load16_i8(tail + 16)));
  if (ik_block_by16(f))
    IK_UNROLL for (int h = 0; h < 2; ++h) t.scale[h] = ik_load16_i8(tail + 16 * h);
  if (f.family == IK_FAMILY_K16_MIN)
    IK_UNROLL for (int h = 0; h < 2; ++h) t.min[h] = ik_load16_i8(tail + 32 + 16 * h);
  return t;
}

/* Tiles that take the halves of a block one after the other: one more integer vector a row. */
IK_INLINE int ik_block_halves(ik_block_format f) { return ik_block_by16(f) || f.family == IK_FAMILY_HALVES; }

/* -offset * sum of the activations of the block, or of its half. */
IK_INLINE ik_i32x16 ik_dot_start(ik_block_format f, const uint8_t *x, int half) {
  const int offset = ik_dot_offset(f), halves = ik_block_halves(f);
  if (!offset)
    return (ik_i32x16)0;
  ik_i32x16 sum8 = (ik_i32x16)ik_x_int(x, halves && half == 0 ? IK_X_LOW8 : IK_X_SUM8);
  if (halves && half == 1)
    sum8 = sum8 - (ik_i32x16)ik_x_int(x, IK_X_LOW8);
  return offset < 8 ? sum8 >> (offset == 1 ? 3 : offset == 2 ? 2 : 1) : sum8 << (offset == 8 ? 0 : offset == 16 ? 1 : offset == 32 ? 2 : 4);
}

/* The activations of row r of a tile, in groups of 4; a tile of one row starts at its own place. `blocks` * IK_XBLOCK bytes a row. */
IK_INLINE const uint8_t *ik_x_row(const uint8_t *x, int r, int64_t blocks) { return x + r / 4 * (4 * blocks * IK_XBLOCK) + r % 4 * IK_XBLOCK; }

#if defined(__ARM_FEATURE_MATMUL_INT8)
/* sums[r] += products of quads [first, first + count) with 4 rows of activations: smmla takes 2 rows of w and 2 of x by 8 k. */
IK_INLINE void ik_matrix_sums(ik_block_format f, ik_i32x16 *sums, const uint8_t *w, const uint8_t *x, int64_t blocks, int first, int count) {
  int32x4_t a[8][2];
  IK_UNROLL for (int i = 0; i < 8; ++i) a[i][0] = a[i][1] = vdupq_n_s32(0);
  IK_UNROLL for (int q = first; q < first + count; q += 2) {
    union { ik_u8x64 v; int32x4_t q[4]; } w0 = {ik_quad(f, w, q)}, w1 = {ik_quad(f, w, q + 1)};
    IK_UNROLL for (int t = 0; t < 2; ++t) {
      const int8_t *x0 = (const int8_t *)ik_x_row(x, 2 * t, blocks) + q * 4, *x1 = (const int8_t *)ik_x_row(x, 2 * t + 1, blocks) + q * 4;
      const int8x16_t b = vcombine_s8(vld1_s8(x0), vld1_s8(x1));
      IK_UNROLL for (int g = 0; g < 4; ++g) {
        a[2 * g][t] = vmmlaq_s32(a[2 * g][t], vreinterpretq_s8_s32(vzip1q_s32(w0.q[g], w1.q[g])), b);
        a[2 * g + 1][t] = vmmlaq_s32(a[2 * g + 1][t], vreinterpretq_s8_s32(vzip2q_s32(w0.q[g], w1.q[g])), b);
      }
    }
  }
  IK_UNROLL for (int t = 0; t < 2; ++t) {
    union { ik_i32x16 v; int32x4_t q[4]; } even, odd;
    IK_UNROLL for (int g = 0; g < 4; ++g) {
      even.q[g] = vuzp1q_s32(a[2 * g][t], a[2 * g + 1][t]);
      odd.q[g] = vuzp2q_s32(a[2 * g][t], a[2 * g + 1][t]);
    }
    sums[2 * t] = sums[2 * t] + even.v;
    sums[2 * t + 1] = sums[2 * t + 1] + odd.v;
  }
}
#endif

#if defined(__AVX2__) && !defined(__AVX512VNNI__)
/* The same for unsigned formats by vpmaddubsw, added up in 16 bits first. */
IK_INLINE void ik_pair_sums(ik_block_format f, const int rows, ik_i32x16 *sums, const uint8_t *w, const uint8_t *x, int64_t blocks, int first, int count) {
  IK_UNROLL for (int begin = first; begin < first + count; begin += ik_pair_quads(f)) {
    ik_pairs pairs[12];
    IK_UNROLL for (int r = 0; r < rows; ++r) pairs[r] = (ik_pairs){0};
    IK_UNROLL for (int q = begin; q < begin + ik_pair_quads(f) && q < first + count; ++q) {
      ik_u8x64 quad = ik_quad(f, w, q);
      IK_UNROLL for (int r = 0; r < rows; ++r) pairs[r] = ik_add_pairs(pairs[r], quad, ik_x_int(ik_x_row(x, r, blocks), q * 4));
    }
    IK_UNROLL for (int r = 0; r < rows; ++r) sums[r] = ik_join_pairs(sums[r], pairs[r]);
  }
}
#endif

/* sums[r] += products of quads [first, first + count) with row r of the tile. */
IK_INLINE void ik_quad_sums(ik_block_format f, const int rows, ik_i32x16 *sums, const uint8_t *w, const uint8_t *x, int64_t blocks, int first, int count) {
#if defined(__ARM_FEATURE_MATMUL_INT8)
  if (rows == 4) {
    ik_matrix_sums(f, sums, w, x, blocks, first, count);
    return;
  }
#elif defined(__AVX2__) && !defined(__AVX512VNNI__)
  if (!ik_is_signed(f)) {
    ik_pair_sums(f, rows, sums, w, x, blocks, first, count);
    return;
  }
#endif
  IK_UNROLL for (int q = first; q < first + count; ++q) {
    ik_u8x64 quad = ik_quad(f, w, q);
    IK_UNROLL for (int r = 0; r < rows; ++r) sums[r] = ik_dot16q(sums[r], quad, ik_x_int(ik_x_row(x, r, blocks), q * 4), ik_is_signed(f));
  }
}

/* sums[r] = exact sum over one half of the block with row r of the tile. */
IK_INLINE void ik_half_sums(ik_block_format f, const int rows, ik_i32x16 *sums, const uint8_t *w, const uint8_t *x, int64_t blocks, int half) {
  IK_UNROLL for (int r = 0; r < rows; ++r) sums[r] = ik_dot_start(f, ik_x_row(x, r, blocks), half);
  ik_quad_sums(f, rows, sums, w, x, blocks, half * 4, 4);
}

/* sums[r] = exact integer of block.h for row r of the tile. */
IK_INLINE void ik_block_sums(ik_block_format f, const int rows, ik_i32x16 *sums, const uint8_t *w, const uint8_t *x, int64_t blocks, ik_block_terms t) {
  if (!ik_block_by16(f)) {
    IK_UNROLL for (int r = 0; r < rows; ++r) sums[r] = ik_dot_start(f, ik_x_row(x, r, blocks), 0);
    ik_quad_sums(f, rows, sums, w, x, blocks, 0, 8);
    return;
  }
  IK_UNROLL for (int half = 0; half < 2; ++half) {
    ik_i32x16 part[8];
    ik_half_sums(f, rows, part, w, x, blocks, half);
    IK_UNROLL for (int r = 0; r < rows; ++r) sums[r] = half ? sums[r] + part[r] * t.scale[1] : part[r] * t.scale[0];
  }
}

/* Bytes that a stream of weights is fetched ahead, into the second cache, since the first has room for few reads at once: 16 of 16.6 GB/s on one core of a
 * 4th generation Xeon, 6 into the first. Past the caches it was 38.5 of 40 GB/s on Zen 5, 35 without. */
enum { IK_PREFETCH = 8192 };

/* The block's part of one row's accumulator. */
IK_INLINE ik_f32x16 ik_block_add(ik_block_format f, ik_f32x16 acc, ik_i32x16 sum, const uint8_t *x, ik_block_terms t) {
  ik_f32x16 scale = ik_splat16(ik_x_float(x, IK_X_SCALE));
  acc = ik_fma16(ik_to_f32(sum), t.d * scale, acc);
  if (f.family == IK_FAMILY_MIN || f.family == IK_FAMILY_K32_MIN)
    acc = ik_fma16(t.m, ik_splat16(ik_x_float(x, IK_X_SCALED_SUM)), acc);
  if (f.family == IK_FAMILY_K16_MIN) {
    int32_t low8 = ik_x_int(x, IK_X_LOW8), high8 = ik_x_int(x, IK_X_SUM8) - low8;
    acc = ik_fma16(ik_to_f32(t.min[0] * (low8 >> 3) + t.min[1] * (high8 >> 3)), t.m * scale, acc);
  }
  return acc;
}

/* The block's part of all rows' accumulators. */
IK_INLINE void ik_block_step(ik_block_format f, const int rows, ik_f32x16 *acc, const uint8_t *w, const uint8_t *x, int64_t blocks, ik_block_terms t) {
  ik_i32x16 sums[12];
  if (f.family == IK_FAMILY_HALVES) {
    IK_UNROLL for (int half = 0; half < 2; ++half) {
      ik_half_sums(f, rows, sums, w, x, blocks, half);
      IK_UNROLL for (int r = 0; r < rows; ++r) {
        ik_f32x16 scale = ik_splat16(ik_x_float(ik_x_row(x, r, blocks), IK_X_SCALE));
        acc[r] = ik_fma16(ik_to_f32(sums[r]), (half ? t.m : t.d) * scale, acc[r]);
      }
    }
    return;
  }
  ik_block_sums(f, rows, sums, w, x, blocks, t);
  IK_UNROLL for (int r = 0; r < rows; ++r) acc[r] = ik_block_add(f, acc[r], sums[r], ik_x_row(x, r, blocks), t);
}

/* y // `rows` / `parts` rows `ldy` apart, the sums of `parts` rows of x each, `count` <= 16 columns; x // first activation block of the tile; its next
 * block is `width` * IK_XBLOCK on. `isFirst`: no earlier tile has read the panel. */
IK_INLINE void ik_block_tile(ik_block_format f, const int rows, const int parts, float *y, int64_t ldy, int64_t count, const uint8_t *w, const uint8_t *x, int64_t width,
                             int64_t blocks, int isFirst) {
  const int inner = ik_block_head(f) ? ik_block_super(f) : 1;
  ik_f32x16 acc[12];
  IK_UNROLL for (int r = 0; r < rows; ++r) acc[r] = ik_splat16(0.0f);
  for (int64_t outer = 0; outer < blocks; outer += inner) {
    const uint8_t *head = w;
    w += ik_block_head(f);
    for (int b = 0; b < inner; ++b, w += ik_block_bytes(f), x += width * IK_XBLOCK) {
      if (rows == parts || isFirst)
        IK_UNROLL for (int line = 0; line < ik_block_bytes(f); line += 64) __builtin_prefetch(w + IK_PREFETCH + line, 0, 2);
      ik_block_terms t = ik_block_terms_of(f, head, w + f.bits * 64);
      ik_block_step(f, rows, acc, w, x, blocks, t);
    }
  }
  IK_UNROLL for (int r = 0; r < rows / parts; ++r) {
    ik_f32x16 sum = parts == 2 ? acc[2 * r] + acc[2 * r + 1] : acc[r];
    ik_store_some_f32(y + r * ldy, sum, count);
  }
}

/* The rows of x (each `parts` rows of activations) from `first` on with the panel whose first row is n0; p as of ik_block_matmul. `first` * parts is a
 * multiple of IK_XGROUP. */
IK_INLINE void ik_block_panel(int format, const int parts, float *y, const uint8_t *w, const uint8_t *x, const int64_t *p, int64_t first, int64_t n0) {
  const int64_t rows = p[IK_BLOCKMM_M] * parts, n = p[IK_BLOCKMM_N], blocks = p[IK_BLOCKMM_K] / IK_BLOCK;
  const int64_t count = n - n0 < IK_PANEL ? n - n0 : IK_PANEL;
  const ik_block_format f = ik_block_info(format);
  int64_t m = first * parts;
  y += n0;
#if defined(__AVX512F__)
  if (ik_block_halves(f))
    for (; m + 8 <= rows; m += 8)
      ik_block_tile(f, 8, parts, y + m / parts * n, n, count, w, x + m * blocks * IK_XBLOCK, IK_XGROUP, blocks, m == first * parts);
  else
    for (; m + 12 <= rows; m += 12)
      ik_block_tile(f, 12, parts, y + m / parts * n, n, count, w, x + m * blocks * IK_XBLOCK, IK_XGROUP, blocks, m == first * parts);
#endif
  for (; m + 4 <= rows; m += 4)
    ik_block_tile(f, 4, parts, y + m / parts * n, n, count, w, x + m * blocks * IK_XBLOCK, IK_XGROUP, blocks, m == first * parts);
  int64_t i = 0;
  if (parts == 1 && rows - m >= 2) {
    ik_block_tile(f, 2, parts, y + m * n, n, count, w, x + m * blocks * IK_XBLOCK, rows - m, blocks, m == first * parts);
    i = 2;
  }
  for (; m + i < rows; i += parts)
    ik_block_tile(f, parts, parts, y + (m + i) / parts * n, n, count, w, x + (m * blocks + i) * IK_XBLOCK, rows - m, blocks, 1);
}

#endif
