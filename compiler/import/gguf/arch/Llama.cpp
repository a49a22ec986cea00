// llama: Llama 1 to 3, Mistral, Mixtral (expert_count > 0) and the many models converted under their name. Rotation of adjacent pairs (the converter
// has permuted q and k for that), SwiGLU, biases where the file has them, rope_freqs for Llama 3's long context. mistral3: with a temperature of
// attention that grows with the position. llama-embed: every token sees all others. deci (models that were pruned block by
// block): blocks have heads and widths of their own, or none. internlm2 and xverse, to the numbers; arcee: a plain feed-forward
// of squared ReLUs.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerLlama(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "llama";
  addArch(registry, spec);
  spec.name = "internlm2";
  addArch(registry, spec);
  spec.name = "xverse";
  addArch(registry, spec);
  spec.name = "mistral3";
  spec.temperatureScaleKey = "attention.temperature_scale";
  addArch(registry, spec);
  spec.temperatureScaleKey = "";
  spec.ownHeads = true;
  spec.name = "deci";
  addArch(registry, spec);
  spec.ownHeads = false;
  spec.name = "llama-embed";
  spec.causal = false;
  addArch(registry, spec);
  spec.name = "arcee";
  spec.causal = true;
  spec.feedForward = FeedForward::Plain;
  spec.activation = nn::UnaryKind::relu;
  spec.squared = true;
  addArch(registry, spec);
}

} // namespace ingot
