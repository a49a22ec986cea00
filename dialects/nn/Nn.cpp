// Registers the nn dialect and holds the code generated from Ops.td.
#include "dialects/nn/Nn.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace ingot::nn;

#include "dialects/nn/Dialect.cpp.inc"

#include "dialects/nn/Enums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/nn/Attrs.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/nn/Ops.cpp.inc"

void NnDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/nn/Ops.cpp.inc"
      >();
}
