// chatglm (ChatGLM 3, GLM 4 before 0414): rotation of adjacent pairs in the first half of each head, gate and up in one matrix. glm4: norms after each half too.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerGlm(ArchRegistry &registry) {
  ArchSpec spec;
  spec.feedForward = FeedForward::Joined;
  spec.name = "chatglm";
  addArch(registry, spec);

  spec.name = "glm4";
  spec.attentionNorms.after = "post_attention_norm";
  spec.ffnNorms.after = "post_ffw_norm";
  addArch(registry, spec);
}

} // namespace ingot
