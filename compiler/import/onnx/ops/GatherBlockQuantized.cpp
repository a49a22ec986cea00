// com.microsoft.GatherBlockQuantized: rows of a block-quantised table. Rows of a matrix quantised along its last axis keep their bits (quant.nbits_rows);
// any other pair of axes is dequantised and gathered from.
#include "compiler/import/onnx/NbitsOperands.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ingot {

namespace {

/// The table as the node describes it.
struct Table {
  Tensor data, zeros;  // zeros: no elements when absent
  Ints shape;          // in elements, not bytes
  int64_t bits = 4, block = 128, gatherAxis = 0, quantizeAxis = 1;

  bool isPacked() const { return data.dtype() == DType::U8; } // several elements a byte along the last axis
  int64_t shift() const { return data.dtype() == DType::I4 ? 8 : 0; }
  int64_t blocks() const { return static_cast<int64_t>(llvm::divideCeil(shape[quantizeAxis], block)); }
  /// Zero point of every block when none are given.
  int64_t defaultZero() const { return isPacked() ? int64_t(1) << (bits - 1) : 0; }

  /// Element `index` of a packed or plain tensor whose last extent is `width` elements, without a sign: signed ones are moved up by 8.
  int64_t element(const Tensor &from, int64_t index, int64_t width) const {
    if (!isPacked())
      return from.intAt(index) + shift();
    int64_t rowBytes = static_cast<int64_t>(llvm::divideCeil(width * bits, 8)), bit = index % width * bits;
    return from.intAt(index / width * rowBytes + bit / 8) >> bit % 8 & ((1 << bits) - 1);
  }
};

} // namespace

static std::optional<Table> readTable(OnnxNode &node) {
  std::optional<Tensor> data = node.constant(0), zeros = node.hasInput(3) ? node.constant(3) : std::nullopt;
  Table table{data.value_or(Tensor()), zeros.value_or(Tensor(DType::U8, {0})), {}, node.intAttr("bits", 4), node.intAttr("block_size", 128),
              node.intAttr("gather_axis", 0), node.intAttr("quantize_axis", 1)};
  auto refuse = [&](llvm::StringRef why) {
    node.refuse(why);
    return std::nullopt;
  };
  if (!data || (node.hasInput(3) && !zeros))
    return refuse("the table or its zero points depend on run-time data");
  DType type = data->dtype();
  if ((type != DType::U8 && type != DType::U4 && type != DType::I4) || (zeros && zeros->dtype() != type))
    return refuse("the table is no uint8, uint4 or int4, or its zero points are of another type");
  bool isLegal = (type == DType::U8 ? table.bits == 2 || table.bits == 4 || table.bits == 8 : table.bits == 4) && table.block >= 16 &&
                 table.block <= 65536 && (table.block & (table.block - 1)) == 0 && data->rank() > 0 && data->count() > 0;
  if (!isLegal)
    return refuse("bits or block_size are out of range, or the table is empty");
  table.shape = data->shape().vec();
  if (node.badAxis(table.gatherAxis, data->rank()) || node.badAxis(table.quantizeAxis, data->rank()))
    return std::nullopt;
  if (table.isPacked() && llvm::MulOverflow(table.shape.back(), 8 / table.bits, table.shape.back()))
    return refuse("the table is too large");
  if (table.isPacked() && table.bits < 8 && table.quantizeAxis != data->rank() - 1)
    return refuse("a table packed in bytes is quantised along another axis than its last");
  return table;
}

/// Packed rows [rows][blocks][block * bits / 8] of unsigned integers.
static Tensor packRows(const Table &table) {
  int64_t rows = table.shape[0], width = table.shape[1], stride = table.blocks() * (table.block * table.bits / 8);
  if (table.isPacked() && width % table.block == 0)
    return table.data;
  Tensor out(DType::U8, {rows * stride});
  llvm::MutableArrayRef<uint8_t> bytes = out.mutableAs<uint8_t>();
  for (int64_t i = 0; i < rows * width; ++i)
    bytes[i / width * stride + i % width * table.bits / 8] |= static_cast<uint8_t>(table.element(table.data, i, width) << i % width * table.bits % 8);
  return out;
}

/// Zero points in packed rows; nullopt when 2^(bits - 1) everywhere.
static std::optional<Tensor> packZeros(const Table &table) {
  int64_t rows = table.shape[0], blocks = table.blocks(), stride = static_cast<int64_t>(llvm::divideCeil(blocks * table.bits, 8));
  if (table.zeros.count() == 0 && table.defaultZero() + table.shift() == int64_t(1) << (table.bits - 1))
    return std::nullopt;
  Tensor out(DType::U8, {rows * stride});
  llvm::MutableArrayRef<uint8_t> bytes = out.mutableAs<uint8_t>();
  for (int64_t i = 0; i < rows * blocks && table.zeros.count() > 0; ++i)
    bytes[i / blocks * stride + i % blocks * table.bits / 8] |= static_cast<uint8_t>(table.element(table.zeros, i, blocks) << i % blocks * table.bits % 8);
  return out;
}

/// Indices as i32 in [0, rows), negative ones counted from the end; others stay outside and give zeros.
static Value rowIndices(OnnxNode &node, Value indices, int64_t rows) {
  Value flat = node.reshape(indices, {elementCount(node.shape(indices)).value_or(0)});
  Value moved = node.binary(nn::BinaryKind::add, flat, node.scalar(node.dtype(indices), static_cast<double>(rows)));
  Value isNegative = node.binary(nn::BinaryKind::less, flat, node.scalar(node.dtype(indices), 0));
  return node.cast(node.select(isNegative, moved, flat), DType::I32);
}

static Value gatherRows(OnnxNode &node, const Table &table, Value indices) {
  constexpr int64_t kActivationBlock = 32;
  int64_t width = table.shape[1], padded = static_cast<int64_t>(llvm::alignTo(width, kActivationBlock));
  NbitsOperands operands{table.shape[0], table.blocks(), table.block * table.bits / 8, table.bits};
  if (!operands.take(node, packRows(table), node.input(2), packZeros(table)))
    return {};
  Value ids = rowIndices(node, indices, table.shape[0]);
  if (!node.ok())
    return {};
  int64_t count = node.shape(ids)[0];
  Value rows = node.create<quant::NbitsRowsOp>({node.type(DType::F32, {count, padded})}, operands.weights, operands.scales, ids, operands.zeros,
                                               static_cast<uint64_t>(table.bits), static_cast<uint64_t>(table.block), static_cast<uint64_t>(padded));
  return padded == width ? rows : node.slice(rows, {0, 0}, {count, width}, {1, 1});
}

/// Any axes: the table as bytes, dequantised, then gathered from.
static Value gatherAny(OnnxNode &node, const Table &table, Value indices) {
  int64_t axis = table.quantizeAxis, width = table.shape.back();
  Tensor integers(DType::U8, table.shape);
  for (int64_t i = 0; i < integers.count(); ++i)
    integers.setInt(i, table.element(table.data, i, width));
  Ints scaleShape = table.shape;
  scaleShape[axis] = table.blocks();
  Tensor zeros(DType::U8, scaleShape);
  for (int64_t i = 0; i < zeros.count(); ++i)
    zeros.setInt(i, table.zeros.count() ? table.element(table.zeros, i, scaleShape.back()) : table.defaultZero() + table.shift());
  Value scales = node.reshape(node.cast(node.input(2), DType::F32), scaleShape);
  Value values = node.create<quant::DequantizeOp>({node.type(DType::F32, table.shape)}, node.constantOf(integers), scales, node.constantOf(zeros),
                                                  static_cast<uint64_t>(axis), static_cast<uint64_t>(table.block));
  return node.ok() ? gather(node, values, indices, table.gatherAxis) : Value();
}

static void importGatherBlockQuantized(OnnxNode &node) {
  std::optional<Table> table = readTable(node);
  Value indices = node.input(1);
  if (!table || !node.ok())
    return;
  int64_t zeroWidth = table->quantizeAxis == static_cast<int64_t>(table->shape.size()) - 1 ? table->blocks() : table->shape.back();
  Ints scaleShape = table->shape;
  scaleShape[table->quantizeAxis] = table->blocks();
  Ints zeroShape = scaleShape;
  zeroShape.back() = table->isPacked() ? static_cast<int64_t>(llvm::divideCeil(zeroWidth * table->bits, 8)) : zeroWidth;
  DType type = node.dtype(indices);
  if (type != DType::I32 && type != DType::I64)
    return node.refuse("the indices are no int32 or int64");
  if (!node.constant(2) || node.shape(node.input(2)) != llvm::ArrayRef<int64_t>(scaleShape))
    return node.refuse("the scales are not one constant float a block");
  if (table->zeros.count() != 0 && table->zeros.shape() != llvm::ArrayRef<int64_t>(zeroShape))
    return node.refuse("the zero points are not one a block");
  bool areRows = table->shape.size() == 2 && table->gatherAxis == 0 && table->quantizeAxis == 1;
  Value values = areRows ? gatherRows(node, *table, indices) : gatherAny(node, *table, indices);
  Ints shape(table->shape.begin(), table->shape.begin() + table->gatherAxis);
  llvm::append_range(shape, node.shape(indices));
  shape.insert(shape.end(), table->shape.begin() + table->gatherAxis + 1, table->shape.end());
  if (node.ok())
    node.setOutput(0, node.cast(node.reshape(values, shape), node.dtype(node.input(2))));
}

void registerGatherBlockQuantized(OnnxOpRegistry &registry) {
  addRows(registry, "com.microsoft", {{"GatherBlockQuantized", 1, 3, importGatherBlockQuantized}});
}

} // namespace ingot
