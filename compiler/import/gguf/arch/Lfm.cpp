// lfm2 (Liquid's LFM2): most blocks mix tokens by a gated convolution over the last few, those with heads of keys by attention with norms of the heads;
// the norm of the output has the name of the embedding's. lfm2moe: behind a few blocks all have experts that are weighed by sigmoids.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerLfm(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "lfm2";
  spec.outputNorm = "token_embd_norm";
  spec.headNorms = HeadNorms::Each;
  spec.ropePairs = nn::RopePairs::halves;
  spec.headless = Headless::ShortConv;
  spec.window.period = 1;
  addArch(registry, spec);

  spec.name = "lfm2moe";
  spec.window = {};
  spec.leadingDense = true;
  spec.routing = Routing::Sigmoid;
  spec.choiceBias = Presence::Always;
  addArch(registry, spec);
}

} // namespace ingot
