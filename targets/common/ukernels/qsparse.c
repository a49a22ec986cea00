/* ik_qmatmul_4x1, ik_qconv_4x1: ik_qmatmul and ik_qconv where blocks of four k of an output that are wholly zero are left out (form 4x1 of
 * quant.h). A lane is a row of a or a pixel: rows lie quad-major in scratch, tiles of up to 64, and each stored quad is broadcast to them; so a quad costs one dot product for 16 rows,
 * whatever the pattern. Places and starts are clamped: damaged weights give wrong numbers only. Parallel units: (tile, 16 outputs),
 * of convolutions (n, g, tile, output). */
#include "targets/common/ukernels/qtile.h"
#include "targets/common/ukernels/slices.h"

enum { IK_QSTEPS = 4 / IK_DOT }; /* vectors that a quad takes in the tile */

/* Both halves of two vectors taken in turns; four rounds over 16 vectors transpose them. */
#define IK_ZIP_LOW(A, B) __builtin_shufflevector(A, B, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define IK_ZIP_HIGH(A, B) __builtin_shufflevector(A, B, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define IK_TRANSPOSE(NAME, T)                                                                                                  \
  IK_INLINE void ik_transpose_##NAME(T v[16]) {                                                                                \
    IK_UNROLL for (int round = 0; round < 4; ++round) {                                                                        \
      T t[16];                                                                                                                 \
      IK_UNROLL for (int i = 0; i < 8; ++i) {                                                                                  \
        t[2 * i] = IK_ZIP_LOW(v[i], v[i + 8]);                                                                                 \
        t[2 * i + 1] = IK_ZIP_HIGH(v[i], v[i + 8]);                                                                            \
      }                                                                                                                        \
      IK_UNROLL for (int i = 0; i < 16; ++i) v[i] = t[i];                                                                      \
    }                                                                                                                          \
  }
IK_TRANSPOSE(i32, ik_i32x16)
IK_TRANSPOSE(u8, ik_u8x16)

/* 16 quads of a row from k on; what lies beyond K is zero. */
IK_INLINE ik_i32x16 ik_quads16(const uint8_t *x, int64_t k, int64_t depth, uint8_t flip) {
  const ik_i32x16 flips = (ik_i32x16)(int32_t)(flip * 0x01010101u);
  if (k + 64 <= depth)
    return *(const ik_i32x16u *)(x + k) ^ flips;
  union { uint8_t b[64]; ik_i32x16 v; } last = {{0}};
  for (int64_t i = 0; i < depth - k; ++i)
    last.b[i] = x[k + i] ^ flip;
  return last.v;
}

/* tile // [quads][IK_QSTEPS][lanes] from `rows` <= lanes rows of x [K]; rows beyond are zero. */
static void ik_qsparse_pack(int32_t *tile, const uint8_t *x, int64_t rows, int64_t lanes, int64_t depth, uint8_t flip) {
  const int64_t quads = (depth + 3) / 4;
  for (int64_t r = 0; r < lanes; r += 16)
    for (int64_t k = 0; k < quads; k += 16) {
      ik_i32x16 v[16];
      for (int64_t i = 0; i < 16; ++i)
        v[i] = r + i < rows ? ik_quads16(x + (r + i) * depth, k * 4, depth, flip) : (ik_i32x16)0;
      ik_transpose_i32(v);
      for (int64_t i = 0; i < 16 && k + i < quads; ++i) {
        int32_t *to = tile + (k + i) * IK_QSTEPS * lanes + r;
#if IK_DOT == 4
        *(ik_i32x16u *)to = v[i];
#else
        *(ik_i32x16u *)to = v[i] & 0x00ff00ff, *(ik_i32x16u *)(to + lanes) = (v[i] >> 8) & 0x00ff00ff;
#endif
      }
    }
}

/* c[V * 16] = the stored quads of one output by V vectors of the tile; H chains of sums hide the dot product's latency. */
#define IK_QUAD(S, I)                                                                                                          \
  {                                                                                                                            \
    const int32_t *x = tile + (uint64_t)(at[I] < last ? at[I] : last) * (LANES * IK_QSTEPS);                                   \
    ik_i32x16 quad = (ik_i32x16)w[I];                                                                                          \
    IK_UNROLL for (int v = 0; v < LANES / 16; ++v)                                                                             \
      S[v] = ik_dot_quad(S[v], *(const ik_i32x16u *)(x + v * 16), *(const ik_i32x16u *)(x + (IK_QSTEPS - 1) * LANES + v * 16), quad); \
  }
#define IK_QUADS(V, H)                                                                                                         \
  IK_INLINE void ik_quads_##V(int32_t *c, const int32_t *w, const uint16_t *at, int64_t count, const int32_t *tile, uint32_t last) { \
    enum { LANES = V * 16 };                                                                                                   \
    ik_i32x16 s[H][V];                                                                                                         \
    IK_UNROLL for (int h = 0; h < H; ++h)                                                                                      \
      IK_UNROLL for (int v = 0; v < V; ++v) s[h][v] = (ik_i32x16)0;                                                            \
    int64_t i = 0;                                                                                                             \
    for (; i + H <= count; i += H)                                                                                             \
      IK_UNROLL for (int h = 0; h < H; ++h) IK_QUAD(s[h], i + h)                                                               \
    IK_UNROLL for (int h = 0; h < H - 1; ++h) {                                                                                \
      if (i + h >= count)                                                                                                      \
        break;                                                                                                                 \
      IK_QUAD(s[h], i + h)                                                                                                     \
    }                                                                                                                          \
    IK_UNROLL for (int v = 0; v < V; ++v) {                                                                                    \
      IK_UNROLL for (int h = 1; h < H; ++h) s[0][v] = s[0][v] + s[h][v];                                                       \
      *(ik_i32x16u *)(c + v * 16) = s[0][v];                                                                                   \
    }                                                                                                                          \
  }
#if defined(__AVX512F__)
IK_QUADS(1, 4)
IK_QUADS(2, 4)
IK_QUADS(3, 2)
IK_QUADS(4, 2)
#else
IK_QUADS(1, 2)
IK_QUADS(2, 1)
IK_QUADS(3, 1)
#endif

typedef struct { const uint32_t *start; const int32_t *w; const uint16_t *at; uint32_t stored; } ik_sparse;

IK_INLINE ik_sparse ik_sparse_of(const uint8_t *w, int64_t outputs, int64_t stored) {
  const uint8_t *quads = w + IK_QUADS_AT(outputs);
  return (ik_sparse){(const uint32_t *)w, (const int32_t *)quads, (const uint16_t *)(quads + 4 * stored), (uint32_t)stored};
}

/* c[lanes] = output o by the tile. */
static void ik_sparse_row(int32_t *c, ik_sparse s, int64_t o, const int32_t *tile, int64_t lanes, uint32_t last) {
  uint32_t end = s.start[o + 1] < s.stored ? s.start[o + 1] : s.stored, begin = s.start[o] < end ? s.start[o] : end;
  switch (lanes) {
#if defined(__AVX512F__)
  case 64: ik_quads_4(c, s.w + begin, s.at + begin, end - begin, tile, last); return;
#endif
  case 48: ik_quads_3(c, s.w + begin, s.at + begin, end - begin, tile, last); return;
  case 32: ik_quads_2(c, s.w + begin, s.at + begin, end - begin, tile, last); return;
  default: ik_quads_1(c, s.w + begin, s.at + begin, end - begin, tile, last); return;
  }
}

/* 16 outputs by `rows` rows: bytes // [16][64] -> y, n bytes a row. */
static void ik_sparse_store(uint8_t *y, const uint8_t *bytes, int64_t outputs, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; r += 16) {
    ik_u8x16 v[16];
    for (int i = 0; i < 16; ++i)
      v[i] = *(const ik_u8x16u *)(bytes + i * 64 + r);
    ik_transpose_u8(v);
    for (int64_t i = 0; i < 16 && r + i < rows; ++i)
      if (outputs == 16)
        *(ik_u8x16u *)(y + (r + i) * n) = v[i];
      else
        for (int64_t j = 0; j < outputs; ++j)
          y[(r + i) * n + j] = v[i][j];
  }
}

/* Sums of the tile's lanes over K. */
static void ik_sparse_sums(int32_t *sums, const int32_t *tile, int64_t lanes, int64_t quads) {
  for (int64_t v = 0; v < lanes; v += 16) {
    ik_i32x16 s = (ik_i32x16)0;
    for (int64_t k = 0; k < quads * IK_QSTEPS; ++k)
      s = ik_dot16(s, *(const ik_i32x16u *)(tile + k * lanes + v), (ik_i32x16)(IK_DOT == 4 ? 0x01010101 : 0x00010001));
    *(ik_i32x16u *)(sums + v) = s;
  }
}

#if defined(__AVX512F__)
enum { IK_QLANES = 4 };
#else
enum { IK_QLANES = 2 };
#endif

IK_KERNEL(ik_qmatmul_4x1) {
  const uint8_t *x = buf[0];
  const int64_t *q = p + IK_MATMUL_COUNT;
  uint8_t *y = buf[3];
  const int64_t m = p[IK_MATMUL_M], n = p[IK_MATMUL_N], depth = p[IK_MATMUL_K], quads = (depth + 3) / 4, groups = (n + 15) / 16;
  const int64_t vectors = (m + 15) / 16, tiles = (vectors + IK_QLANES - 1) / IK_QLANES;
  const ik_sparse w = ik_sparse_of(buf[1], n, q[IK_Q_STORED]);
  const ik_qterms terms = {buf[2], n, q[IK_Q_X_ZERO] + ik_qshift(q), depth};
  int32_t *tile = (int32_t *)(((uintptr_t)buf[4] + 63) & ~(uintptr_t)63), *sums = tile + quads * IK_QSTEPS * 64, *c = sums + 64;
  uint8_t *bytes = (uint8_t *)(c + 64);
  ik_range range = ik_share_slices(1, vectors, tiles, groups, worker, workers);
  for (int64_t unit = range.begin; unit < range.end;) {
    const ik_slice slice = ik_slice_of(vectors, tiles, unit / groups);
    int64_t first = slice.first * 16, lanes = slice.count * 16;
    int64_t rows = m - first < lanes ? m - first : lanes, group = unit % groups;
    ik_qsparse_pack(tile, x + first * depth, rows, lanes, depth, ik_qflip(q));
    if (q[IK_Q_W_ZEROS])
      ik_sparse_sums(sums, tile, lanes, quads);
    for (; group < groups && unit < range.end; ++group, ++unit) {
      int64_t outputs = n - group * 16 < 16 ? n - group * 16 : 16;
      for (int64_t i = 0; i < outputs; ++i) {
        ik_sparse_row(c, w, group * 16 + i, tile, lanes, (uint32_t)(quads - 1));
        ik_qconv_finish(c, sums, bytes + i * 64, group * 16 + i, 1, lanes, 64, terms, q);
      }
      ik_sparse_store(y + first * n + group * 16, bytes, outputs, rows, n);
    }
  }
}

IK_KERNEL(ik_qconv_4x1) {
  const uint8_t *x = buf[0];
  const int64_t *q = p + IK_CONV_COUNT;
  uint8_t *y = buf[3];
  const int64_t plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW], area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW];
  const int64_t depth = p[IK_CONV_IC] * p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], quads = (depth + 3) / 4;
  const int64_t oc = p[IK_CONV_OC], groups = p[IK_CONV_G], vectors = (area + 15) / 16, tiles = (vectors + 2) / 3;
  const ik_sparse w = ik_sparse_of(buf[1], groups * oc, q[IK_Q_STORED]);
  const ik_qterms terms = {buf[2], groups * oc, q[IK_Q_X_ZERO] + ik_qshift(q), depth};
  int32_t *tile = (int32_t *)(((uintptr_t)buf[4] + 63) & ~(uintptr_t)63), *c = tile + quads * IK_QSTEPS * 48, *sums = c + 48;
  uint8_t *rows = (uint8_t *)(sums + 48);
  const uint8_t *end = x + p[IK_CONV_N] * groups * p[IK_CONV_IC] * plane;
  ik_range range = ik_share_slices(p[IK_CONV_N] * groups, vectors, tiles, oc, worker, workers);
  for (int64_t unit = range.begin; unit < range.end;) {
    const ik_slice slice = ik_slice_of(vectors, tiles, unit / oc % tiles);
    int64_t ng = unit / (oc * tiles), g = ng % groups, first = slice.first * 16, lanes = slice.count * 16, count = first + lanes <= area ? lanes : area - first;
    ik_qconv_pack((ik_lane *)tile, rows, x + ng * p[IK_CONV_IC] * plane, end, p, first, count);
    if (q[IK_Q_W_ZEROS])
      ik_sparse_sums(sums, tile, 48, quads);
    for (int64_t o = unit % oc; o < oc && unit < range.end; ++o, ++unit) {
      ik_sparse_row(c, w, g * oc + o, tile, 48, (uint32_t)(quads - 1));
      ik_qconv_finish(c, sums, y + (ng * oc + o) * area + first, g * oc + o, 1, count, area, terms, q);
    }
  }
}
