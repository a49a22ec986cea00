/* ik_qconv with HVX: tiles of 64 pixels by panels of 8 output channels, vrmpy of unsigned activations with four weights in a scalar register.
 * Same parameters, operands and results as targets/common/ukernels/qconv.c, which the level without HVX compiles; the tile here is
 * [K/4][64][4] bytes, made 64 bytes a row by masked loads. Only bytes of x are read. Parallel units: (n, g, tile, panel). */
#if !defined(__HVX__)
#include "targets/common/ukernels/qconv.c"
#else
#include "targets/hexagon/kernels/hvx.h"

enum { HX_TILE = 64 };

/* Pixels of a tile that lie on one output line: lanes [i, i + n) have input positions (d, h, w), w growing by the stride. */
typedef struct { int32_t i, n, d, h, w; } hx_run;

typedef struct {
  const uint8_t *begin, *end; /* of all of x */
  int32_t id, ih, iw, od, oh, ow, kd, kh, kw, sd, sh, sw, pd, ph, pw, dd, dh, dw, depth;
} hx_conv;

/* A 1 x 1 filter that keeps every pixel sees one long line. */
static hx_conv hx_shape(const int64_t *p, const uint8_t *x) {
  hx_conv c = {.id = (int32_t)p[IK_CONV_ID], .ih = (int32_t)p[IK_CONV_IH], .iw = (int32_t)p[IK_CONV_IW], .od = (int32_t)p[IK_CONV_OD],
               .oh = (int32_t)p[IK_CONV_OH], .ow = (int32_t)p[IK_CONV_OW], .kd = (int32_t)p[IK_CONV_KD], .kh = (int32_t)p[IK_CONV_KH],
               .kw = (int32_t)p[IK_CONV_KW], .sd = (int32_t)p[IK_CONV_SD], .sh = (int32_t)p[IK_CONV_SH], .sw = (int32_t)p[IK_CONV_SW],
               .pd = (int32_t)p[IK_CONV_PD], .ph = (int32_t)p[IK_CONV_PH], .pw = (int32_t)p[IK_CONV_PW], .dd = (int32_t)p[IK_CONV_DD],
               .dh = (int32_t)p[IK_CONV_DH], .dw = (int32_t)p[IK_CONV_DW]};
  c.begin = x;
  c.end = x + p[IK_CONV_N] * p[IK_CONV_G] * p[IK_CONV_IC] * c.id * c.ih * c.iw;
  c.depth = (int32_t)p[IK_CONV_IC] * c.kd * c.kh * c.kw;
  if (c.kd * c.kh * c.kw == 1 && c.sd == 1 && c.sh == 1 && c.sw == 1 && c.id == c.od && c.ih == c.oh && c.iw == c.ow) {
    c.iw = c.ow = c.id * c.ih * c.iw;
    c.id = c.ih = c.od = c.oh = 1;
  }
  return c;
}

/* The runs of pixels [first, first + count); returns their number. */
static int32_t hx_runs(hx_run *runs, const hx_conv *c, int32_t first, int32_t count) {
  int32_t line = first / c->ow, column = first - line * c->ow, d = line / c->oh, h = line - d * c->oh, found = 0;
  for (int32_t i = 0; i < count;) {
    int32_t n = c->ow - column < count - i ? c->ow - column : count - i;
    runs[found++] = (hx_run){i, n, d * c->sd - c->pd, h * c->sh - c->ph, column * c->sw - c->pw};
    i += n;
    column = 0;
    if (++h == c->oh) {
      h = 0;
      ++d;
    }
  }
  return found;
}

/* Lanes [i + low, i + high) of a row, from `line` + w on, where all that a vector load takes is not inside x. */
static HVX_Vector hx_row_slow(HVX_Vector row, const uint8_t *line, int32_t i, int32_t low, int32_t high, int32_t step) {
  union { HVX_Vector v; uint8_t b[128]; } t = {row};
  for (int32_t j = low; j < high; ++j)
    t.b[i + j] = line[j * step];
  return t.v;
}

/* 64 bytes of the im2col row (plane, kd, kh, kw); places outside the input give `border`. */
IK_INLINE HVX_Vector hx_row(const hx_conv *c, const hx_run *runs, int32_t count, const uint8_t *plane, int32_t kd, int32_t kh, int32_t kw, HVX_Vector border) {
  HVX_Vector row = border;
  for (const hx_run *run = runs; run < runs + count; ++run) {
    int32_t d = run->d + kd * c->dd, h = run->h + kh * c->dh, w = run->w + kw * c->dw, low = 0, high = run->n;
    if (d < 0 || h < 0 || d >= c->id || h >= c->ih)
      continue;
    while (low < high && w + low * c->sw < 0)
      ++low;
    while (high > low && w + (high - 1) * c->sw >= c->iw)
      --high;
    if (low == high)
      continue;
    const uint8_t *line = plane + (d * c->ih + h) * c->iw + w, *from = line - run->i * c->sw;
    if (c->sw > 2 || from < c->begin || from + 128 > c->end) {
      row = hx_row_slow(row, line, run->i, low, high, c->sw);
      continue;
    }
    HVX_Vector v = hx_load(from);
    if (c->sw == 2)
      v = Q6_Vb_vdeal_Vb(v);
    row = Q6_V_vmux_QVV(Q6_Q_and_QQn(Q6_Q_vsetq_R(run->i + high), Q6_Q_vsetq_R(run->i + low)), v, row);
  }
  return row;
}

/* tile // [K/4][64][4], every byte with `flip` taken in; rows past K are 0. */
static void hx_pack(HVX_Vector *tile, const hx_conv *c, const hx_run *runs, int32_t count, const uint8_t *x, uint8_t zero, uint8_t flip) {
  const HVX_Vector border = Q6_Vb_vsplat_R(zero), mask = Q6_Vb_vsplat_R(flip);
  int32_t kd = 0, kh = 0, kw = 0;
  for (int32_t k = 0; k < c->depth; k += 4, tile += 2) {
    HVX_Vector rows[4];
    IK_UNROLL for (int r = 0; r < 4; ++r) {
      rows[r] = Q6_V_vzero();
      if (k + r < c->depth) {
        rows[r] = Q6_V_vxor_VV(hx_row(c, runs, count, x, kd, kh, kw, border), mask);
        if (++kw == c->kw) {
          kw = 0;
          if (++kh == c->kh) {
            kh = 0;
            if (++kd == c->kd) {
              kd = 0;
              x += c->id * c->ih * c->iw;
            }
          }
        }
      }
    }
    HVX_Vector low = Q6_V_lo_W(Q6_W_vshuff_VVR(rows[1], rows[0], -1)), high = Q6_V_lo_W(Q6_W_vshuff_VVR(rows[3], rows[2], -1));
    HVX_VectorPair quads = Q6_W_vshuff_VVR(high, low, -2);
    tile[0] = Q6_V_lo_W(quads);
    tile[1] = Q6_V_hi_W(quads);
  }
}

typedef struct { const int32_t *table; const int64_t *q; int32_t channels, xZero, depth, area, count; } hx_terms;

/* One channel's 64 sums to y. */
IK_INLINE void hx_finish(hx_w low, hx_w high, const hx_w *sums, uint8_t *y, int32_t o, const hx_terms *t) {
  const int32_t *table = t->table + o;
  const uint32_t zero = (uint32_t)table[IK_QTABLE_ZERO * t->channels], xZero = (uint32_t)t->xZero;
  const uint32_t constant = (uint32_t)table[0] - xZero * (uint32_t)table[IK_QTABLE_SUM * t->channels] + zero * xZero * (uint32_t)t->depth;
  low += (int32_t)constant;
  high += (int32_t)constant;
  if (t->q[IK_Q_W_ZEROS]) {
    low -= sums[0] * (int32_t)zero;
    high -= sums[1] * (int32_t)zero;
  }
  const int32_t bits = table[IK_QTABLE_MULTIPLIER * t->channels];
  const int64_t yZero = t->q[IK_Q_Y_ZERO], isUnsigned = t->q[IK_Q_Y_UNSIGNED];
  const int plain = hx_is_plain(bits);
  HVX_Vector halves = hx_halves(hx_requantize(low, hx_splat(bits), plain, yZero, isUnsigned), hx_requantize(high, hx_splat(bits), plain, yZero, isUnsigned));
  hx_store(y, hx_bytes(halves, halves, isUnsigned), t->count);
}

/* A panel of 8 channels over the tile. */
static void hx_panel(const HVX_Vector *tile, const int32_t *w, int32_t quads, const hx_w *sums, uint8_t *y, int32_t o, int32_t rows, const hx_terms *t) {
  HVX_Vector a[8][2];
  IK_UNROLL for (int r = 0; r < 8; ++r)
    a[r][0] = a[r][1] = Q6_V_vzero();
  for (int32_t k = 0; k < quads; ++k, tile += 2, w += 8) {
    HVX_Vector low = tile[0], high = tile[1];
    IK_UNROLL for (int r = 0; r < 8; ++r) {
      a[r][0] = Q6_Vw_vrmpyacc_VwVubRb(a[r][0], low, w[r]);
      a[r][1] = Q6_Vw_vrmpyacc_VwVubRb(a[r][1], high, w[r]);
    }
  }
  hx_w c[8][2];
  IK_UNROLL for (int r = 0; r < 8; ++r) {
    c[r][0] = (hx_w)a[r][0];
    c[r][1] = (hx_w)a[r][1];
  }
  _Pragma("clang loop unroll(disable)") for (int32_t r = 0; r < rows; ++r, ++o, y += t->area)
    hx_finish(c[r][0], c[r][1], sums, y, o, t);
}

IK_KERNEL(ik_qconv) {
  const int64_t *q = p + IK_CONV_COUNT;
  const hx_conv c = hx_shape(p, buf[0]);
  const int32_t groups = (int32_t)p[IK_CONV_G], oc = (int32_t)p[IK_CONV_OC], ic = (int32_t)p[IK_CONV_IC];
  const int32_t plane = c.id * c.ih * c.iw, area = c.od * c.oh * c.ow, quads = (c.depth + 3) / 4, panels = (oc + 7) / 8;
  const int32_t tiles = (area + HX_TILE - 1) / HX_TILE, shift = q[IK_Q_X_UNSIGNED] ? 0 : 128;
  hx_terms terms = {buf[2], q, groups * oc, (int32_t)q[IK_Q_X_ZERO] + shift, c.depth, area, 0};
  HVX_Vector *tile = (HVX_Vector *)(((uintptr_t)buf[4] + 127) & ~(uintptr_t)127);
  ik_range range = ik_share(p[IK_CONV_N] * groups * tiles * panels, worker, workers);
  int32_t unit = (int32_t)range.begin, left = (int32_t)(range.end - range.begin);
  int32_t panel = unit % panels, t = unit / panels % tiles, ng = unit / (panels * tiles);
  while (left > 0) {
    hx_run runs[HX_TILE];
    const int32_t first = t * HX_TILE, g = ng % groups, last = panel + left < panels ? panel + left : panels;
    terms.count = area - first < HX_TILE ? area - first : HX_TILE;
    int32_t count = hx_runs(runs, &c, first, terms.count);
    hx_pack(tile, &c, runs, count, c.begin + ng * ic * plane, (uint8_t)q[IK_Q_X_ZERO], q[IK_Q_X_UNSIGNED] ? 0 : 0x80);
    hx_w sums[2] = {hx_splat(0), hx_splat(0)};
    for (int32_t k = 0; k < 2 * quads && q[IK_Q_W_ZEROS]; ++k)
      sums[k % 2] = (hx_w)Q6_Vw_vrmpyacc_VwVubRb((HVX_Vector)sums[k % 2], tile[k], 0x01010101);
    for (left -= last - panel; panel < last; ++panel) {
      const int32_t o = g * oc + panel * 8, rows = oc - panel * 8 < 8 ? oc - panel * 8 : 8;
      const int32_t *w = (const int32_t *)((const int8_t *)buf[1] + (g * panels + panel) * quads * 32);
      hx_panel(tile, w, quads, sums, (uint8_t *)buf[3] + ((ng - g) * oc + o) * area + first, o, rows, &terms);
    }
    panel = 0;
    if (++t == tiles) {
      t = 0;
      ++ng;
    }
  }
}
#endif
