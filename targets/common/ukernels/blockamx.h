/* Panels of packed weights (block.h, nbits.h) with 16 or more rows of activations by AMX (amx.h): one instruction multiplies 16 rows of x with a panel of 16 over the 32 k of
 * a block, exactly, and what follows is the order of operations of block.h. Bytes by bytes, or with sub-blocks of 16 the weights times their scales by x in
 * bf16: integers of at most 8 significant bits are exact in it, and their sums, below 2^24, in f32; weights that are longer go as two parts, added by a
 * second product. Activations of up to 128 rows and 96 blocks wait in scratch, which the second cache holds; a panel is expanded 8 or 16 blocks at a time, which stay in
 * the first cache for all rows. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_BLOCKAMX_H
#define INGOT_TARGETS_COMMON_UKERNELS_BLOCKAMX_H

#include "targets/common/ukernels/amx.h"
#include "targets/common/ukernels/blocktile.h"
#include "targets/common/ukernels/narrow.h"

#if IK_TILES_BF16

/* 16 rows of x over one block. In bf16 k within a quad is in the order 0, 2, 1, 3, as it is in the panel. */
typedef struct {
  union { uint16_t wide[16][IK_BLOCK]; int8_t bytes[16][IK_BLOCK]; } q;
  float scale[16];
  float second[16], third[16]; /* scaled sums; with minima of 16 the sums of the halves */
} ik_amx_x;
/* A panel over one block. */
typedef struct {
  union { uint16_t wide[2][16][IK_PANEL * 2]; uint8_t bytes[8][IK_PANEL * 4]; } q; /* [part][pair of k][16 rows of 2 k], [quad][16 rows of 4 k] */
  float d[IK_PANEL], m[IK_PANEL], mins[2][IK_PANEL];
} ik_amx_w;
typedef struct {
  ik_amx_w w[IK_TILES_BLOCKS];
  float acc[IK_TILES_ROWS][IK_PANEL];
  int32_t sums[2][16][IK_PANEL]; /* of two blocks by turns; f32 if wide */
  ik_amx_x x[];                /* [tile of 16 rows][block] */
} ik_amx_room;
_Static_assert(sizeof(ik_amx_w) == 2304 && sizeof(ik_amx_x) == 1216, "IK_BLOCKMM_SCRATCH");

IK_INLINE int ik_amx_is_wide(ik_block_format f) { return ik_block_by16(f); }
typedef int16_t ik_i16x32 __attribute__((ext_vector_type(32)));
/* Weights times their sub-blocks' scales need up to 13 bits. */
IK_INLINE int ik_amx_parts(ik_block_format f) { return ik_amx_is_wide(f) && (f.bits == 6 || f.offset == IK_CODEBOOK_IQ2) ? 2 : 1; }
IK_INLINE ik_i32x16 ik_amx_high(ik_i32x16 v) { return v & (int32_t)0xffff0000; }
/* The upper halves of two vectors of f32 as pairs of bf16. */
IK_INLINE ik_i32x16 ik_amx_pair(ik_f32x16 first, ik_f32x16 second) { return (ik_i32x16)((ik_u32x16)first >> 16) | ik_amx_high((ik_i32x16)second); }

/* Activations of the 16 rows from m on in blocks [begin, end) of x's `blocks`, in whole groups of rows. */
static void ik_amx_gather(ik_amx_x *to, ik_block_format f, const uint8_t *x, int64_t blocks, int64_t m, int64_t begin, int64_t end) {
  for (int64_t b = begin; b < end; ++b, ++to)
    for (int r = 0; r < 16; ++r) {
      const uint8_t *from = x + ((m + r) / IK_XGROUP * IK_XGROUP * blocks + b * IK_XGROUP + r % IK_XGROUP) * IK_XBLOCK;
      if (!ik_amx_is_wide(f))
        __builtin_memcpy(to->q.bytes[r], from, IK_BLOCK);
      IK_UNROLL for (int h = 0; h < 2 && ik_amx_is_wide(f); ++h) {
        const ik_i8x16 q = *(const ik_i8x16u *)(from + 16 * h);
        const ik_f32x16 v = ik_to_f32(__builtin_convertvector(__builtin_shufflevector(q, q, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15), ik_i32x16));
        *(ik_u16x16 *)(to->q.wide[r] + 16 * h) = __builtin_convertvector((ik_u32x16)v >> 16, ik_u16x16);
      }
      const int32_t low8 = ik_x_int(from, IK_X_LOW8), high8 = ik_x_int(from, IK_X_SUM8) - low8;
      to->scale[r] = ik_x_float(from, IK_X_SCALE);
      to->second[r] = f.family == IK_FAMILY_K16_MIN ? (float)(low8 >> 3) : ik_x_float(from, IK_X_SCALED_SUM);
      to->third[r] = (float)(high8 >> 3);
    }
}

/* Weights times scales, |p| <= 4096, as the sum of two bf16: 128 + |p| % 128, whose bits are an integer sum, and 128 (|p| / 128 - 1), with the sign of p. Sums with x of
 * all first parts and then some second ones are exact: they are below 32 * 4096 * 127 < 2^24. */
IK_INLINE void ik_amx_split(ik_i16x32 *first, ik_i16x32 *second, ik_i16x32 p) {
  static const _Alignas(64) uint16_t second128[64] = {0xc300, 0x0000, 0x4300, 0x4380, 0x43c0, 0x4400, 0x4420, 0x4440, 0x4460, 0x4480, 0x4490,
                                                      0x44a0, 0x44b0, 0x44c0, 0x44d0, 0x44e0, 0x44f0, 0x4500, 0x4508, 0x4510, 0x4518, 0x4520,
                                                      0x4528, 0x4530, 0x4538, 0x4540, 0x4548, 0x4550, 0x4558, 0x4560, 0x4568, 0x4570, 0x4578};
  typedef short words __attribute__((vector_size(64)));
  const ik_i16x32 size = __builtin_elementwise_abs(p), sign = p & (int16_t)0x8000;
  const words *table = (const words *)second128;
  *first = ((size & 127) | 0x4300) ^ sign;
  *second = (ik_i16x32)__builtin_ia32_vpermi2varhi512(table[0], (words)(size >> 7), table[1]) ^ sign;
}

/* Quad q of a block: bytes v, times `scale` if they go as bf16. */
IK_INLINE void ik_amx_quad(ik_amx_w *to, ik_block_format f, ik_u8x64 v, int q, ik_i32x16 scale) {
  if (!ik_amx_is_wide(f)) {
    *(ik_u8x64 *)to->q.bytes[q] = v;
  } else if (ik_amx_parts(f) == 2) {
    const ik_i16x32 pairs = (ik_i16x32)v, scales = (ik_i16x32)((scale & 0xffff) | scale << 16);
    ik_amx_split((ik_i16x32 *)to->q.wide[0][2 * q], (ik_i16x32 *)to->q.wide[1][2 * q], (pairs << 8 >> 8) * scales);
    ik_amx_split((ik_i16x32 *)to->q.wide[0][2 * q + 1], (ik_i16x32 *)to->q.wide[1][2 * q + 1], (pairs >> 8) * scales);
  } else {
    ik_f32x16 k[4];
    IK_UNROLL for (int i = 0; i < 4; ++i) k[i] = ik_to_f32((ik_i32x16)v << (24 - 8 * i) >> 24) * ik_to_f32(scale);
    IK_UNROLL for (int i = 0; i < 2; ++i) *(ik_i32x16 *)to->q.wide[0][2 * q + i] = ik_amx_pair(k[i], k[i + 2]);
  }
}

IK_INLINE void ik_amx_quads(ik_amx_w *to, ik_block_format f, const uint8_t *w, const ik_i32x16 *scales) {
  IK_UNROLL for (int q = 0; q < 8; ++q) ik_amx_quad(to, f, ik_quad(f, w, q) - (ik_u8x64)(uint8_t)ik_dot_offset(f), q, scales[q / 4]);
}

/* Blocks [b, b + count) of the panel at w, for x's product with parameters p; b is a multiple of 8. */
typedef void ik_amx_expand(ik_amx_w *to, ik_block_format f, const uint8_t *w, const int64_t *p, int64_t b, int64_t count);

/* Tile register T = I of 16 rows of x with a panel's block. */
#define IK_AMX_DOT(T)                                                                                                         \
  IK_INLINE void ik_amx_dot_##T(ik_block_format f, const ik_amx_x *x, const ik_amx_w *w) {                                    \
    __builtin_ia32_tilezero(T);                                                                                               \
    __builtin_ia32_tileloadd64(T + 2, &x->q, ik_amx_is_wide(f) ? 64 : 32);                                                    \
    __builtin_ia32_tileloadd64(T + 4, &w->q, 64);                                                                             \
    if (!ik_amx_is_wide(f))                                                                                                   \
      __builtin_ia32_tdpbssd(T, T + 2, T + 4);                                                                                \
    else                                                                                                                      \
      __builtin_ia32_tdpbf16ps(T, T + 2, T + 4);                                                                              \
    if (ik_amx_parts(f) == 2) {                                                                                               \
      __builtin_ia32_tileloadd64(T + 6, w->q.wide[1], 64);                                                                    \
      __builtin_ia32_tdpbf16ps(T, T + 2, T + 6);                                                                              \
    }                                                                                                                         \
  }
IK_AMX_DOT(0)
IK_AMX_DOT(1)

/* acc // [16] rows take a block whose sums are there: ik_block_add with what was expanded of its terms. */
IK_INLINE void ik_amx_add(ik_f32x16 *acc, const int32_t (*sums)[IK_PANEL], ik_block_format f, const ik_amx_x *x, const ik_amx_w *w) {
  const ik_f32x16 d = ik_load16_f32(w->d), m = ik_load16_f32(w->m), low = ik_load16_f32(w->mins[0]), high = ik_load16_f32(w->mins[1]);
  IK_UNROLL for (int r = 0; r < 16; ++r) {
    const ik_f32x16 scale = ik_splat16(x->scale[r]), second = ik_splat16(x->second[r]);
    const ik_i32x16 sum = *(const ik_i32x16 *)sums[r];
    acc[r] = ik_fma16(ik_amx_is_wide(f) ? (ik_f32x16)sum : ik_to_f32(sum), d * scale, acc[r]);
    if (f.family == IK_FAMILY_MIN || f.family == IK_FAMILY_K32_MIN)
      acc[r] = ik_fma16(m, second, acc[r]);
    if (f.family == IK_FAMILY_K16_MIN)
      acc[r] = ik_fma16(ik_fma16(high, ik_splat16(x->third[r]), low * second), m * scale, acc[r]);
    __asm__ volatile("" : "+v"(acc[r])); /* here, and not beyond the next block's loads */
  }
}

/* Memory to ask for while tiles are multiplied: `step` bytes a block, to the nearest line. */
typedef struct {
  const uint8_t *at;
  int64_t step;
} ik_amx_ahead;
IK_INLINE void ik_amx_fetch(ik_amx_ahead *ahead) {
  int64_t line = 0;
  do
    __builtin_prefetch(ahead->at + line, 0, 2);
  while ((line += 64) + 32 <= ahead->step);
  ahead->at += ahead->step;
}

/* acc // [16] rows, in registers, take `count` blocks: one is multiplied before another, by turns, is stored and added. */
IK_INLINE void ik_amx_blocks(ik_f32x16 *acc, ik_amx_room *room, ik_block_format f, const ik_amx_x *x, int64_t count, ik_amx_ahead ahead) {
  const ik_amx_w *w = room->w;
  ik_amx_dot_0(f, x, w);
  for (int64_t i = 0; i < count; i += 2, x += 2, w += 2) {
    if (i + 1 < count)
      ik_amx_dot_1(f, x + 1, w + 1);
    __builtin_ia32_tilestored64(0, room->sums[0], 64);
    ik_amx_fetch(&ahead);
    ik_amx_add(acc, room->sums[0], f, x, w);
    if (i + 1 == count)
      break;
    if (i + 2 < count)
      ik_amx_dot_0(f, x + 2, w + 2);
    __builtin_ia32_tilestored64(1, room->sums[1], 64);
    ik_amx_fetch(&ahead);
    ik_amx_add(acc, room->sums[1], f, x + 1, w + 1);
  }
}

/* Blocks [begin, end) of a panel with `tiles` tiles of 16 rows of room->x: y // rows `n` apart of `columns`, at most 16, the sums of `parts` rows of x each. They go on from
 * those of y unless begin is 0. */
IK_INLINE void ik_amx_panel(ik_amx_room *room, ik_block_format f, ik_amx_expand *expand, const int parts, float *y, int64_t columns, const uint8_t *w,
                            int64_t bytes, const int64_t *p, int64_t tiles, int64_t begin, int64_t end) {
  const int64_t n = p[IK_BLOCKMM_N], blocks = p[IK_BLOCKMM_K] / IK_BLOCK, chunk = IK_TILES_BLOCKS / ik_amx_parts(f);
  for (int64_t b = begin; b < end; b += chunk) {
    const int64_t count = end - b < chunk ? end - b : chunk, next = b + count < end ? bytes * (b + count) / blocks : bytes + bytes * begin / blocks;
    ik_amx_ahead ahead = {w + next, bytes * chunk / blocks / (tiles * count)}; /* of the next chunk */
    expand(room->w, f, w, p, b, count);
    for (int64_t t = 0; t < tiles; ++t, ahead.at += count * ahead.step) {
      float *const out = y + t * (16 / parts) * n;
      ik_f32x16 acc[16];
      IK_UNROLL for (int r = 0; r < 16; ++r)
        acc[r] = b > begin ? ik_load16_f32(room->acc[t * 16 + r]) : b ? ik_load_some_f32(out + r * n, columns) : ik_splat16(0.0f);
      ik_amx_blocks(acc, room, f, room->x + t * (end - begin) + b - begin, count, ahead);
      if (b + count < end) {
        IK_UNROLL for (int r = 0; r < 16; ++r) ik_store16_f32(room->acc[t * 16 + r], acc[r]);
        continue;
      }
      IK_UNROLL for (int r = 0; r < 16 / parts; ++r) ik_store_some_f32(out + r * n, parts == 2 ? acc[2 * r] + acc[2 * r + 1] : acc[r], columns);
    }
  }
}

/* Panels of `range`, `bytes` each, with the first rows of x; buffers and p begin as those of ik_block_matmul. Returns how many rows (of `parts` each) are
 * done. */
IK_INLINE int64_t ik_amx_panels(ik_block_format f, ik_amx_expand *expand, const int parts, void *const *buf, const int64_t *p, int64_t bytes, ik_range range) {
  const int64_t n = p[IK_BLOCKMM_N], blocks = p[IK_BLOCKMM_K] / IK_BLOCK, rows = p[IK_BLOCKMM_M] * parts / 16 * 16, span = IK_TILES_SPAN(parts, blocks);
  ik_amx_room *room = (ik_amx_room *)(((uintptr_t)buf[3] + 63) & ~(uintptr_t)63);
  if (!rows || !ik_tiles_begin16(ik_amx_is_wide(f) ? 16 : 8))
    return 0;
  for (int64_t m = 0; m < rows; m += IK_TILES_ROWS) {
    const int64_t tiles = (rows - m < IK_TILES_ROWS ? rows - m : IK_TILES_ROWS) / 16;
    for (int64_t begin = 0; begin < blocks; begin += span) {
      const int64_t end = blocks - begin < span ? blocks : begin + span;
      for (int64_t t = 0; t < tiles; ++t)
        ik_amx_gather(room->x + t * (end - begin), f, buf[0], blocks, m + t * 16, begin, end);
      for (int64_t panel = range.begin; panel < range.end; ++panel)
        ik_amx_panel(room, f, expand, parts, (float *)buf[2] + m / parts * n + panel * IK_PANEL, n - panel * IK_PANEL,
                     (const uint8_t *)buf[1] + panel * bytes, bytes, p, tiles, begin, end);
    }
  }
  ik_tiles_end();
  return rows / parts;
}
#endif

#endif
