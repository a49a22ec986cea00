// step35 (Step 3.5): blocks with windows have heads and a rotation of their own, the others rotate half as many elements; norms of heads and a gate of each
// where the file has them, and behind a few blocks experts that are weighed by sigmoids, with bounds in some blocks.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerStep(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "step35";
  spec.ropePairs = nn::RopePairs::halves;
  spec.headNorms = HeadNorms::Each;
  spec.headNormsOptional = true;
  spec.ownHeads = true;
  spec.gateOfHead = true;
  spec.window.period = 1;
  spec.window.fallback = WindowSpec::kNeeded;
  spec.window.said = spec.window.halfElsewhere = true;
  spec.window.ropeBase = 10000;
  spec.leadingDense = true;
  spec.routing = Routing::Sigmoid;
  spec.choiceBias = Presence::Optional;
  spec.renormalizeExperts = false;
  spec.sharedExpert = true;
  spec.limits = true;
  spec.drafts = true;
  addArch(registry, spec);
}

} // namespace ingot
