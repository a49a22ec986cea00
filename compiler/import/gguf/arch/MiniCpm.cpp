// minicpm: a llama whose embedding, residual sums and logits have factors of their own.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerMiniCpm(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "minicpm";
  spec.embeddingScaleKey = "embedding_scale";
  spec.residualScaleKey = "residual_scale";
  spec.logitScaleKey = "logit_scale";
  spec.scalesNeeded = true;
  addArch(registry, spec);
}

} // namespace ingot
