// gptneox (Pythia): layer norms with biases, rotation of the first part of each head, a plain tanh GELU, both halves of a block read what comes into it where
// the file says so. phi2 and falcon: the same behind one norm, or in large falcons one each. stablelm: gated, with a norm for each half or one for both, and norms of heads in the latter.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerNeoX(ArchRegistry &registry) {
  ArchSpec spec;
  spec.norm = NormKind::Layer;
  spec.ropePairs = nn::RopePairs::halves;
  spec.name = "stablelm";
  spec.halves = Halves::ByNorm;
  spec.headNorms = HeadNorms::Own;
  addArch(registry, spec);

  spec.headNorms = HeadNorms::None;
  spec.feedForward = FeedForward::Plain;
  spec.activation = nn::UnaryKind::gelu_tanh;
  spec.name = "gptneox";
  spec.halves = Halves::ByKey;
  addArch(registry, spec);

  spec.halves = Halves::Beside;
  spec.ffnNorms = {"attn_norm", "", ""};
  spec.name = "phi2";
  addArch(registry, spec);
  spec.name = "falcon";
  spec.secondNorm = true;
  addArch(registry, spec);
}

} // namespace ingot
