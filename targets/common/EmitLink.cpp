// Joins the model's module with kernels from the level's bitcode: only those it calls, internal, with the device's cpu and features
// (the level was chosen as a subset of them).
#include "targets/common/Emit.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/Linker/Linker.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace ingot {
namespace {

std::vector<std::string> missingSymbols(const Module &module) {
  std::vector<std::string> missing;
  for (const Function &function : module)
    if (function.isDeclaration() && !function.use_empty() && !function.isIntrinsic() && !isProvided(function.getName()))
      missing.push_back(function.getName().str());
  llvm::sort(missing);
  return missing;
}

} // namespace

bool isProvided(StringRef name) {
  constexpr StringLiteral kNames[] = {"memcpy", "memset", "ingot_barrier_wait", "ingot_stream_next", "ingot_call_done", "ingot_gpu_run"};
  return is_contained(kNames, name);
}

Error linkKernels(Module &module, const CpuSpec &spec) {
  if (missingSymbols(module).empty())
    return Error::success();
  auto kernels = getLazyBitcodeModule(MemoryBufferRef(spec.bitcode, spec.level), module.getContext());
  if (!kernels)
    return kernels.takeError();
  (*kernels)->setTargetTriple(module.getTargetTriple());
  (*kernels)->setDataLayout(module.getDataLayout());
  StringSet<> own;
  for (const GlobalValue &value : module.global_values())
    if (!value.isDeclaration())
      own.insert(value.getName());
  if (Linker::linkModules(module, std::move(*kernels), Linker::LinkOnlyNeeded))
    return createStringError("the kernels of level '" + spec.level + "' do not link with the model's code");
  for (GlobalValue &value : module.global_values())
    if (!value.isDeclaration() && !own.contains(value.getName()))
      value.setLinkage(GlobalValue::InternalLinkage);
  std::vector<std::string> missing = missingSymbols(module);
  if (missing.empty())
    return Error::success();
  return createStringError("no kernel for this device (level '" + spec.level + "') is called '" + join(missing, "', '") + "'");
}

void stampMachine(Module &module, const CpuSpec &spec, const TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  for (Function &function : module) {
    if (function.isIntrinsic())
      continue;
    function.removeFnAttr("tune-cpu");
    function.addFnAttr("target-cpu", spec.cpu);
    function.addFnAttr("target-features", spec.features);
    function.addFnAttr("prefer-vector-width", std::to_string(8 * spec.vectorBytes)); // LLVM would halve the vectors of loops on some cpus
    function.addFnAttr(Attribute::NoUnwind);
  }
}

} // namespace ingot
