// How one ONNX node becomes nn/quant ops. Each file of ops/ defines `void registerXxx(OnnxOpRegistry &)` (Xxx = the file's stem; CMake
// finds it) and adds one row an operator. Versions: a row's function sees the opset of the node's domain and handles every version.
#ifndef INGOT_COMPILER_IMPORT_ONNX_ONNXOPS_H
#define INGOT_COMPILER_IMPORT_ONNX_ONNXOPS_H

#include "compiler/reference/Tensor.h"
#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"

#include <functional>
#include <memory>

namespace onnx {
class NodeProto;
class GraphProto;
} // namespace onnx

namespace ingot {

class OnnxImporter;

/// A node while it is imported: attributes, operands, results, and the builder's verbs. Created ops are folded at once when all
/// operands are constant and the result is small, so a later node sees a constant.
class OnnxNode {
public:
  OnnxNode(OnnxImporter &importer, const onnx::NodeProto &proto, int64_t opset);

  llvm::StringRef op() const;
  llvm::StringRef domain() const;
  /// Version of the node's domain that the model imports.
  int64_t opset() const { return version; }

  // Attributes. A present attribute of another type than asked for makes the import fail with a diagnostic (after the op function returns).
  bool hasAttr(llvm::StringRef name) const;
  int64_t intAttr(llvm::StringRef name, int64_t fallback);
  double floatAttr(llvm::StringRef name, double fallback);
  std::string stringAttr(llvm::StringRef name, llvm::StringRef fallback);
  std::vector<int64_t> intsAttr(llvm::StringRef name, llvm::ArrayRef<int64_t> fallback = {});
  std::vector<double> floatsAttr(llvm::StringRef name, llvm::ArrayRef<double> fallback = {});
  std::vector<std::string> stringsAttr(llvm::StringRef name);
  std::optional<Tensor> tensorAttr(llvm::StringRef name);
  const onnx::GraphProto *graphAttr(llvm::StringRef name) const;

  // Operands and results.
  int64_t numInputs() const;
  int64_t numOutputs() const;
  bool hasInput(int64_t i) const;  // present and not the empty name
  bool wantsOutput(int64_t i) const;
  mlir::Value input(int64_t i) const;
  llvm::ArrayRef<int64_t> shape(mlir::Value value) const;
  DType dtype(mlir::Value value) const;
  /// The operand's value when it is known now (constant, folded, or a weight).
  std::optional<Tensor> constant(int64_t i) const;
  std::optional<Tensor> constant(mlir::Value value) const;
  /// The operand's value for an operator that cannot do without: known, or following from inputs that are then bound. Nullopt: `why` is the rest of a
  /// sentence about the operand.
  std::optional<Tensor> needed(int64_t i, std::string &why);
  void setOutput(int64_t i, mlir::Value value);
  /// Output i, already set, has room for the most there can be: its extent on `axis` is `count` (i64 scalar) at run time, what lies behind is unspecified.
  void setExtent(int64_t i, int64_t axis, mlir::Value count);

  // Creating. All check types; a bad shape makes them call refuse() and return a null Value, so test `ok()` before going on.
  mlir::Value constantOf(const Tensor &tensor); // nn.constant, or nn.weight when larger than 64 KiB
  mlir::Value scalar(DType type, double value);
  mlir::Value unary(nn::UnaryKind kind, mlir::Value x, double alpha = 0, double beta = 0);
  mlir::Value binary(nn::BinaryKind kind, mlir::Value a, mlir::Value b); // computes the broadcast shape
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  mlir::Value cast(mlir::Value x, DType type, bool saturate = false); // no-op when equal
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> shape);
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int64_t> perm);
  mlir::Value broadcast(mlir::Value x, llvm::ArrayRef<int64_t> shape);
  mlir::Value slice(mlir::Value x, llvm::ArrayRef<int64_t> starts, llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> steps);
  mlir::Value concat(mlir::ValueRange xs, int64_t axis);
  mlir::Value reduce(nn::ReduceKind kind, mlir::Value x, llvm::ArrayRef<int64_t> axes, bool keepDims = true);
  mlir::Value matmul(mlir::Value a, mlir::Value b);
  mlir::Value softmax(mlir::Value x, int64_t axis, bool log = false);
  /// Any other op: `create<nn::ConvOp>({result types}, args...)`; folds like the rest. Returns the first result.
  template <typename OpT, typename... Args> mlir::Value create(mlir::TypeRange results, Args &&...args) {
    last.assign(results.size(), mlir::Value());
    if (!ok()) // a verb before this one gave a null Value
      return {};
    return finish(OpT::create(builder(), loc(), results, std::forward<Args>(args)...).getOperation());
  }
  /// All results of the op created last by `create` (folded ones replaced).
  llvm::ArrayRef<mlir::Value> lastResults() const { return last; }
  mlir::RankedTensorType type(DType type, llvm::ArrayRef<int64_t> shape) const;
  mlir::OpBuilder &builder();
  mlir::Location loc() const; // NameLoc("Conv 'conv1'")

  /// Says why the node cannot be compiled ("the output's extent depends on data"); the import goes on to find all others.
  void refuse(llvm::StringRef reason);
  bool ok() const { return !refused; }
  /// True and refused when `axis` is out of range; else makes it non-negative.
  bool badAxis(int64_t &axis, int64_t rank);

private:
  mlir::Value finish(mlir::Operation *op);
  friend class OnnxImporter;
  OnnxImporter &importer;
  const onnx::NodeProto &proto;
  int64_t version;
  bool refused = false;
  std::string reason;
  llvm::SmallVector<mlir::Value, 2> last;
};

/// Builds the node: reads attributes and inputs, sets outputs, or calls refuse().
using OnnxImportFn = std::function<void(OnnxNode &)>;

class OnnxOpRegistry {
public:
  /// domain "" is ai.onnx. `since`: lowest opset handled.
  void add(llvm::StringRef domain, llvm::StringRef op, int64_t since, OnnxImportFn fn);
  const OnnxImportFn *find(llvm::StringRef domain, llvm::StringRef op) const;
  std::vector<std::pair<std::string, int64_t>> names() const; // "Conv" or "com.microsoft.X", since; sorted

private:
  struct Row { int64_t since; OnnxImportFn fn; };
  llvm::StringMap<Row> rows;
};

void registerOnnxOps(OnnxOpRegistry &registry);

} // namespace ingot

#endif
