// Every pass of Ingot, by phase, and their registration for ingot-opt.
#ifndef INGOT_PASSES_PASSES_H
#define INGOT_PASSES_PASSES_H

#include "compiler/Pipeline.h"

#include "mlir/Pass/Pass.h"

namespace ingot {

// compress
std::unique_ptr<mlir::Pass> createPruneWeights(const PassContext &context);
std::unique_ptr<mlir::Pass> createCalibrateRanges(const PassContext &context);
std::unique_ptr<mlir::Pass> createQuantizeInt8(const PassContext &context);
std::unique_ptr<mlir::Pass> createQuantizeBlocks(const PassContext &context);
std::unique_ptr<mlir::Pass> createRoundOperands(const PassContext &context);
std::unique_ptr<mlir::Pass> createStripNames();
// fuse
std::unique_ptr<mlir::Pass> createFoldConstants(const PassContext &context);
std::unique_ptr<mlir::Pass> createFoldAffineIntoConv(const PassContext &context);
std::unique_ptr<mlir::Pass> createFusePadIntoConv();
std::unique_ptr<mlir::Pass> createLiftTransposes();
std::unique_ptr<mlir::Pass> createCancelTransposes();
std::unique_ptr<mlir::Pass> createSinkDequantize();
std::unique_ptr<mlir::Pass> createFuseQuantized(const PassContext &context);
std::unique_ptr<mlir::Pass> createFuseNbits(const PassContext &context);
std::unique_ptr<mlir::Pass> createFuseRealConv(const PassContext &context);
std::unique_ptr<mlir::Pass> createTabulateBytes(const PassContext &context);
std::unique_ptr<mlir::Pass> createTrimFilters();
std::unique_ptr<mlir::Pass> createFuseEpilogue();
// lower
std::unique_ptr<mlir::Pass> createLowerToKernels(const PassContext &context);
std::unique_ptr<mlir::Pass> createBandConvs(const PassContext &context);
std::unique_ptr<mlir::Pass> createFuseMaps();
std::unique_ptr<mlir::Pass> createCollapseMaps();
std::unique_ptr<mlir::Pass> createTileTransposes(const PassContext &context);
std::unique_ptr<mlir::Pass> createShareTables(const PassContext &context);
// plan
std::unique_ptr<mlir::Pass> createMergeWeights(const PassContext &context);
std::unique_ptr<mlir::Pass> createOutlineMaps();
std::unique_ptr<mlir::Pass> createPlanProgram(const PassContext &context);
std::unique_ptr<mlir::Pass> createShareShapes();
std::unique_ptr<mlir::Pass> createRollSteps();
std::unique_ptr<mlir::Pass> createStageWeights(int64_t fastBytes);
std::unique_ptr<mlir::Pass> createStreamWeights(int64_t windowBytes);

/// The phases' pipelines.
void buildCompress(mlir::OpPassManager &manager, const PassContext &context);
void buildFuse(mlir::OpPassManager &manager, const PassContext &context);
void buildLower(mlir::OpPassManager &manager, const PassContext &context);
void buildPlan(mlir::OpPassManager &manager, const PassContext &context);

/// Registers all passes (with an empty weight store) for ingot-opt.
void registerPasses();

} // namespace ingot

#endif
