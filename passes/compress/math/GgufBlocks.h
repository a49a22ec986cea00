// Weights as GGUF blocks. Below 8 bits scales are searched: among the one that the extreme asks for and its neighbours, each refined in closed
// form, the one of the least squared error. A scale is rounded to f16 before integers are chosen, so that its rounding costs nothing.
#ifndef INGOT_PASSES_COMPRESS_MATH_GGUFBLOCKS_H
#define INGOT_PASSES_COMPRESS_MATH_GGUFBLOCKS_H

#include <cstdint>

namespace ingot {

/// 32 weights: f16 d | 32 signed bytes; value d q, q in [-127, 127]; d = max|w| / 127.
void quantizeQ8_0(const float *weights, uint8_t *block);
/// 32 weights: f16 d | 16 bytes of nibbles, the first half low; value d (q - 8).
void quantizeQ4_0(const float *weights, uint8_t *block);
/// 32 weights: f16 d | 4 bytes of fifth bits | 16 bytes of nibbles; value d (q - 16).
void quantizeQ5_0(const float *weights, uint8_t *block);
/// 256 weights: f16 d, f16 dmin | 12 bytes of 6-bit pairs | 128 bytes of nibbles; value d scale q - dmin minimum, sub-blocks of 32.
void quantizeQ4_K(const float *weights, uint8_t *block);
/// 256 weights: 128 bytes of low nibbles | 64 bytes of high bit pairs | 16 signed scales | f16 d; value d scale (q - 32).
void quantizeQ6_K(const float *weights, uint8_t *block);

} // namespace ingot

#endif
