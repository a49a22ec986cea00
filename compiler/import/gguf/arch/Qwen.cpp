// qwen2 and qwen3: rotation of halves. qwen2 has biases of q, k and v (found in the file), qwen3 norms of their heads; qwen3moe is qwen3 with experts.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerQwen(ArchRegistry &registry) {
  ArchSpec spec;
  spec.ropePairs = nn::RopePairs::halves;
  spec.name = "qwen2";
  addArch(registry, spec);
  spec.headNorms = HeadNorms::Each;
  spec.name = "qwen3";
  addArch(registry, spec);
  spec.name = "qwen3moe";
  addArch(registry, spec);
}

} // namespace ingot
