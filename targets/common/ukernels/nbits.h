/* Weights of b bits with a float scale for each N inputs (ONNX's MatMulNBits), packed for the kernels beside the GGUF blocks of block.h, whose
 * activations, panels and bit planes they share.
 *
 * A packed matrix [N][K] is panels of 16 rows, the last one padded with rows of scale 0; K is a multiple of 32. A panel is groups of GROUP blocks of 32 k
 * (GROUP = N / 32; the last group may be shorter); blocks of 16 have GROUP = 0: one block of 32 with two heads' content. A group is
 *   scales  f32[16] or f16[16]  (SCALE bytes each); twice for GROUP = 0: first the halves of lower k
 *   zeros   none, u8[16] or f32[16]  (ZERO bytes each); twice for GROUP = 0
 *   blocks  the bit planes of block.h for b = 2, 4, 8; 8 bits are stored less 128, as signed bytes
 * Numbers: the value of an integer q is w = f32(f32(q - zero) * scale); no zeros means 2^(b-1). With activations x in 8 bits, one accumulator, blocks (of
 * 16: halves) in k order, C = 2^(b-1) for the forms without zeros and for 8 bits, else 0:
 *   acc = fma(f32(exact sum of (q - C) * xq), scale * xs, acc);  with zeros also  acc = fma(-(scale * (zero - C)), xs * f32(sum xq), acc)
 * With activations in f32: acc = fma(x[k], w[k], acc) in k order. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_NBITS_H
#define INGOT_TARGETS_COMMON_UKERNELS_NBITS_H

#include "targets/common/ukernels/block.h"

#include <stdint.h>

/* Parameters of all kernels. ik_nbits_matmul_<b>, _<b>z (with zeros), _<b>h (blocks of 16, zeros or not): activations, packed w, y f32 [M][N] (and IK_BLOCKMM_SCRATCH).
 * ik_nbits_float: x f32 [M][K], packed w, y f32 [M][N], scratch. ik_nbits_rows: packed w, ids i32 [M], y f32 [M][K]. */
enum { IK_NBITS_M, IK_NBITS_N, IK_NBITS_K, IK_NBITS_BITS, IK_NBITS_GROUP, IK_NBITS_SCALE, IK_NBITS_ZERO, IK_NBITS_COUNT };
enum { IK_NBITS_PIECE = 256, IK_NBITS_SCRATCH = IK_NBITS_PIECE * IK_PANEL * 4 + 64 };
/* NBITS(suffix, bits, with zeros, blocks of 16) */
#define IK_NBITS_TABLE(NBITS) \
  NBITS(2, 2, 0, 0)           \
  NBITS(4, 4, 0, 0)           \
  NBITS(8, 8, 0, 0)           \
  NBITS(2z, 2, 1, 0)          \
  NBITS(4z, 4, 1, 0)          \
  NBITS(8z, 8, 1, 0)          \
  NBITS(2h, 2, 1, 1)          \
  NBITS(4h, 4, 1, 1)          \
  NBITS(8h, 8, 1, 1)

static inline long long ik_nbits_halves(const int64_t *p) { return p[IK_NBITS_GROUP] ? 1 : 2; }
/* Blocks of 32 that one group's scales serve. */
static inline long long ik_nbits_span(const int64_t *p) { return p[IK_NBITS_GROUP] ? p[IK_NBITS_GROUP] : 1; }
static inline long long ik_nbits_head(const int64_t *p) { return ik_nbits_halves(p) * IK_PANEL * (p[IK_NBITS_SCALE] + p[IK_NBITS_ZERO]); }
static inline long long ik_nbits_panel(const int64_t *p) {
  long long blocks = p[IK_NBITS_K] / IK_BLOCK, span = ik_nbits_span(p);
  return (blocks / span + (blocks % span != 0)) * ik_nbits_head(p) + blocks * p[IK_NBITS_BITS] * 64;
}

#endif
