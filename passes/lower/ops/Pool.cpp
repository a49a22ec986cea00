// Lowers nn.pool: f32 and f16 maxima and averages over 1 or 2 axes without indices to ik_pool2d (to ik_pool2d_direct or ik_pool2d_halide where that
// is faster: kernels.def), f32 averages of whole planes to ik_reduce_f32, everything else to the plain ik_pool of its type.
#include "passes/lower/LowerOp.h"
#include "targets/common/halide/stencil_size.h"
#include "targets/common/ukernels/pool.h"
#include "targets/common/ukernels/reduce.h"
#include "targets/common/ukernels/rowtiles_size.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

/// Planes [H][1] become rows [1][H], whose elements the vector kernel takes sixteen at a time; the elements keep their order.
void moveRowsToW(MutableArrayRef<int64_t> p) {
  if (p[IK_POOL_IW] != 1 || p[IK_POOL_OW] != 1 || p[IK_POOL_KW] != 1 || p[IK_POOL_PW] != 0 || p[IK_POOL_QW] != 0 || p[IK_POOL_ID] != 1 ||
      p[IK_POOL_OD] != 1 || p[IK_POOL_KD] != 1)
    return;
  for (int h : {IK_POOL_IH, IK_POOL_OH, IK_POOL_KH, IK_POOL_SH, IK_POOL_PH, IK_POOL_QH, IK_POOL_DH}) {
    p[h + 1] = p[h];
    p[h] = h == IK_POOL_PH || h == IK_POOL_QH ? 0 : 1;
  }
}

SmallVector<int64_t> poolParams(nn::PoolOp op) {
  ArrayRef<int64_t> x = cast<RankedTensorType>(op.getInput().getType()).getShape();
  ArrayRef<int64_t> y = cast<RankedTensorType>(op.getResult().getType()).getShape();
  SmallVector<int64_t> params(IK_POOL_COUNT, 0);
  params[IK_POOL_KIND] = static_cast<int64_t>(op.getKind());
  params[IK_POOL_PLANES] = x[0] * x[1];
  int64_t spatial = static_cast<int64_t>(x.size()) - 2;
  for (int64_t axis = 0; axis < 3; ++axis) {
    int64_t from = axis - (3 - spatial);
    bool given = from >= 0;
    params[IK_POOL_ID + axis] = given ? x[from + 2] : 1;
    params[IK_POOL_OD + axis] = given ? y[from + 2] : 1;
    params[IK_POOL_KD + axis] = given ? op.getKernel()[from] : 1;
    params[IK_POOL_SD + axis] = given ? op.getStrides()[from] : 1;
    params[IK_POOL_PD + axis] = given ? op.getPadLow()[from] : 0;
    params[IK_POOL_QD + axis] = given ? op.getPadHigh()[from] : 0;
    params[IK_POOL_DD + axis] = given ? op.getDilations()[from] : 1;
  }
  moveRowsToW(params);
  params[IK_POOL_COUNT_PAD] = op.getCountPad();
  params[IK_POOL_P] = op.getP();
  params[IK_POOL_INDICES] = op.getIndices() != nullptr;
  params[IK_POOL_COLUMN_MAJOR] = op.getColumnMajor();
  return params;
}

StringRef typeSuffix(Type type) {
  if (type.isF32())
    return "f32";
  if (type.isF16())
    return "f16";
  if (type.isF64())
    return "f64";
  if (type.isInteger(8))
    return type.isUnsignedInteger() ? "u8" : "i8";
  return "";
}

int64_t scratchBytes(ArrayRef<int64_t> p, int64_t band) {
  return IK_POOL_SCRATCH(band, p[IK_POOL_KH], p[IK_POOL_SH], p[IK_POOL_DH], p[IK_POOL_OW], p[IK_POOL_KW], p[IK_POOL_DW], p[IK_POOL_SW]);
}

/// True when the vector kernel covers the op and rows are wide enough for it to pay.
bool isFast(nn::PoolOp op, ArrayRef<int64_t> p, Type element) {
  return (element.isF32() || element.isF16()) && !op.getIndices() && op.getKind() != nn::PoolKind::lp && p[IK_POOL_ID] == 1 &&
         p[IK_POOL_OD] == 1 && p[IK_POOL_KD] == 1 && p[IK_POOL_OW] >= 4;
}

ik_hl_axis stencilAxis(ArrayRef<int64_t> p, int w) {
  return {p[IK_POOL_IH + w], p[IK_POOL_OH + w], p[IK_POOL_SH + w], p[IK_POOL_KH + w], p[IK_POOL_PH + w]};
}

/// No dilation, one stride.
bool isPlain(ArrayRef<int64_t> p) { return p[IK_POOL_DH] == 1 && p[IK_POOL_DW] == 1 && p[IK_POOL_SH] == p[IK_POOL_SW]; }

/// What ik_pool2d_direct_* cover, which is where they were measured to be faster.
bool isDirect(ArrayRef<int64_t> p) {
  return isPlain(p) && p[IK_POOL_KIND] == IK_POOL_MAX && p[IK_POOL_SH] <= 2 && p[IK_POOL_KH] == p[IK_POOL_KW] &&
         (p[IK_POOL_KH] == 2 || p[IK_POOL_KH] == 3) && p[IK_POOL_PH] <= INT16_MAX && p[IK_POOL_PW] <= INT16_MAX;
}

/// What ik_pool2d_halide_f32 covers, which is where it was measured to be faster than ik_pool2d_f32.
bool isStencil(ArrayRef<int64_t> p) {
  if (!isPlain(p) || p[IK_POOL_QH] > INT16_MAX || p[IK_POOL_QW] > INT16_MAX || !ik_hl_fits(stencilAxis(p, 0), stencilAxis(p, 1), p[IK_POOL_BAND]))
    return false;
  if (p[IK_POOL_KIND] == IK_POOL_MAX)
    return p[IK_POOL_SH] == 1;
  return p[IK_POOL_SH] == 2 && p[IK_POOL_KH] == 2 && p[IK_POOL_KW] == 2;
}

/// Each plane becomes its average: ik_reduce_f32 takes sixteen elements at a time.
bool isPlaneAverage(nn::PoolOp op, ArrayRef<int64_t> p, Type element) {
  bool isWhole = element.isF32() && op.getKind() == nn::PoolKind::average && !op.getIndices();
  for (int axis = 0; axis < 3; ++axis)
    isWhole &= p[IK_POOL_KD + axis] == p[IK_POOL_ID + axis] && p[IK_POOL_OD + axis] == 1 && p[IK_POOL_PD + axis] == 0 && p[IK_POOL_QD + axis] == 0 &&
               p[IK_POOL_DD + axis] == 1;
  return isWhole;
}

Value lowerPlaneAverage(nn::PoolOp op, LowerContext &context, ArrayRef<int64_t> p) {
  SmallVector<int64_t> params(IK_REDUCE_COUNT, 0);
  params[IK_REDUCE_KIND] = IK_REDUCE_MEAN;
  params[IK_REDUCE_OUTER] = p[IK_POOL_PLANES];
  params[IK_REDUCE_N] = p[IK_POOL_ID] * p[IK_POOL_IH] * p[IK_POOL_IW];
  params[IK_REDUCE_INNER] = 1;
  int64_t work = params[IK_REDUCE_OUTER] * params[IK_REDUCE_N];
  return context.micro(op.getLoc(), "ik_reduce_f32", op->getResultTypes(), op.getInput(), params, work, 0).getResult(0);
}

Lowered lowerPool(Operation *operation, LowerContext &context, std::string &why) {
  nn::PoolOp op = cast<nn::PoolOp>(operation);
  Type element = cast<RankedTensorType>(op.getInput().getType()).getElementType();
  StringRef suffix = typeSuffix(element);
  if (suffix.empty()) {
    why = "pooling has kernels for float16, float32, float64 and 8-bit integers";
    return failure();
  }
  SmallVector<int64_t> params = poolParams(op);
  if (isPlaneAverage(op, params, element))
    return SmallVector<Value, 2>{lowerPlaneAverage(op, context, params)};
  int64_t work = cast<RankedTensorType>(op.getResult().getType()).getNumElements() * params[IK_POOL_KD] * params[IK_POOL_KH] * params[IK_POOL_KW];
  std::string row = ("ik_pool_" + suffix).str();
  int64_t scratch = 0;
  if (isFast(op, params, element)) {
    constexpr int64_t kBandBytes = 24 * 1024;
    row = ("ik_pool2d_" + suffix).str();
    int64_t &band = params[IK_POOL_BAND];
    for (band = 1; band < params[IK_POOL_OH] && scratchBytes(params, band + 1) <= kBandBytes;)
      ++band;
    scratch = scratchBytes(params, band);
    if (isDirect(params)) {
      row = ("ik_pool2d_direct_" + suffix).str();
      scratch = std::max<int64_t>(scratch, IK_RT_SCRATCH(params[IK_POOL_OW], params[IK_POOL_KW], 1, params[IK_POOL_SW]));
    } else if (element.isF32() && isStencil(params)) {
      row = "ik_pool2d_halide_f32";
      scratch = std::max(scratch, ik_hl_scratch(stencilAxis(params, 0), stencilAxis(params, 1), band));
    }
  }
  kernel::MicroOp call = context.micro(op.getLoc(), row, op->getResultTypes(), op.getInput(), params, work, scratch);
  return SmallVector<Value, 2>(call->result_begin(), call->result_end());
}

} // namespace

void registerPool(LowerRegistry &registry) { registry.add("nn.pool", lowerPool); }

} // namespace ingot
