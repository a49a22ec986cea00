// Weight-only quantisation in blocks along the reduction: b-bit unsigned integers, one scale and one zero point a block
// (ONNX Runtime's MatMulNBits). The search never does worse than rounding to the block's extremes.
#ifndef INGOT_PASSES_COMPRESS_MATH_BLOCKS_H
#define INGOT_PASSES_COMPRESS_MATH_BLOCKS_H

#include <cstdint>

namespace ingot {

struct BlockParams {
  float scale = 1;
  int32_t zero = 0; // real = (q - zero) * scale
};

/// Scale and zero point from the extremes of `count` values, 0 included: what a plain quantiser takes.
BlockParams plainBlock(const float *values, int64_t count, int bits);

/// The best of the plain block, of zero points around its own and of scales around it, each refined in closed form
/// (scale = sum w (q - z) / sum (q - z)^2): least sum of squared errors.
BlockParams searchBlock(const float *values, int64_t count, int bits);

/// clamp(roundHalfEven(value / scale) + zero, 0, 2^bits - 1).
uint8_t blockValue(float value, BlockParams params, int bits);

/// Sum of (value - (q - zero) * scale)^2.
double blockError(const float *values, int64_t count, BlockParams params, int bits);

} // namespace ingot

#endif
