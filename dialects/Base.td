// What the dialects share: the tensor constraint and enums that print as keywords.
#ifndef INGOT_DIALECTS_BASE
#define INGOT_DIALECTS_BASE

include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tensor : Type<CPred<"::llvm::isa<::mlir::RankedTensorType>($_self) && ::llvm::cast<::mlir::ShapedType>($_self).hasStaticShape()">,
                  "static ranked tensor", "::mlir::RankedTensorType">;

class Enum<Dialect dialect, string name, string summary, list<string> cases> : I32EnumAttr<name, summary,
    !foreach(i, !range(cases), I32EnumAttrCase<cases[i], i>)> {
  let cppNamespace = dialect.cppNamespace;
}

#endif
