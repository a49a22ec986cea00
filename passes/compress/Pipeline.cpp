// The compress phase, in order. Without a request it has no passes.
#include "passes/Passes.h"
#include "passes/compress/Compress.h"

namespace ingot {

void buildCompress(mlir::OpPassManager &manager, const PassContext &context) {
  if (!context.compress || !context.compress->isActive())
    return;
  const QuantizeSpec &quantize = context.compress->quantize;
  if (quantize.kind == QuantizeSpec::Int8 || context.compress->roundsOperands()) { // batch normalisation and padding belong to the convolution that is quantised or rounded
    manager.addPass(createFusePadIntoConv());
    manager.addPass(createFoldAffineIntoConv(context));
    manager.addPass(createFoldConstants(context));
  }
  if (context.compress->sparsify.kind != SparsifySpec::None)
    manager.addPass(createPruneWeights(context)); // before calibration, which then sees the pruned model
  if (quantize.kind == QuantizeSpec::Int8) {
    manager.addPass(createCalibrateRanges(context));
    manager.addPass(createQuantizeInt8(context));
  }
  if (quantize.kind == QuantizeSpec::MatmulNBits)
    manager.addPass(createQuantizeBlocks(context));
  if (context.compress->roundsOperands())
    manager.addPass(createRoundOperands(context)); // last: what is an integer product by now stays one
  if (!context.compress->keepsNames)
    manager.addPass(createStripNames());
}

} // namespace ingot
