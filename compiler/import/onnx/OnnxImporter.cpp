// Walks the graph in file order, which ONNX requires to be topological. A node that cannot be compiled poisons its results; nodes that
// depend on them are skipped, so that one run lists every independent problem.
#include "compiler/import/onnx/OnnxImporter.h"

#include "compiler/Diag.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace ingot {
namespace {
constexpr int kMaxErrors = 20; // printed one by one; after that a model is simply broken
}

llvm::StringRef plainDomain(llvm::StringRef domain) { return domain == "ai.onnx" ? "" : domain; }

std::string fullOpName(const onnx::NodeProto &proto) {
  llvm::StringRef domain = plainDomain(proto.domain());
  return printable((domain.empty() ? "" : domain.str() + ".") + proto.op_type());
}

std::string describeNode(const onnx::NodeProto &proto) {
  std::string name = proto.name();
  if (name.empty() && proto.output_size() != 0)
    name = proto.output(0);
  return fullOpName(proto) + " '" + printable(name) + "'";
}

OnnxEntry *OnnxScope::find(llvm::StringRef name) {
  for (OnnxScope *scope = this; scope; scope = scope->parent) {
    auto found = scope->names.find(name);
    if (found != scope->names.end())
      return &found->second;
  }
  return nullptr;
}

OnnxImporter::OnnxImporter(llvm::StringRef path, const ImportOptions &options, MLIRContext &context, WeightStore &store, Diagnostics &diagnostics)
    : path(path.str()), options(options), context(context), store(store), diagnostics(diagnostics), builder(&context),
      files(llvm::sys::path::parent_path(path)) {
  context.loadDialect<nn::NnDialect, quant::QuantDialect, func::FuncDialect>();
  registerOnnxOps(registry);
}

Where OnnxImporter::whereOf(const onnx::NodeProto &proto) const { return Where{path, describeNode(proto)}; }

void OnnxImporter::error(llvm::StringRef code, std::string what, Where where, std::string help) {
  failed = true;
  if (++errorCount <= kMaxErrors)
    diagnostics.report(code, std::move(what), std::move(where), std::move(help));
}

bool OnnxImporter::readOpsets(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports, OpsetMap &opsets, llvm::StringRef where) {
  for (const onnx::OperatorSetIdProto &entry : imports)
    opsets[plainDomain(entry.domain()).str()] = entry.version();
  auto found = opsets.find("");
  if (found == opsets.end())
    return true;
  int64_t version = found->second;
  if (version >= kMinOnnxOpset && version <= kMaxOnnxOpset)
    return true;
  bool old = version < kMinOnnxOpset;
  error(old ? "IG0150" : "IG0151", llvm::formatv("{0} uses opset {1}; Ingot compiles {2} to {3}", where, version, kMinOnnxOpset, kMaxOnnxOpset), {path},
        old ? "convert it: onnx.version_converter.convert_version(model, 17)" : "export the model again with a lower opset");
  return false;
}

ImportedModel OnnxImporter::run() {
  model = options.parsed ? options.parsed : readOnnxModel(path, diagnostics);
  if (!model)
    return std::move(result);
  ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    mlirMessage = diagnostic.str();
    return success();
  });
  OpsetMap opsets;
  if (!readOpsets(model->opset_import(), opsets, "the model"))
    return std::move(result);
  for (const onnx::FunctionProto &function : model->functions())
    functions[plainDomain(function.domain()).str() + "\n" + function.name() + "\n" + function.overload()] = &function;

  Location loc = NameLoc::get(StringAttr::get(&context, printable(llvm::sys::path::filename(path))));
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToEnd(module->getBody());
  auto function = func::FuncOp::create(builder, loc, "main", builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  Scope scope;
  scope.opsets = &opsets;
  scope.owner = model;
  addInitializers(model->graph(), scope);
  if (!addInputs(function, scope))
    return std::move(result);
  importNodes(model->graph().node(), scope);

  if (model->graph().output_size() == 0)
    error("IG0162", "the graph has no outputs", {path}, "re-export the model with at least one output");
  checkOutputs(scope);
  reportUnsupported();
  if (errorCount > kMaxErrors)
    diagnostics.report("IG0163", llvm::formatv("{0} more errors are not shown", errorCount - kMaxErrors), {path}, "repair the ones above first");
  if (failed || !result.unsupported.empty())
    return std::move(result);
  returnValues(function, scope);
  finishBound(function);
  if (succeeded(verify(*module)))
    result.module = std::move(module);
  else
    diagnostics.report("IG0199", "the imported module is not valid: " + mlirMessage, {path}, "please report this with the model");
  return std::move(result);
}

/// Every output of the graph must have a value.
void OnnxImporter::checkOutputs(Scope &scope) {
  for (const onnx::ValueInfoProto &output : model->graph().output()) {
    OnnxEntry *entry = scope.find(output.name());
    if (!entry)
      error("IG0162", "the graph's output is computed by no node", Where{path, "", printable(output.name())}, "re-export the model; this file is damaged");
    else if (entry->kind == OnnxEntry::Initializer)
      materialize(output.name(), *entry);
    else if (entry->kind == OnnxEntry::Sequence)
      result.unsupported.push_back({"graph output", printable(output.name()), "sequences are not supported as outputs; only tensors are"});
    else if (entry->kind == OnnxEntry::Absent)
      result.unsupported.push_back({"graph output", printable(output.name()), "it is an optional value without an element; only tensors are supported as outputs"});
  }
}

/// Returns the outputs; behind them the extents of those whose extent is known at run time only.
void OnnxImporter::returnValues(func::FuncOp function, Scope &scope) {
  llvm::SmallVector<Value> results;
  for (const onnx::ValueInfoProto &output : model->graph().output())
    results.push_back(scope.find(output.name())->value);
  llvm::SmallVector<std::pair<int64_t, int64_t>> limits; // by output: the axis and the result that holds its extent; -1: none
  for (size_t i = 0, count = results.size(); i < count; ++i) {
    auto found = extents.find(results[i]);
    limits.push_back({-1, -1});
    if (found == extents.end())
      continue;
    auto known = std::find(results.begin() + count, results.end(), found->second.count);
    limits.back() = {found->second.axis, known - results.begin()};
    if (known == results.end())
      results.push_back(found->second.count);
  }
  func::ReturnOp::create(builder, function.getLoc(), results);
  finishFunction(function, limits);
}

/// Types and names of the results, and no op that nothing uses.
void OnnxImporter::finishFunction(func::FuncOp function, llvm::ArrayRef<std::pair<int64_t, int64_t>> limits) {
  Operation *terminator = function.getBody().front().getTerminator();
  function.setType(builder.getFunctionType(function.getArgumentTypes(), terminator->getOperandTypes()));
  for (int i = 0; i < model->graph().output_size(); ++i)
    function.setResultAttr(i, "nn.name", builder.getStringAttr(model->graph().output(i).name()));
  for (int i = 0; i < model->graph().output_size(); ++i) {
    if (limits[i].first < 0)
      continue;
    function.setResultAttr(i, "nn.extent", builder.getDenseI64ArrayAttr({limits[i].first, limits[i].second}));
    if (!function.getResultAttr(limits[i].second, "nn.name"))
      function.setResultAttr(limits[i].second, "nn.name", builder.getStringAttr(model->graph().output(i).name() + ".extent"));
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

void OnnxImporter::define(llvm::StringRef name, OnnxEntry entry, Scope &scope, const onnx::NodeProto *proto) {
  if (scope.names.try_emplace(name, entry).second)
    return;
  Where where = proto ? whereOf(*proto) : Where{path};
  where.tensor = printable(name);
  error("IG0157", "two values of one graph have the same name", where, "re-export the model; names of values must be unique");
}

void OnnxImporter::addInitializers(const onnx::GraphProto &graph, Scope &scope) {
  for (const onnx::TensorProto &tensor : graph.initializer())
    define(tensor.name(), {OnnxEntry::Initializer, {}, &tensor, scope.owner}, scope, nullptr);
  for (const onnx::SparseTensorProto &sparse : graph.sparse_initializer()) {
    result.unsupported.push_back({"sparse initialiser", printable(sparse.values().name()), "sparse tensors are not supported"});
    define(sparse.values().name(), {OnnxEntry::Poisoned, {}, nullptr}, scope, nullptr);
  }
}

/// Turns an initialiser into an op at its first use.
void OnnxImporter::materialize(llvm::StringRef name, OnnxEntry &entry) {
  OnnxError problem;
  std::optional<Tensor> tensor = readTensor(*entry.tensor, entry.owner, &files, problem);
  if (tensor) {
    entry = {OnnxEntry::Known, makeConstant(*tensor, name, NameLoc::get(builder.getStringAttr(printable(name)))), nullptr};
    return;
  }
  entry = {OnnxEntry::Poisoned, {}, nullptr};
  if (problem.code.empty())
    result.unsupported.push_back({"initialiser", printable(name), problem.what});
  else
    error(problem.code, problem.what, Where{path, "", printable(name)}, problem.help);
}

/// Looks the operands up. False when one is poisoned or missing; the latter is reported.
bool OnnxImporter::gatherInputs(const onnx::NodeProto &proto, Scope &scope, OnnxFrame &next) {
  bool usable = true;
  for (const std::string &name : proto.input()) {
    OnnxEntry *entry = name.empty() ? nullptr : scope.find(name);
    if (entry && entry->kind == OnnxEntry::Initializer)
      materialize(name, *entry);
    if (!name.empty() && !entry) {
      Where where = whereOf(proto);
      where.tensor = printable(name);
      error("IG0156", "a node reads a value that no earlier node, input or initialiser gives", where,
            "no node gives it, or nodes need each other; re-export the model or run onnx.checker on it");
    }
    usable &= name.empty() || (entry && entry->kind != OnnxEntry::Poisoned);
    next.inputs.push_back(entry && entry->kind == OnnxEntry::Known ? entry->value : Value());
  }
  return usable;
}

void OnnxImporter::importNodes(const OnnxNodes &nodes, Scope &scope) {
  for (const onnx::NodeProto *next : inOrder(nodes)) {
    const onnx::NodeProto &proto = *next;
    if (scope.depth > 0 && ++expanded > kMaxExpandedNodes) {
      if (expanded == kMaxExpandedNodes + 1)
        error("IG0159", llvm::formatv("functions and branches expand to more than {0} nodes", kMaxExpandedNodes), whereOf(proto),
              "export the model without nested functions");
      return;
    }
    ++result.nodeCount;
    ++result.opCounts[fullOpName(proto)];
    importNode(proto, scope);
  }
}

void OnnxImporter::importNode(const onnx::NodeProto &proto, Scope &scope) {
  OnnxFrame next;
  next.owner = scope.owner;
  if (scope.bindings && needsBinding(proto)) {
    std::shared_ptr<onnx::NodeProto> bound = bind(proto, *scope.bindings);
    Scope inner; // the same names, but tensors of this node are owned by the copy
    inner.parent = &scope;
    inner.opsets = scope.opsets;
    inner.bindings = scope.bindings;
    inner.owner = bound;
    inner.depth = scope.depth;
    importNode(*bound, inner);
    for (auto &name : bound->output())
      if (auto found = inner.names.find(name); found != inner.names.end())
        define(name, found->second, scope, &proto);
    return;
  }
  if (!gatherInputs(proto, scope, next)) {
    ++skipped;
    return poisonOutputs(proto, scope);
  }
  if (importOptional(proto, scope))
    return;
  if (importCounted(proto, scope, next))
    return;
  if (std::string varying = varyingInput(proto, next.inputs); !varying.empty())
    return importVarying(proto, scope, std::move(next), varying);
  if (importSequence(proto, scope, next))
    return;
  bool carries = plainDomain(proto.domain()).empty() && proto.op_type() == "Loop"; // its operands from the third on, sequences too
  for (int i = 0, end = carries ? std::min(2, proto.input_size()) : proto.input_size(); i < end; ++i)
    if (OnnxEntry *entry = proto.input(i).empty() ? nullptr : scope.find(proto.input(i)); entry && entry->kind == OnnxEntry::Sequence)
      return refuse(proto, "its operand '" + printable(proto.input(i)) + "' is a sequence", scope);
  if (const onnx::FunctionProto *function = findFunction(proto))
    return importCall(proto, *function, scope, next.inputs);
  if (plainDomain(proto.domain()).empty() && importControl(proto, scope, next.inputs))
    return;
  if (fullOpName(proto) == "ai.onnx.preview.FlexAttention")
    return importFlexAttention(proto, scope, next.inputs);
  importWithRule(proto, scope, std::move(next));
}

void OnnxImporter::importWithRule(const onnx::NodeProto &proto, Scope &scope, OnnxFrame next) {
  llvm::StringRef domain = plainDomain(proto.domain());
  const OnnxImportFn *rule = registry.find(domain, proto.op_type());
  if (!rule)
    return refuse(proto, "Ingot has no rule for this operator", scope);
  auto version = scope.opsets->find(domain.str());
  if (version == scope.opsets->end() && domain.empty()) {
    error("IG0150", "the model does not say which opset it uses", whereOf(proto), "re-export the model; it must import the domain ai.onnx");
    return poisonOutputs(proto, scope);
  }
  next.outputs.resize(proto.output_size());
  frame = std::move(next);
  OnnxNode node(*this, proto, version == scope.opsets->end() ? 1 : version->second);
  (*rule)(node);
  OnnxFrame done = std::move(frame);
  frame = {};
  if (!done.attributeError.empty() || !done.error.empty()) {
    bool attribute = !done.attributeError.empty();
    error(attribute ? "IG0158" : "IG0161", attribute ? done.attributeError : done.error, whereOf(proto),
          "run onnx.checker.check_model(model, full_check=True) to see what the exporter did wrong");
    return poisonOutputs(proto, scope);
  }
  if (!node.ok())
    return refuse(proto, node.reason, scope);
  for (int i = 0; i < proto.output_size(); ++i)
    if (!proto.output(i).empty() && !done.outputs[i])
      return refuse(proto, llvm::formatv("its output {0} is not supported", i).str(), scope);
  for (int i = 0; i < proto.output_size(); ++i)
    if (!proto.output(i).empty())
      define(proto.output(i), {OnnxEntry::Known, numbers.settled(node, done.outputs[i]), nullptr}, scope, &proto);
  if (options.keepNames && scope.depth == 0)
    nameResult(proto.output(0), done.outputs[0]);
}

/// The first name that a value gets is its own; constants have no use for one.
void OnnxImporter::nameResult(llvm::StringRef name, Value value) {
  Operation *op = value ? value.getDefiningOp() : nullptr;
  if (op && value == op->getResult(0) && !isa<nn::ConstantOp, nn::WeightOp>(op) && !op->hasAttr("nn.name"))
    op->setAttr("nn.name", builder.getStringAttr(name));
}

void OnnxImporter::poisonOutputs(const onnx::NodeProto &proto, Scope &scope) {
  for (const std::string &name : proto.output())
    if (!name.empty())
      define(name, {OnnxEntry::Poisoned, {}, nullptr}, scope, &proto);
}

void OnnxImporter::refuse(const onnx::NodeProto &proto, llvm::StringRef reason, Scope &scope) {
  std::string name = proto.name().empty() && proto.output_size() != 0 ? proto.output(0) : proto.name();
  result.unsupported.push_back({fullOpName(proto), printable(name), printable(reason, 400)});
  poisonOutputs(proto, scope);
}

/// One diagnostic for all nodes of one operator that are refused for one reason.
void OnnxImporter::reportUnsupported() {
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> groups;
  for (const Unsupported &entry : result.unsupported)
    groups[{entry.op, entry.reason}].push_back(entry.name);
  for (const auto &[group, names] : groups) {
    std::string list;
    for (size_t i = 0; i < names.size() && i < 5; ++i)
      list += (i == 0 ? "" : ", ") + ("'" + names[i] + "'");
    if (names.size() > 5)
      list += llvm::formatv(" and {0} more", names.size() - 5);
    std::string count = names.size() == 1 ? "1 place" : llvm::formatv("{0} places", names.size()).str();
    std::string what = llvm::formatv("{0} in {1} cannot be compiled: {2}", group.first, count, group.second);
    diagnostics.report("IG0160", what, Where{path, group.first + " " + list},
                       "replace this part of the model before exporting it, or cut it off and compute it in the application");
  }
}

} // namespace ingot
