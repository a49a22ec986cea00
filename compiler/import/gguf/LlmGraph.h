// Private to import/gguf: makes the functions of a resolved language model.
#ifndef INGOT_COMPILER_IMPORT_GGUF_LLMGRAPH_H
#define INGOT_COMPILER_IMPORT_GGUF_LLMGRAPH_H

#include "compiler/import/gguf/Import.h"
#include "compiler/import/gguf/LlmModel.h"
#include "compiler/import/gguf/Requantize.h"
#include "compiler/weights/WeightStore.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace ingot {

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape(); }
inline int64_t rowsOf(mlir::Value value) { return shapeOf(value).front(); }

class LlmGraph {
public:
  /// `ctx` positions of each sequence, of which the entry points take at most `rows` in one step; matrices in the blocks that `types` chooses.
  LlmGraph(const GgufFile &file, const LlmModel &model, const GgufRequantizer &types, int64_t ctx, int64_t rows, const ImportLlm &options, WeightStore &store,
           mlir::OpBuilder &builder);

  /// What the rows of an entry point are: tokens that follow each other, of which all have logits, or row count - 1, where `count` is an argument, or none,
  /// when they only go into the caches; or each the token of a sequence and position of its own.
  enum class Rows { LastOfCount, All, None, Each };
  /// A function `name` over `rows` tokens at the end of the builder's block.
  void addEntry(llvm::StringRef name, int64_t rows, Rows wanted);
  /// A function `name` that makes one vector of up to `rows` tokens.
  void addEmbedding(llvm::StringRef name, int64_t rows, Pooling pooling);

private:
  using Value = mlir::Value;

  struct Step {
    Value position;      // i32 [1], of the first row; i32 [M] where each row has its own
    Value sequence;      // likewise; null where there is but one
    Value row;           // i32 [1], the one row that is wanted; null when all are
    Value count;         // i32 [1], rows that are no padding; null: all
    Value last;          // i32 [1], the last row of a text that is there as a whole, without a cache; null when there is one
    bool narrow = false; // this block goes on with `row` alone
  };

  // Weights.
  void at(llvm::StringRef tensor); // the location of what follows
  Value weight(llvm::StringRef name, mlir::RankedTensorType type);
  Value vector(const GgufTensor &tensor, int64_t first = 0, int64_t length = 0);
  Value table(const GgufTensor &tensor);
  Value shaped(const GgufTensor &tensor, llvm::ArrayRef<int64_t> shape);
  Value filter(const GgufTensor &tensor);
  Value matrix(const GgufTensor &tensor, int64_t first = 0, int64_t rows = 0);
  void addRows(llvm::StringRef name, const GgufTensor &rows, llvm::ArrayRef<int64_t> shape);
  mlir::StringAttr format(const GgufTensor &tensor); // of the blocks that `matrix` gives
  Value scalar(double value);
  Value ropeTable(const LlmBlock &block);
  std::vector<float> ropeFactors() const;

  // Pieces.
  mlir::RankedTensorType f32(llvm::ArrayRef<int64_t> shape) const;
  Value binary(mlir::Value lhs, mlir::Value rhs, nn::BinaryKind kind);
  Value unary(Value input, nn::UnaryKind kind, double alpha = 0, double beta = 0);
  Value scaled(Value input, double factor);
  Value capped(Value input, double cap);
  Value clamped(Value input);
  Value reshape(Value input, llvm::ArrayRef<int64_t> shape);
  Value parts(Value input, int64_t groups, int64_t first, int64_t count);
  Value sliced(Value input, int64_t first, int64_t count);
  Value norm(Value input, const LlmNorm &norm);
  Value linear(Value input, const LlmLinear &linear);
  Value gathered(Value input, Value row);
  Value integers(llvm::ArrayRef<int32_t> values);
  Value positionsOf(int64_t rows, Value position);
  Value tokenRows(const GgufTensor &tensor, Value ids);
  struct Input {
    llvm::StringRef name;
    int64_t length;
  };
  mlir::func::FuncOp beginFunction(llvm::StringRef name, llvm::ArrayRef<Input> inputs, llvm::StringRef output, mlir::TypeRange results);

  // Streams side by side.
  Value spread(Value stream);
  Value joined(Value streams);
  Value passedStreams(Value streams, const LlmBlock &block, int64_t index, const Step &step);
  Value predicted(Value streams, const LlmBlockStreams &found);
  Value corrected(Value streams, Value computed, const LlmBlockStreams &found);
  Value routed(Value stream, const LlmBlockStreams &found);
  Value laurel(Value normed, const LlmBlockStreams &found);
  Value brought(const LlmBlock &block, int64_t index, Value stream, const Step &step);
  Value magnitude(Value input);
  Value streamsFrom(Value streams, int64_t first, int64_t count);
  Value firstOf(Value streams);
  Value sparse(Value gates, double deviations);

  // The walk over the blocks.
  Value embedded(Value tokens, Value position);
  Value broughtToLayers(Value tokens, Value stream);
  Value passedAll(Value stream, Step step);
  Value passed(Value stream, const LlmBlock &block, int64_t index, const Step &step);
  Value behind(Value stream, const LlmBlock &block, int64_t index, const Step &step);
  Value half(Value stream, Value added, const LlmHalfNorms &norms);
  Value wanted(Value rows, const Step &step);
  Value wantedPosition(const Step &step);
  std::pair<Value, Value> keysAndValues(Value normed, const LlmBlock &block, int64_t index, const Step &step);
  Value attention(Value normed, const LlmBlock &block, int64_t index, const Step &step);
  Value mixed(Value &input, const LlmBlock &block, int64_t index, const Step &step);
  Value shortConv(Value normed, const LlmShortConv &conv, int64_t index, const Step &step);
  Value recurrence(Value normed, const LlmRecurrence &found, int64_t index, const Step &step);
  Value scanned(Value rows, Value delta, const LlmRecurrence &found, llvm::StringRef state, const Step &step);
  Value deltaNet(Value normed, const LlmDeltaNet &found, int64_t index, const Step &step);
  std::pair<Value, Value> deltaRows(Value normed, const LlmDeltaNet &found);
  std::pair<Value, Value> deltaShares(Value normed, const LlmDeltaNet &found);
  Value deltas(Value rows, std::pair<Value, Value> shares, llvm::StringRef state, const Step &step);
  Value sequenceOf(const Step &step);
  Value countOf(const Step &step, Value rows);
  Value convolved(Value rows, const GgufTensor &filter, llvm::StringRef state, const Step &step);
  Value attend(Value query, Value keys, Value values, const LlmBlock &block, const Step &step, Value position);
  Value cached(Value rows, llvm::StringRef state, const LlmBlock &block, const Step &step);
  Value heads(Value input, int64_t count, const LlmNorm &norm, const LlmBlock &block, Value position);
  Value turned(Value split, const LlmBlock &block, Value position);
  std::pair<Value, Value> latentKeysAndValues(Value normed, const LlmBlock &block, int64_t index, const Step &step);
  Value latentAttention(Value normed, const LlmBlock &block, int64_t index, const Step &step);
  Value each(Value input, const LlmLinear &linear);
  Value beside(Value left, Value right);
  Value tempered(Value query, const LlmBlock &block, Value position);
  Value activated(Value input);
  Value bent(Value input, const LlmBend &bend);
  Value opened(Value gated, Value up, double limit);
  Value feedForward(Value input, Value entering, const LlmBlock &block);
  Value denseAndExperts(Value input, const LlmBlock &block);
  Value sharedExpert(Value input, const LlmBlock &block);
  Value mixture(Value input, Value routed, const LlmBlock &block);
  Value expertWeights(Value scores, const LlmBlock &block, Value &experts);
  Value sumOfShares(Value weights);
  Value ofBestGroups(Value judged);
  Value expertsOpened(Value rows, const LlmBlock &block, Value experts);
  Value expertProduct(Value input, const LlmLinear &linear, Value experts);
  Value gate(Value gated, Value up, double bound = 0);
  Value let(Value attended, Value gates, const LlmBlock &block);
  Value logits(Value input);
  Value pooled(Value stream, Pooling pooling, Value last);
  bool isRing(const LlmBlock &block) const;
  int64_t cacheRows(const LlmBlock &block) const;

  const GgufFile &file;
  const LlmModel &model;
  const GgufRequantizer &types;
  int64_t ctx, stepRows, activations, sequences;
  bool narrowCache;
  WeightStore &store;
  mlir::OpBuilder &builder;
  mlir::Location loc;
  // Of the function that is being made.
  std::vector<std::pair<Value, Value>> caches; // keys and values of each block that has its own
  Value layerInputs;                           // [M, L, width]
};

} // namespace ingot

#endif
