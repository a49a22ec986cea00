// Maps that only transpose become calls of a kernel that does so in squares: a strided read of one word at a time costs ten times as much.
#include "passes/lower/WeightForms.h"
#include "passes/Passes.h"
#include "targets/common/ukernels/transpose.h"

#include "dialects/kernel/Kernel.h"
#include "dialects/nn/Nn.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_TILETRANSPOSES
#include "passes/lower/Passes.h.inc"

namespace {

constexpr int64_t kFewest = 3, kFewestWords = 256; // below, the map's own loop is as fast

bool onlyCopies(kernel::MapOp map) {
  Block &body = map.getBody().front();
  RankedTensorType type = cast<RankedTensorType>(map.getResult().getType());
  return map.getInputs().size() == 1 && !map.getHasDest() && body.getNumArguments() == 1 && isa<kernel::YieldOp>(body.front()) &&
         body.front().getOperand(0) == body.getArgument(0) && type.getElementType().isIntOrFloat() && type.getElementTypeBitWidth() == 32;
}

/// The kernel's parameters, when the map is a transpose that is worth a call.
std::optional<SmallVector<int64_t>> paramsOf(kernel::MapOp map) {
  ArrayRef<int64_t> dims = map.getDims(), strides = map.getStrides(), offsets = map.getOffsets();
  size_t rank = dims.size();
  if (!onlyCopies(map) || rank < 2 || rank > 3 || offsets[1] != 0)
    return std::nullopt;
  int64_t rows = dims[rank - 2], columns = dims[rank - 1], batch = rank == 3 ? dims[0] : 1, stride = strides[rank - 1];
  ArrayRef<int64_t> to = strides.drop_front(rank);
  bool isDense = to[rank - 1] == 1 && to[rank - 2] == columns && (rank == 2 || to[0] == rows * columns);
  if (!isDense || strides[rank - 2] != 1 || stride < rows || std::min(rows, columns) < kFewest || rows * columns < kFewestWords)
    return std::nullopt;
  return SmallVector<int64_t>{batch, rows, columns, offsets[0], rank == 3 ? strides[0] : 0, stride};
}

struct TileTransposes : impl::TileTransposesBase<TileTransposes> {
  explicit TileTransposes(const PassContext &context) : hasTiles(!context.weights || context.weights->costs) {}

  void runOnOperation() override {
    if (!hasTiles)
      return;
    getOperation().walk([](kernel::MapOp map) {
      std::optional<SmallVector<int64_t>> params = paramsOf(map);
      if (!params)
        return;
      OpBuilder builder(map);
      auto call = kernel::MicroOp::create(builder, map.getLoc(), map.getResult().getType(), "ik_transpose_w32", map.getInputs(), *params, /*scratch=*/0,
                                          /*work=*/0, /*dest=*/IntegerAttr(), /*epilogue=*/StringAttr());
      map.getResult().replaceAllUsesWith(call.getResult(0));
      map.erase();
    });
  }

  bool hasTiles;
};

} // namespace

std::unique_ptr<Pass> createTileTransposes(const PassContext &context) { return std::make_unique<TileTransposes>(context); }

} // namespace ingot
