/* ik_qmatmul, ik_imatmul: products of 8-bit matrices with a constant right side: acc = sum (a - aZero) (b - bZero[j]) + bias[j] modulo 2^32,
 * requantised by requantize.h or stored as i32. 8 rows of a are packed in scratch as a' = a + shift, what the ISA's dot product wants
 * (dot.h); b lies in panels of 16 columns x 4 k, signed. With z' = aZero + shift:
 * acc = sum(a' b) - z' sum(b) - bZero (sum(a') - K z') + bias. Parameters in quant.h. Parallel units: (8 rows, 48 columns). */
#include "targets/common/ukernels/qmatmultile.h"
#include "targets/common/ukernels/slices.h"

/* The panels [vecs][quads][16][4] as the dot product's words: themselves, or in 16 bits [vecs][quads * 2][16][2] in `room`. */
static const int32_t *ik_qmatmul_panels(const int8_t *b, int16_t *room, int64_t quads, int64_t vecs) {
#if IK_DOT == 4
  (void)room, (void)quads, (void)vecs;
  return (const int32_t *)b;
#else
  for (int64_t k = 0; k < quads * vecs; ++k)
    for (int half = 0; half < 2; ++half)
      for (int l = 0; l < 32; ++l)
        room[(k * 2 + half) * 32 + l] = b[k * 64 + l / 2 * 4 + half * 2 + l % 2];
  return (const int32_t *)room;
#endif
}

/* Row r of a tile for columns j..: c // 16 x vecs sums of products, `z` is z', `rest` is sum(a') - K z'. */
static void ik_qmatmul_finish(const int32_t *c, void *y, const int32_t *table, int64_t columns, int64_t j, int64_t count, uint32_t z, uint32_t rest, const int64_t *q,
                              int wide) {
  const ik_rounding rounding = ik_rounding_of(q[IK_Q_Y_ZERO], q[IK_Q_Y_UNSIGNED]);
  for (int64_t i = 0; i < count; i += 16, j += 16) {
    int64_t left = count - i;
    ik_i32x16 zero = ik_part16(table + IK_QTABLE_ZERO * columns + j, left), sum = ik_part16(table + IK_QTABLE_SUM * columns + j, left);
    ik_i32x16 v = *(const ik_i32x16u *)(c + i) - sum * (int32_t)z - zero * (int32_t)rest + ik_part16(table + j, left);
    if (!wide) {
      ik_f32x16 m = (ik_f32x16)ik_part16(table + IK_QTABLE_MULTIPLIER * columns + j, left);
      ik_store_bytes((uint8_t *)y + i, ik_requantize16(v, m, rounding), left);
    } else if (left >= 16) {
      *(ik_i32x16u *)((int32_t *)y + i) = v;
    } else {
      for (int64_t l = 0; l < left; ++l)
        ((int32_t *)y)[i + l] = v[l];
    }
  }
}

static void ik_qmatmul_run(void *const *buf, const int64_t *p, int64_t worker, int64_t workers, int wide) {
  const int64_t *q = p + IK_MATMUL_COUNT;
  const int64_t m = p[IK_MATMUL_M], n = p[IK_MATMUL_N], depth = p[IK_MATMUL_K], quads = (depth + 3) / 4, panels = (n + 15) / 16;
  const int64_t tiles = (panels + 2) / 3, blocks = (m + 7) / 8, words = quads * 4 / IK_DOT;
  const int64_t shift = ik_qmatmul_shift(q[IK_Q_X_UNSIGNED]), z = q[IK_Q_X_ZERO] + shift;
  int32_t *c = (int32_t *)(((uintptr_t)buf[4] + 63) & ~(uintptr_t)63), *sums = c + 8 * 48;
  ik_lane *rows = (ik_lane *)(sums + 16);
  int16_t *room = (int16_t *)rows + quads * 4 * 8;
  ik_range range = ik_share_slices(blocks, panels, tiles, 1, worker, workers);
  int64_t packed = -1;
  const int isTiled = m > 1 && ik_tiles_begin(words, 8);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    const ik_slice slice = ik_slice_of(panels, tiles, unit % tiles);
    int64_t block = unit / tiles, panel = slice.first, vecs = slice.count, count = m - block * 8 < 8 ? m - block * 8 : 8;
    if (block != packed)
      ik_qmatmul_rows(rows, sums, (const uint8_t *)buf[0] + block * 8 * depth, count, depth, quads, q[IK_Q_X_UNSIGNED], shift);
    packed = block;
    const int32_t *b = ik_qmatmul_panels((const int8_t *)buf[1] + panel * quads * 64, room, quads, vecs);
    ik_itile(c, (const int32_t *)rows, words, b, words * 16, words, count, vecs, isTiled);
    for (int64_t r = 0; r < count; ++r) {
      int64_t j = panel * 16, at = (block * 8 + r) * n + j, columns = n - j < vecs * 16 ? n - j : vecs * 16;
      ik_qmatmul_finish(c + r * 48, (uint8_t *)buf[3] + at * (wide ? 4 : 1), buf[2], n, j, columns, (uint32_t)z, (uint32_t)sums[r] - (uint32_t)depth * (uint32_t)z, q, wide);
    }
  }
  if (isTiled)
    ik_tiles_end();
}

IK_KERNEL(ik_qmatmul) { ik_qmatmul_run(buf, p, worker, workers, 0); }
IK_KERNEL(ik_imatmul) { ik_qmatmul_run(buf, p, worker, workers, 1); }
