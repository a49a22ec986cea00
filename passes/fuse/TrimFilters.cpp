// Filter taps that meet nothing but padding go: a dilated filter is often wider than the plane it works on (the last planes of a segmentation network).
// What is left has the same sums, since a padded tap adds zero.
#include "passes/Passes.h"

#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_TRIMFILTERS
#include "passes/fuse/Passes.h.inc"

namespace {

/// A convolution along one spatial axis.
struct Axis {
  int64_t in, out, kernel, stride, low, high, dilation;

  /// Whether tap `k` meets an element of the input for some element of the result.
  bool isUsed(int64_t k) const {
    int64_t shift = k * dilation - low; // o * stride + shift in [0, in)
    int64_t first = shift < 0 ? llvm::divideCeil(-shift, stride) : 0;
    return first < out && first * stride + shift < in;
  }

  /// The taps to keep, [first, last]; a dropped tap takes one dilation of padding with it.
  std::pair<int64_t, int64_t> keptTaps() const {
    int64_t first = 0, last = kernel - 1;
    while (first < last && !isUsed(first) && (first + 1) * dilation <= low)
      ++first;
    while (last > first && !isUsed(last) && (kernel - last) * dilation <= high)
      --last;
    return {first, last};
  }
};

struct TrimFilters : impl::TrimFiltersBase<TrimFilters> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      if (nn::ConvOp conv = dyn_cast<nn::ConvOp>(op))
        trim(conv);
      if (quant::ConvOp conv = dyn_cast<quant::ConvOp>(op))
        trim(conv);
      if (quant::RealConvOp conv = dyn_cast<quant::RealConvOp>(op))
        trim(conv);
    });
  }

  template <typename Conv> static void trim(Conv conv) {
    RankedTensorType filter = conv.getFilter().getType();
    SmallVector<int64_t> low(conv.getPadLow()), high(conv.getPadHigh()), shape(filter.getShape()), starts(filter.getRank(), 0);
    for (size_t i = 0; i < low.size(); ++i) {
      Axis axis = {conv.getInput().getType().getDimSize(i + 2), conv.getResult().getType().getDimSize(i + 2), shape[i + 2], conv.getStrides()[i], low[i], high[i],
                   conv.getDilations()[i]};
      auto [first, last] = axis.keptTaps();
      low[i] -= first * axis.dilation;
      high[i] -= (axis.kernel - 1 - last) * axis.dilation;
      starts[i + 2] = first;
      shape[i + 2] = last + 1 - first;
    }
    if (filter.getShape() == ArrayRef<int64_t>(shape))
      return;
    OpBuilder builder(conv);
    SmallVector<int64_t> steps(shape.size(), 1);
    conv.getFilterMutable().assign(nn::SliceOp::create(builder, conv.getLoc(), filter.clone(shape), conv.getFilter(), starts, steps));
    conv.setPadLow(low);
    conv.setPadHigh(high);
  }
};

} // namespace

std::unique_ptr<Pass> createTrimFilters() { return std::make_unique<TrimFilters>(); }

} // namespace ingot
