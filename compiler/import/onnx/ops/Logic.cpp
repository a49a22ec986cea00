// Comparisons, boolean and bitwise operators, choices, and conversions of the element type.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

using nn::BinaryKind;
using nn::UnaryKind;

static OnnxImportFn binary(BinaryKind kind) {
  return [kind](OnnxNode &node) {
    Value second = alignedSecond(node);
    if (node.ok())
      node.setOutput(0, node.binary(kind, node.input(0), second));
  };
}

static OnnxImportFn unary(UnaryKind kind) {
  return [kind](OnnxNode &node) { node.setOutput(0, node.unary(kind, node.input(0))); };
}

static bool isFloat8(DType type) { return isFloat(type) && byteWidth(type) == 1; }

static void importBitShift(OnnxNode &node) {
  std::string direction = node.stringAttr("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return node.refuse("unknown direction '" + direction + "'");
  BinaryKind kind = direction == "LEFT" ? BinaryKind::shift_left : BinaryKind::shift_right;
  node.setOutput(0, node.binary(kind, node.input(0), node.input(1)));
}

static void importIsInf(OnnxNode &node) {
  double negative = node.intAttr("detect_negative", 1) != 0, positive = node.intAttr("detect_positive", 1) != 0;
  node.setOutput(0, node.unary(UnaryKind::is_inf, node.input(0), negative, positive));
}

static void castTo(OnnxNode &node, DType type) {
  if (type == DType::F8E8M0 && node.stringAttr("round_mode", "up") != "nearest" && node.dtype(node.input(0)) != type)
    return node.refuse("conversion to float8e8m0 with this rounding has no operation");
  bool saturate = isFloat8(type) && node.intAttr("saturate", 1) != 0;
  node.setOutput(0, node.cast(node.input(0), type, saturate));
}

/// Opset 5 and older named the type: "FLOAT".
static std::optional<DType> namedType(OnnxNode &node) {
  static const std::pair<const char *, DType> kTypes[] = {{"FLOAT", DType::F32}, {"DOUBLE", DType::F64}, {"FLOAT16", DType::F16}, {"BOOL", DType::Bool},
      {"INT8", DType::I8}, {"INT16", DType::I16}, {"INT32", DType::I32}, {"INT64", DType::I64}, {"UINT8", DType::U8}, {"UINT16", DType::U16},
      {"UINT32", DType::U32}, {"UINT64", DType::U64}};
  std::string asked = node.stringAttr("to", "");
  for (const auto &[known, type] : kTypes)
    if (asked == known)
      return type;
  node.refuse("the element type '" + asked + "' has no tensor type on the device");
  return std::nullopt;
}

static void importCast(OnnxNode &node) {
  if (node.opset() < 6) {
    if (std::optional<DType> type = namedType(node))
      castTo(node, *type);
    return;
  }
  if (std::optional<DType> type = dtypeOf(node, node.intAttr("to", 0)))
    castTo(node, *type);
}

static void importCastLike(OnnxNode &node) { castTo(node, node.dtype(node.input(1))); }

/// The same bits under another type. Between integers that is a cast; floats have no operation for it.
static void importBitCast(OnnxNode &node) {
  std::optional<DType> type = dtypeOf(node, node.intAttr("to", 0));
  if (!type)
    return;
  DType from = node.dtype(node.input(0));
  if (byteWidth(from) != byteWidth(*type))
    return node.refuse("the types differ in width");
  if (from != *type && (isFloat(from) || isFloat(*type) || *type == DType::Bool))
    return node.refuse("the bits of floats cannot be taken apart");
  node.setOutput(0, node.cast(node.input(0), *type));
}

static void importWhere(OnnxNode &node) { node.setOutput(0, node.select(node.input(0), node.input(1), node.input(2))); }

void registerLogic(OnnxOpRegistry &registry) {
  addRows(registry, "", {
    {"And", 1, 2, binary(BinaryKind::logical_and)}, {"Or", 1, 2, binary(BinaryKind::logical_or)}, {"Xor", 1, 2, binary(BinaryKind::logical_xor)},
    {"Not", 1, 1, unary(UnaryKind::logical_not)}, {"Equal", 1, 2, binary(BinaryKind::equal)}, {"Less", 1, 2, binary(BinaryKind::less)},
    {"LessOrEqual", 12, 2, binary(BinaryKind::less_equal)}, {"Greater", 1, 2, binary(BinaryKind::greater)},
    {"GreaterOrEqual", 12, 2, binary(BinaryKind::greater_equal)}, {"BitwiseAnd", 18, 2, binary(BinaryKind::bitwise_and)},
    {"BitwiseOr", 18, 2, binary(BinaryKind::bitwise_or)}, {"BitwiseXor", 18, 2, binary(BinaryKind::bitwise_xor)},
    {"BitwiseNot", 18, 1, unary(UnaryKind::bitwise_not)}, {"BitShift", 11, 2, importBitShift}, {"IsNaN", 9, 1, unary(UnaryKind::is_nan)},
    {"IsInf", 10, 1, importIsInf}, {"Cast", 1, 1, importCast}, {"CastLike", 15, 2, importCastLike}, {"Where", 9, 3, importWhere}, {"BitCast", 26, 1, importBitCast}});
}

} // namespace ingot
