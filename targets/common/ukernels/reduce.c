/* nn.reduce over one block of adjacent axes, parameters in reduce.h. With inner = 1, lane l joins elements l, l + 16 ... and the lanes
 * then join in halves (8, 4, 2, 1); otherwise a lane is one result and joins its elements in order. */
#include "targets/common/ukernels/micro.h"
#include "targets/common/ukernels/reduce.h"

IK_INLINE ik_f32x16 ik_join(int64_t kind, ik_f32x16 a, ik_f32x16 v, ik_f32x16 shift) {
  switch (kind) {
  case IK_REDUCE_MAX: return ik_select16((v > a) | (v != v), v, a);
  case IK_REDUCE_MIN: return ik_select16((v < a) | (v != v), v, a);
  case IK_REDUCE_PROD: return a * v;
  case IK_REDUCE_L1: return a + ik_abs16(v);
  case IK_REDUCE_L2:
  case IK_REDUCE_SUM_SQUARE: return ik_fma16(v, v, a);
  case IK_REDUCE_LOG_SUM_EXP: return a + ik_exp16(v - shift);
  default: return a + v;
  }
}

/* The start of a running result, and what fills lanes past the end. */
static float ik_neutral(int64_t kind) {
  return kind == IK_REDUCE_MAX ? -__builtin_inff() : kind == IK_REDUCE_MIN ? __builtin_inff() : kind == IK_REDUCE_PROD ? 1.0f : 0.0f;
}

IK_INLINE ik_f32x16 ik_load_lanes(const float *x, int64_t lanes, float fill) {
#if defined(__AVX512F__)
  return __builtin_ia32_loadups512_mask(x, ik_splat16(fill), (uint16_t)((1u << lanes) - 1));
#else
  ik_f32x16 v = ik_splat16(fill);
  __builtin_memcpy(&v, x, (size_t)lanes * sizeof(float));
  return v;
#endif
}

/* `count` steps of up to 16 lanes, `stride` elements apart; the last has `last` lanes, the others `lanes`. */
typedef struct { const float *x; int64_t count, stride, lanes, last; } ik_steps;

static ik_f32x16 ik_run(int64_t kind, const ik_steps *s, ik_f32x16 shift) {
  ik_f32x16 acc = ik_splat16(ik_neutral(kind));
  float fill = kind == IK_REDUCE_LOG_SUM_EXP ? -__builtin_inff() : ik_neutral(kind);
  const int64_t whole = s->lanes == 16 && s->last == 16 ? s->count : s->lanes == 16 ? s->count - 1 : 0;
  if (kind == IK_REDUCE_SUM || kind == IK_REDUCE_MEAN) /* the most frequent kinds, without a choice in the loop */
    for (int64_t i = 0; i < whole; ++i)
      acc = acc + ik_load_lanes(s->x + i * s->stride, 16, fill);
  else
    for (int64_t i = 0; i < whole; ++i)
      acc = ik_join(kind, acc, ik_load_lanes(s->x + i * s->stride, 16, fill), shift);
  for (int64_t i = whole; i < s->count; ++i)
    acc = ik_join(kind, acc, ik_load_lanes(s->x + i * s->stride, i + 1 < s->count ? s->lanes : s->last, fill), shift);
  return acc;
}

/* Joins the lanes in halves and spreads the result; partial sums join by their plain sum. */
static ik_f32x16 ik_fold(int64_t kind, ik_f32x16 acc) {
  int64_t join = kind == IK_REDUCE_MAX || kind == IK_REDUCE_MIN || kind == IK_REDUCE_PROD ? kind : IK_REDUCE_SUM;
  for (int half = 8; half > 0; half /= 2) {
    ik_f32x16 other = acc;
    for (int i = 0; i < half; ++i)
      other[i] = acc[i + half];
    acc = ik_join(join, acc, other, acc);
  }
  return ik_splat16(acc[0]);
}

static ik_f32x16 ik_reduce16(int64_t kind, const ik_steps *s, int64_t n, int fold) {
  ik_f32x16 shift = ik_splat16(0.0f);
  if (kind == IK_REDUCE_LOG_SUM_EXP) {
    ik_f32x16 top = ik_run(IK_REDUCE_MAX, s, shift);
    top = fold ? ik_fold(IK_REDUCE_MAX, top) : top;
    shift = ik_select16(ik_abs16(top) < ik_splat16(__builtin_inff()), top, shift);
  }
  ik_f32x16 acc = ik_run(kind, s, shift);
  acc = fold ? ik_fold(kind, acc) : acc;
  if (kind == IK_REDUCE_MEAN)
    return acc / ik_splat16((float)n);
  if (kind != IK_REDUCE_L2 && kind != IK_REDUCE_LOG_SUM && kind != IK_REDUCE_LOG_SUM_EXP)
    return acc;
  for (int i = 0; i < 16; ++i) {
    float v = acc[i];
    acc[i] = kind == IK_REDUCE_L2 ? __builtin_sqrtf(v) : kind == IK_REDUCE_LOG_SUM ? ikm_log_f32(v) : ikm_log_f32(v) + shift[i];
  }
  return acc;
}

IK_KERNEL(ik_reduce_f32);
IK_KERNEL(ik_reduce_f32) {
  const float *x = buf[0];
  float *y = buf[1];
  int64_t kind = p[IK_REDUCE_KIND], n = p[IK_REDUCE_N], inner = p[IK_REDUCE_INNER], blocks = (inner + 15) / 16;
  ik_range share = ik_share(p[IK_REDUCE_OUTER] * blocks, worker, workers);
  for (int64_t unit = share.begin; unit < share.end; ++unit) {
    int64_t o = unit / blocks, i = unit % blocks * 16, lanes = inner - i < 16 ? inner - i : 16;
    ik_steps s = {x + o * n * inner + i, n, inner, lanes, lanes};
    if (inner == 1)
      s = (ik_steps){x + o * n, (n + 15) / 16, 16, 16, n - (n - 1) / 16 * 16};
    ik_f32x16 r = ik_reduce16(kind, &s, n, inner == 1);
    if (lanes == 1)
      y[o * inner + i] = r[0];
    else if (lanes == 16)
      ik_store16_f32(y + o * inner + i, r);
    else
      ik_store_part_f32(y + o * inner + i, r, lanes);
  }
}
