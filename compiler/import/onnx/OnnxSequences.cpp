// Sequences that resolve while compiling: a sequence is a list of values here, and its operators only rearrange the list. What is taken out of it are
// ordinary tensors; a sequence as an input or output of the model is refused. Optional values resolve too.
#include "compiler/import/onnx/OnnxImporter.h"

using namespace mlir;

namespace ingot {
namespace {

/// The place of an element: -n .. n - 1, or n too when something is put there. Nullopt when outside.
std::optional<size_t> placeIn(const std::vector<Value> &items, int64_t place, bool inserts) {
  int64_t count = static_cast<int64_t>(items.size()), last = inserts ? count : count - 1;
  if (place < -count || place > last)
    return std::nullopt;
  return static_cast<size_t>(place < 0 ? place + count : place);
}

} // namespace

/// The place that operand i names; `fallback` when it is absent. Nullopt and refused when it is unknown or outside.
std::optional<size_t> OnnxImporter::sequencePlace(OnnxNode &node, const std::vector<Value> &items, int64_t i, int64_t fallback, bool inserts) {
  int64_t place = fallback;
  if (node.hasInput(i)) {
    std::string why;
    std::optional<Tensor> given = node.needed(i, why);
    if (!given || given->count() != 1) {
      node.refuse("the operand 'position' " + (given ? std::string("is no scalar") : why));
      return std::nullopt;
    }
    place = given->intAt(0);
  }
  std::optional<size_t> at = placeIn(items, place, inserts);
  if (!at)
    node.refuse("position " + std::to_string(place) + " is outside a sequence of " + std::to_string(items.size()));
  return at;
}

/// Parts of operand 0 along an axis: of the sizes in operand 1, all of its one size, or single entries.
std::vector<Value> OnnxImporter::splitToItems(OnnxNode &node) {
  Value x = node.input(0);
  int64_t rank = static_cast<int64_t>(node.shape(x).size()), axis = node.intAttr("axis", 0);
  std::vector<Value> items;
  if (node.badAxis(axis, rank))
    return items;
  int64_t extent = node.shape(x)[axis], chunk = 1;
  std::vector<int64_t> parts;
  if (node.hasInput(1)) {
    std::string why;
    std::optional<Tensor> given = node.needed(1, why);
    if (!given)
      return node.refuse("the operand 'split' " + why), items;
    for (int64_t i = 0; i < given->count() && given->rank() == 1; ++i)
      parts.push_back(given->intAt(i));
    chunk = given->rank() == 0 ? given->intAt(0) : 1;
  }
  if (chunk < 1)
    return node.refuse("'split' is not positive"), items;
  for (int64_t at = 0; parts.empty() && at < extent; at += chunk)
    items.push_back({});
  for (size_t i = 0, count = items.size(); i < count; ++i)
    parts.push_back(std::min(chunk, extent - static_cast<int64_t>(i) * chunk));
  items.clear();
  std::vector<int64_t> starts(rank, 0), steps(rank, 1), sizes = node.shape(x).vec();
  for (int64_t part : parts) {
    sizes[axis] = part;
    Value item = node.slice(x, starts, sizes, steps);
    if (!node.ok())
      return items;
    if (!node.hasInput(1) && node.intAttr("keepdims", 1) == 0) {
      std::vector<int64_t> kept = sizes;
      kept.erase(kept.begin() + axis);
      item = node.reshape(item, kept);
    }
    items.push_back(item);
    starts[axis] += part;
  }
  if (starts[axis] != extent)
    node.refuse("the parts do not add up to the axis' extent");
  return items;
}

/// The items joined, on an axis they have or on a new one.
Value OnnxImporter::joinItems(OnnxNode &node, const std::vector<Value> &items) {
  bool isNew = node.intAttr("new_axis", 0) != 0;
  int64_t axis = node.intAttr("axis", 0);
  if (items.empty() || node.badAxis(axis, static_cast<int64_t>(node.shape(items[0]).size()) + isNew))
    return node.refuse("the sequence is empty"), Value();
  llvm::SmallVector<Value> parts;
  for (Value item : items) {
    std::vector<int64_t> shape = node.shape(item).vec();
    if (isNew)
      shape.insert(shape.begin() + std::min<int64_t>(axis, shape.size()), 1);
    parts.push_back(node.reshape(item, shape));
  }
  return node.ok() ? node.concat(parts, axis) : Value();
}

/// True when the node makes or takes an optional value; then it is done with. Whether there is an element is known: an optional value is what it holds, or absent.
bool OnnxImporter::importOptional(const onnx::NodeProto &proto, Scope &scope) {
  llvm::StringRef op = proto.op_type();
  bool asks = op == "OptionalHasElement", makes = op == "Optional";
  if (!plainDomain(proto.domain()).empty() || (!asks && !makes && op != "OptionalGetElement") || proto.output_size() != 1 || proto.output(0).empty())
    return false;
  OnnxEntry *found = proto.input_size() && !proto.input(0).empty() ? scope.find(proto.input(0)) : nullptr;
  OnnxEntry entry = found ? *found : OnnxEntry{OnnxEntry::Absent, {}, nullptr};
  bool has = entry.kind != OnnxEntry::Absent;
  if (asks) {
    Tensor answer(DType::Bool, {});
    answer.setInt(0, has);
    entry = {OnnxEntry::Known, makeConstant(answer, proto.output(0), OnnxNode(*this, proto, 15).loc()), nullptr};
  }
  if (asks || makes || has)
    define(proto.output(0), entry, scope, &proto);
  else
    refuse(proto, "it takes the element of an optional value that is empty", scope);
  return true;
}

/// True when the node makes or takes a sequence; then it is done with.
bool OnnxImporter::importSequence(const onnx::NodeProto &proto, Scope &scope, OnnxFrame &next) {
  llvm::StringRef op = proto.op_type();
  OnnxEntry *first = proto.input_size() ? scope.find(proto.input(0)) : nullptr;
  bool takes = first && first->kind == OnnxEntry::Sequence;
  bool makes = op == "SequenceConstruct" || op == "SequenceEmpty" || op == "SplitToSequence";
  if (!plainDomain(proto.domain()).empty() || (!makes && !takes) || proto.output_size() != 1 || proto.output(0).empty())
    return false;
  std::vector<Value> items = takes ? first->items : std::vector<Value>();
  next.outputs.resize(1);
  frame = std::move(next);
  OnnxNode node(*this, proto, 11);
  Value tensor;
  if (op == "SequenceConstruct")
    items.assign(frame.inputs.begin(), frame.inputs.end());
  else if (op == "SplitToSequence")
    items = splitToItems(node);
  else if (op == "SequenceInsert") {
    if (std::optional<size_t> at = sequencePlace(node, items, 2, static_cast<int64_t>(items.size()), true))
      items.insert(items.begin() + *at, node.input(1));
  } else if (op == "SequenceErase") {
    if (std::optional<size_t> at = sequencePlace(node, items, 1, -1, false))
      items.erase(items.begin() + *at);
  } else if (op == "SequenceAt") {
    if (std::optional<size_t> at = sequencePlace(node, items, 1, 0, false))
      tensor = items[*at];
  } else if (op == "SequenceLength") {
    tensor = node.constantOf(Tensor::vectorI64({static_cast<int64_t>(items.size())}).reshaped({}));
  } else if (op == "ConcatFromSequence") {
    tensor = joinItems(node, items);
  } else if (op != "SequenceEmpty" && op != "Identity") {
    node.refuse("its operand is a sequence");
  }
  if (!frame.attributeError.empty() || !frame.error.empty())
    node.refuse(frame.attributeError + frame.error);
  frame = {};
  if (!node.ok() || llvm::is_contained(items, Value()))
    refuse(proto, node.ok() ? "an item of the sequence is missing" : node.reason, scope);
  else
    define(proto.output(0), {tensor ? OnnxEntry::Known : OnnxEntry::Sequence, tensor, nullptr, {}, items}, scope, &proto);
  return true;
}

} // namespace ingot
