// An architecture of GGUF as data: what one description says is all that distinguishes it from the others, and one builder makes the functions.
// Each file of arch/ adds the descriptions of a family; CMake finds them by folder.
#ifndef INGOT_COMPILER_IMPORT_GGUF_ARCHSPEC_H
#define INGOT_COMPILER_IMPORT_GGUF_ARCHSPEC_H

#include "dialects/nn/Nn.h"

#include <map>

namespace ingot {

/// A decoder: token embedding, blocks of (norm, attention, norm, feed-forward) with residual sums, norm, vocabulary product. Norms are RMS norms
/// before each half; attention is causal and grouped; feed-forward is down(activation(gate(x)) * up(x)), or experts of that form.
struct ArchSpec {
  std::string name; // general.architecture
  nn::RopePairs ropePairs = nn::RopePairs::adjacent;
  nn::UnaryKind activation = nn::UnaryKind::swish;
  bool headNorms = false;          // RMS norm of each head of q and k before the rotation: attn_q_norm, attn_k_norm
  bool renormalizeExperts = true;  // weights of the chosen experts add up to 1
  // Metadata keys below "<name>." that hold factors; empty: the architecture has none.
  llvm::StringRef embeddingScaleKey; // multiplies the embedded tokens
  llvm::StringRef residualScaleKey;  // multiplies what a half adds to the stream
  llvm::StringRef attentionScaleKey; // replaces 1 / sqrt(key length)
  llvm::StringRef logitScaleKey;     // divides the logits
};

/// By general.architecture.
using ArchRegistry = std::map<std::string, ArchSpec>;
inline void addArch(ArchRegistry &registry, ArchSpec spec) { registry[spec.name] = std::move(spec); }

/// Calls every register function of arch/ (written by CMake).
void registerGgufArchs(ArchRegistry &registry);

} // namespace ingot

#endif
