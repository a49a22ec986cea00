// Registers every pass for ingot-opt, each with a weight store of its own.
#include "passes/Passes.h"
#include "passes/compress/Compress.h"

namespace ingot {

void registerPasses() {
  // Never destroyed: recipes keep IR, whose context ends inside MlirOptMain, before static objects do.
  static WeightStore &store = *new WeightStore;
  // What the compress passes do in tests: half of the weights zero, 4-bit blocks of 32, operands of bf16.
  static CompressRequest request;
  request.sparsify = {SparsifySpec::Magnitude, 0.5};
  request.operands = DType::BF16;
  static const PassContext context{&store, 2, 0, 0, &request};
  mlir::registerPass([] { return createPruneWeights(context); });
  mlir::registerPass([] { return createCalibrateRanges(context); });
  mlir::registerPass([] { return createQuantizeInt8(context); });
  mlir::registerPass([] { return createQuantizeBlocks(context); });
  mlir::registerPass([] { return createRoundOperands(context); });
  mlir::registerPass([] { return createStripNames(); });
  mlir::registerPass([] { return createFoldConstants(context); });
  mlir::registerPass([] { return createFoldAffineIntoConv(context); });
  mlir::registerPass([] { return createFusePadIntoConv(); });
  mlir::registerPass([] { return createLiftTransposes(); });
  mlir::registerPass([] { return createCancelTransposes(); });
  mlir::registerPass([] { return createSinkDequantize(); });
  mlir::registerPass([] { return createFuseQuantized(context); });
  mlir::registerPass([] { return createFuseNbits(context); });
  mlir::registerPass([] { return createFuseRealConv(context); });
  mlir::registerPass([] { return createTabulateBytes(context); });
  mlir::registerPass([] { return createTrimFilters(); });
  mlir::registerPass([] { return createFuseEpilogue(); });
  mlir::registerPass([] { return createLowerToKernels(context); });
  mlir::registerPass([] { return createBandConvs(context); });
  mlir::registerPass([] { return createFuseMaps(); });
  mlir::registerPass([] { return createCollapseMaps(); });
  mlir::registerPass([] { return createTileTransposes(context); });
  mlir::registerPass([] { return createShareTables(context); });
  mlir::registerPass([] { return createMergeWeights(context); });
  mlir::registerPass([] { return createOutlineMaps(); });
  mlir::registerPass([] { return createPlanProgram(context); });
  mlir::registerPass([] { return createShareShapes(); });
  mlir::registerPass([] { return createRollSteps(); });
  mlir::registerPass([] { return createStageWeights(0); });
  mlir::registerPass([] { return createStreamWeights(0); });
}

} // namespace ingot
