// mamba2: blocks are recurrences and nothing else, without attention, positions or a feed-forward.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerMamba(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "mamba2";
  spec.ffnNorms = {"", "", ""};
  spec.feedForward = FeedForward::None;
  spec.hasHeads = false;
  spec.rotary = false;
  spec.headless = Headless::Recurrence;
  addArch(registry, spec);
}

} // namespace ingot
