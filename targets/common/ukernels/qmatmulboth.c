/* ik_qmatmul_both: ik_qmatmulnd for a left side with one scale and zero, both sides computed by the model: 48 columns of b are packed in scratch as
 * signed bytes, four k a lane, with their sums; rows of a as in qmatmul.c. With a' = a + shift, z' = aZero + shift, b' and bZero' signed:
 * acc = sum(a' b') - z' sum(b') - bZero' (sum(a') - K z') + bias modulo 2^32. Parameters and buffers of ik_qmatmulnd, then scratch.
 * Parallel units: (batch, 48 columns, 8 rows), rows innermost. */
#include "targets/common/ukernels/qmatmultile.h"
#include "targets/common/ukernels/slices.h"

/* What 48 columns have in common with all rows: i32 or f32 [48] each. */
typedef struct ik_columns {
  int32_t *sums, *zeros, *bias;
  float *scales;
} ik_columns;

/* 16 columns of one row of b as signed numbers; columns behind `count` are 0. */
IK_INLINE ik_i32x16 ik_both_row(const uint8_t *b, int64_t count, int64_t isUnsigned) {
  ik_u8x16 v = (ik_u8x16)0;
  if (count >= 16)
    v = *(const ik_u8x16u *)b;
  else
    for (int64_t l = 0; l < count; ++l)
      v[l] = b[l];
  ik_i32x16 w = __builtin_convertvector(v ^ (ik_u8x16)(isUnsigned ? 0x80 : 0), ik_i32x16);
  return (w << 24) >> 24;
}

/* b // [depth][n], `count` columns of it -> to // [vecs][words][16] lanes of IK_DOT numbers, and their sums. */
static void ik_both_pack(int32_t *to, int32_t *sums, const uint8_t *b, int64_t depth, int64_t n, int64_t count, int64_t isUnsigned) {
  for (int64_t first = 0; first < count; first += 16) {
    ik_i32x16 sum = (ik_i32x16)0;
    for (int64_t k = 0; k < (depth + 3) / 4 * 4; k += IK_DOT, to += 16) {
      ik_i32x16 row[IK_DOT], lane = (ik_i32x16)0;
      for (int64_t r = 0; r < IK_DOT; ++r)
        row[r] = k + r < depth ? ik_both_row(b + (k + r) * n + first, count - first, isUnsigned) : (ik_i32x16)0;
      for (int64_t r = 0; r < IK_DOT; ++r) {
        sum = sum + row[r];
        lane = lane | (row[r] & (IK_DOT == 4 ? 0xFF : 0xFFFF)) << (int32_t)(r * (32 / IK_DOT));
      }
      *(ik_i32x16u *)to = lane;
    }
    *(ik_i32x16u *)(sums + first) = sum;
  }
}

/* Scales, zeros and bias of columns j .. j + count. */
static void ik_both_columns(ik_columns to, void *const *buf, const int64_t *p, int64_t j, int64_t count) {
  const int64_t *q = p + IK_MATMUL_COUNT;
  const float aScale = *(const float *)buf[1], *bScale = buf[4], yScale = *(const float *)buf[6];
  for (int64_t i = 0; i < 48; ++i) {
    int64_t at = j + (i < count ? i : count - 1);
    to.zeros[i] = ik_byte(buf[5], q[IK_Q_ZEROS_PER_CHANNEL] ? at : 0, q[IK_Q_W_UNSIGNED]) - (q[IK_Q_W_UNSIGNED] ? 128 : 0);
    to.bias[i] = p[IK_MATMUL_BIAS] ? ((const int32_t *)buf[8])[at] : 0;
    to.scales[i] = aScale * bScale[q[IK_Q_SCALES_PER_CHANNEL] ? at : 0] / yScale;
  }
}

IK_KERNEL(ik_qmatmul_both) {
  const int64_t *q = p + IK_MATMUL_COUNT;
  const int64_t m = p[IK_MATMUL_M], n = p[IK_MATMUL_N], depth = p[IK_MATMUL_K], words = (depth + 3) / 4 * 4 / IK_DOT, b1 = p[IK_MATMUL_B1], b2 = p[IK_MATMUL_B2];
  const int64_t vectors = (n + 15) / 16, tiles = (vectors + 2) / 3, panels = (m + 7) / 8, shift = ik_qmatmul_shift(q[IK_Q_X_UNSIGNED]);
  const uint32_t z = (uint32_t)(ik_byte(buf[2], 0, q[IK_Q_X_UNSIGNED]) + shift);
  const int32_t yZero = ik_byte(buf[7], 0, q[IK_Q_Y_UNSIGNED]);
  uint8_t *y = p[IK_MATMUL_BIAS] ? buf[9] : buf[8];
  int32_t *c = (int32_t *)(((uintptr_t)(p[IK_MATMUL_BIAS] ? buf[10] : buf[9]) + 63) & ~(uintptr_t)63), *sums = c + 8 * 48;
  const ik_columns columns = {sums + 16, sums + 64, sums + 112, (float *)(sums + 160)};
  int32_t *packed = sums + 208;
  ik_lane *rows = (ik_lane *)(packed + words * 48);
  int64_t ready = -1;
  const int isTiled = m > 1 && ik_tiles_begin(words, 8);
  ik_range range = ik_share_slices(p[IK_MATMUL_B0] * b1 * b2, vectors, tiles, panels, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    int64_t panel = unit % panels, t = unit / panels % tiles, batch = unit / (panels * tiles), i2 = batch % b2, i1 = batch / b2 % b1, i0 = batch / (b1 * b2);
    const ik_slice slice = ik_slice_of(vectors, tiles, t);
    int64_t vecs = slice.count, j = slice.first * 16, wide = n - j < vecs * 16 ? n - j : vecs * 16;
    const uint8_t *a = (const uint8_t *)buf[0] + i0 * p[IK_MATMUL_AS0] + i1 * p[IK_MATMUL_AS1] + i2 * p[IK_MATMUL_AS2] + panel * 8 * depth;
    int64_t b = i0 * p[IK_MATMUL_BS0] + i1 * p[IK_MATMUL_BS1] + i2 * p[IK_MATMUL_BS2] + j, count = m - panel * 8 < 8 ? m - panel * 8 : 8;
    if (unit / panels != ready) {
      ik_both_pack(packed, columns.sums, (const uint8_t *)buf[3] + b, depth, n, wide, q[IK_Q_W_UNSIGNED]);
      ik_both_columns(columns, buf, p, j, wide);
    }
    ready = unit / panels;
    ik_qmatmul_rows(rows, sums, a, count, depth, (depth + 3) / 4, q[IK_Q_X_UNSIGNED], shift);
    ik_itile(c, (const int32_t *)rows, words, packed, words * 16, words, count, vecs, isTiled);
    for (int64_t r = 0; r < count; ++r) {
      uint8_t *to = y + (batch * m + panel * 8 + r) * n + j;
      const int32_t rest = (int32_t)((uint32_t)sums[r] - (uint32_t)depth * z);
      for (int64_t i = 0; i < wide; i += 16) {
        ik_i32x16 v = *(const ik_i32x16u *)(c + r * 48 + i) - *(const ik_i32x16u *)(columns.sums + i) * (int32_t)z;
        v = v - *(const ik_i32x16u *)(columns.zeros + i) * rest + *(const ik_i32x16u *)(columns.bias + i);
        ik_store_bytes(to + i, ik_requantize16(v, ik_load16_f32(columns.scales + i), ik_rounding_of(yZero, q[IK_Q_Y_UNSIGNED])), wide - i);
      }
    }
  }
  if (isTiled)
    ik_tiles_end();
}
