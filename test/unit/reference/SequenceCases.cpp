// Rotary positions, caches, attention over them, and products with block-quantised weights.
#include "Check.h"

namespace {

/// A q8_0 row of one block: scale 1 (f16 0x3c00), then elements `first`, `second` and zeros.
Numbers block(double first, double second) {
  Numbers bytes(34, 0);
  bytes[1] = 0x3c;
  bytes[2] = first;
  bytes[3] = second;
  return bytes;
}

Numbers joined(Numbers a, const Numbers &b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// 32 activations: 127 makes the block's scale 1, so 0.4 is rounded to 0.
Numbers activations() {
  Numbers x(32, 0);
  x[0] = 127;
  x[1] = 0.4;
  return x;
}

Numbers dequantized(double first, double second) {
  Numbers row(32, 0);
  row[0] = first;
  row[1] = second;
  return row;
}

/// Rows 0 and 1 of a ring of 48 that matter, and others that do not.
Numbers ringValues() {
  Numbers values(48, 100);
  values[0] = 3;
  values[1] = 5;
  return values;
}

} // namespace

std::vector<Case> sequenceCases() {
  const char *attention = "nn.cached_attention %arg0, %arg1, %arg2, %arg3 scale 1.0";
  const std::vector<const char *> attentionTypes = {"1x1x1xf32", "1x2x1xf32", "1x2x1xf32", "1xi32"};
  return {
      // Row 1 of the table turns the first pair by 90 degrees; position 5 is clamped to it.
      {"nn.rope %arg0, %arg1, %arg2 pairs halves", {"1x1x4xf32", "2x4xf32", "1xi32"}, {{1, 2, 3, 4}, {1, 1, 0, 0, 0, 1, 1, 0}, {5}}, {"1x1x4xf32"},
       {{-3, 2, 1, 4}}},
      {"nn.rope %arg0, %arg1, %arg2 pairs adjacent", {"1x1x4xf32", "2x4xf32", "1xi32"}, {{1, 2, 3, 4}, {1, 1, 0, 0, 0, 1, 1, 0}, {1}},
       {"1x1x4xf32"}, {{-2, 1, 3, 4}}},
      // The second row stands one further; the third element is beyond the table's pairs; a negative position is 0.
      {"nn.rope %arg0, %arg1, %arg2 pairs adjacent", {"2x1x3xf32", "2x2xf32", "1xi32"}, {{1, 2, 9}, {1, 0, 0, 1}, {-4}}, {"2x1x3xf32"},
       {{1, 2, 9, -2, 1, 9}}},
      // The second row lies beyond the cache; 1/3 is rounded to f16.
      {"nn.cache_append %arg0, %arg1, %arg2", {"1x3x2xf16", "2x1x2xf32", "1xi32"}, {{9}, {1, 1.0 / 3, 3, 4}, {2}}, {"1x3x2xf16"},
       {{9, 9, 9, 9, 1, 0.333251953125}}, 0},
      {"nn.cache_append %arg0, %arg1, %arg2", {"2x2x1xf32", "1x2x1xf32", "1xi32"}, {{9}, {1, 2}, {0}}, {"2x2x1xf32"}, {{1, 9, 2, 9}}, 0},
      // Scores 0 and ln 2: weights 1/3 and 2/3.
      {attention, attentionTypes, {{1}, {0, 0.6931471805599453}, {3, 6}, {1}}, {"1x1x1xf32"}, {{5}}},
      // Position 0 sees the first row alone; one beyond the cache sees all of it.
      {attention, attentionTypes, {{1}, {0, 0.6931471805599453}, {3, 6}, {0}}, {"1x1x1xf32"}, {{3}}},
      {attention, attentionTypes, {{1}, {0, 0.6931471805599453}, {3, 6}, {7}}, {"1x1x1xf32"}, {{5}}},
      {"nn.cached_attention %arg0, %arg1, %arg2, %arg3 scale 1.0 window 1", attentionTypes, {{1}, {0, 0.7}, {3, 6}, {1}}, {"1x1x1xf32"}, {{6}}},
      // A ring of 48: position 49 is row 1, the last of a window of 2; the one before is row 0.
      {"nn.cached_attention %arg0, %arg1, %arg2, %arg3 scale 1.0 window 2 ring", {"1x1x1xf32", "1x48x1xf32", "1x48x1xf32", "1xi32"},
       {{1}, Numbers(48, 0), ringValues(), {49}}, {"1x1x1xf32"}, {{4}}},
      {"nn.cache_append %arg0, %arg1, %arg2 ring", {"1x3x1xf16", "2x1x1xf32", "1xi32"}, {{9}, {1, 2}, {5}}, {"1x3x1xf16"}, {{2, 9, 1}}, 0},
      // Each row has a position: the second turns by 90 degrees, the first stays.
      {"nn.rope %arg0, %arg1, %arg2 pairs halves", {"2x1x2xf32", "2x2xf32", "2xi32"}, {{1, 2, 3, 4}, {1, 0, 0, 1}, {0, 1}}, {"2x1x2xf32"}, {{1, 2, -4, 3}}},
      // The step's two rows go to the second of two sequences.
      {"nn.cache_append %arg0, %arg1, %arg2 of %arg3", {"2x1x2x1xf32", "2x1x1xf32", "1xi32", "1xi32"}, {{9}, {1, 2}, {0}, {1}}, {"2x1x2x1xf32"}, {{9, 9, 1, 2}}, 0},
      // Each row to a place of its own; the second has no sequence, the fourth lies beyond its cache.
      {"nn.cache_append %arg0, %arg1, %arg2 of %arg3", {"2x1x2x1xf32", "4x1x1xf32", "4xi32", "4xi32"}, {{9}, {1, 2, 3, 4}, {1, 0, 0, 2}, {0, -1, 1, 1}},
       {"2x1x2x1xf32"}, {{9, 1, 3, 9}}, 0},
      // In a ring of 3 positions 4 and 5 of sequences 1 and 0 are rows 1 and 2.
      {"nn.cache_append %arg0, %arg1, %arg2 of %arg3 ring", {"2x1x3x1xf32", "2x1x1xf32", "2xi32", "2xi32"}, {{9}, {1, 2}, {4, 5}, {1, 0}}, {"2x1x3x1xf32"},
       {{9, 9, 2, 9, 1, 9}}, 0},
      // Row 0 sees both rows of sequence 1, row 1 the first of sequence 0, row 2 nothing: there is no sequence 2.
      {"nn.cached_attention %arg0, %arg1, %arg2, %arg3 of %arg4 scale 1.0", {"3x1x1xf32", "2x1x2x1xf32", "2x1x2x1xf32", "3xi32", "3xi32"},
       {{1}, {0, 0, 0, 0.6931471805599453}, {7, 8, 3, 6}, {1, 0, 0}, {1, 0, 2}}, {"3x1x1xf32"}, {{5, 7, 0}}},
      // One place for both rows: the second sees one more, and the sink of the same score takes its share.
      {"nn.cached_attention %arg0, %arg1, %arg2, %arg3 of %arg4 sinks %arg5 scale 1.0", {"2x1x1xf32", "2x1x2x1xf32", "2x1x2x1xf32", "1xi32", "1xi32", "1xf32"},
       {{1, 1}, {0}, {7, 8, 3, 6}, {0}, {1}, {0}}, {"2x1x1xf32"}, {{1.5, 3}}},
      // Row 0 sees row 1 too; a row beyond the last sees what the last does.
      {"nn.cached_attention %arg0, %arg1, %arg2, %arg3 scale 1.0 whole", {"2x1x1xf32", "1x2x1xf32", "1x2x1xf32", "1xi32"},
       {{1, 1}, {0, 0.6931471805599453}, {3, 6}, {1}}, {"2x1x1xf32"}, {{5, 5}}},
      {"nn.cached_attention %arg0, %arg1, %arg2, %arg3 scale 1.0 window 1 whole", {"2x1x1xf32", "1x2x1xf32", "1x2x1xf32", "1xi32"},
       {{1, 1}, {0, 0}, {3, 6}, {0}}, {"2x1x1xf32"}, {{3, 3}}},
      // A sink of the same score takes a third.
      {"nn.cached_attention %arg0, %arg1, %arg2, %arg3 sinks %arg4 scale 1.0", {"1x1x1xf32", "1x2x1xf32", "1x2x1xf32", "1xi32", "1xf32"},
       {{1}, {0, 0}, {3, 6}, {1}, {0}}, {"1x1x1xf32"}, {{3}}},
      // The slope of the one head is 1 / 4: the score of the position before is less by it. 4 ln 2 makes up for 2 / 3.
      {"nn.cached_attention %arg0, %arg1, %arg2, %arg3 scale 1.0 alibi 2.0", attentionTypes, {{1}, {0.9431471805599453, 0}, {3, 6}, {1}}, {"1x1x1xf32"}, {{4}}},
      // Of 3 heads the third lies between: 2^-1, 2^-2, 2^-0.5.
      {"nn.cached_attention %arg0, %arg1, %arg2, %arg3 scale 1.0 alibi 2.0", {"1x3x1xf32", "1x2x1xf32", "1x2x1xf32", "1xi32"},
       {{1, 1, 1}, {0, 0}, {0, 1}, {1}}, {"1x3x1xf32"}, {{0.6224593312018546, 0.5621765008857981, 0.6697615493266569}}},
      // To both sides.
      {"nn.cached_attention %arg0, %arg1, %arg2, %arg3 scale 1.0 alibi 2.0 whole", {"2x1x1xf32", "1x2x1xf32", "1x2x1xf32", "1xi32"},
       {{1, 1}, {0, 0}, {0, 1}, {1}}, {"2x1x1xf32"}, {{0.43782349911420193, 0.5621765008857981}}},
      // Position 2 begins a piece, 3 sees it too.
      {"nn.cached_attention %arg0, %arg1, %arg2, %arg3 scale 1.0 window 2 piecewise", {"3x1x1xf32", "1x4x1xf32", "1x4x1xf32", "1xi32"},
       {{0}, {0}, {1, 2, 3, 5}, {1}}, {"3x1x1xf32"}, {{1.5, 3, 4}}},
      // Softcap 1: scores tanh 0 and tanh 100; the second weight is e / (1 + e).
      {"nn.cached_attention %arg0, %arg1, %arg2, %arg3 scale 100.0 softcap 1.0", attentionTypes, {{1}, {0, 1}, {0, 1}, {1}}, {"1x1x1xf32"},
       {{0.7310585786300049}}},
      // Query heads 0 and 1 share the first head of the cache, 2 and 3 the second.
      {attention, {"1x4x1xf32", "2x1x1xf32", "2x1x1xf32", "1xi32"}, {{1}, {1}, {5, 7}, {0}}, {"1x4x1xf32"}, {{5, 5, 7, 7}}},
      // Positions 5 and 6 after 4, which the state holds in row 4 mod 2 beside 3 in row 1: 1 * 3 + 10 * 4 + 100 * 5, then 4 + 50 + 600; the last two stay.
      {"nn.causal_conv %arg0, %arg1, %arg2 at %arg3 of %arg4 count %arg5", {"1x2x1xf32", "2x1xf32", "3x1xf32", "1xi32", "1xi32", "1xi32"},
       {{4, 3}, {5, 6}, {1, 10, 100}, {5}, {0}, {2}}, {"1x2x1xf32", "2x1xf32"}, {{6, 5}, {543, 654}}},
      // A text begins: what the state held before does not count. The second row is padding, and leaves none of it.
      {"nn.causal_conv %arg0, %arg1, %arg2 at %arg3 of %arg4 count %arg5", {"1x2x1xf32", "2x1xf32", "3x1xf32", "1xi32", "1xi32", "1xi32"},
       {{4, 3}, {5, 6}, {1, 10, 100}, {0}, {0}, {1}}, {"1x2x1xf32", "2x1xf32"}, {{5, 3}, {500, 650}}},
      // Rows of their own sequences: the first goes on with sequence 1, the second has none, the third goes on behind the first.
      {"nn.causal_conv %arg0, %arg1, %arg2 at %arg3 of %arg4 count %arg5", {"2x1x1xf32", "3x1xf32", "2x1xf32", "3xi32", "3xi32", "1xi32"},
       {{8, 9}, {1, 2, 3}, {1, 10}, {4, 0, 5}, {1, -1, 1}, {3}}, {"2x1x1xf32", "3x1xf32"}, {{8, 3}, {19, 0, 31}}},
      // Two heads [1, 1] with the state 2 and 3, which exp(ln 2 * -1) halves and exp(0) keeps: 1 + 5 * 4 * ln 2 and 3 + 5 * 6 * 0, read by 10, and x itself.
      {"nn.selective_scan %arg0, %arg1, %arg2, %arg3, %arg4 at %arg5 of %arg6 count %arg7",
       {"1x2x1x1xf32", "1x4xf32", "1x2xf32", "2xf32", "2xf32", "1xi32", "1xi32", "1xi32"},
       {{2, 3}, {4, 6, 5, 10}, {0.6931471805599453, 0}, {-1}, {1}, {7}, {0}, {1}}, {"1x2x1x1xf32", "1x2xf32"},
       {{14.862943611198906, 3}, {152.62943611198906, 36}}, 1e-5},
      // A text begins with zeros, and its second row is padding.
      {"nn.selective_scan %arg0, %arg1, %arg2, %arg3, %arg4 at %arg5 of %arg6 count %arg7",
       {"1x1x1x1xf32", "2x3xf32", "2x1xf32", "1xf32", "1xf32", "1xi32", "1xi32", "1xi32"}, {{9}, {4, 5, 10, 7, 7, 7}, {1}, {0}, {0}, {0}, {0}, {1}},
       {"1x1x1x1xf32", "2x1xf32"}, {{20}, {200, 0}}},
      // Two heads that forget half and three quarters; the key -3 and the query 5 count as -1 and 1: 1 - 0.5 * (4 + 1) and 1 - (6 + 1).
      {"nn.gated_delta %arg0, %arg1, %arg2, %arg3 at %arg4 of %arg5 count %arg6 epsilon 1.0e-6",
       {"1x2x1x1xf32", "1x4xf32", "1x2xf32", "1x2xf32", "1xi32", "1xi32", "1xi32"}, {{2, 4}, {5, -3, 4, 6}, {0.5, 0.25}, {0.5, 1}, {7}, {0}, {1}},
       {"1x2x1x1xf32", "1x2xf32"}, {{-1.5, -6}, {-1.5, -6}}},
      // A text begins with zeros, and its second row is padding. The key has the length 5, the query 0.5, which is below epsilon: (3 * 0.3 + 4 * 0.4) / sqrt 2.
      {"nn.gated_delta %arg0, %arg1, %arg2, %arg3 at %arg4 of %arg5 count %arg6 epsilon 1.0",
       {"1x1x2x1xf32", "2x5xf32", "2x1xf32", "2x1xf32", "1xi32", "1xi32", "1xi32"},
       {{8, 9}, {0.3, 0.4, 3, 4, 10, 7, 7, 7, 7, 7}, {1}, {0.5}, {0}, {0}, {1}}, {"1x1x2x1xf32", "2x1xf32"}, {{3, 4}, {1.7677669529663687, 0}}},
      // Neighbouring heads share a query, or heads in turn.
      {"nn.gated_delta %arg0, %arg1, %arg2, %arg3 at %arg4 of %arg5 count %arg6 epsilon 1.0e-6",
       {"1x4x1x1xf32", "1x8xf32", "1x4xf32", "1x4xf32", "1xi32", "1xi32", "1xi32"}, {{0}, {1, -1, 1, 1, 1, 2, 3, 4}, {1}, {1}, {0}, {0}, {1}},
       {"1x4x1x1xf32", "1x4xf32"}, {{1, 2, 3, 4}, {1, 2, -3, -4}}},
      {"nn.gated_delta %arg0, %arg1, %arg2, %arg3 at %arg4 of %arg5 count %arg6 epsilon 1.0e-6 cyclic",
       {"1x4x1x1xf32", "1x8xf32", "1x4xf32", "1x4xf32", "1xi32", "1xi32", "1xi32"}, {{0}, {1, -1, 1, 1, 1, 2, 3, 4}, {1}, {1}, {0}, {0}, {1}},
       {"1x4x1x1xf32", "1x4xf32"}, {{1, 2, 3, 4}, {1, -2, 3, -4}}},
      {"nn.state @absent : tensor<2xf32>", {}, {}, {"2xf32"}, {{0, 0}}},
      // 127 * 1 + 0 * 2: the activation 0.4 has been rounded away; 0.4 * 2 would be 0.8 more.
      {"quant.block_matmul %arg0, %arg1 format \"q8_0\"", {"1x32xf32", "2x34xui8"}, {activations(), joined(block(1, 2), block(0, 1))}, {"1x2xf32"},
       {{127, 0}}, 0},
      // In steps of 127 / 32512 the activation 0.4 is 102 of them: 51/128.
      {"quant.block_matmul %arg0, %arg1 format \"q8_0\" activations 16", {"1x32xf32", "2x34xui8"}, {activations(), joined(block(1, 2), block(0, 1))},
       {"1x2xf32"}, {{127.796875, 0.3984375}}, 0},
      {"quant.block_matmul %arg0, %arg1 format \"f32\"", {"2x2xf32", "1x8xui8"}, {{3, 0.4}, {0, 0, 0, 64, 0, 0, 128, 63}}, {"2x1xf32"}, {{6.4, 6.4}}},
      {"quant.block_matmul %arg0, %arg1 format \"q8_0\"", {"1x32xf32", "1x34xui8"}, {{0}, block(1, 2)}, {"1x1xf32"}, {{0}}, 0},
      // Id 7 is outside: row 0.
      {"quant.block_rows %arg0, %arg1 format \"q8_0\" k 32", {"2x34xui8", "2xi32"}, {joined(block(5, 6), block(7, 8)), {1, 7}}, {"2x32xf32"},
       {joined(dequantized(7, 8), dequantized(5, 6))}, 0},
      // One row of x for both slots; expert 9 is outside: expert 0.
      {"quant.block_matmul_experts %arg0, %arg1, %arg2 format \"q8_0\"", {"1x1x32xf32", "2x1x34xui8", "1x2xi32"},
       {activations(), joined(block(1, 0), block(3, 0)), {1, 9}}, {"1x2x1xf32"}, {{381, 127}}, 0},
  };
}
