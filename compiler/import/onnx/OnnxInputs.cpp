// The model's inputs -> arguments of @main. Symbolic dimensions get their extents from --dim, from given shapes, and from other dimensions where they are
// named after them ("past + 1"); what stays unknown is reported at once, with what to type.
#include "compiler/import/onnx/OnnxImporter.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace ingot {
namespace {

std::string axisName(const onnx::ValueInfoProto &input, int axis) { return (input.name() + "." + llvm::Twine(axis)).str(); }

/// The fixed extent of a dimension, if it has one.
std::optional<int64_t> fixedExtent(const onnx::TensorShapeProto::Dimension &dim) {
  if (dim.has_dim_value() && dim.dim_value() >= 0)
    return dim.dim_value();
  return std::nullopt;
}

std::string unsupportedType(const onnx::TypeProto &type) {
  if (type.has_sequence_type() || type.has_map_type())
    return "sequences and maps are not supported; only tensors are";
  if (type.has_optional_type())
    return "optional values are not supported; only tensors are";
  if (type.has_sparse_tensor_type())
    return "sparse tensors are not supported";
  if (!type.has_tensor_type())
    return "it has no tensor type";
  int64_t element = type.tensor_type().elem_type();
  return dtypeOfOnnx(element) ? "" : "tensors of element type " + nameOfOnnxType(element) + " are not supported";
}

bool variesWithOthers(const std::optional<DimExpr> &relation, const ImportOptions &options) {
  return relation && llvm::any_of(relation->names(), [&](const std::string &name) { return options.varied.count(name) != 0; });
}

} // namespace

/// What an extent is computed by: what --dim says, or the name itself.
std::optional<DimExpr> OnnxImporter::relationOf(llvm::StringRef name) const {
  auto given = options.relations.find(name.str());
  return DimExpr::parse(given != options.relations.end() ? llvm::StringRef(given->second) : name);
}

/// Learns dimensions of one input from its shape in ImportOptions, which must agree with the model but for dimensions that vary.
void OnnxImporter::bindFromShapes(const onnx::ValueInfoProto &input) {
  auto given = options.inputShapes.find(input.name());
  const onnx::TypeProto::Tensor &type = input.type().tensor_type();
  if (given == options.inputShapes.end() || !type.has_shape())
    return;
  const char *help = "give data of the shape that the model asks for";
  Where where{path, "", printable(input.name())};
  if (static_cast<int>(given->second.size()) != type.shape().dim_size())
    return error("IG0153", llvm::formatv("the given data have rank {0}, the input has rank {1}", given->second.size(), type.shape().dim_size()), where, help);
  for (int axis = 0; axis < type.shape().dim_size(); ++axis) {
    const onnx::TensorShapeProto::Dimension &dim = type.shape().dim(axis);
    int64_t extent = given->second[axis];
    std::optional<int64_t> fixed = fixedExtent(dim);
    std::string name = dimensionName(input, axis);
    if (!fixed && (options.varied.count(name) || options.relations.count(name) || variesWithOthers(relationOf(name), options)))
      continue;
    int64_t known = fixed ? *fixed : boundDims.emplace(name, extent).first->second;
    if (known != extent)
      error("IG0153", llvm::formatv("axis {0} of the given data has extent {1}, the model and the other inputs need {2}", axis, extent, known), where, help);
  }
}

std::optional<int64_t> OnnxImporter::extentOf(const onnx::ValueInfoProto &input, int axis) {
  const onnx::TensorShapeProto::Dimension &dim = input.type().tensor_type().shape().dim(axis);
  if (std::optional<int64_t> fixed = fixedExtent(dim))
    return fixed;
  std::string positional = axisName(input, axis), own = dimensionName(input, axis);
  knownDims.insert(positional);
  knownDims.insert(own);
  for (const std::string &name : {positional, own})
    if (auto found = boundDims.find(name); found != boundDims.end())
      return found->second;
  std::string place = llvm::formatv("axis {0} of input '{1}'", axis, printable(input.name()));
  auto bound = [&](llvm::StringRef name) {
    auto found = boundDims.find(name.str());
    return found != boundDims.end() ? std::optional<int64_t>(found->second) : std::nullopt;
  };
  for (const std::string &name : {positional, own}) {
    std::optional<DimExpr> relation = relationOf(name);
    std::optional<int64_t> extent = relation ? relation->value(bound) : std::nullopt;
    if (extent)
      return extent;
    if (relation && options.relations.count(name))
      place += ", " + printable(options.relations.find(name)->second);
  }
  unbound.emplace(own, place);
  return std::nullopt;
}

/// Nullopt when reported, or when a dimension is unbound (collected for the one report).
std::optional<RankedTensorType> OnnxImporter::inputType(const onnx::ValueInfoProto &input) {
  std::string bad = unsupportedType(input.type());
  if (!bad.empty()) {
    result.unsupported.push_back({"graph input", printable(input.name()), bad});
    return std::nullopt;
  }
  const onnx::TypeProto::Tensor &type = input.type().tensor_type();
  Where where{path, "", printable(input.name())};
  std::vector<int64_t> shape;
  bool complete = true;
  if (!type.has_shape()) {
    auto given = options.inputShapes.find(input.name());
    if (given == options.inputShapes.end()) {
      error("IG0152", "the model does not say which rank this input has", where, "give its shape with --shapes-from FILE.npz");
      return std::nullopt;
    }
    shape = given->second;
  }
  if (type.shape().dim_size() > kMaxOnnxRank)
    shape.resize(kMaxOnnxRank + 1);
  for (int axis = 0; axis < type.shape().dim_size() && axis < kMaxOnnxRank; ++axis) {
    std::optional<int64_t> extent = extentOf(input, axis);
    complete &= extent.has_value();
    shape.push_back(extent.value_or(0));
  }
  if (!complete)
    return std::nullopt;
  bad = badShape(shape);
  if (bad.empty())
    return RankedTensorType::get(shape, toMlir(*dtypeOfOnnx(type.elem_type()), &context));
  error("IG0155", "the input " + bad, where, "bind smaller dimensions or re-export the model");
  return std::nullopt;
}

bool OnnxImporter::addInputs(func::FuncOp function, Scope &scope) {
  boundDims.insert(options.dims.begin(), options.dims.end());
  for (const onnx::ValueInfoProto &input : model->graph().input())
    if (!scope.names.count(input.name()))
      bindFromShapes(input);
  for (const onnx::ValueInfoProto &input : model->graph().input()) {
    auto initial = scope.names.find(input.name());
    if (initial != scope.names.end() && initial->second.tensor) // IR versions before 4 list initialisers as inputs, too
      continue;
    std::optional<RankedTensorType> type = inputType(input);
    if (!type) {
      define(input.name(), {OnnxEntry::Poisoned, {}, nullptr}, scope, nullptr);
      continue;
    }
    auto name = builder.getDictionaryAttr(builder.getNamedAttr("nn.name", builder.getStringAttr(input.name())));
    unsigned index = function.getNumArguments();
    if (mlir::failed(function.insertArgument(index, *type, name, NameLoc::get(builder.getStringAttr(printable(input.name()))))))
      continue;
    inputNames.push_back(input.name());
    define(input.name(), {OnnxEntry::Known, function.getArgument(index), nullptr}, scope, nullptr);
  }
  reportUnbound();
  checkGivenDims();
  readGiven(function);
  return unbound.empty();
}

void OnnxImporter::reportUnbound() {
  auto isKnown = [&](const std::string &name) { return knownDims.contains(name); };
  auto isUnbound = [&](const std::string &name) { return unbound.count(name) && !options.relations.count(name); };
  for (auto at = unbound.begin(); at != unbound.end();) { // what follows from others needs no extent of its own
    std::optional<DimExpr> relation = relationOf(at->first);
    bool follows = relation && llvm::all_of(relation->names(), isKnown) && llvm::any_of(relation->names(), isUnbound);
    at = follows ? unbound.erase(at) : std::next(at);
  }
  if (unbound.empty())
    return;
  std::string list;
  std::string flags;
  for (const auto &[name, place] : unbound) {
    list += (list.empty() ? "" : ", ") + ("'" + printable(name) + "' (" + place + ")");
    flags += " --dim " + printable(name) + "=1";
  }
  error("IG0152", llvm::formatv("{0} of the model without an extent: {1}", unbound.size() == 1 ? "dimension" : "dimensions", list), {path},
        "add" + flags + " with the extents you need (INPUT.AXIS names a dimension by place), or --shapes-from FILE.npz");
}

void OnnxImporter::checkGivenDims() {
  std::vector<std::string> names;
  for (const auto &entry : knownDims)
    names.push_back(entry.getKey().str());
  llvm::sort(names);
  std::set<std::string> used;
  for (const auto &[name, extent] : options.dims)
    used.insert(name);
  for (const auto &[name, text] : options.relations) {
    used.insert(name);
    for (const std::string &part : DimExpr::parse(text)->names())
      used.insert(part);
  }
  for (const std::string &name : used) {
    if (knownDims.contains(name))
      continue;
    std::vector<llvm::StringRef> candidates(names.begin(), names.end());
    std::string near = closest(name, candidates);
    std::string help = names.empty() ? "all dimensions of this model are fixed; leave --dim out" : "its dimensions are: " + printable(llvm::join(names, ", "), 400);
    error("IG0154", "the model has no dimension named '" + printable(name) + "'", {path}, near.empty() ? help : "did you mean '" + near + "'? " + help);
  }
}

} // namespace ingot
