// Runs the phases over a model: import, the pass pipelines of the phase table, the target's emission.
#include "compiler/Compile.h"

#include "compiler/Pipeline.h"
#include "compiler/reference/Evaluate.h"
#include "dialects/Registry.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <chrono>

using namespace mlir;

namespace ingot {
namespace {

constexpr llvm::StringLiteral kUnsupportedCode = "IG0201", kPassCode = "IG0290", kNotFusedCode = "IG0203", kDumpCode = "IG0007", kTargetCode = "IG0310",
                           kUnknownTargetCode = "IG0302", kFeatureCode = "IG0303";

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// MLIR's own diagnostics in Ingot's form. What lowering refuses begins with "unsupported: ".
void forward(mlir::Diagnostic &from, Diagnostics &to, StringRef file) {
  Where where;
  where.file = file.str();
  if (NameLoc name = dyn_cast<NameLoc>(from.getLocation()))
    where.node = name.getName().str();
  std::string text = from.str();
  StringRef what = text;
  if (from.getSeverity() == DiagnosticSeverity::Remark)
    return to.report(kNotFusedCode, text, where);
  bool unsupported = what.consume_front("unsupported: ");
  if (from.getSeverity() == DiagnosticSeverity::Error)
    to.report(unsupported ? kUnsupportedCode : kPassCode, what.str(), where,
              unsupported ? "run `ingot inspect` on the model to see all that this device cannot do" : "this is a fault of Ingot: please report it");
}

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
    result->symbol = symbolFor(llvm::sys::path::stem(options.modelPath));
    result->context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
    loadDialects(*result->context);
    ScopedDiagnosticHandler handler(result->context.get(), [&](mlir::Diagnostic &d) {
      forward(d, diagnostics, options.modelPath);
      return success();
    });
    for (const Phase &phase : phaseTable()) {
      if (phase.name == "package")
        break;
      if (!runPhase(phase))
        return nullptr;
      if (StringRef(options.stopAfter).split(':').first == phase.name) {
        result->stopped = true;
        break;
      }
    }
    if (diagnostics.hasErrors())
      return nullptr;
    return std::move(result);
  }

private:
  bool runPhase(const Phase &phase) {
    double start = now();
    bool good = phase.name == "import" ? import() : phase.name == "target" ? emit() : runPasses(phase);
    result->phases.push_back({phase.name.str(), now() - start});
    return good;
  }

  bool import() {
    ImportedModel model = importOnnx(options.modelPath, options.import, *result->context, result->store, diagnostics);
    result->nodeCount = model.nodeCount;
    result->opCounts = model.opCounts;
    if (!model.module)
      return false;
    result->module = std::move(model.module);
    dumper.dump("import", "mlir", [&](llvm::raw_ostream &out) { result->module->print(out); });
    return true;
  }

  bool runPasses(const Phase &phase) {
    PassManager manager(result->context.get());
    if (dumper.enabled())
      manager.addInstrumentation(std::make_unique<DumpAfterPass>(dumper, phase.name));
    PassContext context{&result->store, options.workers};
    phase.build(manager, context);
    if (succeeded(manager.run(*result->module)))
      return true;
    if (!diagnostics.hasErrors())
      diagnostics.report(kPassCode, "phase '" + phase.name.str() + "' failed without a reason", {options.modelPath}, "this is a fault of Ingot: please report it");
    return false;
  }

  bool emit() {
    result->program = readProgram(*result->module);
    auto sink = [&](StringRef stage, StringRef text) { dumper.dump(("target-" + stage).str(), "txt", [&](llvm::raw_ostream &out) { out << text; }); };
    llvm::Expected<std::vector<ObjectFile>> objects =
        result->target->emit(*result->module, result->symbol, result->device, dumper.enabled() ? StageSink(sink) : StageSink());
    if (!objects) {
      diagnostics.report(kTargetCode, llvm::toString(objects.takeError()), {options.modelPath}, "this is a fault of Ingot: please report it");
      return false;
    }
    result->objects = std::move(*objects);
    countKernels();
    return true;
  }

  void countKernels() {
    std::map<std::string, KernelUse> uses;
    std::vector<KernelRow> rows = result->target->kernels(result->device);
    for (const ProgramCall &call : result->program.calls) {
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
  Diagnostics &diagnostics;
  Dumper dumper;
  std::unique_ptr<Compiled> result;
};

std::vector<ProgramIo> ioOf(func::FuncOp main, bool inputs) {
  std::vector<ProgramIo> list;
  ArrayRef<Type> types = inputs ? main.getArgumentTypes() : main.getResultTypes();
  for (unsigned i = 0; i < types.size(); ++i) {
    RankedTensorType type = cast<RankedTensorType>(types[i]);
    StringAttr name = inputs ? main.getArgAttrOfType<StringAttr>(i, "nn.name") : main.getResultAttrOfType<StringAttr>(i, "nn.name");
    DType dtype = *toDType(type.getElementType());
    list.push_back({name ? name.str() : "", dtype, std::vector<int64_t>(type.getShape()), type.getNumElements() * byteWidth(dtype)});
  }
  return list;
}

} // namespace

std::unique_ptr<Compiled> compileModel(const CompileOptions &options, Diagnostics &diagnostics) { return Driver(options, diagnostics).run(); }

std::unique_ptr<ReferenceModel> loadReference(const CompileOptions &options, Diagnostics &diagnostics) {
  auto reference = std::make_unique<ReferenceModel>();
  reference->context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
  loadDialects(*reference->context);
  reference->model = importOnnx(options.modelPath, options.import, *reference->context, reference->store, diagnostics);
  if (!reference->model.module)
    return nullptr;
  func::FuncOp main = reference->model.module->lookupSymbol<func::FuncOp>("main");
  reference->inputs = ioOf(main, true);
  reference->outputs = ioOf(main, false);
  return reference;
}

llvm::Expected<std::vector<Tensor>> runReference(const ReferenceModel &model, ArrayRef<Tensor> inputs) {
  std::string why;
  ModuleOp module = const_cast<ReferenceModel &>(model).model.module.get();
  FailureOr<std::vector<Tensor>> outputs = evaluate(module.lookupSymbol<func::FuncOp>("main"), inputs, model.store, why);
  if (failed(outputs))
    return llvm::createStringError("the reference evaluator cannot run the model: %s", why.c_str());
  return std::move(*outputs);
}

std::string buildWeights(const Program &program, const WeightStore &store) {
  std::string segment(program.weightsBytes, '\0');
  for (const ProgramWeight &weight : program.weights) {
    Tensor tensor = store.get(weight.name);
    std::copy_n(tensor.data(), std::min<int64_t>(tensor.bytes(), weight.bytes), segment.begin() + weight.offset);
  }
  return segment;
}

llvm::Expected<std::vector<Tensor>> runCompiled(const Compiled &compiled, ArrayRef<Tensor> inputs, int64_t workers) {
  return compiled.target->run(compiled.device, compiled.objects, compiled.symbol, compiled.program, buildWeights(compiled.program, compiled.store),
                              inputs, workers);
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
