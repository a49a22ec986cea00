/* Model code written by hand: out = (in + plain) * made, as the sample program of test/unit/package plans it. */
#include "ingot/abi.h"

void ingot_run_sample(const ingot_frame *frame, uint32_t worker, uint32_t workers) {
  const float *in = (const float *)frame->inputs[0], *plain = (const float *)frame->weights, *made = plain + 16;
  float *sum = (float *)frame->arena, *out = (float *)frame->outputs[0];
  for (uint32_t i = worker; i < 5; i += workers)
    sum[i] = in[i] + plain[i];
  ingot_barrier_wait(frame->barrier, workers);
  for (uint32_t i = worker; i < 5; i += workers)
    out[4 - i] = sum[4 - i] * made[4 - i];
}
