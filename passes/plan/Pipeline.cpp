// The plan phase, in order.
#include "passes/Passes.h"

namespace ingot {

void buildPlan(mlir::OpPassManager &manager, const PassContext &context) {
  if (context.mergeWeights)
    manager.addPass(createMergeWeights(context));
  manager.addPass(createOutlineMaps());
  manager.addPass(createPlanProgram(context));
  if (context.shareShapes)
    manager.addPass(createShareShapes());
  if (context.fastBytes > 0)
    manager.addPass(createStageWeights(context.fastBytes));
  if (context.streamBytes > 0)
    manager.addPass(createStreamWeights(context.streamBytes)); // each turn of a loop would read other weights
  else if (context.rollSteps)
    manager.addPass(createRollSteps());
}

} // namespace ingot
