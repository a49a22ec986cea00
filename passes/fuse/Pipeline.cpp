// The fuse phase, in order.
#include "passes/Passes.h"

#include "mlir/Transforms/Passes.h"

namespace ingot {

void buildFuse(mlir::OpPassManager &manager, const PassContext &context) {
  manager.addPass(createLiftTransposes());
  manager.addPass(mlir::createCanonicalizerPass()); // after transposes came together
  manager.addPass(createCancelTransposes());
  manager.addPass(createSinkDequantize());
  manager.addPass(createFusePadIntoConv());
  manager.addPass(createFuseQuantized(context)); // early: later passes break up dequantise -> op -> quantise
  manager.addPass(createFuseRealConv(context)); // takes what the one before leaves
  manager.addPass(createTabulateBytes(context)); // of what is between bytes and not taken in by a product
  manager.addPass(createFuseNbits(context));
  manager.addPass(createFoldAffineIntoConv(context));
  manager.addPass(createTrimFilters()); // filters are plain by now, and the next pass makes their slices
  manager.addPass(createFoldConstants(context));
  manager.addPass(mlir::createCSEPass());
  manager.addPass(createFuseEpilogue());
}

} // namespace ingot
