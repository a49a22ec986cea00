/* ik_causal_conv: a depthwise convolution over a step's rows and the few before it, which the state keeps. Parameters in sequence.h. Parallel unit: 16
 * channels of all rows, so that no worker needs what another keeps. */
#include "targets/common/ukernels/math.h"
#include "targets/common/ukernels/sequence.h"
#include "targets/common/ukernels/ukernel.h"

/* Channels begin .. end - 1 of one step. */
typedef struct {
  int64_t position, rows, count; /* the first `count` rows stay */
  int64_t width, kept;           /* E and T */
  int64_t begin, end;
} ik_causal;

static inline void ik_tap(float *restrict y, const float *restrict filter, const float *restrict x, int64_t count) {
  for (int64_t e = 0; e < count; ++e)
    y[e] = IKM_FMAF(filter[e], x[e], y[e]);
}

static inline void ik_causal_step(float *state, const float *rows, const float *filter, float *y, ik_causal c) {
  const int64_t count = c.end - c.begin;
  state += c.begin, rows += c.begin, filter += c.begin, y += c.begin;
  for (int64_t m = 0; m < c.rows; ++m) {
    for (int64_t e = 0; e < count; ++e)
      y[m * c.width + e] = 0;
    for (int64_t j = 0; j <= c.kept; ++j) {
      const int64_t i = m - c.kept + j;
      if (i >= 0)
        ik_tap(y + m * c.width, filter + j * c.width, rows + i * c.width, count);
      else if (c.position + i >= 0)
        ik_tap(y + m * c.width, filter + j * c.width, state + (c.position + i) % c.kept * c.width, count);
    }
  }
  for (int64_t m = c.count > c.kept ? c.count - c.kept : 0; m < c.count; ++m)
    for (int64_t e = 0; e < count; ++e)
      state[(c.position + m) % c.kept * c.width + e] = rows[m * c.width + e];
}

IK_KERNEL(ik_causal_conv);
IK_KERNEL(ik_causal_conv) {
  const int64_t rows = p[IK_CAUSAL_M], width = p[IK_CAUSAL_E], kept = p[IK_CAUSAL_T], each = p[IK_CAUSAL_PLACES] > 1, lanes = 16;
  const int32_t given = *(const int32_t *)buf[5];
  const int64_t count = given < 0 ? 0 : given < rows ? given : rows;
  const ik_range range = ik_share((width + lanes - 1) / lanes, worker, workers);
  const int64_t begin = range.begin * lanes, end = range.end * lanes < width ? range.end * lanes : width;
  for (int64_t m = 0; m < (each ? rows : 1); ++m) {
    const int64_t position = ((const int32_t *)buf[3])[m], sequence = ((const int32_t *)buf[4])[m];
    const ik_causal c = {position < 0 ? 0 : position, each ? 1 : rows, each ? m < count : count, width, kept, begin, end};
    float *y = (float *)buf[7] + m * width;
    if (sequence >= 0 && sequence < p[IK_CAUSAL_S])
      ik_causal_step((float *)buf[6] + sequence * kept * width, (const float *)buf[1] + m * width, (const float *)buf[2], y, c);
    else
      for (int64_t i = 0; i < c.rows; ++i)
        for (int64_t e = begin; e < end; ++e)
          y[i * width + e] = 0;
  }
}
