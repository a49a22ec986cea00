// Registers the deploy dialect and holds the code generated from Ops.td.
#include "dialects/deploy/Deploy.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace ingot::deploy;

#include "dialects/deploy/Dialect.cpp.inc"

#include "dialects/deploy/Enums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/deploy/Attrs.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/deploy/Ops.cpp.inc"

void DeployDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/deploy/Ops.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/deploy/Attrs.cpp.inc"
      >();
}
