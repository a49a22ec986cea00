// smollm3: a llama whose every fourth block is not rotated.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerSmolLm(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "smollm3";
  spec.unturnedEvery = 4;
  addArch(registry, spec);
}

} // namespace ingot
