/* What a step of a recurrent layer does with the sums of its gates, 16 hidden units at once: biases, peephole, clip and activation, and the LSTM's
 * cell, which layers with float and with 8-bit weights share. Parameters in rnn.h. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_RNNCELL_H
#define INGOT_TARGETS_COMMON_UKERNELS_RNNCELL_H

#include "targets/common/ukernels/micro.h"
#include "targets/common/ukernels/rnn.h"

enum { IK_RNN_GATES = 4 }; /* the most: sums of one block of 16 units are [IK_RNN_GATES] vectors */

/* What a step reads: packed weights, biases, peephole, and the padded vectors of the first of `together` sequences, `apart` floats from the next's. Units
 * [begin, end) are computed, multiples of 16. */
typedef struct {
  const float *w, *r, *b, *peephole;
  float *h, *c, *reset, *next;
  ik_f32x16 *inputSums; /* W x of IK_RNN_AHEAD steps: [step][padded / 16][IK_RNN_GATES] */
  int64_t inputs, hidden, padded, gates;
  float clip;
  int64_t together, apart, begin, end;
} ik_cell;

/* 16 values of a vector of `hidden` that is not padded. */
IK_INLINE ik_f32x16 ik_rnn_part(const float *v, const ik_cell *s, int64_t j) {
  return s->hidden - j >= 16 ? ik_load16_f32(v + j) : ik_load_part_f32(v + j, s->hidden - j);
}
IK_INLINE ik_f32x16 ik_rnn_bias(const ik_cell *s, int64_t recurrent, int64_t g, int64_t j) {
  return ik_rnn_part(s->b + (recurrent * s->gates + g) * s->hidden, s, j);
}
IK_INLINE ik_f32x16 ik_rnn_clip(ik_f32x16 x, const ik_cell *s) { return s->clip > 0.0f ? ik_clamp16(x, -s->clip, s->clip) : x; }
static __attribute__((noinline)) ik_f32x16 ik_rnn_act(ik_f32x16 x, int64_t kind) {
  if (kind == IK_ACT_SIGMOID)
    return ik_sigmoid16(x);
  return kind == IK_ACT_RELU ? ik_select16(x < ik_splat16(0.0f), ik_splat16(0.0f), x) : ik_tanh16(x);
}
/* Gate g of units j.. from its sum: biases, peephole (c weighted by vector `which`; -1: none), clip and activation. */
IK_INLINE ik_f32x16 ik_rnn_gated(const ik_cell *s, const int64_t *p, const ik_f32x16 *sums, int64_t g, int64_t j, int64_t which, ik_f32x16 c, int64_t act) {
  ik_f32x16 value = sums[j / 16 * IK_RNN_GATES + g] + ik_rnn_bias(s, 0, g, j) + ik_rnn_bias(s, 1, g, j);
  if (which >= 0)
    value = ik_fma16(ik_rnn_part(s->peephole + which * s->hidden, s, j), c, value);
  return ik_rnn_act(ik_rnn_clip(value, s), p[IK_RNN_ACT0 + act]);
}

static void ik_lstm_cell(const ik_cell *s, const int64_t *p, const ik_f32x16 *sums) {
  for (int64_t j = s->begin; j < s->end; j += 16) {
    ik_f32x16 c = ik_load16_f32(s->c + j), one = ik_splat16(1.0f);
    ik_f32x16 input = ik_rnn_gated(s, p, sums, 0, j, 0, c, 0);
    ik_f32x16 forget = p[IK_RNN_INPUT_FORGET] ? one - input : ik_rnn_gated(s, p, sums, 2, j, 2, c, 0);
    ik_f32x16 fresh = ik_rnn_gated(s, p, sums, 3, j, -1, c, 1);
    c = ik_fma16(input, fresh, forget * c);
    ik_f32x16 output = ik_rnn_gated(s, p, sums, 1, j, 1, c, 0);
    ik_store16_f32(s->c + j, c);
    ik_store16_f32(s->next + j, output * ik_rnn_act(c, p[IK_RNN_ACT2]));
  }
}

static void ik_rnn_copy(float *to, const float *from, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    to[i] = from[i];
}

#endif
