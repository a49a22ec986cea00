/* The packed products and sparse convolutions for hash.c: random bits, places and values in each form, with sums over k that
 * are theirs, as shifting the activations needs. */
#ifndef INGOT_TEST_UNIT_KERNELS_HASHSPARSE_H
#define INGOT_TEST_UNIT_KERNELS_HASHSPARSE_H

IK_KERNEL(ik_qmatmul);
IK_KERNEL(ik_qmatmul_4x1);
IK_KERNEL(ik_qmatmul_bits);
IK_KERNEL(ik_qconv_4x1);
IK_KERNEL(ik_qconv_bits);

enum { DENSE, QUADS, BITS };
typedef struct { int form; int64_t groups, channels, depth, panel, stored; } sparse; /* as PanelShape of passes/lower/SparsePack.h */

/* Random weights: starts that grow to `stored`, so that each output, or panel, has some quads or values. */
static void fillSparse(sparse s) {
  int64_t outputs = s.groups * s.channels, starts = s.form == QUADS ? outputs + 1 : s.groups * ((s.channels + s.panel - 1) / s.panel);
  fillTyped(w, 1 << 17, 1);
  for (int64_t i = 0; s.form != DENSE && i < starts; ++i)
    ((uint32_t *)w)[i] = (uint32_t)(s.form == QUADS ? s.stored * i / outputs : s.stored * i / starts);
}

/* The sum over k of one output, read back from the packed form as quant.h says. */
static int32_t sumOf(sparse s, int64_t o) {
  const int64_t quads = (s.depth + 3) / 4, perGroup = (s.channels + s.panel - 1) / s.panel, panels = s.groups * perGroup;
  const uint32_t *starts = (const uint32_t *)w;
  int32_t sum = 0;
  if (s.form == QUADS) {
    const int8_t *values = (const int8_t *)w + IK_QUADS_AT(s.groups * s.channels);
    const uint16_t *places = (const uint16_t *)(values + 4 * s.stored);
    for (int64_t i = starts[o]; i < starts[o + 1]; ++i)
      for (int64_t b = 0, k = places[i] < quads ? places[i] : quads - 1; b < 4 && k * 4 + b < s.depth; ++b)
        sum += values[i * 4 + b];
    return sum;
  }
  int64_t panel = o / s.channels * perGroup + o % s.channels / s.panel, words = IK_BITS_WORDS(quads * s.panel * 4);
  const uint8_t *bits = (const uint8_t *)w + IK_BITS_AT(panels);
  const int8_t *values = (const int8_t *)bits + panels * words * 8, *dense = (const int8_t *)w + panel * quads * s.panel * 4;
  for (int64_t i = 0, at = 0; i < quads * s.panel * 4; ++i) {
    int isSet = s.form == DENSE || bits[panel * words * 8 + i / 8] >> i % 8 & 1;
    int8_t value = s.form == DENSE ? dense[i] : values[starts[panel] + at];
    if (isSet && i / 4 % s.panel == o % s.channels % s.panel && i / (4 * s.panel) * 4 + i % 4 < s.depth)
      sum += value;
    at += isSet;
  }
  return sum;
}

static void sparseTable(sparse s, int hasZeros) {
  int64_t channels = s.groups * s.channels;
  for (int64_t o = 0; o < channels; ++o) {
    union { float f; int32_t i; } m = {(float)pick(1, 90) * 1e-4f};
    table[o] = (int32_t)pick(-500, 500), table[channels + o] = sumOf(s, o), table[2 * channels + o] = hasZeros ? (int32_t)pick(-9, 9) : 0;
    table[3 * channels + o] = m.i;
  }
}

static void sparseTerms(int64_t *q, int64_t stored) {
  q[IK_Q_X_UNSIGNED] = pick(0, 1), q[IK_Q_Y_UNSIGNED] = pick(0, 1), q[IK_Q_W_ZEROS] = pick(0, 1);
  q[IK_Q_X_ZERO] = pick(0, 100), q[IK_Q_Y_ZERO] = pick(0, 100), q[IK_Q_STORED] = stored;
}

static void sparseMatmul(kernel *run, int form) {
  int64_t p[IK_QMATMUL_COUNT] = {1, 1, 1, 0, 0, 0, 0, 0, 0, pick(1, 140), pick(1, 64), pick(1, 90)};
  sparse s = {form, 1, p[IK_MATMUL_N], p[IK_MATMUL_K], IK_QPANEL, form == QUADS ? 300 : 20000};
  sparseTerms(p + IK_MATMUL_COUNT, s.stored);
  fillTyped(x, 1 << 14, 1), fillSparse(s), sparseTable(s, p[IK_MATMUL_COUNT + IK_Q_W_ZEROS] != 0);
  void *const buf[] = {x, w, table, y, scratch};
  for (int64_t worker = 0; worker < 2; ++worker)
    run(buf, p, worker, 2);
  mix(y, p[IK_MATMUL_M] * p[IK_MATMUL_N]);
}

static void sparseConv(kernel *run, int form) {
  int64_t p[IK_QCONV_COUNT], count = convShape(p, 0);
  sparse s = {form, p[IK_CONV_G], p[IK_CONV_OC], p[IK_CONV_IC] * p[IK_CONV_KH] * p[IK_CONV_KW], 8, form == QUADS ? 300 : 30000};
  p[IK_CONV_ACT] = 0;
  sparseTerms(p + IK_CONV_COUNT, s.stored);
  fillTyped(x, 1 << 14, 1), fillSparse(s), sparseTable(s, p[IK_CONV_COUNT + IK_Q_W_ZEROS] != 0);
  void *const buf[] = {x, w, table, y, scratch};
  for (int64_t worker = 0; worker < 2; ++worker)
    run(buf, p, worker, 2);
  mix(y, count);
}

static void hashSparse(void) {
  for (int i = 0; i < 12; ++i) {
    sparseMatmul(ik_qmatmul, DENSE), sparseMatmul(ik_qmatmul_4x1, QUADS), sparseMatmul(ik_qmatmul_bits, BITS);
    sparseConv(ik_qconv_4x1, QUADS), sparseConv(ik_qconv_bits, BITS);
  }
}

#endif
