/* Parameters of the kernels that make a sequence step by step, shared by C and the lowering; a position is one i32 in memory, negative ones
 * count as 0.
 *   ik_rope                     x f32 [M][H][D], table f32 [T][R], position, y f32 [M][H][D]
 *   ik_cache_append_<type>      cache [H][T][D], rows f32 [M][H][D], position, result: the cache's own buffer; ring: position t is row t mod T
 *                               q8: cache u8 [H][T][IK_CACHE_ROW8(D)], a row is D signed bytes, from IK_CACHE_SCALES8(D) on a scale f16 for each 32 of them
 *   ik_cached_attention_<type>  q f32 [M][HQ][D], k [HK][T][D], v [HK][T][E], position, y f32 [M][HQ][E], scratch
 *   ik_cached_attention_sinks_<type>  the same with sinks f32 [HQ] after the position
 * Rows of several sequences, each with a cache of its own, one after the other; positions and sequences i32 [PLACES]: one for all rows, which follow each
 * other, or one a row. A sequence outside 0 .. S - 1 is none: its rows are not appended, their attention is 0.
 *   ik_rope_each                       as ik_rope with a position a row
 *   ik_cache_append_sequences_<type>   cache, rows, positions, sequences, result; where rows have one place the last of them stays
 *   ik_cached_attention_sequences_<type>, ik_cached_attention_sequences_sinks_<type>   q, k, v, positions, sequences, the sinks if any, y, scratch
 * ik_causal_conv  state f32 [S][T][E], rows f32 [M][E], filter f32 [T + 1][E], positions and sequences i32 [PLACES], count i32; the state's own buffer, y
 *                 f32 [M][E]: for each channel a chain of fused multiply-adds from 0, oldest tap first, without those before position 0
 * ik_selective_scan  state f32 [S][H][N][P], rows f32 [M][H P + 2 G N]: x, b, c; delta f32 [M][H], decay and skip f32 [H], positions and sequences i32
 *                 [PLACES], count i32; the state's own buffer, y f32 [M][H P]
 * ik_gated_delta  state f32 [S][H][N][P], rows f32 [M][2 G N + H P]: q, k, v; decay and beta f32 [M][H], positions and sequences i32 [PLACES], count i32;
 *                 the state's own buffer, y f32 [M][H P], scratch; EPSILON: bits of f64; CYCLIC: head h has q and k of h mod G, else of h / (H / G)
 *
 * Attention, the same bits on every target, for every M and number of workers. For one query and head, over the cache rows t it sees, in chunks of
 * IK_ATTENTION_CHUNK that begin at multiples of it: s_t = (fma chain over d from 0) * scale, then cap * tanh(s_t / cap), then with a bias fma(-slope of the
 * head, |its position - t|, s_t); top' = max(top, chunk's maximum), shrink = exp(top - top'), p_t = exp(s_t - top'); sum = sum * shrink + (p_t in 16 lanes by t mod 16, joined in halves);
 * o[e] = o[e] * shrink, then fma(p_t, v[t][e], o[e]) in order of t. Result o[e] / sum. It begins with top = -inf, sum = 0; with a sink with
 * top = the sink, sum = 1. A ring's T is a multiple of the piece; chunks are those of positions, so a ring gives the bits of a full cache. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_SEQUENCE_H
#define INGOT_TARGETS_COMMON_UKERNELS_SEQUENCE_H

enum { IK_ROPE_M, IK_ROPE_H, IK_ROPE_D, IK_ROPE_T, IK_ROPE_R, IK_ROPE_HALVES, IK_ROPE_COUNT };
enum { IK_APPEND_M, IK_APPEND_H, IK_APPEND_T, IK_APPEND_D, IK_APPEND_RING, IK_APPEND_COUNT };
enum { IK_CAUSAL_M, IK_CAUSAL_E, IK_CAUSAL_T, IK_CAUSAL_S, IK_CAUSAL_PLACES, IK_CAUSAL_COUNT };
enum { IK_SCAN_M, IK_SCAN_H, IK_SCAN_P, IK_SCAN_N, IK_SCAN_G, IK_SCAN_S, IK_SCAN_PLACES, IK_SCAN_COUNT };
enum { IK_DELTA_M, IK_DELTA_H, IK_DELTA_P, IK_DELTA_N, IK_DELTA_G, IK_DELTA_S, IK_DELTA_PLACES, IK_DELTA_EPSILON, IK_DELTA_CYCLIC, IK_DELTA_COUNT };
/* Scratch of ik_gated_delta: f32 [N][columns of a unit]. */
enum { IK_DELTA_MOST_COLUMNS = 64 };
#define IK_DELTA_SCRATCH(n) (4 * (n) * IK_DELTA_MOST_COLUMNS)
enum { IK_APPEND_S = IK_APPEND_COUNT, IK_APPEND_PLACES, IK_APPEND_SEQUENCES_COUNT };
enum {
  IK_ATTENTION_M, IK_ATTENTION_HQ, IK_ATTENTION_HK, IK_ATTENTION_T, IK_ATTENTION_D, IK_ATTENTION_E,
  IK_ATTENTION_WINDOW,                        /* 0: all */
  IK_ATTENTION_SCALE, IK_ATTENTION_SOFTCAP,   /* bits of f32; softcap 0: none */
  IK_ATTENTION_RING,                          /* 1: position t is row t mod T */
  IK_ATTENTION_WHOLE,                         /* 1: every query sees all up to the position, or window / 2 on both sides */
  IK_ATTENTION_PIECEWISE,                     /* 1: a query sees nothing before the last multiple of the window */
  IK_ATTENTION_BIAS,                          /* bits of f32: what the slopes of heads begin at, as powers of 2; 0: none */
  IK_ATTENTION_COUNT
};
enum { IK_ATTENTION_S = IK_ATTENTION_COUNT, IK_ATTENTION_PLACES, IK_ATTENTION_SEQUENCES_COUNT };
/* A row of d elements in 8 bits: where its scales are, its bytes. value = scale * byte, byte = round half to even(x * (127 / amax of its 32)), scale = f16(amax / 127). */
#define IK_CACHE_SCALES8(d) (((d) + 1) / 2 * 2)
#define IK_CACHE_ROW8(d) (IK_CACHE_SCALES8(d) + ((d) + 31) / 32 * 2)
/* Positions of one chunk and of one piece whose keys or values are widened together; queries (pairs of row and head) that share a piece. */
enum { IK_ATTENTION_PIECE = 48, IK_ATTENTION_CHUNK = 5 * IK_ATTENTION_PIECE, IK_ATTENTION_TILE = 64 };
/* Columns of values and sums: tiles of 32, whose rows are 48 apart in sums. */
enum { IK_ATTENTION_COLUMNS = 32 };
#define IK_ATTENTION_WIDE(e) (((e) + IK_ATTENTION_COLUMNS - 1) / IK_ATTENTION_COLUMNS * IK_ATTENTION_COLUMNS)
#define IK_ATTENTION_SUMS(e) (IK_ATTENTION_WIDE(e) / IK_ATTENTION_COLUMNS * 48)
/* Scratch, f32: a piece of keys [D][48] or of values [48][wide E], queries [TILE][D], scores [TILE][CHUNK], sums [TILE / 8][tiles of 32][8][48], top and
 * sum [TILE], positions seen [TILE], one tile [8][48]. */
#define IK_ATTENTION_SCRATCH(d, e)                                                                                             \
  (4 * (IK_ATTENTION_PIECE * ((d) > IK_ATTENTION_WIDE(e) ? (d) : IK_ATTENTION_WIDE(e)) +                                       \
        IK_ATTENTION_TILE * ((d) + IK_ATTENTION_CHUNK + IK_ATTENTION_SUMS(e) + 6) + 8 * 48) + 64)

#endif
