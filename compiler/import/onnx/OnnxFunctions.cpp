// Calls of model-local functions become the nodes of their body. Depth and total node count are bounded, because functions that call each
// other twice a level grow exponentially.
#include "compiler/import/onnx/OnnxImporter.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace ingot {
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

} // namespace ingot
