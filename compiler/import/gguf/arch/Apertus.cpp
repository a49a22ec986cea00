// apertus: a llama with norms of heads, rotation of halves, and a plain feed-forward whose activation has numbers of its own in each block.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerApertus(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "apertus";
  spec.ropePairs = nn::RopePairs::halves;
  spec.headNorms = HeadNorms::Each;
  spec.feedForward = FeedForward::Plain;
  spec.bent = true;
  addArch(registry, spec);
}

} // namespace ingot
