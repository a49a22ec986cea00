// Inputs whose values decide shapes or structure: when an operator needs one while compiling, the value that was given for it (--bind, or the
// input file) is taken and the input is bound: the program checks at run time that it gets these bytes and no others.
#include "compiler/import/onnx/OnnxImporter.h"

#include "compiler/reference/Evaluate.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace ingot {
namespace {

constexpr size_t kMaxChain = 4096; // ops between an input and the operand that needs its value

std::string typeText(DType type, llvm::ArrayRef<int64_t> shape) {
  std::string text = name(type).str() + " [";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

/// One word of --bind as element i; false when it is no number of the type.
bool parseElement(llvm::StringRef word, Tensor &tensor, int64_t i) {
  word = word.trim();
  int64_t integer = 0;
  double number = 0;
  if (tensor.dtype() == DType::Bool && (word == "true" || word == "false")) {
    tensor.setInt(i, word == "true");
    return true;
  }
  if (isFloat(tensor.dtype())) {
    if (word.getAsDouble(number))
      return false;
    tensor.set(i, number);
    return true;
  }
  if (word.getAsInteger(10, integer))
    return false;
  tensor.setInt(i, integer);
  return tensor.intAt(i) == integer;
}

/// "3,1,2" as a tensor; nullopt when count or a word does not fit.
std::optional<Tensor> parseValues(llvm::StringRef text, DType type, llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<llvm::StringRef> words;
  text.split(words, ',', -1, /*KeepEmpty=*/!text.empty());
  Tensor tensor(type, shape);
  if (static_cast<int64_t>(words.size()) != tensor.count())
    return std::nullopt;
  for (size_t i = 0; i < words.size(); ++i)
    if (!parseElement(words[i], tensor, i))
      return std::nullopt;
  return tensor;
}

/// Everything that `value` is computed from, in program order; false when that is too much or holds an op that cannot be evaluated alone.
bool collectChain(Value value, std::vector<Operation *> &ops, std::vector<BlockArgument> &inputs) {
  llvm::SmallVector<Value> open = {value};
  llvm::SmallPtrSet<void *, 16> seen;
  while (!open.empty()) {
    Value next = open.pop_back_val();
    if (!seen.insert(next.getAsOpaquePointer()).second)
      continue;
    if (BlockArgument argument = llvm::dyn_cast<BlockArgument>(next)) {
      inputs.push_back(argument);
      continue;
    }
    Operation *op = next.getDefiningOp();
    if (llvm::isa<nn::ConstantOp, nn::WeightOp>(op) || llvm::is_contained(ops, op))
      continue;
    if (op->getNumRegions() != 0 || ops.size() >= kMaxChain)
      return false;
    ops.push_back(op);
    open.append(op->operand_begin(), op->operand_end());
  }
  llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  llvm::sort(inputs, [](BlockArgument a, BlockArgument b) { return a.getArgNumber() < b.getArgNumber(); });
  return true;
}

bool isSmall(Value value) { return llvm::cast<RankedTensorType>(value.getType()).getNumElements() <= ImportOptions::kMaxBoundElements; }

} // namespace

/// Says in `why` which inputs lack a value, and what to type.
bool OnnxImporter::haveValues(llvm::ArrayRef<BlockArgument> inputs, std::string &why) {
  std::string names, flags;
  for (BlockArgument argument : inputs) {
    if (!isSmall(argument)) {
      why = "depends on run-time data";
      return false;
    }
    const std::string &input = inputNames[argument.getArgNumber()];
    if (given.count(argument.getArgNumber()))
      continue;
    names += (names.empty() ? "'" : ", '") + printable(input) + "'";
    flags += " --bind " + printable(input) + "=V1,V2,...";
  }
  if (names.empty())
    return true;
  why = "decides the program's shapes and comes from input " + names + "; add" + flags + " with the values to compile for";
  return false;
}

std::optional<Tensor> OnnxImporter::neededValue(Value value, std::string &why) {
  why = "depends on run-time data";
  if (!value)
    return std::nullopt;
  if (std::optional<Tensor> known = valueOf(value))
    return known;
  std::vector<Operation *> ops;
  std::vector<BlockArgument> inputs;
  if (!isSmall(value) || !collectChain(value, ops, inputs) || inputs.empty() || !haveValues(inputs, why))
    return std::nullopt;
  llvm::DenseMap<Value, Tensor> values; // looked up, never iterated
  for (BlockArgument argument : inputs)
    values[argument] = given[argument.getArgNumber()];
  std::optional<Tensor> result = evaluateChain(ops, values, value);
  for (BlockArgument argument : inputs)
    if (result)
      bound.insert(argument.getArgNumber());
  return result;
}

std::optional<Tensor> OnnxImporter::evaluateChain(llvm::ArrayRef<Operation *> ops, llvm::DenseMap<Value, Tensor> &values, Value wanted) {
  for (Operation *op : ops) {
    llvm::SmallVector<Tensor> operands;
    for (Value operand : op->getOperands()) {
      auto found = values.find(operand);
      std::optional<Tensor> tensor = found != values.end() ? found->second : valueOf(operand);
      if (!tensor)
        return std::nullopt;
      operands.push_back(std::move(*tensor));
    }
    std::string why;
    llvm::FailureOr<llvm::SmallVector<Tensor, 2>> results = evaluate(op, operands, why);
    if (llvm::failed(results) || results->size() != op->getNumResults())
      return std::nullopt;
    for (auto [result, tensor] : llvm::zip(op->getResults(), *results))
      values[result] = tensor;
  }
  return values.lookup(wanted);
}

/// The bound values as attributes of the arguments, a note on each, and what --bind named in vain.
void OnnxImporter::finishBound(func::FuncOp function) {
  for (unsigned index : bound) {
    function.setArgAttr(index, "nn.bound", given[index].toAttr(&context));
    diagnostics.report("IG0165", "input '" + printable(inputNames[index]) + "' is bound to the values it was compiled with", {path},
                       "other values need another build; the program refuses them");
  }
  for (const auto &[name, text] : options.binds) {
    auto at = llvm::find(inputNames, name);
    if (at != inputNames.end() && !bound.count(at - inputNames.begin()))
      diagnostics.report("IG0166", "no operator needs input '" + printable(name) + "' while compiling: it stays free", {path}, "leave --bind out for it");
  }
}

/// Which values the inputs were given: --bind goes before the input file. Arrays of another type or shape give none; whoever runs the program says so.
void OnnxImporter::readGiven(func::FuncOp function) {
  for (unsigned i = 0; i < inputNames.size(); ++i) {
    RankedTensorType type = llvm::cast<RankedTensorType>(function.getArgumentTypes()[i]);
    DType element = *toDType(type.getElementType());
    auto typed = options.binds.find(inputNames[i]);
    auto array = options.inputValues.find(inputNames[i]);
    if (typed == options.binds.end()) {
      if (array != options.inputValues.end() && array->second.dtype() == element && array->second.shape() == type.getShape())
        given[i] = array->second;
      continue;
    }
    if (std::optional<Tensor> tensor = parseValues(typed->second, element, type.getShape()))
      given[i] = *tensor;
    else
      error("IG0164", "--bind does not fit the input, which is " + typeText(element, type.getShape()) + ": '" + printable(typed->second, 60) + "'",
            Where{path, "", printable(inputNames[i])}, "give as many numbers as the input has elements, in row-major order, separated by commas");
  }
  for (const auto &[name, text] : options.binds) {
    if (llvm::is_contained(inputNames, name))
      continue;
    std::vector<llvm::StringRef> known(inputNames.begin(), inputNames.end());
    std::string near = closest(name, known);
    error("IG0164", "--bind names '" + printable(name) + "', which is no input of the model", {path},
          near.empty() ? "its inputs are: " + printable(llvm::join(inputNames, ", "), 400) : "did you mean '" + near + "'?");
  }
}

} // namespace ingot
