// Rotary tables in double precision: each position and pair from its own angle, no running product.
#include "compiler/import/gguf/RopeTable.h"

#include <algorithm>
#include <cmath>

namespace ingot {
namespace {

constexpr double kTwoPi = 6.283185307179586476925;
constexpr double kMagnitudeSlope = 0.1; // yarn: attention entropy grows with the logarithm of the stretch (section 3.4 of the paper)

/// The pair that makes `turns` turns within the trained context.
double pairWithTurns(const RopeSpec &spec, double turns) {
  return static_cast<double>(spec.dims) * std::log(spec.originalContext / (turns * kTwoPi)) / (2 * std::log(spec.base));
}

double yarnMagnitude(double stretch, double multiplier) { return stretch <= 1 ? 1 : 1 + kMagnitudeSlope * multiplier * std::log(stretch); }

/// 1 for pairs that keep their frequency, 0 for stretched ones.
double shareOfOwn(const RopeSpec &spec, int64_t pair) {
  if (!spec.yarn)
    return 0;
  double low = std::max(0.0, std::floor(pairWithTurns(spec, spec.betaFast)));
  double high = std::min(static_cast<double>(spec.dims - 1), std::ceil(pairWithTurns(spec, spec.betaSlow)));
  double ramp = (static_cast<double>(pair) - low) / std::max(0.001, high - low);
  return (1 - std::clamp(ramp, 0.0, 1.0)) * spec.extrapolation;
}

} // namespace

Tensor makeRopeTable(const RopeSpec &spec, int64_t positions, llvm::ArrayRef<float> factors) {
  Tensor table(DType::F32, {positions, spec.dims});
  float *out = table.mutableAs<float>().data();
  int64_t pairs = spec.dims / 2;
  bool stretches = spec.yarn && spec.extrapolation != 0;
  double magnitude = spec.magnitude * (stretches ? yarnMagnitude(spec.stretch, 1) / yarnMagnitude(spec.stretch, spec.logMultiplier) : 1);
  for (int64_t i = 0; i < pairs; ++i) {
    double own = std::pow(spec.base, -2.0 * static_cast<double>(i) / static_cast<double>(spec.dims));
    if (!factors.empty())
      own /= static_cast<double>(factors[i]);
    double share = shareOfOwn(spec, i);
    double frequency = own / spec.stretch * (1 - share) + own * share;
    for (int64_t t = 0; t < positions; ++t) {
      out[t * spec.dims + i] = static_cast<float>(std::cos(static_cast<double>(t) * frequency) * magnitude);
      out[t * spec.dims + pairs + i] = static_cast<float>(std::sin(static_cast<double>(t) * frequency) * magnitude);
    }
  }
  return table;
}

} // namespace ingot
