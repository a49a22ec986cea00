/* ik_qlstm: one direction of an LSTM with 8-bit recurrent weights; parameters and layouts in qlstm.h. Each step quantises h of all sequences with
 * one scale and zero point, as DynamicQuantizeLinear does; integer sums are exact, one fused multiply-add makes them float, and the cell is that of
 * ik_rnn_f32. Steps depend on each other and sequences on their common scale, so one worker does it all. */
#include "targets/common/ukernels/qdot.h"
#include "targets/common/ukernels/qlstm.h"
#include "targets/common/ukernels/rnncell.h"

/* One step's scale and zero point, and h of one sequence in bytes, zero padded, with their sum. */
typedef struct {
  float scale;
  int32_t zero, total;
  uint8_t *bytes; /* [padded] */
} ik_qlstm_past;

/* v + 1.5 * 2^23 holds v, rounded half to even, in its low bits. */
IK_INLINE ik_i32x16 ik_qlstm_round(ik_f32x16 v) { return (ik_i32x16)(v + ik_splat16(IKM_ROUND_F32)) - 0x4b400000; }

/* Scale and zero point of h of `batch` sequences, which lie one after the other, zero padded. */
static void ik_qlstm_scale(ik_qlstm_past *past, const ik_cell *s, int64_t batch) {
  ik_f32x16 low = ik_splat16(0.0f), high = low;
  for (int64_t i = 0; i < batch * s->padded; i += 16) {
    const ik_f32x16 v = ik_load16_f32(s->h + i);
    low = ik_select16(v < low, v, low);
    high = ik_select16(v > high, v, high);
  }
  for (int i = 1; i < 16; ++i) {
    low[0] = low[i] < low[0] ? low[i] : low[0];
    high[0] = high[i] > high[0] ? high[i] : high[0];
  }
  past->scale = (high[0] - low[0]) / 255.0f;
  past->zero = past->scale > 0.0f ? ik_qlstm_round(ik_clamp16(ik_splat16((0.0f - low[0]) / past->scale), 0.0f, 255.0f))[0] : 0;
}

/* The bytes of h; the zero point stands for the padding too, where weights are 0. */
static void ik_qlstm_quantize(ik_qlstm_past *past, const ik_cell *s) {
  const float scale = past->scale > 0.0f ? past->scale : 1.0f;
  const ik_rounding rounding = ik_rounding_of(past->zero, 1);
  ik_i32x16 total = (ik_i32x16)0;
  for (int64_t i = 0; i < s->padded; i += 16) {
    ik_f32x16 v = ik_load16_f32(s->h + i) / ik_splat16(scale);
    v = ik_select16(v < rounding.low, rounding.low, v);
    v = ik_select16(v > rounding.high, rounding.high, v);
    const ik_i32x16 whole = ik_qlstm_round(v);
    total += whole;
    ik_store_bytes(past->bytes + i, whole + past->zero, 16);
  }
  past->total = 0;
  for (int i = 0; i < 16; ++i)
    past->total += total[i];
}

/* acc[m][g] = sum of the bytes of h with the weights of gate g of block m. */
IK_INLINE void ik_qlstm_dots(ik_i32x16 (*acc)[IK_RNN_GATES], const int8_t *weights, const uint8_t *bytes, int64_t count, int blocks) {
  ik_i32x16 sums[2][IK_RNN_GATES] = {{(ik_i32x16)0}};
  const ik_i32x16u *w = (const ik_i32x16u *)weights;
  for (int64_t k = 0; k < count; ++k, w += IK_RNN_GATES) {
    uint32_t quad;
    __builtin_memcpy(&quad, bytes + 4 * k, 4);
    const ik_i32x16 x0 = (ik_i32x16)(int32_t)(IK_DOT == 4 ? quad ^ (IK_SIGNED_X ? 0x80808080u : 0u) : quad & 0x00ff00ffu);
    const ik_i32x16 x1 = (ik_i32x16)(int32_t)(quad >> 8 & 0x00ff00ffu);
    IK_UNROLL for (int m = 0; m < blocks; ++m) IK_UNROLL for (int g = 0; g < IK_RNN_GATES; ++g)
      sums[m][g] = ik_dot_quad(sums[m][g], x0, x1, w[m * count * IK_RNN_GATES + g]);
  }
  IK_UNROLL for (int m = 0; m < blocks; ++m) IK_UNROLL for (int g = 0; g < IK_RNN_GATES; ++g) acc[m][g] = sums[m][g];
}
static __attribute__((noinline)) void ik_qlstm_one(ik_i32x16 (*acc)[IK_RNN_GATES], const int8_t *weights, const uint8_t *bytes, int64_t count) {
  ik_qlstm_dots(acc, weights, bytes, count, 1);
}
static __attribute__((noinline)) void ik_qlstm_two(ik_i32x16 (*acc)[IK_RNN_GATES], const int8_t *weights, const uint8_t *bytes, int64_t count) {
  ik_qlstm_dots(acc, weights, bytes, count, 2);
}

/* The gates' sums of block j: W x of the step, and acc less what zero points add, by its scale. */
static void ik_qlstm_finish(ik_f32x16 *sums, const ik_i32x16 *acc, const ik_qlstm_past *past, const ik_cell *s, const int32_t *table, const float *given, int64_t j) {
  const int32_t offset = (IK_SIGNED_X ? 128 : 0) - past->zero, total = past->total;
  for (int64_t g = 0; g < IK_RNN_GATES; ++g) {
    const ik_i32x16u *row = (const ik_i32x16u *)(table + (j * IK_RNN_GATES + g) * IK_QLSTM_ROWS * 16);
    ik_i32x16 whole = acc[g] + row[IK_QLSTM_SUM] * offset - row[IK_QLSTM_ZERO] * total;
    ik_f32x16 scale = (ik_f32x16)(ik_i32x16)row[IK_QLSTM_SCALE] * ik_splat16(past->scale);
    sums[j * IK_RNN_GATES + g] = ik_fma16(__builtin_convertvector(whole, ik_f32x16), scale, ik_rnn_part(given + g * s->hidden, s, j * 16));
  }
}

/* The gates' sums of one sequence. */
static void ik_qlstm_sums(ik_f32x16 *sums, const ik_qlstm_past *past, const ik_cell *s, void *const *buf, const float *given) {
  const int8_t *weights = buf[1];
  const int64_t count = IK_QLSTM_QUADS(s->hidden), blocks = s->padded / 16, bytes = count * IK_RNN_GATES * 64;
  ik_i32x16 acc[2][IK_RNN_GATES];
  for (int64_t j = 0; j < blocks; j += 2) {
    const int64_t together = blocks - j < 2 ? 1 : 2;
    (together == 2 ? ik_qlstm_two : ik_qlstm_one)(acc, weights + j * bytes, past->bytes, count);
    for (int64_t m = 0; m < together; ++m)
      ik_qlstm_finish(sums, acc[m], past, s, buf[2], given, j + m);
  }
}

IK_KERNEL(ik_qlstm) {
  if (worker != 0)
    return;
  (void)workers;
  const int64_t hidden = p[IK_RNN_HIDDEN], padded = IK_RNN_PADDED(hidden), batch = p[IK_RNN_BATCH], steps = p[IK_RNN_STEPS];
  const float *given = buf[0];
  float *y = buf[7], *scratch = (float *)(((uintptr_t)buf[10] + 63) & ~(uintptr_t)63);
  float *h = scratch, *c = h + batch * padded, *next = c + batch * padded;
  ik_f32x16 *sums = (ik_f32x16 *)(next + batch * padded);
  ik_qlstm_past past = {0.0f, 0, 0, (uint8_t *)(sums + padded / 16 * IK_RNN_GATES)};
  ik_cell s = {0, 0, buf[3], buf[6], h, c, 0, next, 0, 0, hidden, padded, IK_RNN_GATES, ik_f32(p[IK_RNN_CLIP]), 1, 0, 0, padded};
  for (int64_t i = 0; i < 3 * batch * padded; ++i)
    scratch[i] = 0.0f;
  for (int64_t n = 0; n < batch; ++n) {
    ik_rnn_copy(h + n * padded, (const float *)buf[4] + n * hidden, hidden);
    ik_rnn_copy(c + n * padded, (const float *)buf[5] + n * hidden, hidden);
  }
  for (int64_t step = 0; step < steps; ++step) {
    const int64_t t = p[IK_RNN_REVERSE] ? steps - 1 - step : step;
    s.h = h, s.c = c, s.next = next;
    ik_qlstm_scale(&past, &s, batch);
    for (int64_t n = 0; n < batch; ++n, s.h += padded, s.c += padded, s.next += padded) {
      ik_qlstm_quantize(&past, &s);
      ik_qlstm_sums(sums, &past, &s, buf, given + (t * batch + n) * IK_RNN_GATES * hidden);
      ik_lstm_cell(&s, p, sums);
      for (int64_t i = hidden; i < padded; ++i)
        s.next[i] = 0.0f;
      ik_rnn_copy(y + (t * batch + n) * hidden, s.next, hidden);
    }
    float *other = h;
    h = next;
    next = other;
  }
  for (int64_t n = 0; n < batch; ++n) {
    ik_rnn_copy((float *)buf[8] + n * hidden, h + n * padded, hidden);
    ik_rnn_copy((float *)buf[9] + n * hidden, c + n * padded, hidden);
  }
}
