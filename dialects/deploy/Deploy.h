// The deploy dialect in C++: its ops, enums and attributes, generated from Ops.td.
#ifndef INGOT_DIALECTS_DEPLOY_DEPLOY_H
#define INGOT_DIALECTS_DEPLOY_DEPLOY_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/deploy/Dialect.h.inc"

#include "dialects/deploy/Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/deploy/Attrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/deploy/Ops.h.inc"

namespace ingot::deploy {

/// Unit attribute of a deploy.program whose code tells its host after each call (ingot_call_done), so that kernels can be timed.
constexpr llvm::StringLiteral kTimedAttr = "timed";

/// DenseI64ArrayAttr of a deploy.call in a deploy.shared: for the callee, `serial`, each parameter and each place's offset the column of the table, or
/// -1 where it is the same for all rows.
constexpr llvm::StringLiteral kColumnsAttr = "columns";
/// ArrayAttr of StringAttr of such a call: what the callee's column chooses from.
constexpr llvm::StringLiteral kCalleesAttr = "callees";
/// I64Attr of a deploy.program whose steps are those of a deploy.shared: its row. kSharedAttr (StringAttr) names it.
constexpr llvm::StringLiteral kRowAttr = "row", kSharedAttr = "shared";
/// ArrayAttr of DictionaryAttr of a deploy.program: `turns` times the steps of the deploy.shared `steps`, a row each, replace its calls from number `first` on.
constexpr llvm::StringLiteral kRolledAttr = "rolled";

/// DictionaryAttr of a deploy.barrier of streamed weights: `drop` and `ahead`, DenseI64ArrayAttrs of [begin, end] pairs in the weights. kSlicesAttr of a
/// deploy.call: an ArrayAttr of those, one for each share of the call's work, before which it is said.
constexpr llvm::StringLiteral kStreamAttr = "stream", kSlicesAttr = "slices";

} // namespace ingot::deploy

#endif
