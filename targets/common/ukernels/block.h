/* GGUF block formats as the kernels hold them: layouts, activations and parameters, shared by C, the packer and the lowering.
 *
 * A packed matrix [N][K] is panels of 16 rows (32 rows for f16 and bf16), the last one padded with zero rows; a panel is one contiguous
 * run over k. Floats: [K][rows]. Block formats: blocks of 32 k, each made of bit planes and then per-row bytes (IK_BLOCK_TABLE).
 *   plane of 8 bits  [8 quads][16 rows][4 k], signed
 *   plane of 4 bits  [4][16][4]: low halves quads 0..3 (k 0..15), high halves quads 4..7
 *   plane of 2 bits  [2][16][4]: bits 2 (q % 4) of byte plane q / 4 are quad q; 1 bit: [16][4], bit q is quad q
 *   formats of 32:   d f16[16], then m f16[16] if they have a minimum
 *   K formats:       one byte [16] a sub-block scale (signed), then one a sub-block minimum (of 16 k: first halves, then second halves); in
 *                    front of each 8 blocks d f16[16], then dmin f16[16] if they have minima
 * Activations: IK_XBLOCK bytes for 32 k: q i8[32], scale f32, scaled sum f32, -8 sum(q) i32, -8 sum(q[0..15]) i32; rows in groups of 4
 * (the last one may be narrower): [group][K/32][rows of group][IK_XBLOCK].
 *
 * Numbers, the same on every target: scale = amax / 127, inverse = 127 / amax, q = round half to even(x * inverse); amax below 2^-100 counts as
 * 0 and gives zeros; amax not finite gives scale NaN and q = 0. scaled sum = scale * f32(sum(q)). Every output has one f32 accumulator that starts
 * at 0 and takes the blocks in k order:
 *   I = exact sum over k of (stored integer - offset) * q, times the sub-block's scale for sub-blocks of 16 (|I| < 2^24)
 *   D = d for formats of 32 and sub-blocks of 16, d * scale (exact in f32) for sub-blocks of 32
 *   acc = fma(f32(I), D * x.scale, acc)
 *   with minima of 32:  acc = fma(M, scaled sum, acc), M = m, or -(dmin * minimum) (exact) for K formats
 *   with minima of 16:  acc = fma(f32(-(exact sum of minimum_j * sum_j(q))), dmin * x.scale, acc)
 * Floats: acc = fma(x[k], f32(w[k]), acc) in k order. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_BLOCK_H
#define INGOT_TARGETS_COMMON_UKERNELS_BLOCK_H

/* BLOCK(name, planes as a sum of bits, offset, family): bits 4 + 1 is a 4-bit plane and a 1-bit plane above it. */
#define IK_BLOCK_TABLE(BLOCK)                  \
  BLOCK(q8_0, 8, 0, IK_FAMILY_PLAIN)           \
  BLOCK(q4_0, 4, 8, IK_FAMILY_PLAIN)           \
  BLOCK(q4_1, 4, 0, IK_FAMILY_MIN)             \
  BLOCK(q5_0, 4 + 1, 16, IK_FAMILY_PLAIN)      \
  BLOCK(q5_1, 4 + 1, 0, IK_FAMILY_MIN)         \
  BLOCK(iq4_nl, 4, IK_CODEBOOK, IK_FAMILY_PLAIN) \
  BLOCK(q2_k, 2, 0, IK_FAMILY_K16_MIN)         \
  BLOCK(q3_k, 2 + 1, 4, IK_FAMILY_K16)         \
  BLOCK(q4_k, 4, 0, IK_FAMILY_K32_MIN)         \
  BLOCK(q5_k, 4 + 1, 0, IK_FAMILY_K32_MIN)     \
  BLOCK(q6_k, 4 + 2, 32, IK_FAMILY_K16)        \
  BLOCK(iq4_xs, 4, IK_CODEBOOK, IK_FAMILY_K32)
enum { IK_FAMILY_PLAIN, IK_FAMILY_MIN, IK_FAMILY_K32, IK_FAMILY_K32_MIN, IK_FAMILY_K16, IK_FAMILY_K16_MIN };
/* As an offset: the 4 bits are an index of IQ4_NL's table of signed values. */
enum { IK_CODEBOOK = 127 };
#define IK_CODEBOOK_VALUES -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113

#define IK_BLOCK_ENUM(name, bits, offset, family) IK_BLOCK_##name,
enum { IK_BLOCK_TABLE(IK_BLOCK_ENUM) IK_BLOCK_FORMATS };
#undef IK_BLOCK_ENUM

typedef struct { int bits, offset, family; } ik_block_format;
#define IK_BLOCK_ROW(name, bits, offset, family) {bits, offset, family},
static inline ik_block_format ik_block_info(int format) {
  static const ik_block_format table[] = {IK_BLOCK_TABLE(IK_BLOCK_ROW)};
  return table[format];
}
#undef IK_BLOCK_ROW

enum { IK_PANEL = 16, IK_PANEL_HALF = 32, IK_BLOCK = 32, IK_SUPER = 8, IK_XBLOCK = 48, IK_XGROUP = 4 };
/* Bytes of one panel's part: in front of 8 blocks (K formats), and of one block of 32 k. */
static inline int ik_block_head(ik_block_format f) {
  return f.family == IK_FAMILY_K32 || f.family == IK_FAMILY_K16 ? 32 : f.family == IK_FAMILY_K32_MIN || f.family == IK_FAMILY_K16_MIN ? 64 : 0;
}
static inline int ik_block_tail(ik_block_format f) {
  return f.family == IK_FAMILY_K32 ? 16 : f.family == IK_FAMILY_MIN || f.family == IK_FAMILY_K16_MIN ? 64 : 32;
}
static inline int ik_block_bytes(ik_block_format f) { return f.bits * 64 + ik_block_tail(f); }
/* Bytes of a panel of `blocks` blocks of 32; K formats have a multiple of 8. */
static inline long long ik_panel_bytes(ik_block_format f, long long blocks) {
  return blocks / IK_SUPER * ik_block_head(f) + blocks * ik_block_bytes(f);
}

/* ik_block_quantize: x f32 [M][K] -> activations. */
enum { IK_XQUANT_M, IK_XQUANT_K, IK_XQUANT_COUNT };
/* ik_block_matmul_<format>: activations (floats: x f32 [M][K], and scratch), packed w, y f32 [M][N]. */
enum { IK_BLOCKMM_M, IK_BLOCKMM_N, IK_BLOCKMM_K, IK_BLOCKMM_COUNT };
/* ik_block_experts_<format>: activations of M * SLOTS rows, or of M when SHARED, packed w [E], experts i32 [M][SLOTS], y f32 [M][SLOTS][N]. */
enum { IK_EXPERTS_M, IK_EXPERTS_SLOTS, IK_EXPERTS_SHARED, IK_EXPERTS_E, IK_EXPERTS_N, IK_EXPERTS_K, IK_EXPERTS_COUNT };
/* Rows that chose an expert are multiplied this many at a time; scratch: their activations side by side, and 16 columns of their results. */
enum { IK_EXPERTS_BATCH = 24 };
#define IK_EXPERTS_SCRATCH(k) (IK_EXPERTS_BATCH * ((k) / IK_BLOCK * IK_XBLOCK + IK_PANEL * 4) + 64)
/* Scratch of the float formats: a piece of a panel widened to f32, and a tile of sums. */
enum { IK_FLOAT_PIECE = 256, IK_FLOAT_SCRATCH = IK_FLOAT_PIECE * 48 * 4 + 8 * 48 * 4 + 64 };

#endif
