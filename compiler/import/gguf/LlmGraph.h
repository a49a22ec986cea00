// Private to import/gguf: makes the functions of a resolved language model.
#ifndef INGOT_COMPILER_IMPORT_GGUF_LLMGRAPH_H
#define INGOT_COMPILER_IMPORT_GGUF_LLMGRAPH_H

#include "compiler/import/gguf/LlmModel.h"
#include "compiler/weights/WeightStore.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace ingot {

class LlmGraph {
public:
  LlmGraph(const GgufFile &file, const LlmModel &model, int64_t ctx, WeightStore &store, mlir::OpBuilder &builder);

  /// Which rows' logits an entry point gives: all, or that of row count - 1, where `count` is an argument.
  enum class Rows { LastOfCount, All };
  /// A function `name` over `rows` tokens at the end of the builder's block.
  void addEntry(llvm::StringRef name, int64_t rows, Rows wanted);

private:
  using Value = mlir::Value;
  mlir::RankedTensorType f32(llvm::ArrayRef<int64_t> shape) const;
  void at(llvm::StringRef tensor); // the location of what follows
  Value weight(llvm::StringRef name, mlir::RankedTensorType type);
  Value vector(const GgufTensor &tensor);
  Value matrix(const GgufTensor &tensor);
  Value scalar(double value);
  Value ropeTable();

  Value binary(mlir::Value lhs, mlir::Value rhs, nn::BinaryKind kind);
  Value scaled(Value input, double factor);
  Value reshape(Value input, llvm::ArrayRef<int64_t> shape);
  Value norm(Value input, const GgufTensor &weight);
  Value linear(Value input, const LlmLinear &linear);
  Value gathered(Value input, Value row);
  Value expertProduct(Value input, const LlmLinear &linear, Value experts);

  struct Step {
    Value position;
    Value row;     // i32 [1], the one row that is wanted; null when all are
    bool narrow = false; // this block goes on with that row alone
  };
  Value attention(Value &input, const LlmBlock &block, int64_t index, const Step &step);
  Value cached(Value rows, llvm::StringRef state, Value position);
  Value heads(Value input, int64_t count, const GgufTensor *norm, Value position);
  Value feedForward(Value input, const LlmBlock &block);
  Value mixture(Value input, const LlmBlock &block);
  Value gate(Value gated, Value up);
  Value logits(Value input);

  const GgufFile &file;
  const LlmModel &model;
  int64_t ctx;
  WeightStore &store;
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace ingot

#endif
