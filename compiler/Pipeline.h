// The phase table: import -> compress -> fuse -> lower -> plan -> target -> package. Feeds --stop-after, --dump-ir, help and README.
#ifndef INGOT_COMPILER_PIPELINE_H
#define INGOT_COMPILER_PIPELINE_H

#include "compiler/weights/WeightStore.h"

#include "mlir/Pass/PassManager.h"

namespace ingot {

struct CompressRequest;
struct WeightRequest;
class Choices;

/// What the passes of a phase need beside the IR.
struct PassContext {
  WeightStore *store = nullptr;
  int64_t workers = 1;
  int64_t fastBytes = 0; // of the device's addressed fast memory, which holds the arena when it fits; 0: none
  int64_t cacheBytes = 0; // of a core's second cache; 0: none
  CompressRequest *compress = nullptr; // --quantize, --sparsify; null: neither
  WeightRequest *weights = nullptr;    // how constant weights of integer products may be stored; null: plainly
  Choices *choices = nullptr;          // what measurement may decide; null: the rules do
  bool mergeWeights = false;           // entry points bring equal weights under different names
  bool shareShapes = false;            // and the target can share their steps
  bool rollSteps = false;              // the target's code can run steps in a loop over rows of numbers
  int64_t streamBytes = 0;             // most weights in memory at once; 0: all
};

struct Phase {
  llvm::StringRef name;
  llvm::StringRef folder;
  llvm::StringRef doc;
  /// Adds the phase's passes; null for phases that are not pass pipelines (import, target, package).
  void (*build)(mlir::OpPassManager &, const PassContext &);
};

llvm::ArrayRef<Phase> phaseTable();

} // namespace ingot

#endif
