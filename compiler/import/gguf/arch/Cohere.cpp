// command-r and cohere2 (Command R, Aya): layer norms without biases, both halves of a block behind one norm, a factor on the logits. command-r has norms of
// heads in its large models; in cohere2 three of four blocks have windows, and only they are rotated.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerCohere(ArchRegistry &registry) {
  ArchSpec spec;
  spec.norm = NormKind::Weighted;
  spec.halves = Halves::Beside;
  spec.ffnNorms = {"attn_norm", "", ""};
  spec.logitFactorKey = "logit_scale";
  spec.name = "command-r";
  spec.headNorms = HeadNorms::Own;
  addArch(registry, spec);

  spec.name = "cohere2";
  spec.scalesNeeded = true;
  spec.headNorms = HeadNorms::None;
  spec.window.period = 4;
  spec.window.fallback = WindowSpec::kNeeded;
  spec.window.turnedAlone = true;
  addArch(registry, spec);
}

} // namespace ingot
