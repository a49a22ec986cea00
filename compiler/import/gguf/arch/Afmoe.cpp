// afmoe (Arcee's Trinity): embeddings times the root of the width, norms before and after each half and of heads, windows in three of four blocks, of which
// the fourth is not rotated, a gate of what attention gives, and behind a few blocks experts that are weighed by sigmoids.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerAfmoe(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "afmoe";
  spec.embeddingRoot = true;
  spec.attentionNorms = {"attn_norm", "post_attention_norm", ""};
  spec.ffnNorms = {"ffn_norm", "post_ffw_norm", ""};
  spec.headNorms = HeadNorms::Each;
  spec.ropePairs = nn::RopePairs::halves;
  spec.window.period = 4;
  spec.unturnedEvery = 4;
  spec.gateMatrix = true;
  spec.leadingDense = true;
  spec.routingByKey = spec.routingUnsaid = true;
  spec.choiceBias = Presence::Always;
  spec.sharedExpert = spec.sharedByCount = true;
  spec.renormalizeExperts = false;
  addArch(registry, spec);
}

} // namespace ingot
