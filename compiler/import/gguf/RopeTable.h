// The table of rotary positions: what the metadata say about frequencies, and the recipe that computes it.
#ifndef INGOT_COMPILER_IMPORT_GGUF_ROPETABLE_H
#define INGOT_COMPILER_IMPORT_GGUF_ROPETABLE_H

#include "compiler/reference/Tensor.h"

namespace ingot {

/// Pair i of position t turns by t * base^(-2i / dims) / factors[i], stretched for contexts longer than the trained one.
struct RopeSpec {
  int64_t dims = 0;     // R: rotated elements of a head, even
  double base = 10000;
  double stretch = 1;   // linear and yarn: positions are divided by it
  bool yarn = false;    // Peng et al. 2023 (arXiv 2309.00071): fast pairs keep their frequency, slow ones are stretched, a ramp between them
  double originalContext = 0; // yarn: trained context
  double betaFast = 32, betaSlow = 1, extrapolation = 1, magnitude = 1;
  double logMultiplier = 0; // yarn: divides the magnitude by that of a slope this many times as steep
};

/// f32 [positions, R]: R/2 cosines, then R/2 sines, computed in double precision. `factors` has R/2 divisors of the frequencies, or is empty.
Tensor makeRopeTable(const RopeSpec &spec, int64_t positions, llvm::ArrayRef<float> factors);

} // namespace ingot

#endif
