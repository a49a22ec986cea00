// gpt-oss: experts chosen first and weighed among themselves, a clamped SwiGLU with alpha 1.702 and up + 1, biases everywhere, an attention sink a
// head, windows in every other block.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerGptOss(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "gpt-oss";
  spec.ropePairs = nn::RopePairs::halves;
  spec.ffnNorms = {"post_attention_norm", "", ""};
  spec.window = {2, 0, true, 0};
  spec.sinks = Presence::Always;
  spec.activationAlpha = 1.702; // of the released model, as is the limit
  spec.gateLimit = 7;
  spec.routing = Routing::TopThenShare;
  addArch(registry, spec);
}

} // namespace ingot
