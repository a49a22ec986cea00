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

constexpr llvm::StringLiteral kShapesCode = "IG0168", kLeftOutCode = "IG0169";

/// The options of one shape.
CompileOptions optionsOf(const std::map<std::string, int64_t> &extents, const CompileOptions &options) {
  CompileOptions one = options;
  for (const auto &[name, extent] : extents) {
    one.import.dims[name] = extent;
    one.import.varied.insert(name);
  }
  return one;
}

/// Bounds alone do not ask for each extent between them.
bool areTooMany(const ShapeSets &shapes) { return shapes.count() < 0 || (!shapes.bounded.empty() && shapes.count() > kMostBetween); }

/// Leaves out extents of bounded dimensions: those that the model has no shape with, each tried with the others at extents that work, and where the
/// shapes are still too many all but the multiples of a step.
class Narrower {
public:
  Narrower(const CompileOptions &options, MLIRContext &context) : options(options), context(context) {}

  /// What is left of `shapes`, and a warning for each dimension that loses extents. None where no shape at all is found.
  std::optional<ShapeSets> run(const ShapeSets &shapes, Diagnostics &diagnostics) {
    std::optional<std::map<std::string, int64_t>> base = findBase(shapes);
    if (!base)
      return std::nullopt;
    ShapeSets left = shapes;
    std::map<std::string, std::string> reasons;
    for (const std::string &name : shapes.bounded)
      reasons[name] = narrow(name, left.dims[name], *base);
    for (int64_t step = 2; areTooMany(left) && step <= kMostShapes; step *= 2)
      for (const std::string &name : shapes.bounded)
        if (areTooMany(left) && keepMultiples(step, left.dims[name]))
          reasons[name] = "all would be more than " + std::to_string(kMostBetween) + " shapes, these are the multiples of " + std::to_string(step);
    for (const auto &[name, reason] : reasons)
      if (left.dims[name].size() < shapes.dims.at(name).size())
        report(name, shapes.dims.at(name), left.dims[name], reason, diagnostics);
    return left;
  }

private:
  static constexpr int64_t kMostTrials = 4096;

  /// True if the model has this shape; else `why` says what it lacks.
  bool has(const std::map<std::string, int64_t> &extents, std::string &why) {
    Diagnostics own;
    WeightStore store;
    ImportedModel model = importModel(optionsOf(extents, options), context, store, own);
    if (model.module)
      return true;
    for (const Diagnostic &diagnostic : llvm::reverse(own.all()))
      if (diagnostic.severity == Severity::Error)
        why = diagnostic.what;
    return false;
  }

  /// A shape that the model has, near the least extents of the bounded dimensions.
  std::optional<std::map<std::string, int64_t>> findBase(const ShapeSets &shapes) {
    size_t longest = 0;
    for (const std::string &name : shapes.bounded)
      longest += shapes.dims.at(name).size() - 1;
    std::map<std::string, int64_t> extents;
    for (const auto &[name, list] : shapes.dims)
      extents[name] = list.front();
    int64_t trials = kMostTrials;
    for (size_t steps = 0; steps <= longest && trials > 0; ++steps)
      if (findBase(shapes, shapes.bounded.begin(), steps, extents, trials))
        return extents;
    return std::nullopt;
  }

  /// Likewise with the dimensions from `dim` on that many steps from their least extents in all.
  bool findBase(const ShapeSets &shapes, std::set<std::string>::const_iterator dim, size_t steps, std::map<std::string, int64_t> &extents, int64_t &trials) {
    if (std::string why; dim == shapes.bounded.end())
      return steps == 0 && trials-- > 0 && has(extents, why);
    const std::vector<int64_t> &list = shapes.dims.at(*dim);
    for (size_t step = std::next(dim) == shapes.bounded.end() ? steps : 0; step <= steps && step < list.size() && trials > 0; ++step) {
      extents[*dim] = list[step];
      if (findBase(shapes, std::next(dim), steps - step, extents, trials))
        return true;
    }
    return false;
  }

  /// Keeps the extents that the model has with `extents`, and says why it lacks the first that it lacks.
  std::string narrow(const std::string &name, std::vector<int64_t> &list, std::map<std::string, int64_t> extents) {
    std::string first;
    llvm::erase_if(list, [&](int64_t extent) {
      extents[name] = extent;
      std::string why;
      bool isLeftOut = !has(extents, why);
      if (isLeftOut && first.empty())
        first = "the model has no shape with " + std::to_string(extent) + ": " + why;
      return isLeftOut;
    });
    return first;
  }

  /// False, and nothing happens, where that would leave none.
  static bool keepMultiples(int64_t step, std::vector<int64_t> &list) {
    auto isMultiple = [&](int64_t extent) { return extent % step == 0; };
    if (llvm::none_of(list, isMultiple))
      return false;
    llvm::erase_if(list, [&](int64_t extent) { return !isMultiple(extent); });
    return true;
  }

  void report(StringRef name, ArrayRef<int64_t> asked, ArrayRef<int64_t> kept, StringRef why, Diagnostics &diagnostics) const {
    std::string text;
    llvm::raw_string_ostream(text) << kept.size() << " of the " << asked.size() << " extents of '" << printable(name) << "' from " << asked.front() << " to "
                                   << asked.back() << " are compiled (" << why << ")";
    const char *help = kept.size() > 1 ? "the header lists those that there are; LO..HI:STEP or a list says which are needed"
                                       : "where it follows from other dimensions say how: --dim total=past+seq";
    diagnostics.report(kLeftOutCode, std::move(text), {options.modelPath}, help);
  }

  const CompileOptions &options;
  MLIRContext &context;
};

/// Imports every shape into one module. None if one of them fails; then `said` has why.
ImportedModel importAll(const CompileOptions &options, const ShapeSets &shapes, MLIRContext &context, WeightStore &store, Diagnostics &said) {
  ImportedModel all;
  JoinedDiagnostics joined;
  std::vector<std::string> entries = shapes.entries();
  bool good = true;
  for (int64_t set = 0; set < shapes.count(); ++set) {
    Diagnostics own;
    ImportedModel part = importModel(optionsOf(shapes.byName(set), options), context, store, own);
    joined.add(own, shapes.text(set));
    good &= bool(part.module);
    if (!good)
      continue;
    bool isFirst = !all.module;
    if (isFirst)
      all = std::move(part);
    if (join(*all.module, isFirst ? *all.module : *part.module, entries[static_cast<size_t>(set)]))
      continue;
    good = false;
    said.report(kShapesCode, "the model has other inputs or outputs with " + printable(shapes.text(set)) + " than with " + printable(shapes.text(0)),
                {options.modelPath}, "leave one of the two out");
  }
  joined.report(shapes.count(), said);
  if (!good)
    all.module = {};
  return all;
}

} // namespace

ImportedModel importShapes(const CompileOptions &given, ShapeSets &shapes, MLIRContext &context, WeightStore &store, Diagnostics &diagnostics) {
  constexpr llvm::StringLiteral kMissingCode = "IG0009";
  CompileOptions options = given;
  Where where{options.modelPath};
  bool isGguf = isGgufFile(options.modelPath) || StringRef(options.modelPath).ends_with(".gguf");
  if (isGguf || options.compress.isActive()) {
    diagnostics.report(kMissingCode, isGguf ? "a language model has no symbolic dimensions to give several extents" : "several shapes cannot be compressed on the way", where,
                       isGguf ? "leave --dim out" : "write the compressed model with ingot compress, then build that for the shapes");
    return {};
  }
  options.import.parsed = readOnnxModel(options.modelPath, diagnostics);
  if (!options.import.parsed)
    return {};
  ImportedModel model;
  Diagnostics said;
  bool isTried = !areTooMany(shapes);
  if (isTried)
    model = importAll(options, shapes, context, store, said);
  if (!model.module && !shapes.bounded.empty()) {
    std::optional<ShapeSets> narrowed = Narrower(options, context).run(shapes, diagnostics);
    if (!isTried || (narrowed && narrowed->dims != shapes.dims)) {
      shapes = narrowed.value_or(shapes);
      said = {};
      if (shapes.count() > 0)
        model = importAll(options, shapes, context, store, said);
      else
        said.report(kShapesCode, "the extents given with --dim combine to more than " + std::to_string(kMostShapes) + " shapes of the model", where,
                    "every combination is compiled: give a step, LO..HI:STEP, or list those that are needed");
    }
    if (narrowed && !model.module && shapes.count() > 1)
      said.report(kShapesCode, "the model has no shape with some combinations of the extents given with --dim", where,
                  "where a dimension follows from others say how: --dim total=past+seq");
  }
  for (const Diagnostic &diagnostic : said.all())
    diagnostics.report(diagnostic);
  return model;
}

} // namespace ingot
