/* ik_qconvtaps: ik_qconvmatrix (qconvmatrix.c) for few input channels, as first layers have: a row of a block is four neighbours of a line of the input, so
 * that k runs over (tap of a column, channel, taps of a row by four), and all k of a row of outputs lie one behind the other in scratch. Without dilations.
 * w is [G][ceil(OC/16)][blocks][16][W][4], of KH * IC * ceil(KW/4) words in blocks of W <= 16. Parameters in quant.h. Parallel units: (n, g, band, 32 channels). */
#include "targets/common/ukernels/qmatrix.h"

/* What ik_blocks_i8_u8_2x2 computes. */
static void ik_taps_sums(int32_t *c, const ik_blocks *b, int64_t rows, int64_t vecs) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vecs; ++v) {
      const int8_t *w = (const int8_t *)b->left + r / 16 * b->leftNext + r % 16 * b->words * 4;
      const char *x = (const char *)b->right + v * 64;
      ik_i32x16 a = (ik_i32x16)0;
      for (int64_t i = 0; i < b->blocks * b->words; ++i, x += b->rightRow)
        for (int64_t t = 0; t < 4; ++t)
          a = a + ((*(const ik_i32x16u *)x >> (int32_t)(8 * t)) & 255) * (int32_t)w[i / b->words * 64 * b->words + i % b->words * 4 + t];
      *(ik_i32x16u *)(c + r * 32 + v * 16) = a;
    }
}

/* words // [count]: four neighbours of `line` each, `stride` apart; writes whole vectors. */
static void ik_taps_words(int32_t *words, const uint8_t *line, int64_t count, int64_t stride) {
  typedef uint16_t u16x16 __attribute__((ext_vector_type(16), aligned(1)));
  for (int64_t i = 0; i < count; i += 16, line += 16 * stride) {
    ik_i32x16 word = (ik_i32x16)0;
    if (stride == 1)
      IK_UNROLL for (int t = 0; t < 4; ++t) word = word | __builtin_convertvector((ik_u8x16) * (const ik_u8x16u *)(line + t), ik_i32x16) << (8 * t);
    else if (stride == 2)
      word = __builtin_convertvector(*(const u16x16 *)line, ik_i32x16) | __builtin_convertvector(*(const u16x16 *)(line + 2), ik_i32x16) << 16;
    else
      for (int64_t j = 0; j < 16; ++j) {
        int32_t four;
        __builtin_memcpy(&four, line + j * stride, 4);
        word[j] = four;
      }
    *(ik_i32x16u *)(words + i) = word;
  }
}

/* words // [input rows][IC][ceil(KW/4)][pitch] of what the output rows `part` read; `line` is room for one line of the input with its padding. */
static void ik_taps_band(int32_t *words, uint8_t *line, const uint8_t *x, const int64_t *p, ik_slice part, int64_t pitch) {
  const int64_t *q = p + IK_CONV_COUNT;
  const int64_t ih = p[IK_CONV_IH], iw = p[IK_CONV_IW], sw = p[IK_CONV_SW], pw = p[IK_CONV_PW], quads = (p[IK_CONV_KW] + 3) / 4;
  const int64_t top = part.first * p[IK_CONV_SH] - p[IK_CONV_PH], bottom = top + (part.count - 1) * p[IK_CONV_SH] + p[IK_CONV_KH], width = IK_CONVTAPS_LINE(pitch, sw, p[IK_CONV_KW]);
  const uint8_t flip = q[IK_Q_X_UNSIGNED] ? 0 : 0x80, border = (uint8_t)q[IK_Q_X_ZERO] ^ flip;
  const int64_t inside = iw < width - pw ? iw : width - pw;
  for (int64_t h = top; h < bottom; ++h)
    for (int64_t c = 0; c < p[IK_CONV_IC]; ++c, words += quads * pitch) {
      const uint8_t *from = x + (c * ih + h) * iw;
      for (int64_t i = 0; i < width; ++i)
        line[i] = border;
      for (int64_t i = 0; i < inside && h >= 0 && h < ih; ++i)
        line[pw + i] = from[i] ^ flip;
      for (int64_t j = 0; j < quads; ++j)
        ik_taps_words(words + j * pitch, line + 4 * j, pitch, sw);
    }
}

IK_KERNEL(ik_qconvtaps) {
  const int64_t *q = p + IK_CONV_COUNT;
  const int64_t oc = p[IK_CONV_OC], oh = p[IK_CONV_OH], ow = p[IK_CONV_OW], area = oh * ow, band = p[IK_CONV_KC], bands = (oh + band - 1) / band, panels = (oc + 15) / 16;
  const int64_t pairs = (panels + 1) / 2, depth = p[IK_CONV_IC] * ((p[IK_CONV_KW] + 3) / 4), blocks = IK_CONVMATRIX_BLOCKS(p[IK_CONV_KH] * depth), row = IK_CONVMATRIX_WORDS(p[IK_CONV_KH] * depth), pitch = IK_CONVMATRIX_CHANNEL(ow);
  ik_matrix_terms terms[2];
  ik_matrix_sum sum;
  ik_matrix_end ends[2], *last = ends, *next = ends + 1;
  int32_t *words = ik_matrix_begin(ends, &sum, terms, p, buf);
  uint8_t *line = (uint8_t *)(words + (IK_CONVTAPS_ROWS(band, p[IK_CONV_SH], p[IK_CONV_KH]) * depth + 16) * pitch);
  const int isTiled = ik_blocks_begin(row);
  const int32_t here = 0;
  ik_range range = ik_share_slices(p[IK_CONV_N] * p[IK_CONV_G], oh, bands, pairs, worker, workers);
  uint8_t *const y = buf[3 + p[IK_CONV_RESIDUAL]];
  for (int64_t unit = range.begin, ready = -1; unit < range.end; ++unit) {
    const int64_t at = unit / pairs, pair = unit % pairs, ng = at / bands, g = ng % p[IK_CONV_G], o = pair * 32, rows = oc - o < 32 ? oc - o : 32;
    const ik_slice part = ik_slice_of(oh, bands, at % bands);
    if (at != ready)
      ik_taps_band(words, line, (const uint8_t *)buf[0] + ng * p[IK_CONV_IC] * p[IK_CONV_IH] * p[IK_CONV_IW], p, part, pitch);
    ready = at;
    ik_matrix_terms_of(terms + unit % 2, (const int32_t *)buf[2] + g * oc + o, p[IK_CONV_G] * oc, q[IK_Q_X_ZERO] + (q[IK_Q_X_UNSIGNED] ? 0 : 128), rows);
    for (int64_t h = 0; h < part.count; ++h)
      for (int64_t w = 0; w < ow; w += 32) {
        const int64_t left = ow - w < 32 ? ow - w : 32;
        const ik_blocks b = {.left = (const char *)buf[1] + (g * panels + pair * 2) * blocks * 64 * row, .right = words + h * p[IK_CONV_SH] * depth * pitch + w,
                             .leftNext = blocks * 64 * row, .rightRow = pitch * 4, .words = row, .blocks = blocks, .offsets = &here, .taps = 1};
        if (isTiled)
          ik_matrix_product(next->c, &b, rows, (left + 15) / 16, last);
        else
          ik_taps_sums(next->c, &b, rows, (left + 15) / 16);
        ik_matrix_rows(last, last->rows);
        ik_matrix_take(next, terms + unit % 2, y + (ng * oc + o) * area + part.first * ow, area, rows,
                       ik_block_places_of(h * ow + w, left, area, area));
        ik_matrix_end *const swap = last;
        last = next, next = swap;
      }
  }
  ik_matrix_rows(last, last->rows);
  if (isTiled)
    ik_tiles_end();
}
