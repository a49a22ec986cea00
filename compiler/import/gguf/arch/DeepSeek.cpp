// deepseek2 (DeepSeek V2 to V3.1, Kimi K2, GLM 4.7 Flash): keys and values of one short row a token, behind a few dense blocks experts by groups and some that
// every row goes through; blocks that guess further tokens are left out. Queries of Mistral Large 3 grow with
// the position. plm: such keys, made row by row, and a plain feed-forward of squared ReLUs. deepseek (the first MoE model), bailingmoe (Ling 1): a llama with
// such experts.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerDeepSeek(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "deepseek";
  spec.leadingDense = true;
  spec.sharedExpert = spec.sharedByCount = true;
  spec.renormalizeExperts = false;
  addArch(registry, spec);

  spec.name = "bailingmoe";
  addArch(registry, spec);

  spec.name = "deepseek2";
  spec.latentKeys = true;
  spec.routingByKey = spec.routingUnsaid = true;
  spec.choiceBias = Presence::Optional;
  spec.expertGroups = true;
  spec.drafts = true;
  spec.temperatureScaleKey = "attention.temperature_scale";
  spec.temperatureLengthKey = "attention.temperature_length";
  addArch(registry, spec);

  ArchSpec plm;
  plm.name = "plm";
  plm.latentKeys = true;
  plm.feedForward = FeedForward::Plain;
  plm.activation = nn::UnaryKind::relu;
  plm.squared = true;
  addArch(registry, plm);
}

} // namespace ingot
