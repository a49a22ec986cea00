// Registers the kernel dialect and holds the code generated from Ops.td; what views stand for.
#include "dialects/kernel/Kernel.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace ingot::kernel;

#include "dialects/kernel/Dialect.cpp.inc"

#include "dialects/kernel/Enums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/kernel/Attrs.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/kernel/Ops.cpp.inc"

void KernelDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/kernel/Ops.cpp.inc"
      >();
}

mlir::Value ingot::kernel::throughViews(mlir::Value value) {
  while (ViewOp view = value.getDefiningOp<ViewOp>())
    value = view.getInput();
  return value;
}
