// The quant dialect. Here the arithmetic is part of the definition: float32 division, float32 scales multiplied in a stated
// order, clamp before rounding, ties to even. Nothing is computed in double that would change a bit.
#include "compiler/reference/Contract.h"
#include "compiler/reference/Rules.h"

#include <cmath>

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

/// For each element of `shape` the index of its scale: a scalar, a vector along `axis`, or one entry a block of `axis`.
std::vector<int64_t> scaleOffsets(ArrayRef<int64_t> shape, const Tensor &scale, int64_t axis, int64_t block) {
  bool scalar = block == 0 && scale.count() == 1;
  std::vector<int64_t> strides = stridesOf(scale.shape());
  std::vector<AxisTable> tables;
  for (size_t i = 0; i < shape.size(); ++i) {
    bool here = static_cast<int64_t>(i) == axis;
    AxisTable table(static_cast<size_t>(shape[i]), 0);
    for (size_t c = 0; c < table.size() && !scalar && (here || block > 0); ++c) {
      int64_t at = static_cast<int64_t>(c);
      table[c] = block > 0 ? (here ? at / block : at) * strides[i] : at;
    }
    tables.push_back(std::move(table));
  }
  return combine(tables);
}

/// The smallest and largest value of an integer type of at most 32 bits.
std::pair<double, double> limitsOf(Type elementType) {
  int bits = static_cast<int>(elementType.getIntOrFloatBitWidth());
  if (isUnsignedInt(*toDType(elementType)))
    return {0, std::ldexp(1.0, bits) - 1};
  return {-std::ldexp(1.0, bits - 1), std::ldexp(1.0, bits - 1) - 1};
}

double clamp(double x, double low, double high) { return std::min(std::max(x, low), high); }

// The largest finite value of the float8 and float4 kinds.
double largestFinite(DType type) {
  switch (type) {
  case DType::F8E4M3FN: return 448;
  case DType::F8E4M3FNUZ: return 240;
  case DType::F4E2M1: return 6;
  default: return 57344;
  }
}

llvm::FailureOr<Results> quantize(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto quantize = cast<quant::QuantizeOp>(op);
  Tensor result = resultOf(op);
  bool toFloat = isFloat(result.dtype());
  Type stored = quantize.getResult().getType().getElementType();
  if (result.dtype() == DType::Bool || stored.getIntOrFloatBitWidth() > 32)
    return refuse(why, "quant.quantize has no rule for a result of " + name(result.dtype()));
  std::vector<int64_t> offsets =
      scaleOffsets(result.shape(), operands[1], static_cast<int64_t>(quantize.getAxis()), static_cast<int64_t>(quantize.getBlock()));
  double largest = largestFinite(result.dtype());
  std::pair<double, double> limits = toFloat ? std::make_pair(-largest, largest) : limitsOf(stored);
  for (int64_t i = 0; i < result.count(); ++i) {
    int64_t at = offsets[static_cast<size_t>(i)];
    float quotient = static_cast<float>(operands[0].at(i)) / static_cast<float>(operands[1].at(at));
    double zero = operands.size() > 2 ? operands[2].at(at) : 0;
    if (std::isnan(quotient))
      result.set(i, toFloat ? quotient : 0);
    else
      result.set(i, clamp((toFloat ? quotient : std::nearbyint(quotient)) + zero, limits.first, limits.second));
  }
  return one(result);
}

// An i32 difference times an f32 scale needs 57 bits: long double rounds it once to f32.
llvm::FailureOr<Results> dequantize(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto dequantize = cast<quant::DequantizeOp>(op);
  Tensor result = resultOf(op);
  if (!isFloat(result.dtype()))
    return refuse(why, "quant.dequantize has no rule for a result of " + name(result.dtype()));
  std::vector<int64_t> offsets =
      scaleOffsets(result.shape(), operands[1], static_cast<int64_t>(dequantize.getAxis()), static_cast<int64_t>(dequantize.getBlock()));
  for (int64_t i = 0; i < result.count(); ++i) {
    int64_t at = offsets[static_cast<size_t>(i)];
    double difference = operands[0].at(i) - (operands.size() > 2 ? operands[2].at(at) : 0);
    long double product = static_cast<long double>(difference) * operands[1].at(at);
    result.set(i, result.dtype() == DType::F32 ? static_cast<float>(product) : static_cast<double>(product));
  }
  return one(result);
}

/// Operands of quant.conv and quant.matmul, in this order.
enum Operand { X, XScale, XZero, W, WScale, WZero, YScale, YZero, Bias };

/// The entry of a scalar or of a vector.
int64_t entryOf(const Tensor &tensor, int64_t index) { return tensor.count() == 1 ? 0 : index; }

/// x - zero for every element, sign-extended; zeroIndex(i) is the position of element i's zero.
template <typename F> std::vector<uint64_t> centred(const Tensor &x, const Tensor &zero, F zeroIndex) {
  std::vector<uint64_t> values = load<uint64_t>(x);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] -= static_cast<uint64_t>(zero.intAt(entryOf(zero, zeroIndex(static_cast<int64_t>(i)))));
  return values;
}

/// Step by step in float32: both scales, then the result's; the product is clamped, then rounded to even.
double requantize(int32_t sum, float xScale, float wScale, ArrayRef<Tensor> operands, std::pair<double, double> limits) {
  float scales = xScale * wScale;
  float factor = scales / static_cast<float>(operands[YScale].at(0));
  float zero = static_cast<float>(operands[YZero].at(0));
  float value = static_cast<float>(sum) * factor;
  value = std::max(value, static_cast<float>(limits.first) - zero);
  value = std::min(value, static_cast<float>(limits.second) - zero);
  return static_cast<double>(std::nearbyint(value)) + static_cast<double>(zero);
}

/// Requantises `sums`; row(i) and channel(i) choose the entries of the left and right scale and of the bias.
template <typename R, typename C>
Tensor finish(Operation *op, ArrayRef<Tensor> operands, const std::vector<uint64_t> &sums, R row, C channel) {
  Tensor result = resultOf(op);
  std::pair<double, double> limits = limitsOf(cast<RankedTensorType>(op->getResult(0).getType()).getElementType());
  for (int64_t i = 0; i < result.count(); ++i) {
    uint64_t sum = sums[static_cast<size_t>(i)];
    if (operands.size() > Bias)
      sum += static_cast<uint64_t>(operands[Bias].intAt(entryOf(operands[Bias], channel(i))));
    float xScale = static_cast<float>(operands[XScale].at(entryOf(operands[XScale], row(i))));
    float wScale = static_cast<float>(operands[WScale].at(entryOf(operands[WScale], channel(i))));
    result.set(i, requantize(static_cast<int32_t>(static_cast<uint32_t>(sum)), xScale, wScale, operands, limits));
  }
  return result;
}

/// A scale or zero has one entry, or `count` of them.
bool fits(const Tensor &parameter, int64_t count) { return parameter.count() == 1 || parameter.count() == count; }

bool parametersFit(ArrayRef<Tensor> operands, int64_t rows, int64_t channels) {
  return fits(operands[XScale], rows) && fits(operands[XZero], rows) && fits(operands[WScale], channels) && fits(operands[WZero], channels) &&
         operands[YScale].count() == 1 && operands[YZero].count() == 1 && (operands.size() <= Bias || fits(operands[Bias], channels));
}

llvm::FailureOr<Results> conv(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto conv = cast<quant::ConvOp>(op);
  std::optional<ConvShape> shape = convShape(operands[X].shape(), operands[W].shape(), conv.getType().getShape(), conv.getStrides(),
                                             conv.getPadLow(), conv.getDilations(), conv.getGroup());
  if (!shape || !parametersFit(operands, 1, shape->outChannels))
    return refuse(why, "quant.conv has no rule for these shapes");
  int64_t filterSize = shape->inChannels / shape->group * shape->kernelPlane();
  std::vector<uint64_t> x = centred(operands[X], operands[XZero], [](int64_t) { return 0; });
  std::vector<uint64_t> w = centred(operands[W], operands[WZero], [&](int64_t i) { return i / filterSize; });
  auto channel = [&](int64_t i) { return i / shape->outPlane() % shape->outChannels; };
  return one(finish(op, operands, convolve(*shape, x, w), [](int64_t) { return 0; }, channel));
}

// Operands: x, xZero, w, wZero, factor, shift.
llvm::FailureOr<Results> realConv(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto conv = cast<quant::RealConvOp>(op);
  std::optional<ConvShape> shape = convShape(operands[0].shape(), operands[2].shape(), conv.getType().getShape(), conv.getStrides(), conv.getPadLow(),
                                             conv.getDilations(), conv.getGroup());
  if (!shape || operands[1].count() != 1 || !fits(operands[3], shape->outChannels))
    return refuse(why, "quant.real_conv has no rule for these shapes");
  int64_t filterSize = shape->inChannels / shape->group * shape->kernelPlane();
  std::vector<uint64_t> x = centred(operands[0], operands[1], [](int64_t) { return 0; });
  std::vector<uint64_t> w = centred(operands[2], operands[3], [&](int64_t i) { return i / filterSize; });
  std::vector<uint64_t> sums = convolve(*shape, x, w);
  Tensor result = resultOf(op);
  for (int64_t i = 0; i < result.count(); ++i) {
    int64_t channel = i / shape->outPlane() % shape->outChannels;
    float acc = static_cast<float>(static_cast<int32_t>(static_cast<uint32_t>(sums[static_cast<size_t>(i)])));
    result.set(i, std::fmaf(acc, static_cast<float>(operands[4].at(channel)), static_cast<float>(operands[5].at(channel))));
  }
  return one(result);
}

llvm::FailureOr<Results> matmul(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  ArrayRef<int64_t> lhs = operands[X].shape(), rhs = operands[W].shape();
  int64_t rows = lhs[lhs.size() - 2], inner = lhs.back(), columns = rhs.back();
  if (!parametersFit(operands, rows, columns))
    return refuse(why, "quant.matmul has no rule for these shapes");
  auto column = [&](int64_t i) { return i % columns; };
  auto row = [&](int64_t i) { return i / columns % rows; };
  std::vector<uint64_t> a = centred(operands[X], operands[XZero], [&](int64_t i) { return i / inner % rows; });
  std::vector<uint64_t> b = centred(operands[W], operands[WZero], column);
  Tensor result = resultOf(op);
  return one(finish(op, operands, multiply(lhs, a, rhs, b, result.shape()), row, column));
}

llvm::FailureOr<Results> add(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  enum { A, AScale, AZero, B, BScale, BZero, SumScale, SumZero };
  Tensor result = resultOf(op);
  std::pair<double, double> limits = limitsOf(cast<RankedTensorType>(op->getResult(0).getType()).getElementType());
  // A difference of bytes times an f32 scale is exact in double.
  auto real = [&](int value, int64_t i) { return static_cast<float>((operands[value].at(i) - operands[value + 2].at(0)) * operands[value + 1].at(0)); };
  for (int64_t i = 0; i < result.count(); ++i) {
    float sum = real(A, i) + real(B, i), quotient = sum / static_cast<float>(operands[SumScale].at(0));
    result.set(i, std::isnan(quotient) ? 0 : clamp(std::nearbyint(quotient) + operands[SumZero].at(0), limits.first, limits.second));
  }
  return one(result);
}

llvm::FailureOr<Results> lookup(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  Tensor result = resultOf(op);
  int64_t least = operands[0].dtype() == DType::U8 ? 0 : -128;
  for (int64_t i = 0; i < result.count(); ++i)
    result.set(i, operands[1].at(operands[0].intAt(i) - least));
  return one(result);
}

} // namespace

void addQuant(RuleTable &table) {
  table["quant.quantize"] = quantize;
  table["quant.dequantize"] = dequantize;
  table["quant.conv"] = conv;
  table["quant.real_conv"] = realConv;
  table["quant.matmul"] = matmul;
  table["quant.add"] = add;
  table["quant.lookup"] = lookup;
}

} // namespace ingot::reference
