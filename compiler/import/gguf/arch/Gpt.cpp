// gpt2: layer norms with biases, a table of positions instead of rotation, q, k and v in one matrix, a plain tanh GELU. starcoder: with one head of
// keys. starcoder2, codeshell: the same norms and feed-forward with rotation of halves and grouped heads.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerGpt(ArchRegistry &registry) {
  ArchSpec spec;
  spec.norm = NormKind::Layer;
  spec.feedForward = FeedForward::Plain;
  spec.activation = nn::UnaryKind::gelu_tanh;
  spec.ropePairs = nn::RopePairs::halves;
  spec.name = "starcoder2";
  addArch(registry, spec);
  spec.name = "codeshell";
  addArch(registry, spec);

  spec.name = "gpt2";
  spec.rotary = false;
  spec.positionTable = Presence::Always;
  addArch(registry, spec);
  spec.name = "starcoder";
  addArch(registry, spec);
}

} // namespace ingot
