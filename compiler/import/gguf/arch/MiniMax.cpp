// minimax-m2: one norm over all heads of q and of k, rotation of halves in the first part of each head, experts that are weighed by sigmoids and chosen with a bias.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerMiniMax(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "minimax-m2";
  spec.ropePairs = nn::RopePairs::halves;
  spec.headNorms = HeadNorms::Row;
  spec.routingByKey = true;
  spec.choiceBias = Presence::Always;
  addArch(registry, spec);
}

} // namespace ingot
