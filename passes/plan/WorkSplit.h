// Which calls of a program are split among its workers: a barrier costs more than short calls gain. The rule estimates; a measurement may know better
// (passes/Choices.h). Results are the same for any split.
#ifndef INGOT_PASSES_PLAN_WORKSPLIT_H
#define INGOT_PASSES_PLAN_WORKSPLIT_H

#include "dialects/kernel/Kernel.h"
#include "passes/Choices.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace ingot {

constexpr llvm::StringLiteral kSplitAlone = "1", kSplitAll = "all"; // the ways: by the first worker, by all

class WorkSplit {
public:
  /// `choices` may be null.
  WorkSplit(int64_t workers, Choices *choices) : workers(workers), choices(choices) {}

  /// Decides for all calls. `countBarriers` counts those that the program has with the calls as isSerial says while it runs.
  void decide(llvm::ArrayRef<kernel::MicroOp> calls, llvm::function_ref<int64_t()> countBarriers);
  /// True when the first worker does the call alone.
  bool isSerial(kernel::MicroOp call) const { return serial.lookup(call); }
  /// What a call's split is decided by: "split 2: ik_conv_f32 1 1 16 ...".
  std::string key(kernel::MicroOp call) const;

private:
  int64_t timeOf(kernel::MicroOp call) const;
  bool pays(llvm::ArrayRef<kernel::MicroOp> calls, int64_t barriers) const;

  int64_t workers;
  bool readsMemory = false; // the program's weights are more than a cache holds
  Choices *choices;
  llvm::DenseMap<mlir::Operation *, bool> serial; // looked up, never iterated
};

} // namespace ingot

#endif
