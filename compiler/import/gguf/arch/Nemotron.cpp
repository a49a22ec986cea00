// orion: layer norms with biases and rotation of halves. nemotron, jais2: the same with a plain feed-forward of squared ReLUs. nemotron_h: RMS norms and no rotation,
// each block is a recurrence, attention, or such a feed-forward; nemotron_h_moe: of experts that are weighed by sigmoids, and one that every row goes through.
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
  spec.name = "jais2";
  addArch(registry, spec);

  spec.name = "nemotron_h";
  spec.norm = NormKind::Rms;
  spec.ffnNorms = spec.attentionNorms;
  spec.unturnedEvery = 1;
  spec.headless = Headless::Recurrence;
  spec.oneHalf = true;
  addArch(registry, spec);
  spec.name = "nemotron_h_moe";
  spec.routing = Routing::Sigmoid;
  spec.choiceBias = Presence::Always;
  spec.sharedExpert = true;
  addArch(registry, spec);
}

} // namespace ingot
