// If, Loop and Scan. A known condition leaves one branch, a known trip count as many copies of the body; what is decided at run time becomes
// data flow: both branches and a select, or iterations whose results count only while the loop is still going.
#include "compiler/import/onnx/OnnxImporter.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace ingot {
namespace {

constexpr int kMostCheapNodes = 8;      // of both branches: computing them costs less than an input that is bound
constexpr int64_t kMostMaskedTrips = 256; // iterations that are computed although the loop may have ended

const onnx::GraphProto *graphOf(const onnx::NodeProto &proto, llvm::StringRef name) {
  for (const onnx::AttributeProto &attribute : proto.attribute())
    if (attribute.name() == name && attribute.has_g())
      return &attribute.g();
  return nullptr;
}

bool isCheap(const onnx::GraphProto &graph) {
  static constexpr llvm::StringLiteral kHeavy[] = {"Conv", "ConvTranspose", "MatMul", "Gemm", "LSTM", "GRU", "RNN", "If", "Loop", "Scan", "Attention", "Einsum"};
  return graph.node_size() <= kMostCheapNodes &&
         llvm::none_of(graph.node(), [](const onnx::NodeProto &node) { return llvm::is_contained(kHeavy, llvm::StringRef(node.op_type())); });
}

Value scalarOf(OnnxNode &node, Value value) { return node.reshape(value, {}); }

} // namespace

/// True when the node is control flow, which is then done with.
bool OnnxImporter::importControl(const onnx::NodeProto &proto, Scope &scope, llvm::ArrayRef<Value> inputs) {
  bool isIf = proto.op_type() == "If", isLoop = proto.op_type() == "Loop", isScan = proto.op_type() == "Scan";
  if (!isIf && !isLoop && !isScan)
    return false;
  if (inputs.size() < (isLoop ? 2u : 1u)) {
    error("IG0161", "it has too few inputs", whereOf(proto), "re-export the model");
    poisonOutputs(proto, scope);
  } else if (isIf) {
    importIf(proto, scope, inputs.front());
  } else {
    isLoop ? importLoop(proto, scope, inputs) : importScan(proto, scope, inputs);
  }
  return true;
}

/// Imports a branch or a loop's body on `inputs`; outputs are tensors and sequences. False: outputs are missing, which has been reported.
bool OnnxImporter::importGraph(const onnx::NodeProto &proto, const onnx::GraphProto &graph, llvm::ArrayRef<OnnxEntry> inputs, Scope &scope,
                               std::vector<OnnxEntry> &outputs) {
  outputs.clear();
  if (scope.depth >= kMaxDepth || graph.input_size() != static_cast<int>(inputs.size())) {
    error("IG0161", "its graph has another number of inputs than it is given, or is nested too deep", whereOf(proto), "re-export the model");
    return false;
  }
  Scope body;
  body.parent = &scope;
  body.opsets = scope.opsets;
  body.bindings = scope.bindings;
  body.owner = scope.owner;
  body.depth = scope.depth + 1;
  addInitializers(graph, body);
  for (int i = 0; i < graph.input_size(); ++i)
    define(graph.input(i).name(), inputs[i], body, &proto);
  importNodes(graph.node(), body);
  if (expanded > kMaxExpandedNodes)
    return false;
  bool good = true;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    OnnxEntry *entry = body.find(output.name());
    if (entry && entry->kind == OnnxEntry::Initializer)
      materialize(output.name(), *entry);
    if (!entry)
      error("IG0156", "output '" + printable(output.name()) + "' is not computed by its graph", whereOf(proto), "re-export the model; this file is damaged");
    if (entry && entry->kind == OnnxEntry::Absent)
      result.unsupported.push_back({fullOpName(proto), printable(output.name()), "an output of its graph is an empty optional value"});
    good &= entry && (entry->kind == OnnxEntry::Known || entry->kind == OnnxEntry::Sequence);
    outputs.push_back(entry ? *entry : OnnxEntry());
  }
  return good;
}

/// The values of a graph's outputs. False: one is a sequence, which has been reported.
bool OnnxImporter::onlyTensors(const onnx::NodeProto &proto, const onnx::GraphProto &graph, llvm::ArrayRef<OnnxEntry> entries,
                               llvm::SmallVectorImpl<Value> &values) {
  bool good = true;
  values.clear();
  for (auto [output, entry] : llvm::zip(graph.output(), entries)) {
    good &= entry.kind == OnnxEntry::Known;
    values.push_back(entry.value);
    if (entry.kind == OnnxEntry::Sequence)
      result.unsupported.push_back({fullOpName(proto), printable(output.name()), "an output of its graph is a sequence"});
  }
  return good;
}

/// Imports a graph of tensors.
bool OnnxImporter::importBody(const onnx::NodeProto &proto, const onnx::GraphProto &graph, llvm::ArrayRef<Value> inputs, Scope &scope,
                              llvm::SmallVectorImpl<Value> &outputs) {
  std::vector<OnnxEntry> given, made;
  for (Value input : inputs)
    given.push_back({OnnxEntry::Known, input});
  bool good = importGraph(proto, graph, given, scope, made) && onlyTensors(proto, graph, made, outputs);
  for (size_t i = 0; good && proto.op_type() == "Scan" && i < outputs.size(); ++i)
    if (extents.count(outputs[i])) {
      result.unsupported.push_back({fullOpName(proto), printable(graph.output(i).name()), "the extent of an output of its graph depends on data"});
      return false;
    }
  return good;
}

void OnnxImporter::defineEntries(const onnx::NodeProto &proto, Scope &scope, llvm::ArrayRef<OnnxEntry> entries) {
  for (int i = 0; i < proto.output_size(); ++i)
    if (!proto.output(i).empty())
      define(proto.output(i), entries[i], scope, &proto);
}

void OnnxImporter::defineOutputs(const onnx::NodeProto &proto, Scope &scope, llvm::ArrayRef<Value> values) {
  std::vector<OnnxEntry> entries;
  for (Value value : values)
    entries.push_back({OnnxEntry::Known, value});
  defineEntries(proto, scope, entries);
}

// ---- If -----------------------------------------------------------------------------------------

/// Both branches and a choice by `condition`; they may differ in the extent of one axis of an output where that `mayVary`. False: nothing was defined;
/// `why` says what differs, or is empty when it has been reported.
bool OnnxImporter::importBoth(const onnx::NodeProto &proto, Scope &scope, Value condition, bool mayVary, std::string &why) {
  llvm::SmallVector<Value> onTrue, onFalse, chosen;
  why.clear();
  if (!importBody(proto, *graphOf(proto, "then_branch"), {}, scope, onTrue) || !importBody(proto, *graphOf(proto, "else_branch"), {}, scope, onFalse))
    return false;
  frame = {};
  OnnxNode node(*this, proto, 1);
  for (int i = 0; i < proto.output_size(); ++i) {
    bool same = onTrue[i].getType() == onFalse[i].getType() && !extents.count(onTrue[i]) && !extents.count(onFalse[i]);
    Value either = same || mayVary ? merged(node, scalarOf(node, condition), onTrue[i], onFalse[i]) : Value();
    if (!either) {
      why = llvm::formatv("its branches give output {0} different types or shapes", i).str();
      return false;
    }
    chosen.push_back(either);
  }
  why = node.reason;
  if (node.ok())
    defineOutputs(proto, scope, chosen);
  return node.ok();
}

void OnnxImporter::importIf(const onnx::NodeProto &proto, Scope &scope, Value condition) {
  const onnx::GraphProto *onTrue = graphOf(proto, "then_branch"), *onFalse = graphOf(proto, "else_branch");
  if (!onTrue || !onFalse || onTrue->output_size() < proto.output_size() || onFalse->output_size() < proto.output_size()) {
    error("IG0161", "a branch is missing or has too few outputs", whereOf(proto), "re-export the model");
    return poisonOutputs(proto, scope);
  }
  std::optional<Tensor> value = condition ? valueOf(condition) : std::nullopt;
  std::string why, differ;
  auto refuseBoth = [&] {
    neededValue(condition, why);
    refuse(proto, "both of its branches are needed, since its condition " + why, scope);
  };
  if (!value && condition && isCheap(*onTrue) && isCheap(*onFalse)) {
    if (importBoth(proto, scope, condition, /*mayVary=*/false, differ))
      return;
    if (differ.empty())
      return refuseBoth();
  }
  if (!value)
    value = neededValue(condition, why);
  if (!value && condition) {
    if (importBoth(proto, scope, condition, /*mayVary=*/true, differ))
      return diagnostics.report("IG0167", "both branches of an If are computed in every run, and one of them is taken", whereOf(proto), "its condition " + why);
    if (differ.empty())
      return refuseBoth();
  }
  if (!value || value->count() != 1)
    return refuse(proto, (differ.empty() ? "" : differ + ", and ") + "the condition " + (value ? "is no scalar" : why), scope);
  std::vector<OnnxEntry> outputs;
  if (!importGraph(proto, value->intAt(0) != 0 ? *onTrue : *onFalse, {}, scope, outputs))
    return poisonOutputs(proto, scope);
  defineEntries(proto, scope, outputs);
}

// ---- Loop ---------------------------------------------------------------------------------------

/// A loop while it is unrolled.
struct OnnxLoop {
  const onnx::GraphProto *body = nullptr;
  std::optional<int64_t> trips; // the most iterations; nullopt: no limit is given
  std::optional<OnnxSum> counted; // iterations, when data decide; `trips` is the most there can be
  Value condition;              // before the next iteration; null: true
  Value active;                 // run-time: the loop has not ended; null: it has not for certain
  std::vector<OnnxEntry> carried; // tensors and sequences
  std::vector<llvm::SmallVector<Value>> rows; // of each scan output, one a finished iteration
};

/// What is to be done with the next iteration.
OnnxImporter::LoopStep OnnxImporter::nextStep(OnnxNode &node, OnnxLoop &loop, int64_t iteration, std::string &why) {
  if (loop.trips && iteration >= *loop.trips)
    return LoopStep::End;
  if (loop.counted) {
    Value goes = node.binary(nn::BinaryKind::greater, numbers.value(node, *loop.counted), numbers.value(node, {iteration}));
    loop.active = loop.active ? node.binary(nn::BinaryKind::logical_and, loop.active, goes) : goes;
  }
  if (!loop.condition)
    return LoopStep::Run;
  std::optional<Tensor> known = valueOf(loop.condition);
  bool canMask = loop.trips && *loop.trips <= kMostMaskedTrips && loop.rows.empty();
  if (!known && !canMask)
    known = neededValue(loop.condition, why);
  if (known)
    return known->count() == 1 && known->intAt(0) != 0 ? LoopStep::Run : LoopStep::End;
  if (!canMask) {
    why = "how often the body runs is decided by a condition that " + why;
    return LoopStep::Refuse;
  }
  Value condition = scalarOf(node, loop.condition);
  loop.active = loop.active ? node.binary(nn::BinaryKind::logical_and, loop.active, condition) : condition;
  return LoopStep::Run;
}

/// What the next iteration starts from. False: `why` says what cannot be carried.
bool OnnxImporter::carryOn(OnnxNode &node, OnnxLoop &loop, llvm::ArrayRef<OnnxEntry> next, std::string &why) {
  for (auto [carried, entry] : llvm::zip(loop.carried, next)) {
    if (loop.active && (entry.kind != OnnxEntry::Known || carried.kind != OnnxEntry::Known)) {
      why = "it carries a sequence, and its end is decided at run time";
      return false;
    }
    Value kept = loop.active && entry.value && carried.value ? merged(node, loop.active, entry.value, carried.value) : Value();
    if (loop.active && !kept) {
      why = "a carried value changes its type or shape in a loop whose end is decided at run time";
      return false;
    }
    carried = loop.active ? OnnxEntry{OnnxEntry::Known, kept} : entry;
  }
  return true;
}

/// One iteration. False: reported, or `why` says what does not fit.
bool OnnxImporter::importIteration(const onnx::NodeProto &proto, OnnxNode &node, OnnxLoop &loop, int64_t iteration, Scope &scope, std::string &why) {
  Tensor count(DType::I64, {});
  count.setInt(0, iteration);
  Value going = loop.condition ? loop.condition : node.scalar(DType::Bool, 1);
  std::vector<OnnxEntry> inputs = {{OnnxEntry::Known, node.constantOf(count)}, {OnnxEntry::Known, going}}, outputs;
  inputs.insert(inputs.end(), loop.carried.begin(), loop.carried.end());
  if (!importGraph(proto, *loop.body, inputs, scope, outputs))
    return false;
  frame = {};
  llvm::ArrayRef<OnnxEntry> made(outputs);
  loop.condition = made.front().value;
  if (!carryOn(node, loop, made.slice(1, loop.carried.size()), why))
    return false;
  for (auto [row, entry] : llvm::zip(loop.rows, made.drop_front(1 + loop.carried.size())))
    row.push_back(entry.value);
  why = loop.condition && llvm::none_of(loop.rows, [](const auto &row) { return !row.back(); }) ? node.reason : "its condition or a scan output is a sequence";
  return why.empty() && node.ok();
}

/// Rows of equal type joined along a new axis. Null and refused when there are none or they differ.
static Value stack(OnnxNode &node, llvm::ArrayRef<Value> rows, int64_t axis, bool reversed = false) {
  llvm::SmallVector<Value> parts;
  for (Value row : rows) {
    if (row.getType() != rows.front().getType())
      node.refuse("a scan output changes its shape from iteration to iteration");
    std::vector<int64_t> shape = node.shape(row).vec();
    int64_t at = axis < 0 ? axis + static_cast<int64_t>(shape.size()) + 1 : axis;
    if (at < 0 || at > static_cast<int64_t>(shape.size()))
      node.refuse("the axis of a scan output is out of range");
    if (!node.ok())
      return {};
    shape.insert(shape.begin() + at, 1);
    parts.push_back(node.reshape(row, shape));
    axis = at;
  }
  if (parts.empty())
    node.refuse("a loop that runs no iteration has scan outputs without rows");
  if (reversed)
    std::reverse(parts.begin(), parts.end());
  return node.ok() ? node.concat(parts, axis) : Value();
}

/// How many iterations there are at most. False: `why` goes on with what is wrong.
bool OnnxImporter::readTrips(OnnxNode &node, OnnxLoop &loop, Value trips, std::string &why) {
  std::optional<OnnxSum> count = trips && !valueOf(trips) && elementCount(node.shape(trips)) == 1 ? numbers.element(node, trips, 0) : std::nullopt;
  if (count && !count->known() && numbers.rangeOf(*count).high <= kMostMaskedTrips) {
    loop.counted = numbers.most(node, *count, {});
    loop.trips = numbers.rangeOf(*loop.counted).high;
    return true;
  }
  std::optional<Tensor> known = trips ? neededValue(trips, why) : std::nullopt;
  if (known && known->count() != 1)
    why = "is no scalar";
  if (known && known->count() == 1)
    loop.trips = known->intAt(0);
  return !trips || loop.trips;
}

void OnnxImporter::importLoop(const onnx::NodeProto &proto, Scope &scope, llvm::ArrayRef<Value> inputs) {
  OnnxLoop loop;
  loop.body = graphOf(proto, "body");
  int carried = proto.input_size() - 2, rows = loop.body ? loop.body->output_size() - 1 - carried : -1;
  if (carried < 0 || rows < 0 || proto.output_size() > carried + rows) {
    error("IG0161", "the body is missing or has too few outputs", whereOf(proto), "re-export the model");
    return poisonOutputs(proto, scope);
  }
  loop.rows.resize(rows);
  loop.condition = inputs[1];
  for (int i = 2; i < proto.input_size(); ++i) {
    OnnxEntry *entry = proto.input(i).empty() ? nullptr : scope.find(proto.input(i));
    loop.carried.push_back(entry ? *entry : OnnxEntry{OnnxEntry::Known, Value()});
  }
  std::string why;
  OnnxNode node(*this, proto, 1);
  if (!readTrips(node, loop, inputs[0], why))
    return refuse(proto, "the trip count " + why, scope);
  for (int64_t i = 0;; ++i) {
    LoopStep step = nextStep(node, loop, i, why);
    if (step == LoopStep::End)
      break;
    bool good = step == LoopStep::Run && importIteration(proto, node, loop, i, scope, why);
    if (!good)
      return why.empty() ? poisonOutputs(proto, scope) : refuse(proto, why, scope);
  }
  std::vector<OnnxEntry> results = loop.carried;
  for (llvm::SmallVector<Value> &list : loop.rows) {
    if (llvm::any_of(list, [&](Value row) { return extents.count(row) != 0; }))
      node.refuse("the extent of a row of its scan outputs depends on data");
    Value rows = static_cast<int>(results.size()) < proto.output_size() ? stack(node, list, 0) : Value();
    results.push_back({OnnxEntry::Known, rows && loop.counted ? limited(node, rows, 0, *loop.counted) : rows});
  }
  if (!node.ok())
    return refuse(proto, node.reason, scope);
  defineEntries(proto, scope, results);
}

// ---- Scan ---------------------------------------------------------------------------------------

/// Operands of one Scan: states first, then the tensors that are walked over.
struct OnnxScan {
  const onnx::GraphProto *body = nullptr;
  llvm::SmallVector<Value> states, scanned;
  std::vector<int64_t> inAxes, inBack, outAxes, outBack; // `back`: 1 walks from the end
};

static Value sliceOut(OnnxNode &node, Value x, int64_t axis, int64_t index) {
  std::vector<int64_t> sizes = node.shape(x).vec(), starts(sizes.size(), 0), steps(sizes.size(), 1), kept = sizes;
  starts[axis] = index;
  sizes[axis] = 1;
  kept.erase(kept.begin() + axis);
  return node.reshape(node.slice(x, starts, sizes, steps), kept);
}

/// The common extent of the walked axes; nullopt and refused when they differ.
static std::optional<int64_t> scanExtent(OnnxNode &node, OnnxScan &scan) {
  std::optional<int64_t> extent;
  for (size_t i = 0; i < scan.scanned.size(); ++i) {
    llvm::ArrayRef<int64_t> shape = node.shape(scan.scanned[i]);
    if (node.badAxis(scan.inAxes[i], static_cast<int64_t>(shape.size())))
      return std::nullopt;
    if (extent && *extent != shape[scan.inAxes[i]])
      node.refuse("the tensors to scan differ in extent");
    extent = shape[scan.inAxes[i]];
  }
  return node.ok() ? extent : std::nullopt;
}

/// Final states and stacked rows. False: reported, or refused.
bool OnnxImporter::importScanOnce(const onnx::NodeProto &proto, OnnxNode &node, OnnxScan &scan, Scope &scope, llvm::SmallVectorImpl<Value> &results) {
  std::optional<int64_t> extent = scanExtent(node, scan);
  if (!extent)
    return false;
  results.assign(scan.states.begin(), scan.states.end());
  std::vector<llvm::SmallVector<Value>> rows(scan.outAxes.size());
  for (int64_t t = 0; t < *extent; ++t) {
    llvm::SmallVector<Value> inputs(results.begin(), results.end()), outputs;
    for (size_t i = 0; i < scan.scanned.size(); ++i)
      inputs.push_back(sliceOut(node, scan.scanned[i], scan.inAxes[i], scan.inBack[i] ? *extent - 1 - t : t));
    if (!node.ok() || !importBody(proto, *scan.body, inputs, scope, outputs))
      return false;
    frame = {};
    results.assign(outputs.begin(), outputs.begin() + scan.states.size());
    for (size_t i = 0; i < rows.size(); ++i)
      rows[i].push_back(outputs[scan.states.size() + i]);
  }
  for (size_t i = 0; i < rows.size(); ++i)
    results.push_back(stack(node, rows[i], scan.outAxes[i], scan.outBack[i] != 0));
  return node.ok();
}

/// Opset 8: every operand has a batch axis in front, and each batch is a scan of its own.
bool OnnxImporter::importScanBatches(const onnx::NodeProto &proto, OnnxNode &node, OnnxScan &scan, Scope &scope, llvm::SmallVectorImpl<Value> &results) {
  int64_t batches = scan.scanned.empty() || node.shape(scan.scanned[0]).empty() ? 0 : node.shape(scan.scanned[0])[0];
  std::vector<llvm::SmallVector<Value>> all(scan.states.size() + scan.outAxes.size());
  for (int64_t b = 0; b < batches; ++b) {
    OnnxScan one = scan;
    for (llvm::SmallVector<Value> *list : {&one.states, &one.scanned})
      for (Value &value : *list) {
        if (node.shape(value).empty() || node.shape(value)[0] != batches)
          return node.refuse("the operands differ in their number of batches"), false;
        value = sliceOut(node, value, 0, b);
      }
    if (!importScanOnce(proto, node, one, scope, results))
      return false;
    for (size_t i = 0; i < all.size(); ++i)
      all[i].push_back(results[i]);
  }
  results.clear();
  for (llvm::SmallVector<Value> &list : all)
    results.push_back(stack(node, list, 0));
  return node.ok();
}

void OnnxImporter::importScan(const onnx::NodeProto &proto, Scope &scope, llvm::ArrayRef<Value> inputs) {
  auto version = scope.opsets->find("");
  bool batched = version != scope.opsets->end() && version->second < 9;
  frame = {};
  OnnxNode node(*this, proto, batched ? 8 : 9);
  OnnxScan scan;
  scan.body = graphOf(proto, "body");
  int64_t scanned = node.intAttr("num_scan_inputs", 0), first = batched ? 1 : 0, states = static_cast<int64_t>(inputs.size()) - first - scanned;
  int64_t rows = scan.body ? scan.body->output_size() - states : -1;
  if (scanned < 1 || states < 0 || rows < 0 || proto.output_size() > states + rows || llvm::is_contained(inputs.drop_front(first), Value())) {
    error("IG0161", "the body is missing, or numbers of operands and results do not agree", whereOf(proto), "re-export the model");
    return poisonOutputs(proto, scope);
  }
  if (batched && inputs[0])
    return refuse(proto, "sequences of different lengths are not supported", scope);
  scan.states.append(inputs.begin() + first, inputs.begin() + first + states);
  scan.scanned.append(inputs.begin() + first + states, inputs.end());
  scan.inAxes = node.intsAttr("scan_input_axes", std::vector<int64_t>(scanned, 0));
  scan.inBack = node.intsAttr(batched ? "directions" : "scan_input_directions", std::vector<int64_t>(scanned, 0));
  scan.outAxes = node.intsAttr("scan_output_axes", std::vector<int64_t>(rows, 0));
  scan.outBack = node.intsAttr("scan_output_directions", std::vector<int64_t>(rows, 0));
  bool lists = static_cast<int64_t>(scan.inAxes.size()) == scanned && static_cast<int64_t>(scan.inBack.size()) == scanned &&
               static_cast<int64_t>(scan.outAxes.size()) == rows && static_cast<int64_t>(scan.outBack.size()) == rows;
  if (!lists)
    return refuse(proto, "a list of axes or directions has another length than there are tensors", scope);
  llvm::SmallVector<Value> results;
  if (batched ? importScanBatches(proto, node, scan, scope, results) : importScanOnce(proto, node, scan, scope, results))
    return defineOutputs(proto, scope, results);
  node.ok() ? poisonOutputs(proto, scope) : refuse(proto, node.reason, scope);
}

} // namespace ingot
