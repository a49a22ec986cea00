// The scalar meaning of elementwise ops as arith, math and func.call ops: the bodies of kernel.map.
// Values are signless; `type` says whether integers are signed. f16, bf16 and the
// floats of 8 and fewer bits compute in f32 and round once.
#ifndef INGOT_PASSES_LOWER_SCALAR_H
#define INGOT_PASSES_LOWER_SCALAR_H

#include "compiler/reference/Tensor.h"
#include "dialects/nn/Nn.h"

#include "mlir/IR/Builders.h"

namespace ingot {

/// Bits of an element inside a body: 1 for booleans, 2 and 4 for the narrow integers; floats of 8 and fewer bits are an i8 code.
unsigned scalarWidth(DType type);

class ScalarBuilder {
public:
  ScalarBuilder(mlir::OpBuilder &builder, mlir::Location loc) : b(builder), loc(loc) {}

  /// Null when the kind has no meaning for the type.
  mlir::Value unary(nn::UnaryKind kind, mlir::Value x, DType type, double alpha, double beta);
  mlir::Value binary(nn::BinaryKind kind, mlir::Value x, mlir::Value y, DType type, DType rhsType);
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y);
  mlir::Value cast(mlir::Value x, DType from, DType to, bool saturate);
  /// saturate(roundHalfEven(x / scale) + zero) in f32, as an element of `to`, an integer or a small float, which rounds by itself. `zero` is of
  /// that type, or null for 0. Null for other types.
  mlir::Value quantize(mlir::Value x, mlir::Value scale, mlir::Value zero, DType from, DType to);
  /// The same for a `to` of 8 or 16 bits without a division for each element: of scales that isPlainScale, and that are the same for all elements.
  mlir::Value quantizeFew(mlir::Value x, mlir::Value scale, mlir::Value zero, DType from, DType to);
  static bool isPlainScale(float scale);
  /// (x - zero) * scale in `to`.
  mlir::Value dequantize(mlir::Value x, mlir::Value scale, mlir::Value zero, DType from, DType to);

private:
  mlir::Value constant(double value, mlir::Type type);
  mlir::Value intConstant(int64_t value, mlir::Type type);
  mlir::Value call(llvm::StringRef function, mlir::ValueRange args); // ik_<function>_f32 or _f64
  mlir::Value callNamed(const std::string &name, mlir::Type result, mlir::ValueRange args);
  mlir::Value widen(mlir::Value x, DType type); // f16, bf16 and narrower -> f32
  mlir::Value narrow(mlir::Value x, DType type);
  mlir::Value floatUnary(nn::UnaryKind kind, mlir::Value x, double alpha, double beta);
  mlir::Value intUnary(nn::UnaryKind kind, mlir::Value x, DType type, double alpha, double beta);
  mlir::Value floatBinary(nn::BinaryKind kind, mlir::Value x, mlir::Value y);
  mlir::Value intBinary(nn::BinaryKind kind, mlir::Value x, mlir::Value y, DType type);
  mlir::Value compare(nn::BinaryKind kind, mlir::Value x, mlir::Value y, DType type);
  mlir::Value divide(mlir::Value x, mlir::Value y, bool isSigned);
  mlir::Value remainder(mlir::Value x, mlir::Value y, bool isSigned, bool floorSign);
  mlir::Value intPower(mlir::Value x, mlir::Value y, DType type);
  mlir::Value floatMod(mlir::Value x, mlir::Value y, bool floorSign);
  mlir::Value snapToInteger(mlir::Value x);
  mlir::Value floatToInt(mlir::Value x, mlir::Type to, bool isSigned);
  mlir::Value maximum(mlir::Value x, mlir::Value y); // NaN if either is
  mlir::Value minimum(mlir::Value x, mlir::Value y);
  mlir::Value bf16ToF32(mlir::Value x);
  mlir::Value f32ToBf16(mlir::Value x);
  mlir::Value smallToF32(mlir::Value code, DType type); // float8 and float4 kinds
  mlir::Value floatToSmall(mlir::Value x, DType type, bool saturate);
  mlir::Value castToSmall(mlir::Value x, DType from, DType to, bool saturate);
  mlir::Value quantizeToFloat(mlir::Value quotient, mlir::Value zero, DType to);

  mlir::OpBuilder &b;
  mlir::Location loc;
};

} // namespace ingot

#endif
