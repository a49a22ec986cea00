/* What scores of attention lose by distance (ALiBi: Press et al. 2021, arXiv 2108.12409). Behind math.h and sequence.h. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_SLOPES_H
#define INGOT_TARGETS_COMMON_UKERNELS_SLOPES_H

/* 2^(-bias * steps / n), n the largest power of 2 that is no more than the heads: the first n heads are 1 .. n steps away, those behind lie between. */
static inline float ik_attention_slope(const int64_t *p, int64_t head) {
  int32_t n = 1;
  while (2 * n <= (int32_t)p[IK_ATTENTION_HQ])
    n *= 2;
  const float steps = head < n ? (float)((int32_t)head + 1) : (float)((int32_t)head - n) + 0.5f;
  return ikm_exp_f32(-0.6931471805599453f * ik_f32(p[IK_ATTENTION_BIAS]) * steps / (float)n);
}

#endif
