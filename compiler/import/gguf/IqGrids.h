// The codebooks of the IQ types, for the dequantiser and the packer of matrices: plain C++.
#ifndef INGOT_COMPILER_IMPORT_GGUF_IQGRIDS_H
#define INGOT_COMPILER_IMPORT_GGUF_IQGRIDS_H

#include <cstdint>

namespace ingot {

/// Groups of 8 of 3 levels (IQ2: magnitudes, IQ1: ternary digits), or of 4 of 8 levels (IQ3): the sum of level[i] * levels^i.
extern const uint16_t kGridIq2Xxs[256], kGridIq2Xs[512], kGridIq2S[1024], kGridIq3Xxs[256], kGridIq3S[512], kGridIq1[2048];

/// Seven stored signs, and the eighth that makes the number of minuses even.
inline int allSigns(int seven) {
  int odd = seven ^ seven >> 4;
  odd ^= odd >> 2;
  odd ^= odd >> 1;
  return seven | (odd & 1) << 7;
}

} // namespace ingot

#endif
