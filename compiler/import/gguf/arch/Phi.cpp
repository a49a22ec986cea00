// phi3 (Phi 3 to 4): q, k and v in one matrix, gate and up in one, rotation of the first part of each head with divisors for short and long contexts.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerPhi(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "phi3";
  spec.ropePairs = nn::RopePairs::halves;
  spec.feedForward = FeedForward::Joined;
  spec.window.period = 1;
  addArch(registry, spec);
}

} // namespace ingot
