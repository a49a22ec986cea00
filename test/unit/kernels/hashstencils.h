/* A part of hash.c: the rows that Halide generates, those that read rows where they lie, and their portable twins on the same buffers. The
 * results enter the hash, and one that differs from the twin's ends the program. */
#ifndef INGOT_TEST_UNIT_KERNELS_HASHSTENCILS_H
#define INGOT_TEST_UNIT_KERNELS_HASHSTENCILS_H

#include "targets/common/ukernels/conv.h"
#include "targets/common/ukernels/epilogue.h"
#include "targets/common/ukernels/pool.h"
#include "targets/common/ukernels/resize.h"

IK_KERNEL(ik_dwconv_f32);
IK_KERNEL(ik_pool2d_f32);
IK_KERNEL(ik_pool2d_direct_f32);
IK_KERNEL(ik_resize2d_f32);
IK_KERNEL(ik_dwconv_direct_f32);
IK_KERNEL(ik_pool2d_halide_f32);

enum { CHANNELS = 7, MOST = 30 };
static float want[1 << 15];

static void twinCase(kernel *row, kernel *twin, void **buf, int result, const int64_t *p, int64_t count) {
  buf[result] = want;
  twin(buf, p, 0, 1);
  buf[result] = y;
  row(buf, p, 0, 2), row(buf, p, 1, 2);
  for (int64_t i = 0; i < count; ++i)
    if (((int32_t *)want)[i] != ((int32_t *)y)[i])
      __builtin_trap();
  mix(y, count * 4);
}

static void depthwiseCase(void) {
  int64_t p[IK_CONV_COUNT] = {0};
  const int64_t stride = pick(1, 2), dilation = stride == 2 ? 1 : pick(1, 3), taps = 3 + 2 * pick(0, 1);
  p[IK_CONV_N] = 1, p[IK_CONV_G] = CHANNELS, p[IK_CONV_IC] = p[IK_CONV_OC] = 1, p[IK_CONV_BIAS] = 1, p[IK_CONV_KC] = 8;
  p[IK_CONV_ACT] = pick(0, IK_ACT_TANH);
  for (int a = 0; a < 3; ++a) {
    p[IK_CONV_KD + a] = a ? taps : 1, p[IK_CONV_SD + a] = a ? stride : 1, p[IK_CONV_DD + a] = a ? dilation : 1, p[IK_CONV_PD + a] = a ? pick(0, 2) : 0;
    p[IK_CONV_ID + a] = a ? pick(13, MOST) : 1;
    p[IK_CONV_OD + a] = a ? (p[IK_CONV_ID + a] + 2 * p[IK_CONV_PD + a] - (taps - 1) * dilation - 1) / stride + 1 : 1;
  }
  void *buf[] = {x, w, bias, 0, scratch};
  twinCase(ik_dwconv_direct_f32, ik_dwconv_f32, buf, 3, p, CHANNELS * p[IK_CONV_OH] * p[IK_CONV_OW]);
}

static void stencilPoolCase(void) {
  const int64_t kind = pick(0, 1), taps = kind ? 2 : pick(2, 3), stride = kind ? 2 : pick(1, 2), in = pick(8, MOST);
  const int64_t out = (in + 2 - taps) / stride + 1;
  int64_t p[IK_POOL_COUNT] = {kind, CHANNELS, 1, in, in, 1, out, out, 1, taps, taps, 1, stride, stride, 0, 1, 1, 0, 1, 1, 1, 1, 1, pick(0, 1)};
  p[IK_POOL_BAND] = 4;
  void *buf[] = {x, 0, scratch};
  if (kind || stride == 1)
    twinCase(ik_pool2d_halide_f32, ik_pool2d_f32, buf, 1, p, CHANNELS * out * out);
  if (!kind)
    twinCase(ik_pool2d_direct_f32, ik_pool2d_f32, buf, 1, p, CHANNELS * out * out);
}

/* 20 rows to 40, and as many columns, which 16 outputs read from windows of up to 8, 12, 22 and 46 elements. */
static void resizeCase(int64_t columns, int64_t inner) {
  static int32_t rows[2 * 40], index[2 * 40];
  for (int i = 0; i < 80; ++i)
    rows[i] = (int32_t)pick(i < 40 ? -1 : 0, 19), index[i] = pick(0, 9) ? (int32_t)(i % 40 * (columns - 2) / 40 + pick(0, 1)) : (int32_t)-(i < 40);
  const int64_t p[IK_RESIZE_COUNT] = {2, 20, 40, 2, columns, 40, 2, inner, 0};
  void *buf[] = {x, rows, w, index, w + 80, y, scratch};
  ik_resize2d_f32(buf, p, 0, 2), ik_resize2d_f32(buf, p, 1, 2);
  mix(y, 2 * 40 * 40 * inner * 4);
}

static void hashStencils(void) {
  for (int i = 0; i < 12; ++i) {
    fill(x, 20000), fill(w, 256), fill(bias, 64);
    depthwiseCase();
    stencilPoolCase();
    resizeCase(10, 1), resizeCase(20, 1), resizeCase(50, 1), resizeCase(100, 1), resizeCase(20, 3), resizeCase(20, 21);
  }
}

#endif
