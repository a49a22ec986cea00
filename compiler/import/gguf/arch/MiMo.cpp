// mimo2 (MiMo V2): windows in the blocks that the file says, with heads of keys and a base of their own, sinks where the file has them, values shorter than keys,
// and experts that are weighed by sigmoids and chosen with a bias, in the blocks that have a router.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerMiMo(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "mimo2";
  spec.ropePairs = nn::RopePairs::halves;
  spec.window.period = 1;
  spec.window.fallback = WindowSpec::kNeeded;
  spec.window.said = true;
  spec.window.ropeBase = 10000;
  spec.window.stretched = false;
  spec.sinks = Presence::Optional;
  spec.valueScaleKey = "attention.value_scale";
  spec.expertsFound = true;
  spec.routing = Routing::Sigmoid;
  spec.choiceBias = Presence::Optional;
  spec.drafts = true;
  addArch(registry, spec);
}

} // namespace ingot
