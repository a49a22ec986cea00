/* ik_qconvmatrix: ik_qconv (qconv.c) for weights without zeros as products of matrices: blocks of 32 output channels by 32 places, summed over blocks of
 * W <= 16 words of 4 channels and taps by AMX (amx.h), where a process may use it, or as every level multiplies. A band of the input lies in scratch as words of 4
 * channels: lines as in qconvlines.c, or where outputs and inputs are the same places, those. w is [G][ceil(OC/16)][blocks][taps][16][W][4]. The sums
 * are exact, so the result is that of ik_qconv. Parameters in quant.h. Parallel units: (n, g, band, 32 channels). */
#include "targets/common/ukernels/qbands.h"
#include "targets/common/ukernels/qmatrix.h"

/* A word of weights, for a dot product. */
IK_INLINE int32_t ik_matrix_word(const int8_t *w) {
#if IK_DOT == 4
  int32_t word;
  __builtin_memcpy(&word, w, 4);
  return word;
#else
  return (int32_t)((uint32_t)(uint16_t)w[0] | (uint32_t)(uint16_t)w[1] << 16);
#endif
}
/* What ik_blocks_i8_u8_2x2 computes. */
static void ik_matrix_sums(int32_t *c, const ik_blocks *b, int64_t rows, int64_t vecs) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vecs; ++v) {
      const int8_t *w = (const int8_t *)b->left + r / 16 * b->leftNext + r % 16 * b->words * 4;
      ik_i32x16 a = (ik_i32x16)0;
      for (int64_t block = 0; block < b->blocks; ++block)
        for (int64_t tap = 0; tap < b->taps; ++tap, w += 64 * b->words) {
          const char *x = (const char *)b->right + block * b->words * 4 / IK_DOT * b->rightRow + (b->offsets[tap] + v * 16) * (int64_t)4;
          for (int64_t i = 0; i < b->words * 4 / IK_DOT; ++i, x += b->rightRow)
            a = ik_dot16(a, *(const ik_i32x16u *)x, (ik_i32x16)ik_matrix_word(w + i * IK_DOT));
        }
      *(ik_i32x16u *)(c + r * 32 + v * 16) = a;
    }
}
/* The part of the input that makes the outputs of `part`, as words. */
static void ik_matrix_band(int32_t *words, int32_t *room, const uint8_t *x, const uint8_t *end, const int64_t *p, const ik_lines *l, ik_slice part) {
  if (!ik_conv_is_pointwise(p)) {
    ik_qlines_pack(words, room, x, end, p, l, part.first);
    return;
  }
  for (int64_t c = 0; c < p[IK_CONV_IC]; c += IK_DOT, words += l->channel)
    ik_qlines_plane(words, x, end, p, c, part.first, part.count);
}

IK_KERNEL(ik_qconvmatrix) {
  const uint8_t *x = buf[0];
  const int64_t *q = p + IK_CONV_COUNT;
  const int isPointwise = ik_conv_is_pointwise(p);
  ik_lines l = ik_lines_of(p, isPointwise ? 1 : p[IK_CONV_KC]);
  int32_t offsets[IK_CONVLINES_TAPS];
  ik_lines_offsets(offsets, p, &l);
  l.channel = IK_CONVMATRIX_CHANNEL(isPointwise ? p[IK_CONV_KC] : l.channel);
  const int64_t taps = p[IK_CONV_KH] * p[IK_CONV_KW], blocks = IK_CONVMATRIX_BLOCKS((p[IK_CONV_IC] + 3) / 4), row = IK_CONVMATRIX_WORDS((p[IK_CONV_IC] + 3) / 4), steps = taps * blocks, oc = p[IK_CONV_OC];
  const int64_t area = p[IK_CONV_OH] * p[IK_CONV_OW], ow = isPointwise ? area : p[IK_CONV_OW], pitch = isPointwise ? area : l.pitch;
  const int64_t size = isPointwise ? area : p[IK_CONV_OH], bands = (size + p[IK_CONV_KC] - 1) / p[IK_CONV_KC], panels = (oc + 15) / 16, pairs = (panels + 1) / 2;
  const int64_t plane = p[IK_CONV_IC] * p[IK_CONV_IH] * p[IK_CONV_IW];
  ik_matrix_terms terms[2];
  ik_matrix_sum sum;
  ik_matrix_end ends[2], *last = ends, *next = ends + 1;
  int32_t *words = ik_matrix_begin(ends, &sum, terms, p, buf), *room = words + blocks * row * 4 / IK_DOT * l.channel + 64;
  const uint8_t *end = x + p[IK_CONV_N] * p[IK_CONV_G] * plane;
  const int isTiled = ik_blocks_begin(row);
  ik_range range = ik_share_slices(p[IK_CONV_N] * p[IK_CONV_G], size, bands, pairs, worker, workers);
  uint8_t *const y = buf[3 + p[IK_CONV_RESIDUAL]];
  for (int64_t unit = range.begin, ready = -1; unit < range.end; ++unit) {
    const int64_t band = unit / pairs, pair = unit % pairs, ng = band / bands, g = ng % p[IK_CONV_G], o = pair * 32, rows = oc - o < 32 ? oc - o : 32;
    const ik_slice part = ik_slice_of(size, bands, band % bands);
    const int64_t places = isPointwise ? part.count : (part.count - 1) * pitch + ow, tiles = (places + 31) / 32;
    const char *weights = (const char *)buf[1] + (g * panels + pair * 2) * steps * 64 * row;
    if (band != ready)
      ik_matrix_band(words, room, x + ng * plane, end, p, &l, part);
    ready = band;
    ik_matrix_terms_of(terms + unit % 2, (const int32_t *)buf[2] + g * oc + o, p[IK_CONV_G] * oc, q[IK_Q_X_ZERO] + ik_qshift(q), rows);
    for (int64_t first = 0; first < places; first += 32) {
      const int64_t left = places - first < 32 ? places - first : 32, fetch = (2 * row + tiles - 1) / tiles;
      /* The weights of the next 32 channels, a part while each block is multiplied. */
      const ik_blocks b = {.left = weights, .right = words + first, .ahead = weights + steps * (128 * row + first / 32 * fetch * 64), .leftNext = steps * 64 * row,
                           .rightRow = l.channel * 4, .words = row, .blocks = blocks, .fetch = fetch, .offsets = offsets, .taps = taps};
      if (isTiled)
        ik_matrix_product(next->c, &b, rows, (left + 15) / 16, last);
      else
        ik_matrix_sums(next->c, &b, rows, (left + 15) / 16);
      ik_matrix_rows(last, last->rows);
      ik_matrix_take(next, terms + unit % 2, y + (ng * oc + o) * area + part.first * (isPointwise ? 1 : ow), area, rows,
                     ik_block_places_of(first, left, pitch, ow));
      ik_matrix_end *const swap = last;
      last = next, next = swap;
    }
  }
  ik_matrix_rows(last, last->rows);
  if (isTiled)
    ik_tiles_end();
}
