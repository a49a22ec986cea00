// OnnxNode: what an op function may ask of its node, and how created ops are checked and folded.
#include "compiler/import/onnx/OnnxImporter.h"

#include "mlir/IR/Verifier.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace ingot {

OnnxNode::OnnxNode(OnnxImporter &importer, const onnx::NodeProto &proto, int64_t opset) : importer(importer), proto(proto), version(opset) {}

llvm::StringRef OnnxNode::op() const { return proto.op_type(); }
llvm::StringRef OnnxNode::domain() const { return plainDomain(proto.domain()); }

namespace {

const onnx::AttributeProto *findAttribute(const onnx::NodeProto &proto, llvm::StringRef name) {
  for (const onnx::AttributeProto &attribute : proto.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

/// The attribute when present and of the right type; of another type: null and noted in `error`.
const onnx::AttributeProto *typedAttribute(const onnx::NodeProto &proto, llvm::StringRef name, onnx::AttributeProto::AttributeType type,
                                           std::string &error) {
  const onnx::AttributeProto *attribute = findAttribute(proto, name);
  if (!attribute || attribute->type() == type)
    return attribute;
  error = llvm::formatv("attribute '{0}' has type {1}, the operator defines {2}", name, onnx::AttributeProto::AttributeType_Name(attribute->type()),
                        onnx::AttributeProto::AttributeType_Name(type));
  return nullptr;
}

} // namespace

bool OnnxNode::hasAttr(llvm::StringRef name) const { return findAttribute(proto, name) != nullptr; }

int64_t OnnxNode::intAttr(llvm::StringRef name, int64_t fallback) {
  auto *attribute = typedAttribute(proto, name, onnx::AttributeProto::INT, importer.frame.attributeError);
  return attribute ? attribute->i() : fallback;
}

double OnnxNode::floatAttr(llvm::StringRef name, double fallback) {
  auto *attribute = typedAttribute(proto, name, onnx::AttributeProto::FLOAT, importer.frame.attributeError);
  return attribute ? attribute->f() : fallback;
}

std::string OnnxNode::stringAttr(llvm::StringRef name, llvm::StringRef fallback) {
  auto *attribute = typedAttribute(proto, name, onnx::AttributeProto::STRING, importer.frame.attributeError);
  return attribute ? attribute->s() : fallback.str();
}

std::vector<int64_t> OnnxNode::intsAttr(llvm::StringRef name, llvm::ArrayRef<int64_t> fallback) {
  auto *attribute = typedAttribute(proto, name, onnx::AttributeProto::INTS, importer.frame.attributeError);
  return attribute ? std::vector<int64_t>(attribute->ints().begin(), attribute->ints().end()) : fallback.vec();
}

std::vector<double> OnnxNode::floatsAttr(llvm::StringRef name, llvm::ArrayRef<double> fallback) {
  auto *attribute = typedAttribute(proto, name, onnx::AttributeProto::FLOATS, importer.frame.attributeError);
  return attribute ? std::vector<double>(attribute->floats().begin(), attribute->floats().end()) : fallback.vec();
}

std::vector<std::string> OnnxNode::stringsAttr(llvm::StringRef name) {
  auto *attribute = typedAttribute(proto, name, onnx::AttributeProto::STRINGS, importer.frame.attributeError);
  return attribute ? std::vector<std::string>(attribute->strings().begin(), attribute->strings().end()) : std::vector<std::string>();
}

std::optional<Tensor> OnnxNode::tensorAttr(llvm::StringRef name) {
  auto *attribute = typedAttribute(proto, name, onnx::AttributeProto::TENSOR, importer.frame.attributeError);
  if (!attribute)
    return std::nullopt;
  OnnxError problem;
  std::optional<Tensor> tensor = readTensor(attribute->t(), importer.frame.owner, &importer.files, problem);
  if (!tensor && problem.code.empty())
    refuse("attribute '" + name.str() + "': " + problem.what);
  else if (!tensor)
    importer.frame.attributeError = "attribute '" + name.str() + "': " + problem.what;
  return tensor;
}

const onnx::GraphProto *OnnxNode::graphAttr(llvm::StringRef name) const {
  auto *attribute = typedAttribute(proto, name, onnx::AttributeProto::GRAPH, importer.frame.attributeError);
  return attribute ? &attribute->g() : nullptr;
}

int64_t OnnxNode::numInputs() const { return proto.input_size(); }
int64_t OnnxNode::numOutputs() const { return proto.output_size(); }
bool OnnxNode::hasInput(int64_t i) const { return static_cast<bool>(input(i)); }
bool OnnxNode::wantsOutput(int64_t i) const { return i >= 0 && i < proto.output_size() && !proto.output(static_cast<int>(i)).empty(); }

Value OnnxNode::input(int64_t i) const {
  const auto &inputs = importer.frame.inputs;
  return i >= 0 && i < static_cast<int64_t>(inputs.size()) ? inputs[i] : Value();
}

llvm::ArrayRef<int64_t> OnnxNode::shape(Value value) const {
  if (auto type = value ? llvm::dyn_cast<RankedTensorType>(value.getType()) : RankedTensorType())
    return type.getShape();
  const_cast<OnnxNode *>(this)->refuse("a required operand is missing");
  return {};
}

DType OnnxNode::dtype(Value value) const {
  auto type = value ? llvm::dyn_cast<RankedTensorType>(value.getType()) : RankedTensorType();
  if (std::optional<DType> element = type ? toDType(type.getElementType()) : std::nullopt)
    return *element;
  const_cast<OnnxNode *>(this)->refuse("a required operand is missing");
  return DType::F32;
}

std::optional<Tensor> OnnxNode::constant(int64_t i) const { return importer.valueOf(input(i)); }
std::optional<Tensor> OnnxNode::constant(Value value) const { return importer.valueOf(value); }

std::optional<Tensor> OnnxNode::needed(int64_t i, std::string &why) { return importer.neededValue(input(i), why); }

void OnnxNode::setOutput(int64_t i, Value value) {
  if (i >= 0 && i < static_cast<int64_t>(importer.frame.outputs.size()))
    importer.frame.outputs[i] = value;
}

void OnnxNode::setExtent(int64_t i, int64_t axis, Value count) {
  if (!ok() || !wantsOutput(i) || !importer.frame.outputs[i] || !count)
    return;
  Value &output = importer.frame.outputs[i];
  std::optional<OnnxSum> sum = importer.numbers.element(*this, count, 0);
  output = importer.limited(*this, output, axis, sum ? *sum : importer.numbers.within(*this, count, {0, shape(output)[axis]}));
}

void OnnxNode::refuse(llvm::StringRef why) {
  if (!refused)
    reason = why.str();
  refused = true;
}

bool OnnxNode::badAxis(int64_t &axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    refuse(llvm::formatv("axis {0} is outside a tensor of rank {1}", axis, rank).str());
    return true;
  }
  axis += axis < 0 ? rank : 0;
  return false;
}

OpBuilder &OnnxNode::builder() { return importer.builder; }
Location OnnxNode::loc() const { return NameLoc::get(importer.builder.getStringAttr(describeNode(proto))); }

RankedTensorType OnnxNode::type(DType element, llvm::ArrayRef<int64_t> extents) const {
  std::string bad = badShape(extents);
  if (bad.empty())
    return RankedTensorType::get(extents, toMlir(element, &importer.context));
  const_cast<OnnxNode *>(this)->refuse("its result " + bad);
  return RankedTensorType::get({}, toMlir(element, &importer.context));
}

/// Checks the new op, then folds it when its operands are known. An invalid op fails the import with the verifier's words.
Value OnnxNode::finish(Operation *operation) {
  last.assign(operation->getNumResults(), Value());
  importer.mlirMessage.clear();
  if (ok() && mlir::failed(mlir::verify(operation, /*verifyRecursively=*/false))) {
    importer.frame.error = "the node is not valid: " + importer.mlirMessage;
    refuse(importer.frame.error);
  }
  if (!ok()) {
    operation->erase();
    return {};
  }
  llvm::SmallVector<Value, 2> folded;
  if (importer.fold(operation, folded))
    last = folded;
  else
    last.assign(operation->result_begin(), operation->result_end());
  return last.empty() ? Value() : last.front();
}

} // namespace ingot
