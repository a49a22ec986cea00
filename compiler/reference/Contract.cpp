// nn.matmul, nn.conv and nn.conv_transpose. The innermost loops run along contiguous rows, so that whole models take seconds.
#include "compiler/reference/Contract.h"

#include "compiler/reference/Rules.h"

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

/// The positions o in [first, end) for which 0 <= o * stride + shift < limit.
struct Range {
  int64_t first, end;
};
Range insideRange(int64_t count, int64_t stride, int64_t shift, int64_t limit) {
  int64_t first = shift < 0 ? (-shift + stride - 1) / stride : 0;
  int64_t end = shift >= limit ? 0 : (limit - 1 - shift) / stride + 1;
  return {first, std::min(count, end)};
}

/// Visits every row of `many` positions that meets a row of `few` through kernel position k: far = near * stride + k * dilation - padLow.
/// f(kernel index, near offset, far offset, count): the rows' first elements; the far row advances by stride[2].
template <typename F> void forRows(const ConvShape &s, const ConvShape::Axes &near, const ConvShape::Axes &far, F f) {
  for (int64_t k = 0; k < s.kernelPlane(); ++k) {
    int64_t kd = k / (s.kernel[1] * s.kernel[2]), kh = k / s.kernel[2] % s.kernel[1], kw = k % s.kernel[2];
    int64_t shiftD = kd * s.dilation[0] - s.padLow[0], shiftH = kh * s.dilation[1] - s.padLow[1], shiftW = kw * s.dilation[2] - s.padLow[2];
    Range depth = insideRange(near[0], s.stride[0], shiftD, far[0]);
    Range height = insideRange(near[1], s.stride[1], shiftH, far[1]);
    Range width = insideRange(near[2], s.stride[2], shiftW, far[2]);
    if (width.first >= width.end)
      continue;
    for (int64_t d = depth.first; d < depth.end; ++d)
      for (int64_t h = height.first; h < height.end; ++h)
        f(k, (d * near[1] + h) * near[2] + width.first,
          ((d * s.stride[0] + shiftD) * far[1] + h * s.stride[1] + shiftH) * far[2] + width.first * s.stride[2] + shiftW,
          width.end - width.first);
  }
}

template <typename T> void gatherRow(T *y, const T *x, int64_t step, int64_t count, T weight) {
  if (step == 1)
    for (int64_t i = 0; i < count; ++i)
      y[i] += weight * x[i];
  else
    for (int64_t i = 0; i < count; ++i)
      y[i] += weight * x[i * step];
}

template <typename T> void scatterRow(T *y, const T *x, int64_t step, int64_t count, T weight) {
  for (int64_t i = 0; i < count; ++i)
    y[i * step] += weight * x[i];
}

} // namespace

std::optional<ConvShape> convShape(ArrayRef<int64_t> input, ArrayRef<int64_t> filter, ArrayRef<int64_t> result, ArrayRef<int64_t> strides,
                                   ArrayRef<int64_t> padLow, ArrayRef<int64_t> dilations, uint64_t group) {
  size_t spatial = strides.size();
  if (spatial < 1 || spatial > 3 || input.size() != spatial + 2 || filter.size() != spatial + 2 || result.size() != spatial + 2 || group < 1)
    return std::nullopt;
  ConvShape shape;
  shape.batch = input[0];
  shape.inChannels = input[1];
  shape.outChannels = result[1];
  shape.group = static_cast<int64_t>(group);
  for (size_t i = 0; i < spatial; ++i) {
    size_t axis = 3 - spatial + i;
    shape.in[axis] = input[i + 2];
    shape.out[axis] = result[i + 2];
    shape.kernel[axis] = filter[i + 2];
    shape.stride[axis] = strides[i];
    shape.padLow[axis] = padLow[i];
    shape.dilation[axis] = dilations[i];
  }
  return shape;
}

template <typename T> std::vector<T> convolve(const ConvShape &s, const std::vector<T> &x, const std::vector<T> &w) {
  std::vector<T> y(static_cast<size_t>(s.batch * s.outChannels * s.outPlane()));
  int64_t inPerGroup = s.inChannels / s.group, outPerGroup = s.outChannels / s.group;
  for (int64_t n = 0; n < s.batch; ++n)
    for (int64_t o = 0; o < s.outChannels; ++o)
      for (int64_t c = 0; c < inPerGroup; ++c) {
        T *plane = y.data() + (n * s.outChannels + o) * s.outPlane();
        const T *from = x.data() + (n * s.inChannels + o / outPerGroup * inPerGroup + c) * s.inPlane();
        const T *kernel = w.data() + (o * inPerGroup + c) * s.kernelPlane();
        forRows(s, s.out, s.in, [&](int64_t k, int64_t near, int64_t far, int64_t count) {
          gatherRow(plane + near, from + far, s.stride[2], count, kernel[k]);
        });
      }
  return y;
}

template <typename T> std::vector<T> convolveTransposed(const ConvShape &s, const std::vector<T> &x, const std::vector<T> &w) {
  std::vector<T> y(static_cast<size_t>(s.batch * s.outChannels * s.outPlane()));
  int64_t inPerGroup = s.inChannels / s.group, outPerGroup = s.outChannels / s.group;
  for (int64_t n = 0; n < s.batch; ++n)
    for (int64_t c = 0; c < s.inChannels; ++c)
      for (int64_t o = 0; o < outPerGroup; ++o) {
        T *plane = y.data() + (n * s.outChannels + c / inPerGroup * outPerGroup + o) * s.outPlane();
        const T *from = x.data() + (n * s.inChannels + c) * s.inPlane();
        const T *kernel = w.data() + (c * outPerGroup + o) * s.kernelPlane();
        forRows(s, s.in, s.out, [&](int64_t k, int64_t near, int64_t far, int64_t count) {
          scatterRow(plane + far, from + near, s.stride[2], count, kernel[k]);
        });
      }
  return y;
}

template <typename T>
std::vector<T> multiply(ArrayRef<int64_t> lhsShape, const std::vector<T> &lhs, ArrayRef<int64_t> rhsShape, const std::vector<T> &rhs,
                        ArrayRef<int64_t> resultShape) {
  int64_t rows = lhsShape[lhsShape.size() - 2], inner = lhsShape.back(), columns = rhsShape.back();
  ArrayRef<int64_t> batch = resultShape.drop_back(2);
  std::vector<int64_t> left = broadcastOffsets(lhsShape.drop_back(2), batch);
  std::vector<int64_t> right = broadcastOffsets(rhsShape.drop_back(2), batch);
  std::vector<T> result(left.size() * static_cast<size_t>(rows * columns));
  for (size_t b = 0; b < left.size(); ++b)
    for (int64_t i = 0; i < rows; ++i) {
      T *out = result.data() + (static_cast<int64_t>(b) * rows + i) * columns;
      const T *row = lhs.data() + (left[b] * rows + i) * inner;
      const T *matrix = rhs.data() + right[b] * inner * columns;
      for (int64_t k = 0; k < inner; ++k)
        gatherRow(out, matrix + k * columns, 1, columns, row[k]);
    }
  return result;
}

template std::vector<double> convolve(const ConvShape &, const std::vector<double> &, const std::vector<double> &);
template std::vector<uint64_t> convolve(const ConvShape &, const std::vector<uint64_t> &, const std::vector<uint64_t> &);
template std::vector<double> convolveTransposed(const ConvShape &, const std::vector<double> &, const std::vector<double> &);
template std::vector<uint64_t> convolveTransposed(const ConvShape &, const std::vector<uint64_t> &, const std::vector<uint64_t> &);
template std::vector<double> multiply(ArrayRef<int64_t>, const std::vector<double> &, ArrayRef<int64_t>, const std::vector<double> &,
                                      ArrayRef<int64_t>);
template std::vector<uint64_t> multiply(ArrayRef<int64_t>, const std::vector<uint64_t> &, ArrayRef<int64_t>, const std::vector<uint64_t> &,
                                        ArrayRef<int64_t>);

namespace {

template <typename F> auto withSum(DType type, F f) { return isFloat(type) ? f(double()) : f(uint64_t()); }

bool mixes(const Tensor &a, const Tensor &b) { return isFloat(a.dtype()) != isFloat(b.dtype()); }

/// The left operand as the product takes it: f32 is rounded to the type of a right one of f16 or bf16.
Tensor leftOperand(ArrayRef<Tensor> operands) {
  bool isNarrow = operands[0].dtype() == DType::F32 && (operands[1].dtype() == DType::F16 || operands[1].dtype() == DType::BF16);
  return isNarrow ? narrowed(operands[0], operands[1].dtype()) : operands[0];
}

llvm::FailureOr<Results> matmul(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  const bool areRounded = op->hasAttr("ingot.rounded");
  const Tensor lhs = areRounded ? narrowed(operands[0], DType::BF16) : leftOperand(operands), rhs = areRounded ? narrowed(operands[1], DType::BF16) : operands[1];
  if (mixes(lhs, rhs))
    return refuse(why, "nn.matmul of " + name(lhs.dtype()) + " and " + name(rhs.dtype()));
  Tensor result = resultOf(op);
  withSum(lhs.dtype(), [&](auto zero) {
    using T = decltype(zero);
    store(result, multiply(lhs.shape(), load<T>(lhs), rhs.shape(), load<T>(rhs), result.shape()));
  });
  return one(result);
}

/// Adds bias[o] to every plane [n, o] of y.
template <typename T> void addBias(std::vector<T> &y, const Tensor &bias, const ConvShape &shape) {
  for (size_t i = 0; i < y.size(); ++i)
    y[i] += get<T>(bias, static_cast<int64_t>(i) / shape.outPlane() % shape.outChannels);
}

llvm::FailureOr<Results> convolution(Operation *op, ArrayRef<Tensor> operands, std::optional<ConvShape> shape, bool transposed,
                                     std::string &why) {
  if (!shape || mixes(operands[0], operands[1]))
    return refuse(why, op->getName().getStringRef() + " has no rule for these shapes or types");
  Tensor result = resultOf(op);
  withSum(operands[0].dtype(), [&](auto zero) {
    using T = decltype(zero);
    std::vector<T> x = load<T>(leftOperand(operands)), w = load<T>(operands[1]);
    std::vector<T> y = transposed ? convolveTransposed(*shape, x, w) : convolve(*shape, x, w);
    if (operands.size() > 2)
      addBias(y, operands[2], *shape);
    store(result, y);
  });
  return one(result);
}

llvm::FailureOr<Results> conv(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto conv = cast<nn::ConvOp>(op);
  return convolution(op, operands,
                     convShape(operands[0].shape(), operands[1].shape(), conv.getType().getShape(), conv.getStrides(), conv.getPadLow(),
                               conv.getDilations(), conv.getGroup()),
                     false, why);
}

llvm::FailureOr<Results> convTranspose(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto conv = cast<nn::ConvTransposeOp>(op);
  return convolution(op, operands,
                     convShape(operands[0].shape(), operands[1].shape(), conv.getType().getShape(), conv.getStrides(), conv.getPadLow(),
                               conv.getDilations(), conv.getGroup()),
                     true, why);
}

} // namespace

void addContract(RuleTable &table) {
  table["nn.matmul"] = matmul;
  table["nn.conv"] = conv;
  table["nn.conv_transpose"] = convTranspose;
}

} // namespace ingot::reference
