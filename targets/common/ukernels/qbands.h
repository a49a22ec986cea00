/* A band of lines in scratch as the words that dot products take (qconvlines.c, qconvmatrix.c); the geometry is lines.h. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_QBANDS_H
#define INGOT_TARGETS_COMMON_UKERNELS_QBANDS_H

#include "targets/common/ukernels/lines.h"
#include "targets/common/ukernels/qlines.h"

/* words // [count] of IK_DOT channels from c on, the places from `first` of the group's input x; channels past the last read as 0. Writes at most 15 more. */
static void ik_qlines_plane(int32_t *words, const uint8_t *x, const uint8_t *end, const int64_t *p, int64_t c, int64_t first, int64_t count) {
  const int64_t plane = p[IK_CONV_IH] * p[IK_CONV_IW], left = p[IK_CONV_IC] - c, valid = left < IK_DOT ? left : IK_DOT;
  const uint8_t flip = ik_qflip(p + IK_CONV_COUNT), *from = x + c * plane + first;
  const int32_t mask = valid < IK_DOT ? (int32_t)((1u << (valid * 32 / IK_DOT)) - 1) : -1;
  int64_t at[IK_DOT], near[IK_DOT];
  for (int64_t r = 0; r < IK_DOT; ++r)
    at[r] = r < valid ? r * plane : 0, near[r] = r * 16;
  for (int64_t i = 0; i < count; i += 16) {
    uint8_t tail[IK_DOT * 16] = {0};
    const int isTail = end - (from + (valid - 1) * plane + i) < 16;
    for (int64_t r = 0; r < valid && isTail; ++r)
      for (int64_t j = 0; i + j < count && j < 16; ++j)
        tail[r * 16 + j] = from[r * plane + i + j];
    *(ik_i32x16u *)(words + i) = (isTail ? ik_qline_word(tail, near, flip) : ik_qline_word(from + i, at, flip)) & mask;
  }
}

/* to[0..count) = from[i * stride] in the span, `border` outside; writes at most 15 words more and reads at most 31 more. */
static void ik_qline_copy(int32_t *to, const int32_t *from, ik_qspan s, int64_t count, int64_t stride, int32_t border) {
  for (int64_t i = 0; i < s.low; i += 16)
    *(ik_i32x16u *)(to + i) = (ik_i32x16)border;
  if (stride == 1)
    for (int64_t i = s.low; i < s.high; i += 16)
      *(ik_i32x16u *)(to + i) = *(const ik_i32x16u *)(from + i);
  else if (stride == 2)
    for (int64_t i = s.low; i < s.high; i += 16)
      *(ik_i32x16u *)(to + i) = __builtin_shufflevector((ik_i32x16) * (const ik_i32x16u *)(from + i * 2), (ik_i32x16) * (const ik_i32x16u *)(from + i * 2 + 15), 0,
                                                        2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31);
  else
    _Pragma("clang loop unroll(disable) vectorize(disable)") for (int64_t i = s.low; i < s.high; ++i) to[i] = from[i * stride];
  for (int64_t i = s.high; i < count; i += 16)
    *(ik_i32x16u *)(to + i) = (ik_i32x16)border;
}

/* words // [channels][row phases][column phases or taps][lines][pitch]: the lines of output rows h0.. of the group's input x; `plane` is room for
 * the input rows in words and 48 more. */
static void ik_qlines_pack(int32_t *words, int32_t *plane, const uint8_t *x, const uint8_t *end, const int64_t *p, const ik_lines *l, int64_t h0) {
  const int64_t *q = p + IK_CONV_COUNT;
  const int64_t ic = p[IK_CONV_IC], ih = p[IK_CONV_IH], iw = p[IK_CONV_IW], top = h0 * p[IK_CONV_SH] - p[IK_CONV_PH];
  const int64_t bottom = top + IK_QCONVLINES_ROWS(l->lines, p[IK_CONV_SH], l->phasesH), low = top < 0 ? 0 : top, high = bottom < ih ? bottom : ih;
  const uint8_t byte = (uint8_t)q[IK_Q_X_ZERO] ^ ik_qflip(q);
  for (int64_t c = 0; c < (ic + 3) / 4 * 4; c += IK_DOT, words += l->channel) {
    int32_t border = 0, *to = words;
    for (int64_t r = 0; r < IK_DOT && c + r < ic; ++r)
      border |= (int32_t)((uint32_t)byte << (r * 32 / IK_DOT));
    if (c < ic && low < high)
      ik_qlines_plane(plane, x, end, p, c, low * iw, (high - low) * iw);
    for (int64_t phase = 0; phase < l->phasesH * l->phasesW; ++phase) {
      const int64_t f = phase % l->phasesW, w = (q[IK_Q_GAPLESS] ? f * p[IK_CONV_DW] : f) - p[IK_CONV_PW];
      const ik_qspan span = ik_qline_span(w, l->pitch, p[IK_CONV_SW], iw);
      for (int64_t j = 0; j < l->lines; ++j, to += l->pitch) {
        const int64_t h = top + j * p[IK_CONV_SH] + phase / l->phasesW, outside = c >= ic || h < 0 || h >= ih;
        ik_qline_copy(to, outside ? plane : plane + (h - low) * iw + w, outside ? (ik_qspan){0, 0} : span, l->pitch, p[IK_CONV_SW], border);
      }
    }
  }
}

#endif
