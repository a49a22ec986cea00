// llama4: three of four blocks rotate, norm their heads without weights and see a piece of 8,192 positions, the fourth sees all, with queries that grow with the
// position; experts in every block or in every second one, which read the row times a sigmoid, beside one that every row goes through.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerLlama4(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "llama4";
  spec.window.period = 4;
  spec.window.fallback = 8192;
  spec.window.piecewise = true;
  spec.unturnedEvery = 4;
  spec.headNorms = HeadNorms::Bare;
  spec.headNormsTurned = true;
  spec.normlessExperts = 128;
  spec.temperature = 0.1;
  spec.temperatureLength = 8192;
  spec.interleaved = true;
  spec.routing = Routing::TopThenSigmoid;
  spec.renormalizeExperts = false;
  spec.weighedFirst = true;
  spec.sharedExpert = spec.sharedAlike = true;
  addArch(registry, spec);
}

} // namespace ingot
