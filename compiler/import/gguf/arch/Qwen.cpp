// qwen2 and qwen3: rotation of halves. qwen2 has biases of q, k and v (found in the file), qwen3 norms of their heads; qwen3moe is qwen3 with experts,
// qwen2moe qwen2 with experts as the softmax weighs them, and one that every row goes through as far as a sigmoid lets it. qwen2vl, qwen3vl, qwen3vlmoe:
// their text, whose pairs all turn by the one position.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerQwen(ArchRegistry &registry) {
  ArchSpec spec;
  spec.ropePairs = nn::RopePairs::halves;
  spec.name = "qwen2";
  addArch(registry, spec);
  spec.sectionsKey = "rope.dimension_sections";
  spec.name = "qwen2vl";
  addArch(registry, spec);
  spec.sectionsKey = "";
  spec.name = "qwen2moe";
  spec.renormalizeExperts = false;
  spec.sharedExpert = spec.sharedGate = true;
  addArch(registry, spec);
  spec.renormalizeExperts = true;
  spec.sharedExpert = spec.sharedGate = false;
  spec.headNorms = HeadNorms::Each;
  spec.name = "qwen3";
  addArch(registry, spec);
  spec.name = "qwen3moe";
  addArch(registry, spec);
  spec.sectionsKey = "rope.dimension_sections";
  spec.name = "qwen3vl";
  addArch(registry, spec);
  spec.name = "qwen3vlmoe";
  addArch(registry, spec);
}

} // namespace ingot
