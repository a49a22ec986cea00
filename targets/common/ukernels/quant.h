/* Parameters of the quantised kernels, shared by C and the lowering. The geometry is that of conv.h or matmul.h; the entries below
 * follow it. ik_qconvnd / ik_qmatmulnd read scales and zeros from tensors; buffers: x, xScale, xZero, w, wScale, wZero, yScale, yZero,
 * [bias i32], y. The fast rows take w packed and one table; buffers: x, w, table, y, scratch. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_QUANT_H
#define INGOT_TARGETS_COMMON_UKERNELS_QUANT_H

#include "targets/common/ukernels/conv.h"
#include "targets/common/ukernels/matmul.h"

enum {
  IK_Q_X_UNSIGNED, IK_Q_W_UNSIGNED, IK_Q_Y_UNSIGNED, /* 1: u8, 0: i8 */
  IK_Q_SCALES_PER_CHANNEL, IK_Q_ZEROS_PER_CHANNEL,   /* of w: 1: one an output channel (column), 0: a scalar */
  IK_Q_SCALES_PER_ROW, IK_Q_ZEROS_PER_ROW,           /* of a, matmul only */
  IK_Q_X_ZERO, IK_Q_Y_ZERO,                          /* fast rows */
  IK_Q_W_ZEROS,                                      /* fast rows: 1: some zero of the (signed) weights is not 0 */
  IK_Q_STORED,                                       /* sparse rows: stored quads (4x1) or values (bits) */
  IK_Q_GAPLESS,                                      /* ik_qconvlines: 1: a copy of the lines for each tap of a row; no places between rows */
  IK_Q_COUNT
};
enum { IK_QCONV_COUNT = IK_CONV_COUNT + IK_Q_COUNT, IK_QMATMUL_COUNT = IK_MATMUL_COUNT + IK_Q_COUNT };
/* ik_qconvmatrix, ik_qconvtaps with IK_CONV_RESIDUAL: bytes r behind the table, of y's shape, and these behind the parameters. With q the convolution's result
 * less its zero and r from 0 on (signed ones and 128): y = clamp(round(fma(q, FACTOR, fma(r, R_FACTOR, SHIFT)))) + zero. */
enum { IK_QSUM_R_UNSIGNED, IK_QSUM_Y_UNSIGNED, IK_QSUM_Y_ZERO, IK_QSUM_FACTOR, IK_QSUM_R_FACTOR, IK_QSUM_SHIFT, IK_QSUM_COUNT };
/* The table of the fast rows, i32 [4][channels]: bias, sum of w, zero of w, bits of the f32 multiplier. Weights are signed there:
 * u8 ones have 128 taken off, and so has their zero. w is [G][panels][ceil(K/4)][8][4]. */
enum { IK_QTABLE_BIAS, IK_QTABLE_SUM, IK_QTABLE_ZERO, IK_QTABLE_MULTIPLIER, IK_QTABLE_ROWS };
/* ik_qconvreal: the multiplier is the factor, no bias, and a row of shifts, f32, follows. */
enum { IK_QTABLE_SHIFT = IK_QTABLE_ROWS, IK_QTABLE_REAL_ROWS };
/* Constant weights of products, [N][K] of one matrix (sparse convolutions: [G * OC][K]), u8 ones less 128:
 * dense: [ceil(N/16)][ceil(K/4)][16][4], zero padded.
 * 4x1: u32 start[N + 1], then the quads (four k of an output) that are not wholly zero, i8 [stored][4], and their places u16 [stored]; those
 * of output n are start[n] .. start[n + 1].
 * bits: u32 start[panels] of a panel's values, a bit a weight of the dense form (a panel's are whole words of 64), the values that are not
 * zero, IK_BITS_SLACK bytes. */
enum { IK_QPANEL = 16, IK_QROWS = 128, IK_QSPARSE_ROWS = 64, IK_QSPARSE_QUADS = 65536 };
#define IK_QALIGN(bytes) (((bytes) + 15) / 16 * 16)
#define IK_QUADS_AT(outputs) IK_QALIGN(4 * ((outputs) + 1))
#define IK_QUADS_BYTES(outputs, stored) IK_QALIGN(IK_QUADS_AT(outputs) + 6 * (stored))
#define IK_BITS_AT(panels) IK_QALIGN(4 * (panels))
#define IK_BITS_WORDS(panelBytes) (((panelBytes) + 63) / 64)
enum { IK_BITS_SLACK = 80 };
#define IK_BITS_BYTES(panels, panelBytes, stored) IK_QALIGN(IK_BITS_AT(panels) + (panels) * IK_BITS_WORDS(panelBytes) * 8 + (stored) + IK_BITS_SLACK)
/* Scratch of ik_qmatmul_bits: rows as 16-bit lanes at most, their sums, accumulators [8][16], a panel. ik_qmatmul_4x1: a tile of 64 rows, its
 * sums, accumulators [64], bytes [16][64]. */
#define IK_QMATMUL_BITS_SCRATCH(rows, k) (((rows) * (((k) + 3) / 4) * 2 + (rows) + 8 * IK_QPANEL) * 4 + ((k) + 3) / 4 * 4 * IK_QPANEL + 128)
#define IK_QMATMUL_4X1_SCRATCH(k) ((((k) + 3) / 4 * 2 * IK_QSPARSE_ROWS + 2 * IK_QSPARSE_ROWS) * 4 + 16 * IK_QSPARSE_ROWS + 64)
/* Scratch of ik_qconv and ik_qconv_4x1: tile and panel in 16 bits at most, accumulators [8][48], column sums, 4 rows of bytes; ik_qconv_bits: and a panel. */
#define IK_QCONV_BITS_SCRATCH(depth) (IK_QCONV_SCRATCH(depth) + ((depth) + 3) / 4 * 32 + 128)
#define IK_QCONV_SCRATCH(depth) ((((depth) + 3) / 4 * 4) * (48 + 8) * 2 + 8 * 48 * 4 + 48 * 4 + 4 * 128 + 256)
/* ik_qconvlines: w is [G][panels][ceil(IC/4)][taps][8][4]. Scratch: lines in words of 16 bits at most, accumulators, sums of pixels, a panel in
 * 16 bits, the input rows of a band in words. `places` of all lines of one channel, `input` of those rows. */
#define IK_QCONVLINES_ROWS(lines, sh, phases) (((lines) - 1) * (sh) + (phases))
#define IK_QCONVLINES_SCRATCH(ic, taps, places, input) \
  ((((ic) + 3) / 4) * (2 * 4 * (places) + (taps) * 64) + 8 * 48 * 4 + 48 * 4 + 4 * ((input) + 48) + 256)
/* Scratch of ik_qconvmatrix, of IK_CONVMATRIX_CHANNEL(places) from one word of channels to the next: sums [2][32][32], words of 16 bits at most, the input rows
 * of a band in words. */
#define IK_QCONVMATRIX_SCRATCH(ic, places, input) (4 * (2 * 32 * 32 + ((ic) + 63) / 64 * 32 * IK_CONVMATRIX_CHANNEL(places) + (input) + 48) + 512)
/* Scratch of ik_qconvtaps: sums [2][32][32], words of all rows of a band, a line. */
#define IK_QCONVTAPS_SCRATCH(ic, rows, pitch, sw, kw) \
  (4 * (2 * 32 * 32 + ((rows) * (ic) * (((kw) + 3) / 4) + 16) * (pitch)) + IK_CONVTAPS_LINE(pitch, sw, kw) + 128)
/* ik_qmatmul and ik_imatmul: w is [ceil(N/16)][ceil(K/4)][16][4], signed; M counts the rows of all batches. Scratch: accumulators [8][48],
 * sums of rows, 8 rows and three panels in 16 bits at most. */
#define IK_QMATMUL_SCRATCH(depth) (8 * 48 * 4 + 64 + ((((depth) + 3) / 4 * 4) * (8 + 48)) * 2 + 128)
/* ik_qmatmul_both: and sums, zeros, bias and scales of 48 columns. */
#define IK_QMATMUL_BOTH_SCRATCH(depth) (IK_QMATMUL_SCRATCH(depth) + 4 * 48 * 4)
enum { IK_QDWCONV_TAPS = 256 }; /* largest KH * KW of ik_qdwconv */
/* Scratch of ik_qdwconv: words of 2 taps or more [ceil(KW / 2)][row phases][lines][OW] and lines of bytes; or [rows in][sw][width] of 16 bits. */
#define IK_QDWCONV_LINES(band, kh, sh, dh) (IK_CONVLINES_PHASES(kh, dh, sh) * IK_CONVLINES_LINES(band, kh, dh, sh))
#define IK_QDWCONV_WORDS(band, kh, sh, dh, ow, kw, dw, sw) \
  (IK_QDWCONV_LINES(band, kh, sh, dh) * (((kw) + 1) / 2 * 4 * (ow) + IK_CONVLINES_PHASES(kw, dw, sw) * (IK_CONVLINES_PITCH(ow, kw, dw, sw) + 32)) + 256)
#define IK_QDWCONV_ROWS(band, kh, sh, dh, ow, kw, dw, sw) (IK_DWCONV_SCRATCH(band, kh, sh, dh, ow, kw, dw, sw) / 2 + 256)
#define IK_QDWCONV_SCRATCH(...) (IK_QDWCONV_WORDS(__VA_ARGS__) > IK_QDWCONV_ROWS(__VA_ARGS__) ? IK_QDWCONV_WORDS(__VA_ARGS__) : IK_QDWCONV_ROWS(__VA_ARGS__))

#endif
