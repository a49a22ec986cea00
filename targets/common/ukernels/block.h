/* GGUF block formats as the kernels hold them: layouts, activations and parameters, shared by C, the packer and the lowering.
 *
 * A packed matrix [N][K] is panels of 16 rows (32 rows for f16 and bf16), the last one padded with zero rows; a panel is one contiguous
 * run over k. Floats: [K][rows]. Block formats: blocks of 32 k, each made of bit planes and then per-row bytes (IK_BLOCK_TABLE).
 *   plane of 8 bits  [8 quads][16 rows][4 k], signed
 *   plane of 4 bits  [4][16][4]: low halves quads 0..3 (k 0..15), high halves quads 4..7
 *   plane of 2 bits  [2][16][4]: bits 2 (q % 4) of byte plane q / 4 are quad q; 1 bit: [16][4], bit q is quad q (alone: twice the bit is stored)
 *   formats of 32:   d f16[16], then m f16[16] if they have a minimum; IK_FAMILY_POWER: one byte [16], e of the scale 2^(e - 128);
 *                    IK_FAMILY_HALVES: two bytes [16], the scales of the first and the second 16 k, 1024 times them as E4M3 (ik_e4m3)
 *   IK_FAMILY_SHARED<n>: nothing; in front of each n blocks d f16[16]
 *   K formats:       one byte [16] a sub-block scale (signed), then one a sub-block minimum (of 16 k: first halves, then second halves); in
 *                    front of each 8 blocks d f16[16], then dmin f16[16] if they have minima
 * Activations: IK_XBLOCK bytes for 32 k: q i8[32], scale f32, scaled sum f32, -8 sum(q) i32, -8 sum(q[0..15]) i32; rows in groups of 4
 * (the last one may be narrower): [group][K/32][rows of group][IK_XBLOCK]. In 16 bits a row of x is two such rows, high and low digits.
 *
 * Numbers, the same on every target: scale = amax / 127, inverse = 127 / amax, q = round half to even(x * inverse); amax below 2^-100 counts as
 * 0 and gives zeros; amax not finite gives scale NaN and q = 0. scaled sum = scale * f32(sum(q)). In 16 bits q16 = round half to even(x * (32512 / amax))
 * is 255 high + low, digits of [-127, 127]; low's scale = amax / 32512, high's is 255 times that. Every output of a row (in 16 bits: of each half, whose
 * results are added) has one f32 accumulator that starts at 0 and takes the blocks in k order:
 *   I = exact sum over k of (stored integer - offset) * q, times the sub-block's scale for sub-blocks of 16 (|I| < 2^24)
 *   D = d for formats of 32 and sub-blocks of 16, d * scale (exact in f32) for sub-blocks of 32
 *   acc = fma(f32(I), D * x.scale, acc)
 *   with minima of 32:  acc = fma(M, scaled sum, acc), M = m, or -(dmin * minimum) (exact) for K formats
 *   with minima of 16:  acc = fma(f32(-(exact sum of minimum_j * sum_j(q))), dmin * x.scale, acc)
 *   IK_FAMILY_HALVES:   acc = fma(f32(I of the first 16), scale_0 * x.scale, acc), then the second
 * D of a codebook's format is multiplied by ik_block_factor, exactly. Floats: acc = fma(x[k], f32(w[k]), acc) in k order. */
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
  BLOCK(iq4_xs, 4, IK_CODEBOOK, IK_FAMILY_K32)   \
  BLOCK(mxfp4, 4, IK_CODEBOOK_FP4, IK_FAMILY_POWER)  \
  BLOCK(nvfp4, 4, IK_CODEBOOK_FP4, IK_FAMILY_HALVES) \
  BLOCK(q1_0, 1, 1, IK_FAMILY_SHARED4)           \
  BLOCK(q2_0, 2, 1, IK_FAMILY_SHARED2)           \
  BLOCK(tq1_0, 2, 1, IK_FAMILY_SHARED8)          \
  BLOCK(tq2_0, 2, 1, IK_FAMILY_SHARED8)          \
  BLOCK(iq1_s, 2 + 1, IK_CODEBOOK_IQ1, IK_FAMILY_K32)   \
  BLOCK(iq1_m, 2 + 1, IK_CODEBOOK_IQ1, IK_FAMILY_K16)   \
  BLOCK(iq2_xxs, 2 + 1, IK_CODEBOOK_IQ2, IK_FAMILY_K32) \
  BLOCK(iq2_xs, 2 + 1, IK_CODEBOOK_IQ2, IK_FAMILY_K16)  \
  BLOCK(iq2_s, 2 + 1, IK_CODEBOOK_IQ2, IK_FAMILY_K16)   \
  BLOCK(iq3_xxs, 4, IK_CODEBOOK_IQ3, IK_FAMILY_K32)     \
  BLOCK(iq3_s, 4, IK_CODEBOOK_IQ3_S, IK_FAMILY_K32)
enum {
  IK_FAMILY_PLAIN, IK_FAMILY_MIN, IK_FAMILY_K32, IK_FAMILY_K32_MIN, IK_FAMILY_K16, IK_FAMILY_K16_MIN, /* see the head of this file */
  IK_FAMILY_POWER, IK_FAMILY_HALVES, IK_FAMILY_SHARED2, IK_FAMILY_SHARED4, IK_FAMILY_SHARED8
};
/* As an offset: the bits are an index of a table of signed values. The grids of IQ1, IQ2 and IQ3 hold few different numbers: with signs (IQ1: with its
 * shift of an eighth) 6, 6 and 16. Their indices of whole groups are expanded to indices of single numbers by the packer: larger than the file (IQ2 3
 * bits a weight for 2, IQ3 4 for 3), but a byte shuffle for 64 weights, where a group's table needs a gather for 8. */
enum { IK_CODEBOOK = 112, IK_CODEBOOK_FP4, IK_CODEBOOK_IQ1, IK_CODEBOOK_IQ2, IK_CODEBOOK_IQ3, IK_CODEBOOK_IQ3_S };
static inline const signed char *ik_codebook_values(int offset) {
  static const signed char iq4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  static const signed char fp4[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
  static const signed char iq1[16] = {-7, 1, 9, -9, -1, 7};
  static const signed char iq2[16] = {8, 25, 43, -8, -25, -43};
  static const signed char iq3[16] = {4, 12, 20, 28, 36, 44, 52, 62, -4, -12, -20, -28, -36, -44, -52, -62};
  static const signed char iq3s[16] = {1, 3, 5, 7, 9, 11, 13, 15, -1, -3, -5, -7, -9, -11, -13, -15};
  switch (offset) {
  case IK_CODEBOOK_FP4: return fp4;
  case IK_CODEBOOK_IQ1: return iq1;
  case IK_CODEBOOK_IQ2: return iq2;
  case IK_CODEBOOK_IQ3: return iq3;
  case IK_CODEBOOK_IQ3_S: return iq3s;
  default: return iq4;
  }
}

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

enum { IK_PANEL = 16, IK_PANEL_HALF = 32, IK_BLOCK = 32, IK_XBLOCK = 48, IK_XGROUP = 4 };
static inline int ik_block_has_codebook(ik_block_format f) { return f.offset >= IK_CODEBOOK; }
/* What D is multiplied by: the tables hold multiples of the grids' numbers, the scales 2 s + 1 for s + 1/2. */
static inline float ik_block_factor(ik_block_format f) {
  return f.offset == IK_CODEBOOK_IQ1 || f.offset == IK_CODEBOOK_IQ2 ? 0.125f : f.offset == IK_CODEBOOK_IQ3 ? 0.25f : 1.0f;
}
static inline int ik_block_is_shared(ik_block_format f) { return f.family >= IK_FAMILY_SHARED2; }
/* Sub-scales of 16 k, exact integers. */
static inline int ik_block_by16(ik_block_format f) { return f.family == IK_FAMILY_K16 || f.family == IK_FAMILY_K16_MIN; }
/* Blocks that share what stands in front of them. */
static inline int ik_block_super(ik_block_format f) { return f.family == IK_FAMILY_SHARED2 ? 2 : f.family == IK_FAMILY_SHARED4 ? 4 : 8; }
/* Bytes of one panel's part: in front of ik_block_super blocks, and of one block of 32 k. */
static inline int ik_block_head(ik_block_format f) {
  if (f.family == IK_FAMILY_K32_MIN || f.family == IK_FAMILY_K16_MIN)
    return 64;
  return f.family == IK_FAMILY_K32 || f.family == IK_FAMILY_K16 || ik_block_is_shared(f) ? 32 : 0;
}
static inline int ik_block_tail(ik_block_format f) {
  if (ik_block_is_shared(f))
    return 0;
  return f.family == IK_FAMILY_K32 || f.family == IK_FAMILY_POWER ? 16 : f.family == IK_FAMILY_MIN || f.family == IK_FAMILY_K16_MIN ? 64 : 32;
}
/* An unsigned E4M3 byte times 1024: an integer, exact in f32. */
static inline int ik_e4m3(int byte) { return byte < 8 ? byte : (8 + byte % 8) << (byte / 8 - 1); }
/* The bits of 2^(e - 128) in f32, denormal for e below 2. */
static inline int ik_power_bits(int e) { return e < 2 ? 0x200000 << e : (e - 1) << 23; }
static inline int ik_block_bytes(ik_block_format f) { return f.bits * 64 + ik_block_tail(f); }
/* Bytes of a panel of `blocks` blocks of 32, a multiple of ik_block_super where something stands in front of blocks. */
static inline long long ik_panel_bytes(ik_block_format f, long long blocks) {
  return blocks / ik_block_super(f) * ik_block_head(f) + blocks * ik_block_bytes(f);
}

/* ik_block_quantize, ik_block_quantize16: x f32 [M][K] -> activations, of 2 M rows in 16 bits. */
enum { IK_XQUANT_M, IK_XQUANT_K, IK_XQUANT_COUNT };
/* Steps of a 16-bit activation's high digit, and how many steps the largest one has. */
enum { IK_DIGIT = 255, IK_STEPS16 = 127 * 256 };
/* ik_block_matmul_<format>, ik_block_matmul16_<format>: activations (floats: x f32 [M][K], and scratch), packed w, y f32 [M][N]. */
enum { IK_BLOCKMM_M, IK_BLOCKMM_N, IK_BLOCKMM_K, IK_BLOCKMM_COUNT };
/* Scratch of ik_block_matmul and ik_nbits_matmul where the level has matrix registers (blockamx.h), of `rows` rows of k activations in `parts` digits: 16 blocks
 * of a panel expanded, sums of 128 rows of digits and of two tiles, and up to 128 rows of a span of x, whose sums wait in y between spans: sums of digits cannot. */
enum { IK_TILES_ROWS = 128, IK_TILES_BLOCKS = 16 };
#define IK_TILES_SPAN(parts, blocks) ((parts) == 2 || (blocks) < 96 ? (blocks) : 96)
#define IK_BLOCKMM_SCRATCH(rows, parts, k)                                                                                            \
  ((rows) * (parts) < 16 ? 0                                                                                                          \
                         : IK_TILES_BLOCKS * 2304 + IK_TILES_ROWS * 64 + 2048 + 64 +                                                  \
                               ((rows) * (parts) < IK_TILES_ROWS ? (rows) * (parts) : IK_TILES_ROWS) / 16 * IK_TILES_SPAN(parts, (k) / IK_BLOCK) * 1216)
/* ik_block_experts_<format>, ik_block_experts16_<format>: activations of M * SLOTS rows, or of M when SHARED, packed w [E], experts i32 [M][SLOTS], y f32 [M][SLOTS][N]. */
enum { IK_EXPERTS_M, IK_EXPERTS_SLOTS, IK_EXPERTS_SHARED, IK_EXPERTS_E, IK_EXPERTS_N, IK_EXPERTS_K, IK_EXPERTS_COUNT };
/* Rows (in 16 bits: halves) that chose an expert are multiplied this many at a time; scratch: their activations side by side, and 16 columns of their results. */
enum { IK_EXPERTS_BATCH = 24 };
#define IK_EXPERTS_SCRATCH(k) (IK_EXPERTS_BATCH * ((k) / IK_BLOCK * IK_XBLOCK + IK_PANEL * 4) + 64)
/* Scratch of the float formats: a piece of a panel widened to f32, and a tile of sums. */
enum { IK_FLOAT_PIECE = 256, IK_FLOAT_SCRATCH = IK_FLOAT_PIECE * 48 * 4 + 8 * 48 * 4 + 64 };

#endif
