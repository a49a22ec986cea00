// exaone: a llama that rotates halves. exaone4: norms of what a half adds instead of its input, and of heads; where three of four blocks have windows only
// they are rotated. exaone-moe: the same with norms before each half, and behind a few blocks experts and one that every row goes through.
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

  spec.name = "exaone-moe";
  spec.attentionNorms = {"attn_norm", "", ""};
  spec.ffnNorms = {"ffn_norm", "", ""};
  spec.leadingDense = true;
  spec.routingByKey = true;
  spec.choiceBias = Presence::Optional;
  spec.sharedExpert = true;
  spec.drafts = true;
  addArch(registry, spec);
}

} // namespace ingot
