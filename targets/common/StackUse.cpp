// Frame sizes from the remarks of LLVM's prologue pass, and the deepest chain of calls.
#include "targets/common/StackUse.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/CodeGen/MachineOptimizationRemarkEmitter.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/InstIterator.h"

using namespace llvm;

namespace ingot {
namespace {

constexpr StringLiteral kPass = "prologepilog", kRemark = "StackSize", kKey = "NumStackBytes";

struct FrameHandler final : DiagnosticHandler {
  explicit FrameHandler(FrameSizes &sizes) : sizes(sizes) {}

  bool isAnalysisRemarkEnabled(StringRef pass) const override { return pass == kPass; }
  bool isAnyRemarkEnabled() const override { return true; }

  bool handleDiagnostics(const DiagnosticInfo &info) override {
    const MachineOptimizationRemarkAnalysis *remark = dyn_cast<MachineOptimizationRemarkAnalysis>(&info);
    if (!remark)
      return false;
    for (const DiagnosticInfoOptimizationBase::Argument &argument : remark->getArgs()) {
      int64_t bytes = 0;
      if (remark->getRemarkName() == kRemark && argument.Key == kKey && !StringRef(argument.Val).getAsInteger(10, bytes))
        sizes[remark->getFunction().getName()] = bytes;
    }
    return true;
  }

  FrameSizes &sizes;
};

/// Longest chain below one function; the call graph has no cycles, so each function is answered once.
int64_t depthBelow(const Function &function, const FrameSizes &sizes, DenseMap<const Function *, int64_t> &known) {
  auto [entry, isNew] = known.try_emplace(&function, 0); // 0 while on the way: a cycle would end here
  if (!isNew)
    return entry->second;
  int64_t below = 0;
  for (const Instruction &instruction : instructions(function))
    if (const CallBase *call = dyn_cast<CallBase>(&instruction))
      if (const Function *callee = call->getCalledFunction(); callee && !callee->isDeclaration())
        below = std::max(below, depthBelow(*callee, sizes, known));
  int64_t depth = below + sizes.lookup(function.getName());
  known[&function] = depth;
  return depth;
}

} // namespace

void recordFrames(LLVMContext &context, FrameSizes &sizes) { context.setDiagnosticHandler(std::make_unique<FrameHandler>(sizes)); }

int64_t deepestStack(const Module &module, const FrameSizes &sizes) {
  int64_t deepest = 0;
  DenseMap<const Function *, int64_t> known;
  for (const Function &function : module)
    if (!function.isDeclaration() && !function.hasLocalLinkage())
      deepest = std::max(deepest, depthBelow(function, sizes, known));
  return deepest;
}

} // namespace ingot
