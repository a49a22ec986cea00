// seed_oss: biases of q, k and v (found in the file), rotation of halves, and the norm of the feed-forward under the name of the attention's
// second. pangu-embedded: under its own, and a bias behind the attention.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerSeedOss(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "seed_oss";
  spec.ropePairs = nn::RopePairs::halves;
  spec.ffnNorms = {"post_attention_norm", "", ""};
  addArch(registry, spec);
  spec.name = "pangu-embedded";
  spec.ffnNorms.before = "ffn_norm";
  addArch(registry, spec);
}

} // namespace ingot
