// A language model's file, resolved against the description of its architecture: every number read and bounded, every tensor found and of
// the right shape. What makes functions of it needs no further checks.
#ifndef INGOT_COMPILER_IMPORT_GGUF_LLMMODEL_H
#define INGOT_COMPILER_IMPORT_GGUF_LLMMODEL_H

#include "compiler/import/ImportedModel.h"
#include "compiler/import/gguf/ArchSpec.h"
#include "compiler/import/gguf/GgufReader.h"
#include "compiler/import/gguf/RopeTable.h"

namespace ingot {

/// A product with a matrix of `out` rows; with `experts` > 0 one matrix an expert.
struct LlmLinear {
  const GgufTensor *weight = nullptr;
  const GgufTensor *bias = nullptr; // may be null
};

struct LlmBlock {
  const GgufTensor *attentionNorm = nullptr, *ffnNorm = nullptr;
  const GgufTensor *queryNorm = nullptr, *keyNorm = nullptr; // with ArchSpec::headNorms
  LlmLinear query, key, value, output;
  LlmLinear gate, up, down; // 3-D with experts
  LlmLinear router;         // with experts
  int64_t kvHeads = 0;
};

struct LlmModel {
  ArchSpec spec;
  int64_t width = 0, vocabulary = 0, heads = 0, keyLength = 0, valueLength = 0, context = 0;
  int64_t experts = 0, expertsUsed = 0; // 0: dense
  double epsilon = 0, attentionScale = 0, embeddingScale = 1, residualScale = 1, logitScale = 1;
  RopeSpec rope;
  const GgufTensor *embedding = nullptr, *outputNorm = nullptr, *ropeFactors = nullptr; // ropeFactors may be null
  LlmLinear output;                                                                    // the embedding's when the file has none
  std::vector<LlmBlock> blocks;
};

/// Nullopt: everything at fault was reported (IG0630 .. IG0636). `unsupported` gets the tensors of types that no kernel multiplies.
std::optional<LlmModel> resolveLlm(const GgufFile &file, std::vector<Unsupported> &unsupported, Diagnostics &diagnostics);

} // namespace ingot

#endif
