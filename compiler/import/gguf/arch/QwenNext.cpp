// qwen35 (Qwen3.5 and 3.6): three of four blocks mix tokens by a gated delta rule, every fourth by attention whose heads have gates; blocks at the end that
// guess further tokens are left out. qwen35moe is the same with experts, and one that every row goes through with a weight of its own; qwen3next
// (Qwen3-Next) came before it: its matrices of decay and beta are joined, and neighbouring heads share keys.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerQwenNext(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "qwen35";
  spec.ffnNorms = {"post_attention_norm", "", ""};
  spec.headNorms = HeadNorms::Each;
  spec.ropePairs = nn::RopePairs::halves;
  spec.sectionsKey = "rope.dimension_sections";
  spec.headless = Headless::DeltaNet;
  spec.attendsEvery = 4;
  spec.keysInTurn = true;
  spec.gatedHeads = true;
  spec.drafts = true;
  addArch(registry, spec);

  spec.name = "qwen35moe";
  spec.sharedExpert = true;
  spec.sharedGate = true;
  addArch(registry, spec);

  spec.name = "qwen3next";
  spec.sectionsKey = "";
  spec.keysInTurn = false;
  spec.joinedDelta = true;
  spec.drafts = false;
  addArch(registry, spec);
}

} // namespace ingot
