// The table of formats, and the quantisation of activations.
#include "dialects/quant/BlockFormats.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

namespace ingot::quant {

std::optional<int64_t> BlockFormat::elementsIn(int64_t rowBytes) const {
  int64_t count = 0;
  if (rowBytes < 0 || rowBytes % bytes != 0 || llvm::MulOverflow(rowBytes / bytes, elements, count))
    return std::nullopt;
  return count;
}

std::optional<int64_t> BlockFormat::bytesOf(int64_t count) const {
  int64_t size = 0;
  if (count < 0 || count % elements != 0 || llvm::MulOverflow(count / elements, bytes, size))
    return std::nullopt;
  return size;
}

llvm::ArrayRef<BlockFormat> blockFormats() {
  static const BlockFormat formats[] = {
#define BLOCK_FORMAT(name, elements, bytes, quantizesActivations) {#name, elements, bytes, quantizesActivations != 0},
#include "dialects/quant/BlockFormats.def"
#undef BLOCK_FORMAT
  };
  return formats;
}

const BlockFormat *findBlockFormat(llvm::StringRef name) {
  const BlockFormat *found = llvm::find_if(blockFormats(), [&](const BlockFormat &format) { return format.name == name; });
  return found == blockFormats().end() ? nullptr : found;
}

float quantizeBlock(const float *x, int64_t bits, int16_t *q) {
  float steps = bits == 16 ? 32512.0f : 127.0f, largest = 0; // 32512 = 127 * 255 + 127, two digits
  for (int i = 0; i < 32; ++i)
    largest = std::max(largest, std::fabs(x[i]));
  float inverse = largest == 0 ? 0 : steps / largest;
  for (int i = 0; i < 32; ++i) {
    float product = x[i] * inverse;
    float clamped = std::isnan(product) ? 0.0f : std::min(std::max(std::nearbyint(product), -steps), steps);
    q[i] = static_cast<int16_t>(clamped);
  }
  return largest / steps;
}

} // namespace ingot::quant
