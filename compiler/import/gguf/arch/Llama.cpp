// llama: Llama 1 to 3, Mistral, Mixtral (expert_count > 0) and the many models converted under their name. Rotation of adjacent pairs (the converter
// has permuted q and k for that), SwiGLU, biases where the file has them, rope_freqs for Llama 3's long context.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerLlama(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "llama";
  addArch(registry, spec);
}

} // namespace ingot
