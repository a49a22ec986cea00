// The phase table.
#include "compiler/Pipeline.h"

#include "passes/Passes.h"

namespace ingot {

llvm::ArrayRef<Phase> phaseTable() {
  static const Phase phases[] = {
      {"import", "compiler/import", "reads the model into nn and quant ops; folds what is constant", nullptr},
      {"compress", "passes/compress", "prunes and quantises, when --sparsify or --quantize asks for it", buildCompress},
      {"fuse", "passes/fuse", "joins operations that one kernel can do", buildFuse},
      {"lower", "passes/lower", "chooses a kernel for every operation", buildLower},
      {"plan", "passes/plan", "gives every buffer a place and every call its turn", buildPlan},
      {"target", "targets", "emits code for the device", nullptr},
      {"package", "compiler/package", "writes library, header, weights container and report", nullptr},
  };
  return phases;
}

} // namespace ingot
