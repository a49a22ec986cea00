// Lowers nn.matmul: f32 and f16 to ik_matmul (a constant right side packed in panels of 16 columns), 8-bit integers with one constant
// right matrix to ik_imatmul, f32 with a constant right side of f16 or bf16 to ik_matmul_f32_f16 and _bf16, f64 and other 8-bit integers to the plain ik_matmulnd.
#include "passes/lower/Convert.h"
#include "passes/lower/Epilogue.h"
#include "passes/lower/LowerOp.h"
#include "passes/lower/MatmulShape.h"
#include "passes/lower/QuantTerms.h"

#include <algorithm>
#include <cstring>

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;
constexpr int64_t kPanel = 16; // columns of b side by side

/// b [batch][K][N] -> [batch][ceil(N / 16)][K][16], zero padded.
Tensor packColumns(const Tensor &b, int64_t batch, int64_t depth, int64_t columns) {
  int64_t panels = (columns + kPanel - 1) / kPanel, width = byteWidth(b.dtype());
  Tensor out(b.dtype(), {batch, panels, depth, kPanel});
  char *to = out.mutableData();
  for (int64_t row = 0; row < batch * depth; ++row)
    for (int64_t panel = 0; panel < panels; ++panel) {
      int64_t count = std::min(kPanel, columns - panel * kPanel), i = row / depth, k = row % depth;
      std::memcpy(to + (((i * panels + panel) * depth + k) * kPanel) * width, b.data() + (row * columns + panel * kPanel) * width, count * width);
    }
  return out;
}

/// b [batch][K][N] of 2-byte elements -> [batch][ceil(N / 16)][ceil(K / 2)][16][2], zero padded.
Tensor packPairs(const Tensor &b, int64_t batch, int64_t depth, int64_t columns) {
  int64_t panels = (columns + kPanel - 1) / kPanel, words = (depth + 1) / 2;
  Tensor out(b.dtype(), {batch, panels, words, kPanel, 2});
  uint16_t *to = reinterpret_cast<uint16_t *>(out.mutableData());
  const uint16_t *from = reinterpret_cast<const uint16_t *>(b.data());
  for (int64_t row = 0; row < batch * depth; ++row)
    for (int64_t j = 0; j < columns; ++j) {
      int64_t k = row % depth;
      to[(((row / depth * panels + j / kPanel) * words + k / 2) * kPanel + j % kPanel) * 2 + k % 2] = *from++;
    }
  return out;
}

/// Matrices of the right side; its batch strides become those of a packed form that has `size` units a matrix.
int64_t packedBatch(nn::MatmulOp op, MatmulShape &shape, int64_t size) {
  int64_t matrix = shape[IK_MATMUL_K] * shape[IK_MATMUL_N];
  for (int i = IK_MATMUL_BS0; i <= IK_MATMUL_BS2; ++i)
    shape[i] = matrix ? shape[i] / matrix * size : 0;
  shape[IK_MATMUL_PACKED] = 1;
  return matrix ? tensorType(op.getRhs()).getNumElements() / matrix : 0;
}

/// Packs the right side.
Value packRight(nn::MatmulOp op, LowerContext &context, MatmulShape &shape) {
  int64_t depth = shape[IK_MATMUL_K], columns = shape[IK_MATMUL_N], panels = (columns + kPanel - 1) / kPanel;
  int64_t batch = packedBatch(op, shape, panels * depth * kPanel);
  return context.packed(op.getLoc(), "matmul.b", *toDType(tensorType(op.getRhs()).getElementType()), {batch, panels, depth, kPanel}, op.getRhs(),
                        kColumnPanels.str(), calling(packColumns, batch, depth, columns));
}

bool takeEpilogue(nn::MatmulOp op, MatmulShape &shape, std::string &why) {
  std::optional<Epilogue> epilogue = readEpilogue(op, why);
  if (!epilogue)
    return false;
  shape[IK_MATMUL_ACT] = epilogue->activation;
  shape[IK_MATMUL_ALPHA] = paramF32(epilogue->alpha);
  shape[IK_MATMUL_BETA] = paramF32(epilogue->beta);
  return true;
}

/// f32 with a right side of f16 or bf16: the left one is rounded to that type.
Lowered lowerNarrow(nn::MatmulOp op, LowerContext &context, MatmulShape &shape, DType type, std::string &why) {
  if (!context.isConstant(op.getRhs()) || shape.work() == 0) {
    why = "float32 times " + name(type).str() + " is for constant right sides";
    return failure();
  }
  if (!takeEpilogue(op, shape, why))
    return failure();
  int64_t depth = shape[IK_MATMUL_K], columns = shape[IK_MATMUL_N], panels = (columns + kPanel - 1) / kPanel, words = (depth + 1) / 2;
  bool isHalf = type == DType::F16;
  Value right;
  if (isHalf) {
    right = packRight(op, context, shape);
  } else {
    int64_t batch = packedBatch(op, shape, panels * words * kPanel);
    right = context.packed(op.getLoc(), "matmul.b", type, {batch, panels, words, kPanel, 2}, op.getRhs(), "pack columns in panels of 16 x 2 k",
                           calling(packPairs, batch, depth, columns));
  }
  Value left = narrowOperand(context, op.getLoc(), op.getLhs(), type);
  return SmallVector<Value, 2>{context.micro(op.getLoc(), isHalf ? "ik_matmul_f32_f16" : "ik_matmul_f32_bf16", op.getResult().getType(), {left, right},
                                             shape.params, shape.work(), isHalf ? IK_MATMUL_SCRATCH(depth) : IK_MATMULPAIRS_SCRATCH(depth)).getResult(0)};
}

/// f32 times f32, both rounded to bf16.
Lowered lowerRounded(nn::MatmulOp op, LowerContext &context, MatmulShape &shape, std::string &why) {
  if (!takeEpilogue(op, shape, why))
    return failure();
  int64_t scratch = IK_MATMULPAIRS_BOTH_SCRATCH(shape[IK_MATMUL_M], shape[IK_MATMUL_N], shape[IK_MATMUL_K]);
  return SmallVector<Value, 2>{
      context.micro(op.getLoc(), "ik_matmul_f32_bf16", op.getResult().getType(), {op.getLhs(), op.getRhs()}, shape.params, shape.work(), scratch).getResult(0)};
}

Lowered lowerFloat(nn::MatmulOp op, LowerContext &context, MatmulShape &shape, StringRef suffix, std::string &why) {
  if (!takeEpilogue(op, shape, why))
    return failure();
  SmallVector<Value> inputs{op.getLhs(), op.getRhs()};
  context.noteDense(op, op.getRhs());
  if (context.isConstant(op.getRhs()) && shape.work() > 0)
    inputs[1] = packRight(op, context, shape);
  return SmallVector<Value, 2>{context.micro(op.getLoc(), ("ik_matmul_" + suffix).str(), op.getResult().getType(), inputs, shape.params, shape.work(),
                                             IK_MATMUL_SCRATCH(shape[IK_MATMUL_K])).getResult(0)};
}

Tensor plainTable(const Tensor &weights, int64_t columns) {
  Tensor one(DType::F32, {1}), zero(DType::I32, {1});
  one.set(0, 1);
  return quantTable({one, weights, one, zero, one, nullptr, /*transposed=*/true}, columns, /*shifted=*/true);
}

/// 8-bit integers to i32. The table of the quantised kernels says what b's shift by 128 costs.
Value lowerBytes(nn::MatmulOp op, LowerContext &context, const MatmulShape &shape) {
  int64_t depth = shape[IK_MATMUL_K], columns = shape[IK_MATMUL_N];
  SmallVector<int64_t> params(shape.params);
  params.resize(IK_QMATMUL_COUNT, 0);
  params[IK_MATMUL_COUNT + IK_Q_X_UNSIGNED] = isUnsignedByte(op.getLhs());
  Value packed = context.packed(op.getLoc(), "matmul.b", DType::I8, {(columns + 15) / 16, (depth + 3) / 4, 16, 4}, op.getRhs(),
                                "pack columns in panels of 16 x 4 k", calling(packQuadColumns, depth, columns));
  Value table = context.packed(op.getLoc(), "matmul.table", DType::I32, {IK_QTABLE_ROWS, columns}, op.getRhs(), "sums and zeros of the columns",
                               calling(plainTable, columns));
  return context.micro(op.getLoc(), "ik_imatmul", op.getResult().getType(), {op.getLhs(), packed, table}, params, shape.work(), IK_QMATMUL_SCRATCH(depth))
      .getResult(0);
}

Lowered lowerMatmul(Operation *operation, LowerContext &context, std::string &why) {
  nn::MatmulOp op = cast<nn::MatmulOp>(operation);
  std::optional<MatmulShape> shape = matmulShape(tensorType(op.getLhs()), tensorType(op.getRhs()));
  if (!shape) {
    why = "a matrix product whose batch axes broadcast in more than three ways";
    return failure();
  }
  Type a = tensorType(op.getLhs()).getElementType(), b = tensorType(op.getRhs()).getElementType();
  if (a.isF32() && (b.isF16() || b.isBF16()))
    return lowerNarrow(op, context, *shape, b.isF16() ? DType::F16 : DType::BF16, why);
  if (a.isF32() && b.isF32() && op->hasAttr("ingot.rounded"))
    return lowerRounded(op, context, *shape, why);
  if (a.isF32() || a.isF16())
    return lowerFloat(op, context, *shape, a.isF32() ? "f32" : "f16", why);
  if (context.packsBytes() && a.isInteger(8) && b.isInteger(8) && !op->hasAttr("ingot.activation") && context.isConstant(op.getRhs()) && shape->batches() == 1 &&
      shape->work() > 0 && elementsOf(op.getRhs()) == (*shape)[IK_MATMUL_K] * (*shape)[IK_MATMUL_N])
    return SmallVector<Value, 2>{lowerBytes(op, context, *shape)};
  std::string row;
  if (a.isF64())
    row = "ik_matmulnd_f64";
  else if (a.isInteger(8) && b.isInteger(8))
    row = std::string("ik_matmulnd_i32_") + (a.isUnsignedInteger() ? "u8" : "i8") + (b.isUnsignedInteger() ? "_u8" : "_i8");
  if (row.empty() || op->hasAttr("ingot.activation")) {
    why = "matrix products have kernels for float16, float32, float64 and 8-bit integers (a fused activation: float16, float32)";
    return failure();
  }
  return SmallVector<Value, 2>{
      context.micro(op.getLoc(), row, op.getResult().getType(), {op.getLhs(), op.getRhs()}, shape->params, shape->work()).getResult(0)};
}

} // namespace

void registerMatmul(LowerRegistry &registry) { registry.add("nn.matmul", lowerMatmul); }

} // namespace ingot
