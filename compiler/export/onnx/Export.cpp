// Reads the decisions off the compressed IR, finds the node of each by the name of its result, and edits the graph.
#include "compiler/export/onnx/Export.h"

#include "compiler/export/onnx/OnnxGraph.h"
#include "compiler/import/onnx/OnnxReader.h"
#include "compiler/import/onnx/OnnxTensor.h"
#include "passes/Constants.h"
#include "passes/compress/Names.h"

#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"

#include "llvm/Support/Path.h"

using namespace mlir;

namespace ingot {
namespace {

constexpr llvm::StringLiteral kCode = "IG0225", kMicrosoft = "com.microsoft";

/// [a, b] -> [b, a].
Tensor transposed(const Tensor &matrix) {
  int64_t rows = matrix.shape()[0], columns = matrix.shape()[1], width = byteWidth(matrix.dtype());
  Tensor result(matrix.dtype(), {columns, rows});
  char *out = result.mutableData();
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      std::copy_n(matrix.data() + (r * columns + c) * width, width, out + (c * rows + r) * width);
  return result;
}

bool isTransposed(const onnx::NodeProto &gemm) {
  const onnx::AttributeProto *attribute = findAttribute(gemm, "transB");
  return attribute && attribute->i() != 0;
}

class Exporter {
public:
  Exporter(ModuleOp module, const WeightStore &store, OnnxGraph &graph)
      : module(module), store(store), graph(graph), domain(graph.opset() < 13 ? kMicrosoft : llvm::StringLiteral("")) {}

  /// Empty, or why the model cannot be written.
  std::string run() {
    module.walk([&](Operation *op) {
      if (isa<nn::ConvOp, nn::MatmulOp>(op))
        writeLayer(op);
      if (quant::QuantizeOp quantize = dyn_cast<quant::QuantizeOp>(op))
        writeActivation(quantize);
      if (quant::NbitsMatmulOp product = dyn_cast<quant::NbitsMatmulOp>(op))
        writeBlocks(product);
    });
    if (problem.empty() && edits == 0)
      problem = "the method found nothing to compress in this model";
    return problem;
  }

private:
  Tensor constant(Value value) const { return *constantOf(value, &store); }

  /// The dequantise of constants that stands on an operand; null when it is another value.
  quant::DequantizeOp constantSource(Value value) const {
    quant::DequantizeOp source = value.getDefiningOp<quant::DequantizeOp>();
    return source && constantOf(source.getInput(), &store) && constantOf(source.getScale(), &store) ? source : quant::DequantizeOp();
  }

  /// The add of a bias that one node of the model does together with the product.
  static nn::BinaryOp biasAdd(Operation *op) { return op->hasOneUse() ? dyn_cast<nn::BinaryOp>(*op->getUsers().begin()) : nn::BinaryOp(); }

  void writeLayer(Operation *op) {
    quant::DequantizeOp weights = constantSource(op->getOperand(1));
    bool isPruned = !weights && op->hasAttr(kPrunedAttr) && constantOf(op->getOperand(1), &store);
    if (!weights && !isPruned)
      return;
    StringRef name = nameOf(op->getResult(0));
    nn::BinaryOp add = isa<nn::MatmulOp>(op) ? biasAdd(op) : nn::BinaryOp();
    if (name.empty() && add)
      name = nameOf(add.getResult());
    onnx::NodeProto *node = nodeOf(op, name);
    if (!node)
      return fail("no node of the model makes '" + printable(name) + "' in a form that can be written back");
    ++edits;
    if (isPruned)
      return replaceWeights(*node, op, name);
    writeWeights(*node, op, weights, name);
    if (nn::ConvOp conv = dyn_cast<nn::ConvOp>(op))
      finishConv(*node, conv, name);
    else if (add)
      writeProductBias(*node, op, add, name);
  }

  /// The node that does the op. What the phase folded into a convolution (batch normalisation) is dropped: the convolution makes its result.
  onnx::NodeProto *nodeOf(Operation *op, StringRef name) {
    onnx::NodeProto *node = graph.producer(name);
    if (isa<nn::MatmulOp>(op))
      return node && (node->op_type() == "MatMul" || node->op_type() == "Gemm") ? node : nullptr;
    constexpr int kLongestChain = 8;
    for (int i = 0; node && node->op_type() != "Conv" && i < kLongestChain; ++i) {
      onnx::NodeProto *source = nullptr;
      for (const std::string &input : node->input())
        if (!source)
          source = graph.producer(input);
      node = source;
    }
    if (node && node->op_type() == "Conv")
      graph.takeOver(node, name);
    return node && node->op_type() == "Conv" ? node : nullptr;
  }

  std::string dequantize(const onnx::NodeProto &node, quant::DequantizeOp source, const Tensor &integers, int64_t axis, const std::string &name) {
    Tensor scales = constant(source.getScale());
    std::string stored = graph.addConstant(name, integers), scale = graph.addConstant(name + "_scale", scales);
    std::string real = graph.addBefore(&node, "DequantizeLinear", domain, {stored, scale}, name + "_dequantized");
    setInt(graph.added(), "axis", axis);
    return real;
  }

  void writeWeights(onnx::NodeProto &node, Operation *op, quant::DequantizeOp source, StringRef name) {
    Tensor integers = constant(source.getInput());
    bool swaps = node.op_type() == "Gemm" && isTransposed(node);
    int64_t axis = isa<nn::ConvOp>(op) || swaps ? 0 : 1;
    node.set_input(1, dequantize(node, source, swaps ? transposed(integers) : integers, axis, name.str() + "_weight"));
  }

  void finishConv(onnx::NodeProto &node, nn::ConvOp conv, StringRef name) {
    if (conv.getBias()) {
      while (node.input_size() < 3)
        node.add_input("");
      quant::DequantizeOp bias = constantSource(conv.getBias());
      node.set_input(2, bias ? dequantize(node, bias, constant(bias.getInput()), 0, name.str() + "_bias")
                             : graph.addConstant(name.str() + "_bias", constant(conv.getBias())));
    }
    onnx::NodeProto *pad = graph.producer(node.input(0));
    quant::DequantizeOp input = conv.getInput().getDefiningOp<quant::DequantizeOp>();
    quant::QuantizeOp quantize = input ? input.getInput().getDefiningOp<quant::QuantizeOp>() : quant::QuantizeOp();
    if (!pad || pad->op_type() != "Pad" || (quantize && nameOf(quantize.getInput()) == node.input(0)))
      return;
    node.set_input(0, pad->input(0));
    SmallVector<int64_t> pads(conv.getPadLow());
    pads.append(conv.getPadHigh().begin(), conv.getPadHigh().end());
    removeAttribute(node, "auto_pad");
    setInts(node, "pads", pads);
  }

  void writeProductBias(onnx::NodeProto &product, Operation *op, nn::BinaryOp add, StringRef name) {
    Value other = add.getLhs() == op->getResult(0) ? add.getRhs() : add.getLhs();
    quant::DequantizeOp bias = constantSource(other);
    if (!bias)
      return;
    Tensor integers = constant(bias.getInput());
    if (product.op_type() == "Gemm" && nameOf(op->getResult(0)).empty())
      return product.set_input(2, dequantize(product, bias, integers, integers.rank() - 1, name.str() + "_bias"));
    onnx::NodeProto *node = graph.producer(nameOf(add.getResult()));
    if (!node || node->op_type() != "Add" || node->input_size() != 2)
      return fail("no Add node makes '" + printable(nameOf(add.getResult())) + "'");
    int operand = node->input(0) == product.output(0) ? 1 : 0;
    node->set_input(operand, dequantize(*node, bias, integers, integers.rank() - 1, name.str() + "_bias"));
  }

  void writeActivation(quant::QuantizeOp quantize) {
    StringRef name = nameOf(quantize.getInput());
    std::optional<Tensor> scale = constantOf(quantize.getScale(), &store);
    if (name.empty() || !scale || !quantize.getZero())
      return; // a quantise of the model's own
    ++edits;
    graph.quantize(name, graph.addConstant(name.str() + "_scale", *scale), graph.addConstant(name.str() + "_zero", constant(quantize.getZero())), domain);
  }

  void writeBlocks(quant::NbitsMatmulOp op) {
    std::string name = nameOf(op.getResult()).str();
    std::optional<Tensor> weights = constantOf(op.getWeights(), &store);
    onnx::NodeProto *node = name.empty() ? nullptr : graph.producer(name);
    if (name.empty() || (node && node->op_type() == "MatMulNBits"))
      return; // the model's own
    if (!node || !weights || node->op_type() != "MatMul")
      return fail("'" + printable(name) + "' is no MatMul");
    constexpr int64_t kEightBitActivations = 4;
    ++edits;
    nn::PadOp pad = op.getInput().getDefiningOp<nn::PadOp>(); // to whole blocks of activations
    Value x = pad ? Value(pad.getInput()) : Value(op.getInput());
    std::string base = name + "_weight";
    setInt(*node, "K", cast<RankedTensorType>(x.getType()).getDimSize(1));
    node->set_op_type("MatMulNBits");
    node->set_domain(kMicrosoft.str());
    graph.needDomain(kMicrosoft);
    node->set_input(1, graph.addConstant(base, *weights));
    node->add_input(graph.addConstant(base + "_scales", constant(op.getScales())));
    node->add_input(graph.addConstant(base + "_zeros", constant(op.getZeros())));
    setInt(*node, "N", weights->shape()[0]);
    setInt(*node, "bits", op.getBits());
    setInt(*node, "block_size", op.getBlock());
    setInt(*node, "accuracy_level", kEightBitActivations);
  }

  void replaceWeights(onnx::NodeProto &node, Operation *op, StringRef name) {
    Tensor weights = constant(op->getOperand(1));
    bool swaps = node.op_type() == "Gemm" && isTransposed(node);
    node.set_input(1, graph.addConstant(name.str() + "_weight", swaps ? transposed(weights) : weights));
  }

  void fail(std::string why) {
    if (problem.empty())
      problem = std::move(why);
  }

  ModuleOp module;
  const WeightStore &store;
  OnnxGraph &graph;
  StringRef domain; // of quantise and dequantise: they have an axis since opset 13, Microsoft's always
  std::string problem;
  int64_t edits = 0;
};

/// External data move into the file. False: reported.
bool inlineExternalData(onnx::ModelProto &model, StringRef path, Diagnostics &diagnostics) {
  ExternalFiles files(llvm::sys::path::parent_path(path));
  for (onnx::TensorProto &tensor : *model.mutable_graph()->mutable_initializer()) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL)
      continue;
    OnnxError error;
    std::optional<Tensor> value = readTensor(tensor, nullptr, &files, error);
    if (!value) {
      diagnostics.report(error.code.empty() ? StringRef(kCode) : StringRef(error.code), error.what, Where{path.str(), "", printable(tensor.name()), std::nullopt}, error.help);
      return false;
    }
    tensor.clear_external_data();
    tensor.clear_data_location();
    tensor.set_raw_data(value->data(), value->bytes());
  }
  return true;
}

} // namespace

std::string exportOnnx(StringRef path, ModuleOp module, const WeightStore &store, Diagnostics &diagnostics) {
  std::shared_ptr<onnx::ModelProto> model = readOnnxModel(path, diagnostics);
  if (!model)
    return "";
  constexpr int kFirstIrWithConstants = 4; // where initialisers need not be inputs
  model->set_ir_version(std::max<int64_t>(model->ir_version(), kFirstIrWithConstants));
  OnnxGraph graph(*model);
  std::string problem = Exporter(module, store, graph).run();
  if (!problem.empty()) {
    diagnostics.report(kCode, problem, {path.str()}, "ingot build with the same options compresses without writing a model");
    return "";
  }
  graph.finish();
  if (!inlineExternalData(*model, path, diagnostics))
    return "";
  std::string bytes;
  if (model->ByteSizeLong() <= INT_MAX && model->SerializeToString(&bytes))
    return bytes;
  diagnostics.report(kCode, "the compressed model is larger than protobuf's limit of 2 GiB", {path.str()}, "quantise it to fewer bits");
  return "";
}

} // namespace ingot
