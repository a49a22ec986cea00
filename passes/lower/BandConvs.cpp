// A convolution, the depthwise one that reads it and the pointwise one that reads that: what lies between them often is several times what goes in and comes
// out. Where the difference is more than a core's second cache holds, the three run band by band (ConvBands.h), whose rows of those two are copied.
#include "passes/lower/ConvBands.h"
#include "passes/lower/WeightForms.h"
#include "passes/Passes.h"

#include "dialects/kernel/Kernel.h"
#include "dialects/nn/Nn.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DECL_BANDCONVS
#define GEN_PASS_DEF_BANDCONVS
#include "passes/lower/Passes.h.inc"

namespace {

/// Products of the first convolution that cost as much as a byte that goes to memory and back: some 10 on the machines measured, of which a part is sure.
constexpr int64_t kWorkPerByte = 1;
/// Rows that a depthwise kernel computes together.
constexpr int64_t kTileRows = 4;
/// Bytes between the convolutions in all workers' scratch, and products of a call, at most.
constexpr int64_t kMostScratch = 2 << 20, kMostWork = int64_t(1) << 50;
/// Each is a row of numbers, and a step of the search.
constexpr int64_t kMostBands = 256;

enum class Kind { None, Dense, Depthwise };

Kind kindOf(kernel::MicroOp call) {
  return llvm::StringSwitch<Kind>(call.getRow())
      .Cases({"ik_conv_f32", "ik_convlines_f32", "ik_conv_f32_bf16", "ik_convlines_f32_bf16", "ik_convmatrix_f32_bf16", "ik_convtaps_f32_bf16", "ik_conv_f32_f16", "ik_convlines_f32_f16"}, Kind::Dense)
      .Cases({"ik_dwconv_f32", "ik_dwconv_direct_f32"}, Kind::Depthwise)
      .Default(Kind::None);
}

/// What a convolution over two axes reads or makes, of which no kernel sees others (ConvShape::simplify), and which has rows.
bool isPlane(Value value) {
  RankedTensorType type = cast<RankedTensorType>(value.getType());
  return type.getRank() == 4 && type.getDimSize(0) == 1 && type.getElementType().isF32() && type.getDimSize(3) > 1 && type.getNumElements() > 0;
}

/// The call that alone reads the result, as its input.
kernel::MicroOp onlyReader(kernel::MicroOp call) {
  if (!call.getResult(0).hasOneUse())
    return {};
  OpOperand &use = *call.getResult(0).use_begin();
  kernel::MicroOp reader = dyn_cast<kernel::MicroOp>(use.getOwner());
  return reader && use.getOperandNumber() == 0 ? reader : kernel::MicroOp();
}

struct BandConvs : impl::BandConvsBase<BandConvs> {
  explicit BandConvs(const PassContext &context) : context(context) { cacheBytes = context.cacheBytes; }

  void runOnOperation() override {
    bool hasCaches = !context.weights || context.weights->costs; // not where kernels are the device's own: shaders, DSPs
    if (cacheBytes == 0 || !hasCaches || context.shareShapes)    // programs of several shapes share calls that differ in numbers alone
      return;
    SmallVector<kernel::MicroOp> calls;
    getOperation().walk([&](kernel::MicroOp call) { calls.push_back(call); });
    llvm::DenseSet<Operation *> taken; // looked up, never iterated
    for (kernel::MicroOp first : calls) {
      if (taken.contains(first) || kindOf(first) != Kind::Dense)
        continue;
      kernel::MicroOp second = onlyReader(first), third = second && kindOf(second) == Kind::Depthwise ? onlyReader(second) : kernel::MicroOp();
      if (third && kindOf(third) == Kind::Dense && band({first, second, third}))
        taken.insert_range(ArrayRef<Operation *>{second, third});
    }
  }

private:
  // %a = kernel.micro "A"(%x, ..); %b = kernel.micro "B"(%a, ..); %c = kernel.micro "C"(%b, ..) -> %c = kernel.micro "A+B+C"(%x, .., .., ..)
  bool band(ArrayRef<kernel::MicroOp> calls) {
    ConvBands bands;
    bands.planes.push_back(planeOf(kernel::MicroOp(calls[0]).getInputs()[0]));
    int64_t between = 0, work = 0, scratch = 0;
    SmallVector<int64_t> rowWork;
    SmallVector<Value> inputs{kernel::MicroOp(calls[0]).getInputs()[0]};
    SmallVector<Location> locations;
    for (kernel::MicroOp call : calls) {
      bool isLast = call == calls.back();
      if (!isPlane(call.getInputs()[0]) || !isPlane(call.getResult(0)) || (!isLast && call.getParams()[IK_CONV_RESIDUAL]))
        return false;
      bands.stages.push_back({call.getRow().str(), call.getParams().vec()});
      bands.planes.push_back(planeOf(call.getResult(0)));
      between += isLast ? 0 : bands.planes.back().bytes(bands.planes.back().height);
      work += std::min(static_cast<int64_t>(call.getWork()), kMostWork);
      rowWork.push_back(static_cast<int64_t>(call.getWork()) / bands.planes.back().height);
      scratch = std::max(scratch, static_cast<int64_t>(call.getScratch()));
      llvm::append_range(inputs, call.getInputs().drop_front());
      locations.push_back(call.getLoc());
    }
    for (const ConvBands::Plane &copied : {bands.planes.front(), bands.planes.back()})
      between -= copied.bytes(copied.height);
    if (!ik_conv_is_pointwise(bands.stages.back().params.data()) || between <= cacheBytes || work > kMostWork)
      return false;
    int64_t scratchShare = kMostScratch / context.workers;
    bands.count = countWithin(std::min(scratchShare, cacheBytes / 2), bands, rowWork); // filters and what goes in and comes out pass through it, too
    bands.count = bands.count ? bands.count : countWithin(std::min<int64_t>(scratchShare, cacheBytes), bands, rowWork);
    if (bands.count == 0)
      return false;
    kernel::MicroOp last = calls.back();
    OpBuilder builder(last);
    auto banded = kernel::MicroOp::create(builder, builder.getFusedLoc(locations), last.getResultTypes(), bands.row(), inputs, bands.params(), bands.room().kernels + scratch,
                                          work, /*dest=*/IntegerAttr(), /*epilogue=*/StringAttr(), /*turns=*/IntegerAttr());
    last->replaceAllUsesWith(banded);
    for (kernel::MicroOp call : llvm::reverse(calls))
      call.erase();
    return true;
  }

  static ConvBands::Plane planeOf(Value value) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
    return {shape[1], shape[2], shape[3]};
  }

  /// The number of bands, the same for each worker, that fit so many bytes and compute the least; 0: there is none, or what is computed beyond the plain
  /// stages, which take `work` for a row, costs more than the cache gains.
  int64_t countWithin(int64_t bytes, ConvBands bands, ArrayRef<int64_t> work) const {
    int64_t height = bands.planes.back().height, most = 0, best = 0;
    for (size_t i = 1; i < bands.stages.size(); ++i)
      most += bands.planes[i].height * work[i - 1] + kWorkPerByte * bands.planes[i].bytes(bands.planes[i].height);
    for (bands.count = std::min(context.workers, height); bands.count <= std::min(height, kMostBands); bands.count += context.workers) {
      int64_t computed = bands.sumRows(1) * work[0], between = 0;
      for (int64_t band = 0; band < bands.count; ++band)
        computed += (bands.rows(band)[2].count + kTileRows - 1) / kTileRows * kTileRows * work[1];
      for (size_t i = 1; i < bands.stages.size(); ++i)
        between += bands.planes[i].bytes(bands.mostRows(i));
      if (between <= bytes && computed < most)
        most = computed, best = bands.count;
    }
    return best;
  }

  PassContext context;
};

} // namespace

std::unique_ptr<Pass> createBandConvs(const PassContext &context) { return std::make_unique<BandConvs>(context); }

} // namespace ingot
