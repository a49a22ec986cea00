// The nn dialect in C++: its ops, enums and attributes, generated from Ops.td.
#ifndef INGOT_DIALECTS_NN_NN_H
#define INGOT_DIALECTS_NN_NN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/nn/Dialect.h.inc"

#include "dialects/nn/Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/nn/Attrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/nn/Ops.h.inc"

#endif
