// A model's graph while nodes are put into it: names, producers, constants, and the order at the end. Private to export/onnx.
#ifndef INGOT_COMPILER_EXPORT_ONNX_ONNXGRAPH_H
#define INGOT_COMPILER_EXPORT_ONNX_ONNXGRAPH_H

#include "compiler/reference/Tensor.h"

#include "onnx-ml.pb.h"

#include <map>
#include <set>

namespace ingot {

class OnnxGraph {
public:
  explicit OnnxGraph(onnx::ModelProto &model);

  /// The node that makes a value; null for inputs, initialisers and unknown names.
  onnx::NodeProto *producer(llvm::StringRef name) const;
  /// `wanted`, with a number when the name is taken; from now on it is.
  std::string fresh(llvm::StringRef wanted);
  /// A new initialiser; returns its name.
  std::string addConstant(llvm::StringRef wanted, const Tensor &tensor);
  /// A new node that stands before `before` (null: at the start); returns its output's name.
  std::string addBefore(const onnx::NodeProto *before, llvm::StringRef op, llvm::StringRef domain, std::vector<std::string> inputs, llvm::StringRef output);
  /// The node added last, for attributes.
  onnx::NodeProto &added() { return *last; }
  /// Puts quantise behind the value and dequantise in front of every node of the graph (not of its branches) that reads it.
  void quantize(llvm::StringRef value, const std::string &scale, const std::string &zero, llvm::StringRef domain);
  /// `node` makes `name` from now on; what made it is dropped.
  void takeOver(onnx::NodeProto *node, llvm::StringRef name);
  int64_t opset() const { return version; }
  void needDomain(llvm::StringRef domain);

  /// Writes the nodes back in order, without those (and without initialisers) that nothing reads any more.
  void finish();

private:
  struct Quantized {
    std::string scale, zero, domain, bytes;
  };
  onnx::NodeProto *create(llvm::StringRef op, llvm::StringRef domain, std::vector<std::string> inputs, llvm::StringRef output);
  void collectNames(const onnx::GraphProto &graph);
  void emit(onnx::NodeProto *node, std::vector<onnx::NodeProto *> &order);
  onnx::NodeProto *endIn(const std::string &output);
  void emitQuantize(llvm::StringRef value, std::vector<onnx::NodeProto *> &order);
  void dropUnread(std::vector<onnx::NodeProto *> &order);

  onnx::ModelProto &model;
  int64_t version = 0;
  std::set<std::string> names;
  std::map<std::string, onnx::NodeProto *> producers;
  std::map<std::string, Quantized> quantized;
  std::map<const onnx::NodeProto *, std::vector<onnx::NodeProto *>> before;
  std::vector<std::unique_ptr<onnx::NodeProto>> nodes; // in the graph's order; new ones at the end, placed through `before`
  std::set<const onnx::NodeProto *> dropped;
  size_t originals = 0;
  onnx::NodeProto *last = nullptr;
};

/// An attribute of integers; replaces one of that name.
void setInts(onnx::NodeProto &node, llvm::StringRef name, llvm::ArrayRef<int64_t> values);
void setInt(onnx::NodeProto &node, llvm::StringRef name, int64_t value);
const onnx::AttributeProto *findAttribute(const onnx::NodeProto &node, llvm::StringRef name);
void removeAttribute(onnx::NodeProto &node, llvm::StringRef name);
/// The tensor as an initialiser. Sub-byte types are not written.
void fillTensor(onnx::TensorProto &proto, llvm::StringRef name, const Tensor &tensor);

} // namespace ingot

#endif
