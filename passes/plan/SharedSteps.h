// Steps that are there several times and differ in numbers alone -> one deploy.shared with a row of numbers for each time.
#ifndef INGOT_PASSES_PLAN_SHAREDSTEPS_H
#define INGOT_PASSES_PLAN_SHAREDSTEPS_H

#include "dialects/deploy/Deploy.h"

namespace ingot {

/// A program's calls or some that follow each other, and whether a barrier stands before each.
struct StepList {
  deploy::ProgramOp program;
  llvm::SmallVector<deploy::CallOp> calls;
  llvm::SmallVector<bool> barrier;

  StepList slice(size_t first, size_t count) const;
};

StepList stepsOf(deploy::ProgramOp program);

/// A deploy.shared `name` before the first member's program. The members have as many calls, each with its places in the same spaces; a map has the same
/// extents in all. A barrier stands where any member has one.
deploy::SharedOp shareSteps(llvm::ArrayRef<StepList> members, llvm::StringRef name, int64_t scratchBytes);

} // namespace ingot

#endif
