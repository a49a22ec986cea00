/* ik_nbits_float: the product with b-bit weights (nbits.h) for activations that stay in f32: pieces of a panel become f32 in scratch, then one fused
 * multiply-add chain over k per output. ik_nbits_rows: rows of the packed matrix in f32, exactly; an id outside [0, N) gives zeros.
 * Parallel units: one panel of 16 rows; one row. */
#include "targets/common/ukernels/blockfloat.h"
#include "targets/common/ukernels/nbitshead.h"

/* room // [blocks * 32][16] values of blocks [first, first + blocks) of a panel. */
static void ik_nbits_widen(float *room, const uint8_t *panel, const int64_t *p, int64_t first, int64_t blocks) {
  const int64_t span = ik_nbits_span(p), bits = p[IK_NBITS_BITS], head = ik_nbits_head(p);
  for (int64_t b = first; b < first + blocks; ++b) {
    const uint8_t *group = panel + b / span * (head + span * bits * 64), *w = group + head + b % span * bits * 64;
    for (int h = 0; h < 2; ++h) {
      const ik_f32x16 zeros = ik_nbits_zeros(group, p[IK_NBITS_GROUP] ? 0 : h, p), scales = ik_nbits_scales(group, p[IK_NBITS_GROUP] ? 0 : h, p);
      for (int k = h * 16; k < h * 16 + 16; ++k, room += IK_PANEL)
        ik_store16_f32(room, (__builtin_convertvector(ik_nbits_integers(w, bits, k), ik_f32x16) - zeros) * scales);
    }
  }
}

/* y[r][0 .. count) (+)= x[r] times the piece, for `rows` rows of x that are `ldx` apart. */
IK_INLINE void ik_nbits_piece(const int rows, float *y, int64_t ldy, int64_t count, int fresh, const float *room, const float *x, int64_t ldx, int64_t depth) {
  ik_f32x16 acc[8];
  IK_UNROLL for (int r = 0; r < rows; ++r)
    acc[r] = fresh ? ik_splat16(0.0f) : count >= IK_PANEL ? ik_load16_f32(y + r * ldy) : ik_load_part_f32(y + r * ldy, count);
  for (int64_t k = 0; k < depth; ++k)
    IK_UNROLL for (int r = 0; r < rows; ++r) acc[r] = ik_fma16(ik_splat16(x[r * ldx + k]), ik_load16_f32(room + k * IK_PANEL), acc[r]);
  IK_UNROLL for (int r = 0; r < rows; ++r) ik_store_some_f32(y + r * ldy, acc[r], count);
}

IK_KERNEL(ik_nbits_float);
IK_KERNEL(ik_nbits_float) {
  const int64_t rows = p[IK_NBITS_M], n = p[IK_NBITS_N], depth = p[IK_NBITS_K];
  float *room = (float *)(((uintptr_t)buf[3] + 63) & ~(uintptr_t)63);
  ik_range range = ik_share((n + IK_PANEL - 1) / IK_PANEL, worker, workers);
  for (int64_t panel = range.begin; panel < range.end; ++panel)
    for (int64_t k = 0; k < depth; k += IK_NBITS_PIECE) {
      const int64_t piece = depth - k < IK_NBITS_PIECE ? depth - k : IK_NBITS_PIECE, count = n - panel * IK_PANEL;
      const float *x = (const float *)buf[0] + k;
      float *y = (float *)buf[2] + panel * IK_PANEL;
      int64_t m = 0;
      ik_nbits_widen(room, (const uint8_t *)buf[1] + panel * ik_nbits_panel(p), p, k / IK_BLOCK, piece / IK_BLOCK);
#if IK_FLOAT_VECTORS
      for (; m + 4 <= rows; m += 4)
        ik_nbits_piece(4, y + m * n, n, count, k == 0, room, x + m * depth, depth, piece);
#endif
      for (; m < rows; ++m)
        ik_nbits_piece(1, y + m * n, n, count, k == 0, room, x + m * depth, depth, piece);
    }
}

IK_KERNEL(ik_nbits_rows);
IK_KERNEL(ik_nbits_rows) {
  const int64_t depth = p[IK_NBITS_K], span = ik_nbits_span(p), bits = p[IK_NBITS_BITS], head = ik_nbits_head(p);
  ik_range range = ik_share(p[IK_NBITS_M], worker, workers);
  for (int64_t m = range.begin; m < range.end; ++m) {
    const int64_t id = ((const int32_t *)buf[1])[m], isRow = id >= 0 && id < p[IK_NBITS_N], row = isRow ? id : 0;
    const uint8_t *panel = (const uint8_t *)buf[0] + row / IK_PANEL * ik_nbits_panel(p);
    float *y = (float *)buf[2] + m * depth;
    for (int64_t k = 0; k < depth; ++k) {
      const int64_t b = k / IK_BLOCK;
      const uint8_t *group = panel + b / span * (head + span * bits * 64);
      const int h = p[IK_NBITS_GROUP] ? 0 : (int)(k % IK_BLOCK / 16), r = (int)(row % IK_PANEL);
      int32_t q = ik_nbits_integer(group + head + b % span * bits * 64, bits, r, (int)(k % IK_BLOCK));
      y[k] = isRow ? ((float)q - ik_nbits_zeros(group, h, p)[r]) * ik_nbits_scales(group, h, p)[r] : 0.0f;
    }
  }
}
