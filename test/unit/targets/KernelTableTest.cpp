// The kernel tables against the bitcode inside the library: symbols with the micro-kernels' signature and rows must agree.
#include "targets/Target.h"
#include "targets/common/CpuTarget.h"
#include "targets/common/Embedded.h"
#include "test/unit/targets/Check.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MemoryBuffer.h"

#include <set>

using namespace ingot;

namespace {

int checks = 0, failures = 0;

/// void(ptr, ptr, i64, i64), external, named ik_*.
bool isKernel(const llvm::Function &function) {
  llvm::FunctionType *type = function.getFunctionType();
  return !function.isDeclaration() && function.hasExternalLinkage() && function.getName().starts_with("ik_") && type->getReturnType()->isVoidTy() &&
         type->getNumParams() == 4 && type->getParamType(0)->isPointerTy() && type->getParamType(1)->isPointerTy() &&
         type->getParamType(2)->isIntegerTy(64) && type->getParamType(3)->isIntegerTy(64);
}

/// All rows of a target, whatever the features: a device that has every feature.
std::set<std::string> rowNames(const Target &target) {
  Device all;
  for (llvm::StringRef feature : target.features())
    all.features.push_back(feature.str());
  std::set<std::string> names;
  for (const KernelRow &row : target.kernels(all))
    names.insert(row.name.str());
  return names;
}

void checkLevel(const EmbeddedFile &file, const std::set<std::string> &rows, std::set<std::string> &defined) {
  llvm::LLVMContext context;
  auto module = llvm::getLazyBitcodeModule(llvm::MemoryBufferRef(file.bytes, file.name), context);
  if (!succeeded(module.takeError(), file.name.str()))
    return;
  for (const llvm::Function &function : **module) {
    if (!isKernel(function))
      continue;
    defined.insert(function.getName().str());
    check(rows.count(function.getName().str()) == 1, "kernel " + function.getName().str() + " of " + file.name.str() + " has a row in kernels.def");
  }
}

} // namespace

bool check(bool condition, const std::string &what) {
  ++checks;
  failures += !condition;
  if (!condition)
    llvm::errs() << "FAILED: " << what << '\n';
  return condition;
}

bool succeeded(llvm::Error error, const std::string &what) {
  std::string message = llvm::toString(std::move(error));
  return check(message.empty(), what + ": " + message);
}

int finishChecks() {
  llvm::outs() << checks << " checks, " << failures << " failed\n";
  return failures != 0;
}

void checkKernelTables() {
  for (const Target *target : allTargets()) {
    std::set<std::string> rows = rowNames(*target), defined;
    for (const EmbeddedFile &file : embeddedFiles())
      if (file.name.starts_with((target->name() + "/kernels-").str()))
        checkLevel(file, rows, defined);
    for (const std::string &row : rows)
      check(defined.count(row) == 1, "row " + row + " of " + target->name().str() + " has a C kernel");
  }
  // Shaders are made from the same rows, but for products of f16 with sums in f32, which GPUs refuse (IG0321).
  std::set<std::string> rows, defined;
  for (const KernelRow &row : portableKernels())
    if (row.types != "f32f16" || row.op == "nn.resize")
      rows.insert(row.name.str());
  for (const EmbeddedFile &file : embeddedFiles())
    if (file.name == "spirv/kernels-units.bc")
      checkLevel(file, rows, defined);
  for (const std::string &row : rows)
    check(defined.count(row) == 1, "row " + row + " has a kernel for shaders");
}
