/* Runs the kernels of language models (products of every GGUF block format, of b-bit weights and of experts, rows of packed matrices, rope, cache, attention, causal
 * convolution, recurrence, delta rule) and prints one hash of all results. Packed weights are random bytes whose 16-bit floats are small. Freestanding: see hash.h, check-blocks.sh. */
#include "targets/common/ukernels/nbits.h"
#include "targets/common/ukernels/sequence.h"
#include "test/unit/kernels/hash.h"

#define DECLARE(name, bits, offset, family) \
  IK_KERNEL(ik_block_matmul_##name);        \
  IK_KERNEL(ik_block_rows_##name);
#define DECLARE16(name, bits, offset, family) IK_KERNEL(ik_block_matmul16_##name);
IK_BLOCK_TABLE(DECLARE)
IK_BLOCK_TABLE(DECLARE16)
DECLARE(f32, , , )
DECLARE(f16, , , )
DECLARE(bf16, , , )
IK_KERNEL(ik_block_quantize);
IK_KERNEL(ik_block_quantize16);
#define DECLARE_NBITS(form, bits, zeros, halves) IK_KERNEL(ik_nbits_matmul_##form);
IK_NBITS_TABLE(DECLARE_NBITS)
IK_KERNEL(ik_nbits_float);
IK_KERNEL(ik_nbits_rows);
IK_KERNEL(ik_block_experts_q4_0);
IK_KERNEL(ik_block_experts16_q4_0);
IK_KERNEL(ik_block_experts_q6_k);
IK_KERNEL(ik_block_experts_f16);
IK_KERNEL(ik_rope);
IK_KERNEL(ik_cache_append_f16);
IK_KERNEL(ik_cached_attention_f16);
IK_KERNEL(ik_cache_append_q8);
IK_KERNEL(ik_cached_attention_q8);
IK_KERNEL(ik_cached_attention_sinks_f16);
IK_KERNEL(ik_rope_each);
IK_KERNEL(ik_causal_conv);
IK_KERNEL(ik_selective_scan);
IK_KERNEL(ik_gated_delta);
IK_KERNEL(ik_cache_append_sequences_f16);
IK_KERNEL(ik_cached_attention_sequences_f16);
IK_KERNEL(ik_cache_append_sequences_q8);
IK_KERNEL(ik_cached_attention_sequences_q8);

typedef void kernel(void *const *, const int64_t *, int64_t, int64_t);
enum { ROWS = 29, MANY = 150, N = 37, DEPTH = 768, FEW = 20, DEEP = 3328 }; /* DEEP: more than one span of blockamx.h */
static _Alignas(64) float x[MANY * DEPTH], y[MANY * DEPTH], room[1 << 17];
static _Alignas(64) uint8_t quantized[2 * MANY * DEPTH / 32 * IK_XBLOCK], w[64 * DEPTH * 4];
_Static_assert(sizeof room >= IK_BLOCKMM_SCRATCH(MANY, 2, DEPTH) && sizeof room >= IK_BLOCKMM_SCRATCH(FEW, 2, DEEP), "scratch of the products");

static void run(kernel *function, void *const *buf, const int64_t *p, const void *result, int64_t bytes) {
  for (int64_t worker = 0; worker < 2; ++worker)
    function(buf, p, worker, 2);
  mix(result, bytes);
}

/* Sub-block scales in the range that files have: those of Q6_K take all of a byte, others at most 5 bits of an odd number. */
static void limitScales(ik_block_format f) {
  const int64_t bytes = ik_block_bytes(f), inner = ik_block_head(f) ? ik_block_super(f) : 1;
  if (!ik_block_by16(f) || f.bits == 6)
    return;
  for (int64_t at = ik_block_head(f); at + inner * bytes <= (int64_t)sizeof w; at += ik_block_head(f) + inner * bytes)
    for (int64_t b = 0; b < inner; ++b)
      for (int64_t i = f.bits * 64; i < f.bits * 64 + 32; ++i)
        w[at + b * bytes + i] = (uint8_t)(w[at + b * bytes + i] % 32 - 16);
}

/* floatBytes: of the format's weights, 0 for blocks. */
static void blockCase(int format, kernel *matmul, kernel *matmul16, kernel *rows, int floatBytes) {
  const int64_t m[] = {1, 4, 13, ROWS, floatBytes ? 1 : FEW, MANY}, p[] = {7, N, DEPTH};
  int32_t ids[7];
  if (floatBytes == 4)
    fill((float *)w, sizeof w / 4);
  else
    for (int64_t i = 0; i < (int64_t)sizeof w; ++i)
      w[i] = (uint8_t)(i % 2 ? 0x20 + next() % 16 : next());
  if (!floatBytes)
    limitScales(ik_block_info(format));
  for (int i = 0; i < (format == IK_BLOCK_q4_0 || format == IK_BLOCK_q2_k ? 6 : 5); ++i) {
    const int64_t depth = m[i] == FEW ? DEEP : DEPTH, product[] = {m[i], N, depth}, quantize[] = {m[i], depth};
    fill(x, m[i] * depth);
    void *const from[] = {x, quantized};
    run(ik_block_quantize, from, quantize, quantized, m[i] * depth / 32 * IK_XBLOCK);
    void *const buf[] = {floatBytes ? (void *)x : quantized, w, y, room};
    run(matmul, buf, product, y, m[i] * N * 4);
    if (!matmul16)
      continue;
    run(ik_block_quantize16, from, quantize, quantized, m[i] * depth / 16 * IK_XBLOCK);
    run(matmul16, buf, product, y, m[i] * N * 4);
  }
  for (int i = 0; i < 7; ++i)
    ids[i] = (int32_t)pick(-1, N);
  void *const buf[] = {w, ids, y};
  run(rows, buf, p, y, 7 * DEPTH * 4);
}

/* The largest sums that Q6_K can have: weights of -32 or -31, sub-block scales of 127 or -128, activations of 127. */
static void extremeCase(void) {
  enum { SCALES = 2, WEIGHTS = 2, K = 256 };
  const int64_t product[] = {16, 16, K}, quantize[] = {16, K}, bytes = ik_block_bytes(ik_block_info(IK_BLOCK_q6_k));
  void *const from[] = {x, quantized}, *const buf[] = {quantized, w, y, room};
  for (int64_t i = 0; i < 16 * K; ++i)
    x[i] = 1.0f;
  run(ik_block_quantize, from, quantize, quantized, 16 * K / 32 * IK_XBLOCK);
  for (int one = 0; one < SCALES * WEIGHTS; ++one) {
    for (int64_t i = 0; i < 32; ++i)
      w[i] = i % 2 ? 0x20 : 0;
    for (int64_t i = 0; i < K / 32 * bytes; ++i)
      w[32 + i] = (uint8_t)(i % bytes >= 6 * 64 ? 127 + one % 2 : i % bytes < 4 * 64 && one / 2 ? 0x11 * (i % 5 > 0) : 0);
    run(ik_block_matmul_q6_k, buf, product, y, 16 * 16 * 4);
  }
}

/* Weights as blockCase left them. */
static void expertsCase(kernel *experts, kernel *quantizer, int isFloat) {
  enum { M = 27, SLOTS = 2, EXPERTS = 2, COLUMNS = 20, K = 256 };
  const int64_t p[IK_EXPERTS_COUNT] = {M, SLOTS, 1, EXPERTS, COLUMNS, K}, quantize[] = {M, K};
  int32_t chosen[M * SLOTS];
  for (int i = 0; i < M * SLOTS; ++i)
    chosen[i] = (int32_t)pick(-1, EXPERTS);
  fill(x, M * K);
  void *const from[] = {x, quantized}, *const buf[] = {isFloat ? (void *)x : quantized, w, chosen, y, room};
  run(quantizer, from, quantize, quantized, M * K / 32 * IK_XBLOCK);
  run(experts, buf, p, y, M * SLOTS * COLUMNS * 4);
}

/* Weights of `bits` bits: heads of small halves or floats by chance, zero points of `zero` bytes. */
static void nbitsCase(kernel *matmul, int bits, int group, int zero) {
  int32_t ids[ROWS];
  for (int scale = 2; scale <= 4; scale += 2)
    for (int64_t m = 1; m <= ROWS; m += 7) {
      const int64_t p[IK_NBITS_COUNT] = {m, N, DEPTH, bits, group, scale, zero}, quantize[] = {m, DEPTH};
      for (int64_t i = 0; i < (int64_t)sizeof w; ++i)
        w[i] = (uint8_t)(i % scale == scale - 1 ? (scale == 4 ? 0x3d : 0x20 + next() % 16) : next());
      fill(x, m * DEPTH);
      void *const from[] = {x, quantized}, *const buf[] = {quantized, w, y, room}, *const plain[] = {x, w, y, room}, *const look[] = {w, ids, y};
      run(ik_block_quantize, from, quantize, quantized, m * DEPTH / 32 * IK_XBLOCK);
      run(matmul, buf, p, y, m * N * 4);
      run(ik_nbits_float, plain, p, y, m * N * 4);
      for (int64_t i = 0; i < m; ++i)
        ids[i] = (int32_t)pick(-1, N);
      run(ik_nbits_rows, look, p, y, m * DEPTH * 4);
    }
}

static void sequenceCase(int32_t position, int64_t m, int64_t window, float softcap, int64_t whole, int64_t piecewise, float bias) {
  enum { HQ = 4, HK = 2, T = 300, D = 24, E = 20 };
  static float table[T * D];
  static _Float16 keys[HK * T * D], values[HK * T * E];
  union { float f; uint32_t u; } scale = {0.2f}, cap = {softcap}, slopes = {bias};
  fill(x, m * HQ * D), fill(table, T * D), fill(room, HK * T * D);
  for (int64_t i = 0; i < HK * T * D; ++i)
    keys[i] = (_Float16)room[i], values[i * E / D] = (_Float16)room[HK * T * D - 1 - i];
  const int64_t rope[IK_ROPE_COUNT] = {m, HQ, D, T, D, position & 1}, append[IK_APPEND_COUNT] = {m, HK, T, D, 0};
  const int64_t attention[IK_ATTENTION_COUNT] = {m, HQ, HK, T, D, E, window, scale.u, cap.u, 0, whole, piecewise, slopes.u};
  void *const turn[] = {x, table, &position, y}, *const store[] = {keys, x, &position, keys}, *const attend[] = {x, keys, values, &position, y, room};
  void *const sink[] = {x, keys, values, &position, table, y, room};
  run(ik_rope, turn, rope, y, m * HQ * D * 4);
  run(ik_cache_append_f16, store, append, keys, sizeof keys);
  run(ik_cached_attention_f16, attend, attention, y, m * HQ * E * 4);
  run(ik_cached_attention_sinks_f16, sink, attention, y, m * HQ * E * 4);
  static _Alignas(2) uint8_t bytes[HK * T * IK_CACHE_ROW8(D)];
  const int64_t same[IK_ATTENTION_COUNT] = {m, HQ, HK, T, D, D, window, scale.u, cap.u, 0, whole, piecewise, slopes.u};
  void *const store8[] = {bytes, x, &position, bytes}, *const attend8[] = {x, bytes, bytes, &position, y, room};
  run(ik_cache_append_q8, store8, append, bytes, sizeof bytes);
  run(ik_cached_attention_q8, attend8, same, y, m * HQ * D * 4);
}

/* Rows of three sequences, and one that has none, in rings. */
static void sequencesCase(void) {
  enum { M = 4, S = 3, HQ = 4, HK = 2, T = 48, D = 24 };
  static float table[T * D];
  static _Float16 cache[S * HK * T * D];
  static _Alignas(2) uint8_t bytes[S * HK * T * IK_CACHE_ROW8(D)];
  int32_t position[M] = {5, 60, 2, 47}, sequence[M] = {2, 0, -1, 1};
  union { float f; uint32_t u; } scale = {0.2f};
  fill(x, M * HQ * D), fill(table, T * D), fill(room, S * HK * T * D);
  for (int64_t i = 0; i < S * HK * T * D; ++i)
    cache[i] = (_Float16)room[i];
  const int64_t rope[IK_ROPE_COUNT] = {M, HQ, D, T, D, 1}, append[IK_APPEND_SEQUENCES_COUNT] = {M, HK, T, D, 1, S, M};
  const int64_t attention[IK_ATTENTION_SEQUENCES_COUNT] = {M, HQ, HK, T, D, D, 20, scale.u, 0, 1, 0, 0, 0, S, M};
  void *const turn[] = {x, table, position, y}, *const store[] = {cache, x, position, sequence, cache}, *const attend[] = {x, cache, cache, position, sequence, y, room};
  void *const store8[] = {bytes, x, position, sequence, bytes}, *const attend8[] = {x, bytes, bytes, position, sequence, y, room};
  run(ik_rope_each, turn, rope, y, M * HQ * D * 4);
  run(ik_cache_append_sequences_f16, store, append, cache, sizeof cache);
  run(ik_cached_attention_sequences_f16, attend, attention, y, M * HQ * D * 4);
  run(ik_cache_append_sequences_q8, store8, append, bytes, sizeof bytes);
  run(ik_cached_attention_sequences_q8, attend8, attention, y, M * HQ * D * 4);
}

/* Chunks of 7 rows with one of padding, then rows of three sequences. */
static void causalCase(void) {
  enum { M = 7, E = 70, T = 3, S = 3 };
  static float state[S * T * E];
  int32_t position[M] = {0, 6, 9, 2, 12, 13, 4}, sequence[M] = {1, 0, 2, -1, 1, 1, 3}, count = M - 1;
  fill(x, M * E), fill(room, (T + 1) * E), fill(state, S * T * E);
  void *const step[] = {state, x, room, position, sequence, &count, state, y};
  const int64_t one[IK_CAUSAL_COUNT] = {M, E, T, S, 1}, each[IK_CAUSAL_COUNT] = {M, E, T, S, M};
  run(ik_causal_conv, step, one, y, M * E * 4);
  position[0] = M - 1;
  run(ik_causal_conv, step, one, y, M * E * 4);
  run(ik_causal_conv, step, each, y, M * E * 4);
  mix(state, sizeof state);
}

static void scanCase(void) {
  enum { M = 7, H = 4, P = 40, N = 24, G = 2, S = 3 };
  static float state[S * H * N * P], delta[M * H], decay[H], skip[H];
  int32_t position[M] = {0, 6, 9, 2, 12, 13, 4}, sequence[M] = {1, 0, 2, -1, 1, 1, 3}, count = M - 1;
  fill(x, M * (H * P + 2 * G * N)), fill(delta, M * H), fill(decay, H), fill(skip, H), fill(state, S * H * N * P);
  void *const step[] = {state, x, delta, decay, skip, position, sequence, &count, state, y};
  const int64_t one[IK_SCAN_COUNT] = {M, H, P, N, G, S, 1}, each[IK_SCAN_COUNT] = {M, H, P, N, G, S, M};
  run(ik_selective_scan, step, one, y, M * H * P * 4);
  position[0] = M - 1;
  run(ik_selective_scan, step, one, y, M * H * P * 4);
  run(ik_selective_scan, step, each, y, M * H * P * 4);
  mix(state, sizeof state);
}

static void deltaCase(int64_t cyclic) {
  enum { M = 7, H = 4, P = 40, N = 24, G = 2, S = 3 };
  static float state[S * H * N * P], decay[M * H], beta[M * H];
  int32_t position[M] = {0, 6, 9, 2, 12, 13, 4}, sequence[M] = {1, 0, 2, -1, 1, 1, 3}, count = M - 1;
  fill(x, M * (H * P + 2 * G * N)), fill(decay, M * H), fill(beta, M * H), fill(state, S * H * N * P);
  void *const step[] = {state, x, decay, beta, position, sequence, &count, state, y, room};
  const int64_t least = 0x3fd0000000000000; /* 0.25 */
  const int64_t one[IK_DELTA_COUNT] = {M, H, P, N, G, S, 1, least, cyclic}, each[IK_DELTA_COUNT] = {M, H, P, N, G, S, M, least, cyclic};
  run(ik_gated_delta, step, one, y, M * H * P * 4);
  position[0] = M - 1;
  run(ik_gated_delta, step, one, y, M * H * P * 4);
  run(ik_gated_delta, step, each, y, M * H * P * 4);
  mix(state, sizeof state);
}

#define NBITS_CASE(form, bits, zeros, halves)                                        \
  nbitsCase(ik_nbits_matmul_##form, bits, halves ? 0 : 3, zeros ? 1 : 0);            \
  nbitsCase(ik_nbits_matmul_##form, bits, halves ? 0 : 1, zeros ? 4 : 0);
#define CASE(name, bits, offset, family) blockCase(IK_BLOCK_##name, ik_block_matmul_##name, ik_block_matmul16_##name, ik_block_rows_##name, 0);
static void hashAll(void) {
  IK_BLOCK_TABLE(CASE)
  extremeCase();
  blockCase(-1, ik_block_matmul_f32, 0, ik_block_rows_f32, 4);
  blockCase(-1, ik_block_matmul_f16, 0, ik_block_rows_f16, 2);
  blockCase(-1, ik_block_matmul_bf16, 0, ik_block_rows_bf16, 2);
  expertsCase(ik_block_experts_q4_0, ik_block_quantize, 0), expertsCase(ik_block_experts_q6_k, ik_block_quantize, 0);
  expertsCase(ik_block_experts_f16, ik_block_quantize, 1), expertsCase(ik_block_experts16_q4_0, ik_block_quantize16, 0);
  IK_NBITS_TABLE(NBITS_CASE)
  sequenceCase(0, 17, 0, 0, 0, 0, 0), sequenceCase(290, 1, 0, 0, 0, 0, 0), sequenceCase(230, 20, 10, 3, 0, 0, 0), sequenceCase(270, 20, 9, 0, 1, 0, 0);
  sequenceCase(270, 20, 0, 0, 0, 0, 8), sequenceCase(250, 20, 30, 0, 0, 1, 8), sequenceCase(270, 20, 0, 0, 1, 0, 8);
  sequencesCase(), causalCase(), scanCase(), deltaCase(0), deltaCase(1);
}
