// A language model's file, resolved against the description of its architecture: every number read and bounded, every tensor found and of
// the right shape. What makes functions of it needs no further checks.
#ifndef INGOT_COMPILER_IMPORT_GGUF_LLMMODEL_H
#define INGOT_COMPILER_IMPORT_GGUF_LLMMODEL_H

#include "compiler/import/ImportedModel.h"
#include "compiler/import/gguf/ArchSpec.h"
#include "compiler/import/gguf/GgufReader.h"
#include "compiler/import/gguf/RopeTable.h"

namespace ingot {

/// A product with rows first .. first + rows - 1 of a matrix; with experts one matrix an expert.
struct LlmLinear {
  const GgufTensor *weight = nullptr;
  const GgufTensor *bias = nullptr; // may be null; sliced like the weight
  const GgufTensor *scale = nullptr; // may be null: one factor of the product, with experts one an expert
  int64_t first = 0, rows = 0;
};

/// A norm that the architecture lacks has no weight.
struct LlmNorm {
  const GgufTensor *weight = nullptr, *bias = nullptr; // bias with NormKind::Layer and Either alone
  bool bare = false;                                   // a norm without weights
};

struct LlmHalfNorms {
  LlmNorm before, after, sum;
};

/// output(after * conv(before * input)) of one matrix's three parts.
struct LlmShortConv {
  LlmLinear before, after, input, output;
  const GgufTensor *filter = nullptr; // [taps, width]
};

/// Mamba-2: rows, of x, b and c, go through a convolution; what the recurrence makes of them is gated, and normed in groups.
struct LlmRecurrence {
  LlmLinear gate, rows, delta, output;
  const GgufTensor *filter = nullptr, *filterBias = nullptr; // [taps, extents of rows]; the bias may be null
  const GgufTensor *deltaBias = nullptr, *decay = nullptr, *skip = nullptr;
  const GgufTensor *norm = nullptr; // may be null
};

/// Gated DeltaNet: rows, of q, k and v, go through a convolution; what the delta rule makes of them is normed head by head, and gated.
struct LlmDeltaNet {
  LlmLinear rows, gate, decay, beta, output;
  LlmLinear shares, all; // without a weight, or instead of decay and beta, and of rows and gate: [beta decay] and [q k v gate] of each head of keys
  const GgufTensor *filter = nullptr; // [taps, extents of rows]
  const GgufTensor *decayBias = nullptr, *decayRate = nullptr, *norm = nullptr;
};

/// Extents of recurrences: `heads` matrices [length, width], which `groups` vectors b and c, or k and q, of `length` serve.
struct LlmRecurrenceShape {
  int64_t heads = 0, width = 0, length = 0, groups = 0, taps = 0;
  int64_t inner() const { return heads * width; }
  int64_t rows() const { return inner() + 2 * groups * length; }
};

/// What a token brings to a block joins the stream behind it: after(output(activation(gate(stream)) * input)).
struct LlmLayerInput {
  LlmLinear gate, output;
  LlmNorm after;
};

/// xIELU (Huang and Schlag 2024, arXiv 2411.13010): above * x^2 + slope * x, and for x <= 0 below * (exp(min(x, least)) - 1 - x) + slope * x.
struct LlmBend {
  double above = 0, below = 0, slope = 0, least = 0;
};

/// What a block predicts its streams by, and corrects them with; and the product of low rank beside its attention.
struct LlmBlockStreams {
  LlmLinear router, predict, correct, laurelDown, laurelUp;
  LlmNorm routerNorm, laurelAfter;
  const GgufTensor *scale = nullptr; // of the first stream, for what tokens bring
};

/// Queries are those of a block, or up(norm(down)). Keys and values are matrices of heads times the short row, norm(down's first part): `both` makes them
/// row by row, or `keyUp` and `valueUp`, 3-D with a matrix a head, multiply what meets that row, which then is all that is kept.
struct LlmLatent {
  LlmLinear queryDown, queryUp, down, both, keyUp, valueUp;
  LlmNorm queryNorm, norm;
};

/// Extents of latent keys: the short row, a head's part that it makes, the part that turns, a head's value.
struct LlmLatentShape {
  int64_t queryRank = 0, rank = 0, plain = 0, turned = 0, value = 0;
  bool keepsRow = false; // see above
};

struct LlmBlock {
  LlmHalfNorms attentionNorms, ffnNorms;
  LlmNorm denseAfter, expertsBefore, expertsAfter; // of a dense feed-forward beside experts, and of these
  LlmNorm queryNorm, keyNorm; // with HeadNorms
  LlmNorm secondSum;          // of the stream and the block's input once more, behind the attention
  LlmLinear query, key, value, output;
  LlmLinear headGate; // of what all heads give; without a weight: none
  std::optional<LlmShortConv> conv;
  std::optional<LlmRecurrence> recurrence;
  std::optional<LlmDeltaNet> delta;
  std::optional<LlmLatent> latent;
  bool attends = true;
  bool straight = false; // output alone makes what the half adds of what it reads
  bool mixes = true, feeds = true; // has the one half, has the other
  LlmLinear gate, up, down; // 3-D with experts
  LlmLinear gateUp;         // of experts, instead of gate and up: [gate up] of each
  LlmLinear router;         // with experts
  bool hasExperts = false;
  const GgufTensor *choiceBias = nullptr, *routerScale = nullptr; // may be null
  LlmLinear sharedGate, sharedUp, sharedDown;
  const GgufTensor *sharedShare = nullptr; // of a row in the shared expert; null: all
  const GgufTensor *sinks = nullptr;
  double expertLimit = 0, otherLimit = 0; // > 0: of the activation from above, of up from both sides, in experts and elsewhere
  std::optional<LlmLayerInput> layerInput;
  std::optional<LlmBlockStreams> streams;
  std::optional<LlmBend> bend;
  double sparsity = 0; // > 0: of the gates of a row only what lies so many standard deviations above their mean counts, from there on
  const GgufTensor *scale = nullptr; // of what leaves the block; may be null
  int64_t expertWidth = 0; // instead of ffnWidth where it has experts
  int64_t heads = 0, kvHeads = 0, ffnWidth = 0, keyLength = 0, valueLength = 0;
  int64_t sharedWidth = 0; // of the expert that every row goes through; 0: there is none
  std::optional<size_t> cacheOf; // the block whose keys and values are read instead of own ones
  int64_t window = 0; // tokens that attention sees; 0: all
  bool rotates = true;

  /// Whether it leaves something for later steps.
  bool keeps() const { return (attends && !cacheOf) || conv || recurrence || delta; }
};

/// How the rows of a text become one vector, by their numbers in pooling_type.
enum class Pooling { None, Mean, First, Last };

struct LlmModel {
  ArchSpec spec;
  int64_t width = 0, vocabulary = 0, heads = 0 /* most of a block */, keyLength = 0, valueLength = 0, context = 0;
  int64_t experts = 0, expertsUsed = 0; // 0: dense
  int64_t expertGroups = 1, groupsUsed = 1; // experts are chosen from so many groups; 1: from all
  int64_t layerInput = 0;               // width of what a token brings to each block; 0: nothing
  int64_t convTaps = 0;                 // of blocks with a short convolution
  int64_t draftBlocks = 0;              // behind `blocks`, left out
  LlmRecurrenceShape recurrence;
  LlmLatentShape latent;
  double epsilon = 0, attentionScale = 0, embeddingScale = 1, residualScale = 1, valueScale = 1, logitScale = 1, attentionCap = 0, logitCap = 0;
  double temperatureLength = 0, temperatureFirst = 0; // with temperatureScale: positions of one step, and what is added to them
  double temperatureScale = 0, expertsScale = 1, clamp = 0, alibi = 0; // 0: none
  std::optional<Pooling> pooling;                // nullopt: the file says nothing
  RopeSpec rope;
  std::optional<RopeSpec> windowRope; // of blocks with a window, where it is another
  const GgufTensor *embedding = nullptr, *positions = nullptr, *tokenTypes = nullptr;
  const GgufTensor *ropeFactors = nullptr, *longFactors = nullptr, *shortFactors = nullptr; // may be null
  LlmNorm embeddingNorm, outputNorm;
  const GgufTensor *layerTable = nullptr; // with layerInput: rows of all blocks, to which those of the projected embedding are added behind their norm
  LlmLinear layerProjection;
  int64_t streams = 1;
  LlmLinear spread, gathered; // with streams: a matrix for each but the first, to it and back
  LlmNorm layerNorm;
  LlmLinear output; // the embedding's when the file has none
  std::vector<LlmLinear> dense;
  std::vector<LlmBlock> blocks;

  /// Whether blocks keep what belongs to the end of a sequence, and not to its positions.
  bool keepsEnd() const {
    return llvm::any_of(blocks, [](const LlmBlock &block) { return block.conv || block.recurrence || block.delta; });
  }
};

/// Nullopt: everything at fault was reported (IG0630 .. IG0636, IG0641). `unsupported` gets the tensors of types that no kernel multiplies.
std::optional<LlmModel> resolveLlm(const GgufFile &file, std::vector<Unsupported> &unsupported, Diagnostics &diagnostics);

} // namespace ingot

#endif
