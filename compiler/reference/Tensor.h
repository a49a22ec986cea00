// A host tensor: element type, shape and bytes in row-major order. Why: importer, reference evaluator, weights, NPZ files
// and tests exchange values in this one form. Sub-byte types (i4, ui4, i2, ui2, f4) hold one element a byte here.
#ifndef INGOT_COMPILER_REFERENCE_TENSOR_H
#define INGOT_COMPILER_REFERENCE_TENSOR_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ingot {

enum class DType : uint8_t {
  Bool, I8, I16, I32, I64, U8, U16, U32, U64, F16, BF16, F32, F64,
  I4, U4, I2, U2, F8E4M3FN, F8E4M3FNUZ, F8E5M2, F8E5M2FNUZ, F8E8M0, F4E2M1
};

/// Bytes of one element in a Tensor (1 for sub-byte types).
int64_t byteWidth(DType type);
/// ONNX's spelling in lower case: "float32", "uint8", "bool" ...
llvm::StringRef name(DType type);
bool isFloat(DType type);
bool isSignedInt(DType type);
bool isUnsignedInt(DType type);

/// The MLIR element type: iN signed, uiN unsigned, i1 bool. And back; nullopt for a type Ingot has no DType for.
mlir::Type toMlir(DType type, mlir::MLIRContext *context);
std::optional<DType> toDType(mlir::Type elementType);

/// Product of extents; nullopt when it leaves int64 or any extent is negative.
std::optional<int64_t> elementCount(llvm::ArrayRef<int64_t> shape);

class Tensor {
public:
  Tensor() = default;
  /// Zero-filled. The caller has checked the size (elementCount).
  Tensor(DType type, llvm::ArrayRef<int64_t> shape);
  /// A view of bytes owned elsewhere (a mapped file); `owner` keeps them alive and may be null.
  Tensor(DType type, llvm::ArrayRef<int64_t> shape, const void *bytes, std::shared_ptr<const void> owner);

  DType dtype() const { return type; }
  llvm::ArrayRef<int64_t> shape() const { return extents; }
  int64_t rank() const { return static_cast<int64_t>(extents.size()); }
  int64_t count() const { return elements; }
  int64_t bytes() const { return elements * byteWidth(type); }
  const char *data() const { return begin; }
  /// Writable bytes; makes a private copy first when this is a view or shared.
  char *mutableData();

  template <typename T> llvm::ArrayRef<T> as() const { return {reinterpret_cast<const T *>(begin), static_cast<size_t>(elements)}; }
  template <typename T> llvm::MutableArrayRef<T> mutableAs() { return {reinterpret_cast<T *>(mutableData()), static_cast<size_t>(elements)}; }

  /// Element i widened exactly (integers beyond 2^53: use intAt).
  double at(int64_t i) const;
  int64_t intAt(int64_t i) const;
  /// Stores with the type's rounding: nearest even for floats, truncation modulo 2^bits for integers.
  void set(int64_t i, double value);
  void setInt(int64_t i, int64_t value);

  /// The same bytes under another shape of equal element count.
  Tensor reshaped(llvm::ArrayRef<int64_t> shape) const;
  mlir::RankedTensorType mlirType(mlir::MLIRContext *context) const;
  mlir::DenseElementsAttr toAttr(mlir::MLIRContext *context) const;
  static Tensor fromAttr(mlir::ElementsAttr attr);
  static Tensor scalar(DType type, double value);
  static Tensor vectorI64(llvm::ArrayRef<int64_t> values);

private:
  DType type = DType::F32;
  std::vector<int64_t> extents;
  int64_t elements = 0;
  const char *begin = nullptr;
  std::shared_ptr<const void> owner;
  std::shared_ptr<std::vector<char>> owned;
};

/// f32 values as operands of products in `type`, f16 or bf16: rounded to the nearest, ties to even. f16: magnitudes above 65504 become 65504. bf16:
/// magnitudes below 2^-56 become 0. targets/common/ukernels/narrow.h says why.
Tensor narrowed(const Tensor &values, DType type);

} // namespace ingot

#endif
