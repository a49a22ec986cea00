/* Runs the kernels on fixed shapes and prints one hash of all results. Freestanding: no libc, so that it builds for any Linux
 * target without a sysroot (check-arm.sh); equal bits on every ISA mean equal hashes. */
#include "targets/common/ukernels/epilogue.h"
#include "targets/common/ukernels/pool.h"
#include "targets/common/ukernels/quant.h"
#include "test/unit/kernels/hash.h"

IK_KERNEL(ik_conv_f32);
IK_KERNEL(ik_conv_f16);
IK_KERNEL(ik_convlines_f32);
IK_KERNEL(ik_convlines_f16);
IK_KERNEL(ik_conv_f32_f16);
IK_KERNEL(ik_convlines_f32_f16);
IK_KERNEL(ik_conv_f32_bf16);
IK_KERNEL(ik_convlines_f32_bf16);
IK_KERNEL(ik_convmatrix_f32_bf16);
IK_KERNEL(ik_convtaps_f32_bf16);
IK_KERNEL(ik_convchannels_f32);
IK_KERNEL(ik_convchannels_f32_bf16);
IK_KERNEL(ik_convfew_f32);
IK_KERNEL(ik_convwino_f32);
IK_KERNEL(ik_convwino_f16);
IK_KERNEL(ik_dwconv_f32);
IK_KERNEL(ik_dwconv_f16);
IK_KERNEL(ik_matmul_f32);
IK_KERNEL(ik_matmul_f16);
IK_KERNEL(ik_matmul_f32_f16);
IK_KERNEL(ik_matmul_f32_bf16);
IK_KERNEL(ik_qconv);
IK_KERNEL(ik_qdwconv);
IK_KERNEL(ik_qconvlines);
IK_KERNEL(ik_qconvmatrix);
IK_KERNEL(ik_qconvtaps);
IK_KERNEL(ik_qconvreal);
IK_KERNEL(ik_iconv);
IK_KERNEL(ik_qmatmul);
IK_KERNEL(ik_imatmul);
IK_KERNEL(ik_pool2d_f32);

static _Alignas(64) float x[1 << 16], w[1 << 16], bias[64], y[1 << 17], scratch[1 << 18];
static int32_t table[5 * 64];

/* Values of the kernel's type: the generator fills f32, f16 or bytes. */
static void fillTyped(void *to, int64_t count, int width) {
  for (int64_t i = 0; i < count; ++i) {
    float v = (float)((int32_t)(next() % 2001) - 1000) * 1e-3f;
    if (width == 4)
      ((float *)to)[i] = v;
    else if (width == 2)
      ((_Float16 *)to)[i] = (_Float16)v;
    else
      ((uint8_t *)to)[i] = (uint8_t)next();
  }
}
static int64_t convShape(int64_t *p, int depthwise) {
  for (int i = 0; i < IK_QCONV_COUNT; ++i)
    p[i] = 0;
  p[IK_CONV_N] = 1, p[IK_CONV_G] = depthwise ? 5 : 2, p[IK_CONV_IC] = depthwise ? 1 : pick(1, 20), p[IK_CONV_OC] = depthwise ? 1 : pick(1, 20);
  for (int a = 0; a < 3; ++a) {
    p[IK_CONV_KD + a] = a ? pick(1, 3) : 1, p[IK_CONV_SD + a] = a ? pick(1, 2) : 1, p[IK_CONV_DD + a] = 1, p[IK_CONV_PD + a] = a ? pick(0, 1) : 0;
    p[IK_CONV_ID + a] = a ? pick(3, 24) : 1;
    p[IK_CONV_OD + a] = (p[IK_CONV_ID + a] + 2 * p[IK_CONV_PD + a] - p[IK_CONV_KD + a]) / p[IK_CONV_SD + a] + 1;
  }
  int64_t depth = p[IK_CONV_IC] * p[IK_CONV_KH] * p[IK_CONV_KW];
  union { float f; uint32_t u; } alpha = {0.1f}, beta = {0.6f};
  p[IK_CONV_PACKED] = !depthwise, p[IK_CONV_FULL] = p[IK_CONV_OC] % 8 == 0, p[IK_CONV_BIAS] = 1, p[IK_CONV_KC] = depthwise ? 4 : depth / 2 + 1, p[IK_CONV_ACT] = pick(0, IK_ACT_TANH);
  p[IK_CONV_ALPHA] = alpha.u, p[IK_CONV_BETA] = beta.u;
  return p[IK_CONV_G] * p[IK_CONV_OC] * p[IK_CONV_OH] * p[IK_CONV_OW];
}

/* bf16: the upper halves of f32. */
static void fillBf16(void *to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    union { float f; uint32_t u; } v = {(float)((int32_t)(next() % 2001) - 1000) * 1e-3f};
    ((uint16_t *)to)[i] = (uint16_t)(v.u >> 16);
  }
}

typedef void kernel(void *const *, const int64_t *, int64_t, int64_t);

/* form: 0 tiles, along one axis too, 1 depthwise, 2 lines in bands of 3 rows, 3 Winograd's, 4 of few places, 5 over up to 60 channels. */
static void convCase(kernel *run, int form, int width) {
  int64_t p[IK_QCONV_COUNT], count = convShape(p, form == 1);
  if (form == 0 && pick(0, 1)) {
    p[IK_CONV_IH] = p[IK_CONV_OH] = p[IK_CONV_KH] = p[IK_CONV_SH] = 1, p[IK_CONV_PH] = 0, p[IK_CONV_IW] = pick(60, 200);
    p[IK_CONV_OW] = (p[IK_CONV_IW] + 2 * p[IK_CONV_PW] - p[IK_CONV_KW]) / p[IK_CONV_SW] + 1;
    count = p[IK_CONV_G] * p[IK_CONV_OC] * p[IK_CONV_OW];
  }
  if (form == 2)
    p[IK_CONV_KC] = 3;
  if (form == 3) {
    p[IK_CONV_KH] = p[IK_CONV_KW] = 3, p[IK_CONV_SH] = p[IK_CONV_SW] = 1;
    p[IK_CONV_OH] = p[IK_CONV_IH] + 2 * p[IK_CONV_PH] - 2, p[IK_CONV_OW] = p[IK_CONV_IW] + 2 * p[IK_CONV_PW] - 2;
    count = p[IK_CONV_G] * p[IK_CONV_OC] * p[IK_CONV_OH] * p[IK_CONV_OW];
  }
  if (form == 5) {
    p[IK_CONV_G] = 1, p[IK_CONV_OC] = pick(1, 60), p[IK_CONV_KC] = 3;
    count = p[IK_CONV_OC] * p[IK_CONV_OH] * p[IK_CONV_OW];
  }
  if (form == 4) {
    p[IK_CONV_OH] = p[IK_CONV_OH] < 2 ? p[IK_CONV_OH] : 2, p[IK_CONV_OW] = p[IK_CONV_OW] < 4 ? p[IK_CONV_OW] : 4;
    count = p[IK_CONV_G] * p[IK_CONV_OC] * p[IK_CONV_OH] * p[IK_CONV_OW];
  }
  fillTyped(x, 1 << 15, width), fillTyped(w, 1 << 15, width), fillTyped(bias, 64, width);
  void *const buf[] = {x, w, bias, y, scratch};
  for (int64_t worker = 0; worker < 2; ++worker)
    run(buf, p, worker, 2);
  mix(y, count * width);
}

/* f32 input and output; weights of f16 or bf16. */
static void narrowConvCase(kernel *run, int form, int isBf16) {
  int64_t p[IK_QCONV_COUNT], count = convShape(p, 0);
  p[IK_CONV_KC] = form ? 3 : p[IK_CONV_KC] / 2 * 2 + 2;
  if (form == 5) {
    p[IK_CONV_G] = 1, p[IK_CONV_OC] = pick(1, 60);
    count = p[IK_CONV_OC] * p[IK_CONV_OH] * p[IK_CONV_OW];
  }
  fillTyped(x, 1 << 15, 4), fillTyped(bias, 64, 4);
  if (isBf16)
    fillBf16(w, 1 << 16);
  else
    fillTyped(w, 1 << 16, 2);
  void *const buf[] = {x, w, bias, y, scratch};
  run(buf, p, 0, 1);
  mix(y, count * 4);
}

static void narrowMatmulCase(kernel *run, int isBf16) {
  int64_t m = pick(1, 20), n = pick(1, 64), k = pick(1, 90);
  const int64_t p[IK_MATMUL_COUNT] = {1, 1, 1, 0, 0, 0, 0, 0, 0, m, n, k, 1, 1, 0, 0, 0, 0};
  if (isBf16)
    fillBf16(x, 1 << 13), fillBf16(w, 1 << 14);
  else
    fillTyped(x, 1 << 13, 2), fillTyped(w, 1 << 14, 2);
  fillTyped(bias, 64, 4);
  void *const buf[] = {x, w, bias, y, scratch};
  run(buf, p, 0, 1);
  mix(y, m * n * 4);
}

/* A plane of n x n to itself, whole panels of channels: what tiles make bytes of from registers, one place too many for vectors when n is 7 or 9. */
static int64_t squareShape(int64_t *p, int64_t n) {
  const int64_t kernel = pick(0, 1) ? 3 : 1;
  p[IK_CONV_G] = 1, p[IK_CONV_OC] = 8 * pick(1, 3);
  for (int a = 1; a < 3; ++a)
    p[IK_CONV_KD + a] = kernel, p[IK_CONV_SD + a] = 1, p[IK_CONV_PD + a] = kernel / 2, p[IK_CONV_ID + a] = p[IK_CONV_OD + a] = n;
  p[IK_CONV_KC] = n;
  return p[IK_CONV_OC] * n * n;
}

/* Depthwise 3x3 to planes of 1 to 24 columns, in bands of 4 rows. */
static int64_t rowsShape(int64_t *p, int64_t stride) {
  for (int a = 1; a < 3; ++a) {
    p[IK_CONV_KD + a] = 3, p[IK_CONV_SD + a] = stride, p[IK_CONV_PD + a] = 1, p[IK_CONV_ID + a] = pick(1, stride == 1 ? 24 : 40);
    p[IK_CONV_OD + a] = (p[IK_CONV_ID + a] - 1) / stride + 1;
  }
  return p[IK_CONV_G] * p[IK_CONV_OC] * p[IK_CONV_OH] * p[IK_CONV_OW];
}

/* Depthwise over small planes, each of them one band. */
static int64_t planeShape(int64_t *p) {
  for (int a = 1; a < 3; ++a) {
    const int64_t reach = (p[IK_CONV_KD + a] = pick(1, 4), p[IK_CONV_DD + a] = pick(1, 2), p[IK_CONV_DD + a] * (p[IK_CONV_KD + a] - 1));
    p[IK_CONV_SD + a] = pick(1, 3), p[IK_CONV_PD + a] = pick(0, 2), p[IK_CONV_ID + a] = reach + pick(1, 8);
    p[IK_CONV_OD + a] = (p[IK_CONV_ID + a] + 2 * p[IK_CONV_PD + a] - reach - 1) / p[IK_CONV_SD + a] + 1;
  }
  p[IK_CONV_KC] = p[IK_CONV_OH];
  return p[IK_CONV_G] * p[IK_CONV_OC] * p[IK_CONV_OH] * p[IK_CONV_OW];
}

/* form: as in convCase. */
static void quantCase(kernel *run, int form) {
  int64_t p[IK_QCONV_COUNT], count = convShape(p, form == 1), *q = p + IK_CONV_COUNT;
  const int isSquare = form != 1 && pick(0, 1), isRows = form == 1 && pick(0, 3);
  p[IK_CONV_ACT] = 0;
  if (form == 2)
    p[IK_CONV_KC] = 3;
  if (isSquare)
    count = squareShape(p, pick(7, 9));
  if (isRows) /* no zeros of weights; 3x3 with one stride, or small */
    count = pick(0, 1) ? rowsShape(p, pick(1, 2)) : planeShape(p);
  q[IK_Q_X_UNSIGNED] = pick(0, 1), q[IK_Q_Y_UNSIGNED] = pick(0, 1), q[IK_Q_W_ZEROS] = !isSquare && !isRows, q[IK_Q_GAPLESS] = form == 2 && pick(0, 1);
  q[IK_Q_X_ZERO] = pick(0, 100), q[IK_Q_Y_ZERO] = pick(0, 100);
  fillTyped(x, 1 << 14, 1), fillTyped(w, 1 << 14, 1);
  int64_t channels = p[IK_CONV_G] * p[IK_CONV_OC];
  const int64_t oc = p[IK_CONV_OC], depth = p[IK_CONV_IC] * p[IK_CONV_KH] * p[IK_CONV_KW], panels = (oc + 7) / 8;
  const int64_t taps = form == 2 ? p[IK_CONV_KH] * p[IK_CONV_KW] : 1, quads = (depth / taps + 3) / 4 * taps;
  for (int64_t o = 0; o < channels; ++o) {
    union { float f; int32_t i; } m = {(float)pick(1, 90) * 1e-4f};
    table[o] = (int32_t)pick(-500, 500), table[channels + o] = 0, table[2 * channels + o] = isSquare || isRows ? 0 : (int32_t)pick(-9, 9);
    table[3 * channels + o] = m.i;
    if (form == 3)
      m.f = (float)pick(-90, 90) * 0.1f, table[4 * channels + o] = m.i;
    for (int64_t k = 0; k < depth; ++k)
      table[channels + o] += ((int8_t *)w)[(((o / oc * panels + o % oc / 8) * quads + k / taps / 4 * taps + k % taps) * 8 + o % oc % 8) * 4 + k / taps % 4];
  }
  void *const buf[] = {x, w, table, y, scratch};
  run(buf, p, 0, 1);
  mix(y, form >= 3 ? 4 * count : count);
}

/* Bands of a few rows or places, blocks that are parts of 32 by 32. */
static void quantMatrixCase(int isTaps) {
  int64_t p[IK_QCONV_COUNT + IK_QSUM_COUNT], count = convShape(p, 0), *q = p + IK_CONV_COUNT, *s = p + IK_QCONV_COUNT;
  if (!isTaps && pick(0, 1))
    count = squareShape(p, pick(7, 9));
  p[IK_CONV_ACT] = 0, p[IK_CONV_KC] = pick(1, 3);
  q[IK_Q_X_UNSIGNED] = pick(0, 1), q[IK_Q_Y_UNSIGNED] = pick(0, 1), q[IK_Q_X_ZERO] = pick(0, 100), q[IK_Q_Y_ZERO] = pick(0, 100);
  const int64_t oc = p[IK_CONV_OC], channels = p[IK_CONV_G] * oc, panels = (oc + 15) / 16, taps = isTaps ? 1 : p[IK_CONV_KH] * p[IK_CONV_KW];
  const int64_t words = isTaps ? p[IK_CONV_KH] * p[IK_CONV_IC] * ((p[IK_CONV_KW] + 3) / 4) : (p[IK_CONV_IC] + 3) / 4;
  const int64_t blocks = IK_CONVMATRIX_BLOCKS(words), row = IK_CONVMATRIX_WORDS(words) * 4;
  fillTyped(x, 1 << 14, 1), fillTyped(w, 1 << 17, 1);
  for (int64_t o = 0; o < channels; ++o) {
    union { float f; int32_t i; } m = {(float)pick(1, 90) * 1e-4f};
    table[o] = (int32_t)pick(-500, 500), table[channels + o] = 0, table[2 * channels + o] = 0, table[3 * channels + o] = m.i;
    for (int64_t k = 0; k < blocks * taps * row; ++k) {
      int8_t *weight = (int8_t *)w + ((o / oc * panels + o % oc / 16) * blocks * taps + k / row) * 16 * row + o % oc % 16 * row + k % row;
      const int64_t c = k / row / taps * row + k % row, quads = (p[IK_CONV_KW] + 3) / 4, kw = c % (quads * 4);
      *weight = isTaps ? (c / (quads * 4) < p[IK_CONV_KH] * p[IK_CONV_IC] && kw < p[IK_CONV_KW] ? *weight : 0) : c < p[IK_CONV_IC] ? *weight : 0;
      table[channels + o] += *weight;
    }
  }
  const union { float f[3]; int32_t i[3]; } sum = {{(float)pick(1, 300) / 97, (float)pick(1, 300) / 89, (float)pick(-2000, 2000) / 13}};
  p[IK_CONV_RESIDUAL] = pick(0, 1), s[IK_QSUM_R_UNSIGNED] = pick(0, 1), s[IK_QSUM_Y_UNSIGNED] = pick(0, 1), s[IK_QSUM_Y_ZERO] = pick(0, 100);
  s[IK_QSUM_FACTOR] = sum.i[0], s[IK_QSUM_R_FACTOR] = sum.i[1], s[IK_QSUM_SHIFT] = sum.i[2];
  void *const buf[] = {x, w, table, p[IK_CONV_RESIDUAL] ? x : y, p[IK_CONV_RESIDUAL] ? y : scratch, scratch};
  for (int64_t worker = 0; worker < 2; ++worker)
    (isTaps ? ik_qconvtaps : ik_qconvmatrix)(buf, p, worker, 2);
  mix(y, count);
}

static void quantMatmulCase(kernel *run, int width) {
  int64_t p[IK_QMATMUL_COUNT] = {1, 1, 1}, m = pick(1, 20), n = pick(1, 60), k = pick(1, 90), quads = (k + 3) / 4, *q = p + IK_MATMUL_COUNT;
  p[IK_MATMUL_M] = m, p[IK_MATMUL_N] = n, p[IK_MATMUL_K] = k;
  q[IK_Q_X_UNSIGNED] = pick(0, 1), q[IK_Q_Y_UNSIGNED] = pick(0, 1), q[IK_Q_X_ZERO] = pick(0, 100), q[IK_Q_Y_ZERO] = pick(0, 100);
  fillTyped(x, 1 << 12, 1), fillTyped(w, 1 << 13, 1);
  for (int64_t j = 0; j < n; ++j) {
    union { float f; int32_t i; } scale = {(float)pick(1, 90) * 1e-4f};
    table[j] = (int32_t)pick(-500, 500), table[n + j] = 0, table[2 * n + j] = (int32_t)pick(-9, 9), table[3 * n + j] = scale.i;
    for (int64_t c = 0; c < k; ++c)
      table[n + j] += ((int8_t *)w)[(j / 16 * quads + c / 4) * 64 + j % 16 * 4 + c % 4];
  }
  void *const buf[] = {x, w, table, y, scratch};
  run(buf, p, 0, 1);
  mix(y, m * n * width);
}

static void matmulCase(kernel *run, int width) {
  union { float f; uint32_t u; } alpha = {0.1f}, beta = {0.6f};
  int64_t m = pick(1, 20), n = pick(1, 64), k = pick(1, 90);
  const int64_t p[IK_MATMUL_COUNT] = {1, 1, 1, 0, 0, 0, 0, 0, 0, m, n, k, pick(0, 1), 1, 0, pick(0, IK_ACT_TANH), alpha.u, beta.u};
  fillTyped(x, 1 << 12, width), fillTyped(w, 1 << 13, width), fillTyped(bias, 64, width);
  void *const buf[] = {x, w, bias, y, scratch};
  run(buf, p, 0, 1);
  mix(y, m * n * width);
}

static void poolCase(void) {
  int64_t p[IK_POOL_COUNT] = {pick(0, 1), 3, 1, 20, 21, 1, 10, 10, 1, 3, 3, 1, 2, 2, 0, 1, 1, 0, 1, 1, 1, 1, 1};
  p[IK_POOL_BAND] = 4;
  fillTyped(x, 3 * 20 * 21, 4);
  void *const buf[] = {x, y, scratch};
  ik_pool2d_f32(buf, p, 0, 1);
  mix(y, 3 * 10 * 10 * 4);
}

#include "test/unit/kernels/hashsparse.h"
#include "test/unit/kernels/hashstencils.h"

static void hashAll(void) {
  for (int i = 0; i < 12; ++i) {
    convCase(ik_conv_f32, 0, 4), convCase(ik_conv_f16, 0, 2), convCase(ik_convlines_f32, 2, 4), convCase(ik_convlines_f16, 2, 2);
    convCase(ik_convfew_f32, 4, 4), convCase(ik_convchannels_f32, 5, 4), convCase(ik_convwino_f32, 3, 4), convCase(ik_convwino_f16, 3, 2);
    convCase(ik_dwconv_f32, 1, 4), convCase(ik_dwconv_f16, 1, 2);
    quantCase(ik_qconv, 0), quantCase(ik_qdwconv, 1), quantCase(ik_qdwconv, 1), quantCase(ik_qdwconv, 1), quantCase(ik_qconvlines, 2), quantCase(ik_qconvreal, 3), quantCase(ik_iconv, 4);
    quantMatmulCase(ik_qmatmul, 1), quantMatmulCase(ik_imatmul, 4);
    matmulCase(ik_matmul_f32, 4), matmulCase(ik_matmul_f16, 2);
    narrowConvCase(ik_conv_f32_f16, 0, 0), narrowConvCase(ik_convlines_f32_f16, 2, 0), narrowMatmulCase(ik_matmul_f32_f16, 0);
    narrowConvCase(ik_conv_f32_bf16, 0, 1), narrowConvCase(ik_convlines_f32_bf16, 2, 1), narrowConvCase(ik_convchannels_f32_bf16, 5, 1), narrowMatmulCase(ik_matmul_f32_bf16, 1);
    poolCase();
  }
  hashSparse();
  hashStencils();
  for (int i = 0; i < 12; ++i)
    quantMatrixCase(0), quantMatrixCase(1), narrowConvCase(ik_convmatrix_f32_bf16, 2, 1), narrowConvCase(ik_convtaps_f32_bf16, 2, 1);
}
