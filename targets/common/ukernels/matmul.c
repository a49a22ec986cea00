/* ik_matmul_f32, ik_matmul_f16, ik_matmul_f32_f16 (operands f16, the rest f32): y[..., i, j] = act(sum over k of a[..., i, k] b[..., k, j] + bias[j]), leading axes broadcast;
 * parameters in matmul.h. Tiles of 8 rows by 48 columns, one fused multiply-add chain over k per output. Rows of a are read in
 * place (f16 and the last rows through scratch), b in place when it is packed or few rows use it, else tile by tile through
 * scratch. Parallel units: (batch, column tile, row panel), rows innermost. */
#include "targets/common/ukernels/matmulparts.h"
#include "targets/common/ukernels/slices.h"

/* T: of a and b; Y: of bias, residual and y, which OUT names. */
#define IK_MATMUL_DEFINE(T, Y, NAME, IN, OUT)                                                                                 \
  /* tile // [K][48]: columns [j, j + count) of row-major b, or vecs panels of packed b widened. */                           \
  static void ik_matmul_columns_##NAME(float *tile, const T *b, const int64_t *p, int64_t j, int64_t count) {                 \
    const int64_t depth = p[IK_MATMUL_K], n = p[IK_MATMUL_N];                                                                 \
    for (int64_t k = 0; k < depth; ++k, tile += 48)                                                                           \
      for (int64_t i = 0; i < count; i += 16) {                                                                               \
        const T *from = p[IK_MATMUL_PACKED] ? b + ((j + i) / 16 * depth + k) * 16 : b + k * n + j + i;                        \
        ik_store16_f32(tile + i, p[IK_MATMUL_PACKED] || count - i >= 16 ? ik_load16_##IN(from) : ik_load_part_##IN(from, count - i)); \
      }                                                                                                                       \
  }                                                                                                                           \
  /* room // [8][K]: `rows` rows of a widened, the others repeat the last. */                                                 \
  static void ik_matmul_rows_##NAME(float *room, const T *a, int64_t depth, int64_t rows) {                                   \
    for (int64_t r = 0; r < 8; ++r) {                                                                                         \
      const T *from = a + (r < rows ? r : rows - 1) * depth;                                                                  \
      int64_t k = 0;                                                                                                          \
      for (; k + 16 <= depth; k += 16)                                                                                        \
        ik_store16_f32(room + r * depth + k, ik_load16_##IN(from + k));                                                       \
      for (; k < depth; ++k)                                                                                                  \
        room[r * depth + k] = (float)from[k];                                                                                 \
    }                                                                                                                         \
  }                                                                                                                           \
  IK_KERNEL(ik_matmul_##NAME) {                                                                                               \
    const T *a = buf[0], *b = buf[1];                                                                                         \
    int next = 2;                                                                                                             \
    const Y *bias = p[IK_MATMUL_BIAS] ? buf[next++] : 0, *residual = p[IK_MATMUL_RESIDUAL] ? buf[next++] : 0;                 \
    Y *y = buf[next++];                                                                                                       \
    const int64_t m = p[IK_MATMUL_M], n = p[IK_MATMUL_N], depth = p[IK_MATMUL_K];                                             \
    float *tile = (float *)(((uintptr_t)buf[next] + 63) & ~(uintptr_t)63), *room = tile + depth * 48, *c = room + depth * 8;  \
    const int64_t panels = (m + 7) / 8, vectors = (n + 15) / 16, tiles = (vectors + 2) / 3;                                   \
    const ik_epilogue e = {p[IK_MATMUL_ACT], p[IK_MATMUL_RESIDUAL], ik_f32(p[IK_MATMUL_ALPHA]), ik_f32(p[IK_MATMUL_BETA])};   \
    ik_range range = ik_share_slices(p[IK_MATMUL_B0] * p[IK_MATMUL_B1] * p[IK_MATMUL_B2], vectors, tiles, panels, worker, workers); \
    for (int64_t unit = range.begin; unit < range.end;) {                                                                     \
      int64_t panel0 = unit % panels, t = unit / panels % tiles, batch = unit / (panels * tiles);                             \
      int64_t panel1 = panel0 + range.end - unit < panels ? panel0 + range.end - unit : panels;                               \
      const ik_slice slice = ik_slice_of(vectors, tiles, t);                                                                  \
      int64_t vecs = slice.count, j = slice.first * 16;                                                                       \
      int64_t count = j + vecs * 16 <= n ? vecs * 16 : n - j;                                                                 \
      ik_matmul_offsets at = ik_matmul_batch(p, batch);                                                                       \
      const int inPlace = sizeof(T) == sizeof(float) && (p[IK_MATMUL_PACKED] || (panels <= 2 && count == vecs * 16));         \
      const float *columns = tile;                                                                                            \
      int64_t ldk = 48, ldv = 16;                                                                                             \
      if (!inPlace) {                                                                                                         \
        ik_matmul_columns_##NAME(tile, b + at.b, p, j, count);                                                                \
      } else if (p[IK_MATMUL_PACKED]) {                                                                                       \
        columns = (const float *)(b + at.b) + slice.first * depth * 16;                                                       \
        ldk = 16, ldv = depth * 16;                                                                                           \
      } else {                                                                                                                \
        columns = (const float *)(b + at.b) + j;                                                                              \
        ldk = n;                                                                                                              \
      }                                                                                                                       \
      /* The panels share asking for the next tile's columns of packed b, which come while these are multiplied; many panels wait little for them. */ \
      const int fetches = IK_TILE_WIDE && inPlace && p[IK_MATMUL_PACKED] && panels > 1 && panels <= 64;                                    \
      const int64_t share = vecs * 64 / (panel1 - panel0), stride = share < 64 ? share : 64;                                  \
      for (int64_t panel = panel0; panel < panel1; ++panel) {                                                                 \
        int64_t rows = m - panel * 8 < 8 ? m - panel * 8 : 8, out = (batch * m + panel * 8) * n + j;                          \
        const T *from = a + at.a + panel * 8 * depth;                                                                         \
        const float *left = (const float *)from;                                                                              \
        if (sizeof(T) != sizeof(float) || (rows != 8 && rows != 1)) {                                                         \
          ik_matmul_rows_##NAME(room, from, depth, rows);                                                                     \
          left = room;                                                                                                        \
        }                                                                                                                     \
        const uintptr_t ahead = (uintptr_t)columns + (uintptr_t)(vecs * depth * 64 + (panel - panel0) * depth * stride);      \
        if (fetches)                                                                                                          \
          ik_tile_ahead(c, 1, left, depth, 1, columns, ldk, ldv, depth, rows, vecs, 1, ahead, stride);                        \
        else                                                                                                                  \
          ik_tile(c, 1, left, depth, 1, columns, ldk, ldv, depth, rows, vecs);                                                \
        ik_matmul_finish_##OUT(c, y + out, bias ? bias + j : 0, residual ? residual + out : 0, rows, count, n, e);            \
      }                                                                                                                       \
      unit += panel1 - panel0;                                                                                                \
    }                                                                                                                         \
  }

IK_MATMUL_FINISH(float, f32)
IK_MATMUL_FINISH(_Float16, f16)
IK_MATMUL_DEFINE(float, float, f32, f32, f32)
IK_MATMUL_DEFINE(_Float16, _Float16, f16, f16, f16)
IK_MATMUL_DEFINE(_Float16, float, f32_f16, f16, f32)
