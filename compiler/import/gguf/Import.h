// The GGUF importer's door: a language model becomes a module with one function an entry point, plus weights in the store.
#ifndef INGOT_COMPILER_IMPORT_GGUF_IMPORT_H
#define INGOT_COMPILER_IMPORT_GGUF_IMPORT_H

#include "compiler/Diag.h"
#include "compiler/import/ImportedModel.h"
#include "compiler/weights/WeightStore.h"

namespace ingot {

/// The entry points of a model that makes text.
std::vector<std::string> textEntries();

/// What is asked of a language model beside the file.
struct ImportLlm {
  int64_t ctx = 0;                  // --ctx, tokens the cache holds; 0: the model's own, at most 4096
  int64_t chunk = 128;              // tokens of one prefill or score step, at most ctx
  std::string quantize;             // --quantize: the block type that matrices of floats take (Requantize.h); empty: none
  std::vector<std::string> entries; // of "prefill", "prefill_more", "prefill_short", "decode", "score", "embed", "decode_batch"; empty: textEntries(), with
                                    // several sequences the last too, or embed of a model that makes no text
  std::string pooling;              // of "embed": "mean", "first", "last"; empty: the file's
  bool narrowCache = false;         // --kv q8: keys and values in 8 bits with a scale for 32, else f16
  int64_t activations = 8;          // --activations, bits of what meets quantised weights: 8 or 16
  int64_t sequences = 1;            // --sequences: caches that one state holds
};

/// Reads, checks and imports. Everything that is missing or unsupported is reported in one run (IG0601 .. IG0649). Matrices become views ui8
/// [rows, bytes of a row] of the mapped file in `store`, under the tensors' names; vectors become f32. The functions are
///   prefill(tokens i32 [C], position i32 [1], count i32 [1]) -> logits f32 [1, V]   rows >= count are padding; the logits are row count - 1's
///   prefill_more(tokens i32 [C], position i32 [1])   C tokens of a prompt that goes on: they only go into the caches
///   prefill_short: as prefill with C = 16 at most, for the prompts and ends of prompts that would leave most of a chunk empty
///   decode(tokens i32 [1], position i32 [1]) -> logits f32 [1, V]
///   score(tokens i32 [C], position i32 [1]) -> logits f32 [C, V]
///   embed(tokens i32 [C], count i32 [1]) -> embedding f32 [1, width]   a whole text of count tokens; keeps nothing
/// and share the states blk.N.k f16 [kv heads, rows, key length] and blk.N.v f16 [kv heads, rows, value length]: rows = ctx, or a ring that holds
/// the window and one step where attention sees no more. With narrowCache they are ui8 rows as nn.cache_append describes them. Blocks with a short
/// convolution have blk.N.conv f32 [sequences, taps - 1, width] instead, the last rows of a sequence: its next step begins behind them, or anew at position 0.
/// Blocks with a recurrence have such a blk.N.conv and blk.N.scan f32 [sequences, heads, length, width], the matrices at the end of a sequence.
/// Blocks with a delta rule have a blk.N.conv too and blk.N.delta f32 [sequences, heads, length, width].
/// In models with such blocks `score` too takes a count i32 [1] where C > 1, and the constant REWIND says that a sequence cannot go back.
/// With S > 1 sequences states have a leading axis of S, functions with states a last argument `sequence` i32 [1], and there is
///   decode_batch(tokens i32 [S], position i32 [S], sequence i32 [S]) -> logits f32 [S, V]   row m is the token at position[m] of sequence[m]; rows with
///     a negative sequence are idle
ImportedModel importGguf(llvm::StringRef path, const ImportLlm &options, mlir::MLIRContext &context, WeightStore &store, Diagnostics &diagnostics);

} // namespace ingot

#endif
