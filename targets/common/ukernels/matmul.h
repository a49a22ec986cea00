/* Parameters of the matrix products (matmul.c, matmulnd.c), shared by C and the lowering. Buffers: a, b, [bias], [residual], y,
 * scratch. Batch axes: three after joining; strides in elements, 0 broadcasts. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_MATMUL_H
#define INGOT_TARGETS_COMMON_UKERNELS_MATMUL_H

enum {
  IK_MATMUL_B0, IK_MATMUL_B1, IK_MATMUL_B2,       /* batch extents */
  IK_MATMUL_AS0, IK_MATMUL_AS1, IK_MATMUL_AS2,    /* batch strides of a */
  IK_MATMUL_BS0, IK_MATMUL_BS1, IK_MATMUL_BS2,    /* batch strides of b: elements, of the packed form when packed */
  IK_MATMUL_M, IK_MATMUL_N, IK_MATMUL_K,
  IK_MATMUL_PACKED,                               /* 1: b is [..][ceil(N/16)][K][16], zero padded; 0: [..][K][N] */
  IK_MATMUL_BIAS,                                 /* 1: bias [N] */
  IK_MATMUL_RESIDUAL, IK_MATMUL_ACT, IK_MATMUL_ALPHA, IK_MATMUL_BETA, /* epilogue.h */
  IK_MATMUL_COUNT
};
/* Scratch of ik_matmul_*: b tile [K][48], a rows [8][K], accumulators [8][48]; f32. */
#define IK_MATMUL_SCRATCH(k) (4 * ((k) * 56 + 8 * 48 + 64))
/* Scratch of ik_matmul_f32_bf16: accumulators [32][48], a rows [32][ceil(K / 2)] of pairs. */
#define IK_MATMULPAIRS_SCRATCH(k) (4 * (((k) + 1) / 2 * 32 + 32 * 48 + 32))
/* The same for operands that are not packed. */
#define IK_MATMULPAIRS_BOTH_SCRATCH(m, n, k) (IK_MATMULPAIRS_SCRATCH(k) + 4 * (((k) + 1) / 2 * ((m) + ((n) + 15) / 16 * 16) + 16))

#endif
