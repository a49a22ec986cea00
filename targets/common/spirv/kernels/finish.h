/* What the shaders of conv, depthwise conv and matmul share: the epilogue of one accumulator, as ik_finish16 of micro.h does it. */
#ifndef INGOT_TARGETS_COMMON_SPIRV_KERNELS_FINISH_H
#define INGOT_TARGETS_COMMON_SPIRV_KERNELS_FINISH_H

#include "targets/common/ukernels/epilogue.h"
#include "targets/common/ukernels/math.h"
#include "targets/common/ukernels/ukernel.h"

static inline float ik_clamp(float x, float low, float high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}
static inline float ik_activate(float x, int64_t kind, float alpha, float beta) {
  switch (kind) {
  case IK_ACT_RELU: return x < 0.0f ? 0.0f : x;
  case IK_ACT_CLIP: return ik_clamp(x, alpha, beta);
  case IK_ACT_LEAKY_RELU: return x < 0.0f ? x * alpha : x;
  case IK_ACT_SIGMOID: return ikm_sigmoid_f32(x);
  case IK_ACT_SILU: return x * ikm_sigmoid_f32(x);
  case IK_ACT_HARD_SIGMOID: return ik_clamp(__builtin_fmaf(alpha, x, beta), 0.0f, 1.0f);
  case IK_ACT_HARD_SWISH: return x * ik_clamp(__builtin_fmaf(1.0f / 6.0f, x, 0.5f), 0.0f, 1.0f);
  case IK_ACT_TANH: return ikm_tanh_f32(x);
  default: return x;
  }
}
/* y[at] = act(sum + bias), with the residual tensor before or after; p points at RESIDUAL, ACT, ALPHA, BETA. */
#define IK_FINISH(T, sum, hasBias, biasValue, residual, at, p)                                                \
  ((T)ik_finish((hasBias) ? (sum) + (float)(biasValue) : (sum), (residual) ? (float)(residual)[at] : 0.0f, p))
static inline float ik_finish(float v, float residual, const int64_t *p) {
  if (p[0] == IK_RESIDUAL_BEFORE)
    v = v + residual;
  v = ik_activate(v, p[1], ik_f32(p[2]), ik_f32(p[3]));
  return p[0] == IK_RESIDUAL_AFTER ? v + residual : v;
}

#endif
