/* What the quantised convolutions and sparse products share: tiles of 48 pixels in scratch, and from sums to bytes.
 * With s = sum x' w over shifted activations x' = x + shift and z' = xZero + shift:
 * acc = sum (x - xZero) (w - wZero[o]) + bias = s - z' sum(w) - wZero (sum(x') - K z') + bias. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_QTILE_H
#define INGOT_TARGETS_COMMON_UKERNELS_QTILE_H

#include "targets/common/ukernels/qdot.h"

/* 48 bytes of one im2col row for pixels [first, first + count); places outside the input give `border`. */
static void ik_qconv_row(uint8_t *out, const uint8_t *x, const uint8_t *end, const int64_t *p, int64_t k, int64_t first, int64_t count, uint8_t border) {
  const int64_t taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], iw = p[IK_CONV_IW], ow = p[IK_CONV_OW], sw = p[IK_CONV_SW];
  const int64_t kd = k / (p[IK_CONV_KW] * p[IK_CONV_KH]) % p[IK_CONV_KD], kh = k / p[IK_CONV_KW] % p[IK_CONV_KH], kw = k % p[IK_CONV_KW];
  x += k / taps * p[IK_CONV_ID] * p[IK_CONV_IH] * iw;
  for (int64_t i = 0; i < count;) {
    int64_t line = (first + i) / ow, column = (first + i) % ow, n = ow - column < count - i ? ow - column : count - i;
    int64_t d = line / p[IK_CONV_OH] * p[IK_CONV_SD] - p[IK_CONV_PD] + kd * p[IK_CONV_DD];
    int64_t h = line % p[IK_CONV_OH] * p[IK_CONV_SH] - p[IK_CONV_PH] + kh * p[IK_CONV_DH], w = column * sw - p[IK_CONV_PW] + kw * p[IK_CONV_DW];
    const uint8_t *row = x + (d * p[IK_CONV_IH] + h) * iw;
    int inside = d >= 0 && h >= 0 && d < p[IK_CONV_ID] && h < p[IK_CONV_IH];
    if (inside && sw == 1 && w >= 0 && row + w + 48 <= end) {
      for (int v = 0; v < 3; ++v)
        *(ik_u8x16u *)(out + i + v * 16) = *(const ik_u8x16u *)(row + w + v * 16);
      for (int64_t j = iw - w < n ? (iw - w > 0 ? iw - w : 0) : n; j < n; ++j)
        out[i + j] = border;
    } else {
      for (int64_t j = 0; j < n; ++j) {
        int64_t at = w + j * sw;
        out[i + j] = inside && at >= 0 && at < iw ? row[at] : border;
      }
    }
    i += n;
  }
}

/* 16 pixels of 4 rows to their places in one quad of the tile. Little-endian: byte r of a lane is row r. */
IK_INLINE void ik_qconv_interleave(ik_lane *tile, const uint8_t *const rows[4], int64_t i, uint8_t flip) {
  ik_u8x16 v[4];
  IK_UNROLL for (int r = 0; r < 4; ++r) v[r] = *(const ik_u8x16u *)(rows[r] + i) ^ (ik_u8x16)flip;
#if IK_DOT == 4
  const ik_u8x16 even[2] = {__builtin_shufflevector(v[0], v[1], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
                            __builtin_shufflevector(v[0], v[1], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)};
  const ik_u8x16 odd[2] = {__builtin_shufflevector(v[2], v[3], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
                           __builtin_shufflevector(v[2], v[3], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)};
  IK_UNROLL for (int half = 0; half < 2; ++half) {
    ik_u8x16u *to = (ik_u8x16u *)(tile + 4 * i + 32 * half);
    to[0] = __builtin_shufflevector(even[half], odd[half], 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
    to[1] = __builtin_shufflevector(even[half], odd[half], 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31);
  }
#else
  int32_t *to = (int32_t *)tile + i;
  *(ik_i32x16u *)to = __builtin_convertvector(v[0], ik_i32x16) | (__builtin_convertvector(v[2], ik_i32x16) << 16);
  *(ik_i32x16u *)(to + 48) = __builtin_convertvector(v[1], ik_i32x16) | (__builtin_convertvector(v[3], ik_i32x16) << 16);
#endif
}

/* True where the pixels of outputs are those of the input in the same order: no taps, strides, borders. */
static int ik_qconv_is_flat(const int64_t *p) {
  int flat = 1;
  for (int axis = 0; axis < 3; ++axis)
    flat &= p[IK_CONV_KD + axis] == 1 && p[IK_CONV_SD + axis] == 1 && p[IK_CONV_PD + axis] == 0 && p[IK_CONV_ID + axis] == p[IK_CONV_OD + axis];
  return flat;
}

/* Whole quads of the planes from x for `vecs` x 16 pixels. Asks for the pixels of the next tile: planes are too far apart for a machine to guess. */
static void ik_qconv_pack_flat(ik_lane *tile, const uint8_t *x, int64_t plane, int64_t quads, int64_t vecs, uint8_t flip) {
  for (int64_t k = 0; k < quads; ++k, tile += 48 * 4, x += 4 * plane) {
    const uint8_t *from[4] = {x, x + plane, x + 2 * plane, x + 3 * plane};
    IK_UNROLL for (int r = 0; r < 4; ++r) __builtin_prefetch((const void *)((uintptr_t)from[r] + 95), 0, 2);
    for (int64_t i = 0; i < vecs * 16; i += 16)
      ik_qconv_interleave(tile, from, i, flip);
  }
}

/* tile // [steps][48][IK_DOT] from rows of x, shifted to the type the dot product takes. `rows` is room for [4][128] bytes. */
__attribute__((unused)) static void ik_qconv_pack(ik_lane *tile, uint8_t *rows, const uint8_t *x, const uint8_t *end, const int64_t *p, int64_t first, int64_t count) {
  const int64_t *q = p + IK_CONV_COUNT;
  const int64_t depth = p[IK_CONV_IC] * p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW];
  const uint8_t flip = ik_qflip(q);
  int64_t whole = 0;
  if (ik_qconv_is_flat(p)) {
    const int64_t vecs = (count + 15) / 16, room = end - x - first - vecs * 16, readable = room < 0 ? 0 : room / plane + 1;
    whole = (readable < depth ? readable : depth) / 4;
    ik_qconv_pack_flat(tile, x + first, plane, whole, vecs, flip);
  }
  const uint8_t *const from[4] = {rows, rows + 128, rows + 256, rows + 384};
  tile += whole * 48 * 4;
  for (int64_t k = whole * 4; k < depth; k += 4, tile += 48 * 4) {
    for (int64_t r = 0; r < 4; ++r)
      if (k + r < depth)
        ik_qconv_row(rows + r * 128, x, end, p, k + r, first, count, (uint8_t)q[IK_Q_X_ZERO]);
      else
        for (int i = 0; i < 48; i += 16)
          *(ik_u8x16u *)(rows + r * 128 + i) = (ik_u8x16)flip;
    for (int64_t i = 0; i < count; i += 16)
      ik_qconv_interleave(tile, from, i, flip);
  }
}

typedef struct { const int32_t *table; int64_t channels, xZero, depth; } ik_qterms;

/* What an output's sums s need to become acc. */
typedef struct { int32_t constant, zero; } ik_qoutput;
IK_INLINE ik_qoutput ik_qoutput_of(int64_t o, const ik_qterms *t) {
  const int32_t *table = t->table + o;
  uint32_t zero = (uint32_t)table[IK_QTABLE_ZERO * t->channels], xZero = (uint32_t)t->xZero;
  uint32_t constant = (uint32_t)table[0] - xZero * (uint32_t)table[IK_QTABLE_SUM * t->channels] + zero * xZero * (uint32_t)t->depth;
  return (ik_qoutput){(int32_t)constant, (int32_t)zero};
}
IK_INLINE ik_i32x16 ik_qoutput16(const int32_t *c, const int32_t *sums, ik_qoutput o, int hasZeros) {
  ik_i32x16 v = *(const ik_i32x16u *)c + o.constant;
  return hasZeros ? v - *(const ik_i32x16u *)sums * o.zero : v;
}

/* Where a tile of 8 output channels puts its bytes when it makes them from the registers: y // 8 rows of `area` bytes. */
typedef struct { uint8_t *y; int64_t area; int32_t constants[8]; float factors[8]; ik_rounding rounding; } ik_qstore;
#if defined(__AVX512F__)
#define IK_QTILE_STORES 1
#else
#define IK_QTILE_STORES 0 /* tiles smaller than 8 rows */
#endif
typedef int32_t ik_i32x8u __attribute__((ext_vector_type(8), aligned(4)));

/* True where a tile may: all its places are outputs and no weight has a zero. */
IK_INLINE int ik_qtile_stores(int64_t rows, int64_t count, int64_t vecs, const int64_t *q) {
  return IK_QTILE_STORES && rows == 8 && count == vecs * 16 && !q[IK_Q_W_ZEROS];
}
IK_INLINE ik_qstore ik_qstore_of(uint8_t *y, int64_t area, int64_t o, ik_qterms t, const int64_t *q) {
  ik_qstore s = {.y = y, .area = area, .rounding = ik_rounding_of(q[IK_Q_Y_ZERO], q[IK_Q_Y_UNSIGNED])};
  *(ik_i32x8u *)s.constants = *(const ik_i32x8u *)(t.table + o) - *(const ik_i32x8u *)(t.table + IK_QTABLE_SUM * t.channels + o) * (int32_t)t.xZero;
  __builtin_memcpy(s.factors, t.table + IK_QTABLE_MULTIPLIER * t.channels + o, sizeof s.factors);
  return s;
}
/* Places that fill whole vectors but for one, as 7x7 do: the last tile takes that one too, its 8 channels in the lanes of half a vector. */
IK_INLINE int64_t ik_qtile_plus(int64_t places, int64_t channels, const int64_t *q) {
  return IK_QTILE_STORES && IK_DOT == 4 && places % 16 == 1 && places >= 49 && channels % 8 == 0 && !q[IK_Q_W_ZEROS];
}
IK_INLINE ik_i32x8 ik_dot8(ik_i32x8 a, int32_t x, const int32_t *w) {
#if defined(__AVX512VNNI__)
  __asm__("vpdpbusd %2, %1, %0" : "+v"(a) : "v"((ik_i32x8)x), "v"(*(const ik_i32x8u *)w));
#else
  (void)x, (void)w;
#endif
  return a;
}
IK_INLINE void ik_qstore_one(uint8_t *y, ik_i32x8 sums, const ik_qstore *store) {
  ik_i32x16 acc = (ik_i32x16)0;
  ik_f32x16 factors = ik_splat16(0.0f);
  acc.lo = sums + *(const ik_i32x8u *)store->constants;
  __builtin_memcpy(&factors, store->factors, sizeof store->factors);
  const ik_i32x16 bytes = ik_requantize16(acc, factors, store->rounding);
  const int64_t area = store->area;
  IK_UNROLL for (int r = 0; r < 8; ++r) y[r * area] = (uint8_t)bytes[r];
}
/* What ends a tile of R x V vectors of sums and `one` place more if E: bytes, or the sums themselves in c // [8][48]. */
#define IK_QTILE_END(R, V, E)                                                                                                 \
  if (IK_QTILE_STORES && R == 8 && store) {                                                                                   \
    uint8_t *y = store->y;                                                                                                    \
    const int64_t area = store->area;                                                                                         \
    const ik_rounding rounding = store->rounding;                                                                             \
    IK_UNROLL for (int r = 0; r < R; ++r, y += area)                                                                          \
      IK_UNROLL for (int v = 0; v < V; ++v)                                                                                   \
        ik_store_bytes(y + v * 16, ik_requantize16(a[r][v] + store->constants[r & 7], ik_splat16(store->factors[r & 7]), rounding), 16); \
    if (E)                                                                                                                    \
      ik_qstore_one(store->y + V * 16, one, store);                                                                           \
    return;                                                                                                                   \
  }                                                                                                                           \
  IK_UNROLL for (int r = 0; r < R; ++r)                                                                                       \
    IK_UNROLL for (int v = 0; v < V; ++v) *(ik_i32x16u *)(c + r * 48 + v * 16) = a[r][v];

/* y // 8 rows of `area` bytes at most. */
static void ik_qconv_finish(const int32_t *c, const int32_t *sums, uint8_t *y, int64_t o, int64_t rows, int64_t count, int64_t area, ik_qterms t,
                            const int64_t *q) {
  const int hasZeros = q[IK_Q_W_ZEROS] != 0;
  const ik_rounding rounding = ik_rounding_of(q[IK_Q_Y_ZERO], q[IK_Q_Y_UNSIGNED]);
  for (int64_t r = 0; r < rows; ++r, ++o, c += 48, y += area) {
    const ik_qoutput output = ik_qoutput_of(o, &t);
    ik_f32x16 m = ik_splat16(ik_f32(t.table[IK_QTABLE_MULTIPLIER * t.channels + o]));
    for (int64_t i = 0; i < count; i += 16)
      ik_store_bytes(y + i, ik_requantize16(ik_qoutput16(c + i, sums + i, output, hasZeros), m, rounding), count - i);
  }
}

#endif
