// orion: layer norms with biases and rotation of halves. nemotron: the same with a plain feed-forward of squared ReLUs.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerNemotron(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "orion";
  spec.norm = NormKind::Layer;
  spec.ropePairs = nn::RopePairs::halves;
  addArch(registry, spec);

  spec.name = "nemotron";
  spec.feedForward = FeedForward::Plain;
  spec.activation = nn::UnaryKind::relu;
  spec.squared = true;
  addArch(registry, spec);
}

} // namespace ingot
