// ernie4_5: a llama. ernie4_5-moe: behind a few blocks all have experts, chosen with a bias where the file has it, and one that every row goes through.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerErnie(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "ernie4_5";
  addArch(registry, spec);

  spec.name = "ernie4_5-moe";
  spec.leadingDense = true;
  spec.choiceBias = Presence::Optional;
  spec.sharedExpert = true;
  addArch(registry, spec);
}

} // namespace ingot
