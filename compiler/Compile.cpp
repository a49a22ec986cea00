// Runs the phases over a model: import, the pass pipelines of the phase table, the target's emission.
#include "compiler/Compile.h"

#include "compiler/Pipeline.h"
#include "compiler/import/gguf/GgufReader.h"
#include "dialects/Registry.h"
#include "dialects/deploy/Deploy.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <chrono>
#include <set>

using namespace mlir;

namespace ingot {
namespace {

constexpr llvm::StringLiteral kUnsupportedCode = "IG0201", kPassCode = "IG0290", kNotFusedCode = "IG0203", kDenseKeptCode = "IG0204", kDumpCode = "IG0007", kTargetCode = "IG0310",
                           kUnknownTargetCode = "IG0302", kFeatureCode = "IG0303", kOtherUnitCode = "IG0320", kShapesCode = "IG0168",
                           kKeptCode = "IG0227", kRoundedCode = "IG0228", kOperandsCode = "IG0321", kWindowCode = "IG0322";

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Writes one numbered file a step below --dump-ir DIR.
class Dumper {
public:
  Dumper(StringRef folder, Diagnostics &diagnostics) : folder(folder.str()), diagnostics(diagnostics) {}
  bool enabled() const { return !folder.empty(); }

  void dump(StringRef step, StringRef suffix, llvm::function_ref<void(llvm::raw_ostream &)> print) {
    if (!enabled())
      return;
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, llvm::formatv("{0,0+2}-{1}.{2}", count++, step, suffix).str());
    std::error_code error = llvm::sys::fs::create_directories(folder);
    std::optional<llvm::raw_fd_ostream> out;
    if (!error)
      out.emplace(path, error);
    if (error)
      return diagnostics.report(kDumpCode, "cannot write the dump '" + std::string(path) + "': " + error.message());
    print(*out);
  }

private:
  std::string folder;
  Diagnostics &diagnostics;
  unsigned count = 0;
};

/// Dumps the module after every pass.
struct DumpAfterPass : PassInstrumentation {
  DumpAfterPass(Dumper &dumper, StringRef phase) : dumper(dumper), phase(phase.str()) {}
  void runAfterPass(Pass *pass, Operation *op) override {
    std::string step = phase + "-" + (pass->getArgument().empty() ? pass->getName() : pass->getArgument()).str();
    dumper.dump(step, "mlir", [&](llvm::raw_ostream &out) { op->print(out); });
  }
  Dumper &dumper;
  std::string phase;
};

/// One compile: the state that the phases share.
class Driver {
public:
  Driver(const CompileOptions &options, Diagnostics &diagnostics)
      : options(options), diagnostics(diagnostics), dumper(options.dumpDir, diagnostics), result(std::make_unique<Compiled>()) {}

  std::unique_ptr<Compiled> run() {
    std::optional<Device> device = resolveDevice(options, diagnostics);
    if (!device)
      return nullptr;
    result->device = *device;
    result->target = findTarget(device->target);
    result->streamBytes = options.streamBytes;
    if (!takeLock(options, *result, diagnostics) || !checkStop() || (options.shapes.bounded.empty() && !checkShapes(options.shapes)) || !checkOperands() ||
        !checkStream())
      return nullptr;
    result->symbol = symbolFor(options.name.empty() ? llvm::sys::path::stem(options.modelPath) : StringRef(options.name));
    result->context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
    loadDialects(*result->context);
    ScopedDiagnosticHandler handler(result->context.get(), [&](mlir::Diagnostic &d) {
      forwardDiagnostic(d, diagnostics, options.modelPath);
      return success();
    });
    for (const Phase &phase : phaseTable()) {
      if (phase.name == "package")
        break;
      if (!runPhase(phase))
        return nullptr;
      if (options.showsValues && phase.name == "fuse") // what is left then is what the program computes
        exposeValues(*result->module);
      if (stop.first == phase.name) {
        result->stopped = true;
        break;
      }
    }
    reportRefused(*result, options.modelPath, diagnostics);
    if (diagnostics.hasErrors())
      return nullptr;
    return std::move(result);
  }

private:
  /// Refuses a --stop-after that names no phase, or no stage of the target.
  bool checkStop() {
    auto fail = [&](StringRef part, StringRef found, ArrayRef<StringRef> known) {
      diagnostics.report("IG0002", ("--stop-after has a bad value: expected " + part + " of " + llvm::join(known, ", ") + ", found '" + found + "'").str());
      return false;
    };
    SmallVector<StringRef> names;
    for (const Phase &phase : phaseTable())
      names.push_back(phase.name);
    if (!options.stopAfter.empty() && !llvm::is_contained(names, stop.first))
      return fail("a phase", stop.first, names);
    bool isStage = StringRef(options.stopAfter).contains(':');
    if (isStage && stop.first != "target")
      return fail("target and a stage", options.stopAfter, result->target->stages());
    return !isStage || llvm::is_contained(result->target->stages(), stop.second) || fail("a stage", stop.second, result->target->stages());
  }

  /// Weights staged to fast memory belong to a program's own steps.
  bool sharesShapes() const { return !options.shapes.empty() && result->target->sharesShapes() && result->device.vtcmBytes == 0; }

  /// Refuses more shapes than the target can give code of their own.
  bool checkShapes(const ShapeSets &shapes) {
    if (shapes.count() <= kMostUnsharedShapes || sharesShapes())
      return true;
    diagnostics.report(kShapesCode, std::to_string(shapes.count()) + " shapes are too many for this device, where each has code of its own: at most " +
                                        std::to_string(kMostUnsharedShapes), {options.modelPath}, "leave out those that are not needed");
    return false;
  }

  /// Refuses streamed weights where the code has no place to say what it reads next.
  bool checkStream() {
    bool isCpu = result->target->asCpu() != nullptr;
    if (options.streamBytes == 0 || (isCpu && options.shapes.empty()))
      return true;
    diagnostics.report(kWindowCode, isCpu ? "the weights of a model for several shapes cannot be streamed" : "device '" + result->device.name + "' cannot stream weights",
                       {options.modelPath}, isCpu ? "give one extent a dimension, or leave out --stream-weights" : "leave out --stream-weights, or choose a CPU (ingot devices)");
    return false;
  }

  bool runPhase(const Phase &phase) {
    double start = now();
    bool good = phase.name == "import" ? import() : phase.name == "target" ? emit() : phase.name == "compress" ? compress(phase) : runPasses(phase);
    result->phases.push_back({phase.name.str(), now() - start});
    return good;
  }

  bool import() {
    result->shapes = options.shapes;
    ImportedModel model = options.shapes.empty() ? importModel(options, *result->context, result->store, diagnostics)
                                                 : importShapes(options, result->shapes, *result->context, result->store, diagnostics);
    result->nodeCount = model.nodeCount;
    result->opCounts = model.opCounts;
    if (!model.module || !checkShapes(result->shapes))
      return false;
    result->module = std::move(model.module);
    dumper.dump("import", "mlir", [&](llvm::raw_ostream &out) { result->module->print(out); });
    return true;
  }

  bool compress(const Phase &phase) {
    request = options.compress;
    bool good = prepareCompress(*result->module, request, options.modelPath, diagnostics) && runPasses(phase);
    result->layers = std::move(request.layers);
    result->operands = request.operandsNote;
    if (good && request.roundsOperands())
      noteOperands();
    return good;
  }

  /// Refuses operands of a type that the device has no products for.
  bool checkOperands() {
    if (!options.compress.roundsOperands())
      return true;
    bool isBf16 = options.compress.operands == DType::BF16;
    for (const KernelRow &row : result->target->kernels(result->device))
      if (row.op == "nn.matmul" && row.types == (isBf16 ? "f32bf16" : "f32f16"))
        return true;
    diagnostics.report(kOperandsCode, "device '" + result->device.name + "' has no products of " + (isBf16 ? "bf16" : "f16") + " operands with sums in f32",
                       {options.modelPath}, "leave out --precision, or choose a CPU (ingot devices)");
    return false;
  }

  void noteOperands() {
    const OperandsNote &note = result->operands;
    diagnostics.report(kRoundedCode, llvm::formatv("{0} of {1} f32 products have operands of {2}; their weights' relative error is {3:E1}, at most {4:E1} in one",
                                                   note.rounded, note.rounded + note.kept, options.compress.operands == DType::BF16 ? "bf16" : "f16", note.error,
                                                   note.most).str(),
                       {options.modelPath}, "--verify, or --calibrate F.npz, states the outputs' error against the f32 model");
  }

  bool runPasses(const Phase &phase) {
    PassManager manager(result->context.get());
    if (dumper.enabled())
      manager.addInstrumentation(std::make_unique<DumpAfterPass>(dumper, phase.name));
    WeightRequest weights{result->target->weightCosts(result->device), options.sparse, result->device.name, {}};
    PassContext context{&result->store, options.workers, result->device.vtcmBytes, result->device.l2Bytes, &request, &weights,
                        mayTune(options, result->device) ? &result->choices : nullptr, !options.shapes.empty(), sharesShapes(), result->target->sharesShapes(), options.streamBytes};
    phase.build(manager, context);
    bool good = succeeded(manager.run(*result->module));
    llvm::append_range(result->weightNotes, weights.notes);
    if (good)
      return true;
    if (!diagnostics.hasErrors())
      diagnostics.report(kPassCode, "phase '" + phase.name.str() + "' failed without a reason", {options.modelPath}, "this is a fault of Ingot: please report it");
    return false;
  }

  bool emit() {
    if (options.timed)
      for (deploy::ProgramOp program : result->module->getOps<deploy::ProgramOp>())
        program->setAttr(deploy::kTimedAttr, UnitAttr::get(result->context.get()));
    result->programs = readPrograms(*result->module);
    auto sink = [&](StringRef stage, StringRef text) {
      dumper.dump(("target-" + stage).str(), "txt", [&](llvm::raw_ostream &out) { out << text; });
      if (stage == stop.second || (!stop.second.empty() && stage.starts_with((stop.second + "-").str())))
        result->stageText += text;
    };
    llvm::Expected<std::vector<ObjectFile>> objects =
        result->target->emit(*result->module, result->symbol, result->device, dumper.enabled() || !stop.second.empty() ? StageSink(sink) : StageSink());
    if (!objects) {
      diagnostics.report(kTargetCode, llvm::toString(objects.takeError()), {options.modelPath}, "this is a fault of Ingot: please report it");
      return false;
    }
    result->objects = std::move(*objects);
    if (stop.second == "object")
      for (const ObjectFile &object : result->objects)
        result->stageText += object.bytes;
    result->programs = readPrograms(*result->module); // with the units that the target chose
    for (Program &program : result->programs)
      for (ProgramCall &call : program.calls)
        if (call.unit.empty())
          call.unit = result->device.name;
    noteOtherUnits();
    countKernels();
    return true;
  }

  /// One warning for each kernel and reason that a call runs elsewhere than on the device itself.
  void noteOtherUnits() {
    std::map<std::pair<std::string, std::string>, std::vector<const ProgramCall *>> groups;
    for (const Program &program : result->programs)
      for (const ProgramCall &call : program.calls)
        if (!call.why.empty())
          groups[{call.generated ? "generated code" : call.callee, call.why}].push_back(&call);
    for (auto &[group, calls] : groups) {
      int64_t bytes = 0;
      for (const ProgramCall *call : calls)
        bytes += call->bytes;
      std::string nodes = calls.front()->source + (calls.size() > 1 ? " and " + std::to_string(calls.size() - 1) + " more" : "");
      diagnostics.report(kOtherUnitCode,
                         group.first + " runs on '" + calls.front()->unit + "', not on '" + result->device.name + "': " + group.second + " (" + nodes + "; " +
                             std::to_string(bytes) + " bytes pass between the units)",
                         {options.modelPath}, "the result is the same; --strict refuses it");
    }
  }

  void countKernels() {
    std::map<std::string, KernelUse> uses;
    std::vector<KernelRow> rows = result->target->kernels(result->device);
    std::vector<const ProgramCall *> calls;
    std::set<std::pair<llvm::StringRef, llvm::StringRef>> seen; // of shapes, a kernel's nodes once
    for (const Program &program : result->programs)
      for (const ProgramCall &call : program.calls)
        if (options.shapes.empty() || seen.insert({call.callee, call.source}).second)
          calls.push_back(&call);
    for (const ProgramCall *each : calls) {
      const ProgramCall &call = *each;
      KernelUse &use = uses[call.callee];
      use.name = call.callee;
      auto row = llvm::find_if(rows, [&](const KernelRow &r) { return r.name == call.callee; });
      use.source = call.generated ? "generated" : row != rows.end() ? row->source.str() : "portable";
      use.count += 1;
      use.bytes += call.bytes;
      use.work += call.work;
      use.ops.push_back(call.source);
    }
    for (auto &[name, use] : uses)
      result->kernels.push_back(use);
  }

  const CompileOptions &options;
  std::pair<StringRef, StringRef> stop = StringRef(options.stopAfter).split(':'); // phase, stage
  Diagnostics &diagnostics;
  Dumper dumper;
  CompressRequest request;
  std::unique_ptr<Compiled> result;
};

} // namespace

void forwardDiagnostic(mlir::Diagnostic &from, Diagnostics &to, StringRef file) {
  Where where;
  where.file = file.str();
  if (NameLoc name = dyn_cast<NameLoc>(from.getLocation()))
    where.node = name.getName().str();
  std::string text = from.str();
  StringRef what = text;
  if (what.consume_front("operands: "))
    return to.report(kKeptCode, what.str(), where);
  if (from.getSeverity() == DiagnosticSeverity::Remark)
    return to.report(what.consume_front("sparse weights: ") ? kDenseKeptCode : kNotFusedCode, what.str(), where);
  if (what.consume_front("calibration: "))
    return to.report("IG0223", what.str(), where, "give samples of the kind that the model is used with");
  if (what.consume_front("window: "))
    return to.report(kWindowCode, what.str(), where, "give --stream-weights more bytes, or leave it out");
  bool unsupported = what.consume_front("unsupported: ");
  if (from.getSeverity() == DiagnosticSeverity::Error)
    to.report(unsupported ? kUnsupportedCode : kPassCode, what.str(), where,
              unsupported ? "run `ingot inspect` on the model to see all that this device cannot do" : "this is a fault of Ingot: please report it");
}

ImportedModel importModel(const CompileOptions &options, MLIRContext &context, WeightStore &store, Diagnostics &diagnostics) {
  if (isGgufFile(options.modelPath) || StringRef(options.modelPath).ends_with(".gguf")) {
    ImportLlm llm = options.llm;
    llm.quantize = options.compress.quantize.type;
    return importGguf(options.modelPath, llm, context, store, diagnostics);
  }
  if (options.llm.sequences > 1 && llvm::sys::fs::exists(options.modelPath)) {
    diagnostics.report("IG0644", std::to_string(options.llm.sequences) + " sequences were asked for of a model that is no language model", {options.modelPath},
                       "leave out --sequences; a batch is a dimension of the model: --dim NAME=V");
    return {};
  }
  ImportOptions import = options.import;
  import.keepNames = options.compress.isActive(); // what is decided can then be said by name
  return importOnnx(options.modelPath, import, context, store, diagnostics);
}

std::unique_ptr<Compiled> compileModel(const CompileOptions &options, Diagnostics &diagnostics) { return Driver(options, diagnostics).run(); }

std::vector<ModelConstant> constantsOf(const Compiled &compiled) {
  std::vector<ModelConstant> constants;
  ArrayAttr list = const_cast<Compiled &>(compiled).module.get()->getAttrOfType<ArrayAttr>("nn.constants");
  if (!list)
    return constants;
  for (DictionaryAttr entry : list.getAsRange<DictionaryAttr>())
    constants.push_back({entry.getAs<StringAttr>("name").str(), entry.getAs<IntegerAttr>("value").getInt(), entry.getAs<StringAttr>("comment").str()});
  return constants;
}

std::vector<CachePart> cachesOf(const Compiled &compiled) {
  std::vector<CachePart> caches;
  DictionaryAttr list = const_cast<Compiled &>(compiled).module.get()->getAttrOfType<DictionaryAttr>("nn.caches");
  for (const ProgramState &state : compiled.program().states) {
    auto shape = list ? list.getAs<DenseI64ArrayAttr>(state.name) : DenseI64ArrayAttr();
    if (!shape || shape.size() != 4 || shape[0] * shape[1] * shape[2] * shape[3] != state.bytes)
      return {}; // the state holds something else too, or was laid out anew
    caches.push_back({state.offset, shape[3], shape[1], shape[2], shape[0]});
  }
  return caches;
}

llvm::Expected<std::vector<Tensor>> runCompiled(const Compiled &compiled, ArrayRef<Tensor> inputs, int64_t workers, size_t entry) {
  llvm::Expected<LoadedModel> loaded = loadCompiled(compiled);
  if (!loaded)
    return loaded.takeError();
  return runOnTensors(*loaded->program, compiled.programs, entry, inputs, workers);
}

std::string symbolFor(StringRef name) {
  std::string symbol;
  for (char c : name)
    symbol += llvm::isAlnum(c) && static_cast<unsigned char>(c) < 0x80 ? c : '_';
  if (symbol.empty() || llvm::isDigit(symbol[0]))
    symbol.insert(0, "m");
  return symbol;
}

namespace {

/// Applies "+a,-b" to the device; an unknown feature is reported with the closest known one.
bool applyFeatures(StringRef changes, Device &device, Diagnostics &diagnostics) {
  ArrayRef<StringRef> known = findTarget(device.target)->features();
  SmallVector<StringRef> words;
  changes.split(words, ',', -1, /*KeepEmpty=*/false);
  for (StringRef word : words) {
    bool add = !word.consume_front("-");
    word.consume_front("+");
    if (!llvm::is_contained(known, word)) {
      std::string near = closest(word, known);
      std::string help = near.empty() ? "known features: " + llvm::join(known, ", ") : "did you mean '" + near + "'?";
      diagnostics.report(kFeatureCode, "target '" + device.target + "' has no feature '" + printable(word) + "'", {}, help);
      return false;
    }
    llvm::erase(device.features, word.str());
    if (add)
      device.features.push_back(word.str());
  }
  return true;
}

/// --target T without a preset: the plainest device of the target, the one with the fewest features.
std::optional<Device> plainDevice(StringRef target, Diagnostics &diagnostics) {
  std::optional<Device> plain;
  for (const Device &device : allDevices())
    if (device.target == target && device.name != "host" && (!plain || device.features.size() < plain->features.size()))
      plain = device;
  if (plain)
    return plain;
  SmallVector<StringRef> names;
  for (const Target *known : allTargets())
    names.push_back(known->name());
  std::string near = closest(target, names);
  diagnostics.report(kUnknownTargetCode, "there is no target '" + printable(target) + "'", {},
                     near.empty() ? "known targets: " + llvm::join(names, ", ") : "did you mean '" + near + "'?");
  return std::nullopt;
}

} // namespace

std::optional<Device> resolveDevice(const CompileOptions &options, Diagnostics &diagnostics) {
  std::optional<Device> device;
  if (!options.target.empty())
    device = plainDevice(options.target, diagnostics);
  else if (const Device *preset = findDevice(options.device, diagnostics))
    device = *preset;
  if (!device || !applyFeatures(options.features, *device, diagnostics))
    return std::nullopt;
  return device;
}

} // namespace ingot
