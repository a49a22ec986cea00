/* Convolution whose vectors go over output channels (convchannels.c, convchannelspairs.c): tiles of up to 8 neighbours in a row of outputs by 48
 * channels, whose places are splat and whose weights are the vectors, and the walk over bands. Who includes it says before what a sum takes at a step:
 * ik_operand and ik_operands (16 of them), ik_operands_at and ik_step16; and after, how a band is readied (below). The filter is w // [G][ceil(OC/16)][K][16],
 * zero padded, K = (step of input channels, tap). Input channels go in blocks whose weights stay in the nearest cache for all places. Parallel units:
 * (n, g, band, vector of channels). */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_CHANNELPARTS_H
#define INGOT_TARGETS_COMMON_UKERNELS_CHANNELPARTS_H

/* A band's operands: places in lines (lines.h), or one row if pointwise; `apart` from step to step along input channels. */
typedef struct { const ik_operand *at; int64_t apart; } ik_band;

/* Steps along so many input channels of one tap. */
IK_INLINE int64_t ik_channels_steps(int64_t channels);
/* Whether taps outside of the input are left out; and what that changes in the sums c // [places.count][48] of `count` channels in an output row of the
 * group x is made good. */
IK_INLINE int ik_channels_skips(const int64_t *p);
static void ik_channels_settle(float *c, const float *x, const ik_operand *w, const int64_t *p, int64_t row, ik_slice places, int64_t count);
/* Output rows, or places if pointwise, `part` of group ng, where they lie or in scratch. */
IK_INLINE ik_band ik_channels_band(float *scratch, const float *x, int64_t ng, const int64_t *p, const ik_lines *l, ik_slice part);

/* Places of a tile at most: what its registers hold beside the vectors of channels (three with AVX-512, else one). */
#if defined(__AVX512F__)
#define IK_CHANNELS_ROWS 8
#elif IK_FLOAT_VECTORS
#define IK_CHANNELS_ROWS 6
#else
#define IK_CHANNELS_ROWS 1
#endif

/* The way of k through a tile: `runs` of `taps` neighbours, `apart` from run to run and `depth` from channel to channel; `offsets` of the taps, `next` of
 * the channels. */
typedef struct { const int32_t *offsets; int64_t runs, taps, apart, channels, next, depth; } ik_channels_walk;

/* c // [R][48] += sums over the walk of places x + 0 .. R - 1 by weights w // [V][ldv], from zero if `fresh`. Asks for the weights
 * `ahead` of those it reads. */
#define IK_CHANNELS_TILE(R, V)                                                                                                \
  IK_INLINE void ik_channels_tile_##R##x##V(float *c, int fresh, const ik_operand *w, int64_t ldv, const ik_operand *x, const ik_channels_walk *walk, int64_t ahead) { \
    ik_f32x16 a[R][V];                                                                                                        \
    ik_operands b[V];                                                                                                         \
    IK_EACH_OF(R, V) a[r][v] = fresh ? ik_splat16(0.0f) : ik_load16_f32(c + r * 48 + v * 16);                                 \
    for (int64_t channel = 0; channel < walk->channels; ++channel, x += walk->next, w += walk->depth * 16)                    \
      for (int64_t run = 0; run < walk->runs; ++run) {                                                                        \
        const int32_t *offsets = walk->offsets + run * walk->apart;                                                           \
        const ik_operand *row = w + run * walk->apart * 16;                                                                   \
        for (int64_t t = 0; t < walk->taps; ++t, row += 16) {                                                                 \
          const ik_operand *from = x + offsets[t];                                                                            \
          __builtin_prefetch((const void *)((uintptr_t)row + (uintptr_t)ahead * sizeof(ik_operand)), 0, 2);                   \
          IK_UNROLL for (int v = 0; v < V; ++v) b[v] = ik_operands_at(row + v * ldv);                                         \
          IK_UNROLL for (int r = 0; r < R; ++r) {                                                                             \
            const ik_operands f = (ik_operands)from[r];                                                                       \
            IK_UNROLL for (int v = 0; v < V; ++v) a[r][v] = ik_step16(a[r][v], f, b[v]);                                      \
          }                                                                                                                   \
        }                                                                                                                     \
      }                                                                                                                       \
    IK_EACH_OF(R, V) ik_store16_f32(c + r * 48 + v * 16, a[r][v]);                                                            \
  }
IK_CHANNELS_TILE(1, 1)
#if IK_FLOAT_VECTORS
IK_CHANNELS_TILE(3, 1)
IK_CHANNELS_TILE(4, 1)
IK_CHANNELS_TILE(5, 1)
IK_CHANNELS_TILE(6, 1)
#endif
#if defined(__AVX512F__)
IK_CHANNELS_TILE(7, 1)
IK_CHANNELS_TILE(8, 1)
IK_CHANNELS_TILE(4, 2)
IK_CHANNELS_TILE(5, 2)
IK_CHANNELS_TILE(6, 2)
IK_CHANNELS_TILE(7, 2)
IK_CHANNELS_TILE(8, 2)
IK_CHANNELS_TILE(4, 3)
IK_CHANNELS_TILE(5, 3)
IK_CHANNELS_TILE(6, 3)
IK_CHANNELS_TILE(7, 3)
IK_CHANNELS_TILE(8, 3)
#endif

/* `rows` places by `vecs` vectors. */
static void ik_channels_tile(float *c, int fresh, const ik_operand *w, int64_t ldv, const ik_operand *x, const ik_channels_walk *walk, int64_t rows, int64_t vecs, int64_t ahead) {
#if defined(__AVX512F__)
#define IK_CASE(R)                                              \
  if (rows == R && vecs == 3) {                                 \
    ik_channels_tile_##R##x3(c, fresh, w, ldv, x, walk, ahead); \
    return;                                                     \
  }                                                             \
  if (rows == R && vecs == 2) {                                 \
    ik_channels_tile_##R##x2(c, fresh, w, ldv, x, walk, ahead); \
    return;                                                     \
  }
  IK_CASE(8)
  IK_CASE(7)
  IK_CASE(6)
  IK_CASE(5)
  IK_CASE(4)
#undef IK_CASE
#endif
  for (int64_t v = 0; v < vecs; ++v, c += 16, w += ldv) {
#define IK_CASE(R)                                              \
  if (rows == R) {                                              \
    ik_channels_tile_##R##x1(c, fresh, w, ldv, x, walk, ahead); \
    continue;                                                   \
  }
#if defined(__AVX512F__)
    IK_CASE(8)
    IK_CASE(7)
#endif
#if IK_FLOAT_VECTORS
    IK_CASE(6)
    IK_CASE(5)
    IK_CASE(4)
    IK_CASE(3)
#endif
#undef IK_CASE
    for (int64_t r = 0; r < rows; ++r)
      ik_channels_tile_1x1(c + r * 48, fresh, w, ldv, x + r, walk, ahead);
  }
}

/* Lanes 8 .. 15 in place of 0 .. 7. */
IK_INLINE ik_f32x16 ik_upper16(ik_f32x16 v) { return __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15); }

/* t // [8]: rows of c // [8][48] turned: t[j] has channels j and 4 + j, t[4 + j] channels 8 + j and 12 + j, eight places each. */
IK_INLINE void ik_channels_turn(ik_f32x16 *t, const float *c) {
  ik_f32x16 q[2][4];
  IK_UNROLL for (int half = 0; half < 2; ++half) {
    const float *from = c + half * 4 * 48;
    const ik_f32x16 r0 = ik_load16_f32(from), r1 = ik_load16_f32(from + 48), r2 = ik_load16_f32(from + 96), r3 = ik_load16_f32(from + 144);
    const ik_f32x16 low01 = __builtin_shufflevector(r0, r1, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
    const ik_f32x16 low23 = __builtin_shufflevector(r2, r3, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
    const ik_f32x16 high01 = __builtin_shufflevector(r0, r1, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    const ik_f32x16 high23 = __builtin_shufflevector(r2, r3, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    q[half][0] = __builtin_shufflevector(low01, low23, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
    q[half][1] = __builtin_shufflevector(low01, low23, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
    q[half][2] = __builtin_shufflevector(high01, high23, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
    q[half][3] = __builtin_shufflevector(high01, high23, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  }
  IK_UNROLL for (int j = 0; j < 4; ++j) {
    t[j] = __builtin_shufflevector(q[0][j], q[1][j], 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    t[4 + j] = __builtin_shufflevector(q[0][j], q[1][j], 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
  }
}

/* y, residual // [count][area]: `rows` places of the channels of c // [8][48], which is lost. Without a residual the activation comes before the turn. */
static void ik_channels_finish(float *c, float *y, const float *bias, const float *residual, int64_t count, int64_t area, int64_t rows, ik_epilogue e) {
  const ik_f32x16 zero = ik_splat16(0.0f);
  for (int64_t i = 0; i < count; i += 16, c += 16, y += 16 * area) {
    const int64_t lanes = count - i < 16 ? count - i : 16;
    const ik_f32x16 add = !bias ? zero : lanes < 16 ? ik_load_part_f32(bias + i, lanes) : ik_load16_f32(bias + i);
    for (int64_t r = 0; r < rows; ++r) {
      ik_f32x16 v = ik_load16_f32(c + r * 48);
      v = bias ? v + add : v;
      ik_store16_f32(c + r * 48, residual ? v : ik_finish16(v, zero, e));
    }
    ik_f32x16 t[8];
    ik_channels_turn(t, c);
    if (!residual && lanes == 16) {
      IK_UNROLL for (int k = 0; k < 16; ++k)
        ik_store_part_f32(y + (k / 8 * 8 + k % 2 * 4 + k / 2 % 4) * area, k % 2 ? ik_upper16(t[k / 2]) : t[k / 2], rows);
      continue;
    }
    for (int64_t k = 0; k < 16; ++k) {
      const int64_t o = k / 8 * 8 + k % 2 * 4 + k / 2 % 4;
      const ik_f32x16 v = k % 2 ? ik_upper16(t[k / 2]) : t[k / 2];
      if (o < lanes)
        ik_store_part_f32(y + o * area, residual ? ik_finish16(v, ik_load_part_f32(residual + (i + o) * area, rows), e) : v, rows);
    }
  }
}

/* Narrows the whole walk to taps that meet the input in an output row at some of the places; returns the first of them. */
IK_INLINE int64_t ik_channels_live(ik_channels_walk *walk, const int64_t *p, int64_t row, ik_slice places) {
  const ik_conv_taps high = ik_conv_live(p, 1, row, 1), wide = ik_conv_live(p, 2, places.first, places.count);
  const int64_t rows = high.end - high.first, columns = wide.end - wide.first, first = high.first * p[IK_CONV_KW] + wide.first;
  walk->offsets += first;
  if (columns == p[IK_CONV_KW])
    walk->taps = rows * columns;
  else
    walk->runs = rows, walk->taps = columns;
  return first;
}

IK_INLINE void ik_channels_run(void *const *buf, const int64_t *p, int64_t worker, int64_t workers) {
  const float *x = buf[0];
  const ik_operand *w = buf[1];
  int next = 2;
  const float *bias = p[IK_CONV_BIAS] ? buf[next++] : 0, *residual = p[IK_CONV_RESIDUAL] ? buf[next++] : 0;
  float *y = buf[next++], *c = (float *)(((uintptr_t)buf[next] + 63) & ~(uintptr_t)63);
  const int isPointwise = ik_conv_is_pointwise(p), skips = ik_channels_skips(p);
  const int64_t steps = ik_channels_steps(p[IK_CONV_IC]), oc = p[IK_CONV_OC], oh = p[IK_CONV_OH], ow = p[IK_CONV_OW], area = oh * ow;
  const int64_t taps = p[IK_CONV_KH] * p[IK_CONV_KW], depth = steps * taps, vectors = (oc + 15) / 16;
  const int64_t block = IK_CONVCHANNELS_BLOCK(taps), size = isPointwise ? area : oh, bands = (size + p[IK_CONV_KC] - 1) / p[IK_CONV_KC];
  const ik_epilogue e = {p[IK_CONV_ACT], p[IK_CONV_RESIDUAL], ik_f32(p[IK_CONV_ALPHA]), ik_f32(p[IK_CONV_BETA])};
  const ik_lines l = ik_lines_of(p, p[IK_CONV_KC]);
  float *lines = c + ((isPointwise ? 1 : ow) * p[IK_CONV_KC] + 7) * 48;
  int32_t offsets[IK_CONVLINES_TAPS];
  ik_lines_offsets(offsets, p, &l);
  ik_band in = {0, 0};
  int64_t ready = -1;
  ik_range range = ik_share(p[IK_CONV_N] * p[IK_CONV_G] * bands * vectors, worker, workers);
  for (int64_t unit = range.begin; unit < range.end;) {
    /* Vectors of this band that are the worker's: the next tile of them. */
    const int64_t vector = unit % vectors, left = vectors - vector < range.end - unit ? vectors - vector : range.end - unit;
    const int64_t vecs = ik_slice_of(left, (left + 2) / 3, 0).count, band = unit / vectors, ng = band / bands, g = ng % p[IK_CONV_G];
    const ik_slice part = ik_slice_of(size, bands, band % bands);
    const int64_t o = vector * 16, count = oc - o < vecs * 16 ? oc - o : vecs * 16;
    const int64_t rows = isPointwise ? 1 : part.count, width = isPointwise ? part.count : ow, rowTiles = (width + IK_CHANNELS_ROWS - 1) / IK_CHANNELS_ROWS;
    const int64_t at = (ng * oc + o) * area + part.first * (isPointwise ? 1 : ow);
    const ik_operand *weights = w + (g * vectors + vector) * depth * 16;
    if (band != ready)
      in = ik_channels_band(lines, x, ng, p, &l, part);
    for (int64_t c = 0; isPointwise && c < block; ++c) /* channels are taps of one */
      offsets[c] = (int32_t)(c * in.apart);
    ready = band;
    for (int64_t c0 = 0; c0 < steps; c0 += block) {
      const int isLast = c0 + block >= steps;
      const int64_t channels = isLast ? steps - c0 : block;
      const ik_channels_walk whole = {offsets, 1, isPointwise ? channels : taps, p[IK_CONV_KW], isPointwise ? 1 : channels, in.apart, taps};
      for (int64_t tile = 0; tile < rows * rowTiles; ++tile) {
        const int64_t row = tile / rowTiles;
        const ik_slice places = ik_slice_of(width, rowTiles, tile % rowTiles);
        const int64_t to = row * width + places.first;
        float *sums = block < steps ? c + to * 48 : c;
        /* The first tiles of a block ask for the next block's weights, each for one vector's. */
        const int64_t ahead = tile < vecs ? tile * depth * 16 + channels * taps * 16 : 0;
        ik_channels_walk walk = whole;
        const int64_t first = skips ? ik_channels_live(&walk, p, part.first + row, places) : 0;
        ik_channels_tile(sums, c0 == 0, weights + (c0 * taps + first) * 16, depth * 16, in.at + c0 * in.apart + row * l.pitch + places.first, &walk,
                         places.count, vecs, ahead);
        if (isLast && walk.runs * walk.taps < taps)
          ik_channels_settle(sums, x + ng * p[IK_CONV_IC] * p[IK_CONV_IH] * p[IK_CONV_IW], weights, p, part.first + row, places, count);
        if (isLast)
          ik_channels_finish(sums, y + at + to, bias ? bias + g * oc + o : 0, residual ? residual + at + to : 0, count, area, places.count, e);
      }
    }
    unit += vecs;
  }
}

#endif
