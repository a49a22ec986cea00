/* ik_convtaps_f32_bf16: ik_convmatrix_f32_bf16 (convmatrix.c) for few input channels, as first layers have: a word of a block is two neighbours of a line of the
 * input, so that k runs over (tap of a column, channel, taps of a row by two), and all k of a row of outputs lie one behind the other in scratch. Without
 * dilations. Where AMX may not be used the sums are one chain of ik_dot2 in that order. No block has words of what is no k: what lies there may be infinite.
 * w is [G][ceil(OC/16)][blocks][16][W][2] bf16, of KH * IC * ceil(KW/2) words in blocks of W <= 16. Parameters in conv.h. Parallel units: (n, g, band, 32 channels). */
#include "targets/common/ukernels/convparts.h"
#include "targets/common/ukernels/pairmatrix.h"

/* words // [count]: pairs of neighbours of `line`, `stride` apart, the second 0 if `isHalf`; writes whole vectors. */
static void ik_taps_pairs(uint32_t *words, const uint16_t *line, int64_t count, int64_t stride, int isHalf) {
  typedef uint16_t u16x16u __attribute__((ext_vector_type(16), aligned(2)));
  typedef uint32_t u32x16u __attribute__((ext_vector_type(16), aligned(2)));
  const uint32_t keep = isHalf ? 0xffff : ~0u;
  for (int64_t i = 0; i < count; i += 16, line += 16 * stride) {
    ik_u32x16 word;
    if (stride == 1)
      word = __builtin_convertvector((ik_u16x16) * (const u16x16u *)line, ik_u32x16) | __builtin_convertvector((ik_u16x16) * (const u16x16u *)(line + 1), ik_u32x16) << 16;
    else if (stride == 2)
      word = *(const u32x16u *)line;
    else
      for (int64_t j = 0; j < 16; ++j)
        word[j] = line[j * stride] | (uint32_t)line[j * stride + 1] << 16;
    ik_store16_u32(words + i, word & keep);
  }
}

/* words // [input rows][IC][ceil(KW/2)][pitch] of what the output rows `part` read; `line` is room for one line of the input with its padding, in f32 and in bf16. */
static void ik_taps_band(uint32_t *words, float *line, const float *x, const int64_t *p, ik_slice part, int64_t pitch) {
  const int64_t ih = p[IK_CONV_IH], iw = p[IK_CONV_IW], sw = p[IK_CONV_SW], pw = p[IK_CONV_PW], kw = p[IK_CONV_KW], halves = (kw + 1) / 2;
  const int64_t top = part.first * p[IK_CONV_SH] - p[IK_CONV_PH], bottom = top + (part.count - 1) * p[IK_CONV_SH] + p[IK_CONV_KH], width = IK_CONVTAPS_LINE(pitch, sw, kw);
  const int64_t inside = iw < width - pw ? iw : width - pw;
  uint16_t *const rounded = (uint16_t *)(line + width);
  for (int64_t h = top; h < bottom; ++h)
    for (int64_t c = 0; c < p[IK_CONV_IC]; ++c, words += halves * pitch) {
      const int64_t count = h >= 0 && h < ih && inside > 0 ? inside : 0, whole = count & ~(int64_t)15;
      const float *from = x + (c * ih + h) * iw;
      for (int64_t i = 0; i < width; i += 16)
        ik_store16_f32(line + i, ik_splat16(0.0f));
      for (int64_t i = 0; i < whole; i += 16)
        ik_store16_f32(line + pw + i, ik_load16_f32(from + i));
      if (whole < count)
        ik_store_part_f32(line + pw + whole, ik_load_part_f32(from + whole, count - whole), count - whole);
      for (int64_t i = 0; i + 32 <= width; i += 32)
        ik_store16_u32((uint32_t *)(rounded + i), ik_pair16(ik_even16(ik_load16_f32(line + i), ik_load16_f32(line + i + 15)),
                                                            ik_even16(ik_load16_f32(line + i + 1), ik_load16_f32(line + i + 16))));
      for (int64_t j = 0; j < halves; ++j)
        ik_taps_pairs(words + j * pitch, rounded + 2 * j, pitch, sw, 2 * j + 1 == kw);
    }
}

IK_KERNEL(ik_convtaps_f32_bf16) {
  int next = 2;
  const float *x = buf[0], *bias = p[IK_CONV_BIAS] ? buf[next++] : 0, *residual = p[IK_CONV_RESIDUAL] ? buf[next++] : 0;
  float *y = buf[next++];
  ik_pairs_end ends[2], *last = ends, *now = ends + 1;
  uint32_t *const words = (uint32_t *)ik_pairs_begin(ends, p, (float *)(((uintptr_t)buf[next] + 63) & ~(uintptr_t)63));
  const int64_t oc = p[IK_CONV_OC], oh = p[IK_CONV_OH], ow = p[IK_CONV_OW], area = oh * ow, band = p[IK_CONV_KC], bands = (oh + band - 1) / band, panels = (oc + 15) / 16;
  const int64_t pairs = (panels + 1) / 2, depth = p[IK_CONV_IC] * ((p[IK_CONV_KW] + 1) / 2), row = ik_convtaps_words(p), blocks = p[IK_CONV_KH] * depth / row;
  const int64_t pitch = IK_CONVMATRIX_CHANNEL(ow);
  float *const line = (float *)(words + IK_CONVTAPS_ROWS(band, p[IK_CONV_SH], p[IK_CONV_KH]) * depth * pitch);
  const int isTiled = IK_TILES_BF16 && ik_blocks_begin(row);
  const int32_t here = 0;
  ik_range range = ik_share_slices(p[IK_CONV_N] * p[IK_CONV_G], oh, bands, pairs, worker, workers);
  for (int64_t unit = range.begin, ready = -1; unit < range.end; ++unit) {
    const int64_t at = unit / pairs, pair = unit % pairs, ng = at / bands, g = ng % p[IK_CONV_G], o = pair * 32, rows = oc - o < 32 ? oc - o : 32;
    const ik_slice part = ik_slice_of(oh, bands, at % bands);
    const int64_t to = (ng * oc + o) * area + part.first * ow;
    if (at != ready)
      ik_taps_band(words, line, x + ng * p[IK_CONV_IC] * p[IK_CONV_IH] * p[IK_CONV_IW], p, part, pitch);
    ready = at;
    for (int64_t h = 0; h < part.count; ++h)
      for (int64_t w = 0; w < ow; w += 32) {
        const int64_t left = ow - w < 32 ? ow - w : 32;
        const ik_blocks b = {.left = (const char *)buf[1] + (g * panels + pair * 2) * blocks * 64 * row, .right = words + h * p[IK_CONV_SH] * depth * pitch + w,
                             .leftNext = blocks * 64 * row, .rightRow = pitch * 4, .words = row, .blocks = blocks, .offsets = &here, .taps = 1};
        const ik_block_places places = ik_block_places_of(h * ow + w, left, area, area);
        ik_pairs_product(now->c, &b, rows, (left + 15) / 16, last, isTiled);
        ik_pairs_take(now, bias ? bias + g * oc + o : 0, residual ? residual + to : 0, y + to, area, rows, &places);
        ik_pairs_end *const swap = last;
        last = now, now = swap;
      }
  }
  ik_pairs_rows(last, last->rows);
  if (isTiled)
    ik_tiles_end();
}
