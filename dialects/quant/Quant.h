// The quant dialect in C++: its ops, enums and attributes, generated from Ops.td.
#ifndef INGOT_DIALECTS_QUANT_QUANT_H
#define INGOT_DIALECTS_QUANT_QUANT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/quant/Dialect.h.inc"

#include "dialects/quant/Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/quant/Attrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/quant/Ops.h.inc"

#endif
