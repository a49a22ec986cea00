// The plan phase's passes.
include "mlir/Pass/PassBase.td"

def OutlineMaps : Pass<"ingot-outline-maps", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createOutlineMaps()";
  let dependentDialects = ["::ingot::kernel::KernelDialect", "::ingot::deploy::DeployDialect"];
  let summary = "each different kernel.map becomes one kernel.func";
  let description = [{
    After: every map is a kernel.micro that names a kernel.func; equal maps (attributes, types and body) share one, named by its content's hash.
    A returned value that is an input, a constant, or returned twice gets a copy first, so that every output has a buffer of its own.
  }];
}

def PlanProgram : Pass<"ingot-plan-program", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createPlanProgram({})";
  let dependentDialects = ["::ingot::kernel::KernelDialect", "::ingot::deploy::DeployDialect"];
  let summary = "kernel calls become a program: places, schedule, barriers";
  let description = [{
    Before: @main of kernel.micro, kernel.view, kernel.empty and constants. After: deploy.program @run and the attribute `deploy.weights`.
    Buffers are packed by size into one arena; a map whose input dies and is addressed exactly like its result works in place. A barrier stands
    before a call that touches bytes which another call wrote, or writes bytes which another read, since the last barrier.
  }];
}
