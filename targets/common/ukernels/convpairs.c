/* ik_conv_f32_bf16, ik_convlines_f32_bf16: ik_conv_f32 and ik_convlines_f32 with input and weights rounded to bf16 (narrow.h) and sums in f32;
 * parameters in conv.h. The input is rounded while it is packed, weights are packed in pairs: neighbours along k = (ic, kd, kh, kw) in tiles, two
 * channels of one tap over lines, where k = (pair of channels, tap). Every output is one chain of ik_dot2, or of AMX tiles (amx.h); the bias is added
 * last. */
#include "targets/common/ukernels/amx.h"
#include "targets/common/ukernels/convtile.h"
#include "targets/common/ukernels/pairlines.h"
#include "targets/common/ukernels/slices.h"
#include "targets/common/ukernels/tileout.h"

IK_CONV_PACK(float, f32)
IK_LINES_FINISH(float, f32)

typedef struct {
  const float *x, *bias, *residual;
  const uint32_t *w;
  float *y, *scratch;
  ik_epilogue e;
} ik_pair_args;

static ik_pair_args ik_pair_read(void *const *buf, const int64_t *p) {
  ik_pair_args a = {.x = buf[0], .w = buf[1]};
  int next = 2;
  a.bias = p[IK_CONV_BIAS] ? buf[next++] : 0;
  a.residual = p[IK_CONV_RESIDUAL] ? buf[next++] : 0;
  a.y = buf[next++];
  a.scratch = (float *)(((uintptr_t)buf[next] + 63) & ~(uintptr_t)63);
  a.e = (ik_epilogue){p[IK_CONV_ACT], p[IK_CONV_RESIDUAL], ik_f32(p[IK_CONV_ALPHA]), ik_f32(p[IK_CONV_BETA])};
  return a;
}

/* ik_pair_tile for 8 rows that end in registers; 0: nothing is done. */
#if IK_TILE_OUT
#define IK_PAIR_OUT(V)                                                                                                        \
  IK_INLINE void ik_pair_out_##V(const ik_out_f32 *o, const float *c, int fresh, const uint32_t *w, const uint32_t *x, const ik_walk *walk, int64_t ahead) { \
    ik_f32x16 a[8][V];                                                                                                        \
    IK_EACH_OF(8, V) a[r][v] = fresh ? ik_splat16(0.0f) : ik_load16_f32(c + r * 48 + v * 16);                                 \
    ik_pair_sums_8x##V(a, w, 1, 8, x, 16, walk, 1, ahead);                                                                    \
    ik_out_sums_f32_##V(a, o);                                                                                                \
  }
IK_PAIR_OUT(1)
IK_PAIR_OUT(2)
IK_PAIR_OUT(3)
static int ik_pair_out(const ik_out_f32 *o, int64_t rows, const float *c, int fresh, const uint32_t *w, const uint32_t *x, const ik_walk *walk, int64_t ahead) {
  if (!ik_out_ends(rows, o->e))
    return 0;
  if (o->vecs == 3)
    ik_pair_out_3(o, c, fresh, w, x, walk, ahead);
  else if (o->vecs == 2)
    ik_pair_out_2(o, c, fresh, w, x, walk, ahead);
  else
    ik_pair_out_1(o, c, fresh, w, x, walk, ahead);
  return 1;
}
#else
static int ik_pair_out(const ik_out_f32 *o, int64_t rows, const float *c, int fresh, const uint32_t *w, const uint32_t *x, const ik_walk *walk, int64_t ahead) {
  (void)o, (void)rows, (void)c, (void)fresh, (void)w, (void)x, (void)walk, (void)ahead;
  return 0;
}
#endif

/* c // [8][48]: sums of the walk over x by tiles of the machine, from zero if `fresh`; `room` // [taps][8][channels] is for w // [channels][taps][8], which it
 * holds already without. */
static void ik_pair_matrix(float *c, int fresh, uint32_t *room, const uint32_t *w, const uint32_t *x, const ik_walk *walk, int64_t vecs) {
#if IK_TILES_BF16
  const int64_t row = walk->channels * 4;
  const ik_tiles_sides sides = {.left = room, .right = x, .leftRow = row, .leftTap = 8 * row, .rightRow = walk->next * 4, .rightNext = 64, .steps = walk->channels, .offsets = walk->offsets, .taps = walk->taps};
  if (w)
    ik_tiles_panel(room, w, walk->channels, walk->taps);
  ik_tiles_bf16(c, fresh, &sides, vecs);
#else
  (void)c, (void)fresh, (void)room, (void)w, (void)x, (void)walk, (void)vecs;
#endif
}

/* tile // [ceil((k1 - k0) / 2)][48] pairs of rows k of the im2col matrix, by way of `rows` // [IK_CONVPAIRS_ROWS][48]; row k1 is 0 where it is missing. */
static void ik_pair_columns(uint32_t *tile, float *rows, const ik_pair_args *a, const float *in, const int64_t *p, const ik_run *runs, int count,
                            int64_t k0, int64_t k1) {
  const float *end = a->x + p[IK_CONV_N] * p[IK_CONV_G] * p[IK_CONV_IC] * p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW];
  for (int64_t k = k0; k < k1; k += IK_CONVPAIRS_ROWS) {
    int64_t last = k + IK_CONVPAIRS_ROWS < k1 ? k + IK_CONVPAIRS_ROWS : k1, n = last - k;
    ik_conv_pack_f32(rows, in, end, p, runs, count, k, last);
    if (n % 2)
      for (int64_t i = 0; i < 48; i += 16)
        ik_store16_f32(rows + n * 48 + i, ik_splat16(0.0f));
    for (const float *row = rows; row < rows + n * 48; row += 96, tile += 48)
      for (int64_t i = 0; i < 48; i += 16)
        ik_store16_u32(tile + i, ik_pair16(ik_load16_f32(row + i), ik_load16_f32(row + 48 + i)));
  }
}

IK_KERNEL(ik_conv_f32_bf16) {
  const ik_pair_args a = ik_pair_read(buf, p);
  const int64_t depth = p[IK_CONV_IC] * p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], kc = p[IK_CONV_KC], words = (depth + 1) / 2;
  const int64_t area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW], plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW];
  const int64_t oc = p[IK_CONV_OC], panels = (oc + 7) / 8, vectors = (area + 15) / 16, tiles = (vectors + 2) / 3;
  float *rows = a.scratch, *sums = rows + (IK_CONVPAIRS_ROWS + 1) * 48;
  uint32_t *tile = (uint32_t *)(sums + (depth > kc ? panels : 1) * 8 * 48), *room = tile + (kc < depth ? kc + 1 : depth + 1) / 2 * 48;
  ik_range range = ik_share_slices(p[IK_CONV_N] * p[IK_CONV_G], vectors, tiles, panels, worker, workers);
  ik_run runs[48];
  const int32_t here = 0;
  const ik_walk none = {&here, 1, 0, 0};
  for (int64_t unit = range.begin; unit < range.end;) {
    int64_t panel0 = unit % panels, t = unit / panels % tiles, ng = unit / (panels * tiles), g = ng % p[IK_CONV_G];
    int64_t panel1 = panel0 + range.end - unit < panels ? panel0 + range.end - unit : panels;
    const ik_slice slice = ik_slice_of(vectors, tiles, t);
    int64_t vecs = slice.count, first = slice.first * 16;
    int64_t count = first + vecs * 16 <= area ? vecs * 16 : area - first;
    int runCount = ik_conv_runs(p, first, count, runs);
    const ik_places places = ik_places_of(count);
    for (int64_t k0 = 0; k0 < depth; k0 += kc) {
      int64_t k1 = k0 + kc < depth ? k0 + kc : depth;
      const ik_walk walk = {&here, 1, (k1 - k0 + 1) / 2, 48};
      const int isTiled = IK_TILES_BF16 && ik_tiles_begin(walk.channels, 8);
      ik_pair_columns(tile, rows, &a, a.x + ng * p[IK_CONV_IC] * plane, p, runs, runCount, k0, k1);
      for (int64_t panel = panel0; panel < panel1; ++panel) {
        float *c = depth > kc ? sums + panel * 8 * 48 : sums;
        int64_t left = oc - panel * 8 < 8 ? oc - panel * 8 : 8, o = g * oc + panel * 8, at = ((ng - g) * oc + o) * area + first;
        const uint32_t *weights = a.w + ((g * panels + panel) * words + k0 / 2) * 8;
        const ik_out_f32 out = {a.y + at, a.bias ? a.bias + o : 0, a.residual ? a.residual + at : 0, area, a.e, vecs, 1, &places};
        if (isTiled)
          ik_pair_matrix(c, k0 == 0, room, weights, tile, &walk, vecs);
        if (k1 == depth && ik_pair_out(&out, left, c, k0 == 0 && !isTiled, weights, tile, isTiled ? &none : &walk, words * 8))
          continue;
        if (!isTiled)
          ik_pair_tile(c, k0 == 0, weights, 1, 8, tile, 16, &walk, left, vecs, 1, words * 8);
        if (k1 == depth)
          ik_conv_finish_f32(c, out.y, out.bias, out.residual, left, count, area, a.e);
      }
      if (isTiled)
        ik_tiles_end();
    }
    unit += panel1 - panel0;
  }
}

IK_KERNEL(ik_convlines_f32_bf16) {
  const ik_pair_args a = ik_pair_read(buf, p);
  const ik_lines l = ik_lines_of(p, p[IK_CONV_KC]);
  int32_t offsets[IK_CONVLINES_TAPS];
  ik_lines_offsets(offsets, p, &l);
  const ik_walk walk = {offsets, p[IK_CONV_KH] * p[IK_CONV_KW], (p[IK_CONV_IC] + 1) / 2, l.channel}, none = {offsets, 1, 0, 0};
  float *lines = a.scratch, *c = lines + 2 * l.channel + 32;
  uint32_t *pairs = (uint32_t *)(c + 8 * 48), *room = pairs + walk.channels * l.channel + 16;
  const int64_t words = walk.taps * walk.channels, oc = p[IK_CONV_OC], panels = (oc + 7) / 8, band = p[IK_CONV_KC];
  const int64_t oh = p[IK_CONV_OH], ow = p[IK_CONV_OW], bands = (oh + band - 1) / band, plane = p[IK_CONV_IC] * p[IK_CONV_IH] * p[IK_CONV_IW];
  const float *end = a.x + p[IK_CONV_N] * p[IK_CONV_G] * plane;
  /* Weights that the cache does not keep, or that are turned, are read once a band; others once a tile. */
  const int isTiled = IK_TILES_BF16 && ik_tiles_begin(walk.channels, 8), panelFirst = isTiled || words * oc > 64 * 1024;
  ik_range range = ik_share_slices(p[IK_CONV_N] * p[IK_CONV_G], oh, bands, panels, worker, workers);
  for (int64_t unit = range.begin; unit < range.end;) {
    const ik_slice rows = ik_slice_of(oh, bands, unit / panels % bands);
    int64_t panel0 = unit % panels, ng = unit / (panels * bands), g = ng % p[IK_CONV_G];
    int64_t count = panel0 + range.end - unit < panels ? range.end - unit : panels - panel0;
    int64_t places = (rows.count - 1) * l.pitch + ow, vectors = (places + 15) / 16, tiles = (vectors + 2) / 3;
    ik_pair_lines(pairs, lines, a.x + ng * plane, end, p, &l, rows.first);
    for (int64_t i = 0; i < tiles * count; ++i) {
      int64_t t = panelFirst ? i % tiles : i / count, panel = panel0 + (panelFirst ? i / tiles : i % count);
      const ik_slice slice = ik_slice_of(vectors, tiles, t);
      int64_t vecs = slice.count, first = slice.first * 16;
      int64_t left = oc - panel * 8 < 8 ? oc - panel * 8 : 8, o = g * oc + panel * 8, at = ((ng - g) * oc + o) * oh * ow + rows.first * ow;
      const uint32_t *weights = a.w + (g * panels + panel) * words * 8;
      const ik_places to = ik_places_between(first, vecs, rows.count, ow, l.pitch);
      const ik_out_f32 out = {a.y + at, a.bias ? a.bias + o : 0, a.residual ? a.residual + at : 0, oh * ow, a.e, vecs, 2, &to};
      if (isTiled)
        ik_pair_matrix(c, 1, room, t == 0 ? weights : 0, pairs + first, &walk, vecs);
      if (l.pitch >= IK_PLACES_PITCH && ik_pair_out(&out, left, c, !isTiled, weights, pairs + first, isTiled ? &none : &walk, words * 8))
        continue;
      if (!isTiled)
        ik_pair_tile(c, 1, weights, 1, 8, pairs + first, 16, &walk, left, vecs, 1, words * 8);
      ik_lines_finish_f32(c, out.y, out.bias, out.residual, left, first, first + vecs * 16 < places ? vecs * 16 : places - first, l.pitch, p, a.e);
    }
    unit += count;
  }
  if (isTiled)
    ik_tiles_end();
}
