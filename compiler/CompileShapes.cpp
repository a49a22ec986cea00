// One model for several shapes: an import for each, joined into one module whose entry points are later chosen from by shape.
#include "compiler/Compile.h"

#include "compiler/import/gguf/GgufReader.h"
#include "compiler/import/onnx/OnnxReader.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace ingot {
namespace {

/// What the imports say: each message once, and with a shape when it is not said of all of them.
class JoinedDiagnostics {
public:
  void add(const Diagnostics &diagnostics, const std::string &shape) {
    for (const Diagnostic &diagnostic : diagnostics.all()) {
      auto known = llvm::find_if(list, [&](const Said &said) { return isSame(said.diagnostic, diagnostic); });
      if (known == list.end())
        list.push_back({diagnostic, shape, shape, 1});
      else if (known->last != shape)
        known->last = shape, ++known->count;
    }
  }

  void report(int64_t shapes, Diagnostics &diagnostics) {
    for (Said &said : list) {
      if (said.count < shapes)
        said.diagnostic.what += " (with " + printable(said.first) + (said.count > 1 ? " and " + std::to_string(said.count - 1) + " more shapes)" : ")");
      diagnostics.report(std::move(said.diagnostic));
    }
  }

private:
  struct Said {
    Diagnostic diagnostic;
    std::string first, last; // shapes
    int64_t count;
  };
  static bool isSame(const Diagnostic &a, const Diagnostic &b) { return a.code == b.code && a.what == b.what && a.where.node == b.where.node && a.where.tensor == b.where.tensor; }
  std::vector<Said> list;
};

/// Inputs and outputs by name, element type and rank.
std::string signatureOf(func::FuncOp function) {
  std::string text;
  llvm::raw_string_ostream out(text);
  auto add = [&](Type type, StringAttr name) {
    RankedTensorType tensor = cast<RankedTensorType>(type);
    out << name << ':' << tensor.getElementType() << '/' << tensor.getRank() << '\n';
  };
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    add(function.getArgumentTypes()[i], function.getArgAttrOfType<StringAttr>(i, "nn.name"));
  out << "->\n";
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    add(function.getResultTypes()[i], function.getResultAttrOfType<StringAttr>(i, "nn.name"));
  return text;
}

/// Moves the one function of `part` into `whole` as `entry`. False: it has other inputs or outputs than the functions there.
bool join(ModuleOp whole, ModuleOp part, StringRef entry) {
  func::FuncOp function = *part.getOps<func::FuncOp>().begin(), first = *whole.getOps<func::FuncOp>().begin();
  function.setSymName(entry);
  if (function == first)
    return true;
  function->moveBefore(whole.getBody(), whole.getBody()->end());
  return signatureOf(function) == signatureOf(first);
}

} // namespace

ImportedModel importShapes(const CompileOptions &options, MLIRContext &context, WeightStore &store, Diagnostics &diagnostics) {
  constexpr llvm::StringLiteral kDifferentCode = "IG0168", kMissingCode = "IG0009";
  Where where{options.modelPath};
  bool isGguf = isGgufFile(options.modelPath) || StringRef(options.modelPath).ends_with(".gguf");
  if (isGguf || options.compress.isActive()) {
    diagnostics.report(kMissingCode, isGguf ? "a language model has no symbolic dimensions to give several extents" : "several shapes cannot be compressed on the way", where,
                       isGguf ? "leave --dim out" : "write the compressed model with ingot compress, then build that for the shapes");
    return {};
  }
  std::shared_ptr<onnx::ModelProto> parsed = readOnnxModel(options.modelPath, diagnostics);
  if (!parsed)
    return {};
  ImportedModel all;
  JoinedDiagnostics said;
  std::vector<std::string> entries = options.shapes.entries();
  bool good = true;
  for (int64_t set = 0; set < options.shapes.count(); ++set) {
    CompileOptions one = options;
    one.import.parsed = parsed;
    for (const auto &[name, extent] : options.shapes.byName(set)) {
      one.import.dims[name] = extent;
      one.import.varied.insert(name);
    }
    Diagnostics own;
    ImportedModel part = importModel(one, context, store, own);
    said.add(own, options.shapes.text(set));
    good &= bool(part.module);
    if (!good)
      continue;
    bool isFirst = !all.module;
    if (isFirst)
      all = std::move(part);
    if (join(*all.module, isFirst ? *all.module : *part.module, entries[static_cast<size_t>(set)]))
      continue;
    good = false;
    diagnostics.report(kDifferentCode, "the model has other inputs or outputs with " + printable(options.shapes.text(set)) + " than with " + printable(options.shapes.text(0)),
                       where, "leave one of the two out");
  }
  said.report(options.shapes.count(), diagnostics);
  if (!good)
    all.module = {};
  return all;
}

} // namespace ingot
