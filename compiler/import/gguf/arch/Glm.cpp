// chatglm (ChatGLM 3, GLM 4 before 0414): rotation of adjacent pairs in the first half of each head, gate and up in one matrix. glm4: norms after each
// half too. glm4moe (GLM 4.5 Air), dots1, bailingmoe2 (Ling 2): behind a few blocks experts weighed by sigmoids, and some that every row goes through;
// rotation of halves, norms of heads; in bailingmoe2 experts are chosen by groups.
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

  ArchSpec routed;
  routed.ropePairs = nn::RopePairs::halves;
  routed.leadingDense = true;
  routed.routingByKey = true;
  routed.choiceBias = Presence::Optional;
  routed.sharedExpert = routed.sharedByCount = true;
  routed.name = "dots1";
  routed.headNorms = HeadNorms::Each;
  addArch(registry, routed);
  routed.name = "bailingmoe2";
  routed.drafts = true;
  routed.expertGroups = true;
  addArch(registry, routed);
  routed.expertGroups = false;
  routed.name = "glm4moe";
  routed.headNorms = HeadNorms::Own;
  routed.ffnNorms.before = "post_attention_norm";
  addArch(registry, routed);
}

} // namespace ingot
