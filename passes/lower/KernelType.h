// The names of element types in kernels that exist for each type: ik_top_k_f32, ik_scatter_nd_u8 ...
#ifndef INGOT_PASSES_LOWER_KERNELTYPE_H
#define INGOT_PASSES_LOWER_KERNELTYPE_H

#include "compiler/reference/Tensor.h"

namespace ingot {

/// "f16", "i8", "u32" ... for the floats from f16 up (not bf16) and the integers of 8 to 64 bits; "" for all others.
inline llvm::StringRef kernelTypeSuffix(DType type) {
  switch (type) {
  case DType::F16: return "f16";
  case DType::F32: return "f32";
  case DType::F64: return "f64";
  case DType::I8: return "i8";
  case DType::I16: return "i16";
  case DType::I32: return "i32";
  case DType::I64: return "i64";
  case DType::U8: return "u8";
  case DType::U16: return "u16";
  case DType::U32: return "u32";
  case DType::U64: return "u64";
  default: return "";
  }
}

inline llvm::StringRef kernelTypeSuffix(mlir::Type element) { return kernelTypeSuffix(toDType(element).value_or(DType::Bool)); }

} // namespace ingot

#endif
