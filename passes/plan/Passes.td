// The plan phase's passes.
include "mlir/Pass/PassBase.td"

def MergeWeights : Pass<"ingot-merge-weights", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createMergeWeights({})";
  let summary = "weights of equal bytes become one";
  let description = [{
    For modules that hold one model several times, a shape each. After: of weights with equal type, shape and bytes all ops name the first. Weights are
    made to be compared, one at a time, and only those that share type, shape and the recipe's words with another.
  }];
}

def OutlineMaps : Pass<"ingot-outline-maps", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createOutlineMaps()";
  let dependentDialects = ["::ingot::kernel::KernelDialect", "::ingot::deploy::DeployDialect"];
  let summary = "each different kernel.map becomes one kernel.func";
  let description = [{
    After: every map is a kernel.micro that names a kernel.func; equal maps (attributes, types and body) share one, named by its content's hash.
    A returned value that is an input, a constant, a state, or returned twice gets a copy first, so that every output has a buffer of its own. A value
    written to a state in whose buffer it was not made is copied into it, after everything else.
  }];
}

def PlanProgram : Pass<"ingot-plan-program", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createPlanProgram({})";
  let dependentDialects = ["::ingot::kernel::KernelDialect", "::ingot::deploy::DeployDialect"];
  let summary = "kernel calls become a program: places, schedule, barriers";
  let description = [{
    Before: functions of kernel.micro, kernel.view, kernel.empty, constants and states. After: one deploy.program a function (@run for @main) and the
    attributes `deploy.weights` and `deploy.states`: the entry points share weights and states, each at one place. A state is one buffer; reading it
    after its next value has been written over it is an error.
    Buffers are packed by size into one arena; a map whose input dies and is addressed exactly like its result works in place. A barrier stands
    before a call that touches bytes which another call wrote, or writes bytes which another read, since the last barrier.
  }];
}

def ShareShapes : Pass<"ingot-share-shapes", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createShareShapes()";
  let dependentDialects = ["::ingot::deploy::DeployDialect", "::ingot::kernel::KernelDialect"];
  let summary = "programs that differ in numbers alone share their steps";
  let description = [{
    Before: deploy.programs of several shapes of one model. After: those with the same calls on the same buffers name one deploy.shared and a row of its
    table, which holds what differs: parameters, offsets, which kernel. Maps whose extents, offsets or strides differ become functions that read those
    from the call's parameters; strides of 0 and 1 stay constants, so a map whose form differs by shape stays several functions.
  }];
}

def RollSteps : Pass<"ingot-roll-steps", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createRollSteps()";
  let dependentDialects = ["::ingot::deploy::DeployDialect", "::ingot::kernel::KernelDialect"];
  let summary = "steps that come several times in a row become a loop";
  let description = [{
    Before: a deploy.program whose layers are written out. After: where calls on the same spaces with the same parameters come again and again, a deploy.shared
    has them once, with a row of its table for each turn (offsets, which kernel), and the program's attribute `rolled` says which of its calls that replaces.
    The steps stay for whoever reads them. A loop must save 48 calls; programs that share their steps with other shapes are left as they are.
  }];
}

def StageWeights : Pass<"ingot-stage-weights", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createStageWeights(0)";
  let dependentDialects = ["::ingot::deploy::DeployDialect"];
  let summary = "weights that a call reads many times are copied to fast memory ahead of it";
  let description = [{
    For devices whose arena lies in fast memory that programs address (VTCM). What the arena leaves of it becomes two halves. A shared call whose
    largest weights fit, and which uses each of their bytes at least 256 times, reads them from a half; a call of `ik_stage` fills it in the
    interval between barriers before. Intervals alternate between the halves, so a copy never writes what is being read, and needs no barrier.
    Calls of the first interval, serial calls and weights that do not fit are left as they are; so is all when the arena alone does not fit.
  }];
  let options = [Option<"fastBytes", "fast-bytes", "int64_t", "0", "bytes of fast memory">];
}

def StreamWeights : Pass<"ingot-stream-weights", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createStreamWeights(0)";
  let dependentDialects = ["::ingot::deploy::DeployDialect"];
  let summary = "barriers say which weights come next and which are done with";
  let description = [{
    For weights larger than `window-bytes`. After: barriers between parts of a program, which read an eighth of the window at most, and one at its end have
    the attribute `stream`, a dictionary of `drop` and `ahead`: [begin, end] pairs of the weights segment. A product with larger weights stands alone between
    barriers and has `slices`, an array of such dictionaries: its code does as many shares of the work one after the other. Never dropped: small weights
    that more than two parts read, and, to the size of what is left of the window, the first weights. The constant STREAM_BYTES goes into
    `nn.constants`. An error when the largest part, twice, does not fit the window.
  }];
  let options = [Option<"windowBytes", "window-bytes", "int64_t", "0", "most bytes of weights in memory at once">];
}
