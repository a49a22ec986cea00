// Runs numbered cases in forked worker processes. Why: a crash, an abort or an endless loop in one case must not end the others.
#ifndef INGOT_TOOLS_INGOT_WORKERPOOL_H
#define INGOT_TOOLS_INGOT_WORKERPOOL_H

#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>
#include <vector>

namespace ingot {

struct CaseResult {
  std::string status; // "passed", "failed", "unsupported"
  std::string reason;
  double seconds = 0;
};

/// Calls `run` for 0 .. count-1 in at most `workers` processes; results by number. A worker that dies gives "failed" with "crash (signal N)"
/// for the case it was at. `done` is told how many are finished. The caller must have no threads.
std::vector<CaseResult> runInWorkers(size_t count, size_t workers, llvm::function_ref<CaseResult(size_t)> run, llvm::function_ref<void(size_t)> done);

} // namespace ingot

#endif
