// Comparing outputs with known ones: the tolerances of the command line contract.
#ifndef INGOT_TOOLS_INGOT_COMPARE_H
#define INGOT_TOOLS_INGOT_COMPARE_H

#include "compiler/reference/Tensor.h"
#include "tools/ingot/Command.h"

#include <map>

namespace ingot {

/// |got - want| <= atol + rtol |want|; exact: equal bits.
struct Tolerance {
  double rtol = 0, atol = 0;
  bool exact = false;
};

struct Comparison {
  double maxAbs = 0, maxRel = 0;
  bool ok = true;
  std::string reason; // "" when ok
};

/// True when a model's operators (name -> count) compute in integers: QDQ, QLinear, dynamic quantisation, MatMulNBits.
bool computesInIntegers(const std::map<std::string, int64_t> &opCounts);

/// What the options ask for, else the type's default. `floatAtol`: the command's absolute tolerance for f32 (1e-4 or 1e-5).
Tolerance toleranceFor(const Options &options, const Tensor &want, bool integerModel, double floatAtol);

Comparison compare(const Tensor &got, const Tensor &want, const Tolerance &tolerance);

} // namespace ingot

#endif
