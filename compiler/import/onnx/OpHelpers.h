// What the operator files of ops/ share: table rows with an operand count, constants of one value, axes and windows.
// Why: every check on a model's attributes is written once, here, so that an operator cannot forget it.
#ifndef INGOT_COMPILER_IMPORT_ONNX_OPHELPERS_H
#define INGOT_COMPILER_IMPORT_ONNX_OPHELPERS_H

#include "compiler/import/onnx/OnnxOps.h"

namespace ingot {

using Ints = std::vector<int64_t>;

/// One operator: name, lowest opset handled, operands that must be present, and the function.
struct OpRow {
  const char *op;
  int64_t since;
  int64_t inputs;
  OnnxImportFn fn;
};

/// Adds rows; each function runs only when its first `inputs` operands are present (else "needs 3 inputs, has 1").
void addRows(OnnxOpRegistry &registry, llvm::StringRef domain, llvm::ArrayRef<OpRow> rows);

/// The element type of ONNX's TensorProto.DataType number; nullopt (and refused) for strings, complex and unknown numbers.
std::optional<DType> dtypeOf(OnnxNode &node, int64_t onnxType);

int64_t rankOf(OnnxNode &node, mlir::Value value);
bool isFloat(OnnxNode &node, mlir::Value value);
/// False and refused unless the rank is in [low, high].
bool needRank(OnnxNode &node, mlir::Value value, int64_t low, int64_t high, llvm::StringRef what);
/// The operand's value, binding inputs if it must; nullopt and refused when it depends on run-time data.
std::optional<Tensor> needTensor(OnnxNode &node, int64_t i, llvm::StringRef name);
/// The operand's integers; nullopt and refused when they depend on run-time data.
std::optional<Ints> needInts(OnnxNode &node, int64_t i, llvm::StringRef name);
/// The one integer of operand i; nullopt and refused as above or when it holds another number of elements.
std::optional<int64_t> needInt(OnnxNode &node, int64_t i, llvm::StringRef name);
/// Makes axes non-negative, sorted and unique; false and refused when one is out of range or given twice.
bool normaliseAxes(OnnxNode &node, Ints &axes, int64_t rank);
/// Axes from the attribute `axes`, or from operand i when present; nullopt when neither is there (test ok()).
std::optional<Ints> axesOf(OnnxNode &node, int64_t i);
/// The axis attribute made non-negative for `rank`; nullopt and refused when out of range.
std::optional<int64_t> axisOf(OnnxNode &node, int64_t fallback, int64_t rank);

Tensor filled(DType type, llvm::ArrayRef<int64_t> shape, double value);
/// A constant of one value under a shape.
mlir::Value scalarI64(OnnxNode &node, int64_t value);
mlir::Value splat(OnnxNode &node, DType type, llvm::ArrayRef<int64_t> shape, double value);
/// i64 constant 0, 1, ... n-1 along `axis` of a tensor of `rank` (other extents 1).
mlir::Value iota(OnnxNode &node, int64_t n, int64_t axis, int64_t rank);
/// A vector [C] as [1, C, 1 ...] of `rank`, C on `axis`. Refused when it is no vector of `count` elements.
mlir::Value alongAxis(OnnxNode &node, mlir::Value vector, int64_t axis, int64_t rank, int64_t count);
mlir::Value unsqueeze(OnnxNode &node, mlir::Value x, int64_t axis);
/// Drops axes of extent 1.
mlir::Value squeezeAxis(OnnxNode &node, mlir::Value x, int64_t axis);
/// Swaps the last two axes.
mlir::Value transposeLast(OnnxNode &node, mlir::Value x);
mlir::Value scaled(OnnxNode &node, mlir::Value x, double factor);
/// [prod(shape[:axis]), prod(shape[axis:])].
Ints flatShape(llvm::ArrayRef<int64_t> shape, int64_t axis);
/// axis, axis + 1, ... rank - 1.
Ints axesFrom(int64_t axis, int64_t rank);

/// Small expressions on floats of one type.
struct FloatMath {
  OnnxNode &node;
  DType type;

  mlir::Value constant(double value) const { return node.scalar(type, value); }
  mlir::Value add(mlir::Value a, mlir::Value b) const { return node.binary(nn::BinaryKind::add, a, b); }
  mlir::Value sub(mlir::Value a, mlir::Value b) const { return node.binary(nn::BinaryKind::sub, a, b); }
  mlir::Value mul(mlir::Value a, mlir::Value b) const { return node.binary(nn::BinaryKind::mul, a, b); }
  mlir::Value add(mlir::Value a, double b) const { return add(a, constant(b)); }
  mlir::Value mul(mlir::Value a, double b) const { return mul(a, constant(b)); }
  mlir::Value clamp(mlir::Value a, double low, double high) const { return node.unary(nn::UnaryKind::clip, a, low, high); }
};

/// A sliding window: one entry a spatial axis.
struct Window {
  Ints kernel, strides, low, high, dilations;
};

/// Reads strides, pads, dilations and auto_pad for the spatial extents `in`. Nullopt and refused when they do not fit.
std::optional<Window> readWindow(OnnxNode &node, llvm::ArrayRef<int64_t> in, llvm::ArrayRef<int64_t> kernel);
/// Extents of the result; with `ceil` a last window may hang over but starts inside the input or its low border.
std::optional<Ints> windowExtents(OnnxNode &node, const Window &window, llvm::ArrayRef<int64_t> in, bool ceil);

// Shared by several operator files.
/// AveragePool of x; null when refused.
mlir::Value averagedWindows(OnnxNode &node, mlir::Value x);
/// RoiAlign of which the first `rows` boxes (i64 scalar; null: all) count; what lies behind is 0. Null when refused.
mlir::Value alignedBoxes(OnnxNode &node, mlir::Value rows);
/// Operand 1 of an operator with two, under a shape that broadcasts: opset 6 and older aligned it at the attribute `axis`.
mlir::Value alignedSecond(OnnxNode &node);
mlir::Value matmulAny(OnnxNode &node, mlir::Value a, mlir::Value b); // ranks 1 and up, any type
/// sum (a - az)(b - bz) in i32; zero points are scalars, one a row of a, one a column of b, or null for 0.
mlir::Value integerProduct(OnnxNode &node, mlir::Value a, mlir::Value b, mlir::Value az, mlir::Value bz);
/// product aScale bScale + bias in f32; scales of one element or one a column, the bias may be null.
mlir::Value floatProduct(OnnxNode &node, mlir::Value product, mlir::Value aScale, mlir::Value bScale, mlir::Value bias);
/// x as ui8 with its scale and zero point by the rule of DynamicQuantizeLinear: scale = (max(0, max x) - min(0, min x)) / 255,
/// zero = saturate(round(-min / scale)).
struct DynamicBytes {
  mlir::Value x, scale, zero;
};
DynamicBytes quantiseDynamically(OnnxNode &node, mlir::Value x);
mlir::Value layerNorm(OnnxNode &node, mlir::Value x, llvm::ArrayRef<int64_t> axes, double epsilon, bool rms);
/// nn.gather with its result type computed.
mlir::Value gather(OnnxNode &node, mlir::Value x, mlir::Value indices, int64_t axis);
/// nn.pad in mode constant; a null value is zero.
mlir::Value padConstant(OnnxNode &node, mlir::Value x, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high, mlir::Value value);

} // namespace ingot

#endif
