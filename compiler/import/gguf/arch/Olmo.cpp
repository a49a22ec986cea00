// olmo: norms without weights, and q, k and v clamped. olmo2 (OLMo 2 and 3): norms of what a half adds instead of its input, one norm over all heads of q and of k; OLMo 3 has windows in three of four
// blocks, where the context is not stretched. olmoe: norms before, the same norms of heads, and experts whose weights are as the softmax gives them.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerOlmo(ArchRegistry &registry) {
  ArchSpec first;
  first.name = "olmo";
  first.norm = NormKind::Bare;
  first.clampKey = "attention.clamp_kqv";
  addArch(registry, first);

  ArchSpec spec;
  spec.ropePairs = nn::RopePairs::halves;
  spec.headNorms = HeadNorms::Row;
  spec.name = "olmoe";
  spec.renormalizeExperts = false;
  addArch(registry, spec);

  spec.name = "olmo2";
  spec.renormalizeExperts = true;
  spec.attentionNorms = {"", "post_attention_norm", ""};
  spec.ffnNorms = {"", "post_ffw_norm", ""};
  spec.window = {4, 0, false, 0};
  addArch(registry, spec);
}

} // namespace ingot
