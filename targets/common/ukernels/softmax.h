/* Parameters of ik_softmax_<type>, shared by C and the lowering. Buffers: x and y [outer, n, inner]. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_SOFTMAX_H
#define INGOT_TARGETS_COMMON_UKERNELS_SOFTMAX_H

enum { IK_SOFTMAX_OUTER, IK_SOFTMAX_N, IK_SOFTMAX_INNER, IK_SOFTMAX_LOG, IK_SOFTMAX_COUNT };

#endif
