// granite: a llama whose embedding, residual sums, attention and logits have factors of their own. granitehybrid (Granite 4.0 H): most blocks mix tokens by a
// recurrence, the few with heads of keys by attention, as a rule without rotation; dense, or of experts and one that every row goes through.
// granitemoe: experts, and one more in some.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerGranite(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "granite";
  spec.embeddingScaleKey = "embedding_scale";
  spec.residualScaleKey = "residual_scale";
  spec.attentionScaleKey = "attention.scale";
  spec.logitScaleKey = "logit_scale";
  spec.rotatesKey = "rope.scaling.finetuned";
  addArch(registry, spec);

  spec.name = "granitemoe";
  spec.sharedExpert = true;
  addArch(registry, spec);

  spec.name = "granitehybrid";
  spec.headless = Headless::Recurrence;
  addArch(registry, spec);
}

} // namespace ingot
