// granite: a llama whose embedding, residual sums, attention and logits have factors of their own.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerGranite(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "granite";
  spec.embeddingScaleKey = "embedding_scale";
  spec.residualScaleKey = "residual_scale";
  spec.attentionScaleKey = "attention.scale";
  spec.logitScaleKey = "logit_scale";
  addArch(registry, spec);
}

} // namespace ingot
