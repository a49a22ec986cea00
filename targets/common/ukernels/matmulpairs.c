/* ik_matmul_f32_bf16: ik_matmul_f32 with operands of bf16 (narrow.h) and sums in f32; parameters in matmul.h. a // bf16 [.., M, K];
 * b // [..][ceil(N / 16)][ceil(K / 2)][16][2] bf16, zero padded, its strides in words of two; or, not packed, a and b as ik_matmul_f32 takes
 * them, and each worker rounds the matrices that it meets. Tiles of 8 rows by 48 columns, one chain of ik_dot2 over pairs of k per output (or AMX: amx.h, 16
 * rows, or 32 by 32); rows are read in place where they are whole words. Parallel units: (batch, column tile, row panel), rows innermost. */
#include "targets/common/ukernels/amx.h"
#include "targets/common/ukernels/matmulparts.h"
#include "targets/common/ukernels/pairs.h"
#include "targets/common/ukernels/slices.h"

IK_MATMUL_FINISH(float, f32)

/* room // [height][ceil(K / 2)]: `rows` rows of a in words; the others repeat the last. */
static const uint32_t *ik_pair_rows(uint32_t *room, const uint16_t *a, int64_t depth, int64_t rows, int64_t height) {
  const int64_t words = (depth + 1) / 2;
  for (int64_t r = 0; r < height; ++r) {
    const uint16_t *from = a + (r < rows ? r : rows - 1) * depth;
    for (int64_t k = 0; k < depth / 2; ++k)
      room[r * words + k] = from[2 * k] | (uint32_t)from[2 * k + 1] << 16;
    if (depth % 2)
      room[r * words + words - 1] = from[depth - 1];
  }
  return room;
}

/* Elements [k, k + 32) of a row of `depth`, 0 behind it, as words. */
IK_INLINE ik_u32x16 ik_pair_row(const float *row, int64_t k, int64_t depth) {
  const int64_t left = depth - k;
  const ik_f32x16 first = left >= 16 ? ik_load16_f32(row + k) : ik_load_part_f32(row + k, left);
  const ik_f32x16 second = left >= 32 ? ik_load16_f32(row + k + 16) : left > 16 ? ik_load_part_f32(row + k + 16, left - 16) : ik_splat16(0.0f);
  return ik_pair16(__builtin_shufflevector(first, second, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30),
                   __builtin_shufflevector(first, second, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
}
/* to // [m][ceil(K / 2)] words, up to 15 more are written; a // [m][K]. */
static void ik_pair_left(uint32_t *to, const float *a, int64_t m, int64_t depth) {
  for (int64_t r = 0; r < m; ++r)
    for (int64_t k = 0; k < depth; k += 32)
      ik_store16_u32(to + r * ((depth + 1) / 2) + k / 2, ik_pair_row(a + r * depth, k, depth));
}
/* to // [ceil(N / 16)][ceil(K / 2)][16] words; b // [K][n]. */
static void ik_pair_right(uint32_t *to, const float *b, int64_t depth, int64_t n) {
  const ik_f32x16 zero = ik_splat16(0.0f);
  for (int64_t j = 0; j < n; j += 16)
    for (int64_t k = 0; k < depth; k += 2, to += 16) {
      const float *from = b + k * n + j;
      if (n - j >= 16)
        ik_store16_u32(to, ik_pair16(ik_load16_f32(from), k + 1 < depth ? ik_load16_f32(from + n) : zero));
      else
        ik_store16_u32(to, ik_pair16(ik_load_part_f32(from, n - j), k + 1 < depth ? ik_load_part_f32(from + n, n - j) : zero));
    }
}

IK_KERNEL(ik_matmul_f32_bf16) {
  int next = 2;
  const float *bias = p[IK_MATMUL_BIAS] ? buf[next++] : 0, *residual = p[IK_MATMUL_RESIDUAL] ? buf[next++] : 0;
  float *y = buf[next++], *c = (float *)(((uintptr_t)buf[next] + 63) & ~(uintptr_t)63);
  uint32_t *room = (uint32_t *)(c + 32 * 48);
  const int64_t m = p[IK_MATMUL_M], n = p[IK_MATMUL_N], depth = p[IK_MATMUL_K], words = (depth + 1) / 2;
  const int64_t isPacked = p[IK_MATMUL_PACKED], stored = isPacked ? depth : 2 * words; /* elements of a row of a */
  /* Two by two registers load less for a product than one by three. */
  const int isSquare = IK_TILES_BF16 && words % 16 == 0 && (m - 1) % 32 >= 16;
  const int isTiled = IK_TILES_BF16 && m > 1 && (isSquare ? ik_blocks_begin(16) : ik_tiles_begin(words, m > 8 ? 16 : 8));
  const int64_t height = !isTiled || m <= 8 ? 8 : isSquare ? 32 : 16, most = isTiled && isSquare ? 2 : 3;
  const int64_t panels = (m + height - 1) / height, vectors = (n + 15) / 16, tiles = (vectors + most - 1) / most;
  const ik_epilogue e = {p[IK_MATMUL_ACT], p[IK_MATMUL_RESIDUAL], ik_f32(p[IK_MATMUL_ALPHA]), ik_f32(p[IK_MATMUL_BETA])};
  const int32_t here = 0;
  const ik_walk walk = {&here, 1, words, 16};
  uint32_t *const ownRight = room + height * words, *const ownLeft = ownRight + vectors * words * 16;
  ik_range range = ik_share_slices(p[IK_MATMUL_B0] * p[IK_MATMUL_B1] * p[IK_MATMUL_B2], vectors, tiles, panels, worker, workers);
  for (int64_t unit = range.begin, ready = -1; unit < range.end; ++unit) {
    int64_t panel = unit % panels, t = unit / panels % tiles, batch = unit / (panels * tiles);
    const ik_slice slice = ik_slice_of(vectors, tiles, t);
    int64_t vecs = slice.count, j = slice.first * 16;
    int64_t count = j + vecs * 16 <= n ? vecs * 16 : n - j, rows = m - panel * height < height ? m - panel * height : height, out = (batch * m + panel * height) * n + j;
    ik_matmul_offsets at = ik_matmul_batch(p, batch);
    if (!isPacked && batch != ready) {
      ik_pair_left(ownLeft, (const float *)buf[0] + at.a, m, depth);
      ik_pair_right(ownRight, (const float *)buf[1] + at.b, depth, n);
    }
    ready = batch;
    const uint16_t *from = (isPacked ? (const uint16_t *)buf[0] + at.a : (const uint16_t *)ownLeft) + panel * height * stored;
    const int inPlace = stored % 2 == 0 && (rows == height || (rows == 1 && !isTiled));
    const uint32_t *left = inPlace ? (const uint32_t *)from : ik_pair_rows(room, from, stored, rows, height);
    const uint32_t *right = (isPacked ? (const uint32_t *)buf[1] + at.b : ownRight) + slice.first * words * 16;
#if IK_TILES_BF16
    /* The right side of the next columns, a part while each panel of rows is multiplied. */
    const int64_t fetch = (vecs * 16 + panels - 1) / panels;
    const ik_tiles_sides sides = {.left = left, .leftRow = words * 4, .right = right, .ahead = right + (vecs * words + panel * (words / 16) * fetch) * 16, .rightRow = 64,
                                  .rightNext = words * 64, .steps = words, .fetch = fetch, .offsets = &here, .taps = 1};
    if (isTiled && isSquare)
      ik_tiles_square_bf16(c, &sides, vecs);
    else if (isTiled)
      ik_tiles_bf16(c, 1, &sides, vecs);
    else
#endif
      ik_pair_tile(c, 1, left, words, 1, right, words * 16, &walk, rows, vecs, 0, 0);
    ik_matmul_finish_f32(c, y + out, bias ? bias + j : 0, residual ? residual + out : 0, rows, count, n, e);
  }
  if (isTiled)
    ik_tiles_end();
}
