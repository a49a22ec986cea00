// LLVM's part: the machine, the optimiser (in full for generated code; kernels come optimised and lose what the model does not use), code
// generation, and the steps in order.
#include "targets/common/Emit.h"
#include "targets/common/StackUse.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/IPO/SCCP.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/CorrelatedValuePropagation.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <mutex>

using namespace llvm;

namespace ingot {
namespace {

void initializeBackends() {
  static std::once_flag once;
  std::call_once(once, [] {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmPrinters();
    InitializeAllAsmParsers();
  });
}

/// Analyses of one pipeline run, wired together.
struct Analyses {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager graph;
  ModuleAnalysisManager modules;
  explicit Analyses(PassBuilder &builder, const Triple &triple) {
    // The object may call memcpy and memset alone, so no pass may make other library calls.
    TargetLibraryInfoImpl library(triple);
    library.disableAllFunctions();
    library.setAvailable(LibFunc_memcpy);
    library.setAvailable(LibFunc_memset);
    functions.registerPass([library] { return TargetLibraryAnalysis(library); });
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(graph);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, graph, modules);
  }
};

void optimise(Module &module, TargetMachine &machine) {
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = tuning.LoopInterleaving = true;
  PassBuilder builder(&machine, tuning);
  Analyses analyses(builder, machine.getTargetTriple());
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3).run(module, analyses.modules);
}

/// Drops kernels that are not called, and of the others what their calls cannot reach.
void dropUnused(Module &module, TargetMachine &machine) {
  PassBuilder builder(&machine);
  Analyses analyses(builder, machine.getTargetTriple());
  ModulePassManager passes;
  passes.addPass(GlobalDCEPass());
  passes.run(module, analyses.modules);
  copyKernels(module);
  narrowParams(module);
  FunctionPassManager simplify;
  simplify.addPass(InstCombinePass());
  simplify.addPass(CorrelatedValuePropagationPass());
  simplify.addPass(SimplifyCFGPass());
  simplify.addPass(ADCEPass());
  ModulePassManager reachable;
  reachable.addPass(IPSCCPPass());
  reachable.addPass(createModuleToFunctionPassAdaptor(std::move(simplify)));
  reachable.addPass(GlobalDCEPass());
  reachable.run(module, analyses.modules);
}

/// Runs code generation, which consumes the module.
Expected<std::string> generate(Module &module, TargetMachine &machine, CodeGenFileType type) {
  SmallVector<char, 0> bytes;
  raw_svector_ostream stream(bytes);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type))
    return createStringError("LLVM cannot write code for '" + machine.getTargetTriple().str() + "'");
  passes.run(module);
  return std::string(bytes.begin(), bytes.end());
}

std::string textOf(const Module &module) {
  std::string text;
  raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return text;
}

/// What the runtime's object for this machine defines.
Expected<StringSet<>> builtinNames(StringRef bytes) {
  StringSet<> names;
  if (bytes.empty())
    return names;
  auto object = object::ObjectFile::createObjectFile(MemoryBufferRef(bytes, "builtins"));
  if (!object)
    return object.takeError();
  for (const object::SymbolRef &entry : (*object)->symbols()) {
    Expected<uint32_t> flags = entry.getFlags();
    Expected<StringRef> name = entry.getName();
    if (!flags)
      return flags.takeError();
    if (!name)
      return name.takeError();
    if (!(*flags & object::SymbolRef::SF_Undefined))
      names.insert(*name);
  }
  return names;
}

/// Refuses an object that needs more than the static runtime gives.
Error checkSymbols(StringRef bytes, StringRef symbol, StringRef builtins) {
  auto object = object::ObjectFile::createObjectFile(MemoryBufferRef(bytes, symbol));
  if (!object)
    return object.takeError();
  Expected<StringSet<>> known = builtinNames(builtins);
  if (!known)
    return known.takeError();
  std::vector<std::string> foreign;
  for (const object::SymbolRef &entry : (*object)->symbols()) {
    Expected<uint32_t> flags = entry.getFlags();
    Expected<StringRef> name = entry.getName();
    if (!flags)
      return flags.takeError();
    if (!name)
      return name.takeError();
    StringRef plain = *name;
    if ((*object)->isMachO())
      plain.consume_front("_");
    bool provided = known->contains(plain) || isProvided(plain) || plain == "_GLOBAL_OFFSET_TABLE_" || plain.empty();
    if ((*flags & object::SymbolRef::SF_Undefined) && !provided)
      foreign.push_back(plain.str());
  }
  if (foreign.empty())
    return Error::success();
  llvm::sort(foreign);
  return createStringError("the generated code calls '" + join(foreign, "', '") + "', which the static runtime does not have");
}

/// The model's module before kernels: maps around their bodies.
Expected<std::unique_ptr<Module>> emitMaps(mlir::ModuleOp source, LLVMContext &context, const CpuSpec &spec, TargetMachine &machine) {
  auto module = emitBodies(source, context);
  if (!module)
    return module;
  for (kernel::FuncOp func : source.getOps<kernel::FuncOp>())
    if (Error error = emitMap(func, **module))
      return std::move(error);
  stampMachine(**module, spec, machine);
  if (Error error = linkKernels(**module, spec))
    return std::move(error);
  for (Function &function : **module)
    if (!function.isDeclaration() && function.hasInternalLinkage()) {
      function.removeFnAttr(Attribute::NoInline);
      function.addFnAttr(Attribute::AlwaysInline);
    }
  stampMachine(**module, spec, machine);
  return module;
}

Error emitPrograms(mlir::ModuleOp source, StringRef symbol, Module &module) {
  auto programs = source.getOps<deploy::ProgramOp>();
  if (programs.empty())
    return createStringError("the module has no deploy.program");
  for (deploy::SharedOp shared : source.getOps<deploy::SharedOp>())
    if (Error error = emitShared(shared, module))
      return error;
  for (deploy::ProgramOp program : programs)
    if (Error error = emitProgram(program, symbol, module))
      return error;
  return Error::success();
}

/// Adds the entry points and the kernels they call; everything else becomes internal.
Error finish(Module &module, const CpuSpec &spec, TargetMachine &machine, EntryEmitter entries) {
  for (Function &function : module)
    if (!function.isDeclaration())
      function.setLinkage(GlobalValue::InternalLinkage);
  if (Error error = entries(module))
    return error;
  if (Error error = linkKernels(module, spec))
    return error;
  stampMachine(module, spec, machine);
  dropUnused(module, machine);
  std::string message;
  raw_string_ostream stream(message);
  if (verifyModule(module, &stream))
    return createStringError("the model's LLVM module is not valid: " + message);
  return Error::success();
}

/// LLVM's switches are the process's: a target names only those that its own back end reads.
Error switchOn(ArrayRef<StringRef> options) {
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  for (StringRef name : options) {
    auto &known = cl::getRegisteredOptions();
    auto found = known.find(name);
    if (found == known.end())
      return createStringError("LLVM has no option '" + name + "'");
    if (found->second->getNumOccurrences() == 0 && found->second->addOccurrence(0, name, "true"))
      return createStringError("LLVM's option '" + name + "' cannot be switched on");
  }
  return Error::success();
}

} // namespace

Expected<std::unique_ptr<TargetMachine>> createMachine(const CpuSpec &spec) {
  initializeBackends();
  if (Error error = switchOn(spec.options))
    return std::move(error);
  Triple triple(spec.triple);
  std::string message;
  const llvm::Target *target = TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return createStringError("LLVM has no back end for '" + spec.triple + "': " + message);
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Strict;
  options.FunctionSections = true;
  std::unique_ptr<TargetMachine> machine(
      target->createTargetMachine(triple, spec.cpu, spec.features, options, Reloc::PIC_, std::nullopt, CodeGenOptLevel::Default));
  if (!machine)
    return createStringError("LLVM has no machine for '" + spec.triple + "'");
  return machine;
}

Expected<ObjectFile> emitCpu(mlir::ModuleOp source, StringRef symbol, const CpuSpec &spec, StageSink sink, EntryEmitter entries) {
  auto machine = createMachine(spec);
  if (!machine)
    return machine.takeError();
  FrameSizes frames;
  LLVMContext context;
  recordFrames(context, frames);
  auto module = emitMaps(source, context, spec, **machine);
  if (!module)
    return module.takeError();
  if (sink)
    sink("llvm", textOf(**module));
  optimise(**module, **machine);
  auto programs = [&](Module &into) { return emitPrograms(source, symbol, into); };
  if (Error error = finish(**module, spec, **machine, entries ? entries : EntryEmitter(programs)))
    return std::move(error);
  if ((*machine)->getTargetTriple().isOSDarwin())
    keepMemset(**module);
  if (sink) {
    sink("opt", textOf(**module));
    std::unique_ptr<Module> copy = CloneModule(**module);
    auto assembly = generate(*copy, **machine, CodeGenFileType::AssemblyFile);
    if (!assembly)
      return assembly.takeError();
    sink("asm", *assembly);
  }
  auto bytes = generate(**module, **machine, CodeGenFileType::ObjectFile);
  if (!bytes)
    return bytes.takeError();
  if (Error error = checkSymbols(*bytes, symbol, spec.builtins))
    return std::move(error);
  return ObjectFile{(symbol + ".o").str(), std::move(*bytes), deepestStack(**module, frames)};
}

} // namespace ingot
