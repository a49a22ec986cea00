// Weights as signed bytes in [-127, 127], one scale an output channel, zero point 0; biases as int32 on the scale of the accumulator.
#ifndef INGOT_PASSES_COMPRESS_MATH_INT8_H
#define INGOT_PASSES_COMPRESS_MATH_INT8_H

#include <cstdint>
#include <vector>

namespace ingot {

/// Where the channels of a row-major tensor lie: element i belongs to channel (i / inner) % channels.
struct ChannelLayout {
  int64_t channels = 1, inner = 1;
};

struct Int8Weights {
  std::vector<int8_t> values; // in the order of the tensor
  std::vector<float> scales;  // [channels]
  double error = 0;           // root of sum (w - q s)^2 / sum w^2
};

/// Rounds to nearest even. `least` (empty, or [channels]) bounds the scales from below. With `search`, each channel's scale is the one of
/// the least squared error among max|w| / 127 times 1, 0.99 ... 0.6; without, max|w| / 127.
Int8Weights quantizeChannels(const float *weights, int64_t count, ChannelLayout layout, const std::vector<float> &least, bool search);

/// The least weight scale of each channel with which bias / (inputScale * scale) fits 30 bits.
std::vector<float> leastScales(const float *bias, int64_t channels, float inputScale);

/// roundHalfEven(bias / (inputScale * scale)), each product rounded to f32.
std::vector<int32_t> quantizeBias(const float *bias, int64_t channels, float inputScale, const std::vector<float> &scales);

} // namespace ingot

#endif
