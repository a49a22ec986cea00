// Temperature, top-k and top-p in this order, then one draw.
#include "tools/ingot/Sampler.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

namespace ingot {
namespace {

/// exp(x) for x <= 0: 2^k e^r with |r| <= ln 2 / 2, and 13 terms of the series, whose error lies below the last bit of a double.
double exponential(double x) {
  constexpr double kLog2E = 1.4426950408889634, kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10, kLeast = -745;
  if (!(x > kLeast))
    return 0;
  double k = std::nearbyint(x * kLog2E), r = std::fma(-k, kLn2Low, std::fma(-k, kLn2High, x)), sum = 1;
  for (int n = 13; n >= 1; --n)
    sum = std::fma(sum, r / n, 1);
  return std::ldexp(sum, static_cast<int>(k));
}

} // namespace

std::optional<int32_t> likeliest(llvm::ArrayRef<float> logits) {
  std::optional<int32_t> best;
  for (size_t i = 0; i < logits.size(); ++i)
    if (std::isfinite(logits[i]) && (!best || logits[i] > logits[static_cast<size_t>(*best)]))
      best = static_cast<int32_t>(i);
  return best;
}

/// SplitMix64 (Steele, Lea, Flood 2014): 53 bits in [0, 1).
double Sampler::nextUnit() {
  state += 0x9E3779B97F4A7C15;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

std::vector<Sampler::Candidate> Sampler::narrow(llvm::ArrayRef<float> logits) const {
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < logits.size(); ++i)
    if (std::isfinite(logits[i]))
      candidates.push_back({static_cast<int32_t>(i), logits[i], 0});
  auto before = [](const Candidate &a, const Candidate &b) { return a.logit != b.logit ? a.logit > b.logit : a.id < b.id; };
  if (options.topK > 0 && static_cast<size_t>(options.topK) < candidates.size()) {
    std::nth_element(candidates.begin(), candidates.begin() + options.topK, candidates.end(), before);
    candidates.resize(static_cast<size_t>(options.topK));
  }
  llvm::sort(candidates, before);
  double sum = 0, kept = 0;
  for (Candidate &c : candidates)
    sum += c.weight = exponential((double(c.logit) - candidates.front().logit) / options.temperature);
  for (size_t i = 0; i < candidates.size(); ++i)
    if ((kept += candidates[i].weight) >= options.topP * sum)
      candidates.resize(i + 1);
  return candidates;
}

std::optional<int32_t> Sampler::choose(llvm::ArrayRef<float> logits) {
  if (options.never.empty())
    return chooseAmong(logits);
  std::vector<float> left = logits.vec();
  for (int32_t id : options.never)
    if (static_cast<size_t>(id) < left.size())
      left[static_cast<size_t>(id)] = -INFINITY;
  return chooseAmong(left);
}

std::optional<int32_t> Sampler::chooseAmong(llvm::ArrayRef<float> logits) {
  if (options.temperature == 0)
    return likeliest(logits);
  std::vector<Candidate> candidates = narrow(logits);
  if (candidates.empty())
    return std::nullopt;
  double sum = 0;
  for (const Candidate &c : candidates)
    sum += c.weight;
  double left = nextUnit() * sum;
  for (const Candidate &c : candidates)
    if ((left -= c.weight) < 0)
      return c.id;
  return candidates.back().id;
}

} // namespace ingot
