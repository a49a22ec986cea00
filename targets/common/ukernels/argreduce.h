/* Parameters of ik_argreduce_<type>, shared by C and the lowering. Buffers: x [outer, n, inner], y i64 [outer, inner]. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_ARGREDUCE_H
#define INGOT_TARGETS_COMMON_UKERNELS_ARGREDUCE_H

enum { IK_ARG_OUTER, IK_ARG_N, IK_ARG_INNER, IK_ARG_SMALLEST, IK_ARG_LAST, IK_ARG_COUNT };

#endif
