// Numbers rounded to f16, as GGUF blocks store their scales.
#ifndef INGOT_PASSES_COMPRESS_MATH_HALF_H
#define INGOT_PASSES_COMPRESS_MATH_HALF_H

#include <cstdint>
#include <cstring>

namespace ingot {

inline float toHalf(float value) { return static_cast<float>(static_cast<_Float16>(value)); }

inline void storeHalf(float value, uint8_t *out) {
  _Float16 half = static_cast<_Float16>(value);
  std::memcpy(out, &half, sizeof half);
}

} // namespace ingot

#endif
