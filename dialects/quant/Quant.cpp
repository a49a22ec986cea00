// Registers the quant dialect and holds the code generated from Ops.td.
#include "dialects/quant/Quant.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace ingot::quant;

#include "dialects/quant/Dialect.cpp.inc"

#include "dialects/quant/Enums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/quant/Attrs.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/quant/Ops.cpp.inc"

void QuantDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/quant/Ops.cpp.inc"
      >();
}
