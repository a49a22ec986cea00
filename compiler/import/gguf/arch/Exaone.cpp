// exaone: a llama that rotates halves. exaone4: norms of what a half adds instead of its input, and of heads; where three of four blocks have windows only
// they are rotated.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerExaone(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "exaone";
  spec.ropePairs = nn::RopePairs::halves;
  addArch(registry, spec);

  spec.name = "exaone4";
  spec.headNorms = HeadNorms::Each;
  spec.attentionNorms = {"", "post_attention_norm", ""};
  spec.ffnNorms = {"", "post_ffw_norm", ""};
  spec.window.period = 4;
  spec.window.turnedAlone = true;
  addArch(registry, spec);
}

} // namespace ingot
