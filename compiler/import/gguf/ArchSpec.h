// An architecture of GGUF as data: what one description says is all that distinguishes it from the others, and one builder makes the functions.
// Each file of arch/ adds the descriptions of a family; CMake finds them by folder.
#ifndef INGOT_COMPILER_IMPORT_GGUF_ARCHSPEC_H
#define INGOT_COMPILER_IMPORT_GGUF_ARCHSPEC_H

#include "dialects/nn/Nn.h"

#include <map>

namespace ingot {

/// Norms of one half of a block, by their names below "blk.N."; empty: none.
struct HalfNorms {
  llvm::StringRef before; // of what goes into the half
  llvm::StringRef after;  // of what the half adds to the stream
  llvm::StringRef sum;    // of the stream that it was added to
};

/// Mean square; mean and variance, with weight and bias, with a weight and where the file has it a bias, with a weight alone, or without either.
enum class NormKind { Rms, Layer, Either, Weighted, Bare };
/// Norms of q and k: of each head by itself; of all heads together; of each head, with one head's weights or with its own, where the file has them; of each
/// head without weights, in blocks that rotate.
enum class HeadNorms { None, Each, Row, Own, Bare };
/// activation(gate) * up; the same with both in ffn_up; activation(up); which of these the file has; blocks have no such half.
enum class FeedForward { Gated, Joined, Plain, Found, None };
/// Whether the feed-forward reads the stream behind the attention, or the block's input like it: as the architecture has it, as use_parallel_residual says,
/// or the latter where the file has no norm for it, which then is the attention's.
enum class Halves { InTurn, Beside, ByKey, ByNorm };
/// Of a tensor: the architecture has none; some files do; all do.
enum class Presence { Never, Optional, Always };
/// Softmax over all experts or over the chosen ones; or the sigmoid of each, by which they are chosen, or behind that.
enum class Routing { ShareThenTop, TopThenShare, Sigmoid, TopThenSigmoid };

/// What blocks mix tokens with that have no heads of keys (attention.head_count_kv is 0 there, or see attendsEvery): the architecture has no such blocks; a
/// gated convolution over the last few tokens; a recurrence (Mamba-2); a gated delta rule.
enum class Headless { None, ShortConv, Recurrence, DeltaNet };

/// Blocks whose attention sees a window only, where the file has attention.sliding_window.
struct WindowSpec {
  int64_t period = 0;       // all blocks but the last of each `period` (1: all of them); 0: the architecture has no windows
  double ropeBase = 0;      // base of the rotation in such blocks unless rope.freq_base_swa says it; 0: that of the others
  bool stretched = true;    // rope.scaling holds in such blocks too
  static constexpr int64_t kNeeded = -1;
  int64_t fallback = 0;     // window of a file without the key; 0: none; kNeeded: there is no such file
  bool fullFirst = false;   // the first block of each `period` is the one without
  bool piecewise = false;   // the window begins at multiples of itself, and the file says no other width
  bool said = false;        // the file says which they are
  bool halfElsewhere = false; // blocks without one rotate half as many elements, and those with one have no divisors of frequencies
  bool turnedAlone = false; // in a file with windows only such blocks are rotated
  bool ownShape = false;    // such blocks have lengths of heads and rotated elements of their own (keys that end in _swa), and no divisors of frequencies;
                            // the file says which they are
};

/// Token embedding, blocks of (attention, feed-forward) with residual sums, norm, vocabulary product or pooling. Attention is grouped.
struct ArchSpec {
  std::string name; // general.architecture
  // The embedding.
  bool embeddingRoot = false;    // multiplied by the square root of the width
  Presence positionTable = Presence::Never; // position_embd is added
  bool tokenTypes = false;       // row 0 of token_types is added
  llvm::StringRef embeddingNorm; // its norm's name
  // Norms.
  NormKind norm = NormKind::Rms;
  HalfNorms attentionNorms{"attn_norm", "", ""}, ffnNorms{"ffn_norm", "", ""};
  llvm::StringRef outputNorm = "output_norm"; // empty: none
  bool secondNorm = false;                    // the attention's is attn_norm_2 where the file has it
  bool firstBare = false;                     // in the first block the attention reads the embedding as it is, where the file has no norm for it
  HeadNorms headNorms = HeadNorms::None;      // attn_q_norm, attn_k_norm
  bool headNormsTurned = false;               // they come after the rotation
  bool headNormsOptional = false;             // the file may have none
  int64_t normlessExperts = 0;                // a file with so many experts has none
  bool secondSum = false;                     // where the file has attn_norm_2, the block's input is added once more behind the attention, and normed by it
  // Attention.
  bool causal = true;    // false: every token sees all others
  bool rotary = true;
  nn::RopePairs ropePairs = nn::RopePairs::adjacent;
  int64_t unturnedEvery = 0; // the last of each so many blocks is not rotated; 0: all are
  WindowSpec window;
  bool hasHeads = true; // false: attention.head_count is 0, as are feed_forward_length and the heads of keys
  bool ownHeads = false; // blocks have numbers of heads of their own: without heads no attention, without those of keys one product instead, and a
                         // feed_forward_length of 0 is no feed-forward
  Headless headless = Headless::None;
  int64_t attendsEvery = 0;     // the last of each so many blocks attends, unless full_attention_interval or attention.recurrent_layers say otherwise;
                                // 0: those with heads of keys
  bool keysInTurn = false;      // of a delta rule: head h has the keys of h mod their number, instead of neighbours sharing one
  bool joinedDelta = false;     // of a delta rule: decay and beta are one matrix, ssm_ba, in parts by heads of keys; in old files all others too, ssm_in
  bool besideAttention = false; // every block has a recurrence too, and adds what both give
  bool recurrenceNorm = true;   // ssm_norm; false: where the file has it
  Halves halves = Halves::InTurn;
  bool oneHalf = false;        // a block is one half alone: the feed-forward where feed_forward_length is not 0
  Presence sinks = Presence::Never; // attn_sinks: one more score a head
  bool gatedHeads = false;     // attn_q has a gate behind each head's query: its sigmoid multiplies what the head gives
  bool gateMatrix = false;     // attn_gate's sigmoid multiplies what all heads give
  bool gateOfHead = false;     // where the file has attn_gate, its sigmoid multiplies what each head gives, one number a head
  bool latentKeys = false;     // keys and values are made of one short row a token, and of one part that is rotated and that all heads share (MLA)
  bool valueNorms = false;     // values are normed, without weights; where a block has no attn_v they are what attn_k gives
  bool sharedCaches = false;   // the last attention.shared_kv_layers blocks read the keys and values of the last one of their kind before them
  double alibi = 0;            // > 0: scores lose by distance, with slopes from 2^-alibi on, also under alibiKey
  int64_t alibiBlocks = 0;     // only files of so many blocks have that, instead of a rotation; 0: all
  double attentionScale = 0;   // > 0: instead of 1 / sqrt(key length)
  int64_t wideScaleBlocks = 0; // a file of so many blocks scales with 1 / sqrt(width / heads) instead of 1 / sqrt(key length)
  // Feed-forward.
  FeedForward feedForward = FeedForward::Gated;
  nn::UnaryKind activation = nn::UnaryKind::swish;
  llvm::StringRef activationKey;  // silu there: swish instead
  double activationAlpha = 1;     // of swish
  bool bent = false;              // xIELU instead, with numbers of each block (the keys xielu.alpha_p and others)
  bool squared = false;           // the activation's square
  double gateLimit = 0;           // > 0: gate at most, |up| at most this, and up + 1 instead of up
  Routing routing = Routing::ShareThenTop;
  bool routingByKey = false;      // expert_gating_func says which
  bool routingUnsaid = false;     // files from before that key have a bias of the choice with sigmoids, and a softmax without
  Presence choiceBias = Presence::Never; // exp_probs_b is added to what experts are chosen by
  bool expertGroups = false;      // experts are those of the expert_group_used_count groups whose two best add up to most
  bool routedEarly = false;       // experts are chosen by what comes into the block
  bool expertsFound = false;      // those blocks have experts that have ffn_gate_inp
  bool limits = false;            // activation and up are bounded in the blocks that swiglu_clamp_exp (experts) and swiglu_clamp_shexp (others) say
  bool interleaved = false;       // the last of each interleave_moe_layer_step blocks has experts
  bool leadingDense = false;      // leading_dense_block_count blocks have no experts
  bool sharedExpert = false;      // "_shexp" tensors: one more that every row goes through
  bool sharedGate = false;        // what it gives is multiplied by the sigmoid of the row's product with ffn_gate_inp_shexp
  bool weighedFirst = false;      // weights multiply what the experts read, instead of what they give
  bool renormalizeExperts = true; // weights of the chosen experts add up to 1
  bool denseBeside = false;       // instead of it the dense feed-forward; both have norms of their own, and the router reads the stream, normed and scaled
  bool sharedAlike = false;       // it is as wide as the others
  bool sharedByCount = false;     // it is expert_shared_count times as wide as the others
  // Metadata keys below "<name>." that hold factors; empty: the architecture has none.
  llvm::StringRef embeddingScaleKey;    // multiplies the embedded tokens
  llvm::StringRef residualScaleKey;     // multiplies what a half adds to the stream
  llvm::StringRef attentionScaleKey;    // replaces 1 / sqrt(key length)
  llvm::StringRef valueScaleKey;        // multiplies what attention gives
  llvm::StringRef logitScaleKey;        // divides the logits
  llvm::StringRef logitFactorKey;       // multiplies them
  bool scalesNeeded = false;            // files without these keys are from before them, and mean other factors than 1
  llvm::StringRef alibiKey;             // replaces alibi
  llvm::StringRef clampKey;             // q, k and v are at most this far from 0
  llvm::StringRef sectionsKey;          // pairs that turn by the place of a part of an image; those of text all turn by its position
  llvm::StringRef attentionCapKey;      // scores go through cap * tanh(s / cap)
  llvm::StringRef logitCapKey;          // logits do
  llvm::StringRef rotatesKey;           // false there: nothing is rotated
  llvm::StringRef temperatureScaleKey;  // queries grow with 1 + scale * log(1 + floor(position / trained context))
  llvm::StringRef temperatureLengthKey; // replaces the trained context there
  double temperature = 0;               // > 0: with this scale, of position + 1 and with temperatureLength, in blocks that do not rotate alone
  int64_t temperatureLength = 0;
  double attentionCap = 0, logitCap = 0; // of a file without the key
  bool layerInputs = false; // each token brings a row for each block, which joins the stream behind it (embedding_length_per_layer_input)
  bool streams = false;     // several streams run side by side, of which blocks compute one and predict the others (AltUp); a product of low rank joins its
                            // attention (Laurel), and gates let through what lies far above their mean
  bool blockScale = false;  // layer_output_scale multiplies what leaves a block, where the file has it
  bool drafts = false; // nextn_predict_layers blocks at the end guess further tokens, and are left out
  // Tensors "dense_2" and "dense_3" follow the pooling of an embedding.
  bool denseHeads = false;
};

/// By general.architecture.
using ArchRegistry = std::map<std::string, ArchSpec>;
inline void addArch(ArchRegistry &registry, ArchSpec spec) { registry[spec.name] = std::move(spec); }

/// Calls every register function of arch/ (written by CMake).
void registerGgufArchs(ArchRegistry &registry);

} // namespace ingot

#endif
