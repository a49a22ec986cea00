/* Parameters of ik_normalize_<type>, shared by C and the lowering. Buffers: x and y [outer, n, inner]. The epsilon is a double's bits. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_NORMALIZE_H
#define INGOT_TARGETS_COMMON_UKERNELS_NORMALIZE_H

enum { IK_NORMALIZE_OUTER, IK_NORMALIZE_N, IK_NORMALIZE_INNER, IK_NORMALIZE_RMS, IK_NORMALIZE_EPSILON, IK_NORMALIZE_COUNT };

#endif
