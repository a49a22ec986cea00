// Edits of a graph by name; the order of nodes is settled once, at the end.
#include "compiler/export/onnx/OnnxGraph.h"

using llvm::StringRef;

namespace ingot {
namespace {

/// Every name that a node or the branches in it read.
void addReads(const onnx::NodeProto &node, std::set<std::string> &reads) {
  for (const std::string &input : node.input())
    reads.insert(input);
  for (const onnx::AttributeProto &attribute : node.attribute())
    if (attribute.has_g()) {
      for (const onnx::NodeProto &inner : attribute.g().node())
        addReads(inner, reads);
      for (const onnx::ValueInfoProto &output : attribute.g().output())
        reads.insert(output.name());
    }
}

onnx::TensorProto::DataType onnxType(DType type) {
  switch (type) {
  case DType::I8: return onnx::TensorProto::INT8;
  case DType::U8: return onnx::TensorProto::UINT8;
  case DType::I32: return onnx::TensorProto::INT32;
  case DType::I64: return onnx::TensorProto::INT64;
  case DType::F16: return onnx::TensorProto::FLOAT16;
  default: return onnx::TensorProto::FLOAT;
  }
}

} // namespace

const onnx::AttributeProto *findAttribute(const onnx::NodeProto &node, StringRef name) {
  for (const onnx::AttributeProto &attribute : node.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

void removeAttribute(onnx::NodeProto &node, StringRef name) {
  for (int i = node.attribute_size() - 1; i >= 0; --i)
    if (node.attribute(i).name() == name)
      node.mutable_attribute()->DeleteSubrange(i, 1);
}

void setInts(onnx::NodeProto &node, StringRef name, llvm::ArrayRef<int64_t> values) {
  removeAttribute(node, name);
  onnx::AttributeProto *attribute = node.add_attribute();
  attribute->set_name(name.str());
  attribute->set_type(onnx::AttributeProto::INTS);
  for (int64_t value : values)
    attribute->add_ints(value);
}

void setInt(onnx::NodeProto &node, StringRef name, int64_t value) {
  removeAttribute(node, name);
  onnx::AttributeProto *attribute = node.add_attribute();
  attribute->set_name(name.str());
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(value);
}

void fillTensor(onnx::TensorProto &proto, StringRef name, const Tensor &tensor) {
  proto.Clear();
  proto.set_name(name.str());
  proto.set_data_type(onnxType(tensor.dtype()));
  for (int64_t extent : tensor.shape())
    proto.add_dims(extent);
  proto.set_raw_data(tensor.data(), tensor.bytes());
}

OnnxGraph::OnnxGraph(onnx::ModelProto &model) : model(model) {
  for (const onnx::OperatorSetIdProto &opset : model.opset_import())
    if (opset.domain().empty() || opset.domain() == "ai.onnx")
      version = opset.version();
  collectNames(model.graph());
  google::protobuf::RepeatedPtrField<onnx::NodeProto> *list = model.mutable_graph()->mutable_node();
  for (onnx::NodeProto &node : *list) {
    nodes.push_back(std::make_unique<onnx::NodeProto>(std::move(node)));
    for (const std::string &output : nodes.back()->output())
      producers[output] = nodes.back().get();
  }
  list->Clear();
  originals = nodes.size();
}

void OnnxGraph::collectNames(const onnx::GraphProto &graph) {
  for (const onnx::ValueInfoProto &input : graph.input())
    names.insert(input.name());
  for (const onnx::TensorProto &tensor : graph.initializer())
    names.insert(tensor.name());
  for (const onnx::NodeProto &node : graph.node()) {
    names.insert(node.name());
    names.insert(node.output().begin(), node.output().end());
    for (const onnx::AttributeProto &attribute : node.attribute())
      if (attribute.has_g())
        collectNames(attribute.g());
  }
}

onnx::NodeProto *OnnxGraph::producer(StringRef name) const {
  auto found = producers.find(name.str());
  return found == producers.end() ? nullptr : found->second;
}

std::string OnnxGraph::fresh(StringRef wanted) {
  std::string name = wanted.str();
  for (int suffix = 1; !names.insert(name).second; ++suffix)
    name = wanted.str() + "_" + std::to_string(suffix);
  return name;
}

std::string OnnxGraph::addConstant(StringRef wanted, const Tensor &tensor) {
  std::string name = fresh(wanted);
  fillTensor(*model.mutable_graph()->add_initializer(), name, tensor);
  return name;
}

onnx::NodeProto *OnnxGraph::create(StringRef op, StringRef domain, std::vector<std::string> inputs, StringRef output) {
  nodes.push_back(std::make_unique<onnx::NodeProto>());
  onnx::NodeProto *node = nodes.back().get();
  node->set_op_type(op.str());
  node->set_domain(domain.str());
  node->set_name(fresh((output + "_" + op).str()));
  for (const std::string &input : inputs)
    node->add_input(input);
  node->add_output(output.str());
  needDomain(domain);
  return last = node;
}

std::string OnnxGraph::addBefore(const onnx::NodeProto *place, StringRef op, StringRef domain, std::vector<std::string> inputs, StringRef output) {
  std::string name = fresh(output);
  before[place].push_back(create(op, domain, std::move(inputs), name));
  return name;
}

void OnnxGraph::quantize(StringRef value, const std::string &scale, const std::string &zero, StringRef domain) {
  quantized.try_emplace(value.str(), Quantized{scale, zero, domain.str(), fresh((value + "_quantized").str())});
}

void OnnxGraph::takeOver(onnx::NodeProto *node, StringRef name) {
  onnx::NodeProto *old = producer(name);
  if (old == node)
    return;
  dropped.insert(old);
  producers[name.str()] = node;
  node->set_output(0, name.str());
}

void OnnxGraph::needDomain(StringRef domain) {
  if (domain.empty())
    return;
  for (const onnx::OperatorSetIdProto &opset : model.opset_import())
    if (opset.domain() == domain)
      return;
  onnx::OperatorSetIdProto *opset = model.add_opset_import();
  opset->set_domain(domain.str());
  opset->set_version(1);
}

/// The value's quantise, once it exists.
void OnnxGraph::emitQuantize(StringRef value, std::vector<onnx::NodeProto *> &order) {
  auto found = quantized.find(value.str());
  if (found != quantized.end())
    order.push_back(create("QuantizeLinear", found->second.domain, {value.str(), found->second.scale, found->second.zero}, found->second.bytes));
}

/// A node with what stands before it, its dequantised operands, and the quantise of its results.
void OnnxGraph::emit(onnx::NodeProto *node, std::vector<onnx::NodeProto *> &order) {
  for (onnx::NodeProto *first : before[node])
    order.push_back(first);
  for (int i = 0; i < node->input_size(); ++i) {
    auto found = quantized.find(node->input(i));
    if (found == quantized.end())
      continue;
    std::string real = fresh(node->input(i) + "_dequantized");
    order.push_back(create("DequantizeLinear", found->second.domain, {found->second.bytes, found->second.scale, found->second.zero}, real));
    node->set_input(i, real);
  }
  order.push_back(node);
  for (const std::string &output : node->output())
    emitQuantize(output, order);
}

/// A quantised output of the graph keeps its name on the dequantised value; what makes it gets another. Returns that last dequantise.
onnx::NodeProto *OnnxGraph::endIn(const std::string &output) {
  std::string real = fresh(output + "_real");
  Quantized entry = quantized[output];
  quantized.erase(output);
  quantized[real] = entry;
  for (size_t i = 0; i < originals; ++i)
    std::replace(nodes[i]->mutable_input()->begin(), nodes[i]->mutable_input()->end(), output, real);
  onnx::NodeProto *node = producer(output);
  std::replace(node->mutable_output()->begin(), node->mutable_output()->end(), output, real);
  return create("DequantizeLinear", entry.domain, {entry.bytes, entry.scale, entry.zero}, output);
}

void OnnxGraph::finish() {
  std::vector<onnx::NodeProto *> order = before[nullptr];
  std::vector<onnx::NodeProto *> ends;
  for (const onnx::ValueInfoProto &output : model.graph().output())
    if (quantized.count(output.name()) && producer(output.name()))
      ends.push_back(endIn(output.name()));
  for (const onnx::ValueInfoProto &input : model.graph().input())
    emitQuantize(input.name(), order);
  for (size_t i = 0; i < originals; ++i)
    if (!dropped.count(nodes[i].get()))
      emit(nodes[i].get(), order);
  order.insert(order.end(), ends.begin(), ends.end());
  dropUnread(order);
}

/// Keeps the nodes from which an output of the graph is reached, and the initialisers that they read.
void OnnxGraph::dropUnread(std::vector<onnx::NodeProto *> &order) {
  std::set<std::string> reads;
  for (const onnx::ValueInfoProto &output : model.graph().output())
    reads.insert(output.name());
  std::vector<onnx::NodeProto *> kept;
  for (size_t i = order.size(); i-- > 0;) {
    bool isRead = llvm::any_of(order[i]->output(), [&](const std::string &output) { return reads.count(output) != 0; });
    if (!isRead)
      continue;
    addReads(*order[i], reads);
    kept.push_back(order[i]);
  }
  onnx::GraphProto *graph = model.mutable_graph();
  for (size_t i = kept.size(); i-- > 0;)
    *graph->add_node() = std::move(*kept[i]);
  std::set<std::string> gone;
  for (int i = graph->initializer_size() - 1; i >= 0; --i)
    if (!reads.count(graph->initializer(i).name())) {
      gone.insert(graph->initializer(i).name());
      graph->mutable_initializer()->DeleteSubrange(i, 1);
    }
  for (int i = graph->input_size() - 1; i >= 0; --i) // IR versions before 4 list initialisers as inputs, too
    if (gone.count(graph->input(i).name()))
      graph->mutable_input()->DeleteSubrange(i, 1);
}

} // namespace ingot
