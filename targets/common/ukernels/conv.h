/* Parameters of the convolution kernels (conv*.c, dwconv.c), shared by C and the lowering. Three spatial axes always:
 * 1-D has D = H = 1, 2-D has D = 1. Buffers: x, w, [bias], [residual], y, scratch. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_CONV_H
#define INGOT_TARGETS_COMMON_UKERNELS_CONV_H

#include <stdint.h>

enum {
  IK_CONV_N, IK_CONV_G,                       /* batch, groups */
  IK_CONV_IC, IK_CONV_OC,                     /* channels of one group */
  IK_CONV_ID, IK_CONV_IH, IK_CONV_IW,         /* input extents */
  IK_CONV_OD, IK_CONV_OH, IK_CONV_OW,         /* output extents */
  IK_CONV_KD, IK_CONV_KH, IK_CONV_KW,         /* kernel */
  IK_CONV_SD, IK_CONV_SH, IK_CONV_SW,         /* strides */
  IK_CONV_PD, IK_CONV_PH, IK_CONV_PW,         /* low padding; the high one follows from the extents */
  IK_CONV_DD, IK_CONV_DH, IK_CONV_DW,         /* dilations */
  IK_CONV_BIAS,                               /* 1: a bias buffer */
  IK_CONV_PACKED,                             /* 1: w is [G][ceil(OC/8)][K][8], zero padded; 0: [G*OC][K]. K = IC*KD*KH*KW */
  IK_CONV_KC,                                 /* k-block of the packed input tile; convlines, convchannels, dwconv: output rows of one band (places if pointwise) */
  IK_CONV_RESIDUAL, IK_CONV_ACT, IK_CONV_ALPHA, IK_CONV_BETA, /* epilogue.h */
  IK_CONV_FULL,                               /* ik_conv_*, ik_convlines_*: 1: OC is a multiple of 8, so no code for less is needed; ik_convchannels_f32:
                                                 the filter is finite, so taps outside of the input add nothing */
  IK_CONV_COUNT
};
enum {
  IK_CONV_PANEL = 8,   /* output channels of a weight panel */
  IK_CONV_TILE = 48,   /* output pixels of a tile at most */
  IK_CONV_KBLOCK = 256 /* k of a tile in L1: 256 * 48 * 4 = 48 KiB */
};
/* Scratch of ik_conv_*: tile [kc][48] + panel [kc][8] + accumulators [panels][8][48], f32, when K > kc; else one [8][48]. */
#define IK_CONV_SCRATCH(kc, panels) (4 * ((kc) * 48 + (kc) * 8 + (panels) * 8 * 48 + 64))
/* ik_convfew_f32: most output places of a plane. Scratch: im2col rows [8][K] and a tile [8][48], f32. */
enum { IK_CONVFEW_PLACES = 8 };
#define IK_CONVFEW_SCRATCH(k) (4 * ((k) * 8 + 8 * 48 + 16))
/* Scratch of ik_convchannels_*: `lines` floats of lines and the sums of all `places` of a band [places][48]. Lines of ik_convchannels_f32: channels of
 * `floats` each (none if pointwise); of ik_convchannels_f32_bf16: two more than pairs of channels, or pairs of whole vectors of places if pointwise.
 * And the input channels, or pairs, of a block. */
#define IK_CONVCHANNELS_SCRATCH(lines, places) (4 * ((lines) + ((places) + 8) * 48 + 64))
#define IK_CONVCHANNELS_BLOCK(taps) ((taps) < 96 ? 96 / (taps) : 1)
enum { IK_DWCONV_TAPS = 1024 }; /* largest KH * KW of ik_dwconv_* */
/* Width of one phase row of ik_dwconv_*. */
#define IK_DWCONV_WIDTH(ow, kw, dw, sw) (((ow) + 15) / 16 * 16 + ((kw) - 1) * (dw) / (sw) + 1)
/* Scratch of ik_dwconv_*: [rows in][sw][width] f32; band is a multiple of 4. */
#define IK_DWCONV_SCRATCH(band, kh, sh, dh, ow, kw, dw, sw) \
  (4 * ((((band) - 1) * (sh) + ((kh) - 1) * (dh) + 1) * (sw) * IK_DWCONV_WIDTH(ow, kw, dw, sw) + 64))
enum { IK_CONVLINES_TAPS = 1024 }; /* largest KH * KW of ik_convlines_* */
/* Floats from one line to the next of ik_convlines_*: a row of outputs and what its last taps reach beyond it. */
#define IK_CONVLINES_PITCH(ow, kw, dw, sw) ((ow) + ((kw) - 1) * (dw) / (sw))
/* Phases of a stride that the taps of one axis meet, and the lines of one phase that a band reads. */
#define IK_CONVLINES_PHASES(k, d, s) ((d) % (s) == 0 ? 1 : (d) == 1 && (k) < (s) ? (k) : (s))
#define IK_CONVLINES_LINES(band, kh, dh, sh) ((band) + ((kh) - 1) * (dh) / (sh))
/* Scratch of ik_convlines_*: channels of `floats` each (phases x lines x pitch), a panel [K][8] and the sums [8][48]. */
#define IK_CONVLINES_SCRATCH(ic, floats, k) (4 * ((ic) * (floats) + (k) * 8 + 8 * 48 + 96))
/* Scratch of ik_conv_f32_bf16: f32 rows on their way into a tile, accumulators as ik_conv_*, the tile [kc / 2][48] of pairs, a panel of weights; kc is even
 * or K. */
enum { IK_CONVPAIRS_ROWS = 32 };
#define IK_CONVPAIRS_SCRATCH(kc, panels) (4 * ((IK_CONVPAIRS_ROWS + 1) * 48 + (panels) * 8 * 48 + ((kc) + 1) / 2 * (48 + 8) + 64))
/* Scratch of ik_convlines_f32_bf16: two channels of `floats` each, the sums [8][48], pairs of channels, a panel of weights. */
#define IK_CONVPAIRS_LINES_SCRATCH(ic, floats, taps) (4 * (2 * (floats) + 8 * 48 + ((ic) + 1) / 2 * ((floats) + 8 * (taps)) + 128))

/* ik_convmatrix_f32_bf16, ik_qconvmatrix, ik_qconvtaps: blocks of words of k, of equal size, at most 16. */
#define IK_CONVMATRIX_BLOCKS(words) (((words) + 15) / 16)
#define IK_CONVMATRIX_WORDS(words) (((words) + IK_CONVMATRIX_BLOCKS(words) - 1) / IK_CONVMATRIX_BLOCKS(words))
/* ik_convmatrix_f32_bf16, ik_qconvmatrix: places from one word of channels to the next, an odd number of cache lines, for those of all lines of a channel, or
 * of a band where pointwise. Scratch: sums [2][32][32], pairs of channels in blocks of 32, two channels of lines in f32. */
#define IK_CONVMATRIX_CHANNEL(places) ((((places) + 15) / 16 | 1) * 16)
#define IK_CONVMATRIX_SCRATCH(ic, places) (4 * (2 * 32 * 32 + (((ic) + 31) / 32 * 16 + 2) * IK_CONVMATRIX_CHANNEL(places) + 160))

/* ik_convtaps_f32_bf16, ik_qconvtaps: input rows of a band; numbers of a line with its padding, for `pitch` words. Scratch of the former: sums [2][32][32], words of
 * all those rows, a line in f32 and in bf16. */
#define IK_CONVTAPS_ROWS(band, sh, kh) (((band) - 1) * (sh) + (kh))
#define IK_CONVTAPS_LINE(pitch, sw, kw) ((pitch) * (sw) + ((kw) + 31) / 32 * 32 + 64)
#define IK_CONVTAPS_SCRATCH(ic, rows, pitch, sw, kw) (4 * (2 * 32 * 32 + (rows) * (ic) * (((kw) + 1) / 2) * (pitch) + 2 * IK_CONVTAPS_LINE(pitch, sw, kw) + 128))
/* Words of a block of ik_convtaps_f32_bf16: the largest part of all. */
static inline int64_t ik_convtaps_words(const int64_t *p) {
  const int64_t all = p[IK_CONV_KH] * p[IK_CONV_IC] * ((p[IK_CONV_KW] + 1) / 2);
  int64_t words = all < 16 ? all : 16;
  while (words > 1 && all % words)
    --words;
  return words;
}

/* One tap that meets every pixel of a plane once and in order: rows of the im2col matrix are stretches of planes. */
static inline int ik_conv_is_pointwise(const int64_t *p) {
  return p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW] == 1 && p[IK_CONV_SD] * p[IK_CONV_SH] * p[IK_CONV_SW] == 1 &&
         p[IK_CONV_PD] + p[IK_CONV_PH] + p[IK_CONV_PW] == 0 && p[IK_CONV_OD] == p[IK_CONV_ID] && p[IK_CONV_OH] == p[IK_CONV_IH] &&
         p[IK_CONV_OW] == p[IK_CONV_IW];
}

/* One spatial axis with stride 1: each tap is a load at a fixed distance, so ik_conv_f32 copies nothing. */
enum { IK_CONV_ROW_TAPS = 64 };
static inline int ik_conv_is_row(const int64_t *p) {
  return p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_KD] * p[IK_CONV_KH] == 1 && p[IK_CONV_PD] + p[IK_CONV_PH] == 0 &&
         p[IK_CONV_SW] == 1 && p[IK_CONV_KW] > 1 && p[IK_CONV_KW] <= IK_CONV_ROW_TAPS && p[IK_CONV_PACKED];
}

/* Taps [first, end) of an axis (0: D, 1: H, 2: W) besides which none meets the input at any of `count` outputs from `at` on. */
typedef struct { int64_t first, end; } ik_conv_taps;
static inline ik_conv_taps ik_conv_live(const int64_t *p, int axis, int64_t at, int64_t count) {
  const int64_t taps = p[IK_CONV_KD + axis], step = p[IK_CONV_DD + axis], stride = p[IK_CONV_SD + axis], pad = p[IK_CONV_PD + axis];
  const int64_t low = pad - (at + count - 1) * stride, high = p[IK_CONV_ID + axis] - 1 + pad - at * stride;
  const int64_t first = low > 0 ? (low + step - 1) / step : 0, end = high < 0 ? 0 : high >= (taps - 1) * step ? taps : high / step + 1;
  return first < end ? (ik_conv_taps){first, end} : (ik_conv_taps){0, 0};
}

#endif
