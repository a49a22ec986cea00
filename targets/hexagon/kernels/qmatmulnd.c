/* ik_qmatmulnd with HVX: 4 rows by 128 columns, four k at once: rows of b are interleaved in registers and multiplied by four bytes of a in a
 * scalar register (vrmpy takes unsigned vectors and signed scalars, so both are shifted). Same parameters, operands and results as
 * targets/common/ukernels/qmatmulnd.c, which the level without HVX compiles. Parallel units: (batch, column block, row group).
 * With a' = a - da and b' = b + db: acc = sum a' b' - A sum b' + (K A - sum a') B + bias, A = aZero - da, B = bZero + db. */
#if !defined(__HVX__)
#include "targets/common/ukernels/qmatmulnd.c"
#else
#include "targets/hexagon/kernels/hvx.h"

enum { HX_ROWS = 4, HX_COLUMNS = 128 };

typedef struct {
  const int64_t *p, *q;
  const float *aScale, *bScale, *yScale;
  const void *aZero, *bZero;
  const int32_t *bias;
  int32_t n, depth, yZero;
} hx_matmul;

/* What the columns [j, j + count) of a block need; all vectors hold 32 of them. */
typedef struct {
  hx_w bias[4], zero[4], bits[4];
  int plain;
} hx_block;

/* Multipliers of row i, in the order of the rule: aScale * bScale / yScale. */
static void hx_multipliers(hx_block *block, const hx_matmul *c, int32_t i, int32_t j, int32_t count) {
  union { float f; int32_t i; } m[HX_COLUMNS];
  const float a = c->aScale[c->q[IK_Q_SCALES_PER_ROW] ? i : 0];
  const int32_t distinct = c->q[IK_Q_SCALES_PER_CHANNEL] ? count : 1;
  block->plain = 1;
  for (int32_t l = 0; l < distinct; ++l) {
    m[l].f = a * c->bScale[c->q[IK_Q_SCALES_PER_CHANNEL] ? j + l : 0] / c->yScale[0];
    block->plain &= hx_is_plain(m[l].i);
  }
  for (int32_t l = distinct; l < HX_COLUMNS; ++l)
    m[l].i = m[0].i;
  for (int32_t l = 0; l < 4; ++l)
    block->bits[l] = (hx_w)hx_load(m + l * 32);
}

static void hx_columns(hx_block *block, const hx_matmul *c, int32_t j, int32_t count) {
  int32_t zeros[HX_COLUMNS], biases[HX_COLUMNS];
  for (int32_t l = 0; l < HX_COLUMNS; ++l) {
    zeros[l] = l < count ? ik_byte(c->bZero, c->q[IK_Q_ZEROS_PER_CHANNEL] ? j + l : 0, c->q[IK_Q_W_UNSIGNED]) + (c->q[IK_Q_W_UNSIGNED] ? 0 : 128) : 0;
    biases[l] = c->bias && l < count ? c->bias[j + l] : 0;
  }
  for (int32_t l = 0; l < 4; ++l) {
    block->zero[l] = (hx_w)hx_load(zeros + l * 32);
    block->bias[l] = (hx_w)hx_load(biases + l * 32);
  }
}

/* count <= 128 bytes; the rest is not read. */
IK_INLINE HVX_Vector hx_load_part(const uint8_t *p, int32_t count, const uint8_t *end) {
  if (p + 128 <= end)
    return hx_load(p);
  union { HVX_Vector v; uint8_t b[128]; } t = {Q6_V_vzero()};
  for (int32_t i = 0; i < count; ++i)
    t.b[i] = p[i];
  return t.v;
}

/* Four k of 128 columns, [column][4]. */
IK_INLINE void hx_quads(HVX_Vector *v, const uint8_t *b, int32_t n, int32_t left, int32_t count, const uint8_t *end, HVX_Vector flip) {
  HVX_Vector rows[4];
  IK_UNROLL for (int r = 0; r < 4; ++r)
    rows[r] = r < left ? Q6_V_vxor_VV(hx_load_part(b + r * n, count, end), flip) : Q6_V_vzero();
  HVX_VectorPair low = Q6_W_vshuff_VVR(rows[1], rows[0], -1), high = Q6_W_vshuff_VVR(rows[3], rows[2], -1);
  HVX_VectorPair first = Q6_W_vshuff_VVR(Q6_V_lo_W(high), Q6_V_lo_W(low), -2), second = Q6_W_vshuff_VVR(Q6_V_hi_W(high), Q6_V_hi_W(low), -2);
  v[0] = Q6_V_lo_W(first);
  v[1] = Q6_V_hi_W(first);
  v[2] = Q6_V_lo_W(second);
  v[3] = Q6_V_hi_W(second);
}

/* a[k], .. a[k + 3] as signed bytes of a word, zeros from `left` on; adds them to `sum`. */
IK_INLINE int32_t hx_word(const uint8_t *a, int32_t left, uint8_t flip, int32_t *sum) {
  uint32_t word = 0;
  for (int32_t i = 0; i < 4 && i < left; ++i) {
    uint8_t byte = a[i] ^ flip;
    *sum += (int8_t)byte;
    word |= (uint32_t)byte << (8 * i);
  }
  return (int32_t)word;
}

/* One row's sums to y. */
static void hx_finish(const HVX_Vector *acc, const HVX_Vector *columnSums, int32_t rowSum, uint8_t *y, int32_t i, int32_t count, const hx_matmul *c,
                      const hx_block *block) {
  const int64_t *q = c->q;
  const int32_t zero = ik_byte(c->aZero, q[IK_Q_ZEROS_PER_ROW] ? i : 0, q[IK_Q_X_UNSIGNED]) - (q[IK_Q_X_UNSIGNED] ? 128 : 0);
  const int32_t factor = c->depth * zero - rowSum;
  hx_w v[4];
  IK_UNROLL for (int l = 0; l < 4; ++l) {
    v[l] = (hx_w)acc[l] - (hx_w)columnSums[l] * zero + block->zero[l] * factor + block->bias[l];
    v[l] = hx_requantize(v[l], block->bits[l], block->plain, c->yZero, q[IK_Q_Y_UNSIGNED]);
  }
  hx_store(y, hx_bytes(hx_halves(v[0], v[1]), hx_halves(v[2], v[3]), q[IK_Q_Y_UNSIGNED]), count);
}

/* Up to 4 rows of a from `a`, `step` apart (0: the same row again, computed and dropped). */
static void hx_tile(const uint8_t *a, const uint8_t *b, const uint8_t *end, uint8_t *y, int32_t i, int32_t rows, int32_t count, const hx_matmul *c,
                    hx_block *block, int32_t j) {
  HVX_Vector acc[HX_ROWS][4], sums[4];
  int32_t rowSums[HX_ROWS] = {0};
  const uint8_t flipA = c->q[IK_Q_X_UNSIGNED] ? 0x80 : 0;
  const HVX_Vector flipB = Q6_Vb_vsplat_R(c->q[IK_Q_W_UNSIGNED] ? 0 : 0x80);
  IK_UNROLL for (int l = 0; l < 4; ++l) {
    sums[l] = Q6_V_vzero();
    IK_UNROLL for (int r = 0; r < HX_ROWS; ++r)
      acc[r][l] = Q6_V_vzero();
  }
  for (int32_t k = 0; k < c->depth; k += 4, b += 4 * c->n) {
    HVX_Vector v[4];
    hx_quads(v, b, c->n, c->depth - k, count, end, flipB);
    IK_UNROLL for (int l = 0; l < 4; ++l)
      sums[l] = Q6_Vw_vrmpyacc_VwVubRb(sums[l], v[l], 0x01010101);
    IK_UNROLL for (int r = 0; r < HX_ROWS; ++r) {
      const int32_t word = hx_word(a + (r < rows ? r : 0) * c->depth + k, c->depth - k, flipA, &rowSums[r]);
      IK_UNROLL for (int l = 0; l < 4; ++l)
        acc[r][l] = Q6_Vw_vrmpyacc_VwVubRb(acc[r][l], v[l], word);
    }
  }
  for (int32_t r = 0; r < rows; ++r) {
    if (c->q[IK_Q_SCALES_PER_ROW])
      hx_multipliers(block, c, i + r, j, count);
    hx_finish(acc[r], sums, rowSums[r], y + r * c->n, i + r, count, c, block);
  }
}

IK_KERNEL(ik_qmatmulnd) {
  const int64_t *q = p + IK_MATMUL_COUNT;
  const int32_t m = (int32_t)p[IK_MATMUL_M], n = (int32_t)p[IK_MATMUL_N], b1 = (int32_t)p[IK_MATMUL_B1], b2 = (int32_t)p[IK_MATMUL_B2];
  const hx_matmul c = {p, q, buf[1], buf[4], buf[6], buf[2], buf[5], p[IK_MATMUL_BIAS] ? buf[8] : 0, n, (int32_t)p[IK_MATMUL_K],
                       ik_byte(buf[7], 0, q[IK_Q_Y_UNSIGNED])};
  uint8_t *y = p[IK_MATMUL_BIAS] ? buf[9] : buf[8];
  const int32_t blocks = (n + HX_COLUMNS - 1) / HX_COLUMNS, groups = (m + HX_ROWS - 1) / HX_ROWS;
  ik_range range = ik_share(p[IK_MATMUL_B0] * b1 * b2 * blocks * groups, worker, workers);
  for (int32_t unit = (int32_t)range.begin; unit < (int32_t)range.end;) {
    int32_t group = unit % groups, j = unit / groups % blocks * HX_COLUMNS, batch = unit / (groups * blocks);
    const int32_t i2 = batch % b2, i1 = batch / b2 % b1, i0 = batch / (b1 * b2), count = n - j < HX_COLUMNS ? n - j : HX_COLUMNS;
    const uint8_t *a = (const uint8_t *)buf[0] + i0 * (int32_t)p[IK_MATMUL_AS0] + i1 * (int32_t)p[IK_MATMUL_AS1] + i2 * (int32_t)p[IK_MATMUL_AS2];
    const uint8_t *b = (const uint8_t *)buf[3] + i0 * (int32_t)p[IK_MATMUL_BS0] + i1 * (int32_t)p[IK_MATMUL_BS1] + i2 * (int32_t)p[IK_MATMUL_BS2];
    hx_block block;
    hx_columns(&block, &c, j, count);
    hx_multipliers(&block, &c, 0, j, count);
    for (; group < groups && unit < (int32_t)range.end; ++group, ++unit) {
      const int32_t i = group * HX_ROWS, rows = m - i < HX_ROWS ? m - i : HX_ROWS;
      hx_tile(a + i * c.depth, b + j, b + c.depth * n, y + (batch * m + i) * n + j, i, rows, count, &c, &block, j);
    }
  }
}
#endif
