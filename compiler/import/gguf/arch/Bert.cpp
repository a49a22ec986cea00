// bert (BERT, MiniLM, BGE): every token sees all others, norms of the stream after each half, token types, a table of positions, GELU.
// nomic-bert: rotation of halves instead of the table, a gated feed-forward. modern-bert: norms before the halves, without biases, gate and up in one matrix, and
// windows to both sides in two of three blocks.
// jina-bert-v2: scores lose by distance instead, norms over all heads where the file has them, and a feed-forward of the kind that it has.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerBert(ArchRegistry &registry) {
  ArchSpec spec;
  spec.norm = NormKind::Layer;
  spec.causal = false;
  spec.tokenTypes = true;
  spec.embeddingNorm = "token_embd_norm";
  spec.attentionNorms = {"", "", "attn_output_norm"};
  spec.ffnNorms = {"", "", "layer_output_norm"};
  spec.outputNorm = "";
  spec.ropePairs = nn::RopePairs::halves;
  spec.name = "nomic-bert";
  addArch(registry, spec);

  ArchSpec modern = spec;
  modern.name = "modern-bert";
  modern.norm = NormKind::Weighted;
  modern.tokenTypes = false;
  modern.attentionNorms = {"attn_norm", "", ""};
  modern.ffnNorms = {"ffn_norm", "", ""};
  modern.outputNorm = "output_norm";
  modern.firstBare = true;
  modern.feedForward = FeedForward::Joined;
  modern.activation = nn::UnaryKind::gelu;
  modern.activationKey = "hidden_activation";
  modern.window = {3, 10000, false, 0, true};
  addArch(registry, modern);

  ArchSpec jina = spec;
  jina.name = "jina-bert-v2";
  jina.rotary = false;
  jina.alibi = 8;
  jina.headNorms = HeadNorms::Row;
  jina.headNormsOptional = jina.secondSum = true;
  jina.feedForward = FeedForward::Found;
  jina.activation = nn::UnaryKind::gelu;
  addArch(registry, jina);

  spec.name = "bert";
  spec.rotary = false;
  spec.positionTable = Presence::Always;
  spec.feedForward = FeedForward::Plain;
  spec.activation = nn::UnaryKind::gelu;
  addArch(registry, spec);
}

} // namespace ingot
