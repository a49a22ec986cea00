/* ik_rnn_f32: one direction of RNN, LSTM or GRU; parameters and layouts in rnn.h. 16 hidden units side by side; every gate sum is one
 * chain of fused multiply-adds over W x, then R h, then both biases are added. All gates of some units go together, so that as many chains
 * are under way as hide an instruction's latency; W x of a few steps at once, so that W is read once for them; two sequences of the batch
 * together, so that R is. Steps depend on each other: workers share the sequences of the batch, or the units of one step, which then is a call of its own
 * (two for some GRUs) and finds the last step's h in y. What drives the sums is inlined, so that a call's constants choose among them. */
#include "targets/common/ukernels/rnncell.h"

/* The cell of sequence m. */
static ik_cell ik_rnn_at(const ik_cell *s, int64_t m) {
  ik_cell cell = *s;
  cell.h += m * s->apart, cell.c += m * s->apart, cell.reset += m * s->apart, cell.next += m * s->apart, cell.inputSums += m * s->apart / 16;
  return cell;
}

/* sums[m][i] += chain over k of from[k][i] v_m[k] for gates i < N: M vectors `ahead` floats apart with the same weights (then `block` is 0),
 * or M blocks of units with the same vector. Rows of `from` are `gates` x 16 floats. */
#define IK_RNN_SUMS(N, M)                                                                                                     \
  static __attribute__((noinline)) void ik_rnn_sums_##N##x##M(ik_f32x16 *sums, int64_t next, const float *from, int64_t block, int64_t gates, \
                                                              const float *v, int64_t ahead, int64_t depth) {                 \
    ik_f32x16 a[M][N];                                                                                                        \
    IK_UNROLL for (int m = 0; m < M; ++m) IK_UNROLL for (int i = 0; i < N; ++i) a[m][i] = sums[m * next + i];                 \
    for (int64_t k = 0; k < depth; ++k, from += gates * 16)                                                                   \
      IK_UNROLL for (int m = 0; m < M; ++m) IK_UNROLL for (int i = 0; i < N; ++i)                                             \
        a[m][i] = ik_fma16(ik_load16_f32(from + m * block + i * 16), ik_splat16(v[m * ahead + k]), a[m][i]);                  \
    IK_UNROLL for (int m = 0; m < M; ++m) IK_UNROLL for (int i = 0; i < N; ++i) sums[m * next + i] = a[m][i];                 \
  }
IK_RNN_SUMS(1, 1)
IK_RNN_SUMS(2, 1)
IK_RNN_SUMS(3, 1)
IK_RNN_SUMS(4, 1)
#if defined(__AVX512F__)
IK_RNN_SUMS(1, 2)
IK_RNN_SUMS(2, 2)
IK_RNN_SUMS(3, 2)
IK_RNN_SUMS(4, 2)
IK_RNN_SUMS(1, 4)
IK_RNN_SUMS(3, 4)
IK_RNN_SUMS(4, 4)
#endif

#if defined(__AVX512F__)
enum { IK_RNN_TOGETHER = 2 };
#else
enum { IK_RNN_TOGETHER = 1 }; /* two would not fit the registers */
#endif
typedef void ik_rnn_sums(ik_f32x16 *, int64_t, const float *, int64_t, int64_t, const float *, int64_t, int64_t);

#if defined(__AVX512F__)
static ik_rnn_sums *const ik_rnn_two[] = {ik_rnn_sums_1x2, ik_rnn_sums_2x2, ik_rnn_sums_3x2, ik_rnn_sums_4x2};
#endif

/* Gates [first, first + n) of one sequence's units: sums // [padded / 16][IK_RNN_GATES], panels // [padded / 16][depth][gates][16]. Every other step goes
 * `down`, from the weights that the last one has read last. */
IK_INLINE void ik_rnn_blocks(ik_f32x16 *sums, const float *panels, const ik_cell *s, int64_t down, int64_t first, int64_t n, const float *v, int64_t depth) {
  static ik_rnn_sums *const one[] = {ik_rnn_sums_1x1, ik_rnn_sums_2x1, ik_rnn_sums_3x1, ik_rnn_sums_4x1};
  const int64_t block = depth * s->gates * 16, begin = s->begin / 16, end = s->end / 16;
  const float *from = panels + first * 16;
#if defined(__AVX512F__)
  const int64_t pairs = (end - begin) / 2, rest = begin + 2 * pairs;
  for (int64_t i = 0; i < pairs; ++i) {
    const int64_t j = begin + 2 * (down ? pairs - 1 - i : i);
    ik_rnn_two[n - 1](sums + j * IK_RNN_GATES + first, IK_RNN_GATES, from + j * block, block, s->gates, v, 0, depth);
  }
#else
  const int64_t rest = begin;
#endif
  for (int64_t i = rest; i < end; ++i) {
    const int64_t j = down ? rest + end - 1 - i : i;
    one[n - 1](sums + j * IK_RNN_GATES + first, 0, from + j * block, 0, s->gates, v, 0, depth);
  }
}

/* Adds R v of all sequences to gates [first, first + n) of their sums; v is h or the reset h of the first. */
IK_INLINE void ik_rnn_past(ik_f32x16 *sums, const ik_cell *s, int64_t down, int64_t first, int64_t n, const float *v) {
  const int64_t apart = s->apart / 16;
#if defined(__AVX512F__)
  for (int64_t i = s->begin; s->together == 2 && i < s->end; i += 16) {
    const int64_t j = (down ? s->begin + s->end - 16 - i : i) / 16;
    ik_rnn_two[n - 1](sums + j * IK_RNN_GATES + first, apart, s->r + (j * s->hidden * s->gates + first) * 16, 0, s->gates, v, s->apart, s->hidden);
  }
  if (s->together == 2)
    return;
#endif
  for (int64_t m = 0; m < s->together; ++m)
    ik_rnn_blocks(sums + m * apart, s->r, s, down, first, n, v + m * s->apart, s->hidden);
}

/* Fills inputSums for steps whose inputs lie `ahead` floats apart (negative: backwards). */
IK_INLINE void ik_rnn_inputs(ik_cell *s, const float *x, int64_t ahead, int64_t steps) {
  const int64_t count = s->padded / 16, step = count * IK_RNN_GATES;
  int64_t done = 0;
  for (int64_t i = 0; i < steps * step; ++i)
    s->inputSums[i] = ik_splat16(0.0f);
#if defined(__AVX512F__)
  ik_rnn_sums *four = s->gates == 4 ? ik_rnn_sums_4x4 : s->gates == 3 ? ik_rnn_sums_3x4 : ik_rnn_sums_1x4;
  done = steps / 4 * 4;
  for (int64_t j = s->begin / 16; j < s->end / 16; ++j)
    for (int64_t t = 0; t < done; t += 4)
      four(s->inputSums + t * step + j * IK_RNN_GATES, step, s->w + j * s->inputs * s->gates * 16, 0, s->gates, x + t * ahead, ahead, s->inputs);
#endif
  for (int64_t t = done; t < steps; ++t)
    ik_rnn_blocks(s->inputSums + t * step, s->w, s, 0, 0, s->gates, x + t * ahead, s->inputs);
}

static void ik_rnn_cell(const ik_cell *s, const int64_t *p, const ik_f32x16 *sums) {
  for (int64_t j = s->begin; j < s->end; j += 16)
    ik_store16_f32(s->next + j, ik_rnn_gated(s, p, sums, 0, j, -1, ik_splat16(0.0f), 0));
}

/* The reset gate, or the past that it lets through. */
static void ik_gru_reset(const ik_cell *s, const int64_t *p, const ik_f32x16 *sums) {
  for (int64_t j = s->begin; j < s->end; j += 16) {
    ik_f32x16 reset = ik_rnn_gated(s, p, sums, 1, j, -1, ik_splat16(0.0f), 0);
    ik_store16_f32(s->reset + j, p[IK_RNN_LINEAR_BEFORE_RESET] ? reset : reset * ik_load16_f32(s->h + j));
  }
}

static void ik_gru_cell(const ik_cell *s, const int64_t *p, const ik_f32x16 *sums) {
  const ik_f32x16 zero = ik_splat16(0.0f), one = ik_splat16(1.0f);
  for (int64_t j = s->begin; j < s->end; j += 16) {
    ik_f32x16 update = ik_rnn_gated(s, p, sums, 0, j, -1, zero, 0), fresh = sums[j / 16 * IK_RNN_GATES + 2];
    if (p[IK_RNN_LINEAR_BEFORE_RESET])
      fresh = ik_fma16(ik_load16_f32(s->reset + j), fresh + ik_rnn_bias(s, 1, 2, j), sums[j / 16 * IK_RNN_GATES + 3] + ik_rnn_bias(s, 0, 2, j));
    else
      fresh = fresh + ik_rnn_bias(s, 0, 2, j) + ik_rnn_bias(s, 1, 2, j);
    fresh = ik_rnn_act(ik_rnn_clip(fresh, s), p[IK_RNN_ACT1]);
    ik_store16_f32(s->next + j, ik_fma16(update, ik_load16_f32(s->h + j), (one - update) * fresh));
  }
}

IK_INLINE void ik_gru_sums(const ik_cell *s, const int64_t *p, ik_f32x16 *sums, int64_t down) {
  const int64_t count = s->padded / 16, apart = s->apart / 16, linear = p[IK_RNN_LINEAR_BEFORE_RESET];
  for (int64_t i = 0; linear && i < s->together * count; ++i) { /* the past of gate h is summed apart from W x, in the place of a fourth gate */
    ik_f32x16 *block = sums + i / count * apart + i % count * IK_RNN_GATES;
    block[3] = block[2];
    block[2] = ik_splat16(0.0f);
  }
  ik_rnn_past(sums, s, down, 0, linear ? 3 : 2, s->h);
  for (int64_t m = 0; m < s->together; ++m) {
    const ik_cell cell = ik_rnn_at(s, m);
    ik_gru_reset(&cell, p, sums + m * apart);
  }
  if (!linear)
    ik_rnn_past(sums, s, !down, 2, 1, s->reset);
}

/* One step of all sequences from their W x. */
IK_INLINE void ik_rnn_sum(const ik_cell *s, const int64_t *p, ik_f32x16 *sums, int64_t down) {
  if (p[IK_RNN_KIND] == IK_RNN_GRU)
    ik_gru_sums(s, p, sums, down);
  else
    ik_rnn_past(sums, s, down, 0, s->gates, s->h);
  for (int64_t m = 0; m < s->together; ++m) {
    const ik_cell cell = ik_rnn_at(s, m);
    (p[IK_RNN_KIND] == IK_RNN_LSTM ? ik_lstm_cell : p[IK_RNN_KIND] == IK_RNN_GRU ? ik_gru_cell : ik_rnn_cell)(&cell, p, sums + m * (s->apart / 16));
  }
}

/* [G * H][depth] -> [ceil(H / 16)][depth][G][16]. */
static void ik_rnn_pack(float *to, const float *from, int64_t gates, int64_t hidden, int64_t depth) {
  for (int64_t j = 0; j < IK_RNN_PADDED(hidden); j += 16)
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t g = 0; g < gates; ++g)
        for (int64_t i = j; i < j + 16; ++i)
          *to++ = i < hidden ? from[(g * hidden + i) * depth + k] : 0.0f;
}

/* The state that sequences n.. of the batch start from. */
static void ik_rnn_start(const ik_cell *s, const float *h0, const float *c0, int64_t n) {
  for (int64_t m = 0; m < s->together; ++m) {
    const ik_cell cell = ik_rnn_at(s, m);
    for (int64_t i = 0; i < s->padded; ++i)
      cell.h[i] = cell.c[i] = cell.reset[i] = cell.next[i] = 0.0f;
    ik_rnn_copy(cell.h, h0 + (n + m) * s->hidden, s->hidden);
    if (c0)
      ik_rnn_copy(cell.c, c0 + (n + m) * s->hidden, s->hidden);
  }
}

/* Units that the worker has and that are there. */
IK_INLINE int64_t ik_rnn_own(const ik_cell *s) { return (s->end < s->hidden ? s->end : s->hidden) - s->begin; }

/* The row of y and x of the batch's first sequence at a step. */
IK_INLINE int64_t ik_rnn_row(const int64_t *p, int64_t step) { return (p[IK_RNN_REVERSE] ? p[IK_RNN_STEPS] - 1 - step : step) * p[IK_RNN_BATCH]; }

/* The step's W x, once it is computed. */
IK_INLINE ik_f32x16 *ik_rnn_inputs_at(const ik_cell *s, int64_t step) { return s->inputSums + step % IK_RNN_AHEAD * (s->padded / 16 * IK_RNN_GATES); }

/* The step's W x, and h, which is the last step's y where other workers have other units. */
IK_INLINE ik_f32x16 *ik_rnn_begin(ik_cell *s, const int64_t *p, const float *x, const float *y, int64_t n, int64_t step) {
  const int64_t batch = p[IK_RNN_BATCH], row = p[IK_RNN_REVERSE] ? -batch : batch, left = p[IK_RNN_STEPS] - step, at = ik_rnn_row(p, step) + n;
  for (int64_t m = 0; m < s->together && step % IK_RNN_AHEAD == 0; ++m) {
    ik_cell cell = ik_rnn_at(s, m);
    ik_rnn_inputs(&cell, x + (at + m) * s->inputs, row * s->inputs, left < IK_RNN_AHEAD ? left : IK_RNN_AHEAD);
  }
  for (int64_t m = 0; m < s->together && p[IK_RNN_TURN] > 0; ++m)
    ik_rnn_copy(s->h + m * s->apart, y + (at - row + m) * s->hidden, s->hidden);
  return ik_rnn_inputs_at(s, step);
}

/* One step of the units of sequences n.. of the batch; s->h is then the new one. */
IK_INLINE void ik_rnn_step(ik_cell *s, const int64_t *p, const float *x, float *y, int64_t n, int64_t step) {
  ik_rnn_sum(s, p, ik_rnn_begin(s, p, x, y, n, step), step % 2);
  float *other = s->h;
  s->h = s->next;
  s->next = other;
  for (int64_t m = 0; m < s->together; ++m)
    ik_rnn_copy(y + (ik_rnn_row(p, step) + n + m) * s->hidden + s->begin, s->h + m * s->apart + s->begin, ik_rnn_own(s));
}

/* The units' last h and c. */
static void ik_rnn_end(const ik_cell *s, float *h, float *c, int64_t n) {
  const int64_t own = ik_rnn_own(s);
  for (int64_t m = 0; m < s->together; ++m) {
    const int64_t to = (n + m) * s->hidden + s->begin, from = m * s->apart + s->begin;
    ik_rnn_copy(h + to, s->h + from, own);
    if (c)
      ik_rnn_copy(c + to, s->c + from, own);
  }
}

/* One turn of a layer of ik_rnn_halves. */
IK_INLINE void ik_gru_turn(ik_cell *s, const int64_t *p, const float *x, float *y, float *lastH) {
  const int64_t turn = p[IK_RNN_TURN], step = turn / 2, isSecond = turn % 2, own = ik_rnn_own(s);
  if (step == p[IK_RNN_STEPS]) {
    s->h = s->next;
    ik_rnn_end(s, lastH, 0, 0);
    return;
  }
  ik_f32x16 *sums = isSecond ? ik_rnn_inputs_at(s, step) : ik_rnn_begin(s, p, x, y, 0, step);
  for (int64_t m = 0; m < s->together && isSecond; ++m)
    ik_rnn_copy(s->reset + m * s->apart, lastH + m * s->hidden, s->hidden);
  ik_rnn_past(sums, s, (step + isSecond) % 2, isSecond ? 2 : 0, isSecond ? 1 : 2, isSecond ? s->reset : s->h);
  for (int64_t m = 0; m < s->together; ++m) {
    const ik_cell cell = ik_rnn_at(s, m);
    (isSecond ? ik_gru_cell : ik_gru_reset)(&cell, p, sums + m * (s->apart / 16));
    float *to = isSecond ? y + (ik_rnn_row(p, step) + m) * s->hidden : lastH + m * s->hidden;
    ik_rnn_copy(to + s->begin, (isSecond ? cell.next : cell.reset) + s->begin, own);
  }
}

IK_KERNEL(ik_rnn_f32) {
  const int64_t hidden = p[IK_RNN_HIDDEN], inputs = p[IK_RNN_INPUTS], padded = IK_RNN_PADDED(hidden), lstm = p[IK_RNN_KIND] == IK_RNN_LSTM;
  const int64_t gates = lstm ? 4 : p[IK_RNN_KIND] == IK_RNN_GRU ? 3 : 1, steps = p[IK_RNN_STEPS], turn = p[IK_RNN_TURN];
  const float *x = buf[0], *h0 = buf[4], *c0 = lstm ? buf[5] : 0;
  void *const *out = buf + (lstm ? 7 : 5);
  float *y = out[0], *lastH = out[1], *lastC = lstm ? out[2] : 0;
  float *scratch = (float *)(((uintptr_t)out[lstm ? 3 : 2] + 63) & ~(uintptr_t)63);
  ik_cell s = {buf[1], buf[2], buf[3], lstm ? buf[6] : 0, scratch, scratch + padded, scratch + 2 * padded, scratch + 3 * padded,
               (ik_f32x16 *)(scratch + 4 * padded), inputs, hidden, padded, gates, ik_f32(p[IK_RNN_CLIP]), 1, IK_RNN_STATE(hidden), 0, padded};
  const int isShared = turn >= 0;
  const ik_range range = isShared ? (ik_range){0, p[IK_RNN_BATCH]} : ik_share(p[IK_RNN_BATCH], worker, workers);
  if (isShared) {
    const ik_range blocks = ik_share(padded / 16, worker, workers);
    s.begin = blocks.begin * 16, s.end = blocks.end * 16;
    if (s.begin == s.end)
      return;
  }
  if (!p[IK_RNN_PACKED] && range.begin < range.end) {
    float *w = scratch + 2 * IK_RNN_STATE(hidden), *r = w + gates * padded * inputs;
    ik_rnn_pack(w, buf[1], gates, hidden, inputs);
    ik_rnn_pack(r, buf[2], gates, hidden, hidden);
    s.w = w;
    s.r = r;
  }
  const int64_t first = isShared ? turn : 0, last = isShared ? turn + 1 : steps;
  for (int64_t n = range.begin; n < range.end; n += s.together) {
    s.together = isShared ? p[IK_RNN_BATCH] : range.end - n < IK_RNN_TOGETHER ? 1 : IK_RNN_TOGETHER;
    if (first == 0)
      ik_rnn_start(&s, h0, c0, n);
    if (isShared && ik_rnn_halves(p)) {
      ik_gru_turn(&s, p, x, y, lastH);
      return;
    }
    for (int64_t step = first; step < last; ++step)
      ik_rnn_step(&s, p, x, y, n, step);
    if (last == steps)
      ik_rnn_end(&s, lastH, lastC, n);
  }
}
