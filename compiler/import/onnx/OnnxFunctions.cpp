// Calls of model-local functions and `If` with a known condition: both become the nodes of their body. Depth and total node count are
// bounded, because functions that call each other twice a level grow exponentially.
#include "compiler/import/onnx/OnnxImporter.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace ingot {
namespace {
constexpr int kMaxDepth = 64; // of calls and branches inside each other
}

const onnx::FunctionProto *OnnxImporter::findFunction(const onnx::NodeProto &proto) const {
  if (functions.empty())
    return nullptr;
  return functions.lookup(plainDomain(proto.domain()).str() + "\n" + proto.op_type() + "\n" + proto.overload());
}

bool OnnxImporter::needsBinding(const onnx::NodeProto &proto) const {
  return llvm::any_of(proto.attribute(), [](const onnx::AttributeProto &attribute) { return !attribute.ref_attr_name().empty(); });
}

/// A copy of a function's node in which references to the function's attributes are replaced by the call's values, or dropped.
std::shared_ptr<onnx::NodeProto> OnnxImporter::bind(const onnx::NodeProto &proto, const AttrBindings &bindings) const {
  auto copy = std::make_shared<onnx::NodeProto>(proto);
  copy->clear_attribute();
  for (const onnx::AttributeProto &attribute : proto.attribute()) {
    if (attribute.ref_attr_name().empty()) {
      *copy->add_attribute() = attribute;
      continue;
    }
    auto found = bindings.find(attribute.ref_attr_name());
    if (found == bindings.end())
      continue;
    onnx::AttributeProto *bound = copy->add_attribute();
    *bound = *found->second;
    bound->set_name(attribute.name());
  }
  return copy;
}

void OnnxImporter::importCall(const onnx::NodeProto &proto, const onnx::FunctionProto &function, Scope &scope, llvm::ArrayRef<Value> inputs) {
  if (scope.depth >= kMaxDepth) {
    error("IG0159", llvm::formatv("functions call each other more than {0} levels deep", kMaxDepth), whereOf(proto),
          "a function may not call itself; re-export the model");
    return poisonOutputs(proto, scope);
  }
  OpsetMap opsets;
  AttrBindings bindings;
  Scope body;
  body.opsets = &opsets;
  body.bindings = &bindings;
  body.owner = scope.owner;
  body.depth = scope.depth + 1;
  if (!readOpsets(function.opset_import(), opsets, "function '" + printable(function.name()) + "'"))
    return poisonOutputs(proto, scope);
  opsets.insert(scope.opsets->begin(), scope.opsets->end());
  for (const onnx::AttributeProto &attribute : function.attribute_proto())
    bindings[attribute.name()] = &attribute;
  for (const onnx::AttributeProto &attribute : proto.attribute())
    bindings[attribute.name()] = &attribute;
  for (int i = 0; i < function.input_size(); ++i) {
    Value value = i < static_cast<int>(inputs.size()) ? inputs[i] : Value();
    define(function.input(i), {value ? OnnxEntry::Known : OnnxEntry::Absent, value, nullptr}, body, &proto);
  }
  importNodes(function.node(), body);
  for (int i = 0; i < proto.output_size(); ++i) {
    if (proto.output(i).empty())
      continue;
    OnnxEntry *entry = i < function.output_size() ? body.find(function.output(i)) : nullptr;
    if (!entry)
      error("IG0156", llvm::formatv("output {0} is not computed by the function", i), whereOf(proto), "re-export the model; this file is damaged");
    define(proto.output(i), entry ? *entry : OnnxEntry{OnnxEntry::Poisoned, {}, nullptr}, scope, &proto);
  }
}

void OnnxImporter::importIf(const onnx::NodeProto &proto, Scope &scope, Value condition) {
  std::optional<Tensor> value = condition ? valueOf(condition) : std::nullopt;
  if (!value || value->count() != 1)
    return refuse(proto, "the condition is computed at run time", scope);
  llvm::StringRef name = value->intAt(0) != 0 ? "then_branch" : "else_branch";
  auto found = llvm::find_if(proto.attribute(), [&](const onnx::AttributeProto &attribute) { return attribute.name() == name && attribute.has_g(); });
  if (found == proto.attribute().end() || found->g().output_size() < proto.output_size() || scope.depth >= kMaxDepth) {
    error("IG0161", llvm::formatv("{0} is missing, has too few outputs, or is nested too deep", name), whereOf(proto), "re-export the model");
    return poisonOutputs(proto, scope);
  }
  Scope branch;
  branch.parent = &scope;
  branch.opsets = scope.opsets;
  branch.bindings = scope.bindings;
  branch.owner = scope.owner;
  branch.depth = scope.depth + 1;
  addInitializers(found->g(), branch);
  importNodes(found->g().node(), branch);
  for (int i = 0; i < proto.output_size(); ++i) {
    OnnxEntry *entry = branch.find(found->g().output(i).name());
    if (entry && entry->kind == OnnxEntry::Initializer)
      materialize(found->g().output(i).name(), *entry);
    if (!entry)
      error("IG0156", llvm::formatv("output {0} is not computed by the branch", i), whereOf(proto), "re-export the model; this file is damaged");
    if (!proto.output(i).empty())
      define(proto.output(i), entry ? *entry : OnnxEntry{OnnxEntry::Poisoned, {}, nullptr}, scope, &proto);
  }
}

} // namespace ingot
