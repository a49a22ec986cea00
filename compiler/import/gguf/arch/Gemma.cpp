// gemma: embeddings times the root of the width, gated tanh GELU, rotation of halves. gemma2, gemma3 and gemma-embedding: norms before and after each
// half, windows in all blocks but some; gemma2 caps scores and logits, gemma3 has norms of heads and a base of its own in windowed blocks.
// gemma3n: streams side by side, rows of each token for each block, and caches that later blocks share. gemma4: shorter heads in windowed blocks, normed
// values, scores as they are; the small ones with rows and shared caches likewise, a large one with experts beside the dense feed-forward.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerGemma(ArchRegistry &registry) {
  ArchSpec spec;
  spec.embeddingRoot = true;
  spec.ropePairs = nn::RopePairs::halves;
  spec.activation = nn::UnaryKind::gelu_tanh;
  spec.name = "gemma";
  addArch(registry, spec);

  spec.attentionNorms = {"attn_norm", "post_attention_norm", ""};
  spec.ffnNorms = {"ffn_norm", "post_ffw_norm", ""};
  spec.attentionCapKey = "attn_logit_softcapping";
  spec.logitCapKey = "final_logit_softcapping";

  spec.name = "gemma2";
  spec.attentionCap = 50; // values of the released models, for files from before the keys
  spec.logitCap = 30;
  spec.window = {2, 0, true, 4096};
  spec.wideScaleBlocks = 46; // 27B
  addArch(registry, spec);

  spec.name = "gemma3";
  spec.attentionCap = spec.logitCap = 0;
  spec.headNorms = HeadNorms::Each;
  spec.window = {6, 10000, false, 0};
  spec.wideScaleBlocks = 62; // 27B
  addArch(registry, spec);

  ArchSpec nano = spec;
  nano.name = "gemma3n";
  nano.attentionCapKey = "";
  nano.logitCap = 30;
  nano.window = {5, 10000, false, WindowSpec::kNeeded};
  nano.wideScaleBlocks = 0;
  nano.attentionScale = 1;
  nano.valueNorms = nano.sharedCaches = true;
  nano.layerInputs = nano.streams = true;
  addArch(registry, nano);

  ArchSpec fourth = spec;
  fourth.name = "gemma4";
  fourth.attentionCapKey = "";
  fourth.window = {};
  fourth.window.period = 1;
  fourth.window.fallback = WindowSpec::kNeeded;
  fourth.window.ownShape = true;
  fourth.wideScaleBlocks = 0;
  fourth.attentionScale = 1;
  fourth.valueNorms = fourth.sharedCaches = true;
  fourth.layerInputs = fourth.blockScale = true;
  fourth.denseBeside = true;
  addArch(registry, fourth);

  spec.name = "gemma-embedding";
  spec.causal = false;
  spec.denseHeads = true;
  addArch(registry, spec);
}

} // namespace ingot
