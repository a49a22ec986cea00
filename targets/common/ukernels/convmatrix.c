/* ik_convmatrix_f32_bf16: ik_convlines_f32_bf16 (convpairs.c) as products of matrices: blocks of 32 output channels by 32 places, summed over blocks of
 * W <= 16 pairs of channels and taps by AMX (amx.h), in the order of the hardware, or where a process may not use it by one chain of ik_dot2 over (block, tap, pair of
 * channels). A band of the input lies in scratch as pairs of channels: lines, or where outputs and inputs are the same places, those.
 * w is [G][ceil(OC/16)][blocks][taps][16][W][2] bf16. Parameters in conv.h. Parallel units: (n, g, band, 32 channels). */
#include "targets/common/ukernels/blockparts.h"
#include "targets/common/ukernels/pairlines.h"

/* Sums of a block c // [32][32] on their way to y // `rows` rows `area` apart; `done` rows are there, the next go `each` at a time. */
typedef struct {
  const float *c, *bias, *residual;
  float *y;
  int64_t area, rows, done, each;
  ik_epilogue e;
  ik_block_places places;
} ik_pairs_end;

IK_INLINE void ik_pairs_store(float *y, const float *residual, ik_f32x16 v, uint32_t mask, ik_epilogue e) {
#if defined(__AVX512F__)
  if (residual)
    v = ik_finish16(v, __builtin_ia32_loadups512_mask(residual, ik_splat16(0.0f), (uint16_t)mask), e);
  __builtin_ia32_storeups512_mask(y, v, (uint16_t)mask);
#else
  for (int i = 0; i < 16; ++i)
    if (mask >> i & 1)
      y[i] = residual ? ik_finish16(ik_splat16(v[i]), ik_splat16(residual[i]), e)[0] : v[i];
#endif
}
/* Rows up to `until`. */
IK_INLINE void ik_pairs_rows(ik_pairs_end *end, int64_t until) {
  const ik_epilogue e = end->e;
  for (; end->done < until; ++end->done) {
    float *y = end->y + end->done * end->area;
    const float *residual = end->residual ? end->residual + end->done * end->area : 0;
    ik_f32x16 v[2];
    for (int i = 0; i < 2; ++i) {
      v[i] = ik_load16_f32(end->c + end->done * 32 + i * 16);
      v[i] = end->bias ? v[i] + ik_splat16(end->bias[end->done]) : v[i];
      v[i] = residual ? v[i] : ik_finish16(v[i], ik_splat16(0.0f), e);
    }
    for (int64_t i = 0; i < end->places.parts; ++i) {
      const intptr_t at = end->places.part[i].at * (intptr_t)sizeof(float);
      const uint32_t mask = end->places.part[i].mask;
      for (int half = 0; half < 2; ++half)
        if (mask >> (16 * half) & 0xffff)
          ik_pairs_store((float *)((uintptr_t)y + (uintptr_t)at) + 16 * half, residual ? (const float *)((uintptr_t)residual + (uintptr_t)at) + 16 * half : 0, v[half],
                         mask >> (16 * half) & 0xffff, e);
    }
  }
}
__attribute__((unused)) IK_INLINE void ik_pairs_some(ik_pairs_end *end) {
  const int64_t until = end->done + end->each;
  ik_pairs_rows(end, until < end->rows ? until : end->rows);
}

#if IK_TILES_BF16
IK_BLOCKS_PRODUCT(bf16, __builtin_ia32_tdpbf16ps, ik_pairs_end, ik_pairs_some, 1, 1)
IK_BLOCKS_PRODUCT(bf16, __builtin_ia32_tdpbf16ps, ik_pairs_end, ik_pairs_some, 1, 2)
IK_BLOCKS_PRODUCT(bf16, __builtin_ia32_tdpbf16ps, ik_pairs_end, ik_pairs_some, 2, 1)
IK_BLOCKS_PRODUCT(bf16, __builtin_ia32_tdpbf16ps, ik_pairs_end, ik_pairs_some, 2, 2)
#endif
/* The sums without matrix registers. */
static void ik_pairs_sums(float *c, const ik_blocks *b, int64_t rows, int64_t vecs) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vecs; ++v) {
      const uint32_t *w = (const uint32_t *)((const char *)b->left + r / 16 * b->leftNext) + r % 16 * b->words;
      ik_f32x16 a = ik_splat16(0.0f);
      for (int64_t block = 0; block < b->blocks; ++block)
        for (int64_t tap = 0; tap < b->taps; ++tap, w += 16 * b->words) {
          const char *x = (const char *)b->right + block * b->words * b->rightRow + (b->offsets[tap] + v * 16) * (int64_t)4;
          for (int64_t i = 0; i < b->words; ++i, x += b->rightRow)
            a = ik_dot2(a, (ik_u32x16)w[i], ik_load16_u32((const uint32_t *)x));
        }
      ik_store16_f32(c + r * 32 + v * 16, a);
    }
}
static void ik_pairs_product(float *c, const ik_blocks *b, int64_t rows, int64_t vecs, ik_pairs_end *last, int isTiled) {
  if (!isTiled)
    ik_pairs_sums(c, b, rows, vecs);
#if IK_TILES_BF16
  else if (rows > 16)
    (vecs > 1 ? ik_blocks_bf16_2x2 : ik_blocks_bf16_2x1)(c, b, last);
  else
    (vecs > 1 ? ik_blocks_bf16_1x2 : ik_blocks_bf16_1x1)(c, b, last);
#endif
  ik_pairs_rows(last, last->rows);
}

/* pairs // [rows][l->channel] of the outputs of `part`; pairs behind the last channel are 0. */
static void ik_pairs_band(uint32_t *pairs, float *lines, const float *x, const float *end, const int64_t *p, const ik_lines *l, ik_slice part, int64_t rows) {
  const int64_t plane = p[IK_CONV_IH] * p[IK_CONV_IW], ic = p[IK_CONV_IC];
  if (!ik_conv_is_pointwise(p))
    ik_pair_lines(pairs, lines, x, end, p, l, part.first);
  else
    for (int64_t c = 0; c < ic; c += 2) {
      const float *from = x + c * plane + part.first;
      uint32_t *to = pairs + c / 2 * l->channel;
      int64_t i = 0;
      for (; i + 16 <= part.count; i += 16)
        ik_store16_u32(to + i, ik_pair16(ik_load16_f32(from + i), c + 1 < ic ? ik_load16_f32(from + plane + i) : ik_splat16(0.0f)));
      if (i < part.count)
        ik_store16_u32(to + i, ik_pair16(ik_load_part_f32(from + i, part.count - i), c + 1 < ic ? ik_load_part_f32(from + plane + i, part.count - i) : ik_splat16(0.0f)));
    }
  for (int64_t i = (ic + 1) / 2 * l->channel; i < rows * l->channel; i += 16)
    ik_store16_u32(pairs + i, (ik_u32x16)0u);
}

IK_KERNEL(ik_convmatrix_f32_bf16) {
  const float *x = buf[0];
  int next = 2;
  const float *bias = p[IK_CONV_BIAS] ? buf[next++] : 0, *residual = p[IK_CONV_RESIDUAL] ? buf[next++] : 0;
  float *y = buf[next++], *c = (float *)(((uintptr_t)buf[next] + 63) & ~(uintptr_t)63);
  const int isPointwise = ik_conv_is_pointwise(p);
  ik_lines l = ik_lines_of(p, isPointwise ? 1 : p[IK_CONV_KC]);
  int32_t offsets[IK_CONVLINES_TAPS];
  ik_lines_offsets(offsets, p, &l);
  l.channel = IK_CONVMATRIX_CHANNEL(isPointwise ? p[IK_CONV_KC] : l.channel);
  const int64_t taps = p[IK_CONV_KH] * p[IK_CONV_KW], blocks = IK_CONVMATRIX_BLOCKS((p[IK_CONV_IC] + 1) / 2), row = IK_CONVMATRIX_WORDS((p[IK_CONV_IC] + 1) / 2), steps = taps * blocks, oc = p[IK_CONV_OC], panels = (oc + 15) / 16;
  const int64_t pairs = (panels + 1) / 2, area = p[IK_CONV_OH] * p[IK_CONV_OW], ow = isPointwise ? area : p[IK_CONV_OW], pitch = isPointwise ? area : l.pitch;
  const int64_t size = isPointwise ? area : p[IK_CONV_OH], bands = (size + p[IK_CONV_KC] - 1) / p[IK_CONV_KC], plane = p[IK_CONV_IC] * p[IK_CONV_IH] * p[IK_CONV_IW];
  uint32_t *words = (uint32_t *)c + 2 * 32 * 32;
  float *lines = (float *)words + blocks * row * l.channel + 64;
  const int isTiled = IK_TILES_BF16 && ik_blocks_begin(row);
  ik_pairs_end ends[2] = {{.rows = 0}, {.rows = 0}};
  int64_t slot = 0;
  ik_range range = ik_share_slices(p[IK_CONV_N] * p[IK_CONV_G], size, bands, pairs, worker, workers);
  for (int64_t unit = range.begin, ready = -1; unit < range.end; ++unit) {
    const int64_t band = unit / pairs, pair = unit % pairs, ng = band / bands, g = ng % p[IK_CONV_G], o = pair * 32, rows = oc - o < 32 ? oc - o : 32;
    const ik_slice part = ik_slice_of(size, bands, band % bands);
    const int64_t places = isPointwise ? part.count : (part.count - 1) * pitch + ow, fetch = (2 * row + (places + 31) / 32 - 1) / ((places + 31) / 32);
    const int64_t at = (ng * oc + o) * area + part.first * (isPointwise ? 1 : ow);
    const char *weights = (const char *)buf[1] + (g * panels + pair * 2) * steps * 64 * row;
    if (band != ready)
      ik_pairs_band(words, lines, x + ng * plane, x + p[IK_CONV_N] * p[IK_CONV_G] * plane, p, &l, part, blocks * row);
    ready = band;
    for (int64_t first = 0; first < places; first += 32, slot ^= 1) {
      const int64_t left = places - first < 32 ? places - first : 32;
      ik_pairs_end *last = ends + slot, *now = ends + (slot ^ 1);
      /* The weights of the next 32 channels, a part while each block is multiplied. */
      const ik_blocks b = {.left = weights, .right = words + first, .ahead = weights + steps * (128 * row + first / 32 * fetch * 64), .leftNext = steps * 64 * row,
                           .rightRow = l.channel * 4, .words = row, .blocks = blocks, .fetch = fetch, .offsets = offsets, .taps = taps};
      last->each = (last->rows + steps - 1) / steps;
      ik_pairs_product(c + (slot ^ 1) * 32 * 32, &b, rows, (left + 15) / 16, last, isTiled);
      *now = (ik_pairs_end){.c = c + (slot ^ 1) * 32 * 32, .bias = bias ? bias + g * oc + o : 0, .residual = residual ? residual + at : 0, .y = y + at, .area = area,
                            .rows = rows, .e = {p[IK_CONV_ACT], p[IK_CONV_RESIDUAL], ik_f32(p[IK_CONV_ALPHA]), ik_f32(p[IK_CONV_BETA])}};
      now->places = ik_block_places_of(first, left, pitch, ow);
    }
  }
  ik_pairs_rows(ends + slot, ends[slot].rows);
  if (isTiled)
    ik_tiles_end();
}
