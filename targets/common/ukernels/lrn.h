/* Parameters of ik_lrn_f32 and ik_lrn_f64 (lrn.c), shared by C and the lowering. Buffers: x [OUTER][C][INNER], y. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_LRN_H
#define INGOT_TARGETS_COMMON_UKERNELS_LRN_H

enum {
  IK_LRN_OUTER, IK_LRN_CHANNELS, IK_LRN_INNER, IK_LRN_SIZE,
  IK_LRN_SCALE, IK_LRN_BETA, IK_LRN_BIAS, /* alpha / size, beta, bias: f64 bits */
  IK_LRN_COUNT
};

#endif
