/* What conv, depthwise conv and matmul do with a finished accumulator: y = act(acc + bias), with an optional residual tensor
 * added before or after the activation. The enums are shared with the lowering (C and C++). */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_EPILOGUE_H
#define INGOT_TARGETS_COMMON_UKERNELS_EPILOGUE_H

/* alpha and beta as in nn.unary: clip [alpha, beta], leaky_relu slope alpha, hard_sigmoid clamp(alpha x + beta, 0, 1). */
enum {
  IK_ACT_NONE, IK_ACT_RELU, IK_ACT_CLIP, IK_ACT_LEAKY_RELU, IK_ACT_SIGMOID, IK_ACT_SILU, IK_ACT_HARD_SIGMOID, IK_ACT_HARD_SWISH, IK_ACT_TANH
};
enum { IK_RESIDUAL_NONE, IK_RESIDUAL_AFTER, IK_RESIDUAL_BEFORE }; /* relative to the activation */

#endif
