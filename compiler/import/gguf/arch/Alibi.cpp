// Models whose scores lose by distance (ALiBi), without a rotation. bloom: norms with biases, also of the embedding, q, k and v in one matrix, a plain GELU.
// mpt: the biases are where the file has them, as are norms of q and k, a clamp, and a table of positions instead of the slopes. refact: a llama else.
// baichuan: a llama; its model of 40 blocks has slopes, the other rotates.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerAlibi(ArchRegistry &registry) {
  ArchSpec llama;
  llama.alibi = 8;
  llama.name = "baichuan";
  llama.alibiBlocks = 40;
  addArch(registry, llama);
  llama.name = "refact";
  llama.alibiBlocks = 0;
  llama.rotary = false;
  addArch(registry, llama);

  ArchSpec spec;
  spec.rotary = false;
  spec.feedForward = FeedForward::Plain;
  spec.activation = nn::UnaryKind::gelu_tanh;
  spec.norm = NormKind::Layer;
  spec.name = "bloom";
  spec.embeddingNorm = "token_embd_norm";
  spec.alibi = 8;
  addArch(registry, spec);

  spec.name = "mpt";
  spec.norm = NormKind::Either;
  spec.embeddingNorm = "";
  spec.alibi = 0;
  spec.alibiKey = "attention.max_alibi_bias";
  spec.clampKey = "attention.clamp_kqv";
  spec.positionTable = Presence::Optional;
  spec.headNorms = HeadNorms::Row;
  spec.headNormsOptional = true;
  addArch(registry, spec);
}

} // namespace ingot
