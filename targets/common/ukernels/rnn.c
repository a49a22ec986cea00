/* ik_rnn_f32: one direction of RNN, LSTM or GRU; parameters and layouts in rnn.h. 16 hidden units side by side; every gate sum is one
 * chain of fused multiply-adds over W x, then R h, then both biases are added. Steps depend on each other, so the parallel unit is one
 * sequence of the batch. */
#include "targets/common/ukernels/micro.h"
#include "targets/common/ukernels/rnn.h"

/* What a step reads: packed weights, biases, peephole, and the padded vectors of one sequence. */
typedef struct {
  const float *w, *r, *b, *peephole;
  float *h, *c, *reset, *next;
  int64_t inputs, hidden, padded, gates;
  float clip;
} ik_cell;

/* sum += rows of one gate's panel for units j.. times v. */
IK_INLINE ik_f32x16 ik_rnn_project(ik_f32x16 sum, const float *panels, const ik_cell *s, int64_t g, int64_t j, const float *v,
                                   int64_t depth) {
  const float *from = panels + (g * s->padded + j) * depth;
  for (int64_t k = 0; k < depth; ++k)
    sum = ik_fma16(ik_load16_f32(from + k * 16), ik_splat16(v[k]), sum);
  return sum;
}
/* 16 values of a vector of `hidden` that is not padded. */
IK_INLINE ik_f32x16 ik_rnn_part(const float *v, const ik_cell *s, int64_t j) {
  return s->hidden - j >= 16 ? ik_load16_f32(v + j) : ik_load_part_f32(v + j, s->hidden - j);
}
IK_INLINE ik_f32x16 ik_rnn_bias(const ik_cell *s, int64_t recurrent, int64_t g, int64_t j) {
  return ik_rnn_part(s->b + (recurrent * s->gates + g) * s->hidden, s, j);
}
IK_INLINE ik_f32x16 ik_rnn_clip(ik_f32x16 x, const ik_cell *s) { return s->clip > 0.0f ? ik_clamp16(x, -s->clip, s->clip) : x; }
IK_INLINE ik_f32x16 ik_rnn_act(ik_f32x16 x, int64_t kind) {
  if (kind == IK_ACT_SIGMOID)
    return ik_sigmoid16(x);
  return kind == IK_ACT_RELU ? ik_select16(x < ik_splat16(0.0f), ik_splat16(0.0f), x) : ik_tanh16(x);
}
/* W x + R v + both biases of gate g, units j..; not inlined, so that each cell has one copy of the loop. */
static __attribute__((noinline)) void ik_rnn_gate(float *out, const ik_cell *s, int64_t g, int64_t j, const float *x, const float *v) {
  ik_f32x16 sum = ik_rnn_project(ik_splat16(0.0f), s->w, s, g, j, x, s->inputs);
  sum = ik_rnn_project(sum, s->r, s, g, j, v, s->hidden);
  ik_store16_f32(out, sum + ik_rnn_bias(s, 0, g, j) + ik_rnn_bias(s, 1, g, j));
}
/* The gate after its peephole (c weighted by vector `which`; -1: none), clip and activation. */
IK_INLINE ik_f32x16 ik_rnn_gated(const ik_cell *s, const int64_t *p, int64_t g, int64_t j, const float *x, const float *v, int64_t which,
                                 ik_f32x16 c, int64_t act) {
  float sum[16];
  ik_rnn_gate(sum, s, g, j, x, v);
  ik_f32x16 value = ik_load16_f32(sum);
  if (which >= 0)
    value = ik_fma16(ik_rnn_part(s->peephole + which * s->hidden, s, j), c, value);
  return ik_rnn_act(ik_rnn_clip(value, s), p[IK_RNN_ACT0 + act]);
}

static void ik_rnn_step(const ik_cell *s, const int64_t *p, const float *x) {
  for (int64_t j = 0; j < s->padded; j += 16)
    ik_store16_f32(s->next + j, ik_rnn_gated(s, p, 0, j, x, s->h, -1, ik_splat16(0.0f), 0));
}

static void ik_lstm_step(const ik_cell *s, const int64_t *p, const float *x) {
  for (int64_t j = 0; j < s->padded; j += 16) {
    ik_f32x16 c = ik_load16_f32(s->c + j), one = ik_splat16(1.0f);
    ik_f32x16 input = ik_rnn_gated(s, p, 0, j, x, s->h, 0, c, 0);
    ik_f32x16 forget = p[IK_RNN_INPUT_FORGET] ? one - input : ik_rnn_gated(s, p, 2, j, x, s->h, 2, c, 0);
    ik_f32x16 fresh = ik_rnn_gated(s, p, 3, j, x, s->h, -1, c, 1);
    c = ik_fma16(input, fresh, forget * c);
    ik_f32x16 output = ik_rnn_gated(s, p, 1, j, x, s->h, 1, c, 0);
    ik_store16_f32(s->c + j, c);
    ik_store16_f32(s->next + j, output * ik_rnn_act(c, p[IK_RNN_ACT2]));
  }
}

static void ik_gru_step(const ik_cell *s, const int64_t *p, const float *x) {
  const ik_f32x16 zero = ik_splat16(0.0f), one = ik_splat16(1.0f);
  for (int64_t j = 0; j < s->padded; j += 16) {
    ik_f32x16 reset = ik_rnn_gated(s, p, 1, j, x, s->h, -1, zero, 0);
    ik_store16_f32(s->reset + j, p[IK_RNN_LINEAR_BEFORE_RESET] ? reset : reset * ik_load16_f32(s->h + j));
  }
  for (int64_t j = 0; j < s->padded; j += 16) {
    ik_f32x16 update = ik_rnn_gated(s, p, 0, j, x, s->h, -1, zero, 0), fresh;
    float sum[16];
    if (p[IK_RNN_LINEAR_BEFORE_RESET]) {
      ik_f32x16 past = ik_rnn_project(zero, s->r, s, 2, j, s->h, s->hidden) + ik_rnn_bias(s, 1, 2, j);
      fresh = ik_rnn_project(zero, s->w, s, 2, j, x, s->inputs) + ik_rnn_bias(s, 0, 2, j);
      fresh = ik_fma16(ik_load16_f32(s->reset + j), past, fresh);
    } else {
      ik_rnn_gate(sum, s, 2, j, x, s->reset);
      fresh = ik_load16_f32(sum);
    }
    fresh = ik_rnn_act(ik_rnn_clip(fresh, s), p[IK_RNN_ACT1]);
    ik_store16_f32(s->next + j, ik_fma16(update, ik_load16_f32(s->h + j), (one - update) * fresh));
  }
}

/* [G * H][depth] -> [G][ceil(H / 16)][depth][16]. */
static void ik_rnn_pack(float *to, const float *from, int64_t gates, int64_t hidden, int64_t depth) {
  for (int64_t g = 0; g < gates; ++g)
    for (int64_t j = 0; j < IK_RNN_PADDED(hidden); j += 16)
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t i = j; i < j + 16; ++i)
          *to++ = i < hidden ? from[(g * hidden + i) * depth + k] : 0.0f;
}

static void ik_rnn_copy(float *to, const float *from, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    to[i] = from[i];
}

/* One sequence n of the batch from its first step to its last; h and c of `s` hold the state. */
static void ik_rnn_sequence(ik_cell *s, const int64_t *p, const float *x, float *y, int64_t n) {
  for (int64_t step = 0; step < p[IK_RNN_STEPS]; ++step) {
    int64_t t = p[IK_RNN_REVERSE] ? p[IK_RNN_STEPS] - 1 - step : step, row = t * p[IK_RNN_BATCH] + n;
    const float *in = x + row * s->inputs;
    if (p[IK_RNN_KIND] == IK_RNN_LSTM)
      ik_lstm_step(s, p, in);
    else if (p[IK_RNN_KIND] == IK_RNN_GRU)
      ik_gru_step(s, p, in);
    else
      ik_rnn_step(s, p, in);
    float *other = s->h;
    s->h = s->next;
    s->next = other;
    ik_rnn_copy(y + row * s->hidden, s->h, s->hidden);
  }
}

IK_KERNEL(ik_rnn_f32) {
  const int64_t hidden = p[IK_RNN_HIDDEN], inputs = p[IK_RNN_INPUTS], padded = IK_RNN_PADDED(hidden), lstm = p[IK_RNN_KIND] == IK_RNN_LSTM;
  const float *x = buf[0], *h0 = buf[4], *c0 = lstm ? buf[5] : 0;
  void *const *out = buf + (lstm ? 7 : 5);
  float *y = out[0], *lastH = out[1], *lastC = lstm ? out[2] : 0;
  float *scratch = (float *)(((uintptr_t)out[lstm ? 3 : 2] + 63) & ~(uintptr_t)63);
  const int64_t gates = lstm ? 4 : p[IK_RNN_KIND] == IK_RNN_GRU ? 3 : 1;
  ik_cell s = {buf[1], buf[2], buf[3], lstm ? buf[6] : 0, scratch, scratch + padded, scratch + 2 * padded, scratch + 3 * padded,
               inputs, hidden, padded, gates, ik_f32(p[IK_RNN_CLIP])};
  ik_range range = ik_share(p[IK_RNN_BATCH], worker, workers);
  if (!p[IK_RNN_PACKED] && range.begin < range.end) {
    float *w = scratch + 4 * padded, *r = w + gates * padded * inputs;
    ik_rnn_pack(w, buf[1], gates, hidden, inputs);
    ik_rnn_pack(r, buf[2], gates, hidden, hidden);
    s.w = w;
    s.r = r;
  }
  for (int64_t n = range.begin; n < range.end; ++n) {
    for (int64_t i = 0; i < 4 * padded; ++i)
      scratch[i] = 0.0f;
    ik_rnn_copy(s.h, h0 + n * hidden, hidden);
    if (lstm)
      ik_rnn_copy(s.c, c0 + n * hidden, hidden);
    ik_rnn_sequence(&s, p, x, y, n);
    ik_rnn_copy(lastH + n * hidden, s.h, hidden);
    if (lstm)
      ik_rnn_copy(lastC + n * hidden, s.c, hidden);
  }
}
