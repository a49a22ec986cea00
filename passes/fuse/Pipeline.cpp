// The fuse phase, in order.
#include "passes/Passes.h"

#include "mlir/Transforms/Passes.h"

namespace ingot {

void buildFuse(mlir::OpPassManager &manager, const PassContext &context) {
  manager.addPass(mlir::createCanonicalizerPass());
  manager.addPass(mlir::createCSEPass());
}

} // namespace ingot
