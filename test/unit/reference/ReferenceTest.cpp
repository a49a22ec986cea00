// Runs every case: builds `func @main` around the op, parses and verifies it, evaluates the function, compares element by element.
// Prints one line a failure and returns 1 when there was any.
#include "Check.h"

#include "compiler/import/gguf/GgufTypes.h"
#include "compiler/reference/Evaluate.h"
#include "compiler/weights/WeightStore.h"
#include "dialects/Registry.h"
#include "dialects/quant/BlockFormats.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace ingot;
using namespace mlir;

namespace {

std::string typeList(const std::vector<const char *> &types, const char *prefix) {
  std::string list;
  for (size_t i = 0; i < types.size(); ++i)
    list += (i ? ", " : "") + (*prefix ? prefix + std::to_string(i) + ": " : std::string()) + "tensor<" + types[i] + ">";
  return list;
}

/// `%r:2 = OP : (...) -> (...)` inside a function that returns every result.
std::string moduleText(const Case &test) {
  std::string text = test.text, results, opResults = typeList(test.resultTypes, "");
  for (size_t i = 0; i < test.resultTypes.size(); ++i)
    results += (i ? ", %r#" : "%r#") + std::to_string(i);
  std::string signature = !test.types.empty() ? " : (" + typeList(test.types, "") + ") -> (" + opResults + ")" : "";
  return "func.func @main(" + typeList(test.types, "%arg") + ") -> (" + opResults + ") {\n  %r:" + std::to_string(test.resultTypes.size()) + " = " +
         text + signature + "\n  return " + results + " : " + opResults + "\n}\n";
}

Tensor tensorOf(Type type, const Numbers &values) {
  auto ranked = cast<RankedTensorType>(type);
  Tensor tensor(*toDType(ranked.getElementType()), ranked.getShape());
  for (int64_t i = 0; i < tensor.count(); ++i)
    tensor.set(i, values[static_cast<size_t>(i) % values.size()]);
  return tensor;
}

bool near(double found, double expected, double tolerance) {
  if (std::isnan(expected) || std::isinf(expected))
    return std::isnan(expected) ? std::isnan(found) : found == expected;
  return std::fabs(found - expected) <= tolerance * std::max(1.0, std::fabs(expected));
}

std::string compare(const Tensor &found, const Numbers &expected, double tolerance) {
  if (found.count() != static_cast<int64_t>(expected.size()))
    return "gives " + std::to_string(found.count()) + " elements, expected " + std::to_string(expected.size());
  for (int64_t i = 0; i < found.count(); ++i)
    if (!near(found.at(i), expected[static_cast<size_t>(i)], tolerance))
      return "element " + std::to_string(i) + " is " + std::to_string(found.at(i)) + ", expected " + std::to_string(expected[static_cast<size_t>(i)]);
  return "";
}

/// What is wrong, or "".
std::string run(const Case &test, MLIRContext &context, const WeightStore &store) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(moduleText(test), &context);
  if (!module)
    return "does not parse:\n" + moduleText(test);
  auto function = module->lookupSymbol<func::FuncOp>("main");
  std::vector<Tensor> inputs;
  for (auto [type, values] : llvm::zip_equal(function.getArgumentTypes(), test.operands))
    inputs.push_back(tensorOf(type, values));
  std::string why;
  llvm::FailureOr<std::vector<Tensor>> found = evaluate(function, inputs, store, why);
  if (failed(found))
    return test.expected.empty() && !why.empty() ? "" : "is refused: " + why;
  for (size_t i = 0; i < test.expected.size(); ++i)
    if (std::string fault = compare((*found)[i], test.expected[i], test.tolerance); !fault.empty())
      return "result " + std::to_string(i) + ": " + fault;
  return test.expected.empty() ? "is not refused" : "";
}

/// Attributes and back, for whole-byte, sub-byte and repeated elements.
unsigned checkAttributes(MLIRContext &context) {
  unsigned failures = 0;
  for (int code = 0; code <= static_cast<int>(DType::F4E2M1); ++code)
    for (double second : {1.0, 2.0}) {
      Tensor tensor(static_cast<DType>(code), {2});
      tensor.set(0, 1);
      tensor.set(1, second == 2 && tensor.dtype() == DType::I2 ? -2 : second);
      DenseElementsAttr attr = tensor.toAttr(&context);
      Tensor back = Tensor::fromAttr(attr);
      bool splat = second == 1 || tensor.dtype() == DType::Bool;
      if (back.dtype() == tensor.dtype() && back.at(0) == tensor.at(0) && back.at(1) == tensor.at(1) && attr.isSplat() == splat)
        continue;
      llvm::errs() << "FAIL " << name(tensor.dtype()) << " does not survive toAttr and fromAttr\n";
      ++failures;
    }
  return failures;
}

/// A state is zeros at first, then what the last run of any function wrote; a function sees what was there when it began.
unsigned checkStates(MLIRContext &context, const WeightStore &store) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(R"(
func.func @add(%x: tensor<2xf32>) -> tensor<2xf32> {
  %old = nn.state @sum : tensor<2xf32>
  %new = nn.binary add %old, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  nn.write_state %new, @sum : tensor<2xf32>
  %seen = nn.state @sum : tensor<2xf32>
  return %seen : tensor<2xf32>
}
func.func @read() -> tensor<2xf32> {
  %sum = nn.state @sum : tensor<2xf32>
  return %sum : tensor<2xf32>
})", &context);
  Tensor one = tensorOf(RankedTensorType::get({2}, Float32Type::get(&context)), {1, 2});
  StateMap states;
  std::string why, found;
  for (auto [function, inputs] : {std::make_pair("add", ArrayRef(one)), std::make_pair("add", ArrayRef(one)), std::make_pair("read", ArrayRef<Tensor>())}) {
    llvm::FailureOr<std::vector<Tensor>> result = evaluate(module->lookupSymbol<func::FuncOp>(function), inputs, store, why, &states);
    found += succeeded(result) ? std::to_string((*result)[0].at(1)) + " " : why;
  }
  if (found == "0.000000 2.000000 4.000000 ")
    return 0;
  llvm::errs() << "FAIL states: " << found << "\n";
  return 1;
}

/// Every block format is a GGUF type of the same size, whose values the reference knows.
unsigned checkFormats() {
  unsigned failures = 0;
  for (const quant::BlockFormat &format : quant::blockFormats()) {
    const GgufType *type = findGgufType(format.name);
    if (type && type->elements == format.elements && type->bytes == format.bytes && canDequantize(*type))
      continue;
    llvm::errs() << "FAIL block format " << format.name << " is no GGUF type of its size\n";
    ++failures;
  }
  return failures;
}

} // namespace

int main() {
  MLIRContext context;
  loadDialects(context);
  WeightStore store;
  store.add("plain", tensorOf(RankedTensorType::get({3}, Float32Type::get(&context)), {1, 2, 3}));
  store.addRecipe("twice", DType::F32, {3}, Recipe{{"plain"}, "double", {[](llvm::ArrayRef<Tensor> inputs) {
    Tensor made = inputs[0];
    for (int64_t i = 0; i < made.count(); ++i)
      made.set(i, 2 * made.at(i));
    return made;
  }, ""}});
  unsigned failures = checkAttributes(context) + checkStates(context, store) + checkFormats(), count = 0;
  for (auto cases : {elementCases, movementCases, groupCases, windowCases, quantCases, sequenceCases})
    for (const Case &test : cases()) {
      ++count;
      std::string fault = run(test, context, store);
      failures += !fault.empty();
      if (!fault.empty())
        llvm::errs() << "FAIL " << test.text << ": " << fault << "\n";
    }
  llvm::outs() << count << " cases, " << failures << " failures\n";
  return failures != 0;
}
