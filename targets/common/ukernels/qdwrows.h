/* Depthwise convolutions of 8-bit values where one instruction puts bytes in any order within 16 of them: words of 4 neighbouring bytes are made in
 * registers. 3x3 straight from padded lines of bytes, where rows of outputs share the words of their lines; small planes as they lie, 4 outputs from 16
 * neighbouring bytes for each row of taps. The sums are exact: those of qdwconv.c. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_QDWROWS_H
#define INGOT_TARGETS_COMMON_UKERNELS_QDWROWS_H

#include "targets/common/ukernels/qdot.h"

/* A channel's taps [group][kh] and what its sums need to become bytes. */
typedef struct { const int32_t *offsets, *ones, *weights; int32_t constant, zero; ik_f32x16 m; } ik_qdw_channel;

#if defined(__AVX512VNNI__)
#define IK_QDW_ROWS 1
typedef uint8_t ik_u8x64 __attribute__((ext_vector_type(64)));
typedef char ik_c8x64 __attribute__((vector_size(64)));

/* Lines of bytes `pitch` apart, shifted by an exclusive or with `flip`; `stride` is that of columns and rows. */
typedef struct { int64_t pitch, rows, ow; uint8_t flip; } ik_qdw_lines;

/* 16 words of 4 bytes, those of word 4 j from at[j] on, `stride` bytes from word to word. */
IK_INLINE ik_i32x16 ik_qdw_gather(const uint8_t *const at[4], int stride, uint8_t flip) {
  static const uint8_t kOrder[2][16] = {{0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6}, {0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9}};
  union { ik_u8x16 part[4]; ik_u8x64 all; } order, bytes;
  IK_UNROLL for (int j = 0; j < 4; ++j) order.part[j] = *(const ik_u8x16u *)kOrder[stride - 1], bytes.part[j] = *(const ik_u8x16u *)at[j];
  return (ik_i32x16)(__builtin_ia32_pshufb512((ik_c8x64)bytes.all, (ik_c8x64)order.all) ^ (ik_c8x64)(ik_u8x64)flip);
}
/* Of one line from `from` on. */
IK_INLINE ik_i32x16 ik_qdw_line(const uint8_t *from, int stride, uint8_t flip) {
  const uint8_t *const at[4] = {from, from + 4 * stride, from + 8 * stride, from + 12 * stride};
  return ik_qdw_gather(at, stride, flip);
}
IK_INLINE ik_i32x16 ik_qdw_bytes16(ik_i32x16 a, ik_i32x16 b, ik_i32x16 c, const ik_qdw_channel *ch, ik_rounding rounding) {
  ik_i32x16 sum = ik_dot16((ik_i32x16)ch->constant, a, (ik_i32x16)ch->weights[0]);
  sum = ik_dot16(ik_dot16(sum, b, (ik_i32x16)ch->weights[1]), c, (ik_i32x16)ch->weights[2]);
  return ik_requantize16(sum, ch->m, rounding);
}

/* y // [rows][ow], ow > 8: columns by 16, the last ones again where they overlap. Rows of fewer than 16 end in what the next row writes again. */
IK_INLINE void ik_qdw_wide(uint8_t *y, const uint8_t *bytes, const ik_qdw_lines *l, const ik_qdw_channel *ch, ik_rounding rounding, int stride) {
  const int64_t ow = l->ow, pitch = l->pitch, rows = l->rows;
  const uint8_t flip = l->flip;
  for (int64_t i = 0; i < ow; i += 16) {
    i = i + 16 > ow && ow >= 16 ? ow - 16 : i;
    const uint8_t *from = bytes + i * stride;
    uint8_t *to = y + i;
    ik_i32x16 a = ik_qdw_line(from, stride, flip), b = stride == 1 ? ik_qdw_line(from + pitch, stride, flip) : a;
    from += stride == 1 ? 2 * pitch : pitch;
    for (int64_t r = 0; r < rows; ++r, to += ow, from += stride * pitch) {
      b = stride == 1 ? b : ik_qdw_line(from, stride, flip);
      const ik_i32x16 c = ik_qdw_line(from + (stride - 1) * pitch, stride, flip);
      ik_store_bytes(to, ik_qdw_bytes16(a, b, c, ch, rounding), (rows - r) * ow - i);
      a = stride == 1 ? b : c;
      b = c;
    }
  }
}
/* y // [rows][ow], ow <= 8: two rows a vector. */
IK_INLINE void ik_qdw_narrow(uint8_t *y, const uint8_t *bytes, const ik_qdw_lines *l, const ik_qdw_channel *ch, ik_rounding rounding, int stride) {
  for (int64_t r = 0; r < l->rows; r += 2) {
    ik_i32x16 line[3];
    IK_UNROLL for (int k = 0; k < 3; ++k) {
      const uint8_t *first = bytes + (r * stride + k) * l->pitch, *second = r + 1 < l->rows ? first + stride * l->pitch : first;
      const uint8_t *const at[4] = {first, first + 4 * stride, second, second + 4 * stride};
      line[k] = ik_qdw_gather(at, stride, l->flip);
    }
    const ik_u8x16 out = __builtin_convertvector(ik_qdw_bytes16(line[0], line[1], line[2], ch, rounding), ik_u8x16);
    const int64_t left = (l->rows - r) * l->ow, more = left - l->ow;
    ik_store_part_bytes(y + r * l->ow, out, left < 8 ? left : 8);
    if (more)
      ik_store_part_bytes(y + (r + 1) * l->ow, __builtin_shufflevector(out, out, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15), more < 8 ? more : 8);
  }
}

/* The outputs of a band of one channel. */
static void ik_qdw_rows(uint8_t *y, const uint8_t *bytes, const ik_qdw_lines *l, const ik_qdw_channel *ch, ik_rounding rounding, int64_t stride) {
  if (l->ow <= 8 && stride == 1)
    ik_qdw_narrow(y, bytes, l, ch, rounding, 1);
  else if (l->ow <= 8)
    ik_qdw_narrow(y, bytes, l, ch, rounding, 2);
  else if (stride == 1)
    ik_qdw_wide(y, bytes, l, ch, rounding, 1);
  else
    ik_qdw_wide(y, bytes, l, ch, rounding, 2);
}

/* What 16 outputs take of a plane for one row of taps: for each 4 the 16 bytes from at[] on, put in `order`, with the border's bytes where that names none. */
typedef struct { ik_u8x64 order, fill; int32_t at[4], isOne; /* all four are the same */ } ik_qdw_window;
enum { IK_QDW_WINDOWS = 24 };

/* The window of outputs first .. first + 15 and row of taps kh. 0: they take bytes that are farther apart. */
static int ik_qdw_window_of(ik_qdw_window *to, const int64_t *p, int64_t first, int64_t kh, uint8_t border) {
  const int64_t ih = p[IK_CONV_IH], iw = p[IK_CONV_IW], ow = p[IK_CONV_OW];
  uint8_t order[64], fill[64];
  int64_t low[4], high[4] = {0}, places[64];
  for (int j = 0; j < 4; ++j)
    low[j] = ih * iw - 16;
  for (int64_t i = 0, row = first / ow, column = first % ow; i < 64; i += 4) {
    const int64_t h = row * p[IK_CONV_SH] + kh * p[IK_CONV_DH] - p[IK_CONV_PH];
    for (int64_t t = 0, w = column * p[IK_CONV_SW] - p[IK_CONV_PW]; t < 4; ++t, w += p[IK_CONV_DW]) {
      const int isInside = row < p[IK_CONV_OH] && t < p[IK_CONV_KW] && h >= 0 && h < ih && w >= 0 && w < iw;
      const int64_t at = places[i + t] = isInside ? h * iw + w : -1;
      low[i / 16] = isInside && at < low[i / 16] ? at : low[i / 16];
      high[i / 16] = at > high[i / 16] ? at : high[i / 16];
    }
    if (++column == ow)
      column = 0, ++row;
  }
  int64_t least = low[0], most = high[0];
  for (int j = 1; j < 4; ++j) {
    least = low[j] < least ? low[j] : least;
    most = high[j] > most ? high[j] : most;
  }
  int fits = 1;
  to->isOne = most - least < 16;
  for (int j = 0; j < 4; ++j) {
    low[j] = to->isOne ? least : low[j];
    fits &= to->isOne || high[j] - low[j] < 16;
    to->at[j] = (int32_t)low[j];
  }
  for (int i = 0; i < 64; ++i) {
    order[i] = places[i] < 0 ? 0x80 : (uint8_t)(places[i] - low[i / 16]);
    fill[i] = places[i] < 0 ? border : 0;
  }
  __builtin_memcpy(&to->order, order, 64);
  __builtin_memcpy(&to->fill, fill, 64);
  return fits;
}

/* The windows of a plane, by outputs, then by rows of taps; 0 where it has too many or one cannot be. */
static int ik_qdw_windows(ik_qdw_window *to, const int64_t *p, uint8_t border) {
  const int64_t outputs = p[IK_CONV_OH] * p[IK_CONV_OW], rows = p[IK_CONV_KH];
  if (p[IK_CONV_KW] > 4 || p[IK_CONV_IH] * p[IK_CONV_IW] < 16 || (outputs + 15) / 16 * rows > IK_QDW_WINDOWS)
    return 0;
  for (int64_t first = 0; first < outputs; first += 16)
    for (int64_t kh = 0; kh < rows; ++kh)
      if (!ik_qdw_window_of(to++, p, first, kh, border))
        return 0;
  return 1;
}

/* y // [outputs] of one channel of the plane x; bytes are shifted by an exclusive or with `flip`, as the windows' border is. */
static void ik_qdw_plane(uint8_t *y, const uint8_t *x, const ik_qdw_window *window, int64_t outputs, int64_t rows, uint8_t flip, const ik_qdw_channel *ch,
                         ik_rounding rounding) {
  for (int64_t i = 0; i < outputs; i += 16) {
    ik_i32x16 sum = (ik_i32x16)ch->constant;
    for (int64_t kh = 0; kh < rows; ++kh, ++window) {
      union { ik_u8x16 part[4]; ik_u8x64 all; } lanes;
      if (window->isOne)
        lanes.part[0] = lanes.part[1] = lanes.part[2] = lanes.part[3] = *(const ik_u8x16u *)(x + window->at[0]);
      else
        IK_UNROLL for (int j = 0; j < 4; ++j) lanes.part[j] = *(const ik_u8x16u *)(x + window->at[j]);
      const ik_c8x64 words = __builtin_ia32_pshufb512((ik_c8x64)(lanes.all ^ (ik_u8x64)flip), (ik_c8x64)window->order) | (ik_c8x64)window->fill;
      sum = ik_dot16(sum, (ik_i32x16)words, (ik_i32x16)ch->weights[kh]);
    }
    ik_store_bytes(y + i, ik_requantize16(sum, ch->m, rounding), outputs - i);
  }
}
#else
#define IK_QDW_ROWS 0
#endif

#endif
