// Lowers movement ops to strided views and kernel.map copies: reshape, transpose, broadcast, slice, concat, pad.
#include "passes/lower/Convert.h"
#include "passes/lower/LowerOp.h"
#include "passes/lower/Map.h"
#include "passes/lower/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

Value sameElement(OpBuilder &, Location, ValueRange args) { return args[0]; }

Lowered lowerReshape(Operation *op, LowerContext &context, std::string &) {
  return SmallVector<Value, 2>{kernel::ViewOp::create(context.builder, op->getLoc(), op->getResult(0).getType(), op->getOperand(0))};
}

Lowered lowerTranspose(Operation *op, LowerContext &context, std::string &) {
  nn::TransposeOp transpose = cast<nn::TransposeOp>(op);
  StridedView view{transpose.getInput(), 0, {}};
  SmallVector<int64_t> strides = rowMajorStrides(tensorType(transpose.getInput()).getShape());
  for (int64_t axis : transpose.getPerm())
    view.strides.push_back(strides[axis]);
  return SmallVector<Value, 2>{buildCopy(context.builder, op->getLoc(), tensorType(transpose.getResult()), view)};
}

Lowered lowerBroadcast(Operation *op, LowerContext &context, std::string &) {
  RankedTensorType type = tensorType(op->getResult(0));
  return SmallVector<Value, 2>{buildCopy(context.builder, op->getLoc(), type, broadcastView(op->getOperand(0), type.getShape()))};
}

Lowered lowerSlice(Operation *op, LowerContext &context, std::string &) {
  nn::SliceOp slice = cast<nn::SliceOp>(op);
  StridedView view = identityView(slice.getInput());
  for (size_t axis = 0; axis < view.strides.size(); ++axis) {
    view.offset += slice.getStarts()[axis] * view.strides[axis];
    view.strides[axis] *= slice.getSteps()[axis];
  }
  return SmallVector<Value, 2>{buildCopy(context.builder, op->getLoc(), tensorType(slice.getResult()), view)};
}

Value copyInto(LowerContext &context, Location loc, Value dest, ArrayRef<int64_t> dims, const StridedView &from, int64_t offset) {
  RankedTensorType type = tensorType(dest);
  return buildMap(context.builder, loc, type, dims, from, offset, rowMajorStrides(type.getShape()), dest, sameElement);
}

Lowered lowerConcat(Operation *op, LowerContext &context, std::string &) {
  nn::ConcatOp concat = cast<nn::ConcatOp>(op);
  RankedTensorType type = tensorType(concat.getResult());
  SmallVector<int64_t> strides = rowMajorStrides(type.getShape());
  Value joined = kernel::EmptyOp::create(context.builder, op->getLoc(), type);
  int64_t position = 0;
  for (Value input : concat.getInputs()) {
    if (tensorType(input).getNumElements() == 0)
      continue;
    joined = copyInto(context, op->getLoc(), joined, tensorType(input).getShape(), identityView(input), position * strides[concat.getAxis()]);
    position += tensorType(input).getShape()[concat.getAxis()];
  }
  return SmallVector<Value, 2>{joined};
}

/// One run of output indices along an axis that read input indices first, first + step, ...
struct PadPiece {
  int64_t begin, size, first, step;
};

/// Input index that output index i of a padded axis shows, for the modes that read the input everywhere.
int64_t padSource(int64_t i, int64_t extent, nn::PadMode mode) {
  if (mode == nn::PadMode::edge)
    return std::clamp<int64_t>(i, 0, extent - 1);
  if (mode == nn::PadMode::wrap)
    return ((i % extent) + extent) % extent;
  if (extent == 1)
    return 0;
  int64_t period = 2 * (extent - 1), phase = ((i % period) + period) % period;
  return phase < extent ? phase : period - phase;
}

SmallVector<PadPiece> padPieces(int64_t extent, int64_t low, int64_t high, nn::PadMode mode) {
  SmallVector<PadPiece> pieces;
  for (int64_t i = 0; i < low + extent + high; ++i) {
    int64_t source = padSource(i - low, extent, mode);
    if (!pieces.empty()) {
      PadPiece &last = pieces.back();
      int64_t step = source - (last.first + last.step * (last.size - 1));
      bool isRun = step >= -1 && step <= 1;
      if (last.size == 1 && isRun)
        last.step = step;
      if (step == last.step && isRun) {
        ++last.size;
        continue;
      }
    }
    pieces.push_back({i, 1, source, 1});
  }
  return pieces;
}

// The output as a grid of boxes, each a strided copy of the input
Value padByCopies(LowerContext &context, nn::PadOp pad) {
  RankedTensorType type = tensorType(pad.getResult());
  ArrayRef<int64_t> shape = tensorType(pad.getInput()).getShape();
  SmallVector<SmallVector<PadPiece>> axes;
  for (auto [axis, extent] : llvm::enumerate(shape))
    axes.push_back(padPieces(extent, pad.getLow()[axis], pad.getHigh()[axis], pad.getMode()));
  SmallVector<int64_t> inStrides = rowMajorStrides(shape), outStrides = rowMajorStrides(type.getShape());
  Value result = kernel::EmptyOp::create(context.builder, pad.getLoc(), type);
  SmallVector<size_t> at(axes.size(), 0);
  while (true) {
    StridedView view{pad.getInput(), 0, {}};
    SmallVector<int64_t> dims;
    int64_t offset = 0;
    for (auto [axis, pieces] : llvm::enumerate(axes)) {
      const PadPiece &piece = pieces[at[axis]];
      dims.push_back(piece.size);
      view.offset += piece.first * inStrides[axis];
      view.strides.push_back(piece.step * inStrides[axis]);
      offset += piece.begin * outStrides[axis];
    }
    result = copyInto(context, pad.getLoc(), result, dims, view, offset);
    int64_t axis = static_cast<int64_t>(axes.size()) - 1;
    for (; axis >= 0 && ++at[axis] == axes[axis].size(); --axis)
      at[axis] = 0;
    if (axis < 0)
      return result;
  }
}

/// The part of a constant pad that shows the input: box, view of the input, offset in the result.
Value copyInterior(LowerContext &context, nn::PadOp pad, Value filled) {
  SmallVector<int64_t> outStrides = rowMajorStrides(tensorType(filled).getShape()), dims;
  StridedView view = identityView(pad.getInput());
  int64_t offset = 0;
  for (auto [axis, extent] : llvm::enumerate(tensorType(pad.getInput()).getShape())) {
    int64_t low = pad.getLow()[axis], high = pad.getHigh()[axis];
    int64_t crop = std::max<int64_t>(0, -low);
    dims.push_back(std::max<int64_t>(0, extent - crop - std::max<int64_t>(0, -high)));
    view.offset += crop * view.strides[axis];
    offset += std::max<int64_t>(0, low) * outStrides[axis];
  }
  if (llvm::is_contained(dims, 0))
    return filled;
  return copyInto(context, pad.getLoc(), filled, dims, view, offset);
}

Lowered lowerPad(Operation *op, LowerContext &context, std::string &) {
  nn::PadOp pad = cast<nn::PadOp>(op);
  RankedTensorType type = tensorType(pad.getResult());
  if (type.getNumElements() == 0)
    return SmallVector<Value, 2>{kernel::EmptyOp::create(context.builder, op->getLoc(), type)};
  if (pad.getMode() != nn::PadMode::constant)
    return SmallVector<Value, 2>{padByCopies(context, pad)};
  SmallVector<StridedView> fill;
  if (pad.getValue())
    fill.push_back({pad.getValue(), 0, SmallVector<int64_t>(type.getRank(), 0)});
  Value filled = buildMap(context.builder, op->getLoc(), type, fill, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    return args.empty() ? arith::ConstantOp::create(b, loc, b.getZeroAttr(scalarType(type.getElementType()))).getResult() : args[0];
  });
  return SmallVector<Value, 2>{copyInterior(context, pad, filled)};
}

} // namespace

void registerMovement(LowerRegistry &registry) {
  registry.add("nn.reshape", lowerReshape);
  registry.add("nn.transpose", lowerTranspose);
  registry.add("nn.broadcast", lowerBroadcast);
  registry.add("nn.slice", lowerSlice);
  registry.add("nn.concat", lowerConcat);
  registry.add("nn.pad", lowerPad);
}

} // namespace ingot
