// Choosing the next token from logits. The same logits and seed give the same token on every machine: ties go to the smaller id, and the
// exponential and the random numbers are our own.
#ifndef INGOT_TOOLS_INGOT_SAMPLER_H
#define INGOT_TOOLS_INGOT_SAMPLER_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ingot {

struct SamplerOptions {
  double temperature = 0; // 0: the likeliest token
  int64_t topK = 0;       // 0: all
  double topP = 1;
  uint64_t seed = 1;
  std::vector<int32_t> never = {}; // tokens that are not chosen
};

class Sampler {
public:
  explicit Sampler(const SamplerOptions &options) : options(options), state(options.seed) {}
  /// A token id; nullopt when no logit is a finite number.
  std::optional<int32_t> choose(llvm::ArrayRef<float> logits);

private:
  struct Candidate {
    int32_t id;
    float logit;
    double weight; // not normalised
  };
  std::optional<int32_t> chooseAmong(llvm::ArrayRef<float> logits);
  /// The candidates, likeliest first, that top-k and top-p leave; their weights.
  std::vector<Candidate> narrow(llvm::ArrayRef<float> logits) const;
  double nextUnit();

  SamplerOptions options;
  uint64_t state;
};

/// The likeliest token, the smaller id of equals; nullopt when no logit is a finite number.
std::optional<int32_t> likeliest(llvm::ArrayRef<float> logits);

} // namespace ingot

#endif
