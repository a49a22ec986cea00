/* Model code written by hand, with two entry points on one state: feed adds its input to the state, total gives state * weights. */
#include "ingot/abi.h"

void ingot_feed_steps(const ingot_frame *frame, uint32_t worker, uint32_t workers) {
  const float *in = (const float *)frame->inputs[0];
  float *sum = (float *)frame->state;
  for (uint32_t i = worker; i < 5; i += workers)
    sum[i] += in[i];
}

void ingot_total_steps(const ingot_frame *frame, uint32_t worker, uint32_t workers) {
  const float *sum = (const float *)frame->state, *weights = (const float *)frame->weights;
  float *out = (float *)frame->outputs[0];
  for (uint32_t i = worker; i < 5; i += workers)
    out[i] = sum[i] * weights[i];
}
