/* Parameters of ik_reduce_f32, shared by C and the lowering. Buffers: x [outer, n, inner], y [outer, inner]. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_REDUCE_H
#define INGOT_TARGETS_COMMON_UKERNELS_REDUCE_H

/* nn.reduce's kinds in order. */
enum { IK_REDUCE_SUM, IK_REDUCE_MEAN, IK_REDUCE_MAX, IK_REDUCE_MIN, IK_REDUCE_PROD, IK_REDUCE_L1, IK_REDUCE_L2, IK_REDUCE_SUM_SQUARE,
       IK_REDUCE_LOG_SUM, IK_REDUCE_LOG_SUM_EXP };
enum { IK_REDUCE_KIND, IK_REDUCE_OUTER, IK_REDUCE_N, IK_REDUCE_INNER, IK_REDUCE_COUNT };

#endif
