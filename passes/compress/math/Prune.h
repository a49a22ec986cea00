// Which weights become zero: the smallest single ones, or the blocks of four inputs of one output with the smallest sum of squares.
#ifndef INGOT_PASSES_COMPRESS_MATH_PRUNE_H
#define INGOT_PASSES_COMPRESS_MATH_PRUNE_H

#include <cstdint>

namespace ingot {

/// Sets floor(share * count) weights of the least magnitude to 0; of equals the first ones go.
void pruneMagnitude(float *weights, int64_t count, double share);

/// A matrix of `outputs` x `depth`, element (o, k) at o * outputStride + k * depthStride. Sets floor(share * blocks) of its blocks (four
/// consecutive k of one o; the last of an output may be shorter) to 0, those with the least sum of squares first.
struct MatrixView {
  float *data;
  int64_t outputs, depth, outputStride, depthStride;
};
void pruneBlocks4x1(MatrixView matrix, double share);

/// How many elements are zero.
int64_t countZeros(const float *weights, int64_t count);

} // namespace ingot

#endif
