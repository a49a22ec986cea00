// falcon-h1: every block has attention and a recurrence side by side, and adds what both give; the converter has multiplied the model's factors into the weights.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerFalcon(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "falcon-h1";
  spec.ropePairs = nn::RopePairs::halves;
  spec.besideAttention = true;
  spec.recurrenceNorm = false;
  addArch(registry, spec);
}

} // namespace ingot
