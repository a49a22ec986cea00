// Registers every pass for ingot-opt, each with a weight store of its own.
#include "passes/Passes.h"

namespace ingot {

void registerPasses() {
  // Never destroyed: recipes keep IR, whose context ends inside MlirOptMain, before static objects do.
  static WeightStore &store = *new WeightStore;
  static const PassContext context{&store, 2};
  mlir::registerPass([] { return createFoldConstants(context); });
  mlir::registerPass([] { return createFoldAffineIntoConv(context); });
  mlir::registerPass([] { return createFusePadIntoConv(); });
  mlir::registerPass([] { return createSinkDequantize(); });
  mlir::registerPass([] { return createFuseQuantized(context); });
  mlir::registerPass([] { return createFuseEpilogue(); });
  mlir::registerPass([] { return createLowerToKernels(context); });
  mlir::registerPass([] { return createFuseMaps(); });
  mlir::registerPass([] { return createCollapseMaps(); });
  mlir::registerPass([] { return createOutlineMaps(); });
  mlir::registerPass([] { return createPlanProgram(context); });
}

} // namespace ingot
