// The lower phase, in order.
#include "passes/Passes.h"

#include "mlir/Transforms/Passes.h"

namespace ingot {

void buildLower(mlir::OpPassManager &manager, const PassContext &context) {
  manager.addPass(createLowerToKernels(context));
  manager.addPass(mlir::createCSEPass()); // products of one input share its quantised form
  manager.addPass(createShareTables(context));
  manager.addPass(createBandConvs(context));
  manager.addPass(createFuseMaps());
  manager.addPass(createCollapseMaps()); // after fusion: fusing needs the dims apart
  manager.addPass(createTileTransposes(context));
}

} // namespace ingot
